"""A landed file's rows, typed, as the relation `landed` that a format's SELECTs read.

Its columns are those of the format; one that the file lacks is NULL. Beside them: `x_row`, the
row's place in the file; `reason`, why it cannot be read (NULL: it can); `note`, which values that
nobody needs cannot; `landed`, the row as JSON, where it has one of the two or costs nothing.

Text is read once, into a table, because every look at it takes it apart again. A file that has
types of its own (Parquet) stays where it is: the engine reads of it what a SELECT needs.
"""

from __future__ import annotations

from datetime import datetime

from quaestor.core.money import MONEY_DIGITS
from quaestor.normalise.conform import Column
from quaestor.normalise.format import TIME, Format
from quaestor.normalise.landed_text import number_rows
from quaestor.normalise.relation import Relation
from quaestor.warehouse.duckdb import Warehouse, literal, quoted

_TABLE = "landed_rows"
_BOOKS = ("values_rounded", "amount_cut")


def read(
    warehouse: Warehouse, columns: list[Column], relation: Relation, form: Format, latest: datetime
) -> Relation:
    """Make `landed` of a file; return the relation, which knows its number of rows now.

    Args:
        warehouse: Where temporary relations are made.
        columns: The file's columns that are taken (`conform`).
        relation: The file.
        form: Its format.
        latest: A row that needs a time after this one cannot be read.
    """
    found = {column.name for column in columns}
    absent = {name: kind for name, kind in form.columns.items() if name not in found}
    nulls = "".join(f", null::{kind} as {quoted(name)}" for name, kind in absent.items())
    select = _select(columns, relation, form, latest, absent)
    if relation.typed:
        warehouse.run(f"create or replace temp view landed as select *{nulls} from ({select})")
        return relation
    warehouse.run(f"create or replace temp table {_TABLE} as {select}")
    hidden, place = ", ".join(_BOOKS), ""
    if not relation.is_counted:
        relation = number_rows(warehouse, relation, _TABLE)
        place = f" replace ({relation.row_number} as x_row)"
    shown = f"* exclude ({hidden}){place}{nulls}"
    warehouse.run(
        f"create or replace temp view landed as select {shown} from {_TABLE} as landed_row"
    )
    return relation


def _select(
    columns: list[Column],
    relation: Relation,
    form: Format,
    latest: datetime,
    absent: dict[str, str],
) -> str:
    """Return the SELECT of what the file has, without the columns that it lacks."""
    names = ", ".join(quoted(column.name) for column in columns)
    raw = ", ".join(f"{column.raw} as {column.alias}" for column in columns)
    typed = [f"{column.typed} as {quoted(column.name)}" for column in columns]
    typed += [f"null::{kind} as {quoted(name)}" for name, kind in absent.items()]
    reason, note = _reason(columns, form, latest), _note(columns, form)
    if relation.typed:
        return (
            f"select {names}, x_row, {reason} as reason, {note} as note, landed\n"
            f"from (select *, {', '.join(typed)}\n"
            f"from (select {raw}, {relation.row_number} as x_row, {relation.as_json} as landed\n"
            f"from {relation.reader}))"
        )
    rounded, cut = _digits_cut(columns)
    place = relation.row_number if relation.is_counted else "null::bigint"
    return (
        f"select {names}, {place} as x_row, reason, note,\n"
        f"{rounded} as values_rounded, {cut} as amount_cut,\n"
        f"case when reason is not null or note is not null then {relation.as_json} end as landed\n"
        f"from (select *, {reason} as reason, {note} as note\n"
        f"from (select *, {', '.join(typed)}\n"
        f"from (select *, {raw} from {relation.reader})))"
    )


def _reason(columns: list[Column], form: Format, latest: datetime) -> str:
    """Return SQL that says why a row cannot be read, NULL where it can."""
    vital = (*form.required, *form.vital)
    needed = [column.complaint for column in columns if column.name in vital]
    needed += [column.absence for column in columns if column.name in form.required]
    timed = [column for column in columns if column.kind == TIME and column.name in form.required]
    needed += [_too_late(column, latest) for column in timed]
    if form.period and set(form.period) <= {column.name for column in columns}:
        needed.append(_ends_first(*form.period))
    reason = _joined([*needed, form.doubt])
    return f"case when {form.ignored} is null then {reason} end" if form.ignored else reason


