"""Read what the header of a SELECT says: whose rows it needs, and which figures a user may set.

    -- rows from usage.endpoint, usage.notebook
    -- anew      gpu_hours = 0
    -- param     days = 14: days without a request before an endpoint counts as idle

The first: where all of these tables are empty the SELECT gives no row, so that it need not be
planned. The second: of a table that is built by days or months, the SELECT gives these rows of all
others, too, so that they are replaced in each build. The third: `$days` in the SELECT is 14, or
what quaestor.yaml says under `advice: params: <file>: days`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean
from quaestor.warehouse.duckdb import literal

_ROWS_FROM = re.compile(r"^-- rows from (.*(?:\n--           .*)*)", re.MULTILINE)
_ANEW = re.compile(r"^-- anew      (.*)", re.MULTILINE)
_PARAM = re.compile(
    r"^-- param     (?P<name>\w+) = (?P<value>.+?): (?P<says>.+(?:\n--            .*)*)",
    re.MULTILINE,
)
_CHOICE = re.compile(r"\(([\w-]+(?:, [\w-]+)* or [\w-]+)\)$")
_USE = re.compile(r"\$([a-z]\w*)")


@dataclass(frozen=True)
class Param:
    """A figure, a word, or a list of words that a user may set.

    Args:
        name: What it is called.
        default: Its value where nobody sets it.
        says: What it means, with its unit; at its end, in brackets, the words that it may be,
            such as (simple or vpa), or "0 to 1".
    """

    name: str
    default: Any
    says: str

    def takes(self, value: Any) -> bool:
        """Return whether a value of the default's type is in its range: no figure is below zero."""
        if isinstance(value, str):
            choice = _CHOICE.search(self.says)
            return choice is None or value in re.findall(r"[\w-]+", choice[1].replace(" or ", " "))
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            return True
        return value >= 0 and (value <= 1 or not self.says.endswith("0 to 1"))


@dataclass(frozen=True)
class ModelFile:
    """A SELECT of the ledger, or a check of it, and its header.

    Args:
        name: The file's name without suffix.
        sql: All of it.
        rows_from: Tables without which it gives no row; () where that is not so.
        anew: Which of its rows it gives whatever their day or month; a condition in SQL, or "".
        params: What may be set.
        is_portable: Whether another engine computes it, where one is configured; advice is small
            and made where the tables are.
    """

    name: str
    sql: str
    rows_from: tuple[str, ...]
    anew: str
    params: Mapping[str, Param]
    is_portable: bool

    @property
    def about(self) -> str:
        """Return the first sentence of the header."""
        lines = (line.removeprefix("--").strip() for line in self.sql.splitlines())
        text = " ".join(iter(lambda: next(lines, ""), ""))
        return text.partition(". ")[0].rstrip(".") + "."

    def filled(self, given: Mapping[str, Any], place: str = "quaestor.yaml") -> str:
        """Return the SELECT with the value of each parameter in its place.

        Args:
            given: What the user sets, by name; the rest is as the header says.
            place: The file in which it is set.

        Raises:
            ConfigurationError: A name that it does not have, or a value of another type.
        """
        for name in given:
            if name not in self.params:
                raise ConfigurationError(
                    f"{self.name} has no parameter '{name}'",
                    where=f"{place}, advice: params: {self.name}",
                    fix=did_you_mean(
                        name, self.params, otherwise=f"It takes {', '.join(self.params)}."
                    ),
                )
        values = {
            name: _checked(
                f"{place}, advice: params: {self.name}", one, given.get(name, one.default)
            )
            for name, one in self.params.items()
        }
        return _USE.sub(lambda found: values.get(found[1], found[0]), self.sql)


@cache
def read(path: Path) -> ModelFile:
    """Read a file of the ledger; its header's mistakes are bugs of ours.

    Raises:
        ValueError: A default that is no JSON.
    """
    sql = path.read_text(encoding="utf-8")
    found = _ROWS_FROM.search(sql)
    tables = re.findall(r"\w+\.\w+", found[1]) if found else []
    params = {
        one["name"]: Param(
            one["name"],
            json.loads(one["value"], parse_float=Decimal),
            " ".join(one["says"].replace("--", " ").split()),
        )
        for one in _PARAM.finditer(sql)
    }
    anew = _ANEW.search(sql)
    is_portable = path.parent.name not in ("advice", "recommend")
    return ModelFile(
        path.stem, sql, tuple(tables), anew[1].strip() if anew else "", params, is_portable
    )


def _checked(place: str, param: Param, value: object) -> str:
    """Return a value as SQL, if it is of the default's type and in its range."""
    text = _as_sql(value)
    if text is None or _family(value) is not _family(param.default) or not param.takes(value):
        raise ConfigurationError(
            f"{param.name} cannot be {value!r}",
            where=f"{place}: {param.name}",
            fix=f"It is {json.dumps(param.default, default=float)} unless set: {param.says}.",
        )
    return text


def _family(value: object) -> type:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return Decimal
    return type(value)


def _as_sql(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value))
        return f"({number:f})" if number.is_finite() else None
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return f"[{', '.join(map(literal, value))}]::varchar[]"
    return None
