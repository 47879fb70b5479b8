"""What is otherwise between two audits, and what only looks so."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from builders.findings import a_finding
from builders.steps import rows_made
from quaestor.audit.changes import changes, record_changes
from quaestor.audit.record import record
from quaestor.audit.runs import find_run, in_order, runs_of
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.errors import ConfigurationError
from quaestor.core.period import utc
from quaestor.core.verdict import Severity, Verdict
from quaestor.ledger.windows import compare
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.state import tell

MONDAY = utc("2026-11-16T06:00")
A_DAY = """
insert into ledger.cost (day, source, service, team, model, cost_kind, rule,
    billing_billed_cost, billing_effective_cost, effective_cost, charges)
values (?, 'aws', 'EC2', 'risk', 'churn', 'direct', 'tag', ?, ?, ?, 1)
"""


@pytest.fixture
def warehouse():
    with Warehouse(":memory:") as opened:
        opened.run("insert into config.setting values ('currency', 'USD')")
        yield opened


@pytest.fixture
def audit(warehouse, a_run):
    """Record an audit, so many days after Monday, with these findings and rules."""

    def play(day, *findings, rules=None, config="c", version="0.1.0", compared=True):
        now = MONDAY + timedelta(days=day)
        summary = structs.replace(a_run(list(findings), now), version=version)
        run = record(warehouse, summary, config_digest=config)
        asked = rules or {one.policy: one.severity.value for one in findings}
        for policy, severity in asked.items():
            warehouse.run(
                "insert into audit.policy values (?, ?, 'family', ?, ?, true, ?)",
                [run, policy, f"The rule {policy}", severity, json.dumps({"days": 30})],
            )
        if compared:
            record_changes(warehouse, run, compare=compare)
        return run

    return play


@pytest.fixture
def between(warehouse):
    """Return what changed between two of the recorded audits, the last two unless said."""

    def look(before="previous", after="latest"):
        runs = runs_of(warehouse)
        one, other = in_order(find_run(runs, before), find_run(runs, after))
        return changes(warehouse, one, other, compare=compare)

    return look


def bill(warehouse, cost, *, first=-45, last=10):
    """Bill each day from Monday minus so many to Monday plus so many."""
    for number in range(first, last + 1):
        day = (MONDAY + timedelta(days=number)).date()
        warehouse.run(A_DAY, [day, cost, cost, cost])
        warehouse.run("insert or replace into ledger.billed_day values (?, 1, true)", [day])


def said(verdict, **more):
    return a_finding(verdict=Verdict(verdict), **more)


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        ("pass", "fail", "new"),
        ("unknown", "fail", "new"),
        ("fail", "pass", "closed"),
        ("fail", "skip", "closed"),
        ("fail", "unknown", "unanswered"),
        ("fail", "waived", "waived"),
        ("waived", "fail", "unwaived"),
        ("pass", "error", "unanswered"),
        ("unknown", "pass", "answered"),
    ],
)
def test_a_finding_that_stands_otherwise_is_named_for_it(audit, between, before, now, change):
    """What nobody can tell any more is not called mended."""
    audit(0, said(before))
    audit(1, said(now))

    assert [row["change"] for row in between().findings] == [change]


@pytest.mark.parametrize(
    ("before", "now"), [("fail", "fail"), ("unknown", "error"), ("pass", "skip"), ("skip", "pass")]
)
def test_what_stands_as_before_is_no_change(audit, between, before, now):
    """Nor is a rule that is kept in another way."""
    audit(0, said(before))
    audit(1, said(now))

    assert between().findings == []


def test_a_subject_that_is_gone_is_not_mended(audit, between):
    """A model that was deleted keeps no rule."""
    audit(0, said("fail"), said("pass", subject="other"))
    audit(1, said("pass", subject="other"))

    assert [(row["change"], row["subject"]) for row in between().findings] == [("gone", "churn")]


def test_a_violation_that_was_there_earlier_is_back(audit, between):
    """Of three audits, the one in the middle kept the rule."""
    first = audit(0, said("fail"))
    audit(1, said("pass"))
    audit(2, said("fail"))

    assert [row["change"] for row in between().findings] == ["back"]
    assert between(first, "latest").findings == []


def test_another_severity_is_told_with_both(audit, between):
    """And that the rule itself was changed, not the estate."""
    audit(0, said("fail", severity=Severity.MEDIUM))
    audit(1, said("fail", severity=Severity.CRITICAL))
    [row] = between().findings

    assert (row["change"], row["severity_before"], row["severity"], row["rule_changed"]) == (
        "severity",
        "medium",
        "critical",
        True,
    )
    assert [one["change"] for one in between().rules] == ["changed"]


def test_a_rule_that_only_one_audit_asked_makes_nothing_new_or_mended(audit, between):
    """A new policy pack is no worse estate, and a removed one no better one."""
    audit(0, said("fail"))
    audit(1, said("fail", policy="model-without-card"))
    found = between()

    assert [(row["change"], row["policy"]) for row in found.findings] == [
        ("rule added", "model-without-card"),
        ("rule removed", "model-without-owner"),
    ]
    assert [(row["change"], row["policy"]) for row in found.rules] == [
        ("added", "model-without-card"),
        ("removed", "model-without-owner"),
    ]


def test_another_configuration_is_told(audit, between):
    """Or a change of attribution would be taken for one of cost."""
    audit(0, said("pass"), config="c")
    audit(1, said("pass"), config="d")

    assert between().same_configuration is False


def test_blind_spots_come_and_go(warehouse, audit, between):
    """What could not be seen at one of both."""
    for day, source in enumerate(("aws", "hpc")):
        spot = BlindSpot(source=source, scope="all", reason="no rights")
        tell(warehouse, "collect", [spot], MONDAY)
        audit(day, said("pass"))

    assert [(row["change"], row["source"]) for row in between().blind_spots] == [
        ("gone", "aws"),
        ("new", "hpc"),
    ]


def test_a_bill_that_was_restated_is_no_change_of_the_estate(warehouse, audit, between):
    """What was said + restated + effects = what it costs; here all of it was restated."""
    bill(warehouse, 10)
    audit(0, said("pass"))
    warehouse.run("update ledger.cost set effective_cost = 12")
    audit(1, said("pass"))
    facts = between().cost.facts

    assert (facts["said_cost"], facts["restated"], facts["before_cost"]) == (300, 60, 360)
    assert facts["after_cost"] - facts["before_cost"] == 0
    assert facts["overlap_days"] == 29


def test_what_was_restated_keeps_every_digit(warehouse, audit, between):
    """In yen a window costs billions; with twenty decimals that is more than 28 digits."""
    bill(warehouse, Decimal("123456789.00000000000000000001"))
    audit(0, said("pass"))
    warehouse.run("update ledger.cost set effective_cost = effective_cost + effective_cost")
    audit(1, said("pass"))
    facts = between().cost.facts

    assert facts["restated"] == facts["said_cost"] == Decimal("3703703670.0000000000000000003")


def test_a_restatement_of_the_later_window_is_told_too(warehouse, audit, between):
    """Of audits that are both past, the later one may have said something else as well."""
    bill(warehouse, 10)
    audit(0, said("pass"))
    audit(1, said("pass"))
    warehouse.run("update ledger.cost set effective_cost = 12")
    facts = between().cost.facts

    assert (facts["after_said_cost"], facts["after_cost"]) == (300, 360)


def test_a_model_that_was_renamed_is_restated_and_loses_no_money(warehouse, audit, between):
    """The old name was said to cost what the new one does; together nothing is restated."""
    bill(warehouse, 10)
    audit(0, said("pass"))
    warehouse.run("update ledger.cost set model = 'attrition'")
    audit(1, said("pass"))
    cost = between().cost

    assert {row["subject"]: row["restated"] for row in cost.of("model")} == {
        "attrition": 300,
        "churn": -300,
    }
    assert cost.facts["restated"] == 0


def test_a_bill_that_began_within_a_window_makes_both_as_short(warehouse, audit, between):
    """A week is not held against a month."""
    bill(warehouse, 10, first=-7)
    audit(0, said("pass"))
    audit(3, said("pass"))
    facts = between().cost.facts

    assert (facts["days"], facts["before_cost"], facts["after_cost"]) == (7, 70, 70)


def test_a_window_older_than_the_bill_is_unknown(warehouse, audit, between):
    """It is not zero: the reason is said, and findings are compared all the same."""
    bill(warehouse, 10)
    audit(0, said("pass"))
    audit(1, said("fail"))
    warehouse.run("delete from ledger.billed_day where day < '2026-11-16'")
    found = between()

    assert "the bill begins on 2026-11-16" in found.cost.facts["unknown_because"]
    assert found.cost.rows == []
    assert [row["change"] for row in found.findings] == ["new"]


def test_without_a_bill_nothing_is_said_of_cost(audit, between):
    """Policies alone can be audited."""
    audit(0, said("pass"))
    audit(1, said("pass"))

    assert between().cost.facts["unknown_because"] == "there is no bill"


def test_an_audit_that_kept_nothing_is_compared_by_the_bill_alone(warehouse, audit, between):
    """One of an older Quaestor: what it said of its cost is not known, so nothing is restated."""
    bill(warehouse, 10)
    first = audit(0, said("pass"))
    audit(1, said("pass"))
    warehouse.run("delete from audit.run_window where run_id = ?", [first])
    found = between()

    assert found.cost.facts["said_cost"] is None
    assert found.cost.facts["restated"] is None
    assert found.cost.facts["before_cost"] == 300
    assert found.same_configuration is None
    assert found.blind_spots is None


def test_amounts_of_another_currency_are_not_called_restated(warehouse, audit, between):
    """Euros are not dollars that were corrected."""
    bill(warehouse, 10)
    audit(0, said("pass"))
    audit(1, said("pass"))
    warehouse.run("update config.setting set value = 'EUR' where name = 'currency'")

    assert between().cost.facts["restated"] is None


def test_the_latest_audit_keeps_its_comparison_once(warehouse, audit):
    """Recorded again it replaces itself, and an older clock leaves it alone."""
    bill(warehouse, 10)
    first = audit(0, said("pass"))
    assert warehouse.rows("select count(*) from audit.comparison") == [(0,)]
    second = audit(1, said("pass"))
    for run in (second, first):
        record_changes(warehouse, run, compare=compare)

    assert warehouse.rows("select run_id, before_run_id, after_cost from audit.comparison") == [
        (second, first, Decimal(300))
    ]
    assert warehouse.rows("select count(*) from audit.cost_change where scope = 'total'") == [(1,)]


def test_the_audit_before_is_found_with_as_much_work_as_there_are_audits(warehouse):
    """Among four times the audits it takes four times the rows in a plan, not sixteen times."""
    made = []
    for audits in (100, 400):
        warehouse.run(
            "insert or ignore into audit.run select printf('%04d', n), ? + to_hours(n::integer), "
            "'1', 1, 1, 1, 0, 0, 0, 'high', 0 from range(?) as run(n)",
            [MONDAY, audits],
        )
        latest = (
            "with run as (from audit.run order by audited_at desc limit 1) "
            "select run_id, run_before(run_id) from run"
        )
        assert warehouse.rows(latest) == [(f"{audits - 1:04}", f"{audits - 2:04}")]
        made.append(rows_made(warehouse, latest))

    assert made[1] < 4.5 * made[0]


def advise(warehouse, run, number, state, *, realised=None):
    """Record a piece of advice of a run."""
    warehouse.run(
        "insert into audit.recommendation (run_id, recommendation, kind, subject, name, action, "
        "counts_because, confidence, state, first_seen, state_since, advised_at, "
        "saving_per_month, realised_per_month) "
        "values (?, ?, 'idle_gpu', ?, 'gpu', 'stop', 'best', 'high', ?, ?, ?, ?, 100, ?)",
        [run, number, number, state, MONDAY, MONDAY, MONDAY, realised],
    )


def test_advice_is_told_by_what_became_of_it(warehouse, audit, between):
    """Also where a saving was measured of what was taken long before; as before is no change."""
    first, second = audit(0, said("pass")), audit(1, said("pass"))
    for number, before, now, realised in (
        ("as-ever", "open", "open", None),
        ("asked-for", "open", "taken", None),
        ("back", "dismissed", "reopened", None),
        ("fresh", None, "open", None),
        ("lost", "open", "gone", None),
        ("no", "open", "dismissed", None),
        ("proven", "taken", "taken", 80),
    ):
        if before:
            advise(warehouse, first, number, before)
        advise(warehouse, second, number, now, realised=realised)

    assert {row["recommendation"]: row["change"] for row in between().advice} == {
        "asked-for": "taken",
        "back": "reopened",
        "fresh": "new",
        "lost": "gone",
        "no": "dismissed",
        "proven": "measured",
    }


def test_audits_are_found_by_id_beginning_day_and_place(warehouse, audit):
    """Of two audits of a day the later one; an id's beginning has to fit one alone."""
    first, second, third = (
        audit(day, said("pass"), config=config) for day, config in ((0, "a"), (1, "b"), (1.25, "c"))
    )
    runs = runs_of(warehouse)

    assert find_run(runs, "latest").id == third
    assert find_run(runs, "previous").id == second
    assert find_run(runs, "2026-11-17").id == third
    assert find_run(runs, first[:15]).id == first
    assert find_run(runs, second).id == second


@pytest.mark.parametrize("name", ["", "2", "2026", "2026-11-15", "yesterday", "x\x1b[31m", "%"])
def test_a_name_that_fits_no_audit_or_several_is_refused(warehouse, audit, name):
    """With the last ones, to choose from."""
    known = [audit(day, said("pass")) for day in (0, 1)]
    with pytest.raises(ConfigurationError) as caught:
        find_run(runs_of(warehouse), name)

    assert known[1] in (caught.value.where or "")
    assert "\x1b" not in caught.value.what


def test_audits_the_wrong_way_round_are_refused(warehouse, audit):
    """A fall must not be read as a rise."""
    first, second = audit(0, said("pass")), audit(1, said("pass"))
    runs = runs_of(warehouse)
    with pytest.raises(ConfigurationError) as caught:
        in_order(find_run(runs, second), find_run(runs, first))

    assert caught.value.fix == f"Name the earlier one first: quaestor diff {first} {second}"
