"""The vocabulary of governance: what registries have no field for, and tags or files say.

Every field here is a column of the table that its class names, a tag `gov.<field>` in any
registry, and a key of `model.gov.yaml`. Its type is what a text must be readable as; what is left
out is not said.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

Moment = Annotated[
    str,
    Meta(
        description="An ISO 8601 date or time; without a zone it is UTC.",
        extra_json_schema={"format": "date-time"},
    ),
]
Name = str | int  # what YAML may take for a number: a version, a seed
Day = Annotated[str, Meta(description="A date, YYYY-MM-DD.", extra_json_schema={"format": "date"})]


class Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Immutable, and an unknown key is an error."""


class ModelFacts(Strict, frozen=True, kw_only=True):
    """What may be said of a model: columns of `registry.model`."""

    owner_active: bool | None = None
    intended_users: str | None = None
    data_class: str | None = None
    affects_people: bool | None = None
    is_generative: bool | None = None
    task: str | None = None
    primary_metric: str | None = None
    primary_metric_threshold: float | None = None
    business_value_per_month: Decimal | None = None
    eu_ai_act_role: str | None = None
    eu_ai_act_rationale: str | None = None
    eu_ai_act_reviewed_by: str | None = None
    prohibited_practices: str | None = None
    risk_file_uri: str | None = None
    risk_file_reviewed_at: Moment | None = None
    oversight_measure: str | None = None
    overseers: str | None = None
    impact_assessment_uri: str | None = None
    impact_assessed_at: Moment | None = None
    monitoring_plan_uri: str | None = None
    incident_route: str | None = None
    eu_database_id: str | None = None
    open_incident: str | None = None
    access_reviewed_at: Moment | None = None
    supplier: str | None = None
    supplier_documents_uri: str | None = None
    supplier_contract_uri: str | None = None
    supplier_exit_plan_uri: str | None = None
    model_risk_tier: str | None = None
    validated_by: str | None = None
    validated_at: Moment | None = None


class VersionFacts(Strict, frozen=True, kw_only=True):
    """What may be said of a version: columns of `registry.model_version`."""

    card_updated_at: Moment | None = None
    code_reachable: bool | None = None
    code_dirty: bool | None = None
    environment_digest: str | None = None
    training_image_digest: str | None = None
    seed: Name | None = None
    signature: str | None = None
    replaces: Name | None = None
    observed_digest: str | None = None
    rollback_tested_at: Moment | None = None
    base_model_revision: str | None = None
    base_model_license: str | None = None
    base_model_source: str | None = None
    data_cutoff: Day | None = None
    split_digests: str | None = None
    trained_at: Moment | None = None
    archived_at: Moment | None = None
    energy_kwh: float | None = None
    evaluated_digest: str | None = None
    evaluation_rows: int | None = None
    evaluation_split: str | None = None
    fairness_gap_ratio: float | None = None
    robustness_uri: str | None = None
    explanation_uri: str | None = None
    latency_p95_ms: float | None = None
    latency_limit_ms: float | None = None
    safety_evaluation_uri: str | None = None
    safety_evaluated_at: Moment | None = None
    requested_by: str | None = None
    approver_group: str | None = None
    approvals: int | None = None
    approved_until: Day | None = None
    emergency: bool | None = None
    emergency_reviewed_at: Moment | None = None
    technical_documentation: str | None = None
    instructions_uri: str | None = None
    declared_accuracy: str | None = None
    declared_robustness: str | None = None
    origin: str | None = None
    artifact_formats: str | None = None
    signed_by: str | None = None
    signed_issuer: str | None = None
    signed_digest: str | None = None
    signature_verified: bool | None = None
    scan_tool: str | None = None
    scan_at: Moment | None = None
    scan_digest: str | None = None
    scan_issues: int | None = None
    scan_coverage_ratio: float | None = None
    bom_uri: str | None = None
    provenance_builder: str | None = None
    provenance_level: int | None = None
    trust_remote_code: bool | None = None
    remote_code_reviewed_by: str | None = None


