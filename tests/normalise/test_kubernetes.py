"""Kubernetes objects as tables: what a collector keeps is landed, loaded, and joined to a bill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from builders.bills import NOW
from builders.k8s import container, node, pod, thing
from builders.rows import charge, insert
from quaestor.collect.k8s_kept import RESOURCES, kept
from quaestor.collect.landing import Landing
from quaestor.collect.objects import land_objects
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.sources import KubernetesSource
from quaestor.normalise import artifacts, kubernetes, registry
from quaestor.normalise.format import SQL
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

SHAPES = {one.name: one.shape for one in RESOURCES}
RBAC = "rbac.authorization.k8s.io"
DIGEST = "sha256:" + "ab" * 32


class Cluster:
    """Landed lists of a source, loaded into a warehouse on demand."""

    def __init__(self, folder: Path, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.landing = Landing(folder, "prod")

    def load(self, **lists: list[Any]) -> list[BlindSpot]:
        """Load lists of the cluster `prod`; `rayclusters__ray_io` is `rayclusters.ray.io`."""
        return self.load_lists(
            {("prod", name.replace("__", ".").replace("_", ".")): lists[name] for name in lists}
        )

    def load_lists(self, lists: dict[tuple[str, str], list[Any]], **keys: Any) -> list[BlindSpot]:
        """Load lists by cluster and kind, pruned as the collector prunes them."""
        files = [
            land_objects(
                self.landing, cluster, kind,
                [kept(one, SHAPES[kind.partition("@")[0]]) for one in objects],
            )
            for (cluster, kind), objects in lists.items()
        ]  # fmt: skip
        return self.load_files(*files, **keys)

    def load_files(self, *files: Any, **keys: Any) -> list[BlindSpot]:
        """Put files in force and load them."""
        manifest = self.landing.snapshot(files, kind="kubernetes", schema="kubernetes", now=NOW)
        source = KubernetesSource(name="prod", **keys)
        job = Job(source, manifest, self.landing.root, "USD", lambda _: None)
        with self.warehouse.transaction():
            spots = kubernetes.load(self.warehouse, job)
            registry.settle(self.warehouse)
            return spots

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the warehouse."""
        return self.warehouse.rows(sql)


@pytest.fixture(scope="module")
def one_warehouse() -> Iterator[Warehouse]:
    """One warehouse for all tests; each load replaces what was there."""
    with Warehouse(":memory:") as warehouse:
        yield warehouse


@pytest.fixture
def cluster(one_warehouse: Warehouse, tmp_path: Path) -> Cluster:
    """A cluster of which nothing is landed yet."""
    return Cluster(tmp_path, one_warehouse)


def workload(kind: str, name: str, *containers: Any, **rest: Any) -> dict[str, Any]:
    """A Deployment or StatefulSet in the namespace ml."""
    template = {"metadata": rest.pop("template", {}), "spec": {"containers": list(containers)}}
    spec = {"replicas": 1, "template": template, **rest.pop("spec", {})}
    return thing(kind, name, "ml", apiVersion="apps/v1", spec=spec, **rest)


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("1500m", "1.5"),
        ("16Gi", str(16 * 2**30)),
        ("1e3", "1000"),
        ("12E3", "12000"),
        ("128974848", "128974848"),
        ("1E", str(10**18)),
        ("1Ei", str(2**60)),
        ("129M", "129000000"),
        ("123Mi", str(123 * 2**20)),
        ("128974848000m", "128974848"),
        ("1.5Gi", str(3 * 2**29)),
        ("1048576Ki", str(2**30)),
        ("100n", "0.0000001"),
        ("250u", "0.00025"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+1k", "1000"),
        ("0", "0"),
        ("", None),
        ("lots", None),
        ("1 Gi", None),
        ("1gi", None),
        ("0x10", None),
        ("1_000", None),
        ("nan", None),
        ("9999999999999999999Ei", None),
    ],
)
def test_a_quantity_is_read_exactly_or_not_at_all(one_warehouse, text, exact):
    """Kubernetes' grammar: decimal and binary suffixes, exponents, nothing else."""
    one_warehouse.run((SQL / "k8s_macros.sql").read_text())

    ((value,),) = one_warehouse.rows("select quantity(?)", [text])
    assert value == (None if exact is None else Decimal(exact))


GFD = {"nvidia.com/gpu.product": "NVIDIA-A10G", "nvidia.com/gpu.count": "4"}
MIG = "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb"


@pytest.mark.parametrize(
    ("labels", "capacity", "wanted"),
    [
        # Feature discovery: whole GPUs.
        (
            {**GFD, "nvidia.com/gpu.replicas": "1", "nvidia.com/gpu.sharing-strategy": "none",
             "nvidia.com/gpu.memory": "23028"},
            {"nvidia.com/gpu": "4"},
            ("NVIDIA-A10G", 4, 23028 / 1024, None, 1),
        ),
        # Time-slicing: the capacity is replicated, the count is not.
        (
            {**GFD, "nvidia.com/gpu.product": "NVIDIA-A10G-SHARED", "nvidia.com/gpu.replicas": "6",
             "nvidia.com/gpu.sharing-strategy": "time-slicing"},
            {"nvidia.com/gpu": "24"},
            ("NVIDIA-A10G", 4, None, "time-slicing", 6),
        ),
        # Time-slicing under a name of its own, and a feature discovery that names no strategy.
        (
            {**GFD, "nvidia.com/gpu.replicas": "2"},
            {"nvidia.com/gpu.shared": "8", "nvidia.com/gpu": None},
            ("NVIDIA-A10G", 4, None, "time-slicing", 2),
        ),
        (
            {**GFD, "nvidia.com/gpu.replicas": "2", "nvidia.com/gpu.sharing-strategy": "mps"},
            {"nvidia.com/gpu": "8"},
            ("NVIDIA-A10G", 4, None, "mps", 2),
        ),
        # MIG, mixed: slices have names of their own.
        (
            {**GFD, "nvidia.com/mig.strategy": "mixed", "nvidia.com/mig.config": "all-balanced",
             "nvidia.com/gpu.replicas": "0"},
            {"nvidia.com/gpu": "0", "nvidia.com/mig-1g.5gb": "8", "nvidia.com/mig-3g.20gb": "4"},
            ("NVIDIA-A10G", 4, None, "mig", None),
        ),
        # MIG, single: the count is of slices; how many GPUs, nobody says.
        (
            {"nvidia.com/gpu.product": MIG, "nvidia.com/gpu.count": "56",
             "nvidia.com/gpu.memory": "4864", "nvidia.com/mig.strategy": "single"},
            {"nvidia.com/gpu": "56"},
            ("NVIDIA-A100-SXM4-40GB", None, None, "mig", None),
        ),
        # ... unless Karpenter does.
        (
            {"nvidia.com/gpu.product": MIG, "nvidia.com/gpu.count": "56",
             "karpenter.k8s.aws/instance-gpu-count": "8"},
            {"nvidia.com/gpu": "56"},
            ("NVIDIA-A100-SXM4-40GB", 8, None, "mig", None),
        ),
        # No feature discovery: Karpenter, GKE, or the capacity as it stands.
        (
            {"karpenter.k8s.aws/instance-gpu-name": "a10g",
             "karpenter.k8s.aws/instance-gpu-count": "4",
             "karpenter.k8s.aws/instance-gpu-memory": "24576"},
            {"nvidia.com/gpu": None},
            ("a10g", 4, 24.0, None, None),
        ),
        (
            {"cloud.google.com/gke-accelerator": "nvidia-l4",
             "cloud.google.com/gke-gpu-sharing-strategy": "time-sharing",
             "cloud.google.com/gke-max-shared-clients-per-gpu": "3"},
            {"nvidia.com/gpu": "6"},
            ("nvidia-l4", 2, None, "time-slicing", 3),
        ),
        ({}, {"nvidia.com/gpu": "8"}, (None, 8, None, None, None)),
        (
            {"amd.com/gpu.product-name": "AMD_Instinct_MI300X"},
            {"nvidia.com/gpu": None, "amd.com/gpu": "8"},
            ("AMD_Instinct_MI300X", 8, None, None, None),
        ),
        # What cannot be read, or is not told at all, is not 0.
        ({}, {"nvidia.com/gpu": "many"}, (None, None, None, None, None)),
        ({}, {"nvidia.com/gpu": None, "cpu": None, "memory": None, "pods": None},
         (None, None, None, None, None)),
        # No GPU is 0; a GPU whose driver has not come up is unknown.
        ({}, {"nvidia.com/gpu": None}, (None, 0, None, None, None)),
        (
            {"cloud.google.com/gke-accelerator": "nvidia-l4"},
            {"nvidia.com/gpu": None},
            ("nvidia-l4", None, None, None, None),
        ),
    ],
)  # fmt: skip
def test_gpus_are_physical_ones_or_unknown(cluster, labels, capacity, wanted):
    """Neither replicas nor slices are GPUs."""
    cluster.load(nodes=[node(labels=labels, capacity=capacity)])

    assert cluster.rows(
        "select gpu_model, gpus, gpu_memory_gib, gpu_sharing, gpu_replicas from usage.node"
    ) == [wanted]


