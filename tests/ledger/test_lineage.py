"""What a bill's resources are: found by any of the names that clouds and sources give them."""

from __future__ import annotations

import pytest

from builders.ledgers import a_warehouse, build
from builders.owners import billed, lines
from builders.rows import insert

JOB = "arn:aws:sagemaker:eu-central-1:1:training-job/churn-7"
ENDPOINT = "arn:aws:sagemaker:eu-central-1:1:endpoint/churn"
SEEN = "2026-11-01"


def found(warehouse, columns="kind, split_key"):
    return warehouse.rows(f"select {columns} from ledger.lineage order by resource_id")


@pytest.mark.parametrize(
    ("resource", "machine"),
    [
        ("i-0abc", "i-0abc"),
        ("arn:aws:ec2:eu-central-1:1:instance/i-0abc", "i-0abc"),
        (
            "//compute.googleapis.com/projects/p/zones/z/instances/17",
            "zones/z/instances/17",
        ),
        ("/subscriptions/S/virtualMachines/Gpu-1", "/subscriptions/s/virtualmachines/gpu-1"),
        ("ocid1.instance.oc1.x", "ocid1.instance.oc1.x"),
    ],
)
def test_a_node_is_found_by_any_way_a_cloud_writes_it(resource, machine):
    """And its costs can be divided by the name that the hours have."""
    warehouse = billed(resource)
    insert(
        warehouse, "usage.node_hour", source="prom", cluster="prod", node="n1",
        hour="2026-10-05", provider_id=machine,
    )  # fmt: skip

    assert found(lines(warehouse), "kind, split_key, cluster, name") == [
        ("node", machine, "prod", "n1")
    ]


def test_a_node_is_found_by_its_number_where_the_hours_have_its_name():
    """Google bills instances by number; Prometheus knows the name alone, the cluster both."""
    warehouse = billed("//compute.googleapis.com/projects/p/zones/z/instances/17")
    hour = {"source": "prom", "cluster": "prod", "node": "gke-1", "hour": "2026-10-05"}
    insert(warehouse, "usage.node_hour", **hour, provider_id="zones/z/instances/gke-1")
    node = {"source": "k8s", "cluster": "prod", "node": "gke-1", "seen_at": SEEN}
    insert(warehouse, "usage.node", **node, resource_id="zones/z/instances/17")

    assert found(lines(warehouse)) == [("node", "zones/z/instances/gke-1")]


def a_job(warehouse, **columns):
    job = {"source": "sm", "job": JOB, "resource_id": JOB, "kind": "training-job"}
    insert(warehouse, "usage.gpu_job", **{**job, **columns})


def test_a_training_job_belongs_to_the_version_that_its_run_made():
    """Job, run, version: what the registry registered from the run is what the job trained."""
    warehouse = billed(JOB)
    a_job(warehouse, team="growth", run_id="r1")
    version = {"source": "mlflow", "model": "churn", "version": "7", "run_id": "r1"}
    insert(warehouse, "registry.model_version", **version)
    lines(warehouse)

    assert found(warehouse, "kind, team, model, model_version, lifecycle_stage") == [
        ("training-job", "growth", "churn", "7", "training")
    ]
    assert warehouse.rows("select model, model_version, cost_kind, rule from ledger.line") == [
        ("churn", "7", "direct", "lineage:training-job")
    ]


def test_a_machine_that_jobs_ran_on_belongs_to_none_of_them():
    """One of its jobs is not the host: what divides it is known, whose it is not."""
    warehouse = billed("node7", ChargeCategory="Usage", ChargePeriodEnd="2026-10-06")
    a_job(warehouse, job="17", resource_id="node7", kind="slurm", model="churn", team="growth")
    lines(warehouse)

    assert found(warehouse, "kind, split_key, team, model") == [("machine", "node7", None, None)]
    assert warehouse.rows("select rule from ledger.line") == [("unattributed",)]


def test_what_serves_two_models_is_of_neither():
    """An endpoint with two variants: no guess, and no version either."""
    warehouse = billed(ENDPOINT)
    for model in ("churn", "fraud"):
        deployed = {"source": "sm", "deployment": f"e/{model}", "model": model, "version": "1"}
        insert(warehouse, "registry.deployment", **deployed, resource_id=ENDPOINT)

    assert found(lines(warehouse), "kind, model, model_version, lifecycle_stage") == [
        ("deployment", None, None, "inference")
    ]


WORKSPACE = "/subscriptions/S/providers/Microsoft.MachineLearningServices/workspaces/acme"


