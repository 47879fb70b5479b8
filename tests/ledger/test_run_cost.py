"""What a run costs: its own charges, or its part of the machine that it ran on."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.ledgers import build
from builders.rows import insert
from builders.work import (
    a_warehouse,
    billed,
    costs,
    endpoint,
    job,
    node,
    run,
    served,
    version,
)
from quaestor.warehouse.duckdb import Warehouse

ARN = "arn:aws:sagemaker:us-east-1:111122223333:training-job/churn-1"


def idle(warehouse: Warehouse) -> Decimal | None:
    """What idle capacity cost."""
    return warehouse.row("select sum(effective_cost) from ledger.cost where cost_kind = 'idle'")[0]


def why(warehouse: Warehouse) -> dict[str, str]:
    """How each run was priced."""
    return dict(warehouse.rows("select run, cost_source from ledger.run_cost"))


def test_runs_at_one_time_share_their_machine_and_the_rest_is_idle():
    """Two runs of 6 hours at one time, on a machine of 1 USD an hour: 6 USD were busy, not 12."""
    warehouse = a_warehouse()
    billed(warehouse, "2026-10-05", "24", "gpu-1")
    node(warehouse, gpus=1)
    job(warehouse, "a", "2026-10-05 06:00", 6)
    job(warehouse, "b", "2026-10-05 06:00", 6)
    build(warehouse)

    assert costs(warehouse) == {"a": 3, "b": 3}
    assert idle(warehouse) == 18


def test_a_run_costs_the_same_whatever_ran_before_or_is_listed_with_it():
    """Neither a longer history nor another day's runs change a run's cost."""
    alone, among = a_warehouse(), a_warehouse()
    for warehouse in (alone, among):
        node(warehouse, gpus=2)
        billed(warehouse, "2026-10-05", "48", "gpu-1")
        job(warehouse, "a", "2026-10-05 06:00", 6)
    for day in ("2026-09-30", "2026-10-04", "2026-10-06", "2026-11-02"):
        billed(among, day, "48", "gpu-1")
        job(among, day, f"{day} 01:00", 20, gpus=2)
    build(alone)
    build(among)

    assert costs(alone)["a"] == costs(among)["a"] == 6


def test_a_run_over_midnight_pays_each_day_at_its_price():
    """The price of a machine may change from one day to the next."""
    warehouse = a_warehouse()
    billed(warehouse, "2026-10-05", "24", "gpu-1")
    billed(warehouse, "2026-10-06", "48", "gpu-1")
    node(warehouse, gpus=1)
    job(warehouse, "a", "2026-10-05 21:00", 6)
    build(warehouse)

    assert costs(warehouse) == {"a": 3 * 1 + 3 * 2}


def test_gpus_beyond_those_of_the_machine_are_scaled_down():
    """Three runs that ask for both GPUs share them; the GPUs of a machine are no more than two."""
    warehouse = a_warehouse()
    billed(warehouse, "2026-10-05", "24", "gpu-1")
    node(warehouse, gpus=2)
    for name in ("a", "b", "c"):
        job(warehouse, name, "2026-10-05 00:00", 6, gpus=2)
    build(warehouse)

    assert sum(costs(warehouse).values()) == 6
    assert {round(cost, 8) for cost in costs(warehouse).values()} == {2}
    assert idle(warehouse) == 18


def test_a_machine_billed_for_some_hours_is_shared_over_these():
    """A machine that ran 8 hours for 8 USD: a run of 6 hours pays 6, not 2."""
    warehouse = a_warehouse()
    billed(warehouse, "2026-10-05", "8", "gpu-1", hours="8")
    node(warehouse, gpus=1)
    job(warehouse, "a", "2026-10-05 00:00", 6)
    build(warehouse)

    assert costs(warehouse) == {"a": 6}
    assert idle(warehouse) == 2


def test_charges_hour_by_hour_say_how_long_the_machine_was_there():
    """Where a bill counts no hours, the hours that its charges cover are counted."""
    warehouse = a_warehouse()
    for hour in range(8):
        start = datetime(2026, 10, 5, hour)
        billed(
            warehouse,
            "2026-10-05",
            "1",
            "gpu-1",
            hours=None,
            ChargePeriodStart=start,
            ChargePeriodEnd=start + timedelta(hours=1),
        )
    node(warehouse, gpus=1)
    job(warehouse, "a", "2026-10-05 00:00", 6)
    build(warehouse)

    assert costs(warehouse) == {"a": 6}


def test_gpus_are_those_the_bill_names_where_no_cluster_does():
    """SkuPriceDetails has GpuCount since FOCUS 1.1."""
    warehouse = a_warehouse()
    details = json.dumps({"GpuCount": 8, "InstanceType": "p4d.24xlarge"})
    billed(warehouse, "2026-10-05", "192", "gpu-1", SkuPriceDetails=details)
    job(warehouse, "a", "2026-10-05 00:00", 6)
    build(warehouse)

    assert costs(warehouse) == {"a": 6}


def test_without_a_count_of_gpus_what_runs_carries_the_machine():
    """A run that has a machine of unknown size to itself pays for it while it runs."""
    warehouse = a_warehouse()
    billed(warehouse, "2026-10-05", "24", "gpu-1")
    job(warehouse, "a", "2026-10-05 00:00", 6)
    build(warehouse)

    assert costs(warehouse) == {"a": 6}


def test_a_pool_is_shared_by_machines():
    """Azure ML bills a cluster of machines as one resource: 48 hours are two machines."""
    warehouse = a_warehouse()
    billed(warehouse, "2026-10-05", "48", "pool", hours="48")
    job(warehouse, "a", "2026-10-05 00:00", 12, resource_id="pool", instances=2)
    job(warehouse, "b", "2026-10-05 12:00", 6, resource_id="pool", instances=1)
    build(warehouse)

    assert costs(warehouse) == {"a": 24, "b": 6}
    assert idle(warehouse) == 18


def test_a_job_on_the_bill_costs_its_own_charges():
    """A SageMaker job's ARN is a resource of the bill; volumes and machines of it are its own."""
    warehouse = a_warehouse()
    billed(warehouse, "2026-10-05", "5", ARN)
    billed(warehouse, "2026-10-06", "2.5", ARN, SkuId="volume")
    job(warehouse, ARN, "2026-10-05 20:00", 6, source="aws", kind="training-job", resource_id=ARN)
    build(warehouse)

    assert costs(warehouse) == {ARN: Decimal("7.5")}
    assert why(warehouse) == {ARN: "bill: charges of its own"}


