"""Asked together or alone, with all columns or only those it names: a policy says the same."""

from __future__ import annotations

import pytest

from builders.rows import insert
from quaestor.audit.compile import Compiled
from quaestor.audit.evaluate import evaluate
from quaestor.audit.policies import load_policies
from quaestor.audit.widths import needed_columns
from quaestor.core.period import utc
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.sandbox import Sandbox

NOW = utc("2026-11-21T06:00")
HEAD = """
title: A rule
severity: low
why: Because.
remedy: {text: Do.}
source: A book
"""


def rule(require, reason="{model}", params=""):
    """A policy about models."""
    return f'{HEAD}subject: registry.model\nrequire: >\n  {require}\nreason: "{reason}"\n{params}'


def select(sql):
    """A policy by SELECT, from the rest of the SELECT after its verdict."""
    return (
        f"{HEAD}sql: |\n  select source, model as subject, null as reason, null as evidence,\n"
        f"    null as at_stake_per_month, {sql}\n"
    )


DAYS = "params: {{days: {{type: integer, default: {}, min: 1, max: 365}}}}\n"


@pytest.fixture
def answers(tmp_path):
    """Judge two models by policies, and return each verdict and reason."""

    def run(*texts):
        folder = tmp_path / "rules" / "own"
        folder.mkdir(parents=True)
        for number, text in enumerate(texts):
            (folder / f"rule-{number}.yaml").write_text(text)
        with Warehouse(":memory:") as warehouse:
            for model, owner, day in (("old", "ada", "2026-11-01"), ("new", None, "2026-11-20")):
                row = {"source": "r", "model": model, "owner": owner, "created_at": day}
                insert(warehouse, "registry.model", **row)
            findings = evaluate(warehouse, load_policies([tmp_path / "rules"]), params={}, now=NOW)
        return {(one.policy, one.subject): (one.verdict.value, one.reason) for one in findings}

    return run


def test_namesakes_among_parameters_stay_apart(answers):
    """Two policies ask with `$days`, each with its own; a text that reads `$days` stays a text."""
    text = "created_at > $now - to_days($days)"
    found = answers(
        rule(text, "older than {days}", DAYS.format(5)),
        rule(text, "older than {days}", DAYS.format(50)),
        rule(f"{text} -- don't\n  or owner = '$days'", "older than {days}", DAYS.format(7)),
        rule("owner <> '$days'"),
    )

    assert found["rule-0", "old"] == ("fail", "older than 5")
    assert found["rule-1", "old"] == ("pass", None)
    assert found["rule-2", "old"] == ("fail", "older than 7")
    assert found["rule-3", "old"] == ("pass", None)
    assert found["rule-3", "new"][0] == "unknown"


@pytest.mark.parametrize("odd", ["/* it's */ true", "'' = E'it\\'s' or true", '"owner" <> \'"\''])
def test_a_text_stays_a_text_whatever_stands_before_it(answers, odd):
    """A quote in a remark, an escaped one, a quoted name: what looks like a call is none."""
    text = f"({odd}) and 'has_text(owner)' = concat('has_', 'text(owner)') and has_text(owner)"
    found = answers(rule(text), rule(text), rule("has_text(owner)"))

    assert {found[f"rule-{number}", "old"] for number in range(3)} == {("pass", None)}


@pytest.mark.parametrize(
    "sql",
    [
        "if(owner = 'ada', 'pass', 'fail') as verdict from (select * from registry.model)",
        "if(to_json(m) ->> '$.owner' = 'ada', 'pass', 'fail') as verdict from registry.model as m",
        "if(m.owner = 'ada', 'pass', 'fail') as verdict from registry.model as m",
        (
            "if(to_json(registry.model) ->> '$.owner' = 'ada', 'pass', 'fail') as verdict "
            "from registry.model"
        ),
        "'pass' as verdict from registry.model where columns('^own.*r$') is not null",
        "if(len(concat(*columns('^own.*r$'))) = 3, 'pass', 'fail') as verdict from registry.model",
    ],
    ids=["star", "a row", "named", "a row by its schema", "columns in where", "columns"],
)
def test_a_select_sees_every_column_that_it_asks_for(answers, sql):
    """By name, by `*`, by a pattern, and as a whole row."""
    assert answers(select(sql))["rule-0", "old"] == ("pass", None)


@pytest.mark.parametrize("many", [1, 3], ids=["alone", "together"])
@pytest.mark.parametrize(
    "says",
    [
        "to_json(registry.model) ->> '$.owner' = 'ada'",
        "len(concat(*columns('^own.*r$'))) = 3",
        (
            "exists (select 1 from registry.model as m where m.model = model.model "
            "and len(concat(*columns('^own.*r$'))) = 3)"
        ),
    ],
    ids=["a row by its schema", "columns", "columns within"],
)
def test_a_rule_sees_every_column_that_it_asks_for(answers, many, says):
    """As a whole row or by a pattern, which name no column."""
    found = answers(*[rule(says, reason="no")] * many)

    assert [found[f"rule-{number}", "old"] for number in range(many)] == [("pass", None)] * many


