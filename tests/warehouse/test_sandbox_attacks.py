"""Policies that were written to do harm: to read what is not theirs, to fill memory, never to end.

What is refused is refused by reading; what runs is stopped at its limits; the process lives on.
"""

from __future__ import annotations

import pytest

from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.growth import regular_size
from quaestor.warehouse.macros import MOST_EXAMINED
from quaestor.warehouse.sandbox import Limits, Sandbox, SandboxError


@pytest.fixture(scope="module")
def sandbox():
    """A sandbox with little time and memory."""
    with Warehouse(":memory:") as warehouse:
        warehouse.run("insert into registry.model (source, model) values ('r', 'churn')")
        with Sandbox(warehouse, limits=Limits(seconds=0.3, memory="128MB")) as opened:
            yield opened


def nested(expression, times, seed="select 1 as x"):
    """Put a query into itself."""
    query = seed
    for _ in range(times):
        query = f"select {expression} from ({query})"
    return query


def refusal(sandbox, sql):
    """Return what is said about SQL that may not run, and see that the sandbox still works."""
    with pytest.raises(SandboxError) as refused:
        sandbox.rows(sql)
    assert refused.value.fix
    assert sandbox.rows("select model from registry.model").rows == [("churn",)]
    return refused.value.what


OUTSIDE = {
    "read_parquet": ("select * from read_parquet('/etc/*')", r"read_parquet\(\)"),
    "parquet_metadata": ("select * from parquet_metadata('/x')", r"parquet_metadata\(\)"),
    "sniff_csv": ("select * from sniff_csv('/etc/passwd')", r"sniff_csv\(\)"),
    "read_json": ("select * from read_json('/etc/passwd')", r"read_json\(\)"),
    "secrets": ("select * from duckdb_secrets()", r"duckdb_secrets\(\)"),
    "all tables": ("select * from duckdb_tables()", r"duckdb_tables\(\)"),
    "pg_catalog": ("select * from pg_catalog.pg_tables", "pg_catalog.pg_tables"),
    "system": ("select * from system.information_schema.tables", "information_schema.tables"),
    "its own catalogue": (
        "select * from quaestor_sandbox_1.registry.model",
        "quaestor_sandbox_1.registry.model",
    ),
    "pragma": ("select * from pragma_database_size()", r"pragma_database_size\(\)"),
    "a macro table": ("select * from query_table(['registry.model'])", r"query_table\(\)"),
    "a variable": ("set variable x = 1", "no SELECT"),
    "a prepared statement": ("prepare a as select 1", "no SELECT"),
    "a transaction": ("begin transaction", "no SELECT"),
    "a checkpoint": ("checkpoint", "no SELECT"),
    "a vacuum": ("vacuum", "no SELECT"),
    "use": ("use memory", "no SELECT"),
    "detach": ("detach memory", "no SELECT"),
    "explain": ("explain analyze select 1", "no SELECT"),
    "a secret": ("create secret (type s3)", "no SELECT"),
    "a macro": ("create or replace macro has_text(x) as true", "no SELECT"),
    "merge": (
        "merge into registry.model using registry.model as b on true when matched then delete",
        "no SELECT",
    ),
    "a table described": ("select * from (describe registry.model)", "show_ref"),
    "recursion by key": (
        "with recursive t(a) using key (a) as (select 1 union select a + 1 from t) select a from t",
        "is recursive",
    ),
    "half a character": ("select '\udc80'", "half a character"),
}


@pytest.mark.parametrize(("sql", "said"), OUTSIDE.values(), ids=OUTSIDE)
def test_what_is_not_theirs_is_refused_by_name(sandbox, sql, said):
    """Files, settings, catalogues, statements: the refusal says what it stumbled over."""
    with pytest.raises(SandboxError, match=said):
        sandbox.rows(sql)


GROWING = {
    "a with of twice the with before": (
        "with a0 as (select model from registry.model), "
        + ", ".join(f"a{i} as (select * from a{i - 1} as x, a{i - 1} as y)" for i in range(1, 20))
        + " select count(*) from a19"
    ),
    "stars of stars": nested("*, *", 20),
    "an alias of twice the alias before": "select 1 as a0, "
    + ", ".join(f"a{i - 1} + a{i - 1} as a{i}" for i in range(1, 24)),
    "a macro in a macro": "select " + "supplies('r', " * 8 + "'model.owner'" + ")::varchar" * 8,
    "subqueries in subqueries": nested("x", 400),
    "a chain of thousands": "select " + "1 + " * 7_000 + "1",
    "signs": "select " + "- " * 15_000 + "1",
}


@pytest.mark.parametrize("sql", GROWING.values(), ids=GROWING)
def test_what_is_short_and_grows_is_refused_before_it_is_planned(sandbox, sql):
    """Planning cannot be interrupted, so its size is worked out first."""
    said = refusal(sandbox, sql)

    assert any(words in said for words in ("grows to", "nested too deeply", "depth limit"))


