"""Values inside the nested columns of a landed file: members of STRUCTs, MAPs and JSON as text."""

from __future__ import annotations

from collections.abc import Iterator

from quaestor.normalise.relation import Relation
from quaestor.warehouse.duckdb import literal


def is_nested(engine_type: str) -> bool:
    """Say whether values of an engine type are lists, or have members."""
    return engine_type.startswith(("MAP", "STRUCT")) or engine_type.endswith("]")


def member(relation: Relation, column: str, key: str) -> tuple[str, str] | None:
    """Return SQL for a member of a column's value and its engine type; None: it has none such."""
    source, engine_type = relation.source(column), relation.columns[column]
    if engine_type.startswith("MAP("):
        return f"{source}[{literal(key)}]::varchar", "VARCHAR"
    if engine_type.startswith("STRUCT(") and engine_type.endswith(")"):
        kind = dict(_members(engine_type)).get(key)
        return (f"struct_extract({source}, {literal(key)})", kind) if kind else None
    if engine_type != "VARCHAR":
        return None
    # The JSON of a JSON file has its numbers quoted already (landed_json.py).
    text = source if relation.raw else f"exact_json({source})"
    path = literal(f'$."{key}"')
    return f"json_extract_string(case when json_valid({text}) then {text} end, {path})", "VARCHAR"


def _members(engine_type: str) -> Iterator[tuple[str, str]]:
    """Yield the names and types of a STRUCT's members.

    >>> list(_members('STRUCT("key" VARCHAR, a DECIMAL(38,9)[], "b ""c" INTEGER)'))
    [('key', 'VARCHAR'), ('a', 'DECIMAL(38,9)[]'), ('b "c', 'INTEGER')]
    """
    for part in _parts(engine_type.removeprefix("STRUCT(").removesuffix(")")):
        if part.startswith('"'):
            end = part.replace('""', "  ").index('"', 1)
            yield part[1:end].replace('""', '"'), part[end + 1 :].strip()
        else:
            name, _, kind = part.partition(" ")
            yield name, kind


def _parts(text: str) -> Iterator[str]:
    """Yield what commas separate, outside of brackets and quotes."""
    depth, start, quoted = 0, 0, False
    for place, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif not quoted and letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == "," and depth == 0 and not quoted:
            yield text[start:place].strip()
            start = place + 1
    if text.strip():
        yield text[start:].strip()
