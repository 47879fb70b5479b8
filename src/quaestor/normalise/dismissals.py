"""The dismissals of advice as a table, for audits and reports: `config.dismissal`."""

from __future__ import annotations

from quaestor.core.config import Config
from quaestor.core.dismissals import dismissals_of
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.row import insert_rows

_COLUMNS = (
    "dismissal, recommendation, kind, subject, reason, dismissed_by, dismissed_on, until, place"
)


def write(warehouse: Warehouse, config: Config) -> None:
    """Replace `config.dismissal` with what the folder of dismissals says.

    Raises:
        ConfigurationError: A configured folder is missing, or a dismissal is malformed.
    """
    found = dismissals_of(config)
    rows = [
        (
            one.id,
            one.recommendation,
            one.kind,
            one.subject,
            one.reason,
            one.dismissed_by,
            one.dismissed_on,
            one.until,
            one.place,
        )
        for one in found
    ]
    warehouse.run("delete from config.dismissal")
    insert_rows(warehouse, "config.dismissal", _COLUMNS, rows)
