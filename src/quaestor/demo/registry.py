"""Write the registry of the demo estate: MLflow's objects as JSON, and model.gov.yaml files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from quaestor.demo import faults, governance
from quaestor.demo.faults import standing
from quaestor.demo.model import PEOPLE, Model, models, text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write(folder: Path, now: datetime) -> None:
    """Write registry/mlflow.json, gov/<model>/model.gov.yaml and cards/<model>/README.md."""
    known = models(now)
    export = {
        "registered_models": [_registered(model, now) for model in known],
        "model_versions": [_version(model, each, now) for model in known for each in model.kept],
        "runs": [_run(model, each) for model in known for each in model.kept],
    }
    (folder / "registry").mkdir(exist_ok=True)
    text = json.dumps(export, indent=1, ensure_ascii=False)
    (folder / "registry" / "mlflow.json").write_text(text + "\n", encoding="utf-8")
    for model in known:
        if model.production:
            place = folder / "gov" / model.model
            place.mkdir(parents=True, exist_ok=True)
            (place / "model.gov.yaml").write_text(_model_gov(model, now), encoding="utf-8")
            card = governance.card(model, int(model.production))
            place = folder / "cards" / model.model
            place.mkdir(parents=True, exist_ok=True)
            (place / "README.md").write_text(card, encoding="utf-8")


def _registered(model: Model, now: datetime) -> dict[str, Any]:
    author, _ = PEOPLE[model.team]
    said: dict[str, str | None] = {
        "owner": f"team-{model.team}",
        "team": model.team,
        "cost_center": f"CC-{4100 + 10 * list(PEOPLE).index(model.team)}",
        "risk_tier": str(model.tier),
        "oncall": f"{model.team}-oncall",
        "intended_use": model.intended_use,
        "business_case": f"https://wiki.acme.example/cases/{model.model}",
        "eu_ai_act_class": "limited" if model.tier == 1 else "minimal",
        "retire_by": f"2027-{1 + model.place % 12:02d}-28" if model.tier < 3 else "2027-12-31",
        **governance.about_model(model),
    }
    for fault in standing(now):
        if fault.model == model.model:
            said |= fault.tags
    return {
        "name": model.model,
        "creation_timestamp": _milliseconds(model.created(1)),
        "last_updated_timestamp": _milliseconds(model.created(model.versions)),
        "description": model.description,
        "tags": _tags(said, {"framework": model.framework, "contact": author, "app": "acme-shop"}),
        "aliases": [{"alias": "champion", "version": model.production}] if model.production else [],
    }


def _version(model: Model, version: int, now: datetime) -> dict[str, Any]:
    author, _ = PEOPLE[model.team]
    created = model.created(version)
    return {
        "name": model.model,
        "version": str(version),
        "creation_timestamp": _milliseconds(created),
        "last_updated_timestamp": _milliseconds(created + timedelta(days=2)),
        "user_id": f"{author}@acme.example",
        "current_stage": "None",
        "description": f"Version {version}: retrained on newer data",
        "source": f"s3://acme-model-artifacts/{model.model}/{version}",
        "run_id": model.run_id(version),
        "status": "READY",
        "tags": _tags(_governance(model, version, now)),
    }


def _governance(model: Model, version: int, now: datetime) -> dict[str, str | None]:
    """Return what gov.* tags say about a version: everything a rule may ask, save the faults."""
    _, approver = PEOPLE[model.team]
    created = model.created(version)
    lifecycle = _lifecycle(model, version)
    said: dict[str, str | None] = {
        "lifecycle": lifecycle,
        "artifact_digest": model.digest(version),
        "card_uri": f"https://wiki.acme.example/cards/{model.model}/{version}",
        "license": "proprietary",
        "base_model": f"acme-mirror/{model.model}-base@2f5c81a" if model.is_tuned else None,
        "rollback_to": str(version - 1) if version > 1 else None,
        "evaluated_at": text(created + timedelta(hours=5)),
        **governance.about_version(model, version, now),
    }
    if lifecycle in ("production", "archived"):
        said |= {
            "approved_by": f"{approver}@acme.example",
            "approved_at": text(created + timedelta(days=2)),
            "approved_digest": model.digest(version),
            **governance.about_approval(model, version),
        }
    if lifecycle == "production":
        said |= {
            "monitoring": f"https://grafana.acme.example/d/{model.model}",
            "monitored_at": text(now - timedelta(hours=4)),
            "evaluated_at": text(now - timedelta(days=20 - model.place % 15, hours=2)),
        }
    for fault in standing(now):
        if fault.version == f"{model.model}:{version}":
            said |= fault.tags
    return said


def _lifecycle(model: Model, version: int) -> str:
    if str(version) == model.production:
        return "production"
    if model.production and version < int(model.production):
        return "archived"
    return "development"


def _run(model: Model, version: int) -> dict[str, Any]:
    ended = model.created(version) - timedelta(hours=1)
    score = round(model.score * (1 - 0.01 * (model.versions - version)), 4)
    return {
        "info": {
            "run_id": model.run_id(version),
            "run_name": f"{model.model}-{version}",
            "experiment_id": str(1 + model.place),
            "user_id": "ci-trainer",
            "status": "FINISHED",
            "start_time": _milliseconds(ended - timedelta(hours=3 + model.place % 5)),
            "end_time": _milliseconds(ended),
            "lifecycle_stage": "active",
            "artifact_uri": f"s3://acme-model-artifacts/{model.model}/{version}",
        },
        "data": {
            "metrics": [
                {"key": key, "value": value}
                for key, value in governance.metrics(model, score).items()
            ],
            "params": [
                {"key": "framework", "value": model.framework},
                {"key": "seed", "value": "7"},
            ],
            "tags": _tags({}, _run_tags(model, version)),
        },
        "inputs": {"dataset_inputs": [_dataset(model, version, use) for use in ("eval", "train")]},
    }


def _run_tags(model: Model, version: int) -> dict[str, str]:
    tags = {
        "mlflow.user": "ci-trainer",
        "mlflow.runName": f"{model.model}-{version}",
        "mlflow.source.name": "train.py",
        "mlflow.source.type": "JOB",
        "mlflow.source.git.commit": sha256(
            f"commit of {model.model}:{version}".encode()
        ).hexdigest()[:40],
        "mlflow.source.git.repoURL": f"https://git.acme.example/ml/{model.model}.git",
        "gov.pipeline": f"https://ci.acme.example/ml/{model.model}/train",
    }
    if f"{model.model}:{version}" == faults.NO_COMMIT:
        del tags["mlflow.source.git.commit"]
    return tags


def _dataset(model: Model, version: int, use: str) -> dict[str, Any]:
    return {
        "tags": [{"key": "mlflow.data.context", "value": use}],
        "dataset": {
            "name": f"{model.model}-{use}",
            "digest": sha256(f"{use} of {model.model}:{version}".encode()).hexdigest()[:8],
            "source_type": "s3",
            "source": json.dumps({"uri": f"s3://acme-lake-training/{model.model}/{use}/{version}"}),
        },
    }


def _model_gov(model: Model, now: datetime) -> str:
    """Return the file a team keeps in git: where a version serves, and who may change it."""
    name = f"{model.model}-api"
    public = name == faults.PUBLIC_DEPLOYMENT and now.date() > faults.PUBLIC_FROM
    lines = [
        f"# What the registry cannot say about {model.model}: where it serves, who may change it.",
        f"model: {model.model}",
        "deployments:",
        f"  - deployment: {name}",
        f'    version: "{model.production}"',
        "    environment: production",
        f'    artifact_digest: "{model.digest(int(model.production))}"',
        f"    public_access: {'true' if public else 'false'}",
        f"    authentication: {'none' if public else 'oidc'}",
        *_endpoint(model, name, now),
        "datasets:",
        *_data(model),
        "grants:",
        *_grants(model),
    ]
    return "\n".join(lines) + "\n"


def _endpoint(model: Model, name: str, now: datetime) -> Iterator[str]:
    said: dict[str, str | None] = {**governance.about_deployment(model, now)}
    for fault in standing(now):
        if fault.endpoint == name:
            said |= fault.tags
    yield from (f"    {key}: {value}" for key, value in said.items() if value is not None)


def _data(model: Model) -> Iterator[str]:
    versions = ", ".join(f'"{version}"' for version in model.kept)
    for use in ("eval", "train"):
        yield f"  - dataset: {model.model}-{use}"
        yield f"    versions: [{versions}]"
        for key, value in governance.about_data(model).items():
            yield f"    {key}: {value}"


def _grants(model: Model) -> Iterator[str]:
    author, approver = PEOPLE[model.team]
    grants = [
        ("ci-trainer", "write"),
        (f"{author}@acme.example", "read"),
        (f"{approver}@acme.example", "approve"),
        ("ci-promoter", "promote"),
    ]
    if model.model == faults.PROMOTING_MODEL:
        grants.append((faults.PROMOTER, "promote"))
    for principal, right in grants:
        yield f"  - {{principal: {principal}, right: {right}, via: team-{model.team}}}"


def _tags(
    said: dict[str, str | None], others: dict[str, str] | None = None
) -> list[dict[str, str]]:
    ours = {f"gov.{key}": value for key, value in said.items() if value is not None}
    return [{"key": key, "value": value} for key, value in sorted((ours | (others or {})).items())]


def _milliseconds(moment: datetime) -> int:
    return int((moment - _EPOCH) / timedelta(milliseconds=1))
