"""One registry out of many statements: what each source says, and what everyone sees.

A loader writes what its source states (`registry.stated_*`, and the rows of runs and grants).
`settle` then builds `registry.model`, `model_version`, `dataset`, `deployment` and `evidence`:
`model.gov.yaml` files fill the blanks of registries and never overwrite.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from quaestor.core.landed import LandedFile
from quaestor.normalise import facts, step
from quaestor.warehouse.duckdb import Warehouse

GOVERNED = ("model", "model_version", "dataset", "deployment")  # in the order they are settled
LENT = ("model_version", "deployment")
STATED = (*(f"stated_{table}" for table in GOVERNED), "stated_fact", "stated_evidence")
ROWS = ("run", "grant", "store", "card_section")
SUBJECTS = (*GOVERNED, *ROWS)


def settle(warehouse: Warehouse, tables: Iterable[str] = GOVERNED) -> None:
    """Rebuild what everyone sees from what each source states; in the caller's transaction.

    Args:
        warehouse: Where it is stated.
        tables: Which of GOVERNED, in that order; the others stay as they are.
    """
    if not any(warehouse.rows(f"select 1 from registry.{one} limit 1") for one in STATED):
        for table in (*tables, "evidence"):
            warehouse.run(f"delete from registry.{table}")
        return
    for table in tables:
        facts.spread(warehouse, table)
        select = step.text(f"registry_{table}")
        if table != "dataset":  # its SELECT knows which data a file means, and has the facts
            select = facts.filled(table, select)
        warehouse.run(f"delete from registry.{table}")
        warehouse.run(f"insert into registry.{table} by name {select}")
    lend(warehouse)
    warehouse.run("delete from registry.evidence")
    fill(warehouse, "evidence", "registry_evidence", {})


def lend(warehouse: Warehouse) -> None:
    """Give versions and deployments what policies need of their model (`sql/*_of_model.sql`)."""
    for table in LENT:
        if not warehouse.rows(f"select 1 from registry.{table} limit 1"):
            continue
        step.make(warehouse, "of_model", query=f"{table}_of_model")
        keys = facts.KEYS[table]
        lent = [name for name in warehouse.columns("main.of_model") if name not in keys]
        warehouse.run(
            f"update registry.{table} set {', '.join(f'{name} = of_model.{name}' for name in lent)}"
            f" from of_model where {' and '.join(f'{table}.{k} = of_model.{k}' for k in keys)}"
        )


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
    warehouse.run(f"insert into registry.{table} by name {step.text(query)}", bound)


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