TEXT = "(select string_agg('a', '') as s from range(1000000)) as t"
STOPPED = {
    "a thousand subqueries": "select " + " or ".join(["serves('r')"] * 900),
    "10^9 rows": "select count(*) from range(31623) as a, range(31623) as b "
    "where a.range * b.range % 7 = 3",
    "10^18 rows": "select count(*) from range(1000000000) as a, range(1000000000) as b "
    "where a.range + b.range = 3",
    "a list of all rows": "select len(array_agg(range)) from range(1000000000)",
    "text doubled": nested("x || x as x", 31, "select 'xxxxxxxx' as x"),
    "lists doubled": nested("list_concat(x, x) as x", 31, "select [1, 2] as x"),
    "types doubled": nested("{'a': x, 'b': x} as x", 15),
    "a list of a list of a list": "with a as (select array_agg(range) as l from range(20000)) "
    "select list_sum(list_transform(l, lambda x: list_sum(list_transform(l, lambda y: x * y)))) "
    "from a",
    "all rows sorted": "select max(m) from (select md5(range::varchar) as m "
    "from range(1000000000) order by m)",
    "a window over all before": "select max(s) from (select string_agg(range::varchar, ',') "
    "over (order by range) as s from range(1000000))",
    "a query for each row": "select (select count(*) from range(1000000) as b "
    "where b.range % (a.range + 1) = 0) from range(1000) as a",
    "rows out of a list": "select count(*) from (select unnest(l) from "
    "(select array_agg(range) as l from range(100000)), range(100000))",
}


@pytest.mark.parametrize("sql", STOPPED.values(), ids=STOPPED)
def test_what_runs_is_stopped_at_its_limits(sandbox, sql):
    """By time or by memory, with a sentence that names the limit."""
    said = refusal(sandbox, sql)

    assert "was stopped after 0.3 s" in said or "needs more than 128MB of memory" in said


@pytest.mark.parametrize(
    ("pattern", "states"),
    [
        ("a{64}", 64),
        ("(ab{3}){10}", 40),
        ("[0-9a-f]{32,128}", 128),
        (r"\{3\}", 3),
        ("a{", 1),
        ("a{x}", 4 - 1),
        ("[]a{9}]{2}", 2),
        ("((a{1,100}){1,100}){1,100}", 1_000_000),
    ],
)
def test_a_regular_expression_is_measured(pattern, states):
    """Repetitions multiply; brackets, escapes and braces that stand for themselves count once."""
    assert regular_size(pattern) == states


@pytest.mark.parametrize(
    "pattern",
    ["(a?){999}b", "(.?.?.?.?){900}b", "(a|b)*" * 500, "[ab]{0,999}" * 8],
)
@pytest.mark.parametrize(
    "call", ["regexp_matches(s, '{}')", "regexp_extract(s, '{}')", "s ~ '{}'", "s similar to '{}'"]
)
def test_a_giant_regular_expression_is_refused(sandbox, call, pattern):
    """One text held against one of these takes minutes, and nothing can stop it."""
    said = refusal(sandbox, f"select {call.format(pattern)} from {TEXT}")

    assert "holds a regular expression of" in said


def test_a_regular_expression_is_a_constant_or_a_parameter(sandbox):
    """What comes out of the data cannot be measured before it runs."""
    said = refusal(sandbox, "select regexp_matches(model, model) from registry.model")

    assert said == "calls regexp_matches() with something worked out"
    assert sandbox.select("select regexp_matches('a', $p)").patterns == {"p"}


@pytest.mark.parametrize(
    "call",
    ["regexp_matches(s, 'b')", "regexp_extract(s, 'b')", "s ~ 'b'", "regexp_matches(s, 'B', 'i')"],
)
def test_a_text_that_is_too_long_is_not_known_to_match(sandbox, call):
    """It is neither a match nor none: NULL, so that the answer is `unknown`."""
    sql = f"select {call} from (select string_agg('a', '') as s from range({{}}))"

    assert sandbox.rows(sql.format(MOST_EXAMINED + 1)).rows == [(None,)]
    assert sandbox.rows(sql.format(MOST_EXAMINED)).rows[0][0] in (False, "")


def test_a_long_text_still_says_something(sandbox):
    """Our own functions look at the whole text: a description of 20 kB is none that is blank."""
    long = " " * 2 * MOST_EXAMINED + "x"

    assert sandbox.run("select has_text($t::varchar), blank($t::varchar)", {"t": long}).rows == [
        (True, False)
    ]


def test_a_list_of_quantiles_is_refused(sandbox):
    """Each of 3,000 would be looked for in all rows, at the end, and without a pause."""
    said = refusal(sandbox, "select quantile_cont(range, [0.5, 0.9]) from range(9)")

    assert said == "calls quantile_cont() with something worked out"
    assert sandbox.rows("select quantile_cont(range, 0.5) from range(9)").rows == [(4.0,)]
