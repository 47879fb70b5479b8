"""What people are told of an audit: one value, made from the warehouse, for every kind of message.

It holds no address and no secret. Its fields are a public contract: the kind `webhook` sends it
as JSON, and `quaestor notify --schema` prints its schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct, json

from quaestor.core.errors import IncompleteError
from quaestor.core.money import exact_text
from quaestor.warehouse.duckdb import Warehouse

WORST = 5  # violations that a message names
BLIND = 3  # blind spots that it names
_SQL = Path(__file__).parent / "sql"
_VERDICTS = {0: "passed", 1: "failed", 3: "incomplete", 4: "nothing-evaluated"}


class Run(Struct, frozen=True, kw_only=True):
    """The audit. `failing` are the violations at or above `fail_on`, of all `violations`."""

    id: str
    audited_at: datetime
    verdict: str  # passed, failed, incomplete, nothing-evaluated
    exit_code: int
    fail_on: str
    violations: int
    failing: int
    unanswered: int
    quaestor_version: str
    is_first: bool  # no message and no audit before it
    previous_verdict: str | None
    previous_audited_at: datetime | None


class Month(Struct, frozen=True, kw_only=True):
    """The latest month of the bill, up to its last day, against the same days of the one before.

    Money is in `currency`, as text, so that no digit is lost; null is unknown.
    """

    month: date
    days: int
    is_complete: bool
    currency: str
    cost: Decimal | None
    previous_cost: Decimal | None
    change_ratio: float | None
    model_ratio: float | None  # of the month's cost that reaches a model
    team_ratio: float | None
    unattributed: Decimal | None


class Advice(Struct, frozen=True, kw_only=True):
    """What there is to save; alternatives are counted once."""

    open: int
    unpriced: int
    saving_per_month: Decimal | None
    ending_per_month: Decimal | None  # of jobs that run now and may end by themselves; beside it


class Budgets(Struct, frozen=True, kw_only=True):
    """How many budgets are above their amount, or expected to be by the end of the month."""

    budgets: int
    exceeded: int
    expected_over: int
    unknown: int


class NewFinding(Struct, frozen=True, kw_only=True):
    """A violation that the message before did not know."""

    policy: str
    title: str
    family: str
    severity: str
    source: str | None
    subject: str
    model: str | None
    reason: str | None
    remedy: str | None
    at_stake_per_month: Decimal | None
    fingerprint: str
    first_seen: datetime


class Blind(Struct, frozen=True, kw_only=True):
    """Something that could not be seen."""

    source: str
    scope: str
    period: str | None
    reason: str
    fix: str | None
    amount: Decimal | None
    currency: str | None


class Message(Struct, frozen=True, kw_only=True):
    """What a notifier is told. `worst_new` names some of the `new` violations, worst first."""

    schema: str = "quaestor.notification/1"
    notifier: str
    run: Run
    month: Month | None  # null: the ledger is empty
    advice: Advice
    budgets: Budgets
    new: int
    gone: int
    worst_new: tuple[NewFinding, ...]
    blind_spots: int
    worst_blind: tuple[Blind, ...]
    link: str | None


class Reading(Struct, frozen=True, kw_only=True):
    """A message, and what became of the same message before."""

    message: Message
    told_outcome: str | None
    told_at: datetime | None


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a message."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **json.schema(Message)}


def read(warehouse: Warehouse, notifier: str, link: str | None) -> Reading:
    """Make the message about the latest audit.

    Args:
        warehouse: It is only read.
        notifier: The name of whom it is for; what is new depends on what it was told before.
        link: Where the reports are.

    Raises:
        IncompleteError: Nothing was audited yet.
    """
    found = _records(warehouse, "run", notifier=notifier)
    if not found:
        raise IncompleteError(
            "there is no audit to tell of", where=warehouse.path, fix="Run `quaestor audit` first."
        )
    [run] = found
    both = {"run": run["run_id"], "before": run["before_run_id"]}
    [standing] = _records(warehouse, "standing", **both, fail_on=run["fail_on"])
    new = _records(warehouse, "finding", **both, most=WORST)
    blind = _records(warehouse, "blind_spot", most=BLIND)
    [advice] = _records(warehouse, "advice")
    [budgets] = _records(warehouse, "budget")
    message = Message(
        notifier=notifier,
        run=_run(run, standing),
        month=next((_month(row) for row in _records(warehouse, "month")), None),
        advice=Advice(**advice),
        budgets=Budgets(**budgets),
        new=new[0]["of_all"] if new else 0,
        gone=standing["gone"],
        worst_new=tuple(_finding(row) for row in new),
        blind_spots=blind[0]["of_all"] if blind else 0,
        worst_blind=tuple(Blind(**_less(row, "of_all")) for row in blind),
        link=link,
    )
    return Reading(message=message, told_outcome=run["told_outcome"], told_at=run["told_at"])


def is_needed(message: Message, when: str) -> bool:
    """Say whether a notifier wants to hear of this audit (`when:`)."""
    run = message.run
    if when == "failure":
        return run.exit_code != 0
    if when == "new-findings":
        return message.new > 0
    if when == "change":
        changed = run.is_first or run.verdict != run.previous_verdict
        return changed or message.new > 0 or message.gone > 0
    return True


def _run(row: Mapping[str, Any], standing: Mapping[str, Any]) -> Run:
    before, then = row["before_exit_code"], row["before_audited_at"]
    return Run(
        id=row["run_id"],
        audited_at=row["audited_at"].replace(tzinfo=UTC),
        verdict=_VERDICTS[row["exit_code"]],
        exit_code=row["exit_code"],
        fail_on=row["fail_on"],
        violations=standing["violations"],
        failing=standing["failing"],
        unanswered=row["unanswered"],
        quaestor_version=row["quaestor_version"],
        is_first=row["before_run_id"] is None,
        previous_verdict=None if before is None else _VERDICTS[before],
        previous_audited_at=None if then is None else then.replace(tzinfo=UTC),
    )


def _month(row: Mapping[str, Any]) -> Month:
    cost, before = row["cost"], row["previous_cost"]
    known = cost is not None and before is not None and before > 0
    return Month(**row, change_ratio=float((cost - before) / before) if known else None)


def _finding(row: Mapping[str, Any]) -> NewFinding:
    since = row["first_seen"].replace(tzinfo=UTC)
    return NewFinding(**_less(row, "of_all", "first_seen"), first_seen=since)


def _less(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in names}


def _records(warehouse: Warehouse, name: str, **values: Any) -> list[dict[str, Any]]:
    found = warehouse.records((_SQL / f"{name}.sql").read_text(encoding="utf-8"), values)
    return [{key: _exact(value) for key, value in row.items()} for row in found]


def _exact(value: Any) -> Any:
    """Leave out the zeros that end a sum of money."""
    return Decimal(exact_text(value)) if isinstance(value, Decimal) else value