def test_an_endpoint_that_azure_bills_as_its_workspace_is_found_by_its_tag():
    """What else the workspace costs is not the endpoint's, nor that of another's endpoint."""
    tag = {"azuremlendpoint": "Churn-API"}
    warehouse = a_warehouse(
        {"ResourceId": WORKSPACE, "tags": tag},
        {"ResourceId": WORKSPACE},
        {"ResourceId": WORKSPACE + "-2", "tags": tag},
    )

    def known(model):
        endpoint = {"source": "aml", "endpoint": "acme/churn-api", "model": model, "seen_at": SEEN}
        warehouse.run("delete from usage.endpoint")
        name = f"{WORKSPACE.lower()}/onlineendpoints/churn-api"
        insert(warehouse, "usage.endpoint", **endpoint, resource_id=name)
        build(warehouse)
        return warehouse.rows("select model, rule from ledger.cost order by model")

    nobody = (None, "unattributed")
    assert known("churn") == [("churn", "lineage:endpoint"), nobody, nobody]
    assert known("fraud")[0] == ("fraud", "lineage:endpoint")


def test_a_rule_may_name_the_cluster_of_a_machine():
    """Of its charges, and so of what nobody used of it."""
    warehouse = billed("i-1", "i-2")
    hour = {"source": "prom", "cluster": "prod", "node": "n1", "hour": "2026-10-05"}
    insert(warehouse, "usage.node_hour", **hour, provider_id="i-1")
    lines(warehouse, "attribution: [{name: c, match: {cluster: pr*}, team: platform}]")

    assert warehouse.rows("select resource_id, team from ledger.line order by 1") == [
        ("i-1", "platform"),
        ("i-2", None),
    ]


def test_a_version_is_meant_from_the_day_it_was_deployed_on():
    """What served in the weeks before is not known; the model is."""
    warehouse = a_warehouse(
        {"ResourceId": ENDPOINT, "ChargePeriodStart": "2026-10-04"},
        {"ResourceId": ENDPOINT, "ChargePeriodStart": "2026-10-06"},
    )
    served = {"source": "sm", "endpoint": "e", "model": "churn", "model_version": "8"}
    insert(
        warehouse, "usage.endpoint", **served, resource_id=ENDPOINT,
        updated_at="2026-10-06 09:00:00", seen_at=SEEN,
    )  # fmt: skip
    lines(warehouse)

    assert warehouse.rows("select model, model_version from ledger.line order by day") == [
        ("churn", None),
        ("churn", "8"),
    ]


def test_a_tag_comes_before_lineage_and_lends_it_no_version():
    """A version is one of a model: the lineage's is not that of the model on the tag."""
    warehouse = a_warehouse({"ResourceId": JOB, "tags": {"model": "fraud"}})
    a_job(warehouse, model="churn", model_version="7", team="growth")
    lines(warehouse)

    assert warehouse.row("select team, model, model_version, rule from ledger.line") == (
        "growth",
        "fraud",
        None,
        "tag + lineage:training-job",
    )


@pytest.mark.parametrize(
    ("resource", "service"),
    [
        ("models", "Amazon Simple Storage Service"),
        ("arn:aws:s3:::models", "Amazon Simple Storage Service"),
    ],
)
@pytest.mark.parametrize(
    ("uris", "listed", "model"),
    [
        ([("churn", "s3://models/churn/7"), ("churn", "s3://models/churn/8")], True, "churn"),
        ([("churn", "s3://models/churn/7"), ("fraud", "s3a://models/fraud/1")], True, None),
        ([("churn", "s3://models/churn/7")], False, None),
    ],
)
def test_a_store_is_a_models_where_only_its_artifacts_lie_there(
    resource, service, uris, listed, model
):
    """And where a registry lists the store: one artifact does not make a data lake a model's."""
    warehouse = billed(resource, ServiceName=service)
    for number, (name, uri) in enumerate(uris):
        version = {"source": "r", "model": name, "version": str(number), "artifact_uri": uri}
        insert(warehouse, "registry.model_version", **version)
    if listed:
        insert(warehouse, "registry.store", source="r", store="s3://models")

    assert found(lines(warehouse), "kind, model") == [("store", model)]


def test_a_store_with_data_of_others_is_no_models():
    """A run of nobody knows which model read from it."""
    warehouse = billed("models", ServiceName="Amazon Simple Storage Service")
    version = {"source": "r", "model": "churn", "version": "1", "artifact_uri": "s3://models/a"}
    insert(warehouse, "registry.model_version", **version)
    data = {"source": "r", "run_id": "x", "dataset": "d", "source_uri": "s3://models/data"}
    insert(warehouse, "registry.dataset", **data)
    insert(warehouse, "registry.store", source="r", store="s3://models")

    assert found(lines(warehouse), "kind, model, lifecycle_stage") == [("store", None, None)]


