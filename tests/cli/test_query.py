"""`quaestor query`: SQL over the warehouse, and nothing but the warehouse."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from decimal import Decimal

import duckdb
import pytest

HELLO = "select 'churn' as model, 12.50::decimal(38, 20) as cost"


@pytest.fixture
def ask(warehouse, quaestor):
    """Ask an empty warehouse."""
    warehouse.close()

    def call(sql, *options):
        return quaestor("query", sql, *options)

    return call


def test_a_table_for_people(ask):
    """Numbers on the right, money with every digit it has."""
    assert ask(HELLO).out == "model  cost\n-----  ----\nchurn  12.5\n"


def test_the_warehouses_own_tables_can_be_asked(ask):
    """What the schema promises is there."""
    said = ask("select count(*) as n from audit.run")

    assert (said.code, said.out.split()) == (0, ["n", "-", "0"])


def test_the_end_is_quiet(warehouse, tmp_path):
    """What the program ends with is the answer: no library has a last word on standard error."""
    warehouse.close()
    result = subprocess.run(
        [sys.executable, "-m", "quaestor", "query", HELLO, "--format", "csv"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == ["model,cost", "churn,12.5"]


@pytest.mark.parametrize("sql", ["describe audit.run", "summarize audit.run", "explain select 1"])
def test_questions_about_tables_are_questions(ask, sql):
    """Not only SELECT tells something."""
    assert ask(sql).code == 0


def test_json_keeps_money_exact(ask):
    """Decimals are text, unknown is null, what JSON has no number for is text."""
    said = ask(
        "select 0.10::decimal(38,20) as a, null as b, 'nan'::double as c", "--format", "json"
    )

    assert json.loads(said.out) == [{"a": "0.1", "b": None, "c": "nan"}]


def test_a_column_name_twice_is_two_columns(ask):
    """Nothing is dropped because two columns share a name."""
    said = ask("select 1 as a, 2 as a, 3 as a", "--format", "json")

    assert json.loads(said.out) == [{"a": 1, "a_2": 2, "a_3": 3}]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"),
        ("+1-800", "'+1-800"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("-5", "-5"),
        ("+5.25", "+5.25"),
        ("-1e5", "-1e5"),
        ("churn", "churn"),
    ],
)
def test_csv_is_safe_in_a_spreadsheet(ask, value, cell):
    """A text that would run as a formula gets an apostrophe; a number does not."""
    sql = "select '" + value.replace("'", "''") + f'\' as "{value}", -7 as n'
    header, row = csv.reader(io.StringIO(ask(sql, "--format", "csv").out, newline=""))

    assert (header, row) == ([cell, "n"], [cell, "-7"])


def test_csv_tells_nothing_from_empty(ask):
    """NULL is an empty field, an empty text is quoted; separators and quotes are kept."""
    said = ask("select null as a, '' as b, 'x,\"y\"' as c, true as d", "--format", "csv")

    assert said.out == 'a,b,c,d\n,"","x,""y""",true\n'


def test_parquet_goes_to_a_file_with_its_types(ask, home):
    """Written by the engine, money as DECIMAL; an older file is replaced."""
    (home / "out.parquet").write_text("old")
    said = ask(HELLO, "--format", "parquet=out.parquet")

    rows = duckdb.sql("select model, cost, typeof(cost) from 'out.parquet'").fetchall()
    assert rows == [("churn", Decimal("12.5"), "DECIMAL(38,20)")]
    assert (said.code, said.err) == (0, "out.parquet: 1 row\n")
    assert [path.name for path in home.glob(".*")] == []


def test_a_sum_of_whole_numbers_keeps_its_digits_in_parquet(ask, home):
    """Parquet has no integer of 128 bits, which such a sum is; a DOUBLE would lose digits."""
    ask("select sum(i) as n from (values (9007199254740993)) t(i)", "--format", "parquet=n.parquet")

    rows = duckdb.sql("select n, typeof(n) from 'n.parquet'").fetchall()
    assert rows == [(Decimal(9007199254740993), "DECIMAL(38,0)")]


def test_several_formats_in_one_run(ask, home):
    """One to standard output, the others to files."""
    said = ask(HELLO, "--format", "csv=a.csv", "--format", "parquet=a.parquet", "--format", "json")

    assert json.loads(said.out) == [{"model": "churn", "cost": "12.5"}]
    assert (home / "a.csv").read_text() == "model,cost\nchurn,12.5\n"
    assert (home / "a.parquet").is_file()


