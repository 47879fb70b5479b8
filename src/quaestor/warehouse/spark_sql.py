"""Say a SELECT of DuckDB's dialect in Spark's, with the same meaning or not at all.

sqlglot knows both dialects. Where it would give up without a word, or where equal names mean
different things, this module decides; a construct that neither knows is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import ErrorLevel, exp, parse_one
from sqlglot.errors import ParseError, UnsupportedError

WORDS = frozenset({
    "SHARE_RATIO", "MONEY_UPTO", "MONEY_PART", "MONEY_AT_RATE",
    "MONEY_UNITS", "RATIO_UNITS", "UNITS_UPTO", "MONEY_SHARE", "UNITS_RATIO",
})  # fmt: skip
# Functions that sqlglot passes on by name and that mean the same in both dialects.
_SAME = frozenset({"BIT_COUNT", "MAP_ENTRIES", "MAP_FROM_ENTRIES"})
_REASONS: dict[type[exp.Expr], str] = {
    exp.DayOfWeek: "the days of a week are numbered otherwise; use isodow",
    exp.JSONExtract: "JSON is turned into a map once, in ledger.tag_set and ledger.label_set",
    exp.Unnest: "`unnest` of more than a column",
}


class NotPortableError(Exception):
    """A SELECT that cannot be said in Spark's dialect with the same meaning."""


def in_spark(select: str, name_of: Callable[[str], str]) -> str:
    """Return a SELECT in Spark's dialect.

    Args:
        select: One SELECT as DuckDB reads it.
        name_of: Gives the name under which Spark knows a table, such as focus.charge.

    Raises:
        NotPortableError: It has a part that Spark cannot be asked for.

    >>> in_spark("select a / b as c from x.y group by all", lambda table: table.replace(".", "_"))
    'SELECT CAST(a AS DOUBLE) / CAST(b AS DOUBLE) AS c FROM x_y AS y GROUP BY ALL'
    """
    try:
        tree = parse_one(select, read="duckdb")
        for node in list(tree.walk()):
            _refuse(node)
        for table in list(tree.find_all(exp.Table)):
            _name(table, name_of)
        _rewrite(tree)
        return tree.sql(dialect="spark", unsupported_level=ErrorLevel.RAISE, comments=False)
    except (ParseError, UnsupportedError) as problem:
        raise NotPortableError(str(problem)) from None


def tables(select: str) -> list[str]:
    """Return the tables that a SELECT reads, such as focus.charge, in the order of their names.

    >>> tables("with a as (select 1) from a, x.y as z join x.w using (b)")
    ['x.w', 'x.y']
    """
    tree = parse_one(select, read="duckdb")
    return sorted({f"{table.db}.{table.name}" for table in tree.find_all(exp.Table) if table.db})


def type_in_spark(declared: str) -> str:
    """Return a column's type as Spark declares it.

    >>> type_in_spark("MAP(VARCHAR, VARCHAR)"), type_in_spark("TIMESTAMP")
    ('MAP<STRING, STRING>', 'TIMESTAMP_NTZ')
    """
    return exp.DataType.build(declared, dialect="duckdb").sql(dialect="spark")


def _refuse(node: exp.Expr) -> None:
    reason = _REASONS.get(type(node))
    if isinstance(node, exp.Anonymous) and node.name.upper() not in WORDS | _SAME:
        reason = f"no function of both dialects: {node.name}"
    if isinstance(node, exp.SetOperation) and node.args.get("by_name"):
        reason = "`union by name`: name the columns in one order"
    if isinstance(node, exp.ArrayAgg) and not _sorts(node.this):
        reason = "a list other than of tuples in the order of what they begin with"
    if isinstance(node, exp.Join) and node.method:
        reason = f"`{node.method.lower()} join`"
    if isinstance(node, exp.First | exp.Last | exp.AnyValue):
        reason = "`first` or `any_value` of rows in no order; use min or arg_min"
    if isinstance(node, exp.Log) and node.args.get("expression") is None:
        reason = "`log` has another base in each dialect; use ln"
    if reason:
        raise NotPortableError(f"{reason} ({node.sql(dialect='duckdb')[:80]})")


