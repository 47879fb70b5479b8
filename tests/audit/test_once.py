"""What many expressions ask of a row is worked out once, and means the same."""

from __future__ import annotations

import pytest

from quaestor.audit.once import Once
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.sandbox import Sandbox

COLUMNS = ("model", "owner", "team", "environment", "artifact_digest")


@pytest.mark.parametrize(
    ("expression", "read", "before"),
    [
        ("is_stated(owner) and is_stated(team)", '"?is_stated"[1] and "?is_stated"[2]', 1),
        ("is_stated(owner) or is_stated( owner )", '"?is_stated"[1] or "?is_stated"[1]', 1),
        ('blank("owner") or has_text(team)', '"?blank"[1] or (not "?blank"[2])', 1),
        ("serves(model)", '"?serves model"', 1),
        ("is_digest(artifact_digest)", '"?is_digest artifact_digest"', 1),
    ],
)
def test_calls_of_a_column_become_columns(expression, read, before):
    """Those of texts share a list, so that a pattern is compiled once for all of them."""
    once = Once(COLUMNS)

    assert (once.read(expression), len(once.expressions())) == (read, before)


@pytest.mark.parametrize(
    "expression",
    [
        "is_stated(lower(owner))",
        "is_stated(card)",
        "is_stated(m.owner)",
        "m.is_stated(owner)",
        "model = 'is_stated(owner)'",
        "true -- is_stated(owner)",
        """ "it's" = 'is_stated(owner)' """,
        "(select bool_or(is_stated(owner)) from registry.run)",
        "len(list_filter(words_of(team), lambda owner: is_stated(owner))) > 0",
        "len(list_filter(words_of(team), owner -> is_stated(owner))) > 0",
        "is_recent(owner, team, 3)",
    ],
)
def test_what_may_mean_something_else_is_let_be(expression):
    """An argument that is no column of the row, a text, a remark, a name of an inner query."""
    once = Once(COLUMNS)

    assert (once.read(expression), once.expressions()) == (expression, [])


@pytest.mark.parametrize("text", [None, "", "  ", "n/a", "TBD", "ada", "production", "a" * 32])
def test_both_ways_give_the_same_answer(text):
    """For every function that is worked out before."""
    asked = ["is_stated(owner)", "blank(owner)", "has_text(owner)", "in_production(environment)"]
    asked += ["is_digest(artifact_digest)", "serves(model)"]
    once = Once(COLUMNS)
    read = ", ".join(once.read(one) for one in asked)
    made = ", ".join(once.expressions())
    row = "select 'm' as model, $t::varchar as owner, $t::varchar as environment, "
    row += "$t::varchar as artifact_digest"
    with Warehouse(":memory:") as warehouse, Sandbox(warehouse) as sandbox:
        plain = sandbox.run(
            f"select {', '.join(asked)} from ({row})",
            {"t": text},
            tables=["registry.model_version"],
        )
        before = sandbox.run(
            f"select {read} from (select *, {made} from ({row}))",
            {"t": text},
            tables=["registry.model_version"],
        )

    assert before.rows == plain.rows