def test_a_long_answer_is_cut_and_says_so(ask, home):
    """On standard output by default, in a file only on request."""
    long = "select i from range(1500) t(i)"

    assert ask(long).err == "note: the first 1,000 rows; --limit shows more\n"
    assert ask(long, "--limit", "7", "--format", "csv").out.count("\n") == 8
    assert ask(long, "--limit", "1500").err == ""
    ask(long, "--format", "csv=all.csv", "--format", "parquet=all.parquet")
    assert (home / "all.csv").read_text().count("\n") == 1501
    assert duckdb.sql("select count(*) from 'all.parquet'").fetchall() == [(1500,)]


def test_no_rows_say_which_columns(ask):
    """An empty answer is told from a silent one."""
    assert ask("select run_id from audit.run").out == "(no rows)  run_id\n"


@pytest.mark.parametrize(
    ("sql", "what", "fix"),
    [
        ("select modl from registry.model", 'column "modl" not found', 'bindings: "model"'),
        ("select * from ledger.model_mont", "model_mont does not exist", '"model_month"'),
        ("select * from model_month", "does not exist", '"ledger.model_month"'),
        ("selec 1", "syntax error", "show all tables"),
        ("select 'a'::int", "could not convert", "Correct the SQL"),
        ("select 1; select 2", "got 2", "one SELECT"),
        ("", "got 0", "one SELECT"),
        ("delete from audit.run", "DELETE is no question", "Write a SELECT"),
        ("copy audit.run to 'x.csv'", "COPY is no question", "Write a SELECT"),
        ("attach 'x.db'", "ATTACH is no question", "Write a SELECT"),
        ("set threads = 1", "SET is no question", "Write a SELECT"),
        ("install httpfs", "LOAD is no question", "Write a SELECT"),
    ],
)
def test_wrong_sql_is_the_users_to_mend(ask, sql, what, fix):
    """Exit code 2, what is wrong, and the nearest thing that would be right."""
    said = ask(sql)

    assert said.code == 2
    assert what in said.err
    assert fix in said.err.partition("fix:")[2]


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('secret.txt')",
        "select * from 'secret.csv'",
        "select * from glob('*')",
        "select * from read_parquet('https://example.invalid/x.parquet')",
    ],
)
@pytest.mark.parametrize("format_", ["table", "parquet=out.parquet"])
def test_a_query_reaches_nothing_outside(ask, home, sql, format_):
    """No file, no network, not even beside the warehouse."""
    (home / "secret.txt").write_text("secret")
    (home / "secret.csv").write_text("secret")
    said = ask(sql, "--format", format_)

    assert said.code == 2
    assert "reads the warehouse and nothing else" in said.err
    assert not (home / "out.parquet").exists()


def test_sql_cannot_break_out_of_the_copy(ask, home):
    """A parenthesis closed early writes no other file."""
    said = ask("select 1) to 'other.parquet'; --", "--format", "parquet=out.parquet")

    assert said.code == 2
    assert not list(home.glob("*.parquet"))


@pytest.mark.parametrize(
    ("options", "code", "what"),
    [
        (["--format", "parquet"], 2, "not for a terminal"),
        (["--format", "xls"], 2, "no format 'xls'"),
        (
            ["--format", "csv=no/such/folder.csv"],
            3,
            "cannot be written (No such file or directory)",
        ),
        (
            ["--format", "parquet=no/such/folder.parquet"],
            3,
            "cannot be written (No such file or directory)",
        ),
        (["--limit", "0"], 2, "--limit"),
    ],
)
def test_wrong_options_say_what_to_do(ask, options, code, what):
    """Each in the form of an error message, none with a traceback."""
    said = ask(HELLO, *options)

    assert (said.code, "Traceback" in said.err) == (code, False)
    assert what in said.err


def test_without_a_warehouse_there_is_nothing_to_ask(quaestor):
    """And none is created by asking."""
    said = quaestor("query", "select 1")

    assert said.code == 3
    assert "there is no warehouse yet" in said.err


def test_hostile_names_cannot_act_on_a_terminal(ask):
    """A table for people shows control characters as what they are."""
    assert "\x1b" not in ask("select 'a' || chr(27) || '[2Jb' as x").out
