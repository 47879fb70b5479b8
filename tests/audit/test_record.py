"""What an audit leaves behind, and since when a violation stands."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from quaestor.audit.record import record, run_id_of, with_first_seen
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.period import utc
from quaestor.core.verdict import Verdict
from quaestor.warehouse.duckdb import Warehouse

MONDAY = utc("2026-11-16T06:00")


@pytest.fixture
def warehouse():
    with Warehouse(":memory:") as opened:
        yield opened


@pytest.fixture
def after(warehouse, a_finding, a_run):
    """Record one run a day with these verdicts; return the last one's first_seen, in days."""

    def play(*verdicts):
        for day, verdict in enumerate(verdicts):
            findings = [a_finding(verdict=Verdict(verdict))]
            record(warehouse, a_run(findings, MONDAY + timedelta(days=day)), config_digest="c")
        first = warehouse.rows("select first_seen from audit.finding order by run_id desc limit 1")
        return (first[0][0] - MONDAY).days

    return play


def test_a_run_is_written_with_its_counts(warehouse, a_finding, a_run):
    """One row says what was judged; each finding is a row with every column."""
    findings = [
        a_finding(
            at_stake_per_month=Decimal("0.00000000000000000001"),
            evidence={"owner": None},
            remedy=None,
            why=None,
        ),
        a_finding("model-without-card", verdict=Verdict.UNKNOWN, remedy="Write one.", why="So."),
    ]
    spot = BlindSpot(source="registry", scope="all", reason="connection refused")
    run_id = record(warehouse, a_run(findings, MONDAY, [spot]), config_digest="c")

    assert warehouse.rows("select * from audit.run") == [
        (run_id, MONDAY, "0.1.0", 2, 1, 2, 1, 1, 1, "high", 1)
    ]
    assert warehouse.rows(
        "select policy, verdict, at_stake_per_month, evidence, first_seen, remedy, why "
        "from audit.finding order by policy"
    ) == [
        ("model-without-card", "unknown", None, "{}", MONDAY, "Write one.", "So."),
        (
            "model-without-owner",
            "fail",
            Decimal("0.00000000000000000001"),
            '{"owner": null}',
            MONDAY,
            None,
            None,
        ),
    ]


def test_money_of_any_size_is_written_exactly(warehouse, a_finding, a_run):
    """Many digits before the point beside many after it: no float in between."""
    amounts = [Decimal("123456789012345678.9"), Decimal("0.12345678901234567891"), None]
    findings = [a_finding(subject=str(i), at_stake_per_month=a) for i, a in enumerate(amounts)]
    record(warehouse, a_run(findings), config_digest="c")

    rows = warehouse.rows("select at_stake_per_month from audit.finding order by subject")
    assert [amount for (amount,) in rows] == amounts


def test_the_same_run_recorded_twice_is_one_run(warehouse, a_finding, a_run):
    """A retried job leaves no second copy, and the same bytes."""
    run = a_run([a_finding(), a_finding(subject="fraud")], MONDAY)
    record(warehouse, run, config_digest="c")
    before = warehouse.rows("from audit.finding") + warehouse.rows("from audit.run")
    record(warehouse, run, config_digest="c")

    assert warehouse.rows("from audit.finding") + warehouse.rows("from audit.run") == before


def test_a_run_without_findings_is_a_run(warehouse, a_run):
    """Nothing evaluated is worth a row: the job ran."""
    record(warehouse, a_run([], MONDAY), config_digest="c")

    assert warehouse.rows("select verdicts, exit_code from audit.run") == [(0, 4)]


def test_a_run_is_named_by_clock_and_configuration():
    """Same inputs, same name; another configuration in the same second, another name."""
    assert run_id_of(MONDAY, "a") == run_id_of(MONDAY, "a")
    assert run_id_of(MONDAY, "a") != run_id_of(MONDAY, "b")


