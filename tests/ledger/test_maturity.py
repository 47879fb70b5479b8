"""How models are run: levels from evidence; what nobody tells is not what is not done."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from builders.ledgers import build
from builders.practices import FIELDS, GOOD, a_registry, a_version, practised, serving
from quaestor.core.errors import ConfigurationError
from quaestor.warehouse.duckdb import Warehouse


def good(**but: Any) -> dict[str, Any]:
    """A version that is run as well as can be, but for `run__pipeline=None` and the like."""
    columns = deepcopy(GOOD)
    for name, value in but.items():
        table, _, column = name.rpartition("__")
        (columns[table] if table else columns)[column] = value
    return columns


def maturity(warehouse: Warehouse, text: str = "", **of: Any) -> dict[str, Any]:
    """The one row of a scope."""
    practised(warehouse, text)
    scope, model, team = of.get("scope", "model"), of.get("model"), of.get("team")
    (row,) = warehouse.records(
        "from ledger.maturity where scope = ? and (?::varchar is null or model = ?) "
        "and (?::varchar is null or team = ?)",
        [scope, model, model, team, team],
    )
    return row


def test_a_model_that_does_it_all_is_at_level_4():
    """Nothing is advised, and each criterion says by what it is met."""
    warehouse = a_registry()
    a_version(warehouse, **good())
    row = maturity(warehouse)

    assert (row["level"], row["next_level"], row["is_next_advised"]) == (4, None, None)
    assert row["advice"] == "level 4 is reached: keep it"
    said = json.loads(row["evidence"])
    assert [one["criterion"] for one in said if one["met"] is not True] == []
    assert [one["level"] for one in said] == [1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 4]
    assert said[0]["told_by"] == "registry.dataset.quality_status"


def test_a_model_of_which_nothing_is_done_is_at_level_0():
    """Blank fields that the registry supplies are evidence: nobody did it."""
    warehouse = a_registry()
    a_version(warehouse)
    row = maturity(warehouse)

    assert row["level"] == 0
    assert row["missing"] == "data that versions name by digest"
    assert {one["met"] for one in json.loads(row["evidence"])} == {False, None}


@pytest.mark.parametrize(
    ("without", "level", "missing"),
    [
        ("dataset__digest", 0, "data that versions name by digest"),
        ("dataset__quality_status", 0, "checks of these data"),
        ("run__pipeline", 1, "runs that a pipeline starts"),
        ("run__git_commit", 1, "the run and commit of each version"),
        ("run_id", 0, "data that versions name by digest"),
        ("evaluated_at", 2, "an evaluation of each version"),
        ("approved_by", 2, "an approval of each version"),
        ("deployment__rollout_strategy", 3, "rollouts step by step"),
        ("deployment__rolls_back", 3, "deployments that roll back"),
        ("deployment__monitoring", 3, "monitoring of what is in production"),
        ("run__tags", 3, "training that a schedule, new data or drift starts"),
    ],
)
def test_each_criterion_counts(without: str, level: int, missing: str):
    """Without it the level is the one below, whatever is done beyond."""
    warehouse = a_registry()
    a_version(warehouse, **good(**{without: None}))
    row = maturity(warehouse)

    assert (row["level"], row["missing"]) == (level, missing)


def test_a_version_that_a_person_brought_in_is_not_integrated():
    """The registry names who registered it; an approval by a person takes nothing away."""
    warehouse = a_registry()
    a_version(warehouse, **good(created_by="ada"))

    assert maturity(warehouse)["missing"] == "versions that a pipeline brings in, and no person"


@pytest.mark.parametrize(
    ("field", "without", "level"),
    [
        ("dataset.digest", "dataset__digest", 0),
        ("dataset.quality_status", "dataset__quality_status", 0),
        ("run.pipeline", "run__pipeline", 1),
        ("model_version.evaluated_at", "evaluated_at", 2),
        ("model_version.approved_by", "approved_by", 2),
        ("deployment.rolls_back", "deployment__rolls_back", 3),
    ],
)
def test_what_nobody_tells_is_unknown_and_not_missing(field: str, without: str, level: int):
    """The level is the one reached for certain; nothing is missing, and nothing is advised."""
    supplies = tuple(each for each in FIELDS if each not in (field, "run", "dataset"))
    warehouse = a_registry(supplies=supplies)
    a_version(warehouse, **good(**{without: None}))
    row = maturity(warehouse)

    assert (row["level"], row["missing"], row["is_next_advised"]) == (level, None, None)
    assert row["unknown"]
    assert "may be reached already" in row["advice"]


def test_where_nothing_is_told_nothing_can_be_said():
    """No level 0 for a registry that has no fields for any of it."""
    warehouse = a_registry(supplies=())
    a_version(warehouse, run_id=None, created_by=None)
    row = maturity(warehouse)

    assert (row["level"], row["next_level"]) == (None, None)
    assert row["advice"] == "cannot say: nobody tells how it is run"
    assert maturity(warehouse, scope="organisation")["level"] is None


def test_every_version_in_production_counts_and_no_other():
    """One of two in production without an approval; an archived one is nobody's matter."""
    warehouse = a_registry()
    a_version(warehouse, **good(), version="1")
    other = {**good(approved_by=None), "deployment": None}
    a_version(warehouse, **other, version="0", lifecycle="archived")
    archived = maturity(warehouse)["level"]
    warehouse.run("update registry.model_version set lifecycle = 'production'")

    assert (archived, maturity(warehouse)["level"]) == (4, 2)


