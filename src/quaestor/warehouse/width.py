"""Which tables a SELECT needs with all their columns, and which it names column by column.

Registries have a hundred columns, a policy reads five, and the engine carries all of them through
every subquery while it plans.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Node = Mapping[str, Any]
SCHEMAS = ("registry", "usage", "ledger")


def whole_tables(nodes: Sequence[Node]) -> frozenset[str]:
    """Return the tables of which a `*`, a pivot, a natural join or a row needs every column.

    Args:
        nodes: Every node of a tree, as `json_serialize_sql` gives it.
    """
    tables = [node for node in nodes if node.get("type") == "BASE_TABLE"]
    if any(node.get("ref_type") == "NATURAL" for node in nodes):
        return _named(tables)
    used = unqualified_names(nodes)
    whole = [
        one
        for one in tables
        if one.get("column_name_alias")
        or str(one.get("alias") or "").lower() in used
        or _named([one]) & used
    ]
    for node in nodes:
        if "from_table" in node and _reads_all(node):
            whole += [
                one for one in nodes_under(node["from_table"]) if one.get("type") == "BASE_TABLE"
            ]
    return _named(whole)


def unqualified_names(nodes: Sequence[Node]) -> frozenset[str]:
    """Return what a tree names without a table: columns, and rows as values.

    A row by its schema, too: `registry.model`. `*` is that of an expression, whose row is wherever
    the expression is put.
    """
    names = set()
    for node in nodes:
        if node.get("class") == "COLUMN_REF":
            parts = [str(part).lower() for part in node["column_names"]]
            if len(parts) == 1 or parts[-2] in SCHEMAS:
                names.add(".".join(parts[-2:]))
        if "from_table" in node and node["from_table"].get("type") == "EMPTY" and _reads_all(node):
            names.add("*")
    return frozenset(names)


def _reads_all(select: Node) -> bool:
    """Return whether a SELECT itself, not one within it, asks for columns that it does not name."""
    waiting: list[Any] = list(select.values())
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict) and "from_table" not in one:
            if one.get("class") == "STAR" or one.get("type") == "PIVOT":
                return True
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return False


def _named(tables: Sequence[Node]) -> frozenset[str]:
    return frozenset(
        f"{one['schema_name']}.{one['table_name']}".lower() for one in tables if one["schema_name"]
    )


def nodes_under(part: Any) -> Iterator[Node]:
    """Yield every node of a parsed SQL text, itself first, in no order."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
