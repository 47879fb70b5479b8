"""One registry out of many statements: what each source says, and what everyone sees.

A loader writes what its source states (`registry.stated_*`, and the rows of runs, datasets,
deployments and grants). `settle` then builds `registry.model`, `registry.model_version` and
`registry.evidence`: `model.gov.yaml` files fill the blanks of registries and never overwrite.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from quaestor.core.landed import LandedFile
from quaestor.warehouse.duckdb import Warehouse

_SQL = Path(__file__).parent / "sql"
SETTLED = ("model", "model_version", "evidence")
STATED = ("stated_model", "stated_model_version", "stated_evidence")
ROWS = ("run", "dataset", "deployment", "grant", "store", "card_section")
SUBJECTS = ("model", "model_version", *ROWS)


def settle(warehouse: Warehouse) -> None:
    """Rebuild what everyone sees from what each source states; in the caller's transaction."""
    for table in SETTLED:
        warehouse.run(f"delete from registry.{table}")
        fill(warehouse, table, f"registry_{table}", {})


def forget(warehouse: Warehouse, source: str) -> None:
    """Delete what a source stated, its quarantine included; `settle` makes it seen."""
    for table in (*STATED, *ROWS):
        warehouse.run(f"delete from registry.{table} where source = ?", [source])
    warehouse.run("delete from quarantine.row where source = ?", [source])


def fill(warehouse: Warehouse, table: str, query: str, parameters: Mapping[str, Any]) -> None:
    """Insert what a SELECT of `sql/` gives into a table of the schema `registry`.

    Args:
        warehouse: Where the table is.
        table: Its name, without the schema.
        query: The file's name in `sql/`, without `.sql`.
        parameters: The SELECT's parameters; lists and mappings are handed over as JSON.
    """
    bound = {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in parameters.items()
    }
    select = (_SQL / f"{query}.sql").read_text(encoding="utf-8")
    warehouse.run(f"insert into registry.{table} by name {select}", bound)


def state_evidence(warehouse: Warehouse, source: str, via: Mapping[str, str]) -> None:
    """Write for every field of the registry whether a source can supply it, and how.

    A field is a table (`grant`) or a column (`model.owner`); one that `via` does not name is
    not supplied.

    Args:
        warehouse: Where to.
        source: The source's name.
        via: By field: `native`, `tag` or `file`.
    """
    fields = [
        field
        for table in SUBJECTS
        for field in (table, *(f"{table}.{column}" for column in columns_of(warehouse, table)))
    ]
    warehouse.run(
        """
        insert into registry.stated_evidence by name
        select ? as source, unnest(?::varchar[]) as field, unnest(?::varchar[]) as via,
            via is not null as supplied
        """,
        [source, fields, [via.get(field) for field in fields]],
    )


def columns_of(warehouse: Warehouse, table: str) -> list[str]:
    """Return the columns of a table of the schema `registry`, less `source`."""
    return [name for name in warehouse.columns(f"registry.{table}") if name != "source"]


def quarantine(
    warehouse: Warehouse,
    source: str,
    file: LandedFile,
    rows: Iterable[tuple[int | None, str, str | None]],
) -> None:
    """Keep what could not be read: (place in the file or None for all of it, reason, as it was)."""
    kept = list(rows)
    warehouse.run(
        """
        insert into quarantine.row
        select ?, ?, ?, unnest(?::bigint[]), unnest(?::varchar[]), unnest(?::varchar[])
        """,
        [source, file.path, file.sha256, *([row[i] for row in kept] for i in range(3))],
    )
