"""What programs read: held to the schema that is published beside it."""

from __future__ import annotations

import json
from decimal import Decimal

import jsonschema
import pytest
from msgspec import structs

from builders.gates import a_budget, a_change, a_rule, a_waiver_use
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.period import utc
from quaestor.core.run_summary import AdviceCount, Outcome
from quaestor.core.verdict import Verdict
from quaestor.report.export import formatted
from quaestor.report.export.json import SCHEMA_FILE


@pytest.fixture
def checked():
    """Render as JSON and hold it to the published schema."""
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    def check(summary):
        value = json.loads(formatted("json", summary))
        validator.validate(value)
        return value

    return check


def test_the_document_says_all_and_keeps_its_schema(a_finding, a_gate, checked):
    """Money is exact text, times are UTC, failing findings are named by fingerprint."""
    finding = a_finding(
        at_stake_per_month=Decimal("0.10000000000000000000"),
        first_seen=utc("2026-11-01"),
        evidence={"owner": None, "cost": Decimal("1.50"), "ratio": float("nan")},
    )
    value = checked(a_gate([finding, a_finding("b", verdict=Verdict.PASS)]))

    assert (value["schema_version"], value["verdict"], value["exit_code"]) == ("1", "failed", 1)
    assert value["failing"] == [finding.fingerprint]
    assert value["counts"]["pass"] == 1
    assert value["findings"][0]["at_stake_per_month"] == "0.1"
    assert value["findings"][0]["first_seen"] == "2026-11-01T00:00:00Z"
    assert value["findings"][0]["evidence"] == {"owner": None, "cost": "1.5", "ratio": "nan"}


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_keeps_the_schema(a_gate, checked, outcome):
    """Empty runs and blind ones too."""
    spot = BlindSpot(source="r", scope="all", reason="x", rows=3, amount=Decimal(7))
    value = checked(a_gate([], outcome, blind_spots=(spot,), evidence_at=None, targets=()))

    assert value["verdict"] == outcome.value
    assert value["blind_spots"][0]["amount"] == "7"


def test_hostile_names_come_back_unchanged_and_harmless(a_finding, a_gate, checked, hostile):
    """ASCII without markup outside; the same text inside."""
    summary = a_gate([a_finding(subject=hostile, reason=hostile)], targets=(hostile,))
    text = formatted("json", summary)

    assert text.isascii()
    assert not set("<>&\x1b\x07") & set(text)
    assert checked(summary)["findings"][0]["subject"] == hostile


def test_the_same_summary_gives_the_same_bytes(a_finding, a_gate):
    """The order in which the engine answered does not show."""
    one, two = a_finding("a"), a_finding("b")

    assert formatted("json", a_gate([one, two])) == formatted("json", a_gate([two, one]))


def test_money_waivers_rules_and_age_stand_beside_the_findings(a_finding, a_gate, checked):
    """Exact, and unknown where nobody knows."""
    value = checked(
        a_gate(
            [a_finding("old", known="in the baseline since 2026-11-01")],
            Outcome.PASSED,
            rules=(a_rule(),),
            priced=(
                a_change(budgets=(a_budget(),)),
                a_change(change=None, cost_then=None, unknown_because="no price"),
            ),
            waivers=(a_waiver_use(),),
            left_out=("model-without-oncall",),
        )
    )

    assert value["evidence_age_hours"] == 5
    assert value["left_out"] == ["model-without-oncall"]
    assert value["known"] == [value["findings"][0]["fingerprint"]]
    assert value["findings"][0]["standing"] == "known"
    assert [one["change_per_month"] for one in value["cost_changes"]] == ["400", None]
    assert value["cost_changes"][0]["budgets"][0]["exceeded"] is True
    assert value["cost_changes"][1]["unknown_because"] == "no price"
    assert (value["waivers"][0]["state"], value["waivers"][0]["days_left"]) == ("ending soon", 3)
    assert value["rules"][0]["sql"] == {
        "when": "risk_tier <= $tier",
        "require": "has_text(owner)",
    }
    assert value["rules"][0]["params"] == {"tier": 2}


def test_standings_say_what_verdicts_leave_open(a_full_gate, checked):
    """A violation fails, is only said, or is known; a question counts or does not."""
    value = checked(a_full_gate())

    assert {one["policy"]: one["standing"] for one in value["findings"]} == {
        "failing": "failing",
        "open": "open",
        "broken": "open",
        "unanswered": "unanswered",
        "warning": "warning",
        "known": "known",
        "waived": "waived",
        "passed": "passed",
        "skipped": "skipped",
    }


def test_what_a_finding_rests_on_is_there_where_somebody_asked(a_full_gate, checked):
    """`--explain`: rows of registries, money, landed files."""
    [asked, not_asked] = (checked(gate) for gate in (a_full_gate(), a_full_gate(bases=None)))

    assert asked["findings"][0]["basis"] == {
        "registered": [{"churn": "churn"}],
        "money": {"about": "churn", "amount": "1"},
        "files": [{"source": "churn", "file": "churn", "sha256": "churn", "charges": 1}],
        "collected_at": None,
    }
    assert [one for one in not_asked["findings"] if "basis" in one] == []


def test_any_text_in_any_name_keeps_the_schema(a_full_gate, hostile, checked):
    """And comes back unchanged."""
    value = checked(a_full_gate(hostile))

    assert value["cost_changes"][0]["deployment"] == hostile
    assert value["waivers"][0]["reason"] == hostile


def test_an_audit_tells_programs_what_there_is_to_save(a_gate, checked):
    """Money is exact text; null where nothing was ever looked at, and where nothing is measured."""
    advice = AdviceCount(open=12, saving_per_month=Decimal("3210.10"), taken=2, reopened=1)

    value = checked(structs.replace(a_gate([]), advice=advice))["advice"]

    assert (value["open"], value["saving_per_month"], value["taken"]) == (12, "3210.1", 2)
    assert value["realised_per_month"] is None
    assert checked(a_gate([]))["advice"] is None
