"""Rows and files that could not be read: kept, counted, and told as blind spots."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.errors import QuaestorError
from quaestor.core.landed import LandedFile
from quaestor.warehouse.duckdb import Warehouse

_EXPORTED = "Mend the export and collect again"
_MAPPED = (
    "Correct `mapping:` (`decimal:` and `group:` of numbers, `format:` of times), or name lines "
    "that are no charge in `leave_out:`"
)


def release(warehouse: Warehouse, source: str, *, keep: Iterable[str]) -> None:
    """Forget the quarantine of a source's files, save those whose sha256 is in `keep`."""
    for table in ("quarantine.row", "quarantine.value"):
        warehouse.run(
            f"delete from {table} where source = ? "
            "and file_sha256 not in (select unnest(?::varchar[]))",
            [source, sorted(keep)],
        )


def refuse(warehouse: Warehouse, source: str, file: LandedFile, problem: QuaestorError) -> None:
    """Put a whole file into quarantine (row_number is null); its fix is the reason's last line."""
    reason = f"{problem.what}\n{problem.fix}" if problem.fix else problem.what
    warehouse.run(
        "insert into quarantine.row values (?, ?, ?, null, ?, null)",
        [source, file.path, file.sha256, reason],
    )


def blind_spots(warehouse: Warehouse, source: str, files: Iterable[LandedFile]) -> list[BlindSpot]:
    """Return one blind spot for every file of a source that has something in quarantine.

    Args:
        warehouse: Where the quarantine is.
        source: The source's name.
        files: Its files in force; a blind spot names a file as its owner knows it.
    """
    known = {file.path: file.scope for file in files}
    money = _money(warehouse, source)
    found = warehouse.rows(
        """
        select q.file, row_number is null as whole, loaded, coalesce(f.format = 'mapped', false),
            count(*), min(row_number), arg_min(reason, coalesce(row_number, 0)), q.file_sha256
        from (
            select *, false as loaded from quarantine.row
            union all by name select *, true as loaded from quarantine.value
        ) as q
        left join focus.file as f on f.source = q.source and f.file = q.file
        where q.source = ? group by all order by all
        """,
        [source],
    )
    told = [
        _refused(source, known.get(file, file), reason)
        if whole
        else BlindSpot(
            source=source,
            scope=known.get(file, file),
            reason=_reason(rows, first, reason, loaded=loaded),
            fix=f'{_MAPPED if mapped else _EXPORTED}; `quaestor query "from quarantine.'
            f"{'value' if loaded else 'row'} where source = '{source}'\"` shows them all.",
            rows=rows,
            **({} if loaded else money.get(sha256, {})),
        )
        for file, whole, loaded, mapped, rows, first, reason, sha256 in found
    ]
    return sorted(told, key=lambda spot: spot.scope)  # landed names begin with a hash


def _money(warehouse: Warehouse, source: str) -> dict[str, dict[str, Any]]:
    """Return by file what its rows in quarantine cost, as far as their costs can be read.

    Of several currencies there is no sum.
    """
    found = warehouse.rows(
        """
        select sha256, sum(quarantined_billed_cost), min(currency) from focus.control
        where source = ? and quarantined_billed_cost <> 0 and counts_billed
        group by sha256
        having count(distinct currency) = 1 and count(currency) = count(*)
        """,
        [source],
    )
    return {sha256: {"amount": amount, "currency": currency} for sha256, amount, currency in found}


def _refused(source: str, scope: str, reason: str) -> BlindSpot:
    what, _, fix = reason.partition("\n")
    return BlindSpot(
        source=source,
        scope=scope,
        reason=f"the file cannot be read: {what}",
        fix=fix or f"{_EXPORTED}.",
    )


def _reason(rows: int, first: int, reason: str, *, loaded: bool) -> str:
    counted = f"{rows:,} row{'s' if rows > 1 else ''}"
    if loaded:
        return f"{counted} loaded without a value that cannot be read; row {first}: {reason}"
    return f"{counted} cannot be read; row {first}: {reason}"