def test_what_pods_can_ask_for_is_kept(cluster):
    """By name; CPU and memory are columns."""
    capacity = {"nvidia.com/gpu": "0", "nvidia.com/mig-1g.5gb": "14", "cpu": "95500m"}
    cluster.load(nodes=[node(capacity=capacity)])

    ((resources, cores, ram),) = cluster.rows(
        "select gpu_resources, cpu_cores, ram_gib from usage.node"
    )
    assert json.loads(resources) == {"nvidia.com/gpu": 0, "nvidia.com/mig-1g.5gb": 14}
    assert (cores, ram) == (95.5, 1152.0)


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        ({"eks.amazonaws.com/capacityType": "SPOT"}, "spot"),
        ({"eks.amazonaws.com/capacityType": "ON_DEMAND"}, "on-demand"),
        ({"eks.amazonaws.com/capacityType": "CAPACITY_BLOCK"}, "capacity-block"),
        ({"karpenter.sh/capacity-type": "spot"}, "spot"),
        ({"karpenter.sh/capacity-type": "reserved"}, "reserved"),
        ({"cloud.google.com/gke-nodepool": "a", "cloud.google.com/gke-spot": "true"}, "spot"),
        ({"cloud.google.com/gke-preemptible": "true"}, "spot"),
        ({"cloud.google.com/gke-nodepool": "a"}, "on-demand"),
        ({"kubernetes.azure.com/scalesetpriority": "spot"}, "spot"),
        ({"kubernetes.azure.com/cluster": "rg"}, "on-demand"),
        ({"node-role.kubernetes.io/spot-worker": ""}, "spot"),
        ({}, None),
    ],
)
def test_spot_or_on_demand_is_what_a_label_says(cluster, labels, wanted):
    """Where nobody says, it is unknown."""
    cluster.load(nodes=[node(labels=labels)])

    assert cluster.rows("select capacity_type from usage.node") == [(wanted,)]


def test_a_node_has_its_place_and_machine(cluster):
    """Old labels count where the new ones are missing."""
    labels = {
        "topology.kubernetes.io/region": "eu-west-1",
        "failure-domain.beta.kubernetes.io/zone": "eu-west-1a",
        "beta.kubernetes.io/instance-type": "p4d.24xlarge",
    }
    cluster.load(nodes=[node("n1", "aws:///eu-west-1a/i-0abc", labels=labels)])

    assert cluster.rows(
        "select cluster, node, provider_id, instance_type, region, zone, created_at, seen_at, "
        "labels from usage.node"
    ) == [
        (
            *("prod", "n1", "aws:///eu-west-1a/i-0abc", "p4d.24xlarge", "eu-west-1"),
            *("eu-west-1a", datetime(2026, 11, 1), NOW),
            json.dumps(labels, sort_keys=True, separators=(",", ":")),
        )
    ]


SET = "/subscriptions/S1/resourceGroups/MC_rg/providers/Microsoft.Compute/virtualMachineScaleSets"
VM = "/subscriptions/S1/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/gpu-1"


@pytest.mark.parametrize(
    ("provider_id", "annotations", "resource_id"),
    [
        ("aws:///us-east-1a/i-0abc", {}, "i-0abc"),
        ("aws:///us-east-1a/i-0abc", {}, "arn:aws:ec2:us-east-1:1:instance/i-0abc"),
        (f"azure://{SET}/aks-gpu-vmss/virtualMachines/3", {}, f"{SET}/aks-gpu-vmss".lower()),
        (f"azure://{VM}", {}, VM.lower()),
        (
            "gce://acme/us-central1-a/gke-gpu-1",
            {"container.googleapis.com/instance_id": "7123"},
            "//compute.googleapis.com/projects/99/zones/us-central1-a/instances/7123",
        ),
        (
            "gce://acme/us-central1-a/gke-gpu-1",
            {},
            "//compute.googleapis.com/projects/acme/zones/us-central1-a/instances/gke-gpu-1",
        ),
        ("oci://ocid1.instance.oc1.iad.abc", {}, "ocid1.instance.oc1.iad.abc"),
        ("ocid1.instance.oc1.iad.abc", {}, "ocid1.instance.oc1.iad.abc"),
    ],
)
def test_a_pod_leads_to_its_node_and_the_node_to_its_charge(
    cluster, provider_id, annotations, resource_id
):
    """Pod -> node -> bill, in whichever words the bill names the machine."""
    cluster.load(
        nodes=[node("n1", provider_id, annotations=annotations), node("n2", "aws:///x/i-0ab")],
        pods=[pod("serve", "ml", labels={"model": "churn"})],
    )
    cluster.warehouse.run("delete from focus.charge")
    charge(cluster.warehouse, "2026-11-20", "98.32", ResourceId=resource_id)
    charge(cluster.warehouse, "2026-11-20", "1", ResourceId="i-0abcdef")
    charge(cluster.warehouse, "2026-11-20", "1")

    assert cluster.rows(
        """
        select p.namespace, p.pod, p.labels::json ->> 'model', n.node, sum(c.BilledCost)
        from usage.pod as p
        join usage.node as n
            on n.source = p.source and n.cluster = p.cluster and n.node = p.node
        join focus.charge as c
            on c.ResourceId = n.resource_id or ends_with(c.ResourceId, '/' || n.resource_id)
        group by all
        """
    ) == [("ml", "serve", "churn", "n1", Decimal("98.32"))]


