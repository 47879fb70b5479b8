"""Files of one source that are the same bill under other bytes: an archive, a CSV beside Parquet.

Two files are one where they have the same number of rows, and the same charges in every
column, in any order. Files that cost nothing are left alone: nothing can be counted twice. A
mapping takes some of a file's columns only, so that equal charges may still be two bills: they
are one where they state an invoice id; else both count, and it is told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.focus import JSON_COLUMNS
from quaestor.core.landed import LandedFile
from quaestor.normalise import in_force
from quaestor.normalise.conform import OURS
from quaestor.warehouse.duckdb import Warehouse, quoted


@dataclass(frozen=True)
class _Twin:
    sha256: str
    of: str
    charges: int
    certain: bool


def count_once(
    warehouse: Warehouse, source: str, files: Mapping[str, LandedFile], held: Collection[str]
) -> list[BlindSpot]:
    """Drop files whose charges another file has, one by one; tell of each.

    Args:
        warehouse: Where all `files` that can be read are loaded.
        source: Whose they are.
        files: Those in force, by sha256.
        held: Those of an earlier build; of equal files the one that was there stays, else the
            first by its place.
    """
    order = {digest: (digest not in held, file.scope, digest) for digest, file in files.items()}
    told = []
    for twin in _twins(warehouse, source, order):
        if twin.certain:
            in_force.drop(warehouse, source, [twin.sha256])
        told.append(_blind_spot(source, twin, files))
    return told


def _twins(
    warehouse: Warehouse, source: str, order: Mapping[str, tuple[bool, str, str]]
) -> list[_Twin]:
    """Compare files as they are written; those of one sum again, value by value."""
    found = warehouse.rows(_ALIKE, {"source": source, "in_force": sorted(order)})
    alike = [sha256 for (sha256,) in found]  # none, for most people: no charge is looked at
    twins = []
    for as_written in (True, False):
        if not alike:
            break
        values = _values(warehouse, as_written=as_written)
        given = {"source": source, "files": alike}
        content = warehouse.rows(_CONTENT.format(values=values), given)
        first: dict[object, str] = {}
        sums: dict[object, list[str]] = {}
        for sha256, charges, certain, total, signature in sorted(
            content, key=lambda row: order[row[0]]
        ):
            of = first.setdefault((total, signature), sha256)
            if of == sha256:
                sums.setdefault(total, []).append(sha256)
            else:
                twins.append(_Twin(sha256, of, charges, certain))
        alike = [one for files in sums.values() if len(files) > 1 for one in files]
    return twins


def _blind_spot(source: str, twin: _Twin, files: Mapping[str, LandedFile]) -> BlindSpot:
    same = (
        f"its {twin.charges:,} charges are those of {files[twin.of].scope}, one by one"
        if twin.charges > 1
        else f"its one charge is that of {files[twin.of].scope}"
    )
    return BlindSpot(
        source=source,
        scope=files[twin.sha256].scope,
        reason=f"{same}; they are counted once, there"
        if twin.certain
        else f"{same}; both are counted, and it may be one bill twice",
        fix="Remove one of the two."
        if twin.certain
        else "Remove one of the two; or, if they are two bills, say under `mapping:` which column "
        "is the InvoiceId.",
    )


_ALIKE = """
select sha256 from focus.file
where source = $source and sha256 in (select unnest($in_force::varchar[])) and charges > 0
qualify count(*) over (
    partition by format, rows_landed, rows_loaded, rows_quarantined, charges
) > 1
"""
_OURS = {*OURS, "SubAccountName"}  # which accounts.py may have filled


def _values(warehouse: Warehouse, *, as_written: bool) -> str:
    """Return SQL for a charge's values: as written, or alike however a file's format writes them.

    JSON then goes by its keys and values; what FOCUS does not know is text here, of any type.
    """
    values = []
    for name in warehouse.columns("focus.charge"):
        column = quoted(name)
        if name in _OURS:
            continue
        pairs = f"list_sort(map_entries(try({column}::json::map(varchar, varchar))))::varchar"
        number, time = (f"try_cast({column} as {kind})" for kind in ("double", "timestamptz"))
        if not as_written and name in JSON_COLUMNS:
            column = f"coalesce({pairs}, {column})"
        elif not as_written and name.startswith("x_"):
            column = f"coalesce({pairs}, {number}::varchar, {time}::varchar, {column})"
        values.append(column)
    return ", ".join(values)


_CONTENT = """
with charge as (
    select
        x_file_sha256 as sha256, BilledCost, EffectiveCost, InvoiceId, hash({values}) as content
    from focus.charge
    where x_source = $source and x_file_sha256 in (select unnest($files::varchar[]))
)
select
    c.sha256, count(*), any_value(f.format) <> 'mapped' or count(InvoiceId) = count(*),
    (any_value(f.format), any_value(f.rows_landed), sum(BilledCost), sum(EffectiveCost)),
    (count(*), bit_xor(content), sum(content::hugeint))
from charge as c
join focus.file as f on f.source = $source and f.sha256 = c.sha256
group by c.sha256 having bool_or(BilledCost <> 0 or EffectiveCost <> 0)
"""
