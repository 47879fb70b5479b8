"""What the teams of the demo estate state about their models, beyond a registry's own fields.

Everything that a policy may ask is stated as a well-run team would state it; `faults.FAULTS` then
takes away or changes what is wrong on purpose.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from quaestor.demo.model import PEOPLE, Model, text

_TASKS = {
    "auc": "classification",
    "pr_auc": "classification",
    "gini": "classification",
    "f1": "classification",
    "silhouette": "clustering",
    "qini": "uplift",
    "r2": "regression",
    "mae": "regression",
    "wape": "forecasting",
    "gap": "optimisation",
    "ndcg": "ranking",
    "mrr": "ranking",
    "recall": "retrieval",
    "map": "detection",
    "cer": "recognition",
    "wer": "recognition",
    "hit_rate": "retrieval",
    "rouge": "generation",
    "bleu": "translation",
    "win_rate": "generation",
}
_LOWER_IS_BETTER = ("mae", "wape", "cer", "wer")
_GENERATIVE = ("generation", "translation")
_AFFECTS_PEOPLE = ("credit-limit", "aml-alerts", "identity-match", "chargeback", "toxicity")
_PERSONAL_DATA = ("growth", "risk")  # the teams whose training data are about customers
_FORMATS = {
    "transformers": "safetensors",
    "whisper": "safetensors",
    "pytorch": "onnx",
    "xgboost": "ubj",
    "lightgbm": "txt",
}


def about_model(model: Model) -> dict[str, str]:
    """Return what is stated of a model, by the words of `core.governance.ModelFacts`."""
    task = _TASKS[model.metric]
    slack = 1.2 if model.metric in _LOWER_IS_BETTER else 0.9
    said = {
        "owner_active": "true",
        "intended_users": f"The {model.team} team of Acme and the services it runs",
        "data_class": "confidential" if model.team in _PERSONAL_DATA else "internal",
        "affects_people": _truth(model.model in _AFFECTS_PEOPLE),
        "is_generative": _truth(task in _GENERATIVE),
        "task": task,
        "primary_metric": model.metric,
        "primary_metric_threshold": f"{model.score * slack:.4f}",
        "business_value_per_month": str(12_000 * (4 - model.tier)),
        "eu_ai_act_role": "deployer" if model.is_tuned else "provider",
        "eu_ai_act_rationale": f"{model.intended_use}; named in no point of Annex III",
        "eu_ai_act_reviewed_by": "counsel@acme.example",
        "prohibited_practices": "none",
        "risk_file_uri": f"https://wiki.acme.example/risks/{model.model}",
        "risk_file_reviewed_at": "2026-09-01T09:00:00Z",
        "oversight_measure": "A person decides on what it proposes, and can switch it off",
        "overseers": f"{model.team}-oncall",
        "impact_assessment_uri": f"https://wiki.acme.example/impact/{model.model}",
        "impact_assessed_at": "2026-06-15T09:00:00Z",
        "monitoring_plan_uri": f"https://wiki.acme.example/monitoring/{model.model}",
        "incident_route": "https://status.acme.example/report",
        "open_incident": "none",
        "access_reviewed_at": "2026-09-01T09:00:00Z",
    }
    if model.team == "risk":
        said |= {
            "model_risk_tier": str(model.tier),
            "validated_by": "model-validation@acme.example",
            "validated_at": "2026-05-04T09:00:00Z",
        }
    return said


def about_version(model: Model, version: int, now: datetime) -> dict[str, str | None]:
    """Return what is stated of a version, by the words of `core.governance.VersionFacts`."""
    created = model.created(version)
    digest = model.digest(version)
    asked, _ = PEOPLE[model.team]
    said: dict[str, str | None] = {
        "card_updated_at": text(created + timedelta(days=1)),
        "code_reachable": "true",
        "code_dirty": "false",
        "environment_digest": _digest(f"lock of {model.model}:{version}"),
        "training_image_digest": _digest(f"image of {model.framework}"),
        "seed": "7",
        "signature": '{"inputs": "one row of features", "outputs": "one score"}',
        "replaces": str(version - 1) if version > 1 else "none",
        "observed_digest": digest,
        "rollback_tested_at": "2026-10-05T10:00:00Z",
        "data_cutoff": (created - timedelta(days=9)).strftime("%Y-%m-%d"),
        "split_digests": ", ".join(
            _digest(f"{part} of {model.model}:{version}") for part in ("train", "valid", "test")
        ),
        "trained_at": text(created - timedelta(hours=1)),
        "energy_kwh": f"{4 + model.place % 9}.5",
        **_measured(model, version),
        **_delivered(model, version, now),
        "requested_by": f"{asked}@acme.example",
        "origin": "internal",
        "trust_remote_code": "false",
    }
    if model.is_tuned:
        said |= {
            "base_model_revision": "2f5c81a",
            "base_model_license": "Apache-2.0",
            "base_model_source": "acme-mirror",
        }
    return said


def _measured(model: Model, version: int) -> dict[str, str]:
    """Return how a version was tested."""
    said = {
        "evaluated_digest": model.digest(version),
        "evaluation_rows": str(20_000 + 500 * model.place),
        "evaluation_split": "held-out",
        "robustness_uri": f"https://wiki.acme.example/robustness/{model.model}/{version}",
        "explanation_uri": f"https://wiki.acme.example/explanations/{model.model}/{version}",
        "latency_p95_ms": str(20 + model.place),
        "latency_limit_ms": "250",
        "declared_accuracy": f"{model.metric} {model.score}",
        "declared_robustness": "holds at 5 % of missing features",
    }
    if model.model in _AFFECTS_PEOPLE:
        said["fairness_gap_ratio"] = "0.04"
    if _TASKS[model.metric] in _GENERATIVE:
        said |= {
            "safety_evaluation_uri": f"https://wiki.acme.example/safety/{model.model}/{version}",
            "safety_evaluated_at": text(model.created(version)),
        }
    return said


def _delivered(model: Model, version: int, now: datetime) -> dict[str, str]:
    """Return what goes with a version's artifact: papers, signature, scan, origin."""
    digest = model.digest(version)
    return {
        "technical_documentation": "1,2,3,4,5,6,7,8,9",
        "instructions_uri": f"https://wiki.acme.example/instructions/{model.model}/{version}",
        "artifact_formats": _FORMATS.get(model.framework, "onnx"),
        "signed_by": f"https://ci.acme.example/ml/{model.model}/train",
        "signed_issuer": "https://ci.acme.example",
        "signed_digest": digest,
        "signature_verified": "true",
        "scan_tool": "modelscan 0.8.6",
        "scan_at": text(now - timedelta(days=3)),
        "scan_digest": digest,
        "scan_issues": "0",
        "scan_coverage_ratio": "1",
        "bom_uri": f"s3://acme-model-artifacts/{model.model}/{version}/bom.cdx.json",
        "provenance_builder": "https://ci.acme.example",
        "provenance_level": "3",
    }


