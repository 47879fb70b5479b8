"""What a finding rests on: the rows that carry its subject's name, and the landed files of those.

Of a row its key and what the rule's evidence names are shown, and no more: the rest may be long,
or hold what nobody should print.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

from quaestor.warehouse.duckdb import Warehouse

Row = dict[str, Any]
MOST_FILES = 10
_SQL = Path(__file__).parent / "sql"
# What of a row says which one it is; a table that is not here is summed, and shown whole.
_KEYS = {
    "registry.deployment": (
        *("source", "deployment", "model", "version", "environment", "kind"),
        *("cluster", "namespace"),
    ),
    "registry.dataset": ("source", "dataset", "run_id", "context", "digest"),
    "registry.store": ("source", "store", "region"),
    "registry.waiver": ("source", "waiver", "policy", "subject", "approved_by", "expires"),
    "registry.run": ("source", "run_id", "experiment", "status", "started_at"),
    "registry.grant": ("source", "subject", "principal", "right", "via"),
    "usage.endpoint": (
        *("source", "endpoint", "kind", "model", "model_version", "status", "seen_at"),
    ),
    "usage.gpu_job": (
        *("source", "job", "name", "kind", "model", "model_version", "state"),
        *("started_at", "ended_at", "seen_at"),
    ),
    "usage.pod": ("source", "cluster", "namespace", "pod", "owner", "phase", "seen_at"),
    "usage.node": ("source", "cluster", "node", "instance_type", "gpu_model", "seen_at"),
}
VERSIONS = "registry.model_version"


@dataclass(frozen=True, kw_only=True)
class Behind:
    """What the warehouse holds behind a subject.

    Args:
        rows: The rows, whole, as (table, row).
        more: How many rows are left out: of a table five are read.
        files: The landed files: those that name the subject or its model, else all of their
            source; ten at most.
        file_count: How many there are.
        read: When each source was last read well, UTC; None: not known.
    """

    rows: tuple[tuple[str, Row], ...] = ()
    more: int = 0
    files: tuple[Row, ...] = ()
    file_count: int = 0
    read: Mapping[str, datetime | None]

    def told(self, evidence: Collection[str]) -> tuple[Row, ...]:
        """Return the rows with their keys and the columns that the evidence names.

        Returns:
            Each row with its `table` first; a key that is not known is left out, evidence is not.
        """
        return tuple({"table": table} | _told(table, row, evidence) for table, row in self.rows)


def behind(
    warehouse: Warehouse,
    subject: str,
    *,
    model: str | None = None,
    source: str | None = None,
    grants: bool = False,
) -> Behind:
    """Look up what a subject's findings rest on.

    Args:
        warehouse: A built warehouse.
        subject: The subject's name, as findings have it.
        model: The model that it belongs to, or None.
        source: The source that the finding names; None: rows of any source count.
        grants: Also the rights that somebody has in a thing of that name.
    """
    versions = [(VERSIONS, row) for row in _records(warehouse, "version", subject=subject)]
    named = _records(warehouse, "rows", subject=subject, source=source, grants=grants)
    rows = [(row["table"], json.loads(row["row"], parse_float=Decimal)) for row in named]
    counts = {row["table"]: row["of_table"] for row in named}
    stated = _records(warehouse, "stated", subject=subject, model=model if versions else None)
    sources = {row["source"] for row in [*named, *stated, *(row for _, row in versions)]}
    known = sorted({*sources, source} - {None})
    landed = _records(warehouse, "landed", sources=known)
    files = _naming(landed, {name for name in (subject, model) if name})
    return Behind(
        rows=(*versions, *rows),
        more=sum(counts.values()) - len(rows),
        files=tuple(files[:MOST_FILES]),
        file_count=len(files),
        read={row["source"]: row["collected_at"] for row in landed},
    )


def _told(table: str, row: Row, evidence: Collection[str]) -> Row:
    if table == VERSIONS:
        return row
    return {
        name: row[name]
        for name in dict.fromkeys((*_KEYS.get(table, row), *evidence))
        if name in row and (row[name] is not None or name in evidence)
    }


def _naming(landed: Iterable[Row], names: set[str]) -> list[Row]:
    """Return the files of each source that have one of the names in their path; else all of it."""
    of: dict[str, list[Row]] = {}
    for row in landed:
        if row["file"] is not None:
            file = {key: row[key] for key in ("source", "scope", "file", "sha256")}
            of.setdefault(row["source"], []).append(file)
    chosen = (
        [file for file in files if names & words_of_scope(file["scope"])] or files
        for files in of.values()
    )
    return [file for files in chosen for file in files]


def words_of_scope(scope: str) -> set[str]:
    """Return the names in a landed file's path, with and without their endings.

    >>> sorted(words_of_scope("cards/churn/README.md"))
    ['README', 'README.md', 'cards', 'churn']
    """
    parts = [part for part in re.split(r"[/\\:]", scope) if part]
    return {*parts, *(PurePosixPath(part).stem for part in parts)}


def _records(warehouse: Warehouse, sql: str, **parameters: Any) -> list[Row]:
    text = (_SQL / f"explain_{sql}.sql").read_text(encoding="utf-8")
    return warehouse.records(text, parameters)
