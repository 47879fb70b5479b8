"""Spark says the same as DuckDB: the words of money, every expression the ledger uses, tables."""

from __future__ import annotations

import re
import shutil
import sys
from datetime import datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from quaestor.core.config import Config, parse_config, read_config
from quaestor.core.errors import ConfigurationError
from quaestor.warehouse import duckdb
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.engine import engine
from quaestor.warehouse.errors import OutOfRangeError

MISSING = (
    "Spark is not here: pip install 'quaestor[spark]'"
    if find_spec("pyspark") is None
    else "Spark needs Java, which is not here"
    if shutil.which("java") is None
    else ""
)
needs_spark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


def config(text: str) -> Config:
    """A configuration from YAML text."""
    return parse_config(text, Path(), {})


SPARK = "spark: {master: 'local[2]', options: {spark.sql.shuffle.partitions: '2'}}"


@pytest.fixture(scope="module")
def warehouse():
    with Warehouse(":memory:") as opened:
        yield opened


@pytest.fixture(scope="module")
def spark(warehouse):
    with engine(warehouse, config(SPARK)) as started:
        yield started


def both(warehouse, spark, select: str) -> tuple[list[tuple], list[tuple]]:
    """What DuckDB and what Spark make of a SELECT over ledger.given."""
    warehouse.run(f"create or replace table ledger.expected as {select}")
    warehouse.run("create or replace table ledger.found as from ledger.expected limit 0")
    spark.forget("ledger.given")
    spark.fill("ledger.found", select)
    order = "order by all"
    return (
        warehouse.rows(f"from ledger.expected {order}"),
        warehouse.rows(f"from ledger.found {order}"),
    )


def given_table(warehouse, columns: str, rows: list[tuple]) -> None:
    """(Re)make the table that SELECTs read."""
    warehouse.run(f"create or replace table ledger.given ({columns})")
    marks = ", ".join("?" * len(rows[0]))
    with warehouse.connection.cursor() as cursor:
        cursor.executemany(f"insert into ledger.given values ({marks})", rows)


def decimals(below: int, places: int, least: Decimal | None = None) -> st.SearchStrategy[Decimal]:
    """Every decimal of so many places; the small, the huge and the round among them."""
    largest = below * 10**places - 1
    low = -largest if least is None else int(least * 10**places)
    whole = st.integers(low, largest) | st.sampled_from([0, 1, 10**places, largest])
    return whole.map(lambda digits: Decimal(f"{digits}E-{places}"))


QUANTITY = decimals(10**11, 9, Decimal(0)) | decimals(10**19, 9, Decimal(0))
AMOUNT = decimals(10**18, 20)
SMALL = decimals(10**8, 20)
RATIO = decimals(1, 18, Decimal(0)) | st.just(Decimal(1))
RATE = decimals(10**9, 18, Decimal(0)) | st.just(Decimal(1))
MANY = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),  # each try is a job of Spark's: too slow to shrink by
)


@needs_spark
@MANY
@given(st.lists(st.tuples(QUANTITY, QUANTITY, AMOUNT, RATIO, RATIO), min_size=1, max_size=400))
def test_the_words_of_a_split_agree_to_the_last_digit(warehouse, spark, rows):
    """Ratios and parts of money, for quantities and amounts of every size."""
    given_table(
        warehouse,
        "portion decimal(38, 9), whole decimal(38, 9), amount decimal(38, 20), "
        "low decimal(19, 18), high decimal(19, 18)",
        [(min(a, b), max(a, b), amount, min(r, s), max(r, s)) for a, b, amount, r, s in rows],
    )
    expected, found = both(
        warehouse,
        spark,
        "select share_ratio(portion, whole) as ratio, money_upto(amount, low) as upto, "
        "money_part(amount, low, high) as part, money_part(amount, high, 1) as rest, "
        "money_part(amount, 0, share_ratio(portion, whole)) as share from ledger.given",
    )

    assert found == expected


