"""SQL of others: what it may do, and every way out that was tried."""

from __future__ import annotations

import json
import os

import pytest

from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.sandbox import Limits, Sandbox, SandboxError


@pytest.fixture(params=["memory", "file"])
def sandbox(request, tmp_path):
    """A sandbox over a warehouse with one model: in memory, and in a file opened read-only."""
    path = ":memory:" if request.param == "memory" else tmp_path / "w.duckdb"
    warehouse = Warehouse(path)
    warehouse.run("insert into registry.model (source, model, owner) values ('r', 'churn', ' ')")
    warehouse.run("insert into registry.evidence values ('r', 'model.owner', true, 'tag')")
    warehouse.run("insert into registry.evidence values ('r', 'grant', false, null)")
    if request.param == "file":
        warehouse.close()
        warehouse = Warehouse(path, read_only=True)
    with warehouse, Sandbox(warehouse, limits=Limits(seconds=0.5, memory="256MB")) as opened:
        yield opened


ESCAPES = {
    "copy": "copy registry.model to '/tmp/quaestor-escape.csv'",
    "copy a query": "copy (select 1) to '/tmp/quaestor-escape.csv'",
    "attach": "attach '/tmp/quaestor-escape.duckdb' as other",
    "read_csv": "select * from read_csv('/etc/passwd')",
    "read_text": "select * from read_text('/etc/passwd')",
    "read_blob": "select * from read_blob('/etc/passwd')",
    "glob": "select * from glob('/etc/*')",
    "a file as a table": "select * from '/etc/passwd'",
    "a file as a quoted table": 'select * from "/etc/passwd"',
    "pragma": "pragma database_list",
    "install": "install httpfs",
    "load": "load httpfs",
    "set": "set threads = 64",
    "reset": "reset memory_limit",
    "export": "export database '/tmp/quaestor-escape'",
    "two statements": "select 1; select 2",
    "a statement after a comment": "select 1 /* */; drop table registry.model",
    "insert": "insert into registry.model (source, model) values ('x', 'y')",
    "insert in a with": "with a as (insert into registry.model (source, model) values ('x', 'y') "
    "returning model) select * from a",
    "delete": "delete from registry.model",
    "drop": "drop table registry.model",
    "create": "create table mine (a integer)",
    "call": "call pragma_version()",
    "the bill": "select * from focus.charge",
    "the audit": "select * from audit.finding",
    "the settings": "select * from duckdb_settings()",
    "the catalogue": "select * from information_schema.tables",
    "sqlite_master": "select * from sqlite_master",
    "the stored catalogue by name": "select * from memory.registry.model",
    "describe": "describe registry.model",
    "show": "show tables",
    "summarize": "summarize registry.model",
    "the environment": "select getenv('HOME')",
    "a setting": "select current_setting('access_mode')",
    "a variable": "select getvariable('x')",
    "the user": "select current_user",
    "sql in a text": "select * from query('select 1')",
    "a table in a text": "select * from query_table('registry.model')",
    "the clock": "select now()",
    "the clock as a word": "select current_timestamp",
    "the day": "select current_date",
    "chance": "select random()",
    "a random name": "select uuid()",
    "a sample": "select * from registry.model using sample 1",
    "recursion": "with recursive t as (select 1 a union all select a + 1 from t) select a from t",
    "text out of nothing": "select length(repeat('x', 2000000000))",
    "padding": "select length(lpad('x', 2000000000, 'y'))",
    "a list out of nothing": "select list_sum(range(1, 1000000000))",
    "a list unnested": "select count(*) from unnest(range(1, 1000000000))",
    "sleep": "select sleep_ms(100000)",
    "a log entry": "select write_log('hello')",
    "a function in another schema": "select main.getenv('HOME')",
    "deep brackets": "select " + "(" * 15_000 + "1" + ")" * 15_000,
    "100,000 brackets": "select " + "(" * 100_000 + "1" + ")" * 100_000,
    "deep lists": "select " + "[" * 900 + "1" + "]" * 900,
    "a join of hundreds": "select 1 from " + ", ".join(f"range(1) t{i}" for i in range(500)),
    "no SQL at all": "hello",
    "nothing": "",
}


