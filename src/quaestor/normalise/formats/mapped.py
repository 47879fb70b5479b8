"""Any invoice: a table whose columns the source's `mapping:` names in the words of FOCUS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from quaestor.core.focus import COLUMNS, MONEY_COLUMNS, TIME_COLUMNS
from quaestor.core.nearest import did_you_mean
from quaestor.core.sources.mapping import EPOCHS, OTHERWISE, MappedColumn, Mappings, mapped
from quaestor.normalise.conform import Column, as_object, read_column
from quaestor.normalise.format import LOST_DIGITS, MONEY, TEXT, TIME, Format, fold
from quaestor.normalise.formats.focus import ACCOUNTS
from quaestor.normalise.landed_file import RefusedError, Relation
from quaestor.warehouse.duckdb import literal, quoted

LEFT_OUT = "left_out"  # beside FOCUS's columns, for the SELECTs
_KINDS = dict.fromkeys(COLUMNS, TEXT) | dict.fromkeys(MONEY_COLUMNS, MONEY)
_KINDS |= dict.fromkeys(TIME_COLUMNS, TIME)
# No signature: it recognises nothing, a mapping names it.
FORMAT = Format(
    name="mapped",
    title="an invoice with a mapping",
    columns=_KINDS | {LEFT_OUT: TEXT},
    required=("BilledCost",),
    # What mapped.sql derives where it is empty must not be derived where it is unreadable.
    vital=(*TIME_COLUMNS, "EffectiveCost", "ListCost", "ContractedCost"),
    signatures=(),
    select="mapped.sql",
    control="mapped_control.sql",
    ignored=LEFT_OUT,
    macros=("mapped_macros.sql",),
    fix="Correct `mapping:` of the source",
)


def of(mapping: Mappings, leave_out: Mapping[str, Sequence[str]]) -> Format:
    """Return the format of invoices that a mapping describes.

    Args:
        mapping: FOCUS column -> where it is read from.
        leave_out: A column of the file -> texts that mark a line that is no charge.
    """
    time = "ChargePeriodStart" if "ChargePeriodStart" in mapping else "BillingPeriodStart"
    read = frozenset(fold(name) for entry in mapping.values() for name in mapped(entry).reads)
    return replace(
        FORMAT,
        required=("BilledCost", time),
        period=(time, "ChargePeriodEnd"),
        signatures=(read,),
        match=partial(_columns, mapping, leave_out),
    )


def _columns(
    mapping: Mappings, leave_out: Mapping[str, Sequence[str]], relation: Relation
) -> list[Column]:
    """Read every mapped FOCUS column from where it stands in a file."""
    columns = [
        _column(name, mapped(entry), f"raw_{number}", relation)
        for number, (name, entry) in enumerate(mapping.items())
    ]
    return [*columns, _left_out(leave_out, relation)]


def _left_out(leave_out: Mapping[str, Sequence[str]], relation: Relation) -> Column:
    """Say why a line is no charge: by what word in which column."""
    cases = [
        f"when trim({relation.source(column)}::varchar) = {literal(text)} "
        f"then {literal(f'{column} is {text}')}"
        for named, texts in leave_out.items()
        for column in [_found("leave_out", named, relation)]
        for text in texts
    ]
    source = f"case {' '.join(cases)} end" if cases else "null::varchar"
    return Column(LEFT_OUT, TEXT, "raw_left_out", source, "raw_left_out", None, None)


def _column(name: str, entry: MappedColumn, alias: str, relation: Relation) -> Column:
    kind = _KINDS.get(name, TEXT)
    if entry.value is not None:
        return read_column(name, f"{literal(entry.value)}::varchar", alias, TEXT, kind, None)
    if entry.columns is not None:
        named = entry.columns
        pairs = named if isinstance(named, dict) else dict(zip(named, named, strict=True))
        found = {key: _found(name, column, relation) for key, column in pairs.items()}
        source = as_object({key: relation.source(column) for key, column in found.items()})
        return Column(name, kind, alias, source, alias, None, None)
    column = _found(name, str(entry.column), relation)
    engine_type = relation.columns[column]
    source = relation.source(column) if relation.typed else f"trim({relation.source(column)})"
    if kind == MONEY and (engine_type == TEXT or entry.parts != 1):
        return _number(name, entry, alias, source, engine_type)
    if entry.format and not engine_type.startswith(("TIMESTAMP", "DATE")):
        return _time(name, entry.format, alias, source)
    if entry.values is not None:
        source, engine_type = _translated(f"spelled({source}::varchar)", entry.values), TEXT
    if name in ACCOUNTS:
        read = read_column(name, source, alias, engine_type, kind, "account_id")
        return replace(read, said=LOST_DIGITS)
    return read_column(name, source, alias, engine_type, kind, None)


def _found(name: str, column: str, relation: Relation) -> str:
    """Return a column as the file spells it."""
    if column in relation.columns:
        return column
    alike = [other for other in relation.columns if fold(other) == fold(column.strip())]
    if len(alike) == 1:
        return alike[0]
    listed = f"Name one of: {', '.join(list(relation.columns)[:12])}."
    raise RefusedError(
        f"the column '{column}', from which the mapping reads {name}, is not in the file",
        fix=did_you_mean(column, relation.columns, otherwise=listed),
    )


def _number(name: str, entry: MappedColumn, alias: str, source: str, engine_type: str) -> Column:
    """Return a number written in the invoice's own way, as the text of a plain one."""
    text = f"spelled({source}::varchar)"
    places = len(str(entry.parts)) - 1
    # A typed column has numbers, whatever the mapping says about its text.
    plain = engine_type != TEXT
    point = "." if plain else entry.decimal
    group = None if plain else entry.group
    sign = None if plain else entry.currency_sign
    signs = ", ".join(literal(each) if each else "null" for each in (point, group, sign))
    column = read_column(name, f"written({text}, {signs}, {places})", alias, TEXT, MONEY, None)
    if plain or entry.plain_number:
        return column
    shown = f"{entry.currency_sign or ''}1{entry.group or ''}234{entry.decimal}50"
    return replace(column, said=f"is not a number written as {shown}")


def _time(name: str, pattern: str, alias: str, source: str) -> Column:
    """Return a time that is written after a pattern; one without a zone is UTC."""
    if pattern in EPOCHS:
        typed = f"from_unix({alias}, {1000 if pattern == 'unix-ms' else 1})"
    else:
        read = f"try_strptime({alias}, {literal(pattern)})"
        zoned = "%z" in pattern.replace("%%", "") or "%Z" in pattern.replace("%%", "")
        typed = f"some_day({f'''timezone('UTC', {read})''' if zoned else read})"
    unread = f"{quoted(name)} is null and {alias} is not null"
    said = f"is not a time written as {pattern}"
    raw = f"spelled({source}::varchar)"
    return Column(name, TIME, alias, raw, typed, unread, None, said=said)


def _translated(text: str, values: dict[str, str]) -> str:
    """Return SQL for what a text is called in FOCUS; one that has no translation stays."""
    cases = [
        f"when {literal(said)} then {literal(meant)}"
        for said, meant in values.items()
        if said != OTHERWISE
    ]
    rest = text
    if OTHERWISE in values:
        rest = f"case when {text} is not null then {literal(values[OTHERWISE])} end"
    return f"case {text} {' '.join(cases)} else {rest} end" if cases else rest
