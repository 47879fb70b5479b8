"""The lifetime cost of a model version: all that it took, rework included."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from builders.ledgers import build
from builders.rows import insert
from builders.work import a_warehouse, billed, endpoint, job, node, run, version
from quaestor.warehouse.duckdb import Warehouse

TAGS = '{{"model": "churn", "lifecycle_stage": "{stage}"{more}}}'


def tagged(warehouse: Warehouse, day: str, cost: str, stage: str, version: str | None = None):
    """A charge of the model churn for a stage."""
    more = f', "model_version": "{version}"' if version else ""
    billed(warehouse, day, cost, None, Tags=TAGS.format(stage=stage, more=more))


def lives(warehouse: Warehouse, *columns: str) -> dict[str, Any]:
    """Columns of each version of churn; one column is given bare."""
    names = ", ".join(columns)
    rows = warehouse.rows(
        f"select model_version, {names} from ledger.version_cost order by model_version"
    )
    return {key: values[0] if len(values) == 1 else tuple(values) for key, *values in rows}


def a_sweep() -> Warehouse:
    """Version 1 by the third of three runs, a sweep and a retry for version 2, on one machine."""
    warehouse = a_warehouse()
    node(warehouse)
    for number in range(1, 9):
        billed(warehouse, f"2026-10-0{number}", "24", "gpu-1")
    ran = [
        ("r1", "2026-10-01", "FAILED", "failed", None),
        ("r2", "2026-10-01 12:00", "FINISHED", "completed", None),
        ("r3", "2026-10-02", "FINISHED", "completed", None),
        ("s1", "2026-10-04", "KILLED", "cancelled", "sweep"),
        ("s2", "2026-10-05", "FINISHED", "completed", "sweep"),
        ("s3", "2026-10-06", "FINISHED", "completed", "sweep"),
        ("r9", "2026-10-08", "FINISHED", "completed", None),
    ]
    for name, start, status, state, parent in ran:
        tags = f'{{"mlflow.parentRunId": "{parent}"}}' if parent else None
        run(warehouse, name, start, 6, status=status, tags=tags)
        job(warehouse, f"job-{name}", start, 6, run_id=name, state=state)
    run(warehouse, "sweep", "2026-10-04", 54)
    version(warehouse, "churn", "1", "2026-10-02 07:00", run_id="r3")
    version(warehouse, "churn", "2", "2026-10-07", run_id="s2")
    return warehouse


def test_failed_and_superseded_runs_and_the_sweep_are_in_the_price_of_a_version():
    """Version 1 took three runs and 2 three of a sweep; each of 6 USD, one of them the winner."""
    warehouse = a_sweep()
    build(warehouse)
    found = lives(
        warehouse, "training_cost", "winning_run_cost", "runs", "failed_runs", "rework_ratio"
    )

    assert found == {
        "(no version)": (6, None, 1, 0, None),
        "1": (18, 6, 3, 1, 3.0),
        "2": (18, 6, 4, 1, 3.0),
    }


def test_what_made_no_version_is_superseded():
    """Only the runs that versions were made of are not."""
    warehouse = a_sweep()
    build(warehouse)
    found = dict(warehouse.rows("select run, superseded from ledger.run_cost order by run"))

    assert [name for name, superseded in found.items() if not superseded] == ["r3", "s2"]


def test_every_part_of_a_life_is_told_apart():
    """Data, training, evaluation, storage, serving, idle and what is of no stage add up."""
    warehouse = a_warehouse()
    version(warehouse, "churn", "1", "2026-10-05 00:00")
    for cost, stage in enumerate(("data", "training", "evaluation"), start=1):
        tagged(warehouse, "2026-10-02", str(cost), stage)
    for cost, stage in enumerate(("inference", "platform"), start=4):
        tagged(warehouse, "2026-10-07", str(cost), stage)
    build(warehouse)
    found = lives(
        warehouse,
        *("data_cost", "training_cost", "evaluation_cost", "storage_cost", "inference_cost"),
        *("idle_cost", "other_cost", "lifetime_cost", "first_day", "last_day"),
    )

    assert found == {"1": (1, 2, 3, 0, 4, 0, 5, 15, date(2026, 10, 2), date(2026, 10, 7))}


def test_training_belongs_to_the_next_version_and_serving_to_the_one_that_is_there():
    """What comes before a version's creation made it; what is after the last one, none yet."""
    warehouse = a_warehouse()
    version(warehouse, "churn", "1", "2026-10-05")
    version(warehouse, "churn", "2", "2026-10-10")
    for day, cost in (("2026-10-04", "1"), ("2026-10-06", "2"), ("2026-10-12", "4")):
        tagged(warehouse, day, cost, "training")
    tagged(warehouse, "2026-10-07", "8", "inference")
    tagged(warehouse, "2026-10-13", "16", "inference")
    tagged(warehouse, "2026-10-13", "32", "inference", version="2")
    build(warehouse)

    assert lives(warehouse, "training_cost", "inference_cost") == {
        "(no version)": (4, 16),
        "1": (1, 8),
        "2": (2, 32),
    }