@pytest.mark.parametrize("sql", ESCAPES.values(), ids=ESCAPES)
def test_a_way_out_is_refused_before_anything_runs(sandbox, sql):
    """Refused with a sentence and a remedy; the process, the sandbox and the data live on."""
    with pytest.raises(SandboxError) as refused:
        sandbox.rows(sql)

    assert refused.value.what
    assert refused.value.fix
    assert sandbox.rows("select model from registry.model").rows == [("churn",)]
    assert not os.path.exists("/tmp/quaestor-escape.csv")  # noqa: PTH110, S108 - the escape's own


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            "select count(*) from range(100000) a, range(100000) b where a.range * b.range % 7 = 3",
            "was stopped after 0.5 s",
        ),
        ("select a.range from range(2000) as a, range(2000) as b", "more than 1000000 rows"),
        ("select 'x'::integer", "Could not convert string 'x' to INT32"),
        ("select ownr from registry.model", "there is no column 'ownr'"),
        ("select 1 from registry.modle", "there is no table 'modle'"),
        ("select $days", "Values were not provided"),
    ],
)
def test_a_query_ends_at_its_limits(sandbox, sql, message):
    """Time, memory and rows are bounded, and the next query runs as if nothing had been."""
    with pytest.raises(SandboxError, match=message):
        sandbox.rows(sql)

    assert sandbox.rows("select model from registry.model").rows == [("churn",)]


def test_memory_is_bounded_and_nothing_is_spilled_to_disk():
    """Beyond its memory a query fails, long before its time."""
    limits = Limits(seconds=60, memory="256MB")
    with Warehouse(":memory:") as warehouse, Sandbox(warehouse, limits=limits) as sandbox:
        with pytest.raises(SandboxError, match="needs more than 256MB of memory"):
            sandbox.rows("select string_agg(range::varchar, ',') from range(1000000000)")

        assert sandbox.rows("select 1").rows == [(1,)]


def test_the_engine_itself_is_closed_too(tmp_path):
    """Should a tree ever be misjudged, the second fence holds: no file, no setting, no write."""
    path = tmp_path / "w.duckdb"
    Warehouse(path).close()
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with Warehouse(path, read_only=True) as warehouse, Sandbox(warehouse) as sandbox:
        for sql in (
            f"select * from read_csv('{secret}')",
            "set threads = 2",
            f"attach '{tmp_path / 'other.duckdb'}' as other",
            "select * from focus.charge",
        ):
            with pytest.raises(SandboxError):
                sandbox.run(sql, {})


def test_a_warehouse_in_memory_is_read_in_a_read_only_transaction():
    """A case's warehouse can be written by the runner, and not by the policy."""
    with Warehouse(":memory:") as warehouse, Sandbox(warehouse) as sandbox:
        with pytest.raises(SandboxError, match="read-only"):
            sandbox.run("create table mine (a integer)", {})
        warehouse.run("insert into registry.model (source, model) values ('r', 'late')")

        assert sandbox.rows("select model from registry.model").rows == [("late",)]


def test_candidates_are_named_for_a_misspelt_column(sandbox):
    """What stands there instead is the remedy."""
    with pytest.raises(SandboxError) as wrong:
        sandbox.rows("select ownr from registry.model")

    assert "owner" in (wrong.value.fix or "")


def test_what_policies_need_is_there(sandbox):
    """Joins, with, windows, lists, structs, JSON, regular expressions, dates, parameters."""
    sandbox.rows(
        """
        with a as (select model, row_number() over (order by model) as place from registry.model)
        select
            {'model': a.model}, list_filter([1, 2], lambda x: x > 1), [x + 1 for x in [1]],
            '{"b": 1}' ->> '$.b', regexp_matches(a.model, '^c'), date_diff('day', date '2026-01-01',
            timestamp '2026-02-01'), count(*) filter (where place = 1) over (), a.model like 'c%',
            coalesce(null, 1), case when place = 1 then 'first' end, extract(year from date
            '2026-01-01'), a.model in ('churn'), place between 1 and 2, interval 3 day
        from a left join registry.run as r on r.name = a.model
        union all
        select null, null, null, null, null, null, null, null, null, null, null, null, null, null
        from range(1)
        """
    )

    assert sandbox.run("select $a::integer + 1", {"a": 1}).rows == [(2,)]


@pytest.mark.parametrize(
    ("text", "says_something"),
    [("ada", 1), ("", 0), ("  ", 0), ("\t\n", 0), ("\u00a0", 0), ("\u200b", 0), (None, 0)],
)
def test_invisible_text_says_nothing(sandbox, text, says_something):
    """Spaces, tabs, no-break and zero-width spaces are blank, and NULL is blank, never NULL."""
    answer = sandbox.run("select has_text($t::varchar), blank($t::varchar)", {"t": text})

    assert answer.rows == [(bool(says_something), not says_something)]