@pytest.mark.parametrize("provider_id", [None, "kind://docker/kind/kind-control-plane", "", "x"])
def test_a_machine_on_no_bill_has_no_resource_id(cluster, provider_id):
    """A cluster in a cellar is billed by nobody."""
    cluster.load(nodes=[node("n1", provider_id)])

    assert cluster.rows("select provider_id, resource_id from usage.node") == [
        (provider_id or None, None)
    ]


def asks(**resources: str) -> dict[str, Any]:
    """Resources of a container: cpu, memory, gpu; `max_cpu` and so on are limits."""
    name = {"gpu": "nvidia.com/gpu"}
    requests = {name.get(k, k): v for k, v in resources.items() if not k.startswith("max_")}
    limits = {name.get(k[4:], k[4:]): v for k, v in resources.items() if k.startswith("max_")}
    return container(resources={"requests": requests, "limits": limits})


def init(sidecar: bool = False, **resources: str) -> dict[str, Any]:
    """An init container, or a sidecar: one that is always restarted."""
    return asks(**resources) | ({"restartPolicy": "Always"} if sidecar else {})


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        # Containers add up.
        ({"containers": [asks(cpu="1500m"), asks(cpu="250m")]}, (1.75, None)),
        # A limit stands for the request that is left out.
        ({"containers": [asks(max_cpu="2")]}, (2.0, 2.0)),
        # One container without a limit, and nothing bounds the pod.
        ({"containers": [asks(cpu="1", max_cpu="2"), asks(cpu="1")]}, (2.0, None)),
        # An init container runs before, so that the greater counts.
        ({"containers": [asks(cpu="1")], "initContainers": [init(cpu="3")]}, (3.0, None)),
        ({"containers": [asks(cpu="4")], "initContainers": [init(cpu="3")]}, (4.0, None)),
        # A sidecar runs beside the containers ...
        ({"containers": [asks(cpu="1")], "initContainers": [init(True, cpu="500m")]}, (1.5, None)),
        ({"containers": [asks(cpu="100m")], "initContainers": [init(True, cpu="2")]}, (2.1, None)),
        # ... and beside the init containers that come after it, not before.
        (
            {"containers": [asks(cpu="1")],
             "initContainers": [init(True, cpu="500m"), init(cpu="3")]},
            (3.5, None),
        ),
        (
            {"containers": [asks(cpu="1")],
             "initContainers": [init(cpu="3"), init(True, cpu="500m")]},
            (3.0, None),
        ),
        (
            {"containers": [asks(cpu="1", max_cpu="1")],
             "initContainers": [init(True, max_cpu="1"), init(max_cpu="3"),
                                init(True, max_cpu="1")]},
            (4.0, 4.0),
        ),
        # Overhead of the sandbox comes on top.
        ({"containers": [asks(cpu="1")], "overhead": {"cpu": "250m"}}, (1.25, None)),
        # What the pod states for itself counts instead.
        (
            {"containers": [asks(cpu="1")],
             "resources": {"requests": {"cpu": "5"}, "limits": {"cpu": "6"}}},
            (5.0, 6.0),
        ),
        # Nothing asked for is nothing.
        ({"containers": [container()]}, (0.0, None)),
    ],
)  # fmt: skip
def test_a_pod_asks_for_what_kubernetes_says_it_does(cluster, spec, wanted):
    """Init containers, sidecars, overhead and pod-level resources, by its own rule."""
    cluster.load(pods=[pod("a", spec=spec)])

    assert cluster.rows("select cpu_request_cores, cpu_limit_cores from usage.pod") == [wanted]


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ({"containers": [asks(gpu="2"), asks(gpu="1")]}, ("nvidia.com/gpu", 3.0)),
        (
            {"containers": [container(resources={"limits": {"nvidia.com/mig-1g.5gb": "2"}})]},
            ("nvidia.com/mig-1g.5gb", 2.0),
        ),
        ({"containers": [container(resources={"limits": {"amd.com/gpu": 1}})]},
         ("amd.com/gpu", 1.0)),
        ({"containers": [asks(cpu="1")]}, (None, 0.0)),
        # A device by a claim: how many, the pod does not say.
        ({"containers": [asks(cpu="1")], "resourceClaims": [{"name": "gpu"}]}, (None, None)),
    ],
)  # fmt: skip
def test_gpus_that_pods_ask_for(cluster, spec, wanted):
    """Whole ones, slices, other makers'; none is 0 and not unknown."""
    cluster.load(pods=[pod("a", spec=spec)])

    assert cluster.rows("select gpu_resource, gpu_request from usage.pod") == [wanted]
    claims = len(spec.get("resourceClaims", []))
    assert cluster.rows("select resource_claims from usage.pod") == [(claims,)]


def test_a_quantity_that_cannot_be_read_is_unknown_and_told(cluster):
    """The pod is loaded, its sum is null and not the rest of it."""
    spots = cluster.load(
        pods=[pod("a", spec={"containers": [asks(cpu="1"), asks(cpu="lots", memory="1Gi")]})],
        nodes=[node(capacity={"cpu": "many"})],
    )

    assert cluster.rows("select cpu_request_cores, ram_request_gib from usage.pod") == [(None, 1.0)]
    assert cluster.rows("select cpu_cores, ram_gib from usage.node") == [(None, 1152.0)]
    assert sorted((spot.scope, spot.rows) for spot in spots) == [
        ("prod/nodes", 1), ("prod/pods", 1),
    ]  # fmt: skip
    assert "a request or limit of cpu is no quantity" in str(spots)


def owned(kind: str, name: str, owner: Any = None, api: str = "apps/v1", **more: Any) -> Any:
    """An object of the namespace ml with an owner."""
    return thing(kind, name, "ml", apiVersion=api, **({"owner": owner} if owner else {}), **more)


DEPLOYMENT = owned("Deployment", "api")
CRON = owned("CronJob", "nightly", api="batch/v1")
RAY_SERVICE = owned("RayService", "llm", api="ray.io/v1")
VOLCANO = owned("Job", "train", api="batch.volcano.sh/v1alpha1", spec={"queue": "research"})
TRAIN = owned("PyTorchJob", "bert", api="kubeflow.org/v1")
FLOW = owned("CronWorkflow", "weekly", api="argoproj.io/v1alpha1")
SERVED = {"serving.kserve.io/inferenceservice": "churn"}