def metrics(model: Model, score: float) -> dict[str, float]:
    """Return what a run measured: the model's own metric, and what its task needs besides."""
    if _TASKS[model.metric] == "classification":
        return {"auc": round(0.5 + score / 2, 4), "f1": round(0.9 * score, 4)} | {
            model.metric: score
        }
    return {model.metric: score}


def about_approval(model: Model, version: int) -> dict[str, str]:
    """Return what an approval states besides who, when and of what."""
    return {
        "approver_group": "model-risk" if model.tier == 1 else f"{model.team}-leads",
        "approvals": "2" if model.tier == 1 else "1",
        "approved_until": (model.created(version) + timedelta(days=365)).strftime("%Y-%m-%d"),
        "emergency": "false",
    }


def about_deployment(model: Model, now: datetime) -> dict[str, str]:
    """Return what a team says of its endpoint, as YAML values of `core.governance`."""
    said = {
        "tls": "true",
        "identity": f"serve-{model.model}",
        "identity_is_admin": "false",
        "encrypted": "true",
        "kms_key": "alias/acme-ml",
        "network_isolated": "true",
        "access_logged": "true",
        "log_destination": "s3://acme-audit-logs",
        "log_retention_days": "400",
        "region": "eu-west-1",
        "zones": "2",
        "request_timeout_seconds": "30",
        "rollout_strategy": "canary",
        "rollout_analysis": "error rate and latency of the canary",
        "rolls_back": "true",
        "rollback_to": f'"{max(1, int(model.production) - 1)}"',
        "rollback_tested_at": "2026-10-05T10:00:00Z",
        "monitoring": "data-quality, drift" + (", bias" if model.model in _AFFECTS_PEOPLE else ""),
        "monitored_at": text(now - timedelta(hours=4)),
        "monitor_interval_hours": "24",
        "monitor_baseline": f'"{model.production}"',
        "drift": "0.04",
        "drift_limit": "0.2",
        "incident": "none",
        "performance_measured_at": text(now - timedelta(days=6, hours=4)),
        "alert_route": f"{model.team}-oncall",
        "alert_tested_at": "2026-10-20T10:00:00Z",
        "critical_vulnerabilities": "0",
    }
    if _TASKS[model.metric] in _GENERATIVE:
        said |= {"guardrail": "acme-guard 3", "content_marking": "C2PA manifest"}
    if model.tier == 1 or _TASKS[model.metric] in _GENERATIVE:
        said["disclosure"] = "The page says that a machine proposes this"
    return said


def about_data(model: Model) -> dict[str, str]:
    """Return what is stated of a model's data sets, as YAML values of `DatasetFacts`."""
    personal = model.team in _PERSONAL_DATA
    said = {
        "owner": f"team-{model.team}",
        "license": "proprietary",
        "legal_basis": "contract with the customer" if personal else "no personal data",
        "data_class": "confidential" if personal else "internal",
        "region": "eu-west-1",
        "has_personal_data": _truth(personal),
        "quality_status": "passed",
        "quality_checked_at": "2026-10-20T03:00:00Z",
    }
    if personal:
        said |= {
            "privacy_assessment_uri": f"https://wiki.acme.example/dpia/{model.model}",
            "privacy_assessed_until": "2027-06-30",
        }
    return said


def card(model: Model, version: int) -> str:
    """Return the model card of a version, as Markdown with the front matter of Hugging Face."""
    updated = model.created(version) + timedelta(days=1)
    return f"""---
model_name: {model.model}
version: "{version}"
license: other
date: {updated:%Y-%m-%d}
---
# {model.model}

## Intended use
{model.description}. It is made for this: {model.intended_use}.

## Out-of-scope use
Not for decisions about a person without one who decides, and not outside Acme's own products.

## Training data
Events of the last three years from Acme's lake, without customers who objected.

## Evaluation data
A held-out sample of the most recent month, drawn once and never trained on.

## Metrics
{model.metric} of {model.score} on the evaluation data, measured anew at each release.

## Limitations
It knows nothing of what happened after its training data end, and little of new products.

## Ethical considerations
Groups are compared at each release; who is affected can ask a person to look again.
"""


def _digest(words: str) -> str:
    return "sha256:" + sha256(words.encode()).hexdigest()


def _truth(value: bool) -> str:
    return "true" if value else "false"