def test_supplies_reads_the_field_then_its_table(sandbox):
    """The exact field speaks first; a table speaks for its fields; silence is no supply."""
    answer = sandbox.rows(
        "select supplies(source, 'model.owner'), supplies(source, 'grant.right'), "
        "supplies(source, 'run.git_commit') from registry.model"
    )

    assert answer.rows == [(True, False, False)]


@pytest.mark.parametrize("whole", [True, False, None])
@pytest.mark.parametrize("own", [True, False, None])
def test_what_is_said_of_a_field_outweighs_what_is_said_of_its_table(own, whole):
    """Each source speaks for itself (None: it is silent); rows that change are seen to change."""
    with Warehouse(":memory:") as warehouse, Sandbox(warehouse) as sandbox:
        asked = "select supplies($source, 'model.owner')"
        tables = ["registry.evidence"]
        assert sandbox.run(asked, {"source": "a"}, tables=tables).rows == [(False,)]

        for field, said in (("model.owner", own), ("model", whole)):
            if said is not None:
                insert(warehouse, "registry.evidence", source="a", field=field, supplied=said)
            insert(warehouse, "registry.evidence", source="b", field=field, supplied=True)
        words = [said for said in (own, whole) if said is not None]
        for source, expected in (("a", [*words, False][0]), ("b", True), (None, False)):
            answer = sandbox.run(asked, {"source": source}, tables=tables)

            assert answer.rows == [(expected,)]


@pytest.mark.parametrize(
    ("text", "says_something"),
    [
        ("team-growth", True),
        ("None of these uses", True),
        ("not set in stone", True),
        ("noah", True),
        ("none", False),
        (" N/A. ", False),
        ("[More Information Needed]", False),
        ("TBD", False),
        ("NaN", False),
        ("<none>", False),
        ("n.a.", False),
        ("not yet known", False),
        ("-", False),
        ("", False),
        (None, False),
    ],
)
def test_a_filler_states_nothing(sandbox, text, says_something):
    """Who writes "n/a" or "TBD" into a field has filled it, and said nothing."""
    assert sandbox.run("select is_stated($t::varchar)", {"t": text}).rows == [(says_something,)]


def test_a_list_in_a_parameter_is_read_word_by_word(sandbox):
    """Spaces, capitals and stray commas do not matter; nothing is no word."""
    answer = sandbox.rows("select words_of(' AUC, f1 ,,log loss'), words_of(''), words_of(null)")

    assert answer.rows == [(["auc", "f1", "log loss"], [], [])]


def test_digests_are_told_from_names_and_from_each_other(sandbox):
    """With its algorithm or without, in capitals or not; of two lengths nobody can say."""
    md5, sha = "0123456789abcdef" * 2, "0123456789abcdef" * 4
    answer = sandbox.run(
        "select is_digest('md5:' || $md5), is_digest('repo/image:1@sha256:' || $sha), "
        "is_digest('latest'), is_digest(null), same_digest('sha256:' || $sha, upper($sha)), "
        "same_digest($sha, reverse($sha)), same_digest($md5, $sha), same_digest($md5, 'latest')",
        {"md5": md5, "sha": sha},
    )

    assert answer.rows == [(True, True, False, False, True, False, None, None)]


@pytest.mark.parametrize(("digits", "is_one"), [(31, False), (32, True), (128, True), (129, False)])
def test_a_digest_has_from_32_to_128_digits(sandbox, digits, is_one):
    """What has fewer or more is none, and equal to nothing, not even to itself."""
    answer = sandbox.run(
        "select is_digest($d::varchar), same_digest($d, 'sha256:' || $d)", {"d": "a" * digits}
    )

    assert answer.rows == [(is_one, True if is_one else None)]


@pytest.mark.parametrize(
    ("day", "recent"),
    [
        ("2026-11-22T23:59", True),
        ("2026-11-23T00:00", False),
        ("2026-10-22T00:00", True),
        ("2026-10-21T23:59", False),
        (None, None),
    ],
)
def test_recent_is_counted_in_whole_days(sandbox, day, recent):
    """Thirty days ago is recent and thirty-one are not, nor is what is yet to come."""
    answer = sandbox.run(
        "select is_recent($day::timestamp, timestamp '2026-11-21 12:00', $days)",
        {"day": day, "days": 30},
    )

    assert answer.rows == [(recent,)]


