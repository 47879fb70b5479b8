"""What is told of the week between the demo's two audits is what was planted, and no more."""

from __future__ import annotations

import pytest

from quaestor.audit.changes import Changes, changes
from quaestor.audit.runs import runs_of
from quaestor.core.run_summary import RunSummary
from quaestor.core.verdict import Verdict
from quaestor.demo.changes import CHANGES, EARLIER, LATEST, STOPPED_NOTEBOOK, Change
from quaestor.demo.faults import FAULTS, MENDED, WASTE, Fault
from quaestor.ledger.windows import compare
from quaestor.warehouse.duckdb import Warehouse


@pytest.fixture(scope="module")
def told(estate) -> Changes:
    """The latest audit against the one before, as `quaestor diff` has it."""
    with Warehouse(estate.warehouse, read_only=True) as warehouse:
        after, before = runs_of(warehouse)
        return changes(warehouse, before, after, compare=compare)


def subjects(faults: list[Fault]) -> set[tuple[str, str]]:
    """What is planted: policies and their subjects."""
    return {(fault.policy, subject) for fault in faults for subject in fault.subjects}


def failing(summary: RunSummary) -> set[tuple[str, str]]:
    """What an audit found wrong, waived or not: policies and their subjects."""
    found = summary.ordered(Verdict.FAIL, Verdict.WAIVED)
    return {(finding.policy, finding.subject) for finding in found}


def test_the_two_audits_are_the_ones_recorded(told: Changes):
    """A week apart, in one warehouse, by one configuration."""
    assert (told.before.audited_at, told.after.audited_at) == (EARLIER, LATEST)
    assert told.same_configuration is True
    assert (told.rules, told.blind_spots) == ([], [])


def test_each_planted_change_of_a_finding_is_told_and_nothing_beside_it(told: Changes):
    """What began is new, what was mended is closed or gone, what is let stand since is waived."""
    gone = {("gpu-idle", STOPPED_NOTEBOOK)}
    found: dict[str, set[tuple[str, str]]] = {}
    for row in told.findings:
        found.setdefault(row["change"], set()).add((row["policy"], row["subject"]))

    assert found == {
        "new": subjects([fault for fault in FAULTS if fault.since]),
        "closed": subjects([*MENDED]) - gone,
        "waived": subjects([fault for fault in FAULTS if fault.waiver]),
        "gone": gone,
    }


def test_a_violation_that_stands_keeps_the_day_it_was_first_seen(estate):
    """What both audits found is of the earlier one; what is new is of the latest."""
    first_seen: dict[object, set[tuple[str, str]]] = {}
    for one in estate.audited.summary.ordered(Verdict.FAIL, Verdict.WAIVED):
        first_seen.setdefault(one.first_seen, set()).add((one.policy, one.subject))

    assert first_seen == {
        EARLIER: failing(estate.earlier.summary) & failing(estate.audited.summary),
        LATEST: subjects([fault for fault in FAULTS if fault.since]),
    }


def test_advice_is_new_or_taken_as_planted(told: Changes):
    """The notebooks that somebody stopped, and what the week made worth advising."""
    found: dict[str, set[tuple[str, str]]] = {}
    for row in told.advice:
        found.setdefault(row["change"], set()).add((row["kind"], row["name"]))

    assert found == {
        "new": {(waste.kind, name) for waste in WASTE for name in waste.new},
        "taken": {
            (change.scope, name)
            for change in CHANGES
            if change.what == "advice taken"
            for name in change.names
        },
    }


def test_what_was_taken_waits_for_the_bill_to_show_it(told: Changes):
    """A week of complete days after the audit that saw it is measured, and there is none yet."""
    [taken] = [row for row in told.advice if row["change"] == "taken"]

    assert taken["saving_per_month"] > 9_000
    assert taken["realised_per_month"] is None
    assert taken["realised_how"] == (
        "too early: the bill is complete for 0 of the 7 days that it takes"
    )


def test_the_bill_has_no_notebook_after_the_day_it_was_stopped(estate):
    """The charges of the notebooks end when the story says, so that what was taken is true."""
    with Warehouse(estate.warehouse, read_only=True) as warehouse:
        last = warehouse.row(
            "select max(day)::varchar from ledger.cost where resource_id like '%/nb-course'"
        )

    assert last == ("2026-11-16",)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.what.replace(" ", "-"))
def test_each_planted_change_of_cost_is_told_and_of_nothing_else(told: Changes, change: Change):
    """An effect is of whom the story names, and of nobody else in that scope."""
    rows = told.cost.of(change.scope)
    found = {
        "largest": {max(told.cost.of("model"), key=lambda row: abs(row["change"]))["subject"]},
        "version": {row["subject"] for row in rows if row["version_effect"]},
        "price": {row["subject"] for row in rows if row["price_effect"]},
        "restated": {row["subject"] for row in rows if row["restated"]},
        "advice taken": {row["name"] for row in told.advice if row["change"] == "taken"},
    }

    assert found[change.what] == set(change.names)


def test_what_was_said_and_every_effect_come_to_what_it_costs_now(told: Changes):
    """No part of the change is left over."""
    facts = told.cost.facts
    [total] = told.cost.of("total")
    effects = ("price", "volume", "mix", "efficiency", "version", "unmeasured")

    assert facts["said_cost"] + facts["restated"] == facts["before_cost"]
    assert (
        facts["before_cost"] + sum(total[f"{name}_effect"] for name in effects)
        == (facts["after_cost"])
    )
    assert facts["restated"] < 0 < facts["after_cost"] - facts["before_cost"]


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("index", ["14 Nov 2026", "21 Nov 2026"]),
        ("executive", ["14 Nov"]),
        ("changes", ["nb-course", "stock-out", "upsell", "face-blur:2", "Restated since"]),
    ],
)
def test_the_pages_tell_of_both_audits(estate, page: str, words: list[str]):
    """Trends and the page of changes are not empty on a newcomer's first day."""
    text = (estate.folder / "quaestor-reports" / f"{page}.html").read_text(encoding="utf-8")

    assert [word for word in words if word not in text] == []
