"""Endpoints that nobody calls: found by their hours, never by silence."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from numpy.random import default_rng

from builders.advice import PRESENT, advised, billed, hourly
from builders.ledgers import a_warehouse
from builders.rows import insert, insert_all
from quaestor.warehouse.duckdb import Warehouse

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/churn-eu"
KEY = {"source": "sm", "endpoint": "churn-eu"}


@pytest.fixture
def warehouse() -> Warehouse:
    """A warehouse with one endpoint that costs 24 a day, 730 a month."""
    warehouse = a_warehouse()
    endpoint(warehouse)
    billed(warehouse, ARN, "24")
    return warehouse


def endpoint(warehouse: Warehouse, **columns: object) -> None:
    told = {
        **KEY,
        "kind": "sagemaker",
        "model": "churn",
        "model_version": "7",
        "resource_id": ARN,
        "region": "eu-west-1",
        "instance_type": "ml.g5.xlarge",
        "instances": 1,
        "status": "InService",
        "created_at": datetime(2026, 3, 1),
        "seen_at": PRESENT,
        **columns,
    }
    insert(warehouse, "usage.endpoint", **told)


def test_an_endpoint_without_a_call_in_two_weeks_is_advised_to_go(warehouse):
    """With what it costs a month, on what basis, what could go wrong, and the command."""
    hourly(warehouse, "endpoint_hour", 14, KEY, requests=0)
    (one,) = advised(warehouse, "idle_endpoint").values()

    assert (one["answer"], one["action"], one["confidence"]) == ("advise", "delete", "high")
    assert one["reason"] == "no call in 14 days, up to 2026-10-31"
    assert (one["saving_per_month"], one["saving_basis"]) == (Decimal(730), "bill")
    assert one["command"] == (
        "aws sagemaker delete-endpoint --endpoint-name churn-eu --region eu-west-1"
    )
    assert one["risk"]
    assert warehouse.rows(
        "select subject, counted_saving_per_month from ledger.recommendation"
    ) == [("endpoint/sm/churn-eu", Decimal(730))]


def test_one_call_in_two_weeks_is_enough(warehouse):
    """It is clean, and the calls are told."""
    hourly(warehouse, "endpoint_hour", 14, KEY, requests="(hour = '2026-10-20')::integer")
    (one,) = advised(warehouse, "idle_endpoint").values()

    assert (one["answer"], one["reason"]) == ("clean", "1 call in 14 days")
    assert one["saving_per_month"] is None


@pytest.mark.parametrize("days", [0, 13])
def test_silence_is_no_idleness(warehouse, days):
    """Days of which nobody tells what was called give no advice, and the reason."""
    if days:
        hourly(warehouse, "endpoint_hour", days, KEY, requests=0)
    (one,) = advised(warehouse, "idle_endpoint").values()

    assert one["answer"] == "cannot-say"
    assert one["reason"] == (
        f"its calls are known of {days} of the last 14 days"
        if days
        else "nobody tells how often it is called"
    )


def test_hours_without_a_figure_are_silence_too(warehouse):
    """A row that says nothing of calls is no hour without a call."""
    hourly(warehouse, "endpoint_hour", 14, KEY, requests="null", instances=1)

    assert advised(warehouse, "idle_endpoint")["endpoint/sm/churn-eu"]["answer"] == "cannot-say"


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"kind": "sagemaker-serverless"}, "it costs nothing while nobody calls"),
        ({"instances": 0}, "it has no instance, and costs nothing"),
        (
            {"created_at": PRESENT - timedelta(days=3)},
            "created on 2026-10-28, less than 14 days ago",
        ),
    ],
)
def test_what_is_new_or_costs_nothing_is_clean(columns, reason):
    """What is serverless or has no instance costs nothing; a new one is given its time."""
    warehouse = a_warehouse()
    endpoint(warehouse, **columns)
    hourly(warehouse, "endpoint_hour", 14, KEY, requests=0)
    (one,) = advised(warehouse, "idle_endpoint").values()

    assert (one["answer"], one["reason"]) == ("clean", reason)


def test_an_unknown_price_gives_advice_without_a_sum():
    """Never zero: nobody is told that there is nothing to save."""
    warehouse = a_warehouse()
    endpoint(warehouse)
    hourly(warehouse, "endpoint_hour", 14, KEY, requests=0)
    (one,) = advised(warehouse, "idle_endpoint").values()

    assert (one["answer"], one["saving_per_month"], one["saving_basis"]) == ("advise", None, None)
    assert warehouse.rows("select counts_because from ledger.recommendation") == [("unpriced",)]


def test_the_days_can_be_set(warehouse):
    """`advice: params:` counts before the header's default."""
    hourly(warehouse, "endpoint_hour", 7, KEY, requests=0)
    text = "advice: {params: {idle_endpoint: {days: 7}}}"

    assert advised(warehouse, "idle_endpoint", text)["endpoint/sm/churn-eu"]["answer"] == "advise"


