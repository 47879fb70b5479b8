"""What a deploy changes of a month's cost: exact, and unknown where nobody can tell."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from builders.rows import charge, insert
from quaestor.core.deploy import Deployed
from quaestor.ledger import deploy_cost
from quaestor.warehouse.duckdb import Warehouse

GPU = {"gpu_model": "A10G", "gpus": 1, "cores": 4, "gib": 16}
KUBERNETES = {
    "kind": "Deployment",
    "replicas": 2,
    "gpu_request": 1.0,
    "gpu_model": "NVIDIA-A10G",
    "cpu_request_cores": 2.0,
    "ram_request_gib": 8.0,
}


@pytest.fixture
def warehouse():
    with Warehouse(":memory:") as opened:
        insert(opened, "config.setting", name="currency", value="EUR")
        rate(opened, "USD", "2026-11-20", "0.5")
        yield opened


def rate(warehouse, currency, day, amount):
    insert(warehouse, "focus.rate_used", currency=currency, day=day, rate=amount)


def listed(warehouse, instance_type, price, **row):
    values = {
        "origin": "quaestor",
        "instance_type": instance_type,
        "capacity_type": "on-demand",
        "price": price,
        "currency": "USD",
        "gpus": 0,
        "cores": 0,
        "gib": 0,
        "price_source": "a list",
        "priced_on": "2026-01-01",
    } | row
    insert(warehouse, "config.price", **values)


def deployed(then, now=None, *, elsewhere=(), model="churn", version="7"):
    return Deployed(
        target="d.yaml",
        place="d.yaml:1",
        source="prod",
        deployment="prod/ml/Deployment/churn",
        kind=then.get("kind", "Deployment"),
        model=model,
        version=version,
        artifact_uri=None,
        elsewhere=elsewhere,
        then=then,
        now=now,
    )


def priced(warehouse, then, now=None, **more):
    [change] = deploy_cost.price(warehouse, [deployed(then, now, **more)])
    return change


def test_replicas_times_hours_times_the_price_in_the_reporting_currency(warehouse):
    """Two machines at 1 USD an hour, 730 hours, half a euro to the dollar."""
    listed(warehouse, "g5.xlarge", 1, **GPU)
    change = priced(warehouse, KUBERNETES)

    assert (change.cost_now, change.cost_then, change.change) == (0, 730, 730)
    assert (change.currency, change.is_new, change.unknown_because) == ("EUR", True, None)
    assert change.basis == "2 replicas x 730 h x g5.xlarge at 1 USD an hour, list of 2026-01-01"


def test_what_runs_now_is_taken_off(warehouse):
    """Priced in the same way: three replicas instead of two are one more."""
    listed(warehouse, "g5.xlarge", 1, **GPU)
    change = priced(warehouse, {**KUBERNETES, "replicas": 3}, KUBERNETES)

    assert (change.cost_now, change.cost_then, change.change) == (730, 1095, 365)
    assert not change.is_new


def test_a_replica_pays_its_greatest_share_of_a_machine(warehouse):
    """One of four GPUs, but half of the memory: nobody else can use that half."""
    listed(warehouse, "g5.12xlarge", 4, gpu_model="A10G", gpus=4, cores=48, gib=192)
    change = priced(warehouse, {**KUBERNETES, "replicas": 1, "ram_request_gib": 96.0})

    assert change.cost_then == 730
    assert "50.0 % of g5.12xlarge" in change.basis


def test_the_cheapest_machine_that_holds_a_replica_counts(warehouse):
    """The small one has too little memory; a machine of another GPU does not count."""
    listed(warehouse, "small", "0.1", gpu_model="A10G", gpus=1, cores=4, gib=4)
    listed(warehouse, "fits", 2, **GPU)
    listed(warehouse, "dear", 9, **GPU)
    listed(warehouse, "other", "0.1", gpu_model="H100 80GB", gpus=1, cores=64, gib=640)
    change = priced(warehouse, KUBERNETES)

    assert change.cost_then == 1460


@pytest.mark.parametrize(
    ("row", "other"),
    [
        ({}, {"priced_on": "2025-01-01"}),
        ({"region": "eu-west-1"}, {"region": "us-east-1"}),
    ],
)
def test_no_machine_counts_at_an_old_price_or_that_of_another_region(warehouse, row, other):
    """Cheaper is not what was paid once, nor what is paid elsewhere."""
    listed(warehouse, "g5.xlarge", 2, **GPU, **row)
    listed(warehouse, "g5.xlarge", 1, **GPU, **other)
    listed(warehouse, "g5.2xlarge", 3, **GPU, **row)
    listed(warehouse, "g6.xlarge", 1, **{**GPU, "gib": 4}, **row)

    assert priced(warehouse, {**KUBERNETES, **row}).cost_then == 1460


def test_a_machine_of_another_region_counts_where_none_of_its_own_is_listed(warehouse):
    """The shipped list knows few regions; the price says of which it is."""
    listed(warehouse, "g5.xlarge", 1, **GPU, region="us-east-1")
    change = priced(warehouse, {**KUBERNETES, "region": "eu-west-1"})

    assert change.cost_then == 730
    assert "g5.xlarge, us-east-1 at 1 USD an hour" in change.basis


def test_a_file_of_prices_counts_before_the_shipped_list(warehouse):
    """What a company pays is better known to itself, even where it is more."""
    listed(warehouse, "ml.g5.xlarge", 1, **GPU)
    listed(warehouse, "ml.g5.xlarge", 3, origin="prices", **GPU)
    row = {"kind": "sagemaker-endpoint", "replicas": 1, "instance_type": "ml.g5.xlarge"}

    assert priced(warehouse, row).cost_then == 1095


def test_the_region_of_the_deployment_counts_before_others(warehouse):
    """The same machine costs differently elsewhere."""
    listed(warehouse, "ml.g5.xlarge", 1, region="us-east-1")
    listed(warehouse, "ml.g5.xlarge", 2, region="eu-west-1")
    row = {"kind": "sagemaker-endpoint", "replicas": 1, "instance_type": "ml.g5.xlarge"}

    assert priced(warehouse, {**row, "region": "eu-west-1"}).cost_then == 730


def test_what_bills_state_as_the_list_price_counts_where_no_list_has_it(warehouse):
    """The latest of the region, of serving before training; not a price of something else."""

    def billed(day, meter, price, **row):
        values = {"SkuMeter": meter, "ListUnitPrice": price, "PricingUnit": "Hours"}
        charge(warehouse, day, "1", **values | {"RegionId": "eu-west-1"} | row)

    billed("2026-11-01", "EU-Host:ml.g5.xlarge", 1)
    billed("2026-11-02", "EU-Host:ml.g5.xlarge", 2)
    billed("2026-11-03", "EU-Train:ml.g5.xlarge", 9)
    billed("2026-11-03", "EU-Host:ml.g5.xlarge", 9, RegionId="us-east-1")
    billed("2026-11-03", "EU-Host:ml.g5.xlarge", 9, PricingUnit="GB")
    row = {"kind": "sagemaker-endpoint", "replicas": 1, "instance_type": "ml.g5.xlarge"}
    change = priced(warehouse, {**row, "region": "eu-west-1"})

    assert change.cost_then == 730
    assert "eu-west-1 at 2 USD an hour, on the bill of 2026-11-02" in change.basis


def test_cores_and_memory_are_priced_by_themselves_where_there_is_no_gpu(warehouse):
    """1 core at 0.1 and 2 GiB at 0.01, 730 hours, half a euro to the dollar."""
    listed(warehouse, None, "0.1", cores=1)
    listed(warehouse, None, "0.01", gib=1)
    row = {"kind": "Deployment", "replicas": 1, "cpu_request_cores": 1.0, "ram_request_gib": 2.0}

    assert priced(warehouse, row).cost_then == Decimal("43.8")


def test_what_scales_by_itself_counts_at_its_most(warehouse):
    """A limit has to hold on the busiest day too."""
    listed(warehouse, "g5.xlarge", 1, **GPU)
    change = priced(warehouse, {**KUBERNETES, "min_replicas": 1, "max_replicas": 4})

    assert change.cost_then == 1460
    assert change.basis.startswith("4 replicas at most x ")


def test_the_gpu_of_a_cluster_that_has_only_one_model_is_that_one(warehouse):
    """A manifest rarely names it; with a second model nobody knows."""
    listed(warehouse, "g5.xlarge", 1, **GPU)
    row = {**KUBERNETES, "gpu_model": None, "cluster": "prod"}
    node = {"source": "prod", "cluster": "prod", "seen_at": "2026-11-20"}
    insert(warehouse, "usage.node", node="a", gpu_model="A10G", **node)
    one = priced(warehouse, row)
    insert(warehouse, "usage.node", node="b", gpu_model="H100 80GB", **node)
    two = priced(warehouse, row)

    assert one.cost_then == 730
    assert two.unknown_because.startswith("it asks for GPUs and nobody says of which model")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"replicas": None}, "how many replicas it has is not known"),
        ({"gpu_model": "B900"}, "no price is known of B900"),
        ({"gpu_request": 3.0}, "no machine with A10G in the list holds one replica"),
        ({"instance_type": "g5.xlarge", "gpu_request": 3.0}, "g5.xlarge does not hold one replica"),
        ({"instance_type": "x\x1b[31m"}, r"no price is known of x\x1b[31m"),
        (
            {"gpu_request": None, "ram_request_gib": None},
            "its containers do not say how much memory they need",
        ),
        ({"kind": "sagemaker-endpoint"}, "it names no instance type"),
        ({"instance_type": "yen"}, "no rate is known from JPY to EUR"),
    ],
)
def test_an_unknown_price_is_unknown_and_says_why(warehouse, row, why):
    """Never zero: a limit that holds against nothing holds against anything."""
    listed(warehouse, "g5.xlarge", 1, **GPU)
    listed(warehouse, "yen", 100, currency="JPY", **GPU)
    change = priced(warehouse, {**KUBERNETES, **row})

    assert (change.cost_then, change.change) == (None, None)
    assert change.unknown_because.startswith(why)


def test_what_runs_now_and_cannot_be_priced_leaves_the_change_unknown(warehouse):
    """What will run is known; what it replaces is not."""
    listed(warehouse, "g5.xlarge", 1, **GPU)
    change = priced(warehouse, KUBERNETES, {"kind": "Deployment", "replicas": 2})

    assert (change.cost_now, change.cost_then, change.change) == (None, 730, None)
    assert change.unknown_because.startswith("what runs now cannot be priced: ")


def test_a_deployment_that_may_be_any_of_several_has_no_known_change(warehouse):
    """Two clusters run one of that name, and the manifest does not say which it is."""
    listed(warehouse, "g5.xlarge", 1, **GPU)
    change = priced(warehouse, KUBERNETES, elsewhere=("a/ml/Deployment/churn", "b/x"))

    assert (change.cost_now, change.change, change.is_new) == (None, None, False)
    assert "a/ml/Deployment/churn, b/x" in change.unknown_because


def budget(warehouse, name, amount, expected, **row):
    values = {"month": "2026-11-01", "budget": name, "amount": amount, "days": 20} | row
    insert(warehouse, "ledger.budget", forecast_cost=expected, status="ok", **values)


def test_the_month_of_each_budget_is_told_with_the_change_in_it(warehouse):
    """The model's, its team's and the whole estate's; not another model's."""
    listed(warehouse, "g5.xlarge", 1, **GPU)
    insert(warehouse, "registry.model", source="reg", model="churn", team="growth")
    budget(warehouse, "all", 5000, 100)
    budget(warehouse, "churn", 800, 100, model="churn")
    budget(warehouse, "fraud", 1, 100, model="fraud")
    budget(warehouse, "growth", 800, None, team="growth")
    outlooks = priced(warehouse, KUBERNETES).budgets

    assert [(one.budget, one.with_change, one.exceeded) for one in outlooks] == [
        ("all", 830, False),
        ("churn", 830, True),
        ("growth", None, None),
    ]


def test_several_deployments_of_a_budget_count_together(warehouse):
    """Each alone would fit; both do not. One of unknown price leaves it unknown."""
    listed(warehouse, "g5.xlarge", 1, **GPU)
    budget(warehouse, "all", 1000, 100)
    both = deploy_cost.price(warehouse, [deployed(KUBERNETES), deployed(KUBERNETES)])
    unknown = deploy_cost.price(warehouse, [deployed(KUBERNETES), deployed({"kind": "x"})])

    assert [one.budgets[0].with_change for one in both] == [1560, 1560]
    assert unknown[0].budgets[0].with_change is None


def lay_beside(warehouse, one):
    """Make the catalogue that a deploy is laid into, as normalise/manifest.py does."""
    warehouse.run("attach ':memory:' as beside")
    warehouse.run("create schema beside.registry")
    for table in ("deployment", "evidence"):
        name = f"registry.{table}"
        warehouse.run(f"create table beside.{name} as select * from {name} limit 0")
    row = {"source": "prod", "deployment": one.deployment, "model": one.model}
    insert(warehouse, "beside.registry.deployment", **row)


def test_policies_see_the_price_and_the_budget_with_the_change(warehouse):
    """The rows laid over the warehouse; its own stay as they are."""
    listed(warehouse, "g5.xlarge", 1, **GPU)
    budget(warehouse, "all", 800, 100)
    insert(warehouse, "registry.deployment", source="prod", deployment="other", model="churn")
    one = deployed(KUBERNETES)
    lay_beside(warehouse, one)
    changes = deploy_cost.price(warehouse, [one])
    deploy_cost.lay_over(warehouse, "beside", [one], changes)

    assert warehouse.rows(
        "select cost_per_month, cost_change_per_month from beside.registry.deployment order by all"
    ) == [(730, 730), (None, 0)]
    assert warehouse.rows("select field from beside.registry.evidence order by all") == [
        ("deployment.cost_change_per_month",),
        ("deployment.cost_per_month",),
    ]
    assert warehouse.rows(
        "select month, forecast_cost, status from beside.ledger.budget "
        "union all select month, forecast_cost, status from ledger.budget"
    ) == [(date(2026, 11, 1), 830, "warning"), (date(2026, 11, 1), 100, "ok")]
