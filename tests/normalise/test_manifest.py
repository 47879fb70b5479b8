"""A manifest is read as if it ran already, by the SQL that reads clusters."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from builders.bills import NOW
from builders.rows import insert
from quaestor.audit.manifest import read_deploy
from quaestor.collect.k8s_kept import RESOURCES, kept
from quaestor.collect.landing import Landing
from quaestor.collect.objects import land_objects
from quaestor.core.sources import KubernetesSource
from quaestor.normalise import kubernetes, manifest, registry
from quaestor.normalise.job import Job
from quaestor.normalise.manifest import CATALOG, Read, known_version
from quaestor.warehouse.duckdb import Warehouse

DIGEST = "sha256:" + "ab" * 32
DEPLOYMENT = f"""
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: churn
      namespace: ml
      labels: {{gov.model: churn, gov.model_version: "7", gov.log_retention_days: "200"}}
    spec:
      replicas: 3
      template:
        spec:
          containers:
            - {{name: a, image: "acme/churn@{DIGEST}", readinessProbe: {{}}}}
    """
SERVICE = """
    apiVersion: serving.kserve.io/v1beta1
    kind: InferenceService
    metadata: {name: churn, namespace: ml}
    spec: {predictor: {minReplicas: 2, model: {storageUri: "%s"}}}
    """
Reader = Callable[..., Read]


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    """A registry of two models, and a cluster that runs the sixth version of one."""
    with Warehouse(":memory:") as opened:
        insert(opened, "config.tag_key", field="model", position=1, key="gov.model")
        stated(opened, "model", model="churn", owner="team-growth", risk_tier=2)
        stated(opened, "model_version", model="churn", version="6", lifecycle="production")
        stated(
            opened, "model_version",
            model="churn", version="7", lifecycle="staging", artifact_uri="s3://models/churn/7",
        )  # fmt: skip
        stated(opened, "model", model="other", owner="team-other")
        running(opened, "prod", image_digests=["sha256:old"], status="ready", version="6")
        registry.settle(opened)
        yield opened


def stated(warehouse: Warehouse, table: str, **row: Any) -> None:
    insert(warehouse, f"registry.stated_{table}", **{"source": "reg", "from_file": False} | row)


def running(warehouse: Warehouse, cluster: str, namespace: str = "ml", **row: Any) -> None:
    values = {
        "source": "clusters",
        "deployment": f"{cluster}/{namespace}/Deployment/churn",
        "kind": "Deployment",
        "cluster": cluster,
        "namespace": namespace,
        "model": "churn",
    }
    stated(warehouse, "deployment", **values | row)


@pytest.fixture
def read(warehouse: Warehouse) -> Reader:
    """Read the texts of files as the gate does, for production."""

    def call(*texts: str) -> Read:
        deploy = read_deploy([("-", textwrap.dedent(text).encode()) for text in texts])
        return manifest.read(warehouse, deploy.objects, environment="production")

    return call


def seen(row: Mapping[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def test_a_deployment_that_runs_takes_the_place_of_its_row(warehouse, read):
    """Its name and source stay, so that a finding about it stays the same finding."""
    [one] = read(DEPLOYMENT).deployments

    assert (one.source, one.deployment) == ("clusters", "prod/ml/Deployment/churn")
    assert (one.model, one.version, one.place) == ("churn", "7", "standard input:2")
    assert seen(one.then, "replicas", "images", "image_digests", "environment") == (
        3,
        [f"acme/churn@{DIGEST}"],
        [DIGEST],
        "production",
    )
    assert seen(one.then, "has_readiness_probe", "has_liveness_probe") == (True, False)
    assert seen(one.then, "log_retention_days", "risk_tier", "status") == (200, 2, "ready")
    assert one.now is not None
    assert one.now["version"] == "6"


def test_a_cluster_that_runs_the_manifest_says_the_same(tmp_path: Path):
    """One SQL reads both; what only a platform knows, or only the gate, is left out."""
    text = DEPLOYMENT.replace(
        "readinessProbe: {}",
        "readinessProbe: {}, securityContext: {runAsNonRoot: true}, "
        "resources: {requests: {cpu: 500m, memory: 2Gi}, limits: {nvidia.com/gpu: 1}}",
    )
    deploy = read_deploy([("-", textwrap.dedent(text).encode())])
    with Warehouse(":memory:") as opened:
        [one] = manifest.read(opened, deploy.objects, environment="production").deployments
    with Warehouse(":memory:") as opened:
        load(opened, tmp_path, "deployments", deploy.objects[0].value)
        [ran] = opened.records("select * from registry.deployment")
    platform = {"source", "deployment", "cluster", "environment", "status", "image_digests", "tags"}

    assert (ran["cpu_request_cores"], ran["gpu_request"], ran["runs_as_non_root"]) == (0.5, 1, True)
    assert {name: ran[name] for name in ran if name not in platform} == {
        name: one.then[name] for name in ran if name not in platform
    }


def load(warehouse: Warehouse, folder: Path, kind: str, value: Any) -> None:
    """Land one object as the collector of clusters does, and load it."""
    shape = next(one.shape for one in RESOURCES if one.name == kind)
    landing = Landing(folder, "prod")
    file = land_objects(landing, "prod", kind, [kept(value, shape)])
    landed = landing.snapshot([file], kind="kubernetes", schema="kubernetes", now=NOW)
    source = KubernetesSource(name="prod")
    job = Job(source, landed, landing.root, "USD", lambda _: None)
    with warehouse.transaction():
        kubernetes.load(warehouse, job)
        registry.settle(warehouse)


def test_the_warehouse_itself_stays_as_it_is(warehouse, read):
    """The deploy is beside it; whoever reads the warehouse sees what runs."""
    before = warehouse.rows("select * from registry.deployment")
    read(DEPLOYMENT)

    assert warehouse.rows("select * from registry.deployment") == before
    assert warehouse.row("select current_database()") == ("memory",)
    assert warehouse.rows(f"select version, replicas from {CATALOG}.registry.deployment") == [
        ("7", 3)
    ]


def test_a_warehouse_opened_read_only_is_enough(tmp_path: Path):
    """The gate opens it so; what a deploy says goes into memory."""
    Warehouse(tmp_path / "w.duckdb").close()
    deploy = read_deploy([("-", textwrap.dedent(DEPLOYMENT).encode())])
    with Warehouse(tmp_path / "w.duckdb", read_only=True) as opened:
        [one] = manifest.read(opened, deploy.objects, environment="staging").deployments

    assert seen(one.then, "model", "version", "environment") == ("churn", "7", "staging")


def test_one_that_no_cluster_runs_is_new_and_says_what_manifests_tell(warehouse, read):
    """It has a source of its own, of which is known what it could have said."""
    [one] = read(DEPLOYMENT.replace("name: churn", "name: churn-v2")).deployments
    told = dict(
        warehouse.rows(
            f"select field, supplied from {CATALOG}.registry.evidence "
            "where source = 'deploy:kubernetes'"
        )
    )

    assert (one.source, one.deployment) == ("deploy:kubernetes", "ml/Deployment/churn-v2")
    assert (one.now, one.then["cluster"], one.elsewhere) == (None, None, ())
    assert (told["deployment.images"], told["deployment.image_digests"]) == (True, True)
    assert (told["deployment.status"], told["deployment.region"]) == (False, False)


def test_an_image_by_tag_has_no_digest(read):
    """One of two is pinned: what will run is not known."""
    text = DEPLOYMENT.replace(
        "containers:", "containers:\n            - {name: b, image: 'acme/side:1'}"
    )
    [one] = read(text).deployments

    assert one.then["image_digests"] is None


def test_which_of_several_clusters_is_meant_is_not_guessed(warehouse, read):
    """Without a namespace both may be it; with one, the one there is."""
    running(warehouse, "other", namespace="web")
    registry.settle(warehouse)
    anywhere = DEPLOYMENT.replace("      namespace: ml\n", "")

    [one] = read(anywhere).deployments

    assert one.elsewhere == ("other/web/Deployment/churn", "prod/ml/Deployment/churn")
    assert one.source == "deploy:kubernetes"
    assert one.now is None


def test_two_manifests_are_never_taken_for_one_deployment(read):
    """One says its namespace and one does not: only one of the two can be what runs."""
    anywhere = DEPLOYMENT.replace("      namespace: ml\n", "")
    [one, two] = read(DEPLOYMENT + "\n    ---" + anywhere).deployments

    assert {one.deployment, two.deployment} == {"prod/ml/Deployment/churn", "Deployment/churn"}
    assert sorted((one.elsewhere, two.elsewhere)) == [(), ("prod/ml/Deployment/churn",)]


def test_a_scaler_of_the_manifest_counts_before_that_of_the_cluster(warehouse, read):
    """What the platform has and the manifest leaves out stays; what it says is new."""
    running_as = {"autoscaler": "keda", "min_replicas": 0, "max_replicas": 9}
    warehouse.run("delete from registry.stated_deployment")
    running(warehouse, "prod", **running_as)
    registry.settle(warehouse)
    deploy = read_deploy(
        [
            (
                "-",
                textwrap.dedent(DEPLOYMENT).encode()
                + textwrap.dedent(
                    """
                    ---
                    apiVersion: autoscaling/v2
                    kind: HorizontalPodAutoscaler
                    metadata: {name: churn, namespace: ml}
                    spec: {maxReplicas: 4, scaleTargetRef: {kind: Deployment, name: churn}}
                    """
                ).encode(),
            )
        ]
    )
    [one] = manifest.read(warehouse, deploy.objects, environment="production").deployments

    assert seen(one.then, "autoscaler", "min_replicas", "max_replicas") == ("hpa", 1, 4)


def test_what_the_cluster_scales_by_stays_where_the_manifest_has_no_scaler(warehouse, read):
    """A scaler is another object, which the deploy does not remove."""
    warehouse.run("delete from registry.stated_deployment")
    running(warehouse, "prod", autoscaler="keda", min_replicas=0, max_replicas=9)
    registry.settle(warehouse)
    [one] = read(DEPLOYMENT).deployments

    assert seen(one.then, "autoscaler", "min_replicas", "max_replicas") == ("keda", 0, 9)


@pytest.mark.parametrize(
    ("uri", "model", "version"),
    [
        ("models:/churn/7", "churn", "7"),
        ("models:/churn@champion", "churn", None),
        ("hf://acme/churn:main", "acme/churn", "main"),
        ("s3://models/churn/7", "churn", "7"),
        ("s3://models/nobody", None, None),
    ],
)
def test_an_inference_service_says_what_it_serves_by_its_storage(read, uri, model, version):
    """By the registry's address, by Hugging Face's, or by an artifact that the registry knows."""
    [one] = read(SERVICE % uri).deployments

    assert (one.kind, one.model, one.version) == ("InferenceService", model, version)
    assert one.then["min_replicas"] == 2


def test_an_inference_service_runs_the_image_of_its_runtime(read):
    """What it says itself counts before what the runtime says."""
    runtime = """
    ---
    apiVersion: serving.kserve.io/v1alpha1
    kind: ServingRuntime
    metadata: {name: triton}
    spec:
      containers:
        - {name: kserve-container, image: "acme/triton:1", readinessProbe: {}}
    """
    text = SERVICE.replace("model: {", "model: {runtime: triton, ") % "models:/churn/7"
    [one] = read(text + runtime).deployments
    [own] = read_again(text.replace("runtime: triton", "image: own, runtime: triton") + runtime)

    assert seen(one.then, "images", "has_readiness_probe") == (["acme/triton:1"], True)
    assert own.then["images"] == ["own"]


def read_again(text: str) -> tuple[Any, ...]:
    with Warehouse(":memory:") as opened:
        deploy = read_deploy([("-", textwrap.dedent(text).encode())])
        return manifest.read(opened, deploy.objects, environment="production").deployments


ENDPOINT = """
    {"EndpointConfigName": "churn-config", "ProductionVariants": [
        {"VariantName": "a", "ModelName": "m", "InstanceType": "ml.g5.xlarge",
         "InitialInstanceCount": 2}], "Tags": [%s]}
    """


def test_an_endpoint_configuration_takes_its_model_from_the_package(warehouse, read):
    """The request that makes the model says which package it is of."""
    arn = "arn:aws:sagemaker:eu-west-1:1:model-package/churn/7"
    made = f"""
    ---
    {{"ModelName": "m", "PrimaryContainer": {{"ModelPackageName": "{arn}"}}}}
    ---
    {{"EndpointName": "churn-live", "EndpointConfigName": "churn-config"}}
    """
    [one] = read(ENDPOINT % "" + made).deployments

    assert (one.source, one.deployment) == ("deploy:sagemaker", "churn-live")
    assert (one.model, one.version, one.then["replicas"]) == ("churn", "7", 2)


def test_a_request_tells_how_its_endpoint_is_secured_and_rolled_out(read):
    """What it leaves out, the endpoint does not have."""
    made = """
    ---
    {"ModelName": "m", "ExecutionRoleArn": "role/sm", "PrimaryContainer": {}}
    ---
    {"EndpointName": "churn-live", "EndpointConfigName": "churn-config", "DeploymentConfig": {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "LINEAR"}},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]}}}
    """
    [one] = read(ENDPOINT % "" + made).deployments

    assert seen(one.then, "rollout_strategy", "rolls_back", "network_isolated", "identity") == (
        *("linear", True, False, "role/sm"),
    )


@pytest.mark.parametrize(
    ("variable", "wanted"),
    [
        ('{name: API_KEY, value: "x"}', ["API_KEY"]),
        ("{name: API_KEY, valueFrom: {secretKeyRef: {name: s, key: k}}}", []),
        ('{name: MODE, value: "x"}', []),
    ],
)
def test_a_manifest_names_the_variables_that_hold_a_secret(read, variable, wanted):
    """As those of a cluster; their values go nowhere."""
    env = f"readinessProbe: {{}}, env: [{variable}]"
    [one] = read(DEPLOYMENT.replace("readinessProbe: {}", env)).deployments

    assert one.then["environment_secrets"] == wanted


def test_an_endpoint_configuration_takes_its_model_from_the_artifact_or_a_tag(read):
    """Where no package is named: the registry knows whose data it is, or its owner says so."""
    made = """
    ---
    {"ModelName": "m", "PrimaryContainer": {"ModelDataUrl": "s3://models/churn/7"}}
    """
    tag = '{"Key": "gov.model", "Value": "churn"}'
    [by_data] = read(ENDPOINT % "" + made).deployments

    assert (by_data.deployment, by_data.model, by_data.version) == ("churn-config", "churn", "7")
    assert read_tagged(tag) == ("churn", None)


def read_tagged(tag: str) -> tuple[str | None, str | None]:
    with Warehouse(":memory:") as opened:
        insert(opened, "config.tag_key", field="model", position=1, key="gov.model")
        deploy = read_deploy([("-", textwrap.dedent(ENDPOINT % tag).encode())])
        [one] = manifest.read(opened, deploy.objects, environment="production").deployments
        return one.model, one.version


def test_a_model_file_takes_the_place_of_what_it_said_before(warehouse, read):
    """Its blanks are the registry's; what it said at the last look and no longer says is gone."""
    row = {"model": "churn", "oncall": "old", "cost_center": "c", "from_file": True}
    stated(warehouse, "model", source="gov", **row)
    stated(warehouse, "model", source="cards", model="churn", description="a", from_file=True)
    files = {"field": "deployment", "supplied": True, "via": "file"}
    insert(warehouse, "registry.stated_evidence", source="gov", **files)
    registry.settle(warehouse)
    said = read(
        """
        model: churn
        owner: somebody-else
        oncall: new
        versions:
          "5": {lifecycle: archived}
          "8": {lifecycle: staging, approved_by: ada}
        """
    )
    row = "select owner, oncall, cost_center, description"
    rows = f"{row} from {CATALOG}.registry.model where model = 'churn'"

    assert said.models == {"standard input:2": ("churn", ("8",))}
    assert warehouse.rows(rows) == [("team-growth", "new", None, "a")]
    assert known_version(warehouse, "churn", "8")
    assert not known_version(warehouse, "churn", "9")


