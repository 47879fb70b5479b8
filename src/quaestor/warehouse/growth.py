"""How large SQL grows before it runs: short text can plan for hours, and cannot be interrupted.

A name given in a `with`, a select list or a macro is put in place wherever it is used, and a `*`
repeats all columns beneath it; twenty lines that each use the line before twice are a million.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MOST_GROWTH = 40_000  # a policy of 200 lines comes to some 3,000
MOST_REGULAR = 300
_RELATION = 200  # what the planning of a relation costs, in expressions
_MACRO = 6  # how often a macro repeats what it is given, at most
_REPEATS = "*+?"
_Sizes = Mapping[str, int]


def growth_of(root: Mapping[str, Any], macros: frozenset[str]) -> int:
    """Return how many expressions a tree comes to once every name is put in its place.

    Args:
        root: The node of one statement, as `json_serialize_sql` gives it.
        macros: Functions that are put in place as text.

    Raises:
        RecursionError: The tree is nested too deeply.
    """
    return _Growth(macros).of(root, {}, {})


class _Growth:
    """One measurement; it carries the macros' names down the tree."""

    def __init__(self, macros: frozenset[str]) -> None:
        self._macros = macros

    def of(self, part: Any, relations: _Sizes, names: _Sizes) -> int:
        if isinstance(part, list):
            return sum(self.of(one, relations, names) for one in part)
        if not isinstance(part, dict):
            return 0
        if "cte_map" in part:
            return self._select(part, relations, names)
        if part.get("type") == "BASE_TABLE":
            name = "" if part.get("schema_name") else str(part["table_name"]).lower()
            return relations.get(name, _RELATION)
        inside = sum(self.of(one, relations, names) for one in part.values() if one)
        if part.get("type") == "TABLE_FUNCTION":
            return inside + _RELATION
        if part.get("class") == "COLUMN_REF":
            return max(1, names.get(str(part["column_names"][-1]).lower(), 1))
        if part.get("class") == "FUNCTION":
            return self._call(part, inside)
        return inside + ("class" in part)

    def _call(self, part: Mapping[str, Any], inside: int) -> int:
        name = str(part["function_name"]).lower()
        return _MACRO * (inside + 1) if name in self._macros else inside + 1

    def _select(self, part: Mapping[str, Any], relations: _Sizes, names: _Sizes) -> int:
        for entry in part["cte_map"].get("map") or ():
            grown = self.of(entry["value"], relations, names)
            relations = {**relations, str(entry["key"]).lower(): grown}
        items: Sequence[Any] = part.get("select_list") or ()
        stars = sum(item.get("class") == "STAR" for item in items)
        size: int = self.of(part.get("from_table"), relations, names) * max(1, stars)
        for item in items:
            grown = self.of(item, relations, names)
            size += grown
            if item.get("alias"):
                names = {**names, str(item["alias"]).lower(): grown}
        done = ("cte_map", "select_list", "from_table")
        return size + sum(
            self.of(one, relations, names) for key, one in part.items() if key not in done and one
        )


def regular_size(pattern: str) -> int:
    r"""Return about how many states a regular expression takes, its repetitions written out.

    >>> regular_size("a{64}"), regular_size("(ab{3}){10}"), regular_size("[a-z]+")
    (64, 40, 1)
    """
    sizes = [0]  # of each open group, outermost first
    last = 0  # of what a repetition would repeat
    place = 0
    while place < len(pattern):
        mark = pattern[place]
        place += 1
        if mark == "(":
            sizes.append(0)
            last = 0
        elif mark == ")" and len(sizes) > 1:
            last = sizes.pop()
            sizes[-1] += last
        elif mark == "{":
            times, place = _times(pattern, place)
            sizes[-1] += last * (times - 1)
            last *= times
        elif mark not in _REPEATS:
            place = _after(pattern, place, mark)
            last = 1
            sizes[-1] += 1
    return sum(sizes)


def _times(pattern: str, start: int) -> tuple[int, int]:
    """Return how often at most, and where the repetition ends."""
    end = pattern.find("}", start)
    counts = pattern[start:end].split(",") if end > 0 else []
    if not counts or not counts[0].isdecimal():
        return 1, start  # a brace that stands for itself
    most = counts[-1] or counts[0]
    return (int(most[:6]) if most.isdecimal() else 1), end + 1


def _after(pattern: str, place: int, mark: str) -> int:
    """Return where what begins with `mark` ends: an escape, a class in brackets, or itself."""
    if mark == "\\":
        return place + 1
    if mark != "[":
        return place
    place += pattern[place : place + 1] == "^"
    place += pattern[place : place + 1] == "]"
    while place < len(pattern) and pattern[place] != "]":
        place += 2 if pattern[place] == "\\" else 1
    return place + 1