def test_a_name_that_is_used_again_is_no_longer_run():
    """Charges of a job's resource on days on which it did not run are its model's, and no run's."""
    warehouse = a_warehouse()
    for day in ("2026-09-30", "2026-10-04", "2026-10-05", "2026-10-06", "2026-10-07"):
        billed(warehouse, day, "5", ARN, Tags=json.dumps({"model": "churn"}))
    job(warehouse, ARN, "2026-10-05 20:00", 28, source="aws", kind="training-job",
        resource_id=ARN, model="churn")  # fmt: skip
    build(warehouse)

    assert costs(warehouse) == {ARN: 10}
    assert warehouse.rows(
        "select kept, sum(effective_cost) from ledger.model_day group by 1 order by 1"
    ) == [("run", 10), (None, 15)]


def test_a_run_in_pods_costs_the_parts_that_the_bill_gives_them():
    """What a label names as a run is that run's, through whatever pods it had."""
    warehouse = a_warehouse()
    run(warehouse, "r1", "2026-10-05 01:00")
    build(warehouse)
    insert(
        warehouse,
        "ledger.part",
        day="2026-10-05",
        source="bill",
        charge_category="Usage",
        cluster="c",
        allocated_to="ml/run/r1",
        allocated_ratio="0.25",
        cost_kind="direct",
        rule="label",
        billing_currency="USD",
        billing_billed_cost="3",
        billing_effective_cost="3",
        effective_cost="3",
        charges=1,
        is_transfer=False,
    )
    warehouse.run("insert into ledger.stale_month values ('2026-10-01')")
    one_table(warehouse, "run_day")
    one_table(warehouse, "run_cost")

    assert costs(warehouse) == {"r1": 3}
    assert why(warehouse) == {"r1": "bill: its parts of a cluster"}