def test_an_organisation_has_the_level_of_most_of_its_spend():
    """Models with 80 % of it; where the spend of one is unknown, each model counts the same."""
    warehouse = a_registry()
    a_version(warehouse, "big", **good())
    a_version(warehouse, "small")
    warehouse.run("insert into registry.model (source, model, team) values ('mlflow', 'big', 'a')")
    by_count = maturity(warehouse, scope="organisation")["level"]
    serving(warehouse, "big", 80)
    serving(warehouse, "small", 20)
    by_spend = maturity(warehouse, scope="organisation")
    stricter = "advice: {params: {maturity: {majority_ratio: 0.9}}}"

    assert (by_count, by_spend["level"], by_spend["models"]) == (0, 4, 2)
    assert maturity(warehouse, stricter, scope="organisation")["level"] == 0
    assert maturity(warehouse, scope="team", team="a")["level"] == 4


def test_a_few_models_that_are_seldom_released_are_run_by_hand_with_good_reason():
    """The next level costs more than it is worth, and the advice says both figures."""
    warehouse = a_registry()
    a_version(warehouse)
    row = maturity(warehouse, scope="organisation")

    # One version that names no data: 24 h x 80 x 0.03, half of which the level takes away.
    assert row["next_value_per_month"] == Decimal("28.8")
    # (16 + 40 h) x 80 over 24 months, and 2 % upkeep.
    assert row["next_cost_per_month"] == Decimal("276.2667")
    assert row["is_next_advised"] is False
    assert row["advice"].startswith("level 0 is good enough for 1 model")


def test_the_next_level_is_advised_where_it_pays():
    """A model whose training cost a lot, and whose data nobody could name again."""
    warehouse = a_registry()
    a_version(warehouse)
    warehouse.run(
        "insert into ledger.version_cost (model, model_version, training_cost) "
        "values ('churn', '1', 100000)"
    )
    row = maturity(warehouse)

    assert row["next_value_per_month"] == Decimal("1528.8")
    assert row["is_next_advised"] is True
    assert row["advice"] == (
        "level 1 pays: data that versions name by digest would be worth 1,529 a month and cost "
        "276, without what cannot be said of data inconsistency"
    )


def test_what_a_level_is_worth_may_be_unknown():
    """Then it is neither advised nor advised against, and the reason is told."""
    warehouse = a_registry()
    a_version(warehouse, **good(deployment__rollout_strategy=None))
    row = maturity(warehouse)

    assert (row["level"], row["is_next_advised"]) == (3, None)
    assert row["next_value_per_month"] is None
    assert "no charge is known to be for serving it" in row["advice"]


def test_what_is_in_production_was_released_though_nobody_says_when():
    """By when it was made; where that is unknown too, so is how many releases there are."""
    warehouse = a_registry()
    a_version(warehouse, version="1", created_at=datetime(2025, 9, 2))
    a_version(warehouse, version="2", created_at=datetime(2026, 9, 2))
    a_version(warehouse, version="3", lifecycle="staging")
    told = maturity(warehouse)["releases_per_month"]
    a_version(warehouse, version="4", created_at=None)

    assert told == pytest.approx(1 / (90 * 24 / 730), abs=1e-6)
    assert maturity(warehouse)["releases_per_month"] is None


def test_hours_can_be_set_to_ones_own():
    """`advice: params: maturity`; a name that there is not is refused."""
    warehouse = a_registry()
    a_version(warehouse)
    cheap = "{model_hours_1: 0, platform_hours_1: 1}"

    assert maturity(warehouse, f"advice: {{params: {{maturity: {cheap}}}}}")["is_next_advised"]
    with pytest.raises(ConfigurationError, match="no parameter 'hours'"):
        build(warehouse, "advice: {params: {maturity: {hours: 1}}}")


def test_a_build_fills_it_and_leaves_it_out_without_a_registry():
    """One row for each model, its team and the organisation; names are the ledger's."""
    warehouse = a_registry()
    a_version(warehouse, "churn-old", **good())
    warehouse.run(
        "insert into registry.model (source, model, team, updated_at) "
        "values ('mlflow', 'churn-old', 'growth', ?)",
        [datetime(2026, 9, 1)],
    )
    build(warehouse, "names: [{field: model, old: churn-old, new: churn}]")

    assert warehouse.rows("select scope, model, team, level from ledger.maturity order by all") == [
        ("model", "churn", "growth", 4),
        ("organisation", None, None, 4),
        ("team", None, "growth", 4),
    ]
