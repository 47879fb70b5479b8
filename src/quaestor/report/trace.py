"""Where figures come from: ledger lines by rule, the bill's charges, landed files and hashes.

A page asks for all its figures at once, the terminal for one; both read the same SQL, so that
they say the same. The three sums, of the figure, the ledger and the bill, are compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from quaestor.report.format import ratio, total
from quaestor.warehouse.duckdb import Warehouse

Row = dict[str, Any]
_SQL = Path(__file__).parent / "sql"
# What a figure's name is, by the kind that its id begins with; None: a month needs no name.
KINDS: Mapping[str, str | None] = {
    "month": None,
    "reaches_model": None,
    "unattributed": None,
    "idle_gpu": None,
    "no_model": None,
    "no_team": None,
    "no_stage": None,
    "no_provider": None,
    "model_month": "MODEL",
    "team_month": "TEAM",
    "provider_month": "PROVIDER",
    "service_month": "PROVIDER/SERVICE",
    "stage_month": "STAGE",
    "budget": "NAME",
}
_NAMED = "|".join(kind for kind, name in KINDS.items() if name)
_BARE = "|".join(kind for kind, name in KINDS.items() if not name)
_ID = re.compile(
    rf"(?:(?P<kind>{_NAMED})/(?P<name>.+)|(?P<bare>{_BARE}))/(?P<month>\d{{4}}-(?:0[1-9]|1[0-2]))",
    re.DOTALL,
)
_OF_OWNERS = ("model_month", "budget")  # few enough owners to list each
_SCOPE = (
    *("model", "team", "environment", "provider", "service", "stage", "cost_kind"),
    "is_modelled",
)
_ABOUT = {
    "month": "all cost of {month}",
    "reaches_model": "cost of {month} that reaches a model",
    "unattributed": "unattributed cost of {month}",
    "idle_gpu": "idle GPUs in {month}",
    "no_model": "cost of {month} that reaches no model",
    "no_team": "cost of {month} that reaches no team",
    "no_stage": "cost of {month} that names no lifecycle stage",
    "no_provider": "cost of {month} that names no provider",
    "team_month": "team {name} in {month}",
}
_NAMED_ABOUT = "{name} in {month}"


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Where the money of one month comes from.

    Args:
        about: What the money is, such as "support-chat in 2026-10".
        figure: The amount that the reports show, or None where it is not known.
        ledger: The ledger's lines by rule, the most money first. Of idle GPUs they are rows of
            `ledger.gpu_hour` by GPU model, kind and team.
        rated: The sum of what of them has a rate or a price; None where nothing has.
        charges: The ten dearest resources on the bill; none of idle GPUs, whose cost is a part of
            a machine's, and none for a page.
        resources: How many resources there are.
        charge_count: How many charges there are.
        charged: Their sum in the reporting currency; None without a rate, and of idle GPUs.
        files: The landed files that hold them.
        month_cost: All cost of its month that has a rate; None where nothing has.
        machines: Of idle GPUs, what their machines cost as a whole on these days: `machine_days`,
            `machine_cost` by the ledger, `charged` by the bill in so many `charges`, and
            `idle_cost`, the part of it that was idle. None: none of them is on a bill.
    """

    about: str
    figure: Decimal | None
    ledger: Sequence[Row]
    rated: Decimal | None
    charges: Sequence[Row] = ()
    resources: int = 0
    charge_count: int = 0
    charged: Decimal | None = None
    files: Sequence[Row] = ()
    month_cost: Decimal | None = None
    machines: Row | None = None

    @property
    def ledger_sum(self) -> Decimal | None:
        """Return the sum of the ledger's lines in the reporting currency; None without a rate."""
        return None if self.unrated else self.rated

    @property
    def unrated(self) -> int:
        """Return how many of the ledger's lines have no rate."""
        return sum(row["lines_without_rate"] for row in self.ledger)

    @property
    def share(self) -> float | None:
        """Return which part of the cost of its month this is, both as far as they have a rate."""
        return ratio(self.rated, self.month_cost)

    @property
    def is_of_the_bill(self) -> bool:
        """Return whether charges stand behind the lines, so that there is a third sum."""
        return all("rule" in row for row in self.ledger)

    @property
    def adds_up(self) -> bool:
        """Return whether figure, ledger and charges are the same amount, to the last digit.

        The cost of idle GPUs is a part of their machines', so that it is those that are held
        against the bill.
        """
        if not self.is_of_the_bill:
            whole = self.machines or {"machine_cost": 0, "charged": 0}
            is_as_billed = whole["machine_cost"] == whole["charged"]
            return (self.figure or 0) == (self.rated or 0) and is_as_billed
        return (self.figure or 0) == (self.ledger_sum or 0) == (self.charged or 0)


def figure_id(kind: str, month: date | None, name: str | None = None) -> str | None:
    """Return what `quaestor explain` calls a figure; None for one that it cannot be asked for.

    Args:
        kind: One of `KINDS`.
        month: Any day of its month.
        name: Of the model, team, provider, stage or budget; of a service as `service_name`.

    >>> figure_id("model_month", date(2026, 11, 1), "churn"), figure_id("month", date(2026, 11, 1))
    ('model_month/churn/2026-11', 'month/2026-11')
    >>> figure_id("team_month", date(2026, 11, 1), None) is None
    True
    """
    if month is None or (KINDS[kind] and not name):
        return None
    return "/".join(part for part in (kind, name, f"{month:%Y-%m}") if part)