def one_table(warehouse: Warehouse, table: str) -> None:
    """Fill one table from its file."""
    from quaestor import ledger

    (path,) = ledger.SQL.rglob(f"{table}.sql")
    warehouse.run(f"delete from ledger.{table}")
    warehouse.run(f"insert into ledger.{table} by name {path.read_text()}")


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"resource_id": None}, "unknown: nobody says what it ran on"),
        ({"resource_id": "gpu-9"}, "unknown: gpu-9 is not on the bill"),
        ({"hours": None, "state": None}, "unknown: nobody says when it ended"),
        ({"hours": 30}, "unknown: its machine is on the bill of 1 of its 2 days"),
        ({"day": "2026-10-06"}, "unknown: a charge has no exchange rate"),
    ],
)
def test_what_is_not_known_is_null_with_its_reason(told: dict, reason: str):
    """A run's cost is never zero, and never a part of itself, because something is missing."""
    told = {"day": "2026-10-05", "hours": 1, **told}
    warehouse = a_warehouse()
    billed(warehouse, "2026-10-05", "24", "gpu-1")
    billed(warehouse, "2026-10-06", "24", "gpu-1", BillingCurrency="XTS")
    if told["hours"] == 30:
        warehouse.run("delete from focus.charge where BillingCurrency = 'XTS'")
        billed(warehouse, "2026-10-07", "1", "other")
    node(warehouse)
    day, hours = told.pop("day"), told.pop("hours")
    job(warehouse, "a", f"{day} 01:00", hours, **told)
    build(warehouse)

    assert costs(warehouse) == {"a": None}
    assert why(warehouse) == {"a": reason}


def test_a_job_whose_end_nobody_knows_leaves_no_idle_time():
    """It may have run on: what no job is known to have had is unknown then, never idle."""
    warehouse = a_warehouse()
    billed(warehouse, "2026-10-06", "24", "gpu-1")
    node(warehouse)
    job(warehouse, "lost", "2026-10-05 01:00", None, state=None)
    job(warehouse, "a", "2026-10-06 01:00", 6)
    build(warehouse)

    assert costs(warehouse)["a"] == 6
    assert idle(warehouse) is None
    assert warehouse.row(
        "select effective_cost from ledger.cost where allocated_to = 'unknown'"
    ) == (18,)


def test_a_job_that_never_ran_cost_nothing():
    """A cancelled job that waited only has no hours, and that is known."""
    warehouse = a_warehouse()
    insert(
        warehouse,
        "usage.gpu_job",
        source="slurm",
        job="a",
        state="cancelled",
        gpus=8,
        gpu_hours=0,
        submitted_at="2026-10-05",
    )
    build(warehouse)

    assert costs(warehouse) == {"a": 0}
    assert why(warehouse) == {"a": "none: it did not run"}


def test_what_still_runs_costs_so_much_so_far():
    """Up to when the source was asked, and as far as the bill goes."""
    warehouse = a_warehouse()
    billed(warehouse, "2026-10-05", "24", "gpu-1")
    node(warehouse)
    job(
        warehouse,
        "a",
        "2026-10-05 12:00",
        None,
        state="running",
        seen_at=datetime(2026, 10, 6, 12),
        gpu_hours=24,
    )
    build(warehouse)

    assert costs(warehouse) == {"a": 12}
    assert why(warehouse) == {"a": "bill: its part of a machine, so far"}


def test_the_attempts_of_a_run_are_one_run():
    """A registry's run is what its jobs cost together; the last attempt says how it ended."""
    warehouse = a_warehouse()
    billed(warehouse, "2026-10-05", "24", "gpu-1")
    node(warehouse)
    run(warehouse, "r1", "2026-10-05 00:00", 12, name="nightly")
    job(warehouse, "1", "2026-10-05 00:00", 3, run_id="r1", state="failed", attempt=1)
    job(warehouse, "2", "2026-10-05 06:00", 6, run_id="r1", attempt=2)
    build(warehouse)
    found = warehouse.row("select source, run, name, state, gpu_hours, cost from ledger.run_cost")

    assert found == ("mlflow", "r1", "nightly", "completed", 9.0, 9)