def test_asynchronous_calls_are_counted_by_nobody():
    """Such endpoints have no count of invocations, and may well have machines that are paid for."""
    warehouse = a_warehouse()
    endpoint(warehouse, kind="sagemaker-async")
    hourly(warehouse, "endpoint_hour", 14, KEY, requests="null", instances=1)
    (one,) = advised(warehouse, "idle_endpoint").values()

    assert (one["answer"], one["reason"]) == (
        "cannot-say",
        "it answers asynchronously, and nobody counts what it is asked",
    )


def test_hours_that_nobody_tells_of_are_silence_too(warehouse):
    """A day with one known hour is not a day without a call."""
    hourly(warehouse, "endpoint_hour", 14, KEY, requests="case when hour(hour) < 3 then 0 end")
    (one,) = advised(warehouse, "idle_endpoint").values()

    assert (one["answer"], one["reason"]) == (
        "cannot-say",
        "its calls are known of 42 of the last 336 hours",
    )


def test_provisioned_throughput_is_idle_after_a_week(warehouse):
    """It is the dearest of all, so that seven days count; and its own command ends it."""
    unit = "arn:aws:bedrock:eu-west-1:123456789012:provisioned-model/abc"
    key = {"source": "sm", "endpoint": "claude-pt"}
    endpoint(warehouse, **key, kind="bedrock-provisioned", resource_id=unit, instance_type=None)
    hourly(warehouse, "endpoint_hour", 7, key, requests=0)
    one = advised(warehouse, "idle_endpoint")["endpoint/sm/claude-pt"]

    assert (one["answer"], one["reason"]) == ("advise", "no call in 7 days, up to 2026-10-31")
    assert one["command"] == (
        f"aws bedrock delete-provisioned-model-throughput --provisioned-model-id {unit} "
        "--region eu-west-1"
    )


def test_a_variant_that_nobody_is_sent_to_goes_by_itself(warehouse):
    """An endpoint that is called may carry one that is not; it costs its part of the machines."""
    hourly(warehouse, "endpoint_hour", 14, {**KEY, "variant": "a"}, requests=9, instances=3)
    hourly(warehouse, "endpoint_hour", 14, {**KEY, "variant": "b"}, requests=0, instances=1)
    found = advised(warehouse, "idle_endpoint")
    whole, idle = found["endpoint/sm/churn-eu"], found["endpoint/sm/churn-eu/variant/b"]

    assert (whole["answer"], whole["reason"]) == ("clean", "3,024 calls in 14 days")
    assert found["endpoint/sm/churn-eu/variant/a"]["answer"] == "clean"
    assert (idle["answer"], idle["action"]) == ("advise", "remove-variant")
    assert (idle["saving_per_month"], idle["saving_basis"]) == (Decimal("182.5"), "effective rate")
    assert idle["inside"] == whole["saves_on"] == ARN


VERTEX = "projects/acme/locations/europe-west1/endpoints/42"
AZURE = (
    "/subscriptions/s1/resourcegroups/ml/providers/microsoft.machinelearningservices"
    "/workspaces/team-ws/onlineendpoints/scorer"
)


