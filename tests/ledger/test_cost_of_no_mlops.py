"""What running models by hand costs: each category by hand, and no guess where data is missing."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.practices import DAY, FIELDS, GOOD, a_registry, a_version, practised, serving
from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse

MONTHS = 90 / (730 / 24)  # that releases and runs are counted over
CATEGORIES = (
    *("manual-workflow", "human-error", "data-inconsistency", "no-data-versioning"),
    *("deployment-delay", "scaling", "drift", "no-monitoring", "wasted-resources"),
    *("operations-and-compliance", "total"),
)


def costs(warehouse: Warehouse, text: str = "", model: str | None = "churn") -> dict[str, Any]:
    """The rows of a model by category."""
    practised(warehouse, text)
    rows = warehouse.records(
        "from ledger.cost_of_no_mlops where model is not distinct from ? order by position", [model]
    )
    return {row["category"]: row for row in rows}


def figures(row: dict[str, Any]) -> list[float | None]:
    """Low, base and high of a row."""
    return [None if row[name] is None else float(row[name]) for name in ("low", "base", "high")]


def assumed(base: float, unknown: float = 0) -> list[float]:
    """Half, once and twice; what is unknown is in high alone."""
    return pytest.approx([base / 2, base, (base + unknown) * 2], abs=1e-4)


def inputs(row: dict[str, Any]) -> dict[str, float]:
    return {one["name"]: one["value"] for one in json.loads(row["inputs"])}


def test_a_version_trained_and_deployed_by_hand():
    """Six and four hours at 80, once in three months; a version of nobody knows is in high."""
    warehouse = a_registry()
    hand = {"deployment": {"created_by": "ada", "created_at": datetime(2026, 9, 3)}}
    a_version(warehouse, **deepcopy(hand))
    a_version(warehouse, version="2", run={"pipeline": "p"}, **deepcopy(hand))
    row = costs(warehouse)["manual-workflow"]

    assert figures(row) == assumed((6 + 2 * 4) * 80 / MONTHS)
    assert inputs(row)["versions trained by hand"] == 1
    assert "assumed" in row["formula"]

    warehouse.run("delete from registry.evidence where field in ('run', 'run.pipeline')")
    row = costs(warehouse)["manual-workflow"]

    assert figures(row) == assumed(8 * 80 / MONTHS, unknown=6 * 80 / MONTHS)
    assert row["reason"] == "what nobody tells of 1 of 2 releases is in high alone"


def test_deployments_that_failed_or_were_taken_back():
    """Sixteen hours each: one failed, one archived in four days for an older one."""
    warehouse = a_registry()
    a_version(warehouse, created_at=datetime(2026, 8, 1), deployment={"status": "Failed"})
    a_version(
        warehouse,
        version="2",
        lifecycle="archived",
        created_at=datetime(2026, 10, 1),
        approved_at=datetime(2026, 10, 2),
        archived_at=datetime(2026, 10, 6),
    )
    row = costs(warehouse)["human-error"]

    assert figures(row) == assumed(2 * 16 * 80 / MONTHS)
    assert inputs(row)["versions taken back"] == 1


def a_run(warehouse: Warehouse, run: str, cost: str | None, **more: Any) -> None:
    """A completed run of churn on the data d1."""
    told = {"digest": "d1", "params": '{"lr": 1}', "commit": "abc", "state": "completed", **more}
    insert(
        warehouse,
        "ledger.run_cost",
        source="mlflow",
        run=run,
        model="churn",
        state=told["state"],
        cost=cost,
        started_at=datetime(2026, 10, 1),
        dataset_digest=told["digest"],
    )
    insert(
        warehouse,
        "registry.run",
        source="mlflow",
        run_id=run,
        params=told["params"],
        git_commit=told["commit"],
    )


def test_runs_repeated_on_the_same_data():
    """Low: data, parameters and commit; base: the first two; high: the data alone.

    The dearest of them was needed, and what failed is not repeated.
    """
    warehouse = a_registry()
    a_version(warehouse)
    a_run(warehouse, "a", "100")
    a_run(warehouse, "b", "90")
    a_run(warehouse, "c", "50", commit="def")
    a_run(warehouse, "d", "30", params='{"lr": 2}')
    a_run(warehouse, "e", "70", digest="d2")
    a_run(warehouse, "f", "60", state="failed")
    a_run(warehouse, "g", None)
    row = costs(warehouse)["data-inconsistency"]

    assert figures(row) == pytest.approx([90 / MONTHS, 140 / MONTHS, 170 / MONTHS], abs=1e-4)
    assert row["reason"] == "1 runs have no known cost"


def test_a_version_whose_data_nobody_can_name():
    """A day's search at 80 an hour and its training again, once in 33 months."""
    warehouse = a_registry()
    a_version(warehouse)
    warehouse.run(
        "insert into ledger.version_cost (model, model_version, training_cost) "
        "values ('churn', '1', 1000)"
    )

    assert figures(costs(warehouse)["no-data-versioning"]) == assumed((24 * 80 + 1000) * 0.03)

    insert(
        warehouse, "registry.dataset", source="mlflow", run_id="churn-1", dataset="o", digest="d"
    )

    assert figures(costs(warehouse)["no-data-versioning"]) == [0, 0, 0]