def test_a_model_file_leaves_what_files_say_of_the_data_of_other_models(warehouse, read):
    """Beside the file of one model the data of another that is deployed is as well described."""
    stated(warehouse, "model_version", model="churn", version="8", run_id="run-8")
    insert(warehouse, "registry.dataset", source="reg", run_id="run-8", dataset="customers")
    row = {"model": "churn", "versions": ["8"], "dataset": "customers", "from_file": True}
    stated(warehouse, "dataset", source="gov", has_personal_data=False, **row)
    read(DEPLOYMENT, "model: other\nowner: somebody-else")
    data = f"select dataset, has_personal_data from {CATALOG}.registry.dataset"

    assert warehouse.rows(data) == [("customers", False)]


def test_data_that_a_model_file_no_longer_names_is_gone(warehouse, read):
    """Though the file named the run that read it."""
    files = {"field": "deployment", "supplied": True, "via": "file"}
    insert(warehouse, "registry.stated_evidence", source="gov", **files)
    stated(warehouse, "model_version", model="churn", version="8", run_id="run-8")
    row = {"model": "churn", "run_id": "run-8", "dataset": "customers", "from_file": True}
    stated(warehouse, "dataset", source="gov", **row)
    stated(warehouse, "model", source="gov", model="churn", from_file=True)
    read("model: churn\nowner: somebody-else")

    assert warehouse.rows(f"select dataset from {CATALOG}.registry.dataset") == []


def test_labels_that_cannot_be_read_are_told(read):
    """A label that says nothing readable is no silence of its owner."""
    [spot] = read(DEPLOYMENT.replace('"200"', '"soon"')).blind_spots

    assert "'soon'" in spot.reason


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "=cmd|'/c calc'", "a'; drop table x"]
)
def test_names_are_names_and_nothing_else(read, name):
    """They pass through as they are; formats make them harmless."""
    text = DEPLOYMENT.replace("gov.model: churn", f"gov.model: {name!r}")
    [one] = read(text).deployments

    assert one.model == name