def test_every_platform_has_its_own_command():
    """What holds machines is undeployed, deleted, or scaled to zero where it can be."""
    warehouse = a_warehouse()
    platforms: list[tuple[str, str, dict[str, object]]] = [
        ("vertex", VERTEX, {"resource_id": f"//aiplatform.googleapis.com/{VERTEX}"}),
        ("azure-ml", "scorer", {"resource_id": AZURE}),
        ("kserve", "prod/ml/InferenceService/churn", {"resource_id": None}),
        ("kserve", "prod/ml/InferenceService/lazy", {"resource_id": None}),
        ("deployment", "prod/ml/Deployment/o'hare", {"resource_id": None}),
        ("deployment", "prod/ml/Deployment/elastic", {"resource_id": None}),
    ]
    for kind, name, more in platforms:
        key = {"source": "sm", "endpoint": name}
        endpoint(warehouse, **key, kind=kind, **more)
        hourly(warehouse, "endpoint_hour", 14, key, requests=0)
    deployments = {
        f"{VERTEX}/deployedModels/7": {"kind": "vertex-endpoint"},
        "prod/ml/InferenceService/lazy": {"autoscaler": "knative", "scales_to_zero": True},
        "prod/ml/Deployment/elastic": {"autoscaler": "keda", "scales_to_zero": True},
    }
    for name, more in deployments.items():
        insert(warehouse, "registry.deployment", source="sm", deployment=name, **more)
    insert(
        warehouse,
        "usage.autoscaler",
        source="k",
        cluster="prod",
        namespace="ml",
        kind="keda",
        autoscaler="elastic-so",
        target="elastic",
        seen_at=PRESENT,
    )
    found = advised(warehouse, "idle_endpoint")

    assert {name: found[f"endpoint/sm/{name}"]["command"] for _, name, _ in platforms} == {
        VERTEX: "gcloud ai endpoints undeploy-model 42 --project=acme --region=europe-west1 "
        "--deployed-model-id=7 && gcloud ai endpoints delete 42 --project=acme "
        "--region=europe-west1",
        "scorer": "az ml online-endpoint delete --name scorer --workspace-name team-ws "
        "--resource-group ml --subscription s1",
        "prod/ml/InferenceService/churn": "kubectl delete inferenceservice churn -n ml",
        "prod/ml/InferenceService/lazy": "kubectl patch inferenceservice lazy -n ml "
        """--type merge -p '{"spec":{"predictor":{"minReplicas":0}}}'""",
        "prod/ml/Deployment/o'hare": """kubectl scale deployment 'o'"'"'hare' -n ml --replicas=0""",
        "prod/ml/Deployment/elastic": "kubectl patch scaledobject elastic-so -n ml "
        """--type merge -p '{"spec":{"minReplicaCount":0}}'""",
    }
    assert [found[f"endpoint/sm/{name}"]["action"] for _, name, _ in platforms] == [
        *("delete", "delete", "delete", "scale-to-zero", "stop", "scale-to-zero"),
    ]


def test_google_counts_calls_only_where_there_are_some():
    """There a machine that tells of itself had none; if nothing is ever counted, nobody knows."""
    warehouse = a_warehouse()
    for source, name, requests in (
        ("counts", "idle", "null"),
        ("counts", "busy", "case when hour(hour) = 9 then 4 end"),
        ("blind", "alone", "null"),
    ):
        key = {"source": source, "endpoint": name}
        endpoint(warehouse, **key, kind="vertex", resource_id=name)
        hourly(warehouse, "endpoint_hour", 14, key, requests=requests, instances=1)
    found = advised(warehouse, "idle_endpoint")

    assert {name: (one["answer"], one["confidence"]) for name, one in found.items()} == {
        "endpoint/counts/idle": ("advise", "medium"),
        "endpoint/counts/busy": ("clean", None),
        "endpoint/blind/alone": ("cannot-say", None),
    }


def test_a_cluster_counts_calls_by_another_source_than_lists_endpoints():
    """The list is Kubernetes', the hours Prometheus'; the money is its pods' part of machines."""
    warehouse = a_warehouse()
    billed(warehouse, "i-1", "24")
    name = "prod/ml/Deployment/churn"
    endpoint(
        warehouse, source="k8s", endpoint=name, kind="deployment", resource_id=None, region=None
    )
    hourly(warehouse, "endpoint_hour", 14, {"source": "prom", "endpoint": name}, requests=0)
    place = {"source": "prom", "cluster": "prod", "node": "n1"}
    hourly(
        warehouse,
        "node_hour",
        30,
        {**place, "provider_id": "i-1"},
        cpu_cores=4,
        ram_gib=8,
        gpus=0,
        up_ratio=1,
    )
    pod = {"namespace": "ml", "pod": "churn-1"}
    hourly(
        warehouse,
        "pod_hour",
        30,
        {**place, **pod},
        cpu_request_cores=1,
        cpu_used_cores=0,
        ram_request_gib=2,
        ram_used_gib=0,
        up_ratio=1,
    )
    insert(
        warehouse,
        "usage.pod",
        source="k8s",
        cluster="prod",
        owner_kind="Deployment",
        owner="churn",
        **{**pod, "node": "n1", "phase": "Running", "seen_at": PRESENT},
    )
    one = advised(warehouse, "idle_endpoint")[f"endpoint/k8s/{name}"]

    assert (one["answer"], one["action"], one["saving_basis"]) == (
        *("advise", "stop", "effective rate"),
    )
    assert one["saving_per_month"] == Decimal("182.5")
    assert (one["saves_on"], one["inside"]) == (f"workload/{name}", "i-1")


