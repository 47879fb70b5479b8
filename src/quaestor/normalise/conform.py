"""Give a bill's columns the names and types of its format, whatever its exporter did to them.

FOCUS columns are typed as in `focus.charge`; columns FOCUS does not know are kept as text under
`x_`. The result is SQL, so that the engine does the work.

A row is unreadable where its money or its time is: what the ledger needs to place it. Any
other value that cannot be read becomes NULL in a row that is loaded, and is told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from quaestor.core.money import MONEY_DIGITS, MONEY_TYPE
from quaestor.normalise.format import Format
from quaestor.normalise.landed_file import RefusedError, Relation
from quaestor.normalise.nested import is_nested, member
from quaestor.warehouse.duckdb import literal, quoted

OURS = (
    *("x_source", "x_file", "x_file_sha256", "x_row", "x_billing_currency_rate"),
    "x_sub_account_name_source",
)
_LARGEST = "9" * (38 - MONEY_DIGITS)
_TOO_LARGE = literal(f"' is too large: numbers have {len(_LARGEST)} digits before the point")
# Not infinite, not before Christ: a day that every program downstream can hold.
_SOME_DAY = "between '1000-01-01' and '9999-12-31'"
_NUMBER = MONEY_TYPE.replace(" ", "")
# A number's text that may have more digits after its point than money holds.
_LONG = f"strlen({{0}}) > {MONEY_DIGITS} or contains({{0}}, 'e') or contains({{0}}, 'E')"


@dataclass(frozen=True)
class Column:
    """One column of a landed file and what becomes of it.

    Args:
        name: Its name in `focus.charge`.
        kind: The type there.
        alias: What its raw value is called between the file and the type.
        raw: SQL over the file's row: the value with NULL spellings made NULL.
        typed: SQL over `alias`: the typed value, NULL where it cannot be read.
        bad: SQL over `alias` and `name`: a value is there and cannot be read; None: none can be.
        long: SQL over `alias`: the value may have more digits than money holds; None: none has.
        said: What is said of a value that cannot be read.
    """

    name: str
    kind: str
    alias: str
    raw: str
    typed: str
    bad: str | None
    long: str | None
    said: str | None = None

    @property
    def complaint(self) -> str | None:
        """Return SQL that says why a value cannot be read, or None where every value can be."""
        if self.bad is None:
            return None
        text, is_number = f"trim({self.alias}::varchar)", self.kind == _NUMBER
        said = self.said or ("is not a number" if is_number else "is not an ISO 8601 time")
        opening, closing = literal(f"{self.name} '"), literal(f"' {said}")
        if is_number:
            closing = f"case when is_too_large({text}) then {_TOO_LARGE} else {closing} end"
        return f"case when {self.bad} then {opening} || left({text}, 60) || {closing} end"

    @property
    def absence(self) -> str:
        """Return SQL that says that a needed value is empty."""
        return f"case when {self.alias} is null then {literal(f'{self.name} is empty')} end"


def conform(relation: Relation, form: Format, known: Mapping[str, str]) -> list[Column]:
    """Match a file's columns with those of its format.

    Args:
        relation: The landed file. Text of a CSV may stand between blanks, which are no part of it.
        form: The file's format.
        known: The columns and types of `focus.charge`, for a format that keeps what it finds.

    Returns:
        One Column for every column of the file that is taken, in its order; then the gathered.

    Raises:
        RefusedError: Two columns of the file are the same one of the format.
    """
    if form.match is not None:
        return form.match(relation)
    declared = {**form.columns, **known} if form.keeps_unknown else form.columns
    by_spelling = {form.spelling(name): name for name in declared if name not in OURS}
    columns: list[Column] = []
    taken: set[str] = set(OURS)
    spelt: dict[str, str] = {}
    for number, (raw, engine_type) in enumerate(relation.columns.items()):
        name = by_spelling.get(form.spelling(raw))
        _refuse_twice(name, raw, spelt)
        if name is None or name in taken:
            if not form.keeps_unknown:
                continue
            name = custom_name(raw, taken)
            name = by_spelling.get(form.spelling(name), name)  # as another file spelt it
        taken.add(name)
        source = relation.source(raw)
        how = f"raw_{number}", engine_type, declared.get(name, "VARCHAR"), form.readers.get(name)
        column = read_column(name, source, *how, speller="spelled" if relation.typed else "trimmed")
        value = source if raw in relation.plain else column.raw
        columns.append(replace(column, raw=value, said=form.complaints.get(name)))
    return [*columns, *_inside(relation, form, taken)] + [
        _gathered(name, relation, prefixes)
        for name, prefixes in form.gathered.items()
        if name not in taken
    ]


def _inside(relation: Relation, form: Format, taken: Collection[str]) -> list[Column]:
    """Take columns that the file does not have by themselves out of its nested ones."""
    columns = []
    for name, (outer, key) in form.inside.items():
        for raw in relation.columns:
            if name in taken or form.spelling(raw) != form.spelling(outer):
                continue
            if found := member(relation, raw, key):
                source, kind = found
                how = f"inside_{name}", kind, form.columns.get(name, "VARCHAR")
                column = read_column(name, source, *how, form.readers.get(name))
                columns.append(replace(column, said=form.complaints.get(name)))
    return columns


def _refuse_twice(name: str | None, raw: str, spelt: dict[str, str]) -> None:
    """Refuse a second column of one name; `spelt` remembers how the first was written."""
    if name is None or name.startswith("x_"):
        return
    if spelt.setdefault(name, raw) != raw:
        raise RefusedError(
            f"the column {name} stands twice in the header, as {spelt[name]} and as {raw}",
            fix="Export it again with one column of each name.",
        )


def _gathered(name: str, relation: Relation, prefixes: tuple[str | tuple[str, str], ...]) -> Column:
    """Make one JSON object, as text, of the columns with these prefixes; blanks are left out."""
    keys = {raw: _key(raw, prefixes) for raw in relation.columns}
    source = as_object({key: relation.source(raw) for raw, key in keys.items() if key is not None})
    return Column(name, "VARCHAR", f"gathered_{name}", source, f"gathered_{name}", None, None)


def _key(raw: str, prefixes: tuple[str | tuple[str, str], ...]) -> str | None:
    """Return what a header's column is called among those it is gathered with.

    >>> _key("tags/user:Team", (("tags/aws:", "aws:"), "tags/user:")), _key("cost", ("tags/",))
    ('Team', None)
    """
    for prefix in prefixes:
        old, new = (prefix, "") if isinstance(prefix, str) else prefix
        if raw.startswith(old):
            return new + raw.removeprefix(old)
    return None


def as_object(values: Mapping[str, str]) -> str:
    """Return SQL for a JSON object, as text, of SQL values; the empty ones are left out."""
    pairs = [f"{literal(key)}, spelled(trim({value}::varchar))" for key, value in values.items()]
    # Merging drops what is null.
    text = f"json_merge_patch('{{}}', json_object({', '.join(pairs)}))::varchar"
    return f"nullif({text}, '{{}}')" if pairs else "null::varchar"


def custom_name(raw: str, taken: set[str]) -> str:
    """Return the `x_` name of a column FOCUS does not know, unlike every name taken.

    >>> custom_name("Id", set()), custom_name("x_file", {"x_file"})
    ('x_Id', 'x_x_file')
    """
    name = raw if raw.startswith("x_") else f"x_{raw}"
    folded = {other.casefold() for other in taken}
    while name.casefold() in folded:
        name = f"x_{name}"
    return name


def read_column(
    name: str,
    source: str,
    alias: str,
    engine_type: str,
    kind: str,
    reader: str | None,
    *,
    speller: str = "spelled",
) -> Column:
    """Give `source`, SQL over a row of the file, the type `kind`.

    `reader`: see Format. `speller`: the macro that makes NULL of NULL's spellings; "trimmed" takes
    away the blanks around a text, too.
    """
    if kind == "VARCHAR" and is_nested(engine_type):
        source = f"to_json({source})"
    if "VARCHAR" not in (kind, engine_type):
        return _read_typed(name, source, alias, engine_type, kind)
    unread = f"{quoted(name)} is null and {alias} is not null"
    long = _LONG.format(alias) if kind == _NUMBER else None
    text = f"{speller}({source}::varchar)"
    if reader:
        return Column(name, kind, alias, text, f"{reader}({alias})", unread, long)
    if kind == "VARCHAR":
        return Column(name, kind, alias, text, alias, None, None)
    typed = f"as_number({alias})" if kind == _NUMBER else f"as_time({alias})"
    return Column(name, kind, alias, text, typed, unread, long)


def _read_typed(name: str, source: str, alias: str, engine_type: str, kind: str) -> Column:
    """Give a number or a time that the engine has read already the type `kind`."""
    if engine_type in ("DOUBLE", "FLOAT"):
        # The shortest text that names the double: 0.1 stays 0.1 (a cast would give its noise).
        # Such a text has 17 digits at most, so that only small values can have too many.
        typed = f"try_cast({alias}::varchar as {kind})"
        bad, long = f"not abs({alias}) < 1e18", f"abs({alias}) < 0.0001 and {alias} <> 0"
        return Column(name, kind, alias, source, typed, bad, long)
    if engine_type == "TIMESTAMP WITH TIME ZONE":
        typed = f"timezone('UTC', {alias})"
        return Column(name, kind, alias, source, typed, f"not ({alias} {_SOME_DAY})", None)
    typed = f"try_cast({alias} as {kind})"
    digits = _digits(engine_type) if kind == _NUMBER else None
    if digits:
        fits = digits[0] <= 38 - MONEY_DIGITS
        too_large = None if fits else f"{alias} not between -{_LARGEST} and {_LARGEST}"
        too_long = "true" if digits[1] > MONEY_DIGITS else None
        return Column(name, kind, alias, source, typed, too_large, too_long)
    if kind != _NUMBER and engine_type.startswith(("TIMESTAMP", "DATE")):
        return Column(name, kind, alias, source, typed, f"not ({alias} {_SOME_DAY})", None)
    unread = f"{quoted(name)} is null and {alias} is not null"
    return Column(name, kind, alias, source, typed, unread, None)


def _digits(engine_type: str) -> tuple[int, int] | None:
    """Return how many digits a DECIMAL or integer has before and after the point, at most.

    >>> _digits("DECIMAL(18,8)"), _digits("INTEGER"), _digits("VARCHAR")
    ((10, 8), (10, 0), None)
    """
    if decimal := re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", engine_type):
        width, scale = int(decimal[1]), int(decimal[2])
        return width - scale, scale
    before = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19, "HUGEINT": 39}
    before |= {f"U{name}": digits + 1 for name, digits in before.items()}
    return (before[engine_type], 0) if engine_type in before else None
