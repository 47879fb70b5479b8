"""Load what Vertex AI ran and knows: GPU jobs, endpoints and their hours, models, grants."""

from __future__ import annotations

from typing import Any

from quaestor.core.blind_spot import BlindSpot
from quaestor.normalise import cloud_ml
from quaestor.normalise.job import Job
from quaestor.normalise.quarantine import blind_spots
from quaestor.normalise.registry import columns_of, state_evidence
from quaestor.warehouse.duckdb import Warehouse

_STEPS = (
    ("vertex_name", "vertex_name"),
    ("vertex_version", "vertex_version"),
    ("vertex_deployed", "vertex_deployed"),
    ("vertex_figure", "vertex_figure"),
    ("governed", "vertex_governed"),
)
_TABLES = (
    ("registry.stated_model", "vertex_model"),
    ("registry.stated_model_version", "vertex_model_version"),
    ("registry.run", "vertex_run"),
    ("registry.dataset", "vertex_dataset"),
    ("registry.deployment", "vertex_deployment"),
    ("registry.grant", "vertex_grant"),
    ("usage.gpu_job", "vertex_job"),
    ("usage.endpoint", "vertex_endpoint"),
    ("usage.endpoint_hour", "vertex_endpoint_hour"),
)
_NAMED = ("endpoints", "models", "model-versions", "training-pipelines", "pipeline-jobs")
# How Vertex AI supplies a column. A label's value ends at 63 characters and takes neither slash
# nor colon: it holds no SHA-256 and no address, so that digests and the card's address are missing.
_MODEL = {
    "native": ("model", "description", "created_at", "updated_at", "tags"),
    "tag": (
        *("owner", "team", "cost_center", "risk_tier", "oncall", "intended_use"),
        *("business_case", "eu_ai_act_class", "retire_by"),
    ),
}
_VERSION = {
    "native": (
        *("model", "version", "lifecycle", "aliases", "run_id", "description", "created_at"),
        *("updated_at", "artifact_uri", "base_model", "evaluated_at", "metrics", "tags"),
    ),
    "tag": (
        *("created_by", "approved_by", "approved_at", "license", "rollback_to", "monitoring"),
        "monitored_at",
    ),
}
_RUN = {
    "native": ("run_id", "name", "status", "started_at", "ended_at", "pipeline", "tags"),
    "tag": ("git_commit",),
}
_DATASET = {"native": ("run_id", "dataset", "source_type", "source_uri", "context")}
_DEPLOYMENT = {
    "native": (
        *("deployment", "model", "version", "authentication", "kind", "region", "resource_id"),
        *("images", "replicas", "min_replicas", "max_replicas", "autoscaler", "status"),
        *("created_at", "tags"),
    ),
    "tag": ("environment",),
}


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the source said before (see `normalise.Loader`)."""
    source = job.source.name
    cloud_ml.begin(warehouse, job)
    kinds = cloud_ml.landed_kinds(job)
    given: dict[str, Any] = {
        "source": source,
        "seen_at": job.manifest.fetched_at,
        "bindings_known": "bindings" in kinds,
    }
    for name, query in _STEPS:
        cloud_ml.step(warehouse, name, query, given)
    for table, query in _TABLES:
        cloud_ml.fill(warehouse, table, query, given)
    cloud_ml.keep_aside(warehouse, "vertex_figure", source)
    cloud_ml.unnamed(warehouse, source, _NAMED)
    cloud_ml.keep_values_aside(warehouse, source)
    state_evidence(warehouse, source, supplied(warehouse, kinds))
    return [
        *_unknown_roles(warehouse, source),
        *blind_spots(warehouse, source, job.manifest.files),
        *cloud_ml.unknown_gpus(
            warehouse, source, "State acceleratorCount and replicas at Vertex AI where it lets you."
        ),
        *cloud_ml.unknown_hours(
            warehouse, source, "Keep jobs at Vertex AI until they have ended and were collected."
        ),
    ]


def _unknown_roles(warehouse: Warehouse, source: str) -> list[BlindSpot]:
    """Tell of roles whose permissions we were not shown: what they grant is not known."""
    ((count, first),) = warehouse.rows(
        "select count(*), min(object ->> '$.name') from landed_object "
        "where kind = 'roles' and (object -> '$.includedPermissions') is null"
    )
    if not count:
        return []
    return [
        BlindSpot(
            source=source,
            scope="grant",
            reason=f"what {count:,} role{'s' if count > 1 else ''} of the project's policy "
            f"permit{'s' if count == 1 else ''} is not shown to us; the first: {first}",
            fix="Grant iam.roles.get where the role is defined, such as at the organisation.",
            rows=count,
        )
    ]


def supplied(warehouse: Warehouse, kinds: set[str]) -> dict[str, str]:
    """Return how each field of the registry is supplied, of the parts that could be read.

    Args:
        warehouse: Whose tables they are.
        kinds: The kinds of files in force.
    """
    via: dict[str, str] = {}
    for kind, table, columns in (
        ("models", "model", _MODEL),
        ("model-versions", "model_version", _VERSION),
        ("training-pipelines", "run", _RUN),
        ("training-pipelines", "dataset", _DATASET),
        ("endpoints", "deployment", _DEPLOYMENT),
    ):
        if kind in kinds:
            via[table] = "native"
            via |= {f"{table}.{name}": how for how, names in columns.items() for name in names}
    if "bindings" in kinds:
        via |= dict.fromkeys(
            ("grant", *(f"grant.{name}" for name in columns_of(warehouse, "grant"))), "native"
        )
        if "endpoints" in kinds:
            via["deployment.public_access"] = "native"
    return via
