"""Load what Azure Machine Learning ran and knows: jobs, endpoints and hours, models, grants."""

from __future__ import annotations

from quaestor.core.blind_spot import BlindSpot
from quaestor.normalise import cloud_ml, facts
from quaestor.normalise.job import Job
from quaestor.normalise.registry import state_evidence
from quaestor.warehouse.duckdb import Warehouse

# How Azure Machine Learning supplies a column; what is absent it cannot.
_MODEL = {
    "native": ("model", "description", "created_at", "updated_at", "tags"),
    "tag": (
        *("owner", "team", "cost_center", "risk_tier", "oncall", "intended_use"),
        *("business_case", "eu_ai_act_class", "retire_by", *facts.VALUES["model"]),
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
        *facts.VALUES["model_version"],
    ),
}
_RUN = {
    "native": (
        *("run_id", "name", "experiment", "status", "started_by", "git_commit", "git_repo"),
        "tags",
    ),
}
_HISTORY = {"native": ("started_at", "ended_at", "pipeline", "metrics")}
_DATASET = {"native": ("run_id", "dataset", "source_type", "source_uri", "context")}
_DEPLOYMENT = {
    "native": (
        *("deployment", "model", "version", "public_access", "authentication", "kind", "region"),
        *("resource_id", "replicas", "min_replicas", "max_replicas", "autoscaler", "status"),
        *("has_readiness_probe", "has_liveness_probe", "created_at", "created_by", "tags"),
        *("instance_type", "request_timeout_seconds"),
    ),
    "tag": ("environment", *facts.BY_OWNER),
}


_AZURE_ML = cloud_ml.Cloud(
    prefix="azure_ml",
    steps=("size", "every_job", "version", "served", "figure"),
    named=("endpoints", "deployments", "models", "model-versions"),
    supplied=(
        ("models", "model", _MODEL),
        ("model-versions", "model_version", _VERSION),
        ("jobs", "run", _RUN),
        ("jobs", "dataset", _DATASET),
        ("endpoints", "deployment", _DEPLOYMENT),
        ("runs", "run", _HISTORY),
    ),
    gpus="Assign Microsoft.Compute/skus/read at the subscription; give Kubernetes' jobs a tag.",
    times="Let the account read the workspace's runs (experiments/runs/read).",
)


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the source said before (see `normalise.Loader`)."""
    kinds = cloud_ml.landed_kinds(job)
    spots = cloud_ml.replace(warehouse, job, _AZURE_ML)
    supplied = cloud_ml.supplied(warehouse, _AZURE_ML, kinds, "role-assignments")
    if "runs" in kinds:
        supplied["model_version.metrics"] = "native"
    state_evidence(warehouse, job.source.name, supplied)
    return spots