@pytest.mark.parametrize(
    ("resource", "address"),
    [
        (
            "arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/net/a1b2/55",
            "a1b2-55.elb.eu-central-1.amazonaws.com",
        ),
        (
            "arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/a1b2",
            "internal-a1b2-77.eu-central-1.elb.amazonaws.com",
        ),
        ("203.0.113.7", "203.0.113.7"),
    ],
)
def test_a_load_balancer_is_found_by_its_address(resource, address):
    """Or by the name that its address begins with, in the same region."""
    warehouse = billed(resource)
    service = {"cluster": "prod", "namespace": "ml", "service": "gate", "seen_at": SEEN}
    insert(warehouse, "usage.load_balancer", source="k8s", address=address, **service)

    assert found(lines(warehouse)) == [("load-balancer", "load-balancer/prod/ml/gate")]


def test_a_load_balancer_of_another_region_is_another_one():
    """Names are unique in a region only."""
    warehouse = billed("arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/a1b2/55")
    service = {"cluster": "prod", "namespace": "ml", "service": "gate", "seen_at": SEEN}
    address = "a1b2-55.elb.eu-central-1.amazonaws.com"
    insert(warehouse, "usage.load_balancer", source="k8s", address=address, **service)

    assert found(lines(warehouse)) == []


def test_a_volume_is_found_by_its_id():
    """As the cluster has it, behind the ARN that the bill has."""
    warehouse = billed("arn:aws:ec2:eu-central-1:1:volume/vol-0a")
    volume = {"cluster": "prod", "volume": "pvc-1", "provider_id": "vol-0a", "seen_at": SEEN}
    insert(warehouse, "usage.volume", source="k8s", **volume)

    assert found(lines(warehouse)) == [("volume", "volume/prod/pvc-1")]


def test_a_job_that_becomes_known_later_is_attributed_in_the_days_that_were_built():
    """What is learnt of a resource holds for its charges of before, as in a build from nothing."""
    warehouse = billed(JOB)
    build(warehouse)
    before = warehouse.rows("select model, rule from ledger.cost")
    a_job(warehouse, model="churn")
    build(warehouse)

    assert before == [(None, "unattributed")]
    assert warehouse.rows("select model, rule from ledger.cost") == [
        ("churn", "lineage:training-job")
    ]


def a_cluster(*registered):
    """A machine for a day and a pod labelled with a model, of these teams by the registry."""
    warehouse = billed("i-1")
    for hour in range(24):
        when = {
            "source": "prom",
            "cluster": "prod",
            "node": "n1",
            "hour": f"2026-10-05 {hour:02}:00",
        }
        capacity = {"cpu_cores": 4, "ram_gib": 16, "gpus": 0, "up_ratio": 1}
        insert(warehouse, "usage.node_hour", **when, provider_id="i-1", **capacity)
        asked = {"cpu_request_cores": 2, "ram_request_gib": 8, "up_ratio": 1}
        pod = {"namespace": "ml", "pod": "a", "labels": '{"model": "churn"}'}
        insert(warehouse, "usage.pod_hour", **when, **pod, **asked)
    for team in registered:
        insert(warehouse, "registry.model", source=team, model="churn", team=team)
    return warehouse


def everything(warehouse):
    return warehouse.rows("from ledger.cost order by all")


def test_a_team_that_registers_a_model_later_owns_its_pods_of_before():
    """And loses them when another registers it too: as in a build from nothing."""
    warehouse = a_cluster()
    build(warehouse)
    for teams in (("growth",), ("growth", "risk")):
        insert(warehouse, "registry.model", source=teams[-1], model="churn", team=teams[-1])
        build(warehouse)
        anew = a_cluster(*teams)
        build(anew)

        assert everything(warehouse) == everything(anew)


def test_a_version_that_comes_of_a_run_later_owns_its_part_of_the_machine():
    """The days of jobs are built again when the registry names their run."""

    def of_a_run(version):
        warehouse = billed("node7", ChargeCategory="Usage", ChargePeriodEnd="2026-10-06")
        a_job(
            warehouse, job="17", resource_id="node7", kind="slurm", run_id="r", gpus=1,
            started_at="2026-10-05 00:00", ended_at="2026-10-05 12:00", state="completed",
        )  # fmt: skip
        if version:
            registered(warehouse)
        build(warehouse)
        return warehouse

    def registered(warehouse):
        row = {"source": "r", "model": "churn", "version": "7", "run_id": "r"}
        insert(warehouse, "registry.model_version", **row)

    warehouse = of_a_run(version=False)
    registered(warehouse)
    build(warehouse)

    assert ("churn", "7") in warehouse.rows("select model, model_version from ledger.cost")
    assert everything(warehouse) == everything(of_a_run(version=True))
