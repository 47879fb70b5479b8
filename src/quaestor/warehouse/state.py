"""What the warehouse remembers about itself: from what it was built, and what it cannot see."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.landed import LandedFile
from quaestor.warehouse.duckdb import FIRST_BUILD, Warehouse
from quaestor.warehouse.row import insert_rows

_NAMES = "source, scope, period, reason, fix, rows, amount, currency"


def remember(warehouse: Warehouse, name: str, value: str) -> None:
    """Keep a property under a name."""
    warehouse.run("insert or replace into meta.property values (?, ?)", [name, value])


def begin(warehouse: Warehouse) -> None:
    """Note that the first build has begun, so that nobody takes what it left for an estate."""
    if recall(warehouse, "built_at") is None:
        remember(warehouse, FIRST_BUILD, "begun")


def finish(warehouse: Warehouse, now: datetime) -> None:
    """Note in a build's transaction that it is at its end, and when."""
    remember(warehouse, "built_at", now.isoformat())
    warehouse.run("delete from meta.property where name = ?", [FIRST_BUILD])


def recall(warehouse: Warehouse, name: str) -> str | None:
    """Return a property, or None where it was never kept."""
    found = warehouse.rows("select value from meta.property where name = ?", [name])
    return str(found[0][0]) if found else None


def note_landed(warehouse: Warehouse, source: str, files: Iterable[LandedFile]) -> None:
    """Replace what is known of a source's landed files in force: what its rows are from."""
    warehouse.run("delete from meta.landed_file where source = ?", [source])
    rows = [(source, one.scope, one.path, one.sha256, one.size) for one in files]
    insert_rows(warehouse, "meta.landed_file", "source, scope, path, sha256, size", rows)


def forget(warehouse: Warehouse, source: str) -> None:
    """Remember nothing more of a source: its landed files, its blind spots, when it was read."""
    note_landed(warehouse, source, ())
    warehouse.run("delete from audit.blind_spot where source = ?", [source])
    warehouse.run(
        "delete from meta.property where name in ('manifest:' || ?, 'collected_at:' || ?)",
        [source, source],
    )


def evidence_at(warehouse: Warehouse) -> datetime | None:
    """Return when the source looked at longest ago was last read well, or None if never."""
    [(oldest,)] = warehouse.rows(
        "select min(value::timestamp) from meta.property where name like 'collected_at:%'"
    )
    return oldest if isinstance(oldest, datetime) else None


def tell(
    warehouse: Warehouse,
    stage: str,
    spots: Iterable[BlindSpot],
    now: datetime,
    source: str | None = None,
) -> None:
    """Replace the blind spots of a stage (of one source, where one is given)."""
    warehouse.run(
        "delete from audit.blind_spot where stage = ? and source = coalesce(?, source)",
        [stage, source],
    )
    for spot in spots:
        values = [stage, spot.source, spot.scope, spot.period, spot.reason, spot.fix, spot.rows]
        amount = None if spot.amount is None else f"{spot.amount:f}"  # never a float
        warehouse.run(
            f"insert into audit.blind_spot (stage, {_NAMES}, seen_at) "
            "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [*values, amount, spot.currency, now],
        )


def read_blind_spots(warehouse: Warehouse) -> list[BlindSpot]:
    """Return every blind spot, in a fixed order."""
    found = warehouse.records(f"select {_NAMES} from audit.blind_spot order by {_NAMES}")
    return [BlindSpot(**record) for record in found]


def cannot_tell(warehouse: Warehouse) -> dict[str, list[str]]:
    """Return, for each registry, what it cannot supply: whole tables, else single fields."""
    found = warehouse.rows(
        """
        select source, list(field order by field) from registry.evidence
        where not supplied and (source, split_part(field, '.', 1)) not in (
            select (source, field) from registry.evidence
            where not supplied and not contains(field, '.')
        ) or (not supplied and not contains(field, '.'))
        group by source order by source
        """
    )
    return dict(found)
