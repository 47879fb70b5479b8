"""Read a Parquet file of samples at once, if nothing is wrong with any of its rows.

Tens of millions of samples are read as what they are stored as. Whatever a row may be refused for
is looked for first, in one go; if there is any such row, the file is read row by row (usage.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from quaestor.normalise.relation import Relation
from quaestor.warehouse.duckdb import Warehouse, quoted

_KINDS = {
    "VARCHAR": ("VARCHAR",),
    "TIMESTAMP": ("TIMESTAMP",),
    "DOUBLE": ("DOUBLE", "FLOAT", "DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT"),
}
# How each kind of column is sound; a text is what a reader of text would make of it.
_SOUND = {
    "VARCHAR": "trimmed({0}) = {0}",
    "TIMESTAMP": "isfinite({0}) and {0} <= $seen_at",
    "DOUBLE": "{0} between 0 and 1e15",
}


def are_sound(
    warehouse: Warehouse,
    table: str,
    key: tuple[str, ...],
    relation: Relation,
    found: Mapping[str, str],
    *,
    source: str,
    seen_at: datetime,
) -> bool:
    """Look whether all rows of a file can be inserted as they are; if so, they are in `sample`.

    Args:
        warehouse: Where to; the caller's transaction is open. `sample` is a temporary view.
        table: Whose columns the file has.
        key: Columns that must be there, of which each row of the source has others; the last is
            a time.
        relation: The file.
        found: Its columns that the table has, by their names there.
        source: Its name.
        seen_at: When the file was collected; no sample is of later.

    Returns:
        False: some row, or the type of a column, needs care.
    """
    declared = warehouse.columns(table)
    kinds = {name: declared[name] for name in found}
    if not relation.typed or not all(
        relation.columns[found[name]].startswith(_KINDS[kind]) for name, kind in kinds.items()
    ):
        return False
    typed = (f"{quoted(found[name])}::{kind} as {quoted(name)}" for name, kind in kinds.items())
    reader = f"select {', '.join(typed)} from {relation.reader}"
    warehouse.run(f"create or replace temp view sample as {reader}")
    return _is_sound(warehouse, kinds, key, seen_at) and not _says_twice(
        warehouse, table, key, source
    )


def _is_sound(
    warehouse: Warehouse, kinds: Mapping[str, str], key: tuple[str, ...], seen_at: datetime
) -> bool:
    sound = " and ".join(
        f"coalesce({_SOUND[kind].format(name)}, {'false' if name in key else 'true'})"
        for name, kind in kinds.items()
    )
    asked = {"seen_at": seen_at} if "TIMESTAMP" in kinds.values() else {}
    [(wrong,)] = warehouse.rows(f"select count(*) from sample where not ({sound})", asked)
    return not wrong


def _says_twice(warehouse: Warehouse, table: str, key: tuple[str, ...], source: str) -> bool:
    """Return whether rows of the file may stand twice, in it or in what is there already.

    Hashes are compared: two of forty million rows share one by chance once in 20,000 files, and
    such a file is read row by row.
    """
    digest, time = f"hash({', '.join(key)})", key[-1]
    if warehouse.rows(f"select 1 from sample group by {digest} having count(*) > 1 limit 1"):
        return True
    return bool(
        warehouse.rows(
            f"""
            with span as (select min({time}) as since, max({time}) as until from sample),
            known as (
                select {digest} as digest from {table}
                where source = $source and {time} >= (select since from span)
                    and {time} <= (select until from span)
            )
            select 1 from known where digest in (select {digest} from sample) limit 1
            """,
            {"source": source},
        )
    )