def _name(table: exp.Table, name_of: Callable[[str], str]) -> None:
    """Call a table by Spark's name, and keep its own as the alias."""
    if table.db:
        known = name_of(f"{table.db}.{table.name}")
        alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name))
        table.replace(exp.Table(this=exp.to_identifier(known), alias=alias, **_joins(table)))


def _joins(table: exp.Table) -> dict[str, object]:
    return {key: table.args[key] for key in ("joins", "laterals") if table.args.get(key)}


def _rewrite(tree: exp.Expr) -> None:
    """Say parts otherwise, where sqlglot's saying would mean something else."""
    for node in reversed(list(tree.walk())):  # the inner ones first
        if isinstance(node, exp.Div):  # of decimals a double, as of everything
            node.set("this", _double(node.this))
            node.set("expression", _double(node.expression))
        elif isinstance(node, exp.ArgMin | exp.ArgMax):
            _told_only(node)
        elif isinstance(node, exp.CTE):  # how often it is computed is Spark's to decide
            node.set("materialized", None)
        elif isinstance(node, exp.DayOfWeekIso):  # weekday: Monday is 0
            day = exp.Anonymous(this="WEEKDAY", expressions=[node.this.copy()])
            node.replace(exp.paren(day + 1))
        elif isinstance(node, exp.ArrayAgg) and isinstance(node.this, exp.Order):
            node.replace(_in_order(node))
        elif isinstance(node, exp.TimeToUnix):  # with the parts of a second
            node.replace(_epoch(node.this))
        elif isinstance(node, exp.JSONObject):
            node.replace(_json_object(node))
        elif isinstance(node, exp.PercentileCont):
            parts = [node.this.copy(), node.expression.copy()]
            node.replace(exp.Anonymous(this="PERCENTILE", expressions=parts))


def _sorts(listed: exp.Expr) -> bool:
    """Return whether a list is of tuples, which nobody leaves out as null, in their own order."""
    if not (isinstance(listed, exp.Order) and isinstance(listed.this, exp.Tuple)):
        return False
    first, *more = listed.expressions
    return not more and not first.args.get("desc") and first.this == listed.this.expressions[0]


def _in_order(node: exp.ArrayAgg) -> exp.Expr:
    return exp.Anonymous(this="SORT_ARRAY", expressions=[exp.ArrayAgg(this=node.this.this.copy())])


def _epoch(moment: exp.Expr) -> exp.Expr:
    when = exp.cast(moment.copy(), "timestampltz")
    micros = exp.Anonymous(this="UNIX_MICROS", expressions=[when])
    return exp.paren(exp.cast(micros, "double") / 1000000)


def _json_object(node: exp.JSONObject) -> exp.Expr:
    """Return a JSON object as text, its nulls included."""
    parts = [part.copy() for pair in node.expressions for part in (pair.this, pair.expression)]
    whole = exp.Anonymous(this="NAMED_STRUCT", expressions=parts)
    keep = "MAP('ignoreNullFields', 'false')"
    return exp.Anonymous(
        this="TO_JSON", expressions=[whole, exp.maybe_parse(keep, dialect="spark")]
    )


def _double(value: exp.Expr) -> exp.Expr:
    inner = exp.paren(value.copy()) if isinstance(value, exp.Binary) else value.copy()
    return exp.cast(inner, "double")


def _told_only(node: exp.ArgMin | exp.ArgMax) -> None:
    """Let arg_min and arg_max pass over rows whose value is null, as DuckDB's do."""
    is_told = node.this.copy().is_(exp.null()).not_()
    parent = node.parent
    if isinstance(parent, exp.Filter):
        where = parent.expression
        where.set("this", exp.and_(where.this.copy(), is_told))
    else:
        node.replace(exp.Filter(this=node.copy(), expression=exp.Where(this=is_told)))