def test_serving_is_the_version_that_is_served():
    """Where several exist and one is deployed, serving is its cost."""
    warehouse = a_warehouse()
    version(warehouse, "churn", "1", "2026-10-01")
    version(warehouse, "churn", "2", "2026-10-02")
    endpoint(warehouse, "e", "churn", "1")
    tagged(warehouse, "2026-10-13", "16", "inference")
    build(warehouse)

    assert lives(warehouse, "inference_cost") == {"1": 16}


def test_storage_of_a_models_bucket_is_divided_over_its_versions():
    """Three versions in a bucket of a dollar: to the last digit."""
    warehouse = a_warehouse()
    for name in ("1", "2", "3"):
        version(
            warehouse, "churn", name, "2026-10-01", artifact_uri=f"s3://models/churn/{name}.pkl"
        )
    insert(warehouse, "registry.store", source="aws", store="s3://models")
    billed(
        warehouse,
        "2026-10-05",
        "1",
        "arn:aws:s3:::models",
        ServiceName="Amazon Simple Storage Service",
    )
    build(warehouse)
    found = lives(warehouse, "storage_cost")

    assert sum(found.values()) == 1
    assert {round(one, 9) for one in found.values()} == {Decimal("0.333333333")}


def test_idle_capacity_of_a_models_own_machine_is_in_its_life():
    """A machine tagged with a model: its idle hours are the model's too, and told as such."""
    warehouse = a_warehouse()
    tags = '{"model": "churn"}'
    billed(warehouse, "2026-10-05", "24", "gpu-1", Tags=tags)
    node(warehouse)
    version(warehouse, "churn", "1", "2026-10-05", run_id="r1")
    run(warehouse, "r1", "2026-10-05 00:00", 6)
    job(warehouse, "1", "2026-10-05 00:00", 6, run_id="r1")
    build(warehouse)

    assert lives(warehouse, "training_cost", "idle_cost", "lifetime_cost") == {"1": (6, 18, 24)}


def test_what_nobody_knows_makes_the_whole_unknown_and_says_how_much_is_known():
    """A run without a price: no lifetime cost, the known rest, and one run unpriced."""
    warehouse = a_warehouse()
    version(warehouse, "churn", "1", "2026-10-05", run_id="r1")
    run(warehouse, "r1", "2026-10-04")
    tagged(warehouse, "2026-10-03", "5", "data")
    build(warehouse)

    assert lives(
        warehouse, "lifetime_cost", "training_cost", "known_cost", "unpriced_runs", "rework_ratio"
    ) == {"1": (None, None, 5, 1, None)}


def test_a_run_on_nobody_knows_what_is_in_the_charges_for_training():
    """What tags bill as the training of a version is its runs', where nothing says otherwise."""
    warehouse = a_warehouse()
    version(warehouse, "churn", "1", "2026-10-05", run_id="r1")
    run(warehouse, "r1", "2026-10-04")
    tagged(warehouse, "2026-10-04", "5", "training", version="1")
    build(warehouse)

    assert lives(
        warehouse, "lifetime_cost", "training_cost", "winning_run_cost", "unpriced_runs"
    ) == {"1": (5, 5, None, 1)}


def test_a_run_that_made_versions_of_two_models_is_counted_once():
    """Its cost is the first one's; nothing is spent twice."""
    warehouse = a_warehouse()
    billed(warehouse, "2026-10-05", "24", "gpu-1")
    node(warehouse)
    version(warehouse, "a", "1", "2026-10-05 07:00", run_id="r1")
    version(warehouse, "b", "1", "2026-10-05 08:00", run_id="r1")
    run(warehouse, "r1", "2026-10-05 00:00", 6)
    job(warehouse, "1", "2026-10-05 00:00", 6, run_id="r1")
    build(warehouse)
    found = warehouse.rows("select model, lifetime_cost from ledger.version_cost")

    assert found == [("a", 6)]


LINES = st.lists(
    st.tuples(
        st.integers(1, 28),
        st.decimals("-1e6", "1e12", places=6, allow_nan=False, allow_infinity=False),
        st.sampled_from(("data", "training", "evaluation", "inference", "platform", "none")),
        st.sampled_from((None, None, "1", "2", "7")),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(LINES, st.lists(st.integers(1, 28), max_size=4))
def test_versions_make_up_their_model(lines: list, created: list[int]):
    """Whatever a model's charges name or do not: its versions cost what it cost, exactly."""
    warehouse = a_warehouse()
    for number, day in enumerate(created, start=1):
        version(warehouse, "churn", str(number), f"2026-10-{day:02}")
    for day, cost, stage, name in lines:
        tagged(warehouse, f"2026-10-{day:02}", str(cost), stage, name)
    build(warehouse)

    assert sum(lives(warehouse, "lifetime_cost").values()) == sum(line[1] for line in lines)
