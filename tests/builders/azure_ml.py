"""Builders: Azure Machine Learning as Microsoft's REST examples show it, served by WireMock."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from builders.parties import WireMock
from quaestor.collect import collector
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.sources import AzureMlSource

NOW = datetime(2026, 11, 21, 6, 30)
SUBSCRIPTION = "0f5a1c2e-7b64-4f0e-9a51-3c1d2e4f5a6b"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ML"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/acme"
REGISTRY = f"{GROUP}/providers/Microsoft.MachineLearningServices/registries/shared"
SKUS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/skus"
HISTORY = f"/mlflow/v1.0{WORKSPACE}"
ROLES = "/providers/Microsoft.Authorization"
SECRET = "s3cr3t-token"  # noqa: S105 - of no worth
LISTS = ("jobs", "computes", "onlineEndpoints", "models")
SYSTEM = {
    "createdAt": "2026-11-05T08:00:00.999Z",
    "createdBy": "Ada",
    "createdByType": "User",
    "lastModifiedAt": "2026-11-05T11:00:00Z",
}


def answer(**body: Any) -> dict[str, Any]:
    """An answer as Azure Resource Manager gives one."""
    return {
        "jsonBody": body,
        "headers": {"Content-Type": "application/json; charset=utf-8"},
        "transformers": [],
    }


def page(*found: Any, link: str | None = None) -> dict[str, Any]:
    """A page of a list; a link is filled in by the server."""
    told = json.dumps({"value": list(found), **({"nextLink": "LINK"} if link else {})})
    return {
        "body": told.replace("LINK", "{{{request.baseUrl}}}" + (link or "")),
        "headers": {"Content-Type": "application/json; charset=utf-8"},
    }


def error(status: int, code: str, **headers: str) -> dict[str, Any]:
    """An answer that is an error, as Azure Resource Manager writes it."""
    return {
        "status": status,
        "headers": {"Content-Type": "application/json", **headers},
        "jsonBody": {"error": {"code": code, "message": f"no: {SECRET}"}},
    }


def resource(path: str, **properties: Any) -> dict[str, Any]:
    """A resource of the workspace."""
    return {
        "id": f"{WORKSPACE}/{path}",
        "name": path.rpartition("/")[2],
        "type": "Microsoft.MachineLearningServices/workspaces/x",
        "properties": properties,
        "systemData": dict(SYSTEM),
    }


def job(name: str = "churn-1", **changes: Any) -> dict[str, Any]:
    """A command job on two nodes of the compute gpu; its variables hold a secret."""
    properties = {
        "jobType": "Command",
        "displayName": "train churn",
        "experimentName": "churn",
        "status": "Completed",
        "computeId": f"{WORKSPACE}/computes/gpu",
        "resources": {"instanceCount": 2, "properties": {"x": {"y": None}}},
        "tags": {"team": "growth"},
        "properties": {
            "azureml.git.commit": "4f1c",
            "azureml.git.repository_uri": "https://git.example/churn",
            "token": SECRET,
        },
        "command": f"train --key {SECRET}",
        "environmentVariables": {"HF_TOKEN": SECRET},
        "inputs": {
            "calls": {
                "jobInputType": "uri_folder",
                "uri": f"azureml:{WORKSPACE}/data/calls/versions/3",
            },
            "depth": {"jobInputType": "literal", "value": "3"},
        },
        "services": {"Studio": {"endpoint": f"https://x.example/?t={SECRET}"}},
    }
    system = {**SYSTEM, "createdAt": changes.pop("created", SYSTEM["createdAt"])}
    return {**resource(f"jobs/{name}", **{**properties, **changes}), "systemData": system}


def run(
    name: str = "churn-1", begins: str = "2026-11-05T08:10:00", ends: str | None = None,
    status: str = "FINISHED", parent: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A run as MLflow's API tells it; ends after 2.5 hours unless told."""
    start = _milliseconds(begins)
    info = {"run_id": name, "run_uuid": name, "status": status, "start_time": start,
            "experiment_id": "e1", "artifact_uri": SECRET}  # fmt: skip
    if status not in ("RUNNING", "SCHEDULED"):
        info["end_time"] = _milliseconds(ends) if ends else start + 9_000_000
    tags = [{"key": "mlflow.parentRunId", "value": parent}] if parent else []
    return {"info": info, "data": {"metrics": [{"key": "auc", "value": 0.9}], "tags": tags}}


def _milliseconds(text: str) -> int:
    return int((datetime.fromisoformat(text) - datetime(1970, 1, 1)).total_seconds() * 1000)


def compute(name: str = "gpu", size: str = "STANDARD_NC24ADS_A100_V4", **of: Any) -> dict[str, Any]:
    """A compute cluster; its administrator has a password."""
    inside = {"vmSize": size, "vmPriority": "Dedicated",
              "userAccountCredentials": {"adminUserPassword": SECRET}}  # fmt: skip
    return resource(f"computes/{name}", **{"computeType": "AmlCompute", "properties": inside, **of})


def size(name: str, gpus: int | None) -> dict[str, Any]:
    """A size of machines as the list of SKUs has it."""
    able = [{"name": "vCPUs", "value": "24"}, {"name": "MemoryGB", "value": "220"}]
    if gpus:
        able.append({"name": "GPUs", "value": str(gpus)})
    return {"resourceType": "virtualMachines", "name": name, "capabilities": able}


SIZES = (size("Standard_NC24ads_A100_v4", 1), size("Standard_ND96asr_v4", 8),
         size("Standard_DS3_v2", None))  # fmt: skip