@pytest.mark.parametrize(
    ("owner", "lists", "wanted"),
    [
        (None, {}, (None, None)),
        (
            owned("ReplicaSet", "api-1", DEPLOYMENT),
            {"replicasets": [owned("ReplicaSet", "api-1", DEPLOYMENT)],
             "deployments": [DEPLOYMENT]},
            ("Deployment", "api"),
        ),
        # What may not be listed is still named by the one below it.
        (
            owned("ReplicaSet", "api-1", DEPLOYMENT),
            {"replicasets": [owned("ReplicaSet", "api-1", DEPLOYMENT)]},
            ("Deployment", "api"),
        ),
        (owned("ReplicaSet", "api-1", DEPLOYMENT), {}, ("ReplicaSet", "api-1")),
        (
            owned("Job", "nightly-1", CRON, "batch/v1"),
            {"jobs": [owned("Job", "nightly-1", CRON, "batch/v1")], "cronjobs": [CRON]},
            ("CronJob", "nightly"),
        ),
        (
            owned("RayCluster", "llm-x", RAY_SERVICE, "ray.io/v1"),
            {"rayclusters__ray_io": [owned("RayCluster", "llm-x", RAY_SERVICE, "ray.io/v1")]},
            ("RayService", "llm"),
        ),
        (TRAIN, {"pytorchjobs__kubeflow_org": [TRAIN]}, ("PyTorchJob", "bert")),
        (VOLCANO, {"jobs__batch_volcano_sh": [VOLCANO]}, ("Job.batch.volcano.sh", "train")),
        (
            owned("Workflow", "weekly-1", FLOW, "argoproj.io/v1alpha1"),
            {"workflows__argoproj_io": [
                owned("Workflow", "weekly-1", FLOW, "argoproj.io/v1alpha1")
            ]},
            ("CronWorkflow", "weekly"),
        ),
    ],
)  # fmt: skip
def test_the_outermost_owner_is_found(cluster, owner, lists, wanted):
    """From controller to controller, as far as they are named."""
    cluster.load(pods=[pod("a", **({"owner": owner} if owner else {}))], **lists)

    assert cluster.rows("select owner_kind, owner from usage.pod") == [wanted]


def test_kserve_pods_belong_to_their_inference_service(cluster):
    """By their label: a Deployment or a Knative revision stands in between."""
    cluster.load(
        pods=[pod("a", labels=SERVED, owner=owned("ReplicaSet", "churn-1"))],
        replicasets=[owned("ReplicaSet", "churn-1", owned("Deployment", "churn-predictor"))],
    )

    assert cluster.rows("select owner_kind, owner from usage.pod") == [
        ("InferenceService", "churn")
    ]


def test_owners_in_a_circle_end(cluster):
    """A broken cluster is no endless loop."""
    a, b = owned("A", "a"), owned("B", "b")
    cluster.load(pods=[pod("p", owner=a)], jobs=[owned("A", "a", b)], cronjobs=[owned("B", "b", a)])

    assert cluster.rows("select count(*) from usage.pod") == [(1,)]


KUEUE = {"kueue.x-k8s.io/queue-name": "team-a"}


@pytest.mark.parametrize(
    ("one", "lists", "queue"),
    [
        (pod("a", labels=KUEUE), {}, "team-a"),
        (
            pod("a", owner=owned("Job", "j", api="batch/v1")),
            {"jobs": [owned("Job", "j", api="batch/v1", labels=KUEUE)]},
            "team-a",
        ),
        (
            pod("a", owner=TRAIN),
            {"pytorchjobs__kubeflow_org": [TRAIN],
             "workloads__kueue_x-k8s_io": [
                 owned("Workload", "w", TRAIN, "kueue.x-k8s.io/v1beta1",
                       spec={"queueName": "team-b"})
             ]},
            "team-b",
        ),
        (pod("a", owner=VOLCANO), {"jobs__batch_volcano_sh": [VOLCANO]}, "research"),
        (pod("a", annotations={"scheduling.volcano.sh/queue-name": "q"}), {}, "q"),
        (pod("a"), {}, None),
    ],
)  # fmt: skip
def test_the_queue_is_what_pod_or_owner_says(cluster, one, lists, queue):
    """Kueue's labels and workloads, Volcano's annotations and jobs."""
    cluster.load(pods=[one], **lists)

    assert cluster.rows("select queue from usage.pod") == [(queue,)]


def test_a_pod_says_what_it_ran_and_when(cluster):
    """A pod that lived three seconds has its beginning and its end."""
    status = {
        "phase": "Succeeded",
        "startTime": "2026-11-01T00:00:10Z",
        "containerStatuses": [
            {
                "imageID": f"docker-pullable://acme/train@{DIGEST}",
                "state": {"terminated": {"finishedAt": "2026-11-01T00:00:13Z"}},
            },
            {"imageID": "", "state": {}},
        ],
    }
    images = [container("a", "acme/train:7"), container("b", "acme/log@" + DIGEST)]
    cluster.load(pods=[pod("a", "ml", *images, status=status)])

    assert cluster.rows(
        "select phase, started_at, ended_at, images, image_digests, service_account from usage.pod"
    ) == [
        (
            *("Succeeded", datetime(2026, 11, 1, 0, 0, 10), datetime(2026, 11, 1, 0, 0, 13)),
            *([f"acme/log@{DIGEST}", "acme/train:7"], [DIGEST], "default"),
        )
    ]