@pytest.mark.parametrize("many", [1, 3], ids=["alone", "together"])
def test_a_row_as_a_value_has_every_column(many, tmp_path):
    """By the table's own name, too, which is no column of it."""
    says = "to_json(run) ->> '$.pipeline' = 'p' and run.run_id = model_version.run_id"
    asked = f"exists (select 1 from registry.run where {says})"
    say = rule(asked).replace("registry.model\n", "registry.model_version\n")
    family = tmp_path / "rules" / "own"
    family.mkdir(parents=True)
    for number in range(many):
        (family / f"rule-{number}.yaml").write_text(say)
    with Warehouse(":memory:") as warehouse:
        insert(warehouse, "registry.run", source="r", run_id="1", pipeline="p")
        insert(warehouse, "registry.model_version", source="r", model="m", version="1", run_id="1")
        findings = evaluate(warehouse, load_policies([family.parent]), params={}, now=NOW)

    assert [one.verdict.value for one in findings] == ["pass"] * many


def test_only_what_is_named_is_seen():
    """A column of another table by a table's name does not make the engine see all of it."""
    sql = (
        "select 'x' as model, j.model_version from usage.gpu_job as j "
        "join registry.model_version as v on v.version = j.model_version"
    )
    with Warehouse(":memory:") as warehouse, Sandbox(warehouse) as sandbox:
        select_ = sandbox.select(sql)
        compiled = Compiled(
            sql=sql,
            tables=select_.tables,
            parameters=select_.parameters,
            whole=select_.whole,
            unqualified=select_.unqualified,
        )
        needed = needed_columns([compiled], sandbox.columns())

    assert needed["registry.model_version"] == ["model", "version"]
    assert needed["usage.gpu_job"] == ["model", "model_version"]


def test_of_those_asked_together_subqueries_and_macros_are_seen():
    """The rows that they look at are read beside the views; what their macros read is not."""
    answers = (
        "serves(model)",
        "exists (select 1 from registry.run as r where r.pipeline = owner)",
    )
    tables = frozenset({"registry.model", "registry.run"})
    asked = Compiled(sql=", ".join(answers), tables=tables, parameters=frozenset(), answers=answers)
    with Warehouse(":memory:") as warehouse, Sandbox(warehouse) as sandbox:
        needed = needed_columns([], sandbox.columns(), together=[asked])

    assert needed["registry.model_version"] == ["model", "lifecycle"]
    assert needed["registry.run"] == ["pipeline"]


def test_tables_that_are_needed_whole_are_known():
    """A `*`, a row as a value, a natural join, renamed columns; a `with` is no table."""

    def whole(sql):
        with Warehouse(":memory:") as warehouse, Sandbox(warehouse) as sandbox:
            return sandbox.select(sql).whole

    assert whole("select * from registry.model") == {"registry.model"}
    assert whole("select to_json(m) from registry.model as m") == {"registry.model"}
    assert whole("select 1 from registry.model natural join registry.run") == {
        "registry.model",
        "registry.run",
    }
    assert whole("select a from registry.model as m(a)") == {"registry.model"}
    assert whole("select 1 from (unpivot registry.model on columns('.*'))") == {"registry.model"}
    assert whole("select model from registry.model where exists (from registry.run)") == {
        "registry.run"
    }
    assert whole("with a as (select model from registry.model) select * from a") == set()


def test_a_broken_one_among_many_is_told_apart(answers):
    """The others' answers are what they were."""
    found = answers(rule("has_text(owner)"), rule("ownr = 'x'"), rule("has_text(owner)"))

    assert found["rule-0", "old"] == found["rule-2", "old"] == ("pass", None)
    assert found["rule-1", "*"][0] == "error"


def test_a_macro_sees_its_columns_whatever_a_neighbour_names(answers):
    """`serves` reads lifecycles, which no policy here names; the first shows versions without."""
    versions = select("'pass' as verdict from registry.model_version")
    found = answers(versions, rule("not serves(model)"))

    assert found["rule-1", "old"] == ("pass", None)


def test_rules_with_patterns_keep_their_own_and_a_broken_one_is_told_apart(answers):
    """Asked together, each is held against its own pattern; one too large is asked alone."""
    text = "regexp_full_match(owner, $pattern)"
    said = "params: {{pattern: {{type: text, default: '{}'}}}}\n"
    found = answers(
        *(
            rule(text, "not {pattern}", said.format(one))
            for one in ("a.*", "b.*", "(", "(a{200}){200}", "a.*")
        )
    )

    assert found["rule-0", "old"] == found["rule-4", "old"] == ("pass", None)
    assert found["rule-1", "old"] == ("fail", "not b.*")
    assert found["rule-2", "*"][0] == found["rule-3", "*"][0] == "error"
    assert found["rule-2", "*"] != found["rule-3", "*"]
