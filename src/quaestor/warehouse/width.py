"""Which tables a SELECT needs with all their columns, and which it names column by column.

Registries have a hundred columns, a policy reads five, and the engine carries all of them through
every subquery while it plans.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Node = Mapping[str, Any]


def whole_tables(nodes: Sequence[Node]) -> frozenset[str]:
    """Return the tables of which a `*`, a natural join, or a row as a value needs every column.

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
        if one.get("column_name_alias") or str(one.get("alias") or "").lower() in used
    ]
    for node in nodes:
        if "from_table" in node and any(one.get("class") == "STAR" for one in _listed(node)):
            whole += [
                one for one in nodes_under(node["from_table"]) if one.get("type") == "BASE_TABLE"
            ]
    return _named(whole)


def unqualified_names(nodes: Sequence[Node]) -> frozenset[str]:
    """Return what a tree names without a table: columns, and rows as values."""
    return frozenset(
        str(node["column_names"][0]).lower()
        for node in nodes
        if node.get("class") == "COLUMN_REF" and len(node["column_names"]) == 1
    )


def _listed(node: Node) -> Iterator[Node]:
    return nodes_under([node.get("select_list"), node.get("modifiers"), node.get("qualify")])


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
