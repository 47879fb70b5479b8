"""Give the bill back as FOCUS: typed Parquet, one file per billing month, with a manifest.

Money keeps its 20 digits, times are UTC, JSON stays text. What the bill has beside FOCUS goes
along under `x_`: its own custom columns, and columns of another FOCUS version. What it lacks is
NULL: nothing is made up, and conformance.py says what a version misses.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quaestor import __version__
from quaestor.core.errors import ConfigurationError, NothingEvaluatedError
from quaestor.core.money import exact_text
from quaestor.core.nearest import did_you_mean
from quaestor.core.period import Window
from quaestor.core.progress import counted
from quaestor.core.whole_file import unwritable
from quaestor.normalise.conform import OURS
from quaestor.normalise.conformance import Dataset
from quaestor.normalise.focus_columns import ENGINE_TYPES, TIME, columns_of
from quaestor.warehouse.ask import copy_parquet
from quaestor.warehouse.duckdb import Warehouse, literal, quoted

MANIFEST = "manifest.json"
_COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
# Who sold it: renamed with FOCUS 1.3 (warehouse/schema/002_views.sql does the same).
_RENAMED = {
    "ProviderName": "coalesce(ProviderName, ServiceProviderName)",
    "ServiceProviderName": "coalesce(ServiceProviderName, ProviderName)",
}
_MONTH = "strftime(BillingPeriodStart, '%Y-%m')"


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


@dataclass(frozen=True)
class Exported:
    """What was written: the folder, its files with their rows."""

    folder: Path
    files: tuple[tuple[str, int], ...]

    @property
    def rows(self) -> int:
        """Return how many charges there are in all files."""
        return sum(rows for _, rows in self.files)


def charges(warehouse: Warehouse, wanted: Wanted) -> Dataset:
    """Return the charges as the version's columns, then the custom ones.

    Raises:
        ConfigurationError: A source that has no charge.
        NothingEvaluatedError: No charge is left to export.
    """
    _check_sources(warehouse, wanted.sources)
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
    target = folder / f"focus-{wanted.version}"
    part, old = (folder / f".{target.name}.{state}" for state in ("part", "old"))
    _check_target(target)
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        files = _write(warehouse, wanted, dataset, part, progress)
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        part.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as problem:
        raise unwritable(target, problem.strerror) from None
    finally:
        with suppress(OSError):
            shutil.rmtree(part, ignore_errors=True)
    return Exported(target, tuple((one["file"], one["rows"]) for one in files))


def _write(
    warehouse: Warehouse,
    wanted: Wanted,
    dataset: Dataset,
    part: Path,
    progress: Callable[[str], None],
) -> list[dict[str, Any]]:
    months = warehouse.rows(f"select distinct {_MONTH} from {dataset.reader} order by all")
    select = _select(dataset)
    files: list[dict[str, Any]] = []
    for (month,) in counted(months, progress, lambda one: f"export {one[0]}"):
        path = part / f"{month}.parquet"
        some = f"{dataset.reader} and {_MONTH} = {literal(month)}"
        rows = copy_parquet(warehouse, f"select {select} from {some}", path)
        files.append(
            {
                "file": path.name,
                "rows": rows,
                "bytes": path.stat().st_size,
                "sha256": _sha256(path),
                "sums": _sums(warehouse, some),
            }
        )
    manifest = {
        "schema_version": 1,
        "format": "FOCUS",
        "version": wanted.version,
        "generator": f"quaestor {__version__}",
        "sources": _sources(warehouse, dataset.reader),
        "rows": sum(one["rows"] for one in files),
        "sums": _sums(warehouse, dataset.reader),
        "columns": list(dataset.columns),
        "files": files,
    }
    (part / MANIFEST).write_text(
        json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return files


def _select(dataset: Dataset) -> str:
    """Return the columns as SQL; a time is written as a moment, UTC, not as a wall clock's."""
    moments = {name for name, kind in dataset.types.items() if kind == ENGINE_TYPES[TIME]}
    # Without naming a time zone, so that no setting of the session has a say.
    return ", ".join(
        f"{f'make_timestamptz(epoch_us({sql}))' if name in moments else sql} as {quoted(name)}"
        for name, sql in dataset.columns.items()
    )


def _sums(warehouse: Warehouse, some: str) -> list[dict[str, Any]]:
    """Sum each cost per currency, every digit as text; a cost no charge has is null."""
    found = warehouse.records(
        f"select BillingCurrency, count(*) as rows, "
        f"{', '.join(f'sum({cost}) as {cost}' for cost in _COSTS)} "
        f"from {some} group by all order by BillingCurrency nulls last"
    )
    return [
        {
            name: exact_text(value) if name in _COSTS and value is not None else value
            for name, value in one.items()
        }
        for one in found
    ]


def _sources(warehouse: Warehouse, reader: str) -> list[str]:
    return [
        name for (name,) in warehouse.rows(f"select distinct x_source from {reader} order by all")
    ]


def _check_sources(warehouse: Warehouse, names: Sequence[str]) -> None:
    known = _sources(warehouse, "focus.charge")
    for name in names:
        if name not in known:
            raise ConfigurationError(
                f"no charge is from a source '{name}'",
                where="--source",
                fix=did_you_mean(name, known, otherwise=f"Choose from {', '.join(known)}."),
            )


def _check_target(target: Path) -> None:
    if target.exists() and not (target / MANIFEST).is_file():
        raise ConfigurationError(
            "there is something else where the export should go",
            where=str(target),
            fix="Name another folder, or move this one away: an export replaces only an export.",
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