def test_a_deployment_that_nobody_lists_as_an_endpoint_gets_an_answer():
    """It was looked at: what it answers is not known, and that is said."""
    warehouse = a_warehouse()
    insert(warehouse, "registry.deployment", source="files", deployment="on-prem", model="churn")
    (one,) = advised(warehouse, "idle_endpoint").values()

    assert (one["subject"], one["answer"]) == ("deployment/files/on-prem", "cannot-say")
    assert one["reason"] == "nobody lists it among endpoints, or tells how often it is called"


def test_of_planted_idle_endpoints_none_is_missed_and_no_other_is_named():
    """600 endpoints of eight sorts: recall at least 99 %, precision at least 95 %."""
    warehouse = a_warehouse()
    chance = default_rng(6)
    sorts = ["idle", "called", "rare", "silent", "gaps", "new", "serverless", "spent"]
    planted = {f"e{number:03}": sorts[number % 8] for number in range(600)}
    rows, calls = [], []
    for name, sort in planted.items():
        new = timedelta(days=chance.uniform(0, 13) if sort == "new" else chance.uniform(15, 900))
        kind = "sagemaker-serverless" if sort == "serverless" else "sagemaker"
        rows.append(
            {
                "source": "sm",
                "endpoint": name,
                "kind": kind,
                "resource_id": f"arn/{name}",
                "created_at": PRESENT - new,
                "seen_at": PRESENT,
                "status": "InService",
                "instances": 0 if sort == "spent" else 1,
            }
        )
        each = {"called": 0.3, "rare": 1 / 336}.get(sort, 0.0)
        lost = {"silent": 1.0, "gaps": chance.uniform(0.2, 0.6)}.get(sort, 0.0)
        at = int(chance.integers(336))
        calls += [
            {
                "source": "sm",
                "endpoint": name,
                "hour": PRESENT - timedelta(hours=hour),
                "requests": float(bool(chance.random() < each) or (sort == "rare" and hour == at)),
            }
            for hour in range(336)
            if chance.random() >= lost
        ]
    insert_all(warehouse, "usage.endpoint", rows)
    insert_all(warehouse, "usage.endpoint_hour", calls)
    found = advised(warehouse, "idle_endpoint").values()
    named = {one["name"] for one in found if one["answer"] == "advise"}
    idle = {name for name, sort in planted.items() if sort == "idle"}

    assert len(found) == len(planted)
    assert len(named & idle) >= 0.99 * len(idle)
    assert len(named & idle) >= 0.95 * len(named)


def test_an_endpoint_of_azure_is_billed_by_its_workspace_and_a_tag():
    """What other endpoints of the workspace cost is not its saving."""
    warehouse = a_warehouse()
    workspace = AZURE.partition("/onlineendpoints/")[0].replace("team-ws", "Team-WS")
    key = {"source": "ml", "endpoint": "scorer"}
    endpoint(warehouse, **key, kind="azure-ml", resource_id=AZURE)
    hourly(warehouse, "endpoint_hour", 14, key, requests=0)
    for name, cost in (("scorer", "24"), ("other", "7")):
        billed(warehouse, workspace, cost, Tags=f'{{"azuremlendpoint": "{name}"}}')
    (one,) = advised(warehouse, "idle_endpoint").values()

    assert (one["answer"], one["saving_per_month"], one["saving_basis"]) == (
        *("advise", Decimal(730), "bill"),
    )


def test_an_endpoint_on_no_bill_costs_what_the_list_says(tmp_path):
    """Its instances by the price of their type; a type that is not listed has none."""
    warehouse = a_warehouse()
    names = {"two": {"instances": 2}, "unlisted": {"instance_type": "ml.p9.xlarge"}}
    names |= {"uncounted": {"instances": None}, "billed": {"resource_id": "arn:billed"}}
    for name, columns in names.items():
        endpoint(warehouse, **{"resource_id": f"arn:{name}", "endpoint": name, **columns})
        key = {"source": "sm", "endpoint": name}
        hourly(warehouse, "endpoint_hour", 14, key, requests=0)
    billed(warehouse, "arn:billed", "24")
    (tmp_path / "prices.csv").write_text(
        "provider,region,instance_type,gpu_model,gpus,cores,gib,price,currency,priced_on\n"
        "AWS,us-east-1,ml.g5.xlarge,A10G,1,4,16,1.5,USD,2026-01-01\n"
    )
    rows = advised(warehouse, "idle_endpoint", f"prices: {tmp_path / 'prices.csv'}").values()

    assert {row["name"]: (row["saving_per_month"], row["saving_basis"]) for row in rows} == {
        "two": (Decimal(2190), "list"),
        "unlisted": (None, None),
        "uncounted": (None, None),
        "billed": (Decimal(730), "bill"),
    }