def claim_of(name: str) -> dict[str, Any]:
    return {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": name}}]}


def volume(name: str, claim: str | None = None, **spec: Any) -> dict[str, Any]:
    """A volume of 100 GiB, bound to a claim of the namespace ml."""
    bound = {"claimRef": {"namespace": "ml", "name": claim}} if claim else {}
    spec = {"capacity": {"storage": "100Gi"}, "storageClassName": "gp3", **bound, **spec}
    return thing(
        "PersistentVolume", name, spec=spec, status={"phase": "Bound" if claim else "Available"}
    )


def test_volumes_know_the_pods_that_mount_them(cluster):
    """Several, one, none; a pod that ended mounts nothing; a volume made for one pod."""
    cluster.load(
        persistentvolumes=[
            volume("v1", "data", csi={"driver": "ebs", "volumeHandle": "vol-1"}),
            volume("v2", "lost", awsElasticBlockStore={"volumeID": "aws://us-east-1a/vol-2"}),
            volume("v3"),
            volume("v4", "b-v", csi={"volumeHandle": "vol-4", "volumeAttributes": {"k": "s3cret"}}),
        ],
        pods=[
            pod("b", spec={**claim_of("data")}),
            pod("a", spec={**claim_of("data")}),
            pod("done", spec={**claim_of("lost")}, status={"phase": "Succeeded"}),
            pod("b", "other", spec={**claim_of("lost")}),
            pod("c", spec={"volumes": [{"name": "v", "ephemeral": {"x": 1}}, {"name": "e"}]}),
        ],
    )
    cluster_rows = cluster.rows(
        "select volume, namespace, claim, capacity_gib, provider_id, phase, pods "
        "from usage.volume order by volume"
    )

    assert cluster_rows == [
        ("v1", "ml", "data", 100.0, "vol-1", "Bound", ["a", "b"]),
        ("v2", "ml", "lost", 100.0, "vol-2", "Bound", []),
        ("v3", None, None, 100.0, None, "Available", []),
        ("v4", "ml", "b-v", 100.0, "vol-4", "Bound", []),
    ]


def test_a_volume_says_since_when_its_phase_is_what_it_is(cluster):
    """Kubernetes tells from 1.28 on; what it does not tell is unknown."""
    released = volume("v1")
    released["status"] |= {"phase": "Released", "lastPhaseTransitionTime": "2026-11-01T06:00:00Z"}
    cluster.load(persistentvolumes=[released, volume("v2")])

    assert cluster.rows("select volume, phase, phase_since from usage.volume order by volume") == [
        ("v1", "Released", datetime(2026, 11, 1, 6)),
        ("v2", "Available", None),
    ]


def test_whether_a_volume_is_mounted_is_unknown_without_pods(cluster):
    """Pods that were not listed are not absent; a claim tells of a volume in their stead."""
    claims = [
        thing(
            "PersistentVolumeClaim", "data", "ml",
            spec={"volumeName": "v1", "storageClassName": "gp3"},
            status={"phase": "Bound", "capacity": {"storage": "1.5Ti"}},
        ),
        thing("PersistentVolumeClaim", "waits", "ml", spec={}, status={"phase": "Pending"}),
    ]  # fmt: skip
    cluster.load_lists(
        {("prod", "persistentvolumeclaims"): claims, ("prod", "pods@nlp"): [pod("a", "nlp")]}
    )

    assert cluster.rows("select volume, claim, capacity_gib, phase, pods from usage.volume") == [
        ("v1", "data", 1536.0, "Bound", None)
    ]


def service(name: str, address: dict[str, str] | None = None, **rest: Any) -> dict[str, Any]:
    """A load balancer in the namespace ml."""
    spec = {"type": "LoadBalancer", "selector": {"app": name}, **rest.pop("spec", {})}
    status = {"loadBalancer": {"ingress": [address]} if address else {}}
    return thing("Service", name, "ml", spec=spec, status=status, **rest)


AWS = "service.beta.kubernetes.io/aws-load-balancer-"


@pytest.mark.parametrize(
    ("address", "annotations", "wanted"),
    [
        ({"hostname": "x.elb.us-east-1.amazonaws.com"}, {}, None),
        ({"hostname": "internal-x.elb.us-east-1.amazonaws.com"}, {}, True),
        ({"hostname": "x.elb.amazonaws.com"}, {f"{AWS}scheme": "internet-facing"}, False),
        ({"hostname": "x.elb.amazonaws.com"}, {f"{AWS}scheme": "internal"}, True),
        ({"hostname": "x"}, {f"{AWS}internal": "true"}, True),
        ({"ip": "10.0.0.7"}, {}, True),
        ({"ip": "172.32.0.7"}, {}, False),
        ({"ip": "34.1.2.3"}, {}, False),
        (
            {"ip": "34.1.2.3"},
            {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"},
            True,
        ),
        ({"hostname": "x"}, {"networking.gke.io/load-balancer-type": "Internal"}, True),
        (None, {}, None),
    ],
)
def test_a_load_balancer_is_internal_where_that_is_known(cluster, address, annotations, wanted):
    """By an annotation, else by its address, else nobody knows."""
    cluster.load(services=[service("api", address, annotations=annotations)])

    assert cluster.rows("select address, is_internal from usage.load_balancer") == [
        (next(iter(address.values())) if address else None, wanted)
    ]


def test_a_load_balancer_knows_how_many_pods_are_ready_behind_it(cluster):
    """Over several slices, each pod once; services of other types are none."""
    slices = [
        thing(
            "EndpointSlice", f"api-{i}", "ml",
            labels={"kubernetes.io/service-name": "api"},
            endpoints=[
                {"conditions": {"ready": True}, "targetRef": {"uid": "1"}},
                {"conditions": {"ready": False}, "targetRef": {"uid": "2"}},
                {"addresses": [f"10.0.1.{i}"]},
            ],
        )
        for i in range(2)
    ]  # fmt: skip
    inner = thing("Service", "inner", "ml", spec={"type": "ClusterIP"})
    cluster.load(services=[service("api"), service("idle"), inner], endpointslices=slices)

    assert cluster.rows(
        "select service, endpoints, selector from usage.load_balancer order by service"
    ) == [("api", 3, '{"app":"api"}'), ("idle", 0, '{"app":"idle"}')]
    cluster.load(services=[service("api")])
    assert cluster.rows("select endpoints from usage.load_balancer") == [(None,)]


PROBED = container("m", "vllm:1", readinessProbe={"httpGet": {}}, livenessProbe={"exec": {}})


def test_a_deployment_of_a_model_is_registered_whole(cluster):
    """Model, version, images, what runs, probes, replicas, autoscaler, tags."""
    labels = {"model": "churn", "model_version": "7", "environment": "production"}
    made = workload(
        "Deployment", "api", PROBED, labels=labels, status={"readyReplicas": 2},
        annotations={"gov.artifact_digest": DIGEST}, spec={"replicas": 2},
    )  # fmt: skip
    scaler = thing(
        "HorizontalPodAutoscaler", "h", "ml",
        spec={"scaleTargetRef": {"kind": "Deployment", "name": "api"}, "maxReplicas": 9},
    )  # fmt: skip
    running = {"containerStatuses": [{"imageID": f"acme/vllm@{DIGEST}"}]}
    cluster.load(
        deployments=[made],
        horizontalpodautoscalers=[scaler],
        replicasets=[owned("ReplicaSet", "api-1", made)],
        pods=[
            pod(f"api-{i}", status=running, owner=owned("ReplicaSet", "api-1")) for i in range(2)
        ],
    )
    ((*row, tags),) = cluster.rows(
        "select deployment, model, version, environment, artifact_digest, kind, cluster, "
        "namespace, images, image_digests, replicas, min_replicas, max_replicas, autoscaler, "
        "has_readiness_probe, has_liveness_probe, status, public_access, created_at, tags "
        "from registry.deployment"
    )

    assert row == [
        *("prod/ml/Deployment/api", "churn", "7", "production", DIGEST, "Deployment", "prod"),
        *("ml", ["vllm:1"], [DIGEST], 2, 1, 9, "hpa", True, True, "ready", None),
        datetime(2026, 11, 1),
    ]
    assert json.loads(tags) == {**labels, "gov.artifact_digest": DIGEST}


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (workload("Deployment", "d", container()), []),
        (workload("Deployment", "d", asks(gpu="1")), [(None, None)]),
        (workload("Deployment", "d", container(resources={"limits": {"amd.com/gpu": 1}})),
         [(None, None)]),
        (workload("Deployment", "d", asks(gpu="1"), owner=RAY_SERVICE), []),
        (workload("Deployment", "d", container(), labels={"model-name": "m", "version": "app-2"}),
         [("m", None)]),
        (workload("Deployment", "d", container(), template={"labels": {"model": "m"}}),
         [("m", None)]),
        (workload("Deployment", "d", container(), annotations={"gov.model": "a/b",
                                                              "gov.model_version": "3"},
                  labels={"model": "other"}), [("other", "3")]),
        (workload("Deployment", "d", container(), labels={"model": "  "}), []),
    ],
)  # fmt: skip
def test_what_serves_names_a_model_or_asks_for_a_gpu(cluster, made, wanted):
    """And belongs to nobody else; a version without its key is not guessed at."""
    cluster.load(deployments=[made])

    assert cluster.rows("select model, version from registry.deployment") == wanted


