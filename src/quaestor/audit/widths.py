"""Which columns the engine needs to see of each table: it plans with every one that it sees.

Registries have a hundred columns, and a query reads ten.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from quaestor.audit.compile import SUBQUERY, Compiled
from quaestor.audit.policies import STAKES
from quaestor.warehouse.macros import MACRO_TABLES, MACROS

_READ_WHOLE = ("registry.evidence", STAKES)  # by ourselves
_WORD = re.compile(r"\w+")
# Splitting at what is in no word takes a fifth of the time of finding words.
_BREAKS = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) == "_")}


def needed_columns(
    compiled: Iterable[Compiled],
    names: Mapping[str, Collection[str]],
    *,
    together: Iterable[Compiled] = (),
) -> dict[str, list[str]]:
    """Return the columns that policies and their macros name, by table; no table read as a whole.

    Args:
        compiled: Policies that are asked alone.
        names: The columns of every table.
        together: Policies that are asked with others, whose rows are not read by the table's
            name (`rows_together`): only what their subqueries name is needed.
    """
    needed: dict[str, set[str]] = {}
    whole = set(_READ_WHOLE)
    for one, text in [(one, one.sql) for one in compiled] + [
        (one, "\n".join(filter(SUBQUERY.search, one.answers))) for one in together
    ]:
        words = _words(text)
        for table in one.tables:
            needed.setdefault(table, set()).update(words)
        for macro in _words(one.sql).intersection(MACRO_TABLES):
            table = MACRO_TABLES[macro]
            read = set(names[table]).intersection(_WORD.findall(MACROS[macro]))
            needed.setdefault(table, set()).update(read)
        whole.update(_whole(one, names))
    return {
        table: [name for name in names[table] if name in words] or list(names[table])[:1]
        for table, words in needed.items()
        if table not in whole
    }


def _words(text: str) -> set[str]:
    return set(text.lower().translate(_BREAKS).split())


def _whole(one: Compiled, names: Mapping[str, Collection[str]]) -> Iterable[str]:
    """Return the tables that a policy reads with every column, named or not."""
    yield from one.whole
    for table in one.tables:
        row = table.partition(".")[2]
        # A row as a value, or a `*` in an expression about the rows of a table.
        if (row in one.unqualified and row not in names[table]) or one.unqualified & {table, "*"}:
            yield table