def test_days_between_training_and_production():
    """Eleven days from run to production, ten of them too many, of a model worth 7,300 a month."""
    warehouse = a_registry()
    a_version(warehouse, deployment={"created_at": datetime(2026, 9, 13)})
    insert(
        warehouse,
        "registry.model",
        source="mlflow",
        model="churn",
        business_value_per_month=Decimal(7300),
    )
    row = costs(warehouse)["deployment-delay"]

    assert inputs(row)["days of delay, all releases"] == 10
    assert figures(row) == assumed(10 * 240 * 0.02 / MONTHS)


def test_endpoints_that_are_too_large():
    """What counts of the advice about them, by its confidence."""
    warehouse = a_registry()
    a_version(warehouse)
    for number, (confidence, saving) in enumerate([("high", 100), ("medium", 20), ("low", 3)]):
        told = {
            "kind": "idle_endpoint",
            "subject": f"endpoint/{number}",
            "name": "e",
            "reason": "idle",
            "saving_per_month": saving,
            "confidence": confidence,
            "model": "churn",
        }
        insert(warehouse, "ledger.assessment", **told, answer="advise")
        insert(
            warehouse,
            "ledger.recommendation",
            **told,
            action="delete",
            risk="",
            evidence="{}",
            recommendation=f"{number}",
            counted_saving_per_month=saving,
            counts_because="best",
        )

    assert figures(costs(warehouse)["scaling"]) == [100, 120, 123]


def test_months_past_the_retraining_interval_and_what_nobody_watches():
    """730 a month for serving: 1 % a month past a year, 5 % of the rest to unseen faults."""
    warehouse = a_registry()
    old = {"ended_at": datetime(2025, 5, 5), "started_at": datetime(2025, 5, 4)}
    a_version(warehouse, run=old, created_at=datetime(2025, 5, 5))
    serving(warehouse, "churn", 24)
    rows = costs(warehouse)
    part = (545 - 365) / (730 / 24) * 0.01

    assert inputs(rows["drift"])["days past the interval"] == 180
    assert figures(rows["drift"]) == assumed(730 * part)
    assert figures(rows["no-monitoring"]) == assumed(730 * 0.05 * (1 - part))

    warehouse.run("update registry.model_version set monitoring = 'drift'")

    assert figures(costs(warehouse)["no-monitoring"]) == [0, 0, 0]


