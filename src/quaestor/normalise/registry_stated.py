"""Write what readers of registries found, and say what could not be read of it."""

from __future__ import annotations

from typing import Any

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.errors import QuaestorError
from quaestor.core.landed import LandedFile
from quaestor.normalise.registry import fill, quarantine
from quaestor.normalise.registry_rows import Rows, Unreadable
from quaestor.warehouse.duckdb import Warehouse


def take_in(warehouse: Warehouse, source: str, file: LandedFile, rows: Rows, new: Rows) -> int:
    """Add one file's rows to those of the source; quarantine what cannot be; count doubles."""
    twice = rows.add(new)
    quarantine(warehouse, source, file, [*twice, *(one.aside() for one in new.unreadable)])
    return len(twice)


def write(warehouse: Warehouse, source: str, rows: Rows, *, from_file: bool = False) -> None:
    """Insert models, versions, grants and card sections."""
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


def unreadable_values(source: str, values: list[Unreadable]) -> list[BlindSpot]:
    """Return one blind spot for each field that some tag or time could not fill."""
    by_field: dict[str, list[Unreadable]] = {}
    for value in values:
        by_field.setdefault(value.field, []).append(value)
    return [
        BlindSpot(
            source=source,
            scope=field,
            reason=f"{len(found):,} value{'s' if len(found) > 1 else ''} cannot be read; "
            f"the first: {found[0].reason}",
            fix=found[0].fix or f"Set it to {found[0].wanted}.",
            rows=len(found),
        )
        for field, found in sorted(by_field.items())
    ]


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
