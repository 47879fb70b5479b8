"""What holds of every kind of advice: parameters, what is left alone, and names for good."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

import pytest

from builders.advice import PRESENT, advised, billed, hourly
from builders.ledgers import a_warehouse, build, config
from builders.rows import insert
from quaestor.core.errors import ConfigurationError
from quaestor.warehouse.duckdb import Warehouse

KEY = {"source": "sm", "endpoint": "churn-eu"}
SUBJECT = "endpoint/sm/churn-eu"


@pytest.fixture
def warehouse() -> Warehouse:
    """A warehouse with an endpoint that nobody calls."""
    warehouse = a_warehouse()
    insert(
        warehouse,
        "usage.endpoint",
        **KEY,
        kind="sagemaker",
        model="churn",
        resource_id="arn:churn",
        status="InService",
        created_at=datetime(2026, 3, 1),
        seen_at=PRESENT,
    )
    hourly(warehouse, "endpoint_hour", 14, KEY, requests=0)
    return warehouse


@pytest.mark.parametrize(
    "named",
    [
        "subject: 'endpoint/*/churn-*'",
        "subject: 'arn:ch*'",
        "model: churn",
        "kinds: [idle_endpoint], model: 'c*'",
    ],
)
def test_what_is_excluded_is_left_alone_and_says_why(warehouse, named):
    """It stays on the list of what was looked at, with whose rule it is; no saving is shown."""
    text = f"advice: {{exclude: [{{name: standby, reason: For the audit, {named}}}]}}"
    one = advised(warehouse, "idle_endpoint", text)[SUBJECT]

    assert one["answer"] == "left-alone"
    assert one["reason"] == "no advice is wanted (standby): For the audit"
    assert (one["action"], one["saving_per_month"], one["command"]) == (None, None, None)
    assert warehouse.rows("from ledger.recommendation") == []


@pytest.mark.parametrize("named", ["subject: 'endpoint/*/other'", "kinds: [zzz], model: churn"])
def test_an_exclusion_of_others_excludes_nothing(warehouse, named, monkeypatch):
    """All that it names has to fit."""
    monkeypatch.setattr("quaestor.ledger.advice.params", lambda *_: {})
    text = f"advice: {{exclude: [{{name: standby, reason: x, {named}}}]}}"

    assert advised(warehouse, "idle_endpoint", text)[SUBJECT]["answer"] == "advise"


@pytest.mark.parametrize("value", ["none", " None ", "spot_training, idle_endpoint"])
@pytest.mark.parametrize("place", ["object", "bill", "model"])
def test_a_tag_forbids_advice(warehouse, value, place):
    """gov.advice on the object, on its resource on the bill, or on its model."""
    tags = json.dumps({"gov.advice": value})
    if place == "object":
        warehouse.run("update usage.endpoint set tags = ?", [tags])
    elif place == "bill":
        billed(warehouse, "arn:churn", "24", Tags=tags)
    else:
        insert(warehouse, "registry.model", source="ml", model="churn", tags=tags)
    one = advised(warehouse, "idle_endpoint")[SUBJECT]

    assert one["answer"] == "left-alone"
    assert one["reason"].startswith("the tag gov.advice of ")


def test_tags_that_are_no_json_forbid_nothing_and_stop_nothing(warehouse):
    """A source may write what it likes into them."""
    warehouse.run("update usage.endpoint set tags = 'gov.advice=none'")

    assert advised(warehouse, "idle_endpoint")[SUBJECT]["answer"] == "advise"


def test_a_tag_forbids_only_the_kinds_that_it_names(warehouse):
    """Others go on."""
    warehouse.run("update usage.endpoint set tags = ?", ['{"gov.advice": "spot_training"}'])

    assert advised(warehouse, "idle_endpoint")[SUBJECT]["answer"] == "advise"


@pytest.mark.parametrize(
    ("cost_per_day", "least", "answer"),
    [("0.03", "1", "left-alone"), ("0.04", "1", "advise"), ("0.03", "0.5", "advise")],
)
def test_advice_that_saves_next_to_nothing_is_not_given(warehouse, cost_per_day, least, answer):
    """Less than 1 a month, or than is configured; it stays on the list of what was looked at."""
    billed(warehouse, "arn:churn", cost_per_day)
    one = advised(warehouse, "idle_endpoint", f"advice: {{least_saving: {least}}}")[SUBJECT]

    assert one["answer"] == answer
    if answer == "left-alone":
        assert one["reason"] == (
            "it would save 0.91 a month, less than 1: no call in 14 days, up to 2026-10-31"
        )


def small_discs(warehouse, team, costs, **columns):
    """Insert discs that nothing used for days, each with its charge a day."""
    for number, cost in enumerate(costs):
        name = f"vol-{team}-{number}"
        told = {"source": "aws", "disk": name, "resource_id": name, "is_attached": False}
        told |= {"created_at": datetime(2026, 1, 1), "seen_at": PRESENT, **columns}
        insert(warehouse, "usage.disk", **told, detached_at=datetime(2026, 9, 1))
        billed(warehouse, name, cost, Tags=f'{{"team": "{team}"}}')


def test_what_is_too_little_by_itself_is_advised_together():
    """Of each kind and team one advice, its parts as evidence; each part counts once."""
    warehouse = a_warehouse()
    small_discs(warehouse, "nlp", ["0.02"] * 4 + ["0.03"])
    small_discs(warehouse, "vision", ["0.01", "0.01"])  # not worth it together either
    small_discs(warehouse, "search", ["0.03"])
    small_discs(warehouse, "ads", ["0.02", "0.02", "24"])
    rows = advised(warehouse, "unattached_volume", "{}")
    given = {
        name: row["saving_per_month"] for name, row in rows.items() if row["answer"] == "advise"
    }
    together = rows["small/unattached_volume/nlp"]
    told = json.loads(together["evidence"])
    counted = warehouse.rows("select sum(counted_saving_per_month) from ledger.recommendation")

    assert given == {
        "small/unattached_volume/nlp": Decimal("3.3457"),
        "small/unattached_volume/ads": Decimal("1.2166"),
        "disk/aws/vol-ads-2": Decimal(730),
    }
    assert rows["disk/aws/vol-nlp-4"]["answer"] == "left-alone"
    assert (together["team"], together["name"]) == ("nlp", "5 small ones of nlp")
    assert together["reason"] == (
        "5 of less than 1 a month each: vol-nlp-4, vol-nlp-0, vol-nlp-1 and 2 more"
    )
    assert told["parts"] == 5
    assert told["dearest"][:2] == ["vol-nlp-4 (0.91 a month)", "vol-nlp-0 (0.61 a month)"]
    assert told["commands"][0] == "aws ec2 delete-volume --volume-id vol-nlp-4"
    assert counted == [(sum(given.values()),)]


def test_what_is_advised_otherwise_or_unwanted_is_no_part_of_it():
    """An excluded part, and a part of whose money other advice speaks."""
    warehouse = a_warehouse()
    small_discs(warehouse, "nlp", ["0.02"] * 3, tags='{"gov.advice": "none"}')
    small_discs(warehouse, "ads", ["0.02"] * 3)
    text = "advice: {exclude: [{name: x, subject: '*vol-ads-1', reason: kept}]}"
    rows = advised(warehouse, "unattached_volume", text)
    answers = {name: row["answer"] for name, row in rows.items()}

    assert [name for name, answer in answers.items() if answer == "advise"] == [
        "small/unattached_volume/ads"
    ]
    assert json.loads(rows["small/unattached_volume/ads"]["evidence"])["parts"] == 2


def test_a_kind_that_is_skipped_is_not_asked(warehouse):
    """Nothing stands of it, not even that it was looked at."""
    assert advised(warehouse, "idle_endpoint", "advice: {skip: [idle_endpoint]}") == {}


def test_advice_goes_when_what_it_was_about_does(warehouse):
    """The next build says what is so then."""
    build(warehouse)
    warehouse.run("delete from usage.endpoint")
    build(warehouse)

    assert warehouse.rows("from ledger.assessment") == []
    assert warehouse.rows("from ledger.recommendation") == []


@pytest.mark.parametrize(
    ("text", "problem", "fix"),
    [
        ("params: {idle_endpont: {days: 7}}", "nothing to set", "Did you mean 'idle_endpoint'?"),
        ("params: {idle_endpoint: {day: 7}}", "no parameter 'day'", "Did you mean 'days'?"),
        (
            "params: {idle_endpoint: {days: week}}",
            "days cannot be 'week'",
            "It is 14 unless set: days",
        ),
        (
            "params: {idle_endpoint: {days: .nan}}",
            "days cannot be nan",
            "It is 14 unless set: days",
        ),
        ("params: {idle_endpoint: {days: -3}}", "days cannot be -3", "It is 14 unless set: days"),
        ("params: {maturity: {majority_ratio: 80}}", "majority_ratio cannot be 80", "0 to 1"),
        (
            "params: {container_request: {strategy: best}}",
            "cannot be 'best'",
            "simple-limit or vpa",
        ),
        ("least_saving: .nan", "NaN is no amount", "Write an amount"),
        ("least_saving: -1", "-1 is no amount", "Write an amount"),
        ("skip: [idle_endpont]", "no kind of advice", "Did you mean 'idle_endpoint'?"),
    ],
)
def test_a_mistake_in_the_configuration_is_told(text, problem, fix):
    """What is wrong, where, and what to write; nothing is guessed."""
    warehouse = a_warehouse()
    with pytest.raises(ConfigurationError) as caught:
        build(warehouse, f"advice: {{{text}}}")

    assert problem in str(caught.value)
    assert fix in str(caught.value.fix)
    assert "quaestor.yaml, advice" in str(caught.value.where)


def test_an_exclusion_has_to_name_something():
    """One that fits everything is a slip; `skip` turns a kind off."""
    with pytest.raises(ConfigurationError, match="names no subject, team, model or environment"):
        config("advice: {exclude: [{name: all, reason: x}]}")