def test_a_high_risk_class_is_known_however_it_is_spelt(sandbox):
    """`high` is the word; nobody escapes the rules by writing High-risk."""
    answer = sandbox.rows(
        "select is_high_risk('high'), is_high_risk(' High-Risk'), is_high_risk('limited'), "
        "is_high_risk(null)"
    )

    assert answer.rows == [(True, True, False, False)]


def test_in_production_knows_the_words_for_it_and_that_a_blank_says_nothing(sandbox):
    """Nobody knows where a deployment without an environment runs, so it is neither."""
    answer = sandbox.run(
        "select in_production(' Prod '), in_production('live'), in_production('pre-production'), "
        "in_production(chr(160)), in_production(null), in_production('Prod-EU'), "
        "in_production('prod2'), in_production('non-prod'), in_production('product-demo')",
        {},
    )

    assert answer.rows == [(True, True, False, None, None, True, True, False, False)]


def test_a_metric_is_a_finite_number_or_nothing(sandbox):
    """A name with a dot is a name; NaN, null, words and broken JSON are no figure."""
    answer = sandbox.run(
        "select metric_of($m, 'auc'), metric_of($m, 'f1.test'), metric_of($m, 'nan'), "
        "metric_of($m, 'word'), metric_of($m, 'null'), metric_of($m, 'gone'), "
        "metric_of('no json', 'auc'), metric_of(null, 'auc')",
        {"m": '{"auc": 0.9, "f1.test": 1e-05, "nan": "NaN", "word": "good", "null": null}'},
    )

    assert answer.rows == [(0.9, 1e-05, None, None, None, None, None, None)]


@pytest.mark.parametrize("name", ["$", "$[", "$.a", "a/b", "/a", "~0", "", '"', "'; --", "*"])
def test_a_metric_may_have_any_name(sandbox, name):
    """Names are hostile: one that looks like a path must not break the rule for everybody."""
    answer = sandbox.run(
        "select metric_of($m, $name), metric_of('{}', $name)",
        {"m": json.dumps({name: 0.5}), "name": name},
    )

    assert answer.rows == [(0.5, None)]


@pytest.mark.parametrize(
    ("lifecycles", "serves"),
    [
        (["archived", "production"], True),
        ([None, "production"], True),
        (["archived", "staging"], False),
        (["archived", None], None),
        ([], False),
    ],
)
def test_a_model_serves_where_one_of_its_versions_does(lifecycles, serves):
    """One in production is enough; of what nobody placed nobody knows."""
    with Warehouse(":memory:") as warehouse:
        warehouse.run("insert into registry.model (source, model) values ('r', 'churn')")
        for number, lifecycle in enumerate(lifecycles):
            warehouse.run(
                "insert into registry.model_version (source, model, version, lifecycle) "
                "values ('r', 'churn', ?, ?)",
                [str(number), lifecycle],
            )
        with Sandbox(warehouse) as box:
            assert box.rows("select serves(model) from registry.model").rows == [(serves,)]


def test_an_overridden_column_is_seen_by_every_query(sandbox):
    """The gate shows a candidate as if it were in production already; what is stored stays."""
    owner = "case when model = 'churn' then 'ada' end"
    sandbox.override("registry.model", {"owner": owner})

    assert sandbox.rows("select owner from registry.model").rows == [("ada",)]


@pytest.mark.parametrize(
    "text",
    [
        "true) from registry.model where (true",
        "true), (false",
        "true) union select (true",
        "true) order by (1",
        "true) limit (1",
        "true) group by all --",
        "true /*",
        "1 from focus.charge",
    ],
)
def test_an_expression_cannot_leave_its_brackets(sandbox, text):
    """One whole value, or it is refused: so it means the same wherever it is put."""
    [verdict] = sandbox.judge([(text, True)])

    assert isinstance(verdict, SandboxError)


def test_a_line_comment_ends_with_its_line(sandbox):
    """A remark at the end of an expression comments out nothing of ours."""
    [verdict] = sandbox.judge([("true -- because", True)])

    assert not isinstance(verdict, SandboxError)


def test_two_sandboxes_share_an_engine():
    """One after another, or at once: each has its own catalogue."""
    with Warehouse(":memory:") as warehouse:
        warehouse.run("insert into registry.model (source, model) values ('r', 'churn')")
        with Sandbox(warehouse) as first, Sandbox(warehouse) as second:
            first.override("registry.model", {"owner": "'first'"})

            assert first.rows("select owner from registry.model").rows == [("first",)]
            assert second.rows("select owner from registry.model").rows == [(None,)]
