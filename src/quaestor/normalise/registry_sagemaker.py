"""Load SageMaker's Model Registry: models, versions, cards, stores, rights, and what it supplies.

A model is a model package group, a version one of its packages; for a package in no group, and
for names that stand twice, see sql/sagemaker_registry_name.sql.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from quaestor.core.blind_spot import BlindSpot
from quaestor.normalise import facts, step
from quaestor.normalise import sagemaker_access as access
from quaestor.normalise.job import Job
from quaestor.normalise.landed_objects import read_objects
from quaestor.normalise.quarantine import blind_spots
from quaestor.normalise.registry import fill, forget, state_evidence
from quaestor.warehouse.duckdb import Warehouse

TAKEN_APART = ("name", "package", "card")
TABLES = (
    ("stated_model", "sagemaker_registry_model"),
    ("stated_model_version", "sagemaker_registry_model_version"),
    ("run", "sagemaker_registry_run"),
    ("card_section", "sagemaker_registry_card_section"),
    ("store", "s3_store"),
)
# What SageMaker has a field for, cards among them, and what only a tag gov.<column> may say.
NATIVE = {
    "model": (
        *("model", "owner", "risk_tier", "description", "intended_use", "business_case"),
        *("created_at", "tags"),
    ),
    "model_version": (
        *("model", "version", "lifecycle", "run_id", "description", "created_at", "updated_at"),
        *("created_by", "approved_by", "approved_at", "artifact_uri", "artifact_digest"),
        *("card_uri", "base_model", "metrics", "tags", "card_updated_at", "base_model_revision"),
    ),
    "run": ("run_id", "name", "git_commit", "git_repo", "pipeline", "tags"),
    "card_section": ("model", "version", "section", "content", "card_uri"),
    "grant": ("subject", "principal", "right", "via"),
    "store": (
        *("store", "public_access", "public_access_blocked", "encrypted", "versioned"),
        *("region", "tags"),
    ),
}
BY_TAG = {
    "model": (
        "team",
        "cost_center",
        "oncall",
        "eu_ai_act_class",
        "retire_by",
        *facts.VALUES["model"],
    ),
    "model_version": (
        *("approved_digest", "license", "rollback_to", "evaluated_at"),
        *("monitoring", "monitored_at", *facts.VALUES["model_version"]),
    ),
}
NEEDS = {"grant": "principals", "store": "buckets"}  # supplied only where that was landed


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the registry said before (see `normalise.Loader`)."""
    source = job.source.name
    forget(warehouse, source)
    step.define(warehouse, "macros", "sagemaker_registry_macros")
    read_objects(warehouse, job)
    for name in TAKEN_APART:
        step.make(warehouse, f"sagemaker_{name}", query=f"sagemaker_registry_{name}")
    for table, query in TABLES:
        fill(warehouse, table, query, {"source": source})
    unreadable = step.text("sagemaker_registry_unreadable")
    warehouse.run(f"insert into quarantine.row {unreadable}", {"source": source})
    spots = _grants(warehouse, source)
    kinds = {file.scope.rpartition("/")[2] for file in job.manifest.files}
    state_evidence(warehouse, source, supplied(kinds))
    spots += blind_spots(warehouse, source, job.manifest.files)
    step.make(warehouse, "governed", query="sagemaker_registry_governed")
    spots += facts.state(warehouse, source)
    fill(warehouse, "stated_fact", "sagemaker_registry_fact", {"source": source})
    return [*_no_models(warehouse, source), *spots]


def supplied(landed: Collection[str]) -> dict[str, str]:
    """Return how SageMaker supplies each field of the registry; what is absent it cannot.

    Args:
        landed: The kinds of objects that were read.
    """
    tables = [table for table in NATIVE if table not in NEEDS or NEEDS[table] in landed]
    via = dict.fromkeys(tables, "native")
    for table in tables:
        via |= {f"{table}.{column}": "native" for column in NATIVE[table]}
        via |= {f"{table}.{column}": "tag" for column in BY_TAG.get(table, ())}
    return via


def _grants(warehouse: Warehouse, source: str) -> list[BlindSpot]:
    """Write who may do what; a policy that cannot be read is a blind spot."""
    known = access.read_principals(one for _, one in _placed(warehouse, "principals"))
    models = {
        (place, name): model
        for place, name, model in warehouse.rows(
            "select place, name, model from sagemaker_name where kind = 'group'"
        )
    }
    buckets = [bucket for _, bucket in _placed(warehouse, "buckets")]
    subjects = [
        access.model_subject(known, models[place, group["ModelPackageGroupName"]], group)
        for place, group in _placed(warehouse, "model-package-groups")
        if group.get("ModelPackageGroupName") and group.get("ModelPackageGroupArn")
    ] + [access.store_subject(known, bucket) for bucket in buckets]
    grants = [
        *access.grants_on(known, subjects),
        *(grant for bucket in buckets for grant in access.acl_grants(bucket)),
    ]
    fill(warehouse, "grant", "model_gov_grant", {"source": source, "grants": grants})
    return [_unreadable(source, known.unreadable)] if known.unreadable else []


def _unreadable(source: str, reasons: list[str]) -> BlindSpot:
    return BlindSpot(
        source=source,
        scope="grant",
        reason=f"{len(reasons):,} policies cannot be read; the first: {reasons[0]}",
        fix="Let the account that reads see them (iam:GetAccountAuthorizationDetails), or mend "
        "the policy.",
        rows=len(reasons),
    )


def _placed(warehouse: Warehouse, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the landed objects of a kind, each with its place."""
    return [
        (place, msgspec.json.decode(text))
        for place, text in warehouse.rows(
            "select place, object::varchar from landed_object where kind = ? "
            "order by place, file, row_number",
            [kind],
        )
    ]


def _no_models(warehouse: Warehouse, source: str) -> list[BlindSpot]:
    """An account whose policies name other resources sees an empty list, not a refusal."""
    if warehouse.rows("select 1 from sagemaker_name limit 1"):
        return []
    return [
        BlindSpot(
            source=source,
            scope="all",
            reason="the registry shows no model package",
            fix="Check `regions:` and the account; if there are none, remove the source.",
        )
    ]