@needs_spark
@MANY
@given(st.lists(st.tuples(SMALL, RATE), min_size=1, max_size=400))
def test_the_word_of_a_rate_agrees_to_the_last_digit(warehouse, spark, rows):
    """An amount in another currency, rounded once from up to 38 digits after the point."""
    given_table(warehouse, "amount decimal(38, 20), rate decimal(28, 18)", rows)
    expected, found = both(
        warehouse, spark, "select amount, rate, money_at_rate(amount, rate) as m from ledger.given"
    )

    assert found == expected


def test_every_word_of_money_is_said_on_both_engines():
    """A word added for DuckDB and not for Spark would be missed only where Spark runs."""
    from quaestor.warehouse.spark_sql import WORDS

    schema = Path(duckdb.__file__).with_name("schema")
    words = (schema / "005_words.sql").read_text(encoding="utf-8")

    assert {name.upper() for name in re.findall(r"\bmacro (\w+)\(", words)} == WORDS


ROWS = [
    ("a", 1, Decimal("1.5"), 0.25, datetime(2026, 1, 31, 23, 59, 59, 5), True),
    ("a", 2, Decimal("-2.5"), 0.5, datetime(2026, 2, 28, 1), False),
    ("B/x-1.y", None, None, None, None, None),
    ("i-0a", 3, Decimal("0.00000000000000000001"), 1e-9, datetime(2024, 2, 29), None),
    (None, 4, Decimal("123456789012345678.9"), -7.75, datetime(1999, 12, 31), True),
]
COLUMNS = (
    "t varchar, i integer, m decimal(38, 20), v double, s timestamp, b boolean, d date as (s::date)"
)
SAME = [
    "json_object('t', t, 'i', i::varchar)::varchar", "json_object('t', t) ->> 't'", "epoch(s)",
    "bit_count(i)", "1::bigint << i", "(i & 3) <> 0", "hour(s)",
    "m / 3", "i / 2", "m / nullif(i, 0) / 7", "m + m", "m - v::decimal(18, 9)", "m * i", "-m",
    "m::decimal(38, 10)::decimal(38, 20)", "m::decimal(38, 0)", "abs(m)", "round(m, 2)",
    "v::decimal(18, 9)", "greatest(i, 2)", "least(i, null, 2)", "coalesce(i, 0)",
    "nullif(t, 'a')", "date_trunc('month', d)::date", "s::date", "last_day(d)",
    "day(last_day(d))", "extract(hour from s)", "(d - interval 1 month)::date", "d + 1",
    "date_diff('day', d, date '2026-03-01')", "year(d)",
    "(date_trunc('month', d) + interval 1 month)::date", "isodow(d)",
    "d between date '2026-01-01' and d", "strftime(d, '%Y-%m')", "i::varchar", "t || '/' || i",
    "concat_ws(' + ', t, null, 'x')", "lower(t)", "trim('  ' || t)", "length(t)", "right(t, 2)",
    "left(t, 1)", "replace(t, 'a', '')", "starts_with(t, 'B')", "contains(t, '/')", "t like 'B%'",
    "t like 'B!_%' escape '!'", "regexp_extract(t, '/(x-[0-9]+)', 1)",
    "regexp_extract(t, '[0-9]+')", "regexp_matches(t, '^i-.*a$')",
    "regexp_extract(t, '^(.+)[.](y)$', 2)", "t is distinct from 'a'",
    "t is not distinct from null", "b and null", "b or true", "case when b then 1 else 0.5 end",
    "b::integer", "not b", "b is true", "try_cast(t as double)", "trunc(m)::decimal(18, 0)",
    "floor(v)", "ceil(v)", "v > 0.3", "i % 2", "sqrt(abs(v))", "ln(abs(v))", "exp(v)",
    "t in ('a', 'b')", "split_part(t, '/', 2)",
]  # fmt: skip
AGGREGATES = [
    "sum(m)", "count(*)", "count(i)", "count(distinct t)", "sum(i)::bigint", "avg(v)", "min(t)",
    "max(d)", "arg_min(t, i)", "arg_max(t, i)", "arg_max(i, d) filter (where b)", "bool_or(b)",
    "bool_and(b)", "bit_or(i)",
    "max(b::integer)",
    "sum(m) filter (v > 0)", "count(*) filter (where b)", "median(v)",
    "quantile_cont(v, 0.9)", "stddev_samp(v)", "string_agg(t, ', ' order by t)",
    "sum(m) / count(*)", "count(*) = count(m)",
]  # fmt: skip
WINDOWS = [
    "row_number() over (order by t, i)", "row_number() over (order by t desc, i desc)",
    "sum(m) over (partition by b order by i)", "lag(i) over (order by i)",
    "rank() over (order by b)",
    "sum(i) over (order by i rows between 1 preceding and current row)",
    "sum(m) over (order by m desc, t rows between unbounded preceding and current row)",
]  # fmt: skip