def test_the_machine_of_a_run_is_its_models_on_the_bill():
    """What a run had of a machine is attributed by its version, and idle time to nobody."""
    warehouse = a_warehouse()
    billed(warehouse, "2026-10-05", "24", "gpu-1")
    node(warehouse)
    version(warehouse, "churn", "3", "2026-10-05 08:00", run_id="r1")
    run(warehouse, "r1", "2026-10-05 00:00", 6)
    job(warehouse, "1", "2026-10-05 00:00", 6, run_id="r1")
    build(warehouse)
    found = warehouse.rows(
        "select model, model_version, lifecycle_stage, cost_kind, effective_cost from ledger.cost"
        " order by effective_cost"
    )

    assert found == [
        ("churn", "3", "training", "direct", 6),
        (None, None, None, "idle", 18),
    ]


def test_a_dataset_and_a_team_are_told():
    """The digest is that of the training data; the team, of the model."""
    warehouse = a_warehouse()
    insert(warehouse, "registry.model", source="mlflow", model="churn", team="growth")
    run(warehouse, "r1", "2026-10-05 00:00")
    version(warehouse, "churn", "1", "2026-10-06", run_id="r1")
    for name, context, digest in (("x", "training", "aa"), ("y", "eval", "bb")):
        insert(
            warehouse,
            "registry.dataset",
            source="mlflow",
            run_id="r1",
            dataset=name,
            digest=digest,
            context=context,
        )
    build(warehouse)
    found = warehouse.row(
        "select team, model, model_version, dataset_digest, superseded from ledger.run_cost"
    )

    assert found == ("growth", "churn", "1", "aa", False)


def test_serving_is_no_run():
    """Endpoints are in no run's cost."""
    warehouse = a_warehouse()
    endpoint(warehouse, "e", "churn")
    served(warehouse, "e", "2026-10-05 00:00", 10)
    billed(warehouse, "2026-10-05", "24", "e")
    build(warehouse)

    assert costs(warehouse) == {}


JOBS = st.lists(
    st.tuples(
        st.integers(0, 47 * 60),  # minute of two days
        st.integers(1, 20 * 60),
        st.sampled_from([0.25, 0.5, 1, 2, 4, 8]),
    ),
    min_size=1,
    max_size=6,
)
MONEY = st.decimals("-1e6", "1e12", places=6, allow_nan=False, allow_infinity=False)


@settings(max_examples=25, deadline=None)
@given(JOBS, MONEY, st.sampled_from([1, 2, 8, None]), st.sampled_from(["24", "7.5", None]))
def test_whatever_runs_where_the_machine_is_made_up_to_the_last_digit(
    jobs: list, cost: Decimal, gpus: int | None, hours: str | None
):
    """Runs and idle time of a machine are what it cost; none is below zero where it is not."""
    warehouse = a_warehouse()
    for day in ("2026-10-05", "2026-10-06", "2026-10-07"):
        billed(warehouse, day, str(cost), "gpu-1", hours=hours)
    node(warehouse, gpus=gpus)
    for number, (minute, length, wanted) in enumerate(jobs):
        start = datetime(2026, 10, 5) + timedelta(minutes=minute)
        job(warehouse, str(number), start.isoformat(), length / 60, gpus=wanted)
    build(warehouse)
    runs = costs(warehouse)
    whole = warehouse.row("select sum(effective_cost) from ledger.cost")[0]
    rest = warehouse.row(
        "select coalesce(sum(effective_cost), 0) from ledger.cost"
        " where coalesce(allocated_to, '') not like 'job/%'"
    )[0]

    assert whole == 3 * cost
    assert sum(runs.values()) + rest == whole
    assert all(one * cost >= 0 for one in runs.values())
