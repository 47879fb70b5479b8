"""Load what Kubernetes clusters hold: nodes, pods and their containers, autoscalers, grants, ..."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from quaestor.core.blind_spot import BlindSpot
from quaestor.normalise import facts, looks, step
from quaestor.normalise.job import Job
from quaestor.normalise.landed_objects import read_objects
from quaestor.normalise.quarantine import blind_spots, release
from quaestor.normalise.registry import columns_of, fill, forget, state_evidence
from quaestor.warehouse.duckdb import Warehouse

if TYPE_CHECKING:
    from quaestor.core.sources import KubernetesSource

# Tables of `usage`, in the order that they build on each other, each with its SELECT.
USAGE = {
    "node": "k8s_node",
    "pod": "k8s_pod",
    "container": "k8s_pod_container",
    "autoscaler": "k8s_autoscaler",
    "volume": "k8s_volume",
    "load_balancer": "k8s_load_balancer",
}
# Relations of the session that the SELECTs share, in the order they build on each other.
SHARED = (
    *("k8s_object", "k8s_line", "k8s_owner", "k8s_request", "k8s_container", "k8s_workload"),
    "k8s_rollout",
)
# Columns of registry.deployment that nobody but its owner can state: by labels or annotations.
BY_TAG = ("model", "version", "environment", "artifact_digest", *facts.BY_OWNER)
# What manifests prove; of other columns a value that is known nevertheless is judged.
NATIVE = (
    *("deployment", "kind", "cluster", "namespace", "images", "image_digests", "replicas"),
    *("min_replicas", "max_replicas", "autoscaler", "has_readiness_probe", "has_liveness_probe"),
    *("status", "created_at", "tags", "artifact_uri", "identity", "identity_is_admin"),
    *("environment_secrets", "cpu_request_cores", "cpu_limit_cores", "ram_request_gib"),
    *("ram_limit_gib", "gpu_request", "gpu_limit", "zones", "rollout_strategy", "rolls_back"),
    *("runs_as_non_root", "is_privileged", "has_read_only_root", "scales_to_zero"),
)
# Fields that need more than the manifests: what has to be listed for them in every cluster.
SERVING = ("deployments", "statefulsets", "inferenceservices.serving.kserve.io")
SCALING = ("horizontalpodautoscalers", "scaledobjects.keda.sh")
RULES = ("roles", "rolebindings", "clusterroles", "clusterrolebindings")
NEEDS = {
    "deployment": SERVING,
    "deployment.image_digests": ("pods",),
    "deployment.autoscaler": SCALING,
    "deployment.min_replicas": SCALING,
    "deployment.max_replicas": SCALING,
    "deployment.scales_to_zero": SCALING,
    "deployment.identity_is_admin": RULES,
    "grant": (*SERVING, *RULES),
}

# The lists that earlier looks are read of, and what of them nothing used then.
LOOKED_AT = ("services", "endpointslices", "persistentvolumes", "persistentvolumeclaims", "pods")
_UNUSED = """
select
    'load-balancer/' || cluster || '/' || namespace || '/' || service as thing, seen_at,
    endpoints = 0 as is_unused
from usage.load_balancer where source = $source
union all
select
    'volume/' || cluster || '/' || volume, seen_at,
    case when lower(phase) in ('released', 'available', 'failed') then true
        when lower(phase) = 'bound' or len(pods) > 0 then len(pods) = 0 end
