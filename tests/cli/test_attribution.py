"""`quaestor attribution test`: what changed rules would move, and nothing is moved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders.rows import charge
from quaestor import ledger
from quaestor.core.config import read_config
from quaestor.normalise import settings
from quaestor.warehouse.duckdb import Warehouse

SAVED = """
attribution:
  - {name: gpu, match: {ResourceId: "gpu-*"}, team: vision}
"""
CHANGED = """
attribution:
  - {name: gpu, match: {ResourceId: "gpu-*"}, team: vision, model: detector}
  - {name: search, match: {ServiceName: /^search-(.*)/}, team: "search-{1}"}
  - {name: typo, match: {ServiceName: serach}, team: search}
"""


@pytest.fixture
def estate(warehouse):
    """Three charges in October and one in November, and the ledger under the saved rules."""
    Path("quaestor.yaml").write_text(SAVED)
    config = read_config(Path("quaestor.yaml"), {})
    charge(warehouse, "2026-10-01", "10", ResourceId="gpu-1")
    charge(warehouse, "2026-10-02", "4", ServiceName="search-eu", x_row=2)
    charge(warehouse, "2026-10-03", "1", ServiceName="other", x_row=3)
    charge(warehouse, "2026-11-03", "5", ServiceName="search-us", x_row=4)
    settings.write(warehouse, config)
    ledger.build(warehouse, config, lambda _: None)
    warehouse.close()


@pytest.fixture
def trial(estate, quaestor):
    """Try rules; return what was said."""

    def call(text, *arguments):
        Path("changed.yaml").write_text(text)
        return quaestor("attribution", "test", "--rules", "changed.yaml", *arguments)

    return call


def told(said):
    assert said.code == 0, said.err
    return json.loads(said.out)


def test_what_would_move_is_told_by_rule_kind_team_and_model(trial):
    """Money now, and under the changed rules, the largest change first."""
    moved = told(trial(CHANGED, "--format", "json"))["moved"]

    assert [(row["name"], row["before"], row["after"]) for row in moved["team"]] == [
        (None, "10", "1"),
        ("search-us", "0", "5"),
        ("search-eu", "0", "4"),
    ]
    assert [(row["name"], row["change"]) for row in moved["model"]] == [
        (None, "-10"),
        ("detector", "10"),
    ]
    assert [(row["name"], row["change"]) for row in moved["kind"]] == [
        ("direct", "9"),
        ("unattributed", "-9"),
    ]
    assert [row["name"] for row in moved["rule"]] == ["rule:search", "unattributed"]


def test_only_a_month_is_compared_where_one_is_asked_for(trial):
    """October's charges only."""
    moved = told(trial(CHANGED, "--month", "2026-10", "--format", "json"))["moved"]

    assert {row["name"]: row["change"] for row in moved["team"]} == {None: "-4", "search-eu": "4"}


def test_nothing_is_changed(trial):
    """The ledger, the rules and what the next build thinks of them are as before."""
    tables = ("cost", "tag_set", "charge_day", "day_state")

    def state():
        with Warehouse("quaestor.duckdb", read_only=True) as warehouse:
            others = ("config.tag_key", "config.shared_rule", "meta.property")
            return [
                warehouse.rows(f"from {table} order by all")
                for table in (*(f"ledger.{table}" for table in tables), *others)
            ] + warehouse.rows("select sql from duckdb_views() where schema_name = 'ledger'")

    before = state()
    trial(CHANGED)

    assert state() == before


def test_rules_that_nothing_falls_under_are_named(trial):
    """A pattern with a slip of the pen would else look like a rule without effect."""
    said = trial(CHANGED)

    assert "No charge falls under: rule:typo" in said.out
    assert said.out.endswith("Nothing was changed.\n")


def test_the_same_rules_move_nothing(trial):
    """Not a cent, and it is said."""
    assert trial(SAVED).out == "No money would move.\n\nNothing was changed.\n"


def test_a_table_for_people_shows_signs(trial):
    """One table for each group that changes."""
    out = trial(CHANGED).out

    assert "team       before  after  change" in out
    assert "(nobody)    10.00   1.00   -9.00" in out
    assert "search-us    0.00   5.00   +5.00" in out


def test_a_name_of_10_kb_does_not_push_the_figures_off_the_screen(trial):
    """It is cut in the table, and whole in the JSON."""
    long = "x" * 10_000
    text = CHANGED.replace("search-{1}", long)

    assert max(map(len, trial(text).out.splitlines())) < 120
    assert long in trial(text, "--format", "json").out


def test_shared_rules_are_tried_too(trial):
    """The rest of the rules stays as it is in quaestor.yaml."""
    text = "shared: [{name: rest, match: {cost_kind: unattributed}, by: even, among: team}]"
    moved = told(trial(text, "--format", "json"))["moved"]

    assert {row["name"]: row["change"] for row in moved["team"]}["vision"] == "5"
    assert {row["name"]: row["change"] for row in moved["kind"]} == {
        "shared": "5",
        "unattributed": "-5",
    }


@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        ("", "neither `attribution:` nor `shared:`", "as it would stand"),
        ("[1]", "neither `attribution:` nor `shared:`", "as it would stand"),
        ("{attribution: [], budgets: []}", "unknown key 'budgets'", "Only `attribution:`"),
        ("{attribution: [], shred: []}", "unknown key 'shred'", "'shared'"),
        (
            "attribution: [{name: a, match: {x: y}, team: t}, {name: a, match: {x: y}, team: t}]",
            "two rules are named 'a'",
            "of its own",
        ),
        ("attribution: [{name: a, match: {Servicename: y}, team: t}]", "'Servicename'", "Service"),
        ("attribution: [{name: a, match: {SkuId: /(/}, team: t}]", "regular expression", "RE2"),
        ("attribution: [{name: a, match: {SkuId: x}, team: '{1}'}]", "no group '1'", "numbered"),
        ("attribution: [{name: a, match: {SkuId: x}, stage: t}]", "stage", ""),
        ("attribution: {", "no valid YAML", "indentation"),
    ],
)
def test_bad_rules_are_refused_with_what_to_write(trial, text, what, fix):
    """Exit code 2, and the line where there is one."""
    said = trial(text)

    assert said.code == 2
    assert what in said.err
    assert fix in said.err
    assert "  in:  changed.yaml" in said.err


def test_rules_that_are_not_there_are_looked_for_where_they_were_named(estate, quaestor):
    """No new configuration is asked for: the path is wrong."""
    said = quaestor("attribution", "test", "--rules", "nofile.yaml")

    assert said.err == (
        "error: no such file\n  in:  nofile.yaml\n  fix: Check the path that --rules gives.\n"
    )


def test_other_changes_of_the_configuration_are_built_first(trial):
    """Else they would be counted as the rules' doing."""
    Path("quaestor.yaml").write_text(SAVED + "tags: {team: [kostenstelle]}\n")
    said = trial(CHANGED)

    assert said.code == 2
    assert "quaestor build" in said.err


def test_a_month_that_is_none_is_refused(trial):
    """13 months has no year."""
    assert "no month" in trial(CHANGED, "--month", "2026-13").err


def test_a_warehouse_is_not_made_by_looking(home, quaestor):
    """Without one it is said, and there is still none."""
    Path("quaestor.yaml").write_text(SAVED)
    Path("changed.yaml").write_text(CHANGED)
    said = quaestor("attribution", "test", "--rules", "changed.yaml")

    assert said.code == 3
    assert not Path("quaestor.duckdb").exists()
