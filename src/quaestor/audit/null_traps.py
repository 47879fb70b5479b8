"""Find comparisons that say nothing about a blank: `owner <> ''` is NULL where owner is NULL.

In `require` NULL answers `unknown`, which is right where the author meant it; in a `case` of a
SELECT it falls through to the next branch, and a blank passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from quaestor.warehouse.macros import MACROS
from quaestor.warehouse.width import nodes_under

_GUARDS = {
    "OPERATOR_COALESCE",
    "OPERATOR_IS_NULL",
    "OPERATOR_IS_NOT_NULL",
    "COMPARE_DISTINCT_FROM",
    "COMPARE_NOT_DISTINCT_FROM",
}
_NULL_SAFE = {
    *MACROS,
    "ifnull",
    "nullif",
    "count",
    "bool_or",
    "bool_and",
    "any_value",
    "max",
    "min",
}
_NULL_SAFE -= {"same_digest", "is_recent", "metric_of", "in_production"}  # these say NULL
_COMPARED = {"COMPARISON", "BETWEEN"}
Node = Mapping[str, Any]


def compared_in_expression(tree: Node, when: Node | None) -> list[str]:
    """Return the columns that a boolean expression rests on, and that nothing guards.

    Args:
        tree: Of `select (REQUIRE)`.
        when: Of `select (WHEN)`, which may guard them, too.
    """
    guarded = {name for name, safe in _columns(when, safe=False) if safe}
    found: list[str] = []
    for column, safe in _columns(tree["select_list"], safe=False):
        (guarded.add if safe else found.append)(column)
    return [name for name in dict.fromkeys(found) if name not in guarded]


def compared_in_cases(tree: Node) -> list[str]:
    """Return the columns compared by a SELECT's `case` that may say 'pass', guarded nowhere."""
    found: list[str] = []
    nodes = list(nodes_under(tree))
    known = {column for column, safe in _columns(tree, safe=False, whole=True) if safe}
    known |= {str(node["alias"]).lower() for node in nodes if node.get("alias")}
    for node in nodes:
        if node.get("class") != "CASE" or not _may_pass(node):
            continue
        for check in node["case_checks"]:
            found += [
                column
                for one in nodes_under(check["when_expr"])
                if one.get("class") in _COMPARED or one.get("type") == "COMPARE_IN"
                for column, safe in _columns(one, safe=False)
                if not safe
            ]
    return [name for name in dict.fromkeys(found) if name not in known]


def _may_pass(case: Node) -> bool:
    results = [check["then_expr"] for check in case["case_checks"]] + [case["else_expr"]]
    texts = [
        (one.get("literal") or {}) for one in nodes_under(results) if one.get("class") == "CONSTANT"
    ]
    return any(text.get("text") == "pass" for text in texts)


def _columns(part: Any, *, safe: bool, whole: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield every column with whether something guards it; without subqueries unless `whole`."""
    if isinstance(part, list):
        for one in part:
            yield from _columns(one, safe=safe, whole=whole)
        return
    if not isinstance(part, dict):
        return
    if part.get("class") == "SUBQUERY" and not whole:
        return
    if part.get("class") == "COLUMN_REF":
        yield str(part["column_names"][-1]).lower(), safe
        return
    safe = safe or part.get("type") in _GUARDS or part.get("function_name") in _NULL_SAFE
    for one in part.values():
        yield from _columns(one, safe=safe, whole=whole)
