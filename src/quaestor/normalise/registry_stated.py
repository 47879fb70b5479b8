"""Write what readers of registries found, and say what could not be read of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.errors import QuaestorError
from quaestor.core.landed import LandedFile
from quaestor.normalise import facts
from quaestor.normalise.registry import fill, quarantine
from quaestor.normalise.registry_rows import Rows, unreadable_values
from quaestor.warehouse.duckdb import Warehouse


def take_in(warehouse: Warehouse, source: str, file: LandedFile, rows: Rows, new: Rows) -> int:
    """Add one file's rows to those of the source; quarantine what cannot be; count doubles."""
    for row in (*new.models, *new.versions, *new.runs):
        row |= {"file": file.path, "sha256": file.sha256}
    twice = rows.add(new)
    quarantine(warehouse, source, file, [*twice, *(one.aside() for one in new.unreadable)])
    return len(twice)


def write(
    warehouse: Warehouse, source: str, rows: Rows, *, from_file: bool = False
) -> list[BlindSpot]:
    """Insert models, versions, grants and card sections, and make `governed` of what has tags.

    Returns:
        What of models, versions and runs could not be read.
    """
    given: dict[str, Any] = {"source": source, "from_file": from_file}
    fill(warehouse, "stated_model", "stated_model", {**given, "models": rows.models})
    fill(
        warehouse,
        "stated_model_version",
        "stated_model_version",
        {**given, "versions": rows.versions, "runs": rows.runs},
    )
    fill(warehouse, "grant", "model_gov_grant", {"source": source, "grants": rows.grants})
    sections = {"source": source, "sections": rows.sections}
    fill(warehouse, "card_section", "stated_card_section", sections)
    facts.govern(warehouse, _governed(rows))
    return unreadable_values(source, rows.unreadable)


def _governed(rows: Rows) -> Iterator[dict[str, Any]]:
    """Yield what has tags: models, versions, and the data that runs read."""
    for row in rows.models:
        yield _tagged("model", row["model"], None, row, row["tags"])
    for row in rows.versions:
        yield _tagged("model_version", row["model"], row["version"], row, row["tags"])
    for row in rows.runs:
        for data in row["datasets"]:
            yield _tagged("dataset", data["dataset"], row["run_id"], row, data["tags"])


def _tagged(
    kind: str, subject: str, version: str | None, row: Mapping[str, Any], tags: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "kind": kind,
        "subject": subject,
        "version": version,
        "tags": tags,
        "file": row["file"],
        "sha256": row["sha256"],
        "row_number": row["row"],
    }


def unreadable_file(
    warehouse: Warehouse, source: str, file: LandedFile, problem: QuaestorError
) -> BlindSpot:
    """Put a whole file into quarantine, and say so."""
    quarantine(warehouse, source, file, [(None, problem.what, None)])
    is_sentence = problem.what.startswith(("an ", "the "))
    return BlindSpot(
        source=source,
        scope=file.scope,
        reason=f"the file cannot be read: {'' if is_sentence else 'it '}{problem.what}",
        fix=problem.fix,
    )


def doubled(source: str, file: LandedFile, count: int) -> list[BlindSpot]:
    """Say that a file repeats what another one has said."""
    if not count:
        return []
    return [
        BlindSpot(
            source=source,
            scope=file.scope,
            reason=f"{count:,} models, versions or runs stand twice; the first one counts",
            fix="Keep one export of one registry in a source.",
            rows=count,
        )
    ]
