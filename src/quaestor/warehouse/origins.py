"""Where the values of a SELECT's column come from, told from its text by sqlglot's lineage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage

from quaestor.warehouse.macros import MACROS

_OURS = re.compile(rf"\b({'|'.join(MACROS)})\s*\(")  # `percent` is a word of sqlglot's own


def origins(sql: str, name: str, columns: Mapping[str, Mapping[str, str]]) -> frozenset[str] | None:
    """Return columns of tables among whose values are all that a SELECT says in one of its own.

    Args:
        sql: A SELECT in DuckDB's dialect, which may call our macros.
        name: A column that it returns.
        columns: Of each table, such as "registry.model": the types of its columns, by name.

    Returns:
        Such as "registry.deployment.model"; None where a value may be anything else: it is
        worked out or written there, or nobody can tell.
    """
    schema: dict[str, dict[str, Any]] = {}
    for table, types in columns.items():
        schema.setdefault(table.partition(".")[0], {})[table.partition(".")[2]] = dict(types)
    text = _OURS.sub(r"ours_\1(", sql)
    try:
        nodes = list(lineage(name, text, schema=schema, dialect="duckdb").walk())
    except SqlglotError:
        return None
    found = set()
    for node in nodes:
        if isinstance(node.expression, exp.Table):
            column = node.name.rpartition(".")[2].strip('"')
            found.add(f"{node.expression.db}.{node.expression.name}.{column}")
        elif not _is_kept(node.expression):
            return None
    return frozenset(found)


def _is_kept(said: object) -> bool:
    """Return whether an expression says only what stands in its columns, or nothing."""
    match said:
        case exp.Column() | exp.Null():
            return True
        case exp.Alias() | exp.Paren() | exp.Min() | exp.Max() | exp.AnyValue():
            return _is_kept(said.this)
        case exp.Coalesce():
            return all(map(_is_kept, [said.this, *said.expressions]))
        case exp.Case():
            ends = [branch.args["true"] for branch in said.args["ifs"]]
            return all(map(_is_kept, [*ends, *filter(None, [said.args.get("default")])]))
    return False