def test_gpus_that_did_nothing():
    """Failed, idle and stalled; endpoints are scaling's, and nobody's are in the total."""
    warehouse = a_registry()
    a_version(warehouse)
    for model, kind, failed, idle in (
        ("churn", "slurm", 10, 5),
        ("churn", "endpoint", 0, 99),
        (None, "cluster", 0, 7),
    ):
        insert(
            warehouse,
            "ledger.gpu_hour",
            day=DAY,
            source="s",
            cluster="c",
            node="n",
            model=model,
            kind=kind,
            gpu_hours=1,
            observed_gpu_hours=1,
            used_gpu_hours=0,
            idle_gpu_hours=0,
            unobserved_gpu_hours=0,
            cost=100,
            failed_cost=failed,
            idle_cost=idle,
            stalled_cost=1,
        )
    month = 730 / 24 / 30

    assert figures(costs(warehouse)["wasted-resources"]) == pytest.approx(
        [10 * month, 15 * month, 16 * month], abs=1e-4
    )
    everything = costs(warehouse, model=None)
    assert figures(everything["wasted-resources"]) == pytest.approx(
        [10 * month, 22 * month, 24 * month], abs=1e-4
    )
    told = [name for name, row in everything.items() if "what is nobody's" in inputs(row)]
    assert told == ["wasted-resources"]


def a_gpu_day(warehouse: Warehouse, **columns: Any) -> None:
    """A day of the model's GPU, idle and observed."""
    insert(
        warehouse,
        "ledger.gpu_hour",
        **{
            "day": DAY,
            "source": "s",
            "cluster": "c",
            "node": "n",
            "model": "churn",
            "kind": "slurm",
            "gpu_hours": 1,
            "observed_gpu_hours": 1,
            "used_gpu_hours": 0,
            "idle_gpu_hours": 1,
            "unobserved_gpu_hours": 0,
            "cost": 100,
            "failed_cost": 0,
            "idle_cost": 100,
            "stalled_cost": 0,
            **columns,
        },
    )


def test_hours_that_are_not_billed_yet_push_no_billed_day_out_of_the_month():
    """Thirty days of the bill are counted, though GPUs tell of days that are not billed yet."""
    warehouse = a_registry()
    a_version(warehouse)
    costs(warehouse)
    (last,) = warehouse.row("select max(day) from ledger.billed_day where complete")
    for day in range(32):
        a_gpu_day(warehouse, day=last - timedelta(days=day))
    unbilled = {"cost": None, "idle_cost": None, "failed_cost": None, "stalled_cost": None}
    a_gpu_day(warehouse, day=last + timedelta(days=2), **unbilled)

    row = costs(warehouse)["wasted-resources"]

    assert float(row["base"]) == pytest.approx(30 * 100 * 730 / 24 / 30)
    assert row["reason"] is None


@pytest.mark.parametrize("hours", [1, 0])
def test_gpus_that_nobody_watched_are_not_known_to_be_well_used(hours):
    """No hour of them is observed: what they wasted cannot be said, and is not zero."""
    unseen = {"observed_gpu_hours": 0, "idle_gpu_hours": 0, "idle_cost": 0}
    warehouse = a_registry()
    a_version(warehouse)
    a_gpu_day(warehouse, gpu_hours=hours, unobserved_gpu_hours=hours, **unseen)
    unknown = costs(warehouse)["wasted-resources"]
    a_gpu_day(warehouse, node="n2")
    partly = costs(warehouse)["wasted-resources"]

    assert figures(unknown) == [None, None, None]
    assert unknown["reason"] == "nobody tells what its GPUs did"
    assert partly["base"] > 0
    assert partly["reason"] == "without GPU-hours of which nobody tells what they did"


def test_what_nobody_approved_owns_or_may_break():
    """Four hours each: a version without approval, a model without an owner, a lapsed waiver."""
    warehouse = a_registry()
    a_version(warehouse)
    insert(warehouse, "registry.model", source="mlflow", model="churn")
    for waiver, expires in (("w1", "2026-10-01"), ("w2", "2027-10-01")):
        insert(
            warehouse,
            "registry.waiver",
            source="waivers.yaml",
            waiver=waiver,
            policy="p",
            subject="churn:1",
            expires=expires,
        )
    row = costs(warehouse)["operations-and-compliance"]

    assert figures(row) == assumed(3 * 4 * 80 / MONTHS)
    assert inputs(row)["waivers past their end"] == 1


