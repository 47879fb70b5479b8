"""normalise.kubernetes: what a manifest tells of how a model is served, as policies ask for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builders import jobs
from builders.jobs import settled as seen
from builders.k8s import container, node, pod, thing
from quaestor.collect.k8s_kept import RESOURCES, kept
from quaestor.core.sources import KubernetesSource
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

SHAPES = {one.name: one.shape for one in RESOURCES}
RBAC = ("roles", "rolebindings", "clusterroles", "clusterrolebindings")
ZONE = "topology.kubernetes.io/zone"


def cluster(folder: Path, *, unlisted: tuple[str, ...] = (), **lists: list[Any]) -> Job:
    """The cluster `prod` with these objects; `rollouts__argoproj_io` is `rollouts.argoproj.io`."""
    named = {name.replace("__", ".").replace("_", "."): found for name, found in lists.items()}
    files = {
        f"prod/{name}": jobs.lines(kept(one, shape) for one in named.get(name, ()))
        for name, shape in SHAPES.items()
        if name not in unlisted
    }
    return jobs.landed(folder, KubernetesSource(name="prod"), files, schema="kubernetes")


def serving(
    *containers: Any, kind: str = "Deployment", pod_spec: Any = None, **rest: Any
) -> dict[str, Any]:
    """A workload in the namespace ml that serves churn."""
    template = {"spec": {"containers": list(containers) or [container()], **(pod_spec or {})}}
    spec = {"replicas": 2, "template": template, **rest.pop("spec", {})}
    return thing(kind, "api", "ml", labels={"model": "churn"}, spec=spec, **rest)


def served(predictor: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """An InferenceService."""
    return thing("InferenceService", "llm", "ml", spec={"predictor": predictor}, **rest)


def only(warehouse: Warehouse, *columns: str) -> Any:
    """The one deployment: its column, or some of them."""
    [row] = warehouse.rows(f"select {', '.join(columns)} from registry.deployment")
    return row if len(columns) > 1 else row[0]


ASKS = {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "2Gi"}}
GPU = {"limits": {"nvidia.com/gpu": "2", "cpu": "4", "memory": "8Gi"}}
COUNTED = (
    *("cpu_request_cores", "cpu_limit_cores", "ram_request_gib", "ram_limit_gib"),
    *("gpu_request", "gpu_limit"),
)


@pytest.mark.parametrize(
    ("containers", "pod_spec", "wanted"),
    [
        ([ASKS, GPU], {}, (4.5, 5, 9, 10, 2, 2)),
        ([ASKS], {"initContainers": [container(resources=GPU)]}, (0.5, 1, 1, 2, 0, 0)),
        (
            [ASKS],
            {"initContainers": [container(resources=ASKS, restartPolicy="Always")]},
            (1, 2, 2, 4, 0, 0),
        ),
        ([ASKS, {}], {}, (None, None, None, None, 0, 0)),
        ([{"requests": {"cpu": "2", "nvidia.com/gpu": "1"}}], {}, (2, None, None, None, 1, None)),
        ([{"requests": {"cpu": "lots", "memory": "1Gi"}}], {}, (None, None, 1, None, 0, 0)),
    ],
)
def test_a_replica_asks_for_what_its_containers_ask_for(
    warehouse, tmp_path, containers, pod_spec, wanted
):
    """Sidecars too; what one of them leaves out, the replica does not say."""
    made = serving(*(container(resources=one) for one in containers), pod_spec=pod_spec)
    seen(warehouse, cluster(tmp_path, deployments=[made]))

    assert only(warehouse, *COUNTED) == wanted


SAFE = {"runAsNonRoot": True, "readOnlyRootFilesystem": True}


@pytest.mark.parametrize(
    ("of_pod", "of_containers", "wanted"),
    [
        ({}, [SAFE], (True, False, True)),
        ({"runAsNonRoot": True}, [{}], (True, False, False)),
        ({"runAsUser": 1000}, [{"readOnlyRootFilesystem": True}], (True, False, True)),
        ({"runAsUser": 1000}, [{"runAsUser": 0}], (False, False, False)),
        ({"runAsNonRoot": True}, [{"runAsNonRoot": False}], (False, False, False)),
        ({}, [SAFE, {}], (False, False, False)),
        ({}, [{**SAFE, "privileged": True}], (True, True, True)),
    ],
)
def test_a_pod_is_as_safe_as_its_least_safe_container(
    warehouse, tmp_path, of_pod, of_containers, wanted
):
    """A container's own setting counts before the pod's; what is left out is not set."""
    parts = [container(securityContext=one) for one in of_containers]
    made = serving(*parts, pod_spec={"securityContext": of_pod})
    seen(warehouse, cluster(tmp_path, statefulsets=[{**made, "kind": "StatefulSet"}]))

    columns = ("runs_as_non_root", "is_privileged", "has_read_only_root")
    assert only(warehouse, *columns) == wanted


def test_what_a_runtime_decides_is_unknown(warehouse, tmp_path):
    """A model server without an image is its runtime's; its timeout and traffic are its own."""
    predictor = {
        "timeout": 30,
        "canaryTrafficPercent": 10,
        "minReplicas": 0,
        "serviceAccountName": "llm",
        "nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-L4"},
        "model": {"modelFormat": {"name": "vllm"}, "resources": GPU},
    }
    seen(warehouse, cluster(tmp_path, inferenceservices__serving_kserve_io=[served(predictor)]))

    assert only(warehouse, "is_privileged", "runs_as_non_root", "request_timeout_seconds") == (
        *(None, None, 30),
    )
    assert only(warehouse, "rollout_strategy", "scales_to_zero", "identity", "gpu_model") == (
        *("canary", True, "service_account:ml/llm", "NVIDIA-L4"),
    )
    assert only(warehouse, *COUNTED) == (4, 4, 8, 8, 2, 2)