@pytest.mark.parametrize(
    ("predictor", "wanted"),
    [
        ({"model": {"storageUri": "models:/churn/7"}}, ("churn", "7")),
        ({"sklearn": {"storageUri": "models:/cat.schema.churn/7"}}, ("cat.schema.churn", "7")),
        ({"model": {"storageUri": "models:/churn@champion"}}, ("churn", None)),
        ({"model": {"storageUri": "hf://acme/llm:v2"}}, ("acme/llm", "v2")),
        ({"model": {"storageUri": "hf://acme/llm"}}, ("acme/llm", None)),
        ({"model": {"storageUri": "s3://bucket/churn/7"}}, (None, None)),
        ({"containers": [container()]}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_an_inference_service_serves_what_its_address_says(cluster, predictor, wanted):
    """A registry's address names model and version; a bucket's path names neither."""
    served = thing("InferenceService", "i", "ml", spec={"predictor": predictor})
    cluster.load(inferenceservices__serving_kserve_io=[served])

    assert cluster.rows("select model, version from registry.deployment") == [wanted]


def test_an_inference_service_is_registered_whole(cluster):
    """Its own replicas, KServe's mode, its condition, its images."""
    served = thing(
        "InferenceService", "i", "ml",
        annotations={"serving.kserve.io/deploymentMode": "Serverless"},
        spec={"predictor": {"minReplicas": 0, "maxReplicas": 4, "containers": [PROBED],
                            "model": {"image": "acme/mlserver:1"}}},
        status={"conditions": [{"type": "IngressReady", "status": "True"},
                               {"type": "Ready", "status": "False"}]},
    )  # fmt: skip
    cluster.load(inferenceservices__serving_kserve_io=[served])

    assert cluster.rows(
        "select deployment, kind, images, replicas, min_replicas, max_replicas, autoscaler, "
        "has_readiness_probe, status from registry.deployment"
    ) == [
        (
            *("prod/ml/InferenceService/i", "InferenceService", ["acme/mlserver:1", "vllm:1"]),
            *(None, 0, 4, "knative", True, "not ready"),
        )
    ]


def test_keda_is_the_autoscaler_behind_its_own_hpa(cluster):
    """KEDA makes an autoscaler for each of its objects; the object counts, with its defaults."""
    target = {"scaleTargetRef": {"name": "s", "kind": "StatefulSet"}}
    cluster.load(
        statefulsets=[workload("StatefulSet", "s", container(), labels={"model": "m"},
                               spec={"replicas": 0})],
        horizontalpodautoscalers=[
            thing("HorizontalPodAutoscaler", "keda-hpa-s", "ml", spec={**target, "maxReplicas": 5})
        ],
        scaledobjects__keda_sh=[thing("ScaledObject", "s", "ml", spec=target)],
    )  # fmt: skip

    assert cluster.rows(
        "select autoscaler, min_replicas, max_replicas, replicas, status, has_readiness_probe "
        "from registry.deployment"
    ) == [("keda", 0, 100, 0, "scaled to zero", False)]


@pytest.mark.parametrize(
    ("spec", "address", "wanted"),
    [
        ({}, "34.1.2.3", True),
        ({}, "10.1.2.3", None),
        ({"loadBalancerSourceRanges": ["192.0.2.0/24"]}, "34.1.2.3", None),
        ({"selector": {"app": "other"}}, "34.1.2.3", None),
        ({"selector": {}}, "34.1.2.3", None),
        ({"type": "ClusterIP"}, "34.1.2.3", None),
    ],
)
def test_what_an_open_load_balancer_selects_is_public(cluster, spec, address, wanted):
    """Nothing else is known: an ingress or a gateway may open it all the same."""
    made = workload("Deployment", "api", container(), labels={"model": "m"},
                    template={"labels": {"app": "api", "x": "y"}})  # fmt: skip
    cluster.load(deployments=[made], services=[service("api", {"ip": address}, spec=spec)])

    assert cluster.rows("select public_access from registry.deployment") == [(wanted,)]


@pytest.mark.parametrize(
    ("said", "address", "wanted"),
    [
        ("false", "10.1.2.3", False),
        ("true", "10.1.2.3", True),
        ("false", "34.1.2.3", True),
        ("maybe", "10.1.2.3", None),
    ],
)
def test_the_owner_says_what_a_manifest_does_not_prove(cluster, said, address, wanted):
    """Annotations gov.public_access and gov.authentication; an open door is one all the same."""
    made = workload("Deployment", "api", container(), labels={"model": "m"},
                    annotations={"gov.public_access": said, "gov.authentication": "oidc"},
                    template={"labels": {"app": "api", "x": "y"}})  # fmt: skip
    cluster.load(deployments=[made], services=[service("api", {"ip": address})])

    assert cluster.rows("select public_access, authentication from registry.deployment") == [
        (wanted, "oidc")
    ]


@pytest.mark.parametrize(
    ("uri", "registered", "wanted"),
    [
        ("models:/churn/7", "s3://bucket/churn/7", ("churn", "7")),
        ("s3://bucket/churn/7", "s3://bucket/churn/7", ("churn", "7")),
        ("s3://bucket/churn/7", "s3://bucket/fraud/1", (None, None)),
    ],
)
def test_a_registry_knows_whose_artifact_is_served(cluster, uri, registered, wanted):
    """Where the address itself names no model; deployment and endpoint say the same."""
    served = thing(
        "InferenceService", "i", "ml", spec={"predictor": {"model": {"storageUri": uri}}}
    )
    cluster.load(inferenceservices__serving_kserve_io=[served])
    insert(
        cluster.warehouse, "registry.model_version",
        source="r", model="churn", version="7", artifact_uri=registered,
    )  # fmt: skip
    artifacts.settle(cluster.warehouse)
    found = cluster.rows(
        "select d.model, d.version, e.model, e.model_version from registry.deployment as d "
        "join usage.endpoint as e on e.endpoint = d.deployment"
    )
    cluster.warehouse.run("delete from registry.model_version")

    assert found == [(*wanted, *wanted)]


def role(name: str, *rules: tuple[str, str, str], namespace: str | None = None, **more: Any) -> Any:
    """A (Cluster)Role of rules (groups, resources, verbs), each a list with commas."""
    return thing(
        "Role" if namespace else "ClusterRole", name, namespace,
        rules=[
            {"apiGroups": g.split(","), "resources": r.split(","), "verbs": v.split(","), **more}
            for g, r, v in rules
        ],
    )  # fmt: skip


def bound(name: str, role_name: str, *subjects: Any, namespace: str | None = None,
          of: str = "ClusterRole", **more: Any) -> Any:  # fmt: skip
    """A (Cluster)RoleBinding to subjects (kind, name, namespace)."""
    return thing(
        "RoleBinding" if namespace else "ClusterRoleBinding", name, namespace,
        roleRef={"kind": of, "name": role_name, "apiGroup": RBAC},
        subjects=[
            {"kind": k, "name": n, **({"namespace": ns} if ns else {})} for k, n, ns in subjects
        ],
        **more,
    )  # fmt: skip


SERVING = {"deployments": [workload("Deployment", "api", container(), labels={"model": "m"})]}
ADA = ("User", "ada@acme.example", None)


@pytest.mark.parametrize(
    ("rule", "rights"),
    [
        (("apps", "deployments", "get"), ["read"]),
        (("apps", "deployments", "patch"), ["deploy"]),
        (("serving.kserve.io", "inferenceservices", "create,get"), ["deploy", "read"]),
        (("apps", "deployments", "delete"), ["edit"]),
        ((",batch", "configmaps,jobs", "update"), ["edit"]),
        (("", "pods", "get,list,watch"), []),
        (("", "pods/exec", "create"), ["edit"]),
        (("apps", "daemonsets", "create"), []),
        (("batch", "deployments", "create"), []),
        (("*", "*", "get,list"), ["read"]),
        (("*", "*", "*"), ["deploy", "edit", "manage", "read"]),
        (("apps", "*", "*"), ["deploy", "edit", "read"]),
        ((RBAC, "rolebindings", "create"), ["manage"]),
        ((RBAC, "roles", "escalate"), ["manage"]),
        ((RBAC, "roles", "get"), []),
    ],
)
def test_rights_are_what_the_rules_allow(cluster, rule, rights):
    """Verbs on what serves, on what supports it, and on the rules themselves; wildcards too."""
    cluster.load(
        **SERVING,
        roles=[role("r", rule, namespace="ml")],
        rolebindings=[bound("b", "r", ADA, namespace="ml", of="Role")],
    )

    assert cluster.rows(
        'select subject, principal, "right", via from registry.grant order by "right"'
    ) == [
        ("prod/ml", "user:ada@acme.example", right, "RoleBinding ml/b: Role r") for right in rights
    ]


def test_bindings_reach_as_far_as_they_do(cluster):
    """A cluster's role bound in a namespace, for the cluster, or in a namespace without models."""
    everyone = [
        ("Group", "ml-ops", None),
        ("ServiceAccount", "ci", "cicd"),
        ("User", "system:serviceaccount:cicd:cd", None),
        ("Group", "system:unauthenticated", None),
    ]
    cluster.load(
        **SERVING,
        clusterroles=[role("edit", ("apps", "deployments", "patch")), role("none")],
        roles=[role("edit", ("apps", "deployments", "get"), namespace="other")],
        rolebindings=[
            bound("here", "edit", *everyone, namespace="ml"),
            bound("elsewhere", "edit", ADA, namespace="other"),
            bound("dangling", "gone", ADA, namespace="ml"),
            bound("nothing", "none", ADA, namespace="ml"),
            bound("wrong-kind", "edit", ADA, namespace="ml", of="Role"),
        ],
        clusterrolebindings=[
            bound("all", "edit", ("User", "root", None)),
            bound("empty", "edit"),
        ],
    )

    assert cluster.rows('select principal, "right", via from registry.grant order by all') == [
        ("*", "deploy", "RoleBinding ml/here: ClusterRole edit"),
        ("group:ml-ops", "deploy", "RoleBinding ml/here: ClusterRole edit"),
        ("service_account:cicd/cd", "deploy", "RoleBinding ml/here: ClusterRole edit"),
        ("service_account:cicd/ci", "deploy", "RoleBinding ml/here: ClusterRole edit"),
        ("user:root", "deploy", "ClusterRoleBinding all: ClusterRole edit"),
    ]


def test_a_right_over_some_objects_names_them(cluster):
    """It may be little; it is not nothing."""
    rule = ("apps", "deployments", "patch")
    cluster.load(
        **SERVING,
        roles=[role("r", rule, namespace="ml", resourceNames=["b", "a"])],
        rolebindings=[bound("x", "r", ADA, namespace="ml", of="Role")],
    )

    assert cluster.rows("select via from registry.grant") == [
        ("RoleBinding ml/x: Role r (only a, b)",)
    ]


def test_what_the_control_plane_grants_itself_is_left_out(cluster):
    """Its own system roles; that cluster-admin is bound to system:masters is told."""
    own = {"labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}
    cluster.load(
        **SERVING,
        clusterroles=[
            role("system:controller", ("apps", "deployments", "patch")),
            role("cluster-admin", ("*", "*", "*")),
        ],
        clusterrolebindings=[
            bound("system:controller", "system:controller", ("User", "system:x", None), **own),
            bound("cluster-admin", "cluster-admin", ("Group", "system:masters", None), **own),
        ],
    )

    assert cluster.rows("select distinct principal from registry.grant") == [
        ("group:system:masters",)
    ]


def test_more_namespaces_count_where_the_owner_says_so(cluster):
    """One that holds no model yet, in every cluster of the source."""
    lists = {
        (place, kind): objects
        for place in ("a", "b")
        for kind, objects in {
            "clusterroles": [role("edit", ("apps", "deployments", "patch"))],
            "clusterrolebindings": [bound("all", "edit", ADA)],
        }.items()
    }
    cluster.load_lists(lists, model_namespaces=("lab",))

    assert cluster.rows("select subject from registry.grant order by all") == [
        ("a/lab",), ("b/lab",),
    ]  # fmt: skip


def test_an_endpoint_leads_to_its_charges(cluster):
    """Endpoint -> pods -> nodes -> bill, and its hours by its name."""
    served = thing(
        "InferenceService", "churn", "ml",
        spec={"predictor": {"model": {"storageUri": "models:/churn/7"}}},
    )  # fmt: skip
    sliced = {"nvidia.com/gpu.count": "1", "nvidia.com/gpu.replicas": "4"}
    machine = {"node.kubernetes.io/instance-type": "g5.xlarge"}
    cluster.load(
        inferenceservices__serving_kserve_io=[served],
        nodes=[node("n1", "aws:///us-east-1a/i-0abc", labels={**sliced, **machine})],
        pods=[
            pod("a", labels=SERVED, spec={"containers": [asks(gpu="1")]}),
            pod("b", labels=SERVED, spec={"containers": [asks(gpu="1")]}),
            pod("done", labels=SERVED, status={"phase": "Failed"}),
            pod("other"),
        ],
    )
    for table in ("focus.charge", "usage.endpoint_hour"):
        cluster.warehouse.run(f"delete from {table}")
    charge(cluster.warehouse, "2026-11-20", "24", ResourceId="i-0abc")
    name = "prod/ml/InferenceService/churn"
    told = {"source": "prometheus", "endpoint": name, "hour": NOW, "requests": 9}
    insert(cluster.warehouse, "usage.endpoint_hour", **told)

    assert cluster.rows(
        """
        select e.endpoint, e.kind, e.model, e.model_version, e.instances, e.gpus, e.instance_type,
            h.requests, c.BilledCost, list(p.pod order by p.pod)
        from usage.endpoint as e
        join usage.endpoint_hour as h using (endpoint)
        join registry.deployment as d on d.source = e.source and d.deployment = e.endpoint
        join usage.pod as p
            on p.cluster = d.cluster and p.namespace = d.namespace and p.owner_kind = d.kind
            and p.owner = split_part(d.deployment, '/', -1) and p.phase = 'Running'
        join usage.node as n on n.cluster = p.cluster and n.node = p.node
        join focus.charge as c
            on c.ResourceId = n.resource_id or ends_with(c.ResourceId, '/' || n.resource_id)
        group by all
        """
    ) == [
        (
            *(name, "kserve", "churn", "7", 2, 0.5, "g5.xlarge"),
            *(9.0, Decimal(24), ["a", "b"]),
        )
    ]


@pytest.mark.parametrize(
    ("lists", "wanted"),
    [
        ({}, (None, None)),
        ({"pods": []}, (0, 0.0)),
        ({"pods": [pod("a", owner=DEPLOYMENT, spec={"containers": [asks(gpu="2")]})]}, (1, None)),
        ({"pods": [pod("a", owner=DEPLOYMENT)]}, (1, 0.0)),
        (
            {"nodes": [node()], "pods": [pod("a", owner=DEPLOYMENT, spec={"containers": [
                container(resources={"limits": {"nvidia.com/mig-1g.5gb": "1"}})]})]},
            (1, None),
        ),
    ],
)  # fmt: skip
def test_instances_and_gpus_of_an_endpoint_are_known_or_unknown(cluster, lists, wanted):
    """Pods or nodes that were not listed are not none; slices are no GPUs."""
    made = workload("Deployment", "api", container(), labels={"model": "m"})
    cluster.load(deployments=[made], **lists)

    assert cluster.rows("select endpoint, model, instances, gpus from usage.endpoint") == [
        ("prod/ml/Deployment/api", "m", *wanted)
    ]


def evidence(cluster: Cluster) -> dict[str, str]:
    return dict(cluster.rows("select field, via from registry.stated_evidence where supplied"))


def test_evidence_is_what_the_lists_can_supply(cluster):
    """Natively what manifests hold, by tag what owners say; what is not looked at, not at all."""
    cluster.load_lists({("prod", name): [] for name in SHAPES})
    found = evidence(cluster)

    assert found["deployment"] == found["grant"] == found["deployment.images"] == "native"
    assert found["deployment.model"] == found["deployment.version"] == "tag"
    assert found["deployment.image_digests"] == found["deployment.autoscaler"] == "native"
    assert not {"deployment.public_access", "deployment.authentication"} & set(found)
    assert not {"model", "model.owner", "run", "store"} & set(found)


def test_what_one_cluster_forbids_is_no_evidence(cluster):
    """Grants of which half the rules are unseen prove nothing."""
    lists = {(place, name): [] for place in "ab" for name in SHAPES}
    del lists["b", "roles"]
    del lists["a", "pods"]
    cluster.load_lists(lists)
    found = evidence(cluster)

    assert "grant" not in found
    assert "grant.principal" not in found
    assert found["deployment"] == found["deployment.images"] == "native"
    assert "deployment.image_digests" not in found


@pytest.mark.parametrize("unseen", kubernetes.SERVING)
def test_without_what_serves_there_are_no_grants_to_judge(cluster, unseen):
    """Which namespaces hold models is then unknown, and so is who may do what there."""
    cluster.load_lists({("prod", name): [] for name in SHAPES if name != unseen})

    assert not {"grant", "deployment", "deployment.model"} & set(evidence(cluster))


def test_a_second_load_replaces_the_first(cluster):
    """What is gone is gone, quarantine included; another source's rows stay."""
    insert(cluster.warehouse, "usage.node", source="lab", cluster="x", node="n", seen_at=NOW)
    text = b'{"metadata": {}}\nno json\n'
    spots = cluster.load_files(cluster.landing.land_bytes(text, "nodes.jsonl", "prod/nodes"))
    assert [(spot.scope, spot.rows) for spot in spots] == [("prod/nodes", 2)]

    cluster.load(nodes=[node("n1")])
    assert cluster.load(nodes=[node("n2")]) == []
    assert cluster.rows("select source, node from usage.node order by 1") == [
        ("lab", "n"), ("prod", "n2"),
    ]  # fmt: skip
    assert cluster.rows("select count(*) from quarantine.row") == [(0,)]
    cluster.warehouse.run("delete from usage.node")


def test_one_name_in_two_clusters_and_namespaces_is_two_things(cluster):
    """Lists of namespaces by name come together; the same object twice is kept aside once."""
    spots = cluster.load_lists(
        {
            ("arn:aws:eks:eu:1:cluster/x", "pods"): [pod("a", "ml"), pod("a", "nlp")],
            ("lab", "pods@ml"): [pod("a", "ml")],
            ("lab", "pods"): [pod("a", "ml")],
        }
    )

    assert cluster.rows("select cluster, namespace, pod from usage.pod order by all") == [
        ("arn:aws:eks:eu:1:cluster/x", "ml", "a"),
        ("arn:aws:eks:eu:1:cluster/x", "nlp", "a"),
        ("lab", "ml", "a"),
    ]
    assert "the object stands twice" in str(spots)


def test_hostile_names_are_text(cluster):
    """10 kB labels, emoji, HTML, quotes and line breaks, in names too."""
    name = 'a\'; drop table usage.pod; --\n<img src=x onerror="alert(1)">🦊'
    labels = {"model": name, "x": "y" * 10_000, "$.a[0]": "b"}
    cluster.load(
        pods=[pod(name, "ml", labels=labels)],
        nodes=[node(name, labels=labels)],
        deployments=[workload("Deployment", name, container(), labels=labels)],
    )

    assert cluster.rows("select pod, labels from usage.pod") == [
        (name, json.dumps(labels, sort_keys=True, ensure_ascii=False, separators=(",", ":")))
    ]
    assert cluster.rows("select model from registry.deployment") == [(name,)]


@pytest.mark.parametrize(
    "odd",
    [
        {"metadata": {"name": "a", "labels": ["x"], "ownerReferences": "me"}, "spec": []},
        {"metadata": {"name": "a"}, "status": 7, "spec": {"volumes": "v", "overhead": "x"}},
        {"metadata": {"name": "a", "creationTimestamp": "yesterday"}, "spec": {"containers": {}}},
        {"metadata": {"name": "a"}, "spec": {"containers": [1, None, "x", {"resources": [1]}]}},
        {"metadata": {"name": "a"}, "spec": {"replicas": "two", "minReplicas": [], "rules": 1}},
        {"metadata": {"name": "a"}, "rules": [{"verbs": "all"}], "subjects": ["x"], "endpoints": 1},
        {"metadata": {"name": "a"}, "spec": {"type": "LoadBalancer", "selector": "app=x",
                                             "loadBalancerSourceRanges": "all"}},
        {"metadata": "a"},
    ],
)  # fmt: skip
def test_objects_of_another_shape_break_nothing(cluster, odd):
    """What cannot be read in an object is unknown; the load goes on."""
    cluster.load_lists({("prod", kind): [] for kind in SHAPES})
    files = [
        land_objects(cluster.landing, "prod", kind, [odd, {"metadata": {"name": "fine"}}])
        for kind in SHAPES
    ]
    cluster.load_files(*files)

    assert ("fine",) in cluster.rows("select node from usage.node")
    assert ("fine",) in cluster.rows("select pod from usage.pod")