def test_where_nothing_is_told_no_category_is_a_guess():
    """Each is null with its reason, and so is the total: never zero."""
    warehouse = a_registry(supplies=())
    a_version(warehouse, lifecycle=None, run_id=None, created_by=None)
    for model in ("churn", None):
        rows = costs(warehouse, model=model)

        assert list(rows) == list(CATEGORIES)
        assert [row["category"] for row in rows.values() if figures(row) != [None] * 3] == []
        assert [row["category"] for row in rows.values() if not row["reason"]] == []


def test_a_model_that_does_it_all_costs_nothing_by_hand():
    """Zero where it is known that nothing is amiss; what is not known is told in the total."""
    warehouse = a_registry()
    a_version(warehouse, **deepcopy(GOOD))
    rows = costs(warehouse)

    assert {name for name, row in rows.items() if figures(row) == [0, 0, 0]} >= {
        *("manual-workflow", "human-error", "no-data-versioning"),
        *("operations-and-compliance", "total"),
    }
    assert rows["total"]["reason"] == (
        "without data inconsistency, deployment delay, scaling, drift, no monitoring, "
        "wasted resources"
    )


def test_what_is_assumed_can_be_set():
    """`advice: params: cost_of_no_mlops`."""
    warehouse = a_registry()
    a_version(warehouse)
    text = "advice: {params: {cost_of_no_mlops: {engineer_rate: 100, low_ratio: 0.9}}}"
    low, base, high = figures(costs(warehouse, text)["no-data-versioning"])

    assert (low, base, high) == pytest.approx((64.8, 72, 144))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "by_hand": st.booleans(),
                "named": st.booleans(),
                "age": st.integers(0, 900),
                "cost": st.floats(0, 1e6),
                "told": st.booleans(),
            }
        ),
        min_size=1,
        max_size=4,
    )
)
def test_models_add_up_to_the_total(models: list[dict[str, Any]]):
    """Of each category the models, of each model its categories; and low <= base <= high."""
    warehouse = a_registry(supplies=FIELDS if models[0]["told"] else FIELDS[:3])
    for number, one in enumerate(models):
        made = datetime(2024, 5, 1) if one["age"] > 450 else datetime(2026, 9, 1)
        a_version(
            warehouse,
            f"m{number}",
            created_at=made,
            run={"ended_at": made, **({} if one["by_hand"] else {"pipeline": "p"})},
            dataset={"digest": "d"} if one["named"] else None,
        )
        serving(warehouse, f"m{number}", round(one["cost"], 2))
    practised(warehouse)

    assert (
        warehouse.rows(
            "select 1 from ledger.cost_of_no_mlops "
            "where not (low <= base and base <= high) or (base is null and reason is null)"
        )
        == []
    )
    by_category, by_model = (
        warehouse.rows(
            f"select {key}, max(base) filter (where {whole}), "
            f"sum(base) filter (where not {whole}) from ledger.cost_of_no_mlops group by {key}"
        )
        for key, whole in (("category", "(model is null)"), ("model", "(category = 'total')"))
    )
    for _, whole, parts in (*by_category, *by_model):
        assert (whole is None) == (parts is None)
        assert whole is None or abs(whole - parts) < Decimal("0.01")


def test_a_slip_of_a_hand_stops_nothing():
    """A model worth more than money can be has no figure for it; the others stand."""
    warehouse = a_registry()
    a_version(warehouse, deployment={"created_at": datetime(2026, 9, 30)}, run={"tags": "{"})
    insert(
        warehouse,
        "registry.model",
        source="mlflow",
        model="churn",
        business_value_per_month="999999999999999999",
    )
    rows = costs(warehouse, "advice: {params: {cost_of_no_mlops: {gain_ratio: 1}}}")

    assert figures(rows["deployment-delay"]) == [None] * 3
    assert rows["deployment-delay"]["reason"] == "its inputs are larger than money can be"
    assert rows["total"]["base"] > 0