def test_only_names_of_secrets_are_known(warehouse, tmp_path):
    """By name or by form; a reference to a Secret is none, and no value is anywhere."""
    env = [
        {"name": "HF_TOKEN", "value": "s3cret-1"},
        {"name": "DATABASE", "value": "postgres://ada:s3cret-2@db/x"},
        {"name": "SAFE_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "pw"}}},
        {"name": "MAX_TOKENS", "value": "4096"},
        {"name": "COPY_TOKEN", "value": "$(HF_TOKEN)"},
    ]
    job = cluster(tmp_path, deployments=[serving(container(env=env), container(env=env[:1]))])
    seen(warehouse, job)

    assert only(warehouse, "environment_secrets") == ["DATABASE", "HF_TOKEN"]
    assert all("s3cret" not in path.read_text() for path in tmp_path.iterdir())


def binding(
    role: str, kind: str, name: str, *, of: str = "ml", namespace: str | None = None
) -> Any:
    """A (Cluster)RoleBinding of a ClusterRole to one subject."""
    subject = {"kind": kind, "name": name}
    return thing(
        "RoleBinding" if namespace else "ClusterRoleBinding",
        "b",
        namespace,
        roleRef={"kind": "ClusterRole", "name": role},
        subjects=[{**subject, "namespace": of} if kind == "ServiceAccount" else subject],
    )


WILD = thing(
    "ClusterRole", "wild", rules=[{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
)
VIEW = thing(
    "ClusterRole", "view", rules=[{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get"]}]
)


@pytest.mark.parametrize(
    ("bindings", "wanted"),
    [
        ({}, False),
        ({"clusterrolebindings": [binding("wild", "ServiceAccount", "sm")]}, True),
        ({"clusterrolebindings": [binding("view", "ServiceAccount", "sm")]}, False),
        ({"clusterrolebindings": [binding("wild", "ServiceAccount", "sm", of="other")]}, False),
        ({"clusterrolebindings": [binding("wild", "ServiceAccount", "default")]}, False),
        ({"clusterrolebindings": [binding("wild", "Group", "system:serviceaccounts:ml")]}, True),
        ({"clusterrolebindings": [binding("wild", "User", "system:serviceaccount:ml:sm")]}, True),
        (
            {"rolebindings": [binding("admin", "ServiceAccount", "sm", namespace="ml")]},
            True,
        ),
        (
            {"rolebindings": [binding("admin", "ServiceAccount", "sm", namespace="other")]},
            False,
        ),
    ],
)
def test_an_identity_is_an_admin_by_what_is_bound_to_it(warehouse, tmp_path, bindings, wanted):
    """In the cluster or the namespace, by name, by wildcards, by its groups."""
    admin = thing("ClusterRole", "admin", rules=[])
    made = serving(pod_spec={"serviceAccountName": "sm"})
    lists = {"clusterroles": [WILD, VIEW, admin], **bindings}
    seen(warehouse, cluster(tmp_path, deployments=[made], **lists))

    assert only(warehouse, "identity", "identity_is_admin") == ("service_account:ml/sm", wanted)


@pytest.mark.parametrize("unlisted", RBAC)
def test_rules_that_may_not_be_listed_prove_no_innocence(warehouse, tmp_path, unlisted):
    """Unknown, and not supplied."""
    seen(warehouse, cluster(tmp_path, unlisted=(unlisted,), deployments=[serving()]))

    assert only(warehouse, "identity_is_admin") is None
    assert warehouse.rows(
        "select supplied from registry.evidence where field = 'deployment.identity_is_admin'"
    ) == [(False,)]


def rollout(strategy: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """One of Argo's Rollouts."""
    return thing(
        "Rollout", "api", "ml", labels={"model": "churn"}, spec={"strategy": strategy, **spec}
    )


ANALYSED = {"steps": [{"setWeight": 5}, {"analysis": {"templates": [{"templateName": "errors"}]}}]}


@pytest.mark.parametrize(
    ("lists", "wanted"),
    [
        ({"deployments": [serving()]}, ("rolling-update", None, False)),
        (
            {"deployments": [serving(spec={"strategy": {"type": "Recreate"}})]},
            ("recreate", None, False),
        ),
        (
            {"statefulsets": [serving(spec={"updateStrategy": {"type": "OnDelete"}})]},
            ("on-delete", None, False),
        ),
        (
            {
                "rollouts__argoproj_io": [
                    rollout({"canary": ANALYSED}, template={"spec": {"containers": [container()]}})
                ]
            },
            ("canary", "errors", True),
        ),
        (
            {
                "deployments": [serving()],
                "rollouts__argoproj_io": [
                    rollout({"blueGreen": {}}, workloadRef={"kind": "Deployment", "name": "api"})
                ],
            },
            ("blue-green", None, False),
        ),
    ],
)
def test_how_a_manifest_rolls_out(warehouse, tmp_path, lists, wanted):
    """Argo's Rollout goes back by itself where an analysis can fail; a Deployment stays."""
    seen(warehouse, cluster(tmp_path, **lists))

    assert only(warehouse, "rollout_strategy", "rollout_analysis", "rolls_back") == wanted


@pytest.mark.parametrize(
    ("pod_spec", "zones", "wanted"),
    [
        ({}, [], 1),
        ({"topologySpreadConstraints": [{"topologyKey": ZONE}]}, [], 2),
        ({"topologySpreadConstraints": [{"topologyKey": "kubernetes.io/hostname"}]}, [], 1),
        ({}, ["a", "b", "c"], 3),
        ({"topologySpreadConstraints": [{"topologyKey": ZONE}]}, ["a"], 1),
        ({}, ["a", None], 1),
    ],
)
def test_zones_are_those_that_pods_run_in(warehouse, tmp_path, pod_spec, zones, wanted):
    """Where that is not known, a manifest that spreads them has two."""
    made = serving(pod_spec=pod_spec)
    owner = thing("ReplicaSet", "api-1", "ml", owner=made)
    nodes = [node(f"n{i}", labels={ZONE: zone} if zone else {}) for i, zone in enumerate(zones)]
    pods = [pod(f"p{i}", owner=owner, spec={"nodeName": f"n{i}"}) for i in range(len(zones))]
    seen(
        warehouse,
        cluster(tmp_path, deployments=[made], replicasets=[owner], nodes=nodes, pods=pods),
    )

    assert only(warehouse, "zones") == wanted


def test_an_annotation_says_what_no_manifest_knows(warehouse, tmp_path):
    """In the words of the vocabulary; a label wins over an annotation, the pod's come last."""
    said = {"gov.guardrail": "pod", "gov.disclosure": "banner", "gov.tls": "perhaps"}
    made = serving(annotations={"gov.guardrail": "ours", "gov.drift": "0.2"})
    made["spec"]["template"]["metadata"] = {"annotations": said}
    spots = seen(warehouse, cluster(tmp_path, deployments=[made]))

    assert only(warehouse, "guardrail", "disclosure", "drift", "tls") == (
        *("ours", "banner", 0.2, None),
    )
    [(scope, reason)] = spots
    assert scope == "deployment.tls"
    assert "deployment prod/ml/Deployment/api: the value of gov.tls is 'perhaps'" in reason
    [(file, row, raw)] = warehouse.rows("select file, row_number, raw from quarantine.row")
    assert (file, row) == ("prod-deployments", 1)
    assert json.loads(raw)["key"] == "gov.tls"


def test_evidence_tells_what_a_manifest_proves_from_what_an_owner_says(warehouse, tmp_path):
    """What neither can be blamed for is not supplied, and counts where it is known."""
    seen(warehouse, cluster(tmp_path, deployments=[serving()]))
    via = dict(
        warehouse.rows("select field, via from registry.evidence where field like 'deployment.%'")
    )

    native = ("cpu_limit_cores", "is_privileged", "identity_is_admin", "scales_to_zero", "zones")
    assert {via[f"deployment.{name}"] for name in native} == {"native"}
    assert via["deployment.monitoring"] == via["deployment.alert_route"] == "tag"
    unknown = ("tls", "encrypted", "network_isolated", "region", "gpu_model", "cost_per_month")
    assert {via[f"deployment.{name}"] for name in unknown} == {None}
