"""Give the bill back as FOCUS: typed Parquet, one file per billing month, with a manifest.

Money keeps its 20 digits, times are UTC, JSON stays text. What the bill has beside FOCUS goes
along under `x_`: its own custom columns, and columns of another FOCUS version. What it lacks is
NULL: nothing is made up, and conformance.py says what a version misses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from quaestor.core.errors import NothingEvaluatedError
from quaestor.core.period import Window
from quaestor.normalise.conform import OURS
from quaestor.normalise.conformance import Dataset
from quaestor.normalise.focus_columns import ENGINE_TYPES, TIME, columns_of
from quaestor.warehouse.duckdb import Warehouse, literal, quoted
from quaestor.warehouse.focus_folder import Charges, Exported, check_sources, write_folder

# Who sold it: renamed with FOCUS 1.3 (warehouse/schema/002_views.sql does the same).
_RENAMED = {
    "ProviderName": "coalesce(ProviderName, ServiceProviderName)",
    "ServiceProviderName": "coalesce(ServiceProviderName, ProviderName)",
}


@dataclass(frozen=True)
class Wanted:
    """Which charges to export, and how.

    Args:
        version: Of FOCUS.
        sources: Only these; none: all.
        window: Whole billing periods that have one of these days.
        custom: Keep what is not FOCUS, as `x_` columns.
    """

    version: str
    sources: tuple[str, ...] = ()
    window: Window = field(default_factory=Window)
    custom: bool = True

    @property
    def where(self) -> str:
        """Return the condition on a charge, as SQL."""
        conditions = ["true"]
        if self.sources:
            conditions.append(f"x_source in ({', '.join(map(literal, self.sources))})")
        if self.window.since:
            # Its last day, where the period's end is not stated: that of its month.
            end = "coalesce(BillingPeriodEnd, last_day(BillingPeriodStart) + interval 1 day)"
            conditions.append(f"{end} > '{self.window.since}'::timestamp")
        if self.window.until:
            conditions.append(f"BillingPeriodStart::date <= '{self.window.until}'::date")
        return " and ".join(conditions)


def charges(warehouse: Warehouse, wanted: Wanted) -> Dataset:
    """Return the charges as the version's columns, then the custom ones.

    Raises:
        ConfigurationError: A source that has no charge.
        NothingEvaluatedError: No charge is left to export.
    """
    check_sources(warehouse, "focus.charge", "x_source", wanted.sources)
    if not warehouse.rows(f"select 1 from focus.charge where {wanted.where} limit 1"):
        raise NothingEvaluatedError(
            "there is no charge to export",
            where=warehouse.path,
            fix="Run `quaestor audit` (or `quaestor build`) first, or ask for other days.",
        )
    declared = warehouse.columns("focus.charge")
    columns: dict[str, str] = {}
    types: dict[str, str] = {}
    for column in columns_of(wanted.version):
        columns[column.name] = _RENAMED.get(column.name, column.name)
        types[column.name] = ENGINE_TYPES[column.kind]
    if wanted.custom:
        for name, sql in _custom(warehouse, wanted, declared, set(columns)):
            columns[name], types[name] = sql, declared[sql.strip('"')]
    return Dataset(
        reader=f"focus.charge where {wanted.where}",
        columns=columns,
        types=types,
        row="rowid",
        place={"source": "x_source", "file": "x_file", "row": "x_row"},
    )


def _custom(
    warehouse: Warehouse, wanted: Wanted, declared: dict[str, str], taken: set[str]
) -> list[tuple[str, str]]:
    """Return the columns beside the version's that hold anything, each with its `x_` name."""
    renamed = {"ProviderName", "ServiceProviderName"}
    beside = [name for name in declared if name not in taken | renamed and name not in OURS]
    if not beside:
        return []
    filled = warehouse.row(
        f"select {', '.join(f'bool_or({quoted(name)} is not null)' for name in beside)} "
        f"from focus.charge where {wanted.where}"
    )
    return [
        (name if name.startswith("x_") else f"x_{name}", quoted(name))
        for name, some in zip(beside, filled, strict=True)
        if some
    ]


def export(
    warehouse: Warehouse,
    wanted: Wanted,
    folder: Path,
    *,
    progress: Callable[[str], None],
) -> Exported:
    """Write `focus-<version>/` into a folder, whole or not at all.

    Args:
        warehouse: Where the charges are; it is only read.
        wanted: Which of them, and how.
        folder: Made if need be; an earlier export of the version in it is replaced.
        progress: Takes what is being done now.

    Raises:
        ConfigurationError: A source without charges, or a folder in the way that is no export.
        NothingEvaluatedError: There is no charge to export.
        IncompleteError: It cannot be written.
    """
    dataset = charges(warehouse, wanted)
    moments = (name for name, kind in dataset.types.items() if kind == ENGINE_TYPES[TIME])
    as_sql = Charges(
        reader=dataset.reader,
        columns=dataset.columns,
        moments=frozenset(moments),
        month="strftime(BillingPeriodStart, '%Y-%m')",
        source="x_source",
        head={"version": wanted.version},
    )
    return write_folder(warehouse, as_sql, folder / f"focus-{wanted.version}", progress)
