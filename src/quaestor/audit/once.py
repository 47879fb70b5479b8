"""Work out once what many expressions ask of a row: the engine plans every place that asks.

The rules of a table ask of a score of texts whether something is stated. Each place would be a
regular expression to compile, and each `serves(model)` a join to plan; for one model this takes
longer than the answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from quaestor.warehouse.duckdb import quoted

_AS_LIST = {"is_stated": "is_stated", "blank": "blank", "has_text": "blank"}  # by what it is told
_ALONE = ("serves", "in_production", "is_digest", "is_high_risk")
NO_CODE = r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*"""  # a text, a quoted name, a remark
_CALL = re.compile(
    rf"{NO_CODE}|"
    rf'(?<![\w."$])({"|".join([*_AS_LIST, *_ALONE])})\(\s*("?)(\w+)\2\s*\)'
)
_OTHER_NAMES = re.compile(r"\b(?:select|lambda)\b|->", re.IGNORECASE)  # a name may be no column


class Once:
    """Replaces calls of null-safe functions of one column by columns that hold the answers.

    Args:
        columns: Those of the rows that are asked about.
    """

    def __init__(self, columns: Collection[str]) -> None:
        self._columns = columns
        self._listed: dict[str, list[str]] = {}
        self._alone: dict[str, str] = {}

    def read(self, expression: str) -> str:
        """Return an expression that says the same, with what is worked out before it.

        Its texts, quoted names and remarks are of the forms that `NO_CODE` reads.
        """
        if _OTHER_NAMES.search(expression):
            return expression
        return _CALL.sub(self._place, expression)

    def expressions(self) -> list[str]:
        """Return what is to be worked out before the expressions read so far, with its names."""
        lists = []
        for function, names in self._listed.items():
            texts = ", ".join(f"{quoted(name)}::varchar" for name in names)
            each = f"list_transform([{texts}], lambda said: {function}(said))"
            lists.append(f'{each} as "?{function}"')
        return lists + [f"{call} as {quoted(name)}" for call, name in self._alone.items()]

    def _place(self, match: re.Match[str]) -> str:
        function, name = match[1], match[3]
        if name not in self._columns:
            return match[0]
        if function in _ALONE:
            call = f"{function}({quoted(name)})"
            return quoted(self._alone.setdefault(call, f"?{function} {name}"))
        told = _AS_LIST[function]
        names = self._listed.setdefault(told, [])
        if name not in names:
            names.append(name)
        answer = f'"?{told}"[{names.index(name) + 1}]'
        return answer if told == function else f"(not {answer})"
