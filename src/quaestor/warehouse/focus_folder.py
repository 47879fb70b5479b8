"""Write charges as FOCUS to a folder: a Parquet file per month, and a manifest of what is in.

The folder takes the place of the one before when all of it is written, or not at all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quaestor import __version__
from quaestor.core.errors import ConfigurationError
from quaestor.core.money import exact_text
from quaestor.core.nearest import did_you_mean
from quaestor.core.progress import counted
from quaestor.core.whole_file import whole_folder
from quaestor.warehouse.ask import copy_parquet
from quaestor.warehouse.duckdb import Warehouse, literal, quoted

MANIFEST = "manifest.json"
COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")


@dataclass(frozen=True)
class Charges:
    """What is written, in SQL.

    Args:
        reader: What stands behind `from`, up to its condition; it has BillingCurrency and COSTS.
        columns: Each column of the files, and what gives it.
        moments: Those of them that are times. A time is written as a moment, UTC, not as a wall
            clock's, and without naming a time zone, so that no setting of the session has a say.
        month: The month that a charge is filed under, such as 2026-10.
        source: The column that names the source.
        head: What the manifest says before rows and sums, beside who wrote it.
    """

    reader: str
    columns: Mapping[str, str]
    moments: frozenset[str]
    month: str
    source: str
    head: Mapping[str, Any] = field(default_factory=dict)

    @property
    def select(self) -> str:
        """Return the columns as SQL."""
        return ", ".join(
            f"{f'make_timestamptz(epoch_us({sql}))' if name in self.moments else sql} "
            f"as {quoted(name)}"
            for name, sql in self.columns.items()
        )


@dataclass(frozen=True)
class Exported:
    """What was written: the folder, its files with their rows."""

    folder: Path
    files: tuple[tuple[str, int], ...]

    @property
    def rows(self) -> int:
        """Return how many rows there are in all files."""
        return sum(rows for _, rows in self.files)


def write_folder(
    warehouse: Warehouse, charges: Charges, target: Path, progress: Callable[[str], None]
) -> Exported:
    """Write a folder of charges, whole or not at all.

    Args:
        warehouse: Where the charges are; it is only read.
        charges: Which of them, and how.
        target: The folder; an earlier export in it is replaced.
        progress: Takes what is being done now.

    Raises:
        ConfigurationError: What is in the way is no export.
        IncompleteError: It cannot be written.
    """
    with whole_folder(target, MANIFEST) as part:
        files = _write(warehouse, charges, part, progress)
    return Exported(target, tuple((one["file"], one["rows"]) for one in files))


def check_sources(warehouse: Warehouse, relation: str, column: str, names: Sequence[str]) -> None:
    """See to it that every source that is asked for has a charge.

    Raises:
        ConfigurationError: One has none.
    """
    known = _sources(warehouse, relation, column)
    for name in names:
        if name not in known:
            raise ConfigurationError(
                f"no charge is from a source '{name}'",
                where="--source",
                fix=did_you_mean(name, known, otherwise=f"Choose from {', '.join(known)}."),
            )


def _write(
    warehouse: Warehouse, charges: Charges, part: Path, progress: Callable[[str], None]
) -> list[dict[str, Any]]:
    months = warehouse.rows(f"select distinct {charges.month} from {charges.reader} order by all")
    files: list[dict[str, Any]] = []
    for (month,) in counted(months, progress, lambda one: f"export {one[0]}"):
        path = part / f"{month}.parquet"
        some = f"{charges.reader} and {charges.month} = {literal(month)}"
        rows = copy_parquet(warehouse, f"select {charges.select} from {some}", path)
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
        **charges.head,
        "generator": f"quaestor {__version__}",
        "sources": _sources(warehouse, charges.reader, charges.source),
        "rows": sum(one["rows"] for one in files),
        "sums": _sums(warehouse, charges.reader),
        "columns": list(charges.columns),
        "files": files,
    }
    (part / MANIFEST).write_text(
        json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return files


def _sums(warehouse: Warehouse, some: str) -> list[dict[str, Any]]:
    """Sum each cost per currency, every digit as text; a cost no charge has is null."""
    found = warehouse.records(
        f"select BillingCurrency, count(*) as rows, "
        f"{', '.join(f'sum({cost}) as {cost}' for cost in COSTS)} "
        f"from {some} group by all order by BillingCurrency nulls last"
    )
    return [
        {
            name: exact_text(value) if name in COSTS and value is not None else value
            for name, value in one.items()
        }
        for one in found
    ]


def _sources(warehouse: Warehouse, reader: str, column: str) -> list[str]:
    found = warehouse.rows(f"select distinct {column} from {reader} order by all")
    return [name for (name,) in found]


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