def service_name(provider: str | None, service: str | None) -> str:
    """Return how the id of a figure names a service: by its provider, then by itself.

    >>> service_name("AWS", "Amazon EC2"), service_name(None, "a/b"), service_name("a/b", None)
    ('AWS/Amazon EC2', '/a/b', 'a%2Fb/')
    """
    return f"{(provider or '').replace('%', '%25').replace('/', '%2F')}/{service or ''}"


def named_service(name: str) -> str:
    """Return in words what `service_name` names.

    >>> named_service("AWS/Amazon EC2"), named_service("/")
    ('Amazon EC2 of AWS', 'no service named, of no provider named')
    """
    provider, _, service = name.partition("/")
    provider = provider.replace("%2F", "/").replace("%25", "%")
    return f"{service or 'no service named,'} of {provider or 'no provider named'}"


def is_figure(name: str) -> bool:
    """Return whether a name has the form of a figure's id."""
    return _ID.fullmatch(name) is not None


def traces(warehouse: Warehouse, names: Collection[str]) -> dict[str, Trace]:
    """Trace figures, all with one pass over ledger and bill.

    Args:
        warehouse: A built warehouse.
        names: Ids of figures, in any order.

    Returns:
        The trace of each that there is, by id, in the order of `names`; without `charges`.
    """
    found = {row["id"]: row for row in _figures(warehouse, names)}
    idle = [row for row in found.values() if row["kind"] == "idle_gpu"]
    billed = [row for row in found.values() if row["kind"] != "idle_gpu"]
    made = _of_the_bill(warehouse, billed, by_owner=False) | _of_idle_gpus(warehouse, idle)
    return {name: made[name] for name in names if name in made}


def trace(warehouse: Warehouse, name: str) -> Trace | None:
    """Trace one figure, with who owns its lines and the dearest resources behind it."""
    rows = _figures(warehouse, [name])
    if not rows:
        return None
    [row] = rows
    if row["kind"] == "idle_gpu":
        return _of_idle_gpus(warehouse, rows)[name]
    found = _of_the_bill(warehouse, rows, by_owner=row["kind"] in _OF_OWNERS)[name]
    scope = {field: row[field] for field in _SCOPE}
    charges = _records(warehouse, "charges", month=row["month"], **scope)
    totals = charges[0] if charges else {}
    return replace(
        found,
        charges=[
            {key: value for key, value in one.items() if not key.startswith("total_")}
            for one in charges
        ],
        resources=totals.get("total_resources", 0),
        charge_count=int(totals.get("total_charges", 0)),
    )


def _figures(warehouse: Warehouse, names: Collection[str]) -> list[Row]:
    asked = [
        {
            "id": name,
            "kind": match["kind"] or match["bare"],
            "name": match["name"],
            "month": f"{match['month']}-01",
        }
        for name in dict.fromkeys(names)
        if (match := _ID.fullmatch(name))
    ]
    return _records(warehouse, "figure", figures=json.dumps(asked)) if asked else []


def _of_the_bill(
    warehouse: Warehouse, figures: Sequence[Row], *, by_owner: bool
) -> dict[str, Trace]:
    if not figures:
        return {}
    asked = json.dumps(
        [
            {field: row[field] for field in ("id", *_SCOPE)}
            | {"month": row["month"].isoformat(), "by_owner": by_owner}
            for row in figures
        ]
    )
    ledger, files = (
        _by(_records(warehouse, sql, figures=asked), "id") for sql in ("ledger", "files")
    )
    gaps = {row["id"]: row["gap"] for row in _records(warehouse, "gap", figures=asked)}
    made = {}
    for row in figures:
        lines = ledger.get(row["id"], [])
        rated = _sum(line["rated_cost"] for line in lines)
        found = Trace(
            about=_about(row),
            figure=row["figure"],
            ledger=lines,
            rated=rated,
            charged=_sum([rated, gaps.get(row["id"])]),
            files=files.get(row["id"], []),
            month_cost=row["month_cost"],
        )
        made[row["id"]] = replace(found, charged=None) if found.unrated else found
    return made


def _of_idle_gpus(warehouse: Warehouse, figures: Sequence[Row]) -> dict[str, Trace]:
    if not figures:
        return {}
    months = [f"{row['month']:%Y-%m}" for row in figures]
    lines, files, machines = (
        _by(_records(warehouse, sql, months=months), "month")
        for sql in ("idle_gpu", "idle_gpu_files", "idle_gpu_machines")
    )
    return {
        row["id"]: Trace(
            about=_about(row),
            figure=row["figure"],
            ledger=lines.get(month, []),
            rated=_sum(line["effective_cost"] for line in lines.get(month, [])),
            files=files.get(month, []),
            month_cost=row["month_cost"],
            machines=machines.get(month, [None])[0],
        )
        for row, month in zip(figures, months, strict=True)
    }


def _about(row: Row) -> str:
    name = named_service(row["name"]) if row["kind"] == "service_month" else row["name"]
    words = _ABOUT.get(row["kind"], _NAMED_ABOUT)
    return words.format(name=name, month=f"{row['month']:%Y-%m}")


def _sum(amounts: Iterable[Decimal | None]) -> Any:
    """Add up exactly what is known; None where nothing is."""
    return total([{"amount": amount} for amount in amounts], "amount")


def _by(rows: Sequence[Row], key: str) -> dict[Any, list[Row]]:
    """Return rows under one of their columns, which they lose."""
    grouped: dict[Any, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row.pop(key), []).append(row)
    return grouped


def _records(warehouse: Warehouse, sql: str, **parameters: Any) -> list[Row]:
    text = (_SQL / f"explain_{sql}.sql").read_text(encoding="utf-8")
    return warehouse.records(text, parameters)