from usage.volume where source = $source
"""


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the source said before (see `normalise.Loader`)."""
    source = job.source.name
    forget(warehouse, source)
    for table in (*USAGE, "endpoint"):
        warehouse.run(f"delete from usage.{table} where source = ?", [source])
    step.define(warehouse, "macros", "k8s_macros")
    looks.note_earlier(warehouse, job, LOOKED_AT, _look)
    release(warehouse, source, keep=())
    listed = _read(warehouse, job)
    for name in SHARED[1:]:
        step.make(warehouse, name)
    given = {"source": source, "seen_at": str(job.manifest.fetched_at)}
    for table, query in USAGE.items():
        job.progress(f"{source}: usage.{table}")
        _insert(warehouse, table, query, given)
    looks.note(warehouse, job, _UNUSED)
    warehouse.run(
        "insert into quarantine.value select ?, file, sha256, row_number, reason, raw "
        f"from ({step.text('k8s_unreadable')})",
        [source],
    )
    step.make(warehouse, "k8s_deployment", {"source": source})
    step.fill(warehouse, "registry.stated_deployment", source, "k8s_deployment")
    _insert(warehouse, "endpoint", "k8s_endpoint", given)
    namespaces = {
        "source": source,
        "namespaces": cast("KubernetesSource", job.source).model_namespaces,
    }
    fill(warehouse, "grant", "k8s_grant", namespaces)
    state_evidence(warehouse, source, supplied(warehouse, listed))
    set_aside = blind_spots(warehouse, source, job.manifest.files)
    facts.govern(warehouse, ())
    facts.govern_deployments(warehouse, "k8s_deployment")
    return [*set_aside, *facts.state(warehouse, source)]


def supplied(warehouse: Warehouse, listed: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return how the clusters supply each field of the registry; what is absent they cannot.

    Args:
        warehouse: Where the registry is.
        listed: Cluster and resource of every list that was read.
    """
    lists = set(listed)
    seen = {cluster for cluster, _ in lists}
    via = {"deployment": "native", "grant": "native"}
    via |= {f"grant.{column}": "native" for column in columns_of(warehouse, "grant")}
    via |= {f"deployment.{column}": "tag" for column in BY_TAG}
    via |= {f"deployment.{column}": "native" for column in NATIVE}
    return {
        field: how
        for field, how in via.items()
        if all(
            (cluster, resource) in lists
            for needed in {field, field.partition(".")[0]}
            for resource in NEEDS.get(needed, ())
            for cluster in seen
        )
    }


def _read(warehouse: Warehouse, job: Job) -> list[tuple[str, str]]:
    """Make `k8s_object` of the lists in force; return cluster and resource of each list."""
    read_objects(warehouse, job)
    listed = _listed(warehouse, job)
    step.make(warehouse, "k8s_object")
    _set_aside(warehouse, job.source.name)
    return listed


def _look(warehouse: Warehouse, job: Job) -> str:
    """Read the lists of an earlier look; return SQL for what nothing used then."""
    _read(warehouse, job)
    given = {"source": job.source.name, "seen_at": str(job.manifest.fetched_at)}
    for table in ("volume", "load_balancer"):
        step.make(warehouse, f"k8s_{table}", given)
    return _UNUSED.replace("usage.", "k8s_")


def _insert(warehouse: Warehouse, table: str, query: str, given: dict[str, str]) -> None:
    warehouse.run(f"insert into usage.{table} by name {step.text(query)}", given)


def _listed(warehouse: Warehouse, job: Job) -> list[tuple[str, str]]:
    """Write down which lists were read (`k8s_listed`): an empty one, too, says something."""
    rows = []
    for file in job.manifest.files:
        cluster, _, kind = file.scope.rpartition("/")
        resource, _, namespace = kind.partition("@")
        rows.append((cluster, resource, namespace or None))
    warehouse.run(
        "create or replace temp table k8s_listed as select unnest(?::varchar[]) as cluster, "
        "unnest(?::varchar[]) as resource, unnest(?::varchar[]) as namespace",
        [[row[i] for row in rows] for i in range(3)],
    )
    return [(cluster, resource) for cluster, resource, _ in rows]


def _set_aside(warehouse: Warehouse, source: str) -> None:
    """Move the objects that are refused to the quarantine."""
    warehouse.run(
        "insert into quarantine.row select ?, file, sha256, row_number, refused, object::varchar "
        "from k8s_object where refused is not null",
        [source],
    )
    warehouse.run("delete from k8s_object where refused is not null")