def _note(columns: list[Column], form: Format) -> str:
    """Return SQL that says which other values of a row cannot be read."""
    vital = (*form.required, *form.vital)
    return _joined([column.complaint for column in columns if column.name not in vital])


def _too_late(column: Column, latest: datetime) -> str:
    """Return SQL that says that a time lies where no bill can: 9999 is somebody's "never"."""
    name, limit = quoted(column.name), literal(f"{latest:%Y-%m-%d %H:%M:%S}")
    opening, closing = literal(f"{column.name} '"), literal("' is later than any bill can know")
    return (
        f"case when {name} > timestamp {limit} "
        f"then {opening} || strftime({name}, '%Y-%m-%d') || {closing} end"
    )


def _ends_first(start: str, end: str) -> str:
    """Return SQL that says that a charge ends before it begins; as it begins, it may end."""
    shown = (f"strftime({quoted(name)}, '%Y-%m-%dT%H:%M:%SZ')" for name in (end, start))
    of, before, closing = literal(f"{end} '"), literal(f"' is before {start} '"), literal("'")
    return (
        f"case when {quoted(end)} < {quoted(start)} "
        f"then {of} || {next(shown)} || {before} || {next(shown)} || {closing} end"
    )


def digits(warehouse: Warehouse, columns: list[Column], relation: Relation) -> tuple[int, object]:
    """Count and sum the digits that were cut from money, in values and in their sum."""
    costs = [column for column in columns if column.long]
    if not costs:
        return 0, 0
    if not relation.typed:
        where = f"{_TABLE} where values_rounded > 0"
        sums = ", ".join(f"coalesce(sum({name}), 0)" for name in _BOOKS)
        rounded, amount = warehouse.row(f"select {sums} from {where}")
        return int(rounded), amount
    raw = ", ".join(f"{column.raw} as {column.alias}" for column in costs)
    typed = ", ".join(f"{column.typed} as {quoted(column.name)}" for column in costs)
    rounded_each, cut_each = _digits_cut(columns)
    # Only a number that is tiny can have too many digits: nearly all rows are passed by.
    some = " or ".join(f"({c.long})" for c in costs)
    rounded, amount = warehouse.row(
        f"select coalesce(sum({rounded_each}), 0), coalesce(sum({cut_each}), 0) "
        f"from (select *, {typed} from (select {raw} from {relation.reader}) where {some})"
    )
    return int(rounded), amount


def _digits_cut(columns: list[Column]) -> tuple[str, str]:
    """Return SQL for how many values of a row were rounded, and what its costs lost by it."""
    fine = {
        c.alias: f"case when {c.long} then digits_after_point({c.alias}::varchar) > {MONEY_DIGITS} "
        "else false end"
        for c in columns
        if c.long
    }
    counted = " + ".join(f"({long})::integer" for long in fine.values())
    cut = " + ".join(
        f"coalesce(case when {fine[c.alias]} then {_cut(c, quoted(c.name))} end, 0)"
        for c in columns
        if c.long and "cost" in c.name.casefold()
    )
    some = " or ".join(f"({c.long})" for c in columns if c.long)
    if not some:
        return "0", "0::decimal(38, 28)"
    return (
        f"case when {some} then {counted} else 0 end",
        f"case when {some} then ({cut or '0'})::decimal(38, 28) end",
    )


def _cut(column: Column, typed: str) -> str:
    """Return SQL for what rounding took from a value: of its fraction, the whole part is kept."""
    text = f"({column.alias}::varchar)::decimal(38, 28)"
    beside = f"('0.' || split_part({column.alias}::varchar, '.', 2))::decimal(38, 28)"
    sign = f"case when {column.alias}::varchar like '-%' then -1 else 1 end"
    return (
        f"case when {typed} between -1 and 1 then try({text}) "
        f"else try({sign} * {beside}) end - ({typed} - trunc({typed}))::decimal(38, 28)"
    )


def _joined(complaints: list[str | None]) -> str:
    said = ", ".join(complaint for complaint in complaints if complaint)
    # Rows without one, nearly all, are spared the joining.
    joined = f"case when coalesce({said}) is not null then concat_ws('; ', {said}) end"
    return joined if said else "null::varchar"