@needs_spark
@pytest.mark.parametrize(
    "expressions", [SAME, AGGREGATES, WINDOWS], ids=["rows", "sums", "windows"]
)
def test_an_expression_means_the_same(warehouse, spark, expressions):
    """What the ledger's SQL is made of, over nulls, ties, ends of months and tiny amounts."""
    given_table(warehouse, COLUMNS, ROWS)
    values = [f"{text} as v{number}" for number, text in enumerate(expressions)]
    key = [] if expressions is AGGREGATES else ["t as key1", "i as key2"]
    expected, found = both(
        warehouse, spark, f"select {', '.join([*key, *values])} from ledger.given"
    )
    names = [*key, *expressions]

    assert len(found) == len(expected)
    assert {
        name: (ours, theirs)
        for theirs, ours in zip(expected, found, strict=True)
        for name, one, other in zip(names, theirs, ours, strict=True)
        if not alike(one, other)
    } == {}


def alike(one: object, other: object) -> bool:
    """Equal; ratios, which are doubles, to 14 digits."""
    both_float = isinstance(one, float) and isinstance(other, float)
    return other == pytest.approx(one, rel=1e-14) if both_float else one == other


REFUSED = {
    "select a from focus.charge union all by name select b from focus.charge": "by name",
    "select first(Tags) from focus.charge": "first",
    "select any_value(Tags) from focus.charge": "any_value",
    "select list(Tags order by x_row) from focus.charge": "a list other than",
    "select log(x_row) from focus.charge": "log",
    "select dayofweek(ChargePeriodStart) from focus.charge": "days of a week",
    "select hash(Tags) from focus.charge": "hash",
    "select Tags from focus.charge positional join focus.file": "positional",
    "select now() from focus.charge": "now",
}


@pytest.mark.parametrize(("select", "said"), REFUSED.items(), ids=REFUSED.values())
def test_what_would_mean_something_else_is_refused(select, said):
    """A construct without an equal there is an error, never another figure."""
    from quaestor.warehouse.spark_sql import NotPortableError, in_spark

    with pytest.raises(NotPortableError, match=said):
        in_spark(select, str)


@needs_spark
def test_too_much_money_is_an_error_there_too(warehouse, spark):
    """A sum above 18 digits before the point is no null."""
    given_table(warehouse, "m decimal(38, 20)", [(Decimal("9" * 18),)] * 30)
    warehouse.run("create or replace table ledger.found (m decimal(38, 20))")
    spark.forget("ledger.given")

    with pytest.raises(OutOfRangeError, match="larger than its type"):
        spark.fill("ledger.found", "select sum(m) as m from ledger.given")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("spark: {}", "either `master:` or `remote:`"),
        ("spark: {master: local, remote: 'sc://a'}", "either `master:` or `remote:`"),
        ("spark: {remote: 'sc://a'}", "needs `exchange:`"),
    ],
)
def test_settings_that_lead_nowhere_are_refused(tmp_path, text, said):
    """Before anything is collected."""
    path = tmp_path / "quaestor.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=said):
        read_config(path, {})


def test_without_pyspark_the_extra_is_named(warehouse, monkeypatch):
    """A base install says what to install."""
    monkeypatch.setitem(sys.modules, "pyspark", None)

    with pytest.raises(ConfigurationError) as problem, engine(warehouse, config(SPARK)):
        pass

    assert "quaestor[spark]" in str(problem.value.fix)