class DeploymentFacts(Strict, frozen=True, kw_only=True):
    """What may be said of a deployment: columns of `registry.deployment`."""

    tls: bool | None = None
    identity: str | None = None
    identity_is_admin: bool | None = None
    encrypted: bool | None = None
    kms_key: str | None = None
    network_isolated: bool | None = None
    access_logged: bool | None = None
    log_destination: str | None = None
    log_retention_days: int | None = None
    region: str | None = None
    zones: int | None = None
    request_timeout_seconds: float | None = None
    rollout_strategy: str | None = None
    rollout_analysis: str | None = None
    rolls_back: bool | None = None
    rollback_to: Name | None = None
    rollback_tested_at: Moment | None = None
    scales_to_zero: bool | None = None
    off_hours_schedule: str | None = None
    monitoring: str | None = None
    monitored_at: Moment | None = None
    monitor_interval_hours: float | None = None
    monitor_baseline: Name | None = None
    drift: float | None = None
    drift_limit: float | None = None
    incident: str | None = None
    performance_measured_at: Moment | None = None
    alert_route: str | None = None
    alert_tested_at: Moment | None = None
    guardrail: str | None = None
    disclosure: str | None = None
    content_marking: str | None = None
    critical_vulnerabilities: int | None = None
    vulnerabilities_due: Day | None = None


class DatasetFacts(Strict, frozen=True, kw_only=True):
    """What may be said of a dataset: columns of `registry.dataset`."""

    owner: str | None = None
    license: str | None = None
    legal_basis: str | None = None
    data_class: str | None = None
    region: str | None = None
    has_personal_data: bool | None = None
    privacy_assessment_uri: str | None = None
    privacy_assessed_until: Day | None = None
    quality_status: str | None = None
    quality_checked_at: Moment | None = None


FACTS: dict[str, type[Strict]] = {
    "model": ModelFacts,
    "model_version": VersionFacts,
    "deployment": DeploymentFacts,
    "dataset": DatasetFacts,
}

_KINDS = (
    (msgspec.inspect.BoolType, "truth"),
    (msgspec.inspect.IntType, "count"),
    (msgspec.inspect.FloatType, "number"),
    (msgspec.inspect.DecimalType, "amount"),
)


@cache
def kinds_of(shape: type[Struct]) -> Mapping[str, str]:
    """Return the fields of a Struct that hold one plain value, and what each value is.

    Returns:
        Field -> `text`, or a key of `core.reading.READERS`; fields that hold a list, a mapping or
        Structs are left out.

    >>> kinds = kinds_of(DatasetFacts)
    >>> kinds["owner"], kinds["has_personal_data"], kinds["privacy_assessed_until"]
    ('text', 'truth', 'day')
    """
    told = msgspec.inspect.type_info(shape)
    assert isinstance(told, msgspec.inspect.StructType)  # noqa: S101 - a Struct's type is one
    found = {field.encode_name: _kind(field.type) for field in told.fields}
    return {name: kind for name, kind in found.items() if kind}


def _kind(told: msgspec.inspect.Type) -> str | None:
    schema: Mapping[str, Any] = {}
    while isinstance(told, msgspec.inspect.Metadata | msgspec.inspect.UnionType):
        if isinstance(told, msgspec.inspect.Metadata):
            schema = {**schema, **(told.extra_json_schema or {})}
            told = told.type
            continue
        rest = [one for one in told.types if not isinstance(one, msgspec.inspect.NoneType)]
        if {type(one) for one in rest} == {msgspec.inspect.StrType, msgspec.inspect.IntType}:
            return "text"
        if len(rest) != 1:
            return None
        told = rest[0]
    if isinstance(told, msgspec.inspect.StrType):
        return {"date-time": "moment", "date": "day"}.get(schema.get("format", ""), "text")
    return next((kind for shape, kind in _KINDS if isinstance(told, shape)), None)
