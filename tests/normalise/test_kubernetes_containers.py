"""Containers and autoscalers of Kubernetes clusters: what advice on their size is made from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from builders.bills import NOW
from builders.k8s import container, pod, thing
from quaestor.collect.k8s_kept import RESOURCES, kept
from quaestor.collect.landing import Landing
from quaestor.collect.objects import land_objects
from quaestor.core.sources import KubernetesSource
from quaestor.normalise import kubernetes
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

SHAPES = {one.name: one.shape for one in RESOURCES}
SPECIAL = {"scaledobjects": "keda.sh", "verticalpodautoscalers": "autoscaling.k8s.io"}
KILLED = "2026-11-05T10:30:00Z"


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    """One warehouse for all tests; each load replaces what was there."""
    with Warehouse(":memory:") as opened:
        yield opened


@pytest.fixture
def load(warehouse: Warehouse, tmp_path: Path):
    """Land lists of the cluster `prod`, pruned as the collector prunes them, and load them."""

    def loaded(**lists: list[Any]) -> Warehouse:
        landing = Landing(tmp_path, "prod")
        named = {kind: f"{kind}.{SPECIAL[kind]}" if kind in SPECIAL else kind for kind in lists}
        files = [
            land_objects(landing, "prod", name, [kept(one, SHAPES[name]) for one in lists[kind]])
            for kind, name in named.items()
        ]
        manifest = landing.snapshot(files, kind="kubernetes", schema="kubernetes", now=NOW)
        job = Job(KubernetesSource(name="prod"), manifest, landing.root, "USD", lambda _: None)
        with warehouse.transaction():
            kubernetes.load(warehouse, job)
        return warehouse

    return loaded


def sized(name: str = "main", requests: Any = None, limits: Any = None, **rest: Any) -> Any:
    """A container that asks for something and is limited to something."""
    return container(name, resources={"requests": requests or {}, "limits": limits or {}}, **rest)


def status(name: str = "main", restarts: int = 0, **rest: Any) -> dict[str, Any]:
    """What the kubelet says of a container."""
    return {"name": name, "restartCount": restarts, "imageID": "", "image": "vllm:1", **rest}


def ended(reason: str, at: str = KILLED) -> dict[str, Any]:
    """A state of a container that has ended, with what must not be landed."""
    return {"terminated": {"reason": reason, "finishedAt": at, "message": "s3cret-of-message"}}


def scaler(kind: str, name: str, spec: Any, **rest: Any) -> dict[str, Any]:
    """An autoscaler of the Deployment web in the namespace ml."""
    aim = "targetRef" if kind == "VerticalPodAutoscaler" else "scaleTargetRef"
    spec = {aim: {"kind": "Deployment", "name": "web"}, **spec}
    return thing(kind, name, "ml", spec=spec, **rest)


def owned() -> list[dict[str, Any]]:
    """A ReplicaSet and its Deployment."""
    deployment = thing(
        "Deployment", "web", "ml", apiVersion="apps/v1", annotations={"gov.advice": "none"}
    )
    replicas = thing("ReplicaSet", "web-1", "ml", apiVersion="apps/v1", owner=deployment)
    return [deployment, replicas]


def test_each_container_has_its_own_row(load):
    """Sidecars are containers, what runs before them is not; whose they are, the pod says."""
    deployment, replicas = owned()
    passing, sidecar = sized("setup", {"cpu": "9"}), sized("mesh", {"cpu": "100m"})
    one = pod(
        "web-1-a",
        "ml",
        sized("main", {"cpu": "500m", "memory": "1Gi"}, {"memory": "2Gi"}),
        sized("logs", limits={"cpu": "1", "memory": "512Mi"}),
        container("bare"),
        owner=replicas,
        spec={"initContainers": [passing, {**sidecar, "restartPolicy": "Always"}]},
        status={"containerStatuses": [status("main", 3), status("bare")]},
    )
    rows = load(pods=[one], replicasets=[replicas], deployments=[deployment]).rows(
        "select container, owner_kind, owner, cpu_request_cores, cpu_limit_cores, "
        "ram_request_gib, ram_limit_gib, restarts, oom_killed_at, seen_at "
        "from usage.container order by container"
    )
    web = ("Deployment", "web")

    assert rows == [
        ("bare", *web, None, None, None, None, 0, None, NOW),
        ("logs", *web, 1.0, 1.0, 0.5, 0.5, None, None, NOW),
        ("main", *web, 0.5, None, 1.0, 2.0, 3, None, NOW),
        ("mesh", *web, 0.1, None, None, None, None, None, NOW),
    ]


def test_a_container_without_memory_left_says_at_which_limit(load):
    """Killed before its last restart, or for good; another reason is no lack of memory."""

    def ran(name: str, limit: str | None, spec: Any = None, **states: Any) -> dict[str, Any]:
        limits = {"memory": limit} if limit else {}
        statuses = {"containerStatuses": [status("main", 1, **states)]}
        return pod(name, "ml", sized(limits=limits), status=statuses, spec=spec or {})

    later = "2026-11-05T11:00:00Z"
    rows = load(
        pods=[
            ran("before", "1Gi", lastState=ended("OOMKilled"), state={"running": {}}),
            ran("twice", "1Gi", lastState=ended("OOMKilled"), state=ended("OOMKilled", later)),
            ran("failed", "1Gi", lastState=ended("Error")),
            ran("machine", None, state=ended("OOMKilled")),
            ran("pod", None, {"resources": {"limits": {"memory": "3Gi"}}},
                state=ended("OOMKilled")),
        ]
    ).rows(
        "select pod, oom_killed_at, oom_limit_gib from usage.container order by pod"
    )  # fmt: skip
    at = datetime(2026, 11, 5, 10, 30)

    assert rows == [
        ("before", at, 1.0),
        ("failed", None, None),
        ("machine", at, None),
        ("pod", at, 3.0),
        ("twice", datetime(2026, 11, 5, 11), 1.0),
    ]


def test_annotations_that_guide_advice_come_from_the_pod_and_its_owners(load):
    """The nearest counts, wishes against advice add up, and nothing else is told."""
    deployment, replicas = owned()
    one = pod(
        "web-1-a",
        owner=replicas,
        labels={"app": "web", "gov.team": "nlp"},
        annotations={
            "gov.advice": "spot_training",
            "vpaUpdates": "Pod resources updated by web",
            "kubectl.kubernetes.io/restartedAt": "2026",
        },
    )
    deployment["metadata"]["labels"] = {"gov.team": "vision", "gov.model": "churn"}
    deployment["metadata"]["annotations"]["karpenter.sh/do-not-disrupt"] = "true"
    lists = {"pods": [one, pod("lone")], "replicasets": [replicas], "deployments": [deployment]}
    rows = dict(load(**lists).rows("select pod, annotations from usage.container"))

    assert rows["lone"] is None
    assert json.loads(rows["web-1-a"]) == {
        "gov.advice": "none, spot_training",
        "gov.model": "churn",
        "gov.team": "nlp",
        "karpenter.sh/do-not-disrupt": "true",
        "vpaUpdates": "Pod resources updated by web",
    }


def test_autoscalers_say_what_they_scale_on(load):
    """By resources, by other metrics, by KEDA's triggers; KEDA's own autoscaler is not a second."""
    keda = scaler("ScaledObject", "queue", {
        "scaleTargetRef": {"name": "worker"},
        "triggers": [
            {"type": "cpu", "metadata": {"value": "60"}},
            {"type": "rabbitmq", "metadata": {"host": "amqp://u:s3cret-of-trigger@mq"}},
        ],
    }, apiVersion="keda.sh/v1alpha1")  # fmt: skip
    several = [
        {"type": "Resource", "resource": {"name": "memory"}},
        {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "main"}},
        {"type": "External", "external": {"metric": {"name": "queue_length"}}},
    ]
    lists = {
        "horizontalpodautoscalers": [
            scaler("HorizontalPodAutoscaler", "plain", {"maxReplicas": 5}),
            scaler("HorizontalPodAutoscaler", "several",
                   {"minReplicas": 2, "maxReplicas": 9, "metrics": several}),
            scaler("HorizontalPodAutoscaler", "keda-hpa-queue", {"maxReplicas": 9}, owner=keda),
        ],
        "scaledobjects": [keda],
    }  # fmt: skip
    rows = load(**lists).rows(
        "select kind, autoscaler, target_kind, target, metrics, mode, min_replicas, max_replicas "
        "from usage.autoscaler order by autoscaler"
    )

    assert rows == [
        ("hpa", "plain", "Deployment", "web", ["cpu"], None, 1, 5),
        ("keda", "queue", "Deployment", "worker", ["cpu", "rabbitmq"], None, 0, 100),
        ("hpa", "several", "Deployment", "web", ["cpu", "memory", "queue_length"], None, 2, 9),
    ]


def test_a_vertical_pod_autoscaler_says_what_it_controls(load):
    """All resources of all containers, unless its policies say less."""
    deployment, replicas = owned()
    memory = {"containerName": "main", "controlledResources": ["memory"]}
    off = {"containerName": "logs", "mode": "Off"}
    policies = {
        "bare": None,
        "all": [{"containerName": "*", "controlledResources": ["cpu"]}],
        "some": [memory],  # logs is left to the default
        "each": [memory, off],
        "never": [{"containerName": "*", "mode": "Off"}],
    }
    lists = {
        "pods": [pod("web-1-a", "ml", container(), container("logs"), owner=replicas)],
        "replicasets": [replicas],
        "deployments": [deployment],
        "verticalpodautoscalers": [
            scaler("VerticalPodAutoscaler", name, {
                **({"resourcePolicy": {"containerPolicies": some}} if some else {}),
                **({"updatePolicy": {"updateMode": "Off"}} if name == "all" else {}),
            })
            for name, some in policies.items()
        ],
    }  # fmt: skip
    rows = load(**lists).rows(
        "select autoscaler, target_kind, target, metrics, mode, min_replicas "
        "from usage.autoscaler where kind = 'vpa' order by autoscaler"
    )
    web = ("Deployment", "web")

    assert rows == [
        ("all", *web, ["cpu"], "Off", None),
        ("bare", *web, ["cpu", "memory"], "Recreate", None),
        ("each", *web, ["memory"], "Recreate", None),
        ("never", *web, [], "Recreate", None),
        ("some", *web, ["cpu", "memory"], "Recreate", None),
    ]


def test_nothing_secret_is_landed_of_containers_and_autoscalers(load, tmp_path):
    """Messages of ended containers and the metadata of triggers stay in the cluster."""
    trigger = {"type": "redis", "metadata": {"password": "s3cret-of-trigger"}}
    one = pod("a", status={"containerStatuses": [status(state=ended("OOMKilled"))]})
    load(pods=[one], scaledobjects=[scaler("ScaledObject", "q", {"triggers": [trigger]})])
    landed = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    assert b"OOMKilled" in landed
    assert b"s3cret" not in landed


def test_a_source_that_is_loaded_again_leaves_nothing_behind(load):
    """A pod that is gone has no containers, and an autoscaler that is gone no row."""
    first = {"pods": [pod("a")], "horizontalpodautoscalers": [
        scaler("HorizontalPodAutoscaler", "h", {"maxReplicas": 2})]}  # fmt: skip
    load(**first)
    warehouse = load(pods=[])

    assert warehouse.rows("select * from usage.container") == []
    assert warehouse.rows("select * from usage.autoscaler") == []
