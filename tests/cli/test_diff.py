"""`quaestor diff`: what changed between two audits, for people, programs and chats."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from decimal import Decimal

import pytest

from builders.changes import compare_audits
from builders.rows import insert
from quaestor.core.period import utc

HOSTILE = "=cmd|'/c'!A1\x1b[31m|<b>\n::error::@all"
NOW = utc("2026-11-21T06:00")
DAY = (
    "insert into ledger.cost (day, source, service, team, model, cost_kind, rule, "
    "billing_billed_cost, billing_effective_cost, effective_cost, charges) "
    "values (?, 'aws', 'EC2', 'risk', ?, 'direct', 'tag', ?, ?, ?, 1)"
)


def a_run(warehouse, name, at):
    """Record an audit without findings."""
    insert(warehouse, "audit.run", run_id=name, audited_at=at, quaestor_version="0.1.0",
           policies=1, subjects=1, verdicts=1, failed=0, unanswered=0, blind_spots=0,
           fail_on="high", exit_code=0)  # fmt: skip


@pytest.fixture
def audited(warehouse):
    """Two audits of an estate whose models cost more on the day that only the later one has."""
    insert(warehouse, "config.setting", name="currency", value="EUR")
    a_run(warehouse, "before", NOW - timedelta(days=1))
    a_run(warehouse, "now", NOW)
    compare_audits(lambda table, **row: insert(warehouse, table, **row), NOW, HOSTILE)
    for number in range(40):
        day = date(2026, 11, 19) - timedelta(days=number)
        for model, cost in (("churn", 30 if number == 0 else 10), (HOSTILE, 7)):
            warehouse.run(DAY, [day, model, cost, cost, cost])
        warehouse.run("insert into ledger.billed_day values (?, 2, true)", [day])
        warehouse.run(
            "insert into ledger.sku_day (day, service, team, model, cost, quantity, unit) "
            "select day, service, team, model, effective_cost, effective_cost / 5, 'h' "
            "from ledger.cost where day = ?",
            [day],
        )
    for run, verdict in (("before", "pass"), ("now", "fail")):
        insert(warehouse, "audit.finding", run_id=run, policy="version-without-run",
               title="A rule", family="lineage", subject=HOSTILE, severity="high", verdict=verdict,
               reason="because", blocking=True, fingerprint="f" * 64, first_seen=NOW,
               at_stake_per_month="12")  # fmt: skip
    insert(warehouse, "audit.recommendation", run_id="now", recommendation="feedfeedfeedfeed",
           kind="idle_gpu", subject="machine/i-1", name=HOSTILE, action="stop",
           counts_because="best", confidence="high", state="taken", first_seen=NOW, advised_at=NOW,
           state_since=NOW, saving_per_month="900", realised_per_month="910.5",
           realised_low="840", realised_high="990")  # fmt: skip
    warehouse.close()


def test_the_latest_audit_is_held_against_the_one_before(audited, quaestor):
    """The sentence, the way to it, the movers, findings and advice; exit code 0."""
    said = quaestor("diff")

    assert (said.code, said.err) == (0, "")
    assert "cost: 530.00 EUR in the 30 days to 2026-11-19, 20.00 (+3.9%) more than" in said.out
    assert ["volume", "+20.00"] in [line.split() for line in said.out.splitlines()]
    assert "findings: 1 new" in said.out
    assert "1 taken (910.50 a month realised)" in said.out
    assert "910.50 (840.00 to 990.00)" in said.out
    assert "29 of the 30 days are in both windows" in said.out
    assert "the configuration is another one" in said.out


def test_json_has_every_digit_and_adds_up(audited, quaestor):
    """Effects to the change; figures as text, so that no reader rounds them."""
    told = json.loads(quaestor("diff", "before", "now", "--format", "json").out)
    whole = told["cost"]["rows"][0]
    effects = [Decimal(value) for name, value in whole.items() if name.endswith("_effect")]

    assert told["schema_version"] == "1"
    assert (told["before"]["run_id"], told["after"]["run_id"]) == ("before", "now")
    assert sum(effects) == Decimal(whole["change"]) == 20
    assert told["findings"]["counts"] == {"new": 1}
    assert told["advice"]["sums"]["taken"]["realised_per_month"] == "910.5"


def test_csv_is_one_table_that_no_spreadsheet_runs(audited, quaestor):
    """Each row says what it is of; a name that is a formula is text."""
    rows = list(csv.DictReader(io.StringIO(quaestor("diff", "--format", "csv").out)))

    assert {row["section"] for row in rows} == {"cost", "finding", "advice", "blind spot", "rule"}
    assert not [row for row in rows if row["name"].startswith("=")]
    assert [row["amount"] for row in rows if row["scope"] == "total"] == ["20"]


def test_markdown_can_be_pasted_into_a_chat(audited, quaestor):
    """Hostile names do nothing there."""
    said = quaestor("diff", "--format", "markdown").out

    assert said.startswith("### Changes from 2026-11-20 06:00 to 2026-11-21 06:00")
    assert "| volume | +20.00 |" in said
    assert "<b>" not in said
    assert "@all" not in said


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_no_name_acts_in_any_format(audited, quaestor, form):
    """No control character reaches a terminal, and no name begins a line of its own."""
    said = quaestor("diff", "--format", form).out

    assert "\x1b" not in said
    assert not [line for line in said.splitlines() if line.startswith("::")]


def test_formats_can_go_to_files(audited, quaestor, home):
    """One call, as many as are wanted."""
    said = quaestor("diff", "--format", "json=d.json", "--format", "csv=d.csv")

    assert (said.code, said.out) == (0, "")
    assert json.loads((home / "d.json").read_text())["cost"]["days"] == 30
    assert (home / "d.csv").read_text().startswith("section,change")


def test_an_audit_that_is_not_there_is_an_error_with_those_that_are(audited, quaestor):
    """Wrong usage, exit code 2."""
    said = quaestor("diff", "2025-01-01")

    assert said.code == 2
    assert "there is no audit '2025-01-01'" in said.err
    assert "the last ones are now, before" in said.err


def test_one_audit_has_nothing_to_be_compared_with(warehouse, quaestor):
    """It says so; it is not called unchanged."""
    a_run(warehouse, "only", NOW)
    warehouse.close()
    said = quaestor("diff")

    assert said.code == 2
    assert "there is only one audit, so nothing to compare it with" in said.err


def test_without_an_audit_it_says_what_to_do(warehouse, quaestor):
    """The first step is an audit."""
    warehouse.close()
    said = quaestor("diff")

    assert said.code == 2
    assert "no audit is recorded" in said.err
    assert "Run `quaestor audit` first." in said.err
