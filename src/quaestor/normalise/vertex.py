"""Load what Vertex AI ran and knows: GPU jobs, endpoints and their hours, models, grants."""

from __future__ import annotations

from quaestor.core.blind_spot import BlindSpot
from quaestor.normalise import cloud_ml, facts
from quaestor.normalise.job import Job
from quaestor.normalise.registry import state_evidence
from quaestor.warehouse.duckdb import Warehouse

# How Vertex AI supplies a column. A label's value ends at 63 characters and takes neither slash
# nor colon: it holds no SHA-256 and no address, so that digests and the card's address are missing.
_UNSAYABLE = ("uri", "digest", "digests", "issuer", "key")
_NOT_OF_LABELS = {"number", "amount"}  # a point is no character of a label


def _by_label(kind: str) -> tuple[str, ...]:
    """Return the facts that a label can hold."""
    return tuple(
        field
        for field, reads in facts.VALUES[kind].items()
        if reads not in _NOT_OF_LABELS and not field.endswith(_UNSAYABLE)
    )


_MODEL = {
    "native": ("model", "description", "created_at", "updated_at", "tags"),
    "tag": (
        *("owner", "team", "cost_center", "risk_tier", "oncall", "intended_use"),
        *("business_case", "eu_ai_act_class", "retire_by", *_by_label("model")),
    ),
}
_VERSION = {
    "native": (
        *("model", "version", "lifecycle", "aliases", "run_id", "description", "created_at"),
        *("updated_at", "artifact_uri", "base_model", "evaluated_at", "metrics", "tags"),
    ),
    "tag": (
        *("created_by", "approved_by", "approved_at", "license", "rollback_to", "monitoring"),
        *("monitored_at", *_by_label("model_version")),
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
        *("created_at", "tags", "tls", "encrypted", "kms_key", "network_isolated"),
        *("access_logged", "log_destination", "scales_to_zero"),
    ),
    "tag": (
        "environment",
        *(field for field in _by_label("deployment") if field in facts.BY_OWNER),
    ),
}


_VERTEX = cloud_ml.Cloud(
    prefix="vertex",
    steps=("name", "version", "deployed", "figure"),
    named=("endpoints", "models", "model-versions", "training-pipelines", "pipeline-jobs"),
    supplied=(
        ("models", "model", _MODEL),
        ("model-versions", "model_version", _VERSION),
        ("training-pipelines", "run", _RUN),
        ("training-pipelines", "dataset", _DATASET),
        ("endpoints", "deployment", _DEPLOYMENT),
    ),
    gpus="State acceleratorCount and replicas at Vertex AI where it lets you.",
    times="Keep jobs at Vertex AI until they have ended and were collected.",
)


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the source said before (see `normalise.Loader`)."""
    kinds = cloud_ml.landed_kinds(job)
    spots = cloud_ml.replace(warehouse, job, _VERTEX, bindings_known="bindings" in kinds)
    supplied = cloud_ml.supplied(warehouse, _VERTEX, kinds, "bindings")
    if {"bindings", "endpoints"} <= kinds:
        supplied["deployment.public_access"] = "native"
    state_evidence(warehouse, job.source.name, supplied)
    return [*_unknown_roles(warehouse, job.source.name), *spots]


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