@pytest.mark.parametrize(
    ("days", "first_seen"),
    [
        (["fail"], 0),
        (["fail", "fail", "fail"], 0),
        (["pass", "fail", "fail"], 1),
        (["fail", "pass", "fail"], 2),
        (["fail", "unknown", "fail"], 0),
        (["fail", "waived", "fail"], 0),
        (["fail", "skip", "fail"], 2),
        (["fail", "unknown"], 1),
        (["unknown", "fail", "unknown", "error"], 2),
        (["fail", "pass"], 1),
    ],
)
def test_a_violation_keeps_its_first_day_while_it_lasts(after, days, first_seen):
    """A day on which nobody could look does not make an old violation new; a fix does."""
    assert after(*days) == first_seen


def test_later_runs_do_not_date_an_earlier_one(warehouse, a_finding, a_run):
    """A replay with an earlier clock sees only what was known then."""
    record(warehouse, a_run([a_finding()], MONDAY + timedelta(days=5)), config_digest="c")

    [seen] = with_first_seen(warehouse, [a_finding()], now=MONDAY)
    assert seen.first_seen == MONDAY


A_DAY = (
    "insert into ledger.cost (day, source, service, provider, team, model, lifecycle_stage, "
    "cost_kind, rule, billing_billed_cost, billing_effective_cost, effective_cost, charges) "
    "values (?, 'aws', 'EC2', 'AWS', 'risk', 'churn', 'training', 'direct', 'tag', 5, 5, ?, 1)"
)


def days_until(warehouse, last, days, cost):
    """Bill the days up to one, each complete, at a cost a day."""
    for back in range(days):
        day = last - timedelta(days=back)
        warehouse.run(A_DAY, [day, cost])
        warehouse.run("insert or replace into ledger.billed_day values (?, 1, true)", [day])


def test_a_run_keeps_what_its_window_cost_by_then(warehouse, a_run):
    """The 30 last complete days before it; the day of the audit and what is older are not in it."""
    days_until(warehouse, MONDAY.date(), 40, "5.00000000000000000001")
    run_id = record(warehouse, a_run([], MONDAY), config_digest="c")
    warehouse.run("update ledger.cost set effective_cost = 9")

    assert warehouse.rows("select * from audit.run_window") == [
        (run_id, date(2026, 10, 17), date(2026, 11, 15), 30, "USD", "c")
    ]
    assert warehouse.rows("select * from audit.run_cost") == [
        (run_id, "churn", "risk", "training", "AWS", "EC2", Decimal("150.0000000000000000003"), 0)
    ]


def test_a_window_that_began_before_the_bill_says_how_many_days_it_has(warehouse, a_run):
    """A month is not compared with a week unnoticed; without a rate a cost is not known."""
    days_until(warehouse, MONDAY.date() - timedelta(days=1), 7, None)
    record(warehouse, a_run([], MONDAY), config_digest="c")

    assert warehouse.rows("select billed_days from audit.run_window") == [(7,)]
    assert warehouse.rows("select effective_cost, unrated_charges from audit.run_cost") == [
        (None, 7)
    ]


def test_a_run_without_a_bill_has_no_window(warehouse, a_run):
    """Its cost is not zero: there is none."""
    run_id = record(warehouse, a_run([], MONDAY), config_digest="c")

    assert warehouse.rows("select * from audit.run_window") == [(run_id, None, None, 0, "USD", "c")]
    assert warehouse.rows("select * from audit.run_cost") == []


def test_a_run_keeps_what_it_could_not_see(warehouse, a_run):
    """A blind spot that is mended is gone from the warehouse, and not from the run."""
    warehouse.run(
        "insert into audit.blind_spot values "
        "('collect', 'aws', 'all', null, 'no rights', null, null, null, null, ?)",
        [MONDAY],
    )
    for _ in range(2):  # recorded again, it replaces itself
        run_id = record(warehouse, a_run([], MONDAY), config_digest="c")
    warehouse.run("delete from audit.blind_spot")

    assert warehouse.rows("select run_id, source, reason from audit.run_blind_spot") == [
        (run_id, "aws", "no rights")
    ]