def endpoint(name: str = "churn-api", **changes: Any) -> dict[str, Any]:
    """An online endpoint; its keys are never told by a list, and never landed."""
    properties = {
        "authMode": "Key", "publicNetworkAccess": "Disabled", "provisioningState": "Succeeded",
        "traffic": {"blue": 100}, "keys": {"primaryKey": SECRET}, **changes,
    }  # fmt: skip
    told = resource(f"onlineEndpoints/{name}", **properties)
    return {**told, "location": "westeurope", "tags": {"environment": "production"}}


def deployment(name: str = "blue", of: str = "churn-api", **changes: Any) -> dict[str, Any]:
    """A managed deployment of churn:7 on three machines with one A100 each."""
    properties = {
        "endpointComputeType": "Managed",
        "model": f"{WORKSPACE}/models/churn/versions/7",
        "instanceType": "Standard_NC24ads_A100_v4",
        "provisioningState": "Succeeded",
        "scaleSettings": {"scaleType": "TargetUtilization", "minInstances": 1, "maxInstances": 5},
        "livenessProbe": {"failureThreshold": 30},
        "environmentVariables": {"KEY": SECRET},
        **changes,
    }
    told = resource(f"onlineEndpoints/{of}/deployments/{name}", **properties)
    return {**told, "sku": {"name": "Default", "capacity": 3}}


def model(name: str = "churn", **changes: Any) -> dict[str, Any]:
    """A model, the container of its versions."""
    properties = {"description": "Who will leave?", "latestVersion": "7",
                  "tags": {"gov.owner": "team-growth", "gov.risk_tier": "1"}}  # fmt: skip
    return resource(f"models/{name}", **{**properties, **changes})


def version(number: str = "7", of: str = "churn", **changes: Any) -> dict[str, Any]:
    """A version of a model, made by a job."""
    properties = {
        "description": "with tenure", "modelType": "mlflow_model", "jobName": "churn-1",
        "modelUri": "azureml://jobs/churn-1/outputs/artifacts/model", "stage": "Production",
        "tags": {"gov.approved_by": "grace", "gov.approved_at": "2026-11-01T10:00:00Z"},
    }  # fmt: skip
    return resource(f"models/{of}/versions/{number}", **{**properties, **changes})


def metric(name: str, *points: tuple[str, float | None], **dimensions: str) -> dict[str, Any]:
    """A metric of Azure Monitor with one series."""
    labels = [{"name": {"value": key}, "value": value} for key, value in dimensions.items()]
    data = [{"timeStamp": at, **({"average": value} if value is not None else {})}
            for at, value in points]  # fmt: skip
    return {"name": {"value": name}, "unit": "Count",
            "timeseries": [{"metadatavalues": labels, "data": data}]}  # fmt: skip


@dataclass
class Workspace:
    """A workspace, its source and its landing folder; what is not told is an empty list."""

    wiremock: WireMock
    folder: Path
    registry: str | None = None
    said: list[str] = field(default_factory=list)
    source: AzureMlSource = field(init=False)

    def __post_init__(self) -> None:
        self.source = AzureMlSource(
            name="ml",
            subscription=SUBSCRIPTION,
            resource_group="ML",
            workspace="acme",
            registry=self.registry,
            endpoint=self.wiremock.url,
        )
        host = self.wiremock.url.removeprefix("https://")
        told = resource("x", mlFlowTrackingUri=f"azureml://{host}{HISTORY}")
        told |= {"id": WORKSPACE, "name": "acme", "location": "westeurope"}
        self.answer("GET", WORKSPACE, answer(**told))
        for what in LISTS:
            self.tell(what)
        self.answer("GET", f"{WORKSPACE}/.*/Microsoft.Insights/metrics", answer(value=[]))
        self.answer("GET", f"{WORKSPACE}{ROLES}/roleAssignments", page())
        self.answer("GET", SKUS, page(*SIZES, {"resourceType": "disks", "name": "P10"}))
        self.ran()

    def answer(self, method: str, path: str, *replies: dict[str, Any], **match: Any) -> None:
        """Give these replies; the newest answer to a question is the one that counts."""
        self.wiremock.answer(method, path, *replies, **match)

    def tell(self, what: str, *found: dict[str, Any], at: str = WORKSPACE) -> None:
        """Have a list hold these."""
        self.answer("GET", f"{at}/{what}", page(*found))

    def ran(self, *runs: dict[str, Any]) -> None:
        """Have run history tell these."""
        api = f"{HISTORY}/api/2.0/mlflow"
        self.answer(
            "POST", f"{api}/experiments/search", answer(experiments=[{"experiment_id": "e1"}])
        )
        self.answer("POST", f"{api}/runs/search", answer(runs=list(runs)) if runs else answer())

    def serve(self, *deployments: dict[str, Any], **changes: Any) -> None:
        """Have one endpoint with these deployments."""
        self.tell("onlineEndpoints", endpoint(**changes))
        self.tell("onlineEndpoints/churn-api/deployments", *deployments)

    @property
    def landing(self) -> Landing:
        """Return the source's landing folder."""
        return Landing(self.folder / "landing", "ml")

    def collect(self, now: datetime = NOW) -> None:
        """Collect once."""
        collector("azure-ml").collect(
            self.source, Config(), self.landing, now=now, progress=self.said.append
        )

    def landed(self, kind: str) -> list[dict[str, Any]]:
        """Return the landed objects of a kind."""
        manifest = self.landing.current()
        assert manifest
        return [
            json.loads(line)
            for file in manifest.files
            if file.scope.endswith(f"/{kind}")
            for line in (self.landing.root / file.path).read_text().splitlines()
        ]
