"""The waivers as a table, so that policies can judge them: `registry.waiver`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quaestor.core.waivers import Waiver
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.row import insert_rows

_COLUMNS = (
    "source, waiver, policy, subject, reason, ticket, requested_by, approved_by, approved_at, "
    "expires, compensating_control, severity"
)


def write(warehouse: Warehouse, waivers: Sequence[Waiver]) -> None:
    """Replace `registry.waiver` with the waivers of the configuration; the source is the file.

    What has not changed is not written again.
    """
    rows = sorted(map(_row, waivers), key=lambda row: row[:2])
    if rows == warehouse.rows(f"select {_COLUMNS} from registry.waiver order by source, waiver"):
        return
    warehouse.run("delete from registry.waiver")
    insert_rows(warehouse, "registry.waiver", _COLUMNS, rows)


def _row(one: Waiver) -> tuple[Any, ...]:
    return (
        one.file,
        one.id,
        one.policy,
        one.subject,
        one.reason,
        one.ticket,
        one.requested_by,
        one.approved_by,
        one.approved_at,
        one.expires,
        one.compensating_control,
        None if one.severity is None else one.severity.value,
    )
