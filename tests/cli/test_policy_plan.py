"""`quaestor policy plan`: what a policy would have found and blocked, by team, day and money."""

from __future__ import annotations

import json

import pytest

from builders.findings import a_finding
from builders.rows import insert
from quaestor.audit.gate import decide
from quaestor.audit.record import record
from quaestor.core.period import utc
from quaestor.core.run_summary import RunSummary
from quaestor.core.verdict import Severity
from quaestor.warehouse.duckdb import Warehouse

RULE = """
title: Every model is looked at again
severity: high
subject: registry.model
require: updated_at > $now - to_days($days)
reason: "{model} was last looked at {updated_at}"
at_stake: ledger.model_month.effective_cost
params: {days: {type: integer, default: 10, min: 1, max: 365, description: In days.}}
why: Because.
remedy: {text: Look.}
gate: {ci: block}
source: A book
"""
MODELS = (("churn", "growth", "2026-11-15"), ("fraud", "risk", "2026-11-01"), ("toy", None, None))


def a_run(findings):
    """An audit of November 10 with these findings."""
    return RunSummary(
        kind="audit",
        targets=(),
        decision=decide(findings, fail_on=Severity.HIGH),
        findings=tuple(findings),
        blind_spots=(),
        fail_on=Severity.HIGH,
        audited_at=utc("2026-11-10T06:00"),
        evidence_at=None,
        currency="USD",
        configuration="quaestor.yaml",
        version="0",
    )


@pytest.fixture
def planned(home, quaestor):
    """Three models with their money, one recorded audit, and a rule: plan it."""
    path = home / "rules" / "own" / "model-not-looked-at.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(RULE)
    with Warehouse("quaestor.duckdb") as warehouse:
        for model, team, day in MODELS:
            insert(warehouse, "registry.model", source="r", model=model, team=team, updated_at=day)
            month = {"days": 31, "complete": True, "effective_cost": "100.5"}
            insert(warehouse, "ledger.model_month", month="2026-10-01", model=model, **month)
        known = a_finding("model-not-looked-at", "fraud", source="r")
        record(warehouse, a_run([known]), config_digest="ab")

    def run(*words, now="2026-11-28T06:00:00Z"):
        return quaestor("policy", "plan", "rules", "--now", now, *words)

    return run


def test_today_by_team_and_in_money(planned):
    """What violates it, what of it is new, whose it is, and what is behind it."""
    said = json.loads(planned("--format", "json").out)

    assert [
        (one["team"], one["violations"], one["new"], one["at_stake_per_month"][:5])
        for one in said["teams"]
    ] == [("growth", 1, 1, "100.5"), ("risk", 1, 0, "100.5")]
    assert "today's" in said["evidence"]


def test_on_the_day_of_each_audit_by_its_clock(planned):
    """On November 10 the one that was looked at on the 1st was young enough."""
    [day] = json.loads(planned("--format", "json").out)["days"]

    assert (day["audited_at"][:10], day["violations"], day["unanswered"]) == ("2026-11-10", 0, 1)
    assert (day["blocked"], day["recorded"]) == (0, 1)


def test_the_table_says_whose_evidence_it_is(planned):
    """Before any figure."""
    said = planned()

    assert said.code == 0
    assert said.out.startswith("Judged by today's evidence; only the clock is that of each day.")
    assert "growth" in said.out
    assert "2026-11-10 06:00" in said.out


def test_without_audits_there_is_today(planned):
    """`--audits 0` replays none, and everything is new."""
    said = json.loads(planned("--audits", "0", "--format", "json").out)

    assert said["days"] == []
    assert [one["new"] for one in said["teams"]] == [1, 1]


def test_a_gate_that_only_warns_blocks_nothing(planned, home):
    """Violations are said all the same."""
    path = home / "rules" / "own" / "model-not-looked-at.yaml"
    path.write_text(RULE.replace("ci: block", "ci: warn").replace("default: 10", "default: 5"))
    [day] = json.loads(planned("--format", "json").out)["days"]

    assert (day["violations"], day["blocked"]) == (1, 0)


def test_a_policy_that_breaks_is_exit_code_1(planned, home):
    """With what is wrong, and no figure in its name."""
    path = home / "rules" / "own" / "model-not-looked-at.yaml"
    path.write_text(RULE.replace("updated_at > ", "updted_at > "))
    said = planned()

    assert said.code == 1
    assert "model-not-looked-at breaks: " in said.out
    assert "there is no column 'updted_at'" in said.out
    assert "No violation." in said.out
