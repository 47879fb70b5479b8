"""Load what Azure Machine Learning ran and knows: jobs, endpoints and hours, models, grants."""

from __future__ import annotations

from typing import Any

from quaestor.core.blind_spot import BlindSpot
from quaestor.normalise import cloud_ml
from quaestor.normalise.job import Job
from quaestor.normalise.quarantine import blind_spots
from quaestor.normalise.registry import columns_of, state_evidence
from quaestor.warehouse.duckdb import Warehouse

_STEPS = (
    ("azure_ml_size", "azure_ml_size"),
    ("azure_ml_every_job", "azure_ml_every_job"),
    ("azure_ml_version", "azure_ml_version"),
    ("azure_ml_served", "azure_ml_served"),
    ("azure_ml_figure", "azure_ml_figure"),
    ("governed", "azure_ml_governed"),
)
_TABLES = (
    ("registry.stated_model", "azure_ml_model"),
    ("registry.stated_model_version", "azure_ml_model_version"),
    ("registry.run", "azure_ml_run"),
    ("registry.dataset", "azure_ml_dataset"),
    ("registry.deployment", "azure_ml_deployment"),
    ("registry.grant", "azure_ml_grant"),
    ("usage.gpu_job", "azure_ml_job"),
    ("usage.endpoint", "azure_ml_endpoint"),
    ("usage.endpoint_hour", "azure_ml_endpoint_hour"),
)
_NAMED = ("endpoints", "deployments", "models", "model-versions")
_GPUS = "Assign Microsoft.Compute/skus/read at the subscription; give Kubernetes' jobs a tag."
# How Azure Machine Learning supplies a column; what is absent it cannot.
_MODEL = {
    "native": ("model", "description", "created_at", "updated_at", "tags"),
    "tag": (
        *("owner", "team", "cost_center", "risk_tier", "oncall", "intended_use"),
        *("business_case", "eu_ai_act_class", "retire_by"),
    ),
}
_VERSION = {
    "native": (
        *("model", "version", "lifecycle", "run_id", "description", "created_at", "updated_at"),
        *("created_by", "artifact_uri", "tags"),
    ),
    "tag": (
        *("approved_by", "approved_at", "approved_digest", "artifact_digest", "card_uri"),
        *("license", "base_model", "rollback_to", "evaluated_at", "monitoring", "monitored_at"),
    ),
}
_RUN = {
    "native": (
        *("run_id", "name", "experiment", "status", "started_by", "git_commit", "git_repo"),
        "tags",
    ),
}
_OF_HISTORY = ("run.started_at", "run.ended_at", "run.pipeline", "run.metrics")
_DATASET = {"native": ("run_id", "dataset", "source_type", "source_uri", "context")}
_DEPLOYMENT = {
    "native": (
        *("deployment", "model", "version", "public_access", "authentication", "kind", "region"),
        *("resource_id", "replicas", "min_replicas", "max_replicas", "autoscaler", "status"),
        *("has_readiness_probe", "has_liveness_probe", "created_at", "created_by", "tags"),
    ),
    "tag": ("environment",),
}


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the source said before (see `normalise.Loader`)."""
    source = job.source.name
    cloud_ml.begin(warehouse, job)
    kinds = cloud_ml.landed_kinds(job)
    given: dict[str, Any] = {"source": source, "seen_at": job.manifest.fetched_at}
    for name, query in _STEPS:
        cloud_ml.step(warehouse, name, query, given)
    for table, query in _TABLES:
        cloud_ml.fill(warehouse, table, query, given)
    cloud_ml.keep_aside(warehouse, "azure_ml_figure", source)
    cloud_ml.unnamed(warehouse, source, _NAMED)
    cloud_ml.keep_values_aside(warehouse, source)
    state_evidence(warehouse, source, supplied(warehouse, kinds))
    return [
        *blind_spots(warehouse, source, job.manifest.files),
        *cloud_ml.unknown_gpus(warehouse, source, _GPUS),
        *cloud_ml.unknown_hours(
            warehouse, source, "Let the account read the workspace's runs (experiments/runs/read)."
        ),
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
        ("jobs", "run", _RUN),
        ("jobs", "dataset", _DATASET),
        ("endpoints", "deployment", _DEPLOYMENT),
    ):
        if kind in kinds:
            via[table] = "native"
            via |= {f"{table}.{name}": how for how, names in columns.items() for name in names}
    if "runs" in kinds:
        via |= dict.fromkeys((*_OF_HISTORY, "model_version.metrics"), "native")
    if "role-assignments" in kinds:
        via |= dict.fromkeys(
            ("grant", *(f"grant.{name}" for name in columns_of(warehouse, "grant"))), "native"
        )
    return via
