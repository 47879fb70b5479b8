"""A model and a version of which everything is stated that a policy may ask, by gov.* tags."""

from __future__ import annotations

from datetime import datetime, timedelta

DIGEST = "sha256:" + "ab" * 32
MODEL = {
    "owner": "team-growth",
    "owner_active": "true",
    "team": "growth",
    "cost_center": "4711",
    "risk_tier": "1",
    "oncall": "pager-growth",
    "intended_use": "Rank customers for a retention letter.",
    "intended_users": "The retention team",
    "business_case": "https://wiki.example/churn",
    "business_value_per_month": "24000",
    "eu_ai_act_class": "limited",
    "eu_ai_act_role": "provider",
    "eu_ai_act_rationale": "Named in no point of Annex III",
    "eu_ai_act_reviewed_by": "counsel",
    "prohibited_practices": "none",
    "oversight_measure": "A person signs each letter",
    "overseers": "retention-leads",
    "retire_by": "2099-12-31",
    "data_class": "confidential",
    "affects_people": "false",
    "is_generative": "false",
    "task": "classification",
    "primary_metric": "auc",
    "primary_metric_threshold": "0.8",
    "risk_file_uri": "https://wiki.example/churn/risks",
    "impact_assessment_uri": "https://wiki.example/churn/impact",
    "monitoring_plan_uri": "https://wiki.example/churn/monitoring",
    "incident_route": "https://status.example/report",
    "open_incident": "none",
}

DATASET = {
    "gov.owner": "team-growth",
    "gov.license": "proprietary",
    "gov.legal_basis": "contract",
    "gov.data_class": "confidential",
    "gov.region": "eu-west-1",
    "gov.has_personal_data": "false",
    "gov.quality_status": "passed",
}


def model_tags(at: datetime) -> dict[str, str]:
    """Return the tags of a registered model that was looked after until `at` (UTC)."""
    when = _text(at)
    return {
        **{f"gov.{key}": value for key, value in MODEL.items()},
        "gov.risk_file_reviewed_at": when,
        "gov.impact_assessed_at": when,
        "fin.cost_center": "4711",
        "app": "shop",
    }


def version_tags(at: datetime, *, previous: str = "2") -> dict[str, str]:
    """Return the tags of a version that was made, measured and approved at `at` (UTC)."""
    when, later = _text(at), _text(at + timedelta(seconds=1))
    said = {
        "artifact_digest": DIGEST,
        "observed_digest": DIGEST,
        "approved_digest": DIGEST,
        "evaluated_digest": DIGEST,
        "signed_digest": DIGEST,
        "scan_digest": DIGEST,
        "approved_by": "grace",
        "approved_at": later,
        "approved_until": f"{at + timedelta(days=300):%Y-%m-%d}",
        "approver_group": "model-risk",
        "approvals": "2",
        "requested_by": "ada",
        "emergency": "false",
        "created_by": "ada",
        "evaluated_at": when,
        "evaluation_rows": "20000",
        "evaluation_split": "held-out",
        "monitored_at": later,
        "monitoring": "https://grafana.example/d/churn",
        "card_uri": "https://wiki.example/churn/card",
        "card_updated_at": later,
        "license": "proprietary",
        "rollback_to": previous,
        "replaces": previous,
        "rollback_tested_at": when,
        "code_reachable": "true",
        "code_dirty": "false",
        "environment_digest": "sha256:" + "cd" * 32,
        "training_image_digest": "sha256:" + "ef" * 32,
        "seed": "7",
        "signature": "one row of features, one score",
        "data_cutoff": f"{at - timedelta(days=9):%Y-%m-%d}",
        "split_digests": "sha256:11, sha256:22, sha256:33",
        "trained_at": when,
        "robustness_uri": "https://wiki.example/churn/robustness",
        "explanation_uri": "https://wiki.example/churn/explanation",
        "latency_p95_ms": "20",
        "latency_limit_ms": "250",
        "technical_documentation": "1,2,3,4,5,6,7,8,9",
        "instructions_uri": "https://wiki.example/churn/instructions",
        "declared_accuracy": "auc 0.9",
        "declared_robustness": "holds at 5 % of missing features",
        "origin": "internal",
        "artifact_formats": "safetensors",
        "signed_by": "https://ci.example/train",
        "signed_issuer": "https://ci.example",
        "signature_verified": "true",
        "scan_tool": "modelscan",
        "scan_at": when,
        "scan_issues": "0",
        "scan_coverage_ratio": "1",
        "bom_uri": "https://ci.example/bom",
        "provenance_builder": "https://ci.example",
        "provenance_level": "3",
        "trust_remote_code": "false",
        "energy_kwh": "4.5",
    }
    return {f"gov.{key}": value for key, value in said.items()}


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
