"""Builders: Vertex AI's resources as Google's REST reference shows them, served by WireMock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from builders.parties import WireMock
from quaestor.collect import collector
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.sources import VertexSource

NOW = datetime(2026, 11, 21, 6, 30)
PROJECT = "acme-ml"
AT = "projects/7001/locations/us-central1"  # resources name the project by its number
BASE = f"/v1/projects/{PROJECT}/locations/us-central1"
WORKBENCHES = f"/v2/projects/{PROJECT}/locations/-/instances"
LISTS = (
    *("customJobs", "batchPredictionJobs", "hyperparameterTuningJobs", "trainingPipelines"),
    *("pipelineJobs", "endpoints", "models"),
)
SECRET = "s3cr3t-token"  # noqa: S105 - of no worth


def answer(**body: Any) -> dict[str, Any]:
    """An answer as Google's APIs give one."""
    return {
        "jsonBody": body,
        "headers": {"Content-Type": "application/json; charset=UTF-8"},
        "transformers": [],
    }


def error(status: int, word: str, message: str, **headers: str) -> dict[str, Any]:
    """An error as Google's APIs give one."""
    told = {"code": status, "message": message, "status": word}
    return {
        "status": status,
        "jsonBody": {"error": told},
        "headers": {"Content-Type": "application/json; charset=UTF-8", **headers},
        "transformers": [],
    }


def custom_job(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A CustomJob: two pools, 8 A100 and 1 without accelerators; variables hold a secret."""
    worker = {
        "machineSpec": {
            "machineType": "a2-highgpu-4g",
            "acceleratorType": "NVIDIA_TESLA_A100",
            "acceleratorCount": 4,
        },
        "replicaCount": "2",
        "diskSpec": {"bootDiskType": "pd-ssd", "bootDiskSizeGb": 100},
        "containerSpec": {
            "imageUri": "us-docker.pkg.dev/acme/train@sha256:1f",
            "command": ["train", f"--key={SECRET}"],
            "args": [SECRET],
            "env": [{"name": "HF_TOKEN", "value": SECRET}],
        },
    }
    evaluator = {"machineSpec": {"machineType": "n1-standard-8"}, "replicaCount": "1"}
    return {
        "name": f"{AT}/customJobs/{number}",
        "displayName": f"churn-{number}",
        "jobSpec": {
            "workerPoolSpecs": [worker, {}, evaluator],
            "scheduling": {"timeout": "604800s", "strategy": "SPOT"},
            "serviceAccount": "trainer@acme-ml.iam.gserviceaccount.com",
        },
        "state": "JOB_STATE_SUCCEEDED",
        "createTime": "2026-11-05T08:00:00.123456Z",
        "startTime": "2026-11-05T08:10:00Z",
        "endTime": "2026-11-05T10:40:00Z",
        "updateTime": "2026-11-05T10:41:00Z",
        "labels": {"team": "growth"},
        "webAccessUris": {"workerpool0-0": f"https://shell.example/{SECRET}"},
        **changes,
    }


def batch_job(number: int = 70, **changes: Any) -> dict[str, Any]:
    """A BatchPredictionJob of churn:1 on machines with two L4 each; it took 1.5 replica hours."""
    return {
        "name": f"{AT}/batchPredictionJobs/{number}",
        "displayName": "churn-nightly",
        "model": f"{AT}/models/456",
        "modelVersionId": "1",
        "modelParameters": {"key": SECRET},
        "inputConfig": {"gcsSource": {"uris": ["gs://acme/in.jsonl"]}},
        "dedicatedResources": {
            "machineSpec": {
                "machineType": "g2-standard-24",
                "acceleratorType": "NVIDIA_L4",
                "acceleratorCount": 2,
            },
            "startingReplicaCount": 1,
            "maxReplicaCount": 4,
        },
        "resourcesConsumed": {"replicaHours": 1.5},
        "state": "JOB_STATE_SUCCEEDED",
        "createTime": "2026-11-06T01:00:00Z",
        "startTime": "2026-11-06T01:01:00Z",
        "endTime": "2026-11-06T02:01:00Z",
        **changes,
    }


def model(number: int = 456, version: str = "1", **changes: Any) -> dict[str, Any]:
    """A version of a Model; a list of models shows its default version."""
    return {
        "name": f"{AT}/models/{number}",
        "displayName": "churn",
        "description": "Who will leave?",
        "versionId": version,
        "versionAliases": ["default", "champion"] if version == "1" else [],
        "versionCreateTime": f"2026-10-0{version}T00:00:00Z",
        "versionUpdateTime": f"2026-10-0{version}T01:00:00Z",
        "versionDescription": f"number {version}",
        "trainingPipeline": f"{AT}/trainingPipelines/31" if version == "1" else "",
        "containerSpec": {
            "imageUri": "us-docker.pkg.dev/acme/serve:7",
            "env": [{"name": "KEY", "value": SECRET}],
        },
        "artifactUri": f"gs://acme-models/churn/{version}",
        "createTime": "2026-10-01T00:00:00Z",
        "updateTime": "2026-10-02T00:00:00Z",
        "etag": "AMEw9",
        "labels": {"gov_owner": "team-growth", "gov_risk_tier": "1"},
        **changes,
    }


def endpoint(number: int = 9, **changes: Any) -> dict[str, Any]:
    """An Endpoint with one model on 2 replicas of a T4 machine."""
    deployed = {
        "id": "55",
        "model": f"{AT}/models/456",
        "modelVersionId": "1",
        "displayName": "churn",
        "createTime": "2026-10-03T00:00:00Z",
        "dedicatedResources": {
            "machineSpec": {
                "machineType": "n1-standard-8",
                "acceleratorType": "NVIDIA_TESLA_T4",
                "acceleratorCount": 1,
            },
            "minReplicaCount": 1,
            "maxReplicaCount": 4,
        },
        "status": {"availableReplicaCount": 2},
    }
    return {
        "name": f"{AT}/endpoints/{number}",
        "displayName": "churn-api",
        "deployedModels": [deployed],
        "trafficSplit": {"55": 100},
        "labels": {"environment": "production"},
        "createTime": "2026-10-03T00:00:00Z",
        "updateTime": "2026-10-04T00:00:00Z",
        **changes,
    }


def training_pipeline(number: int = 31, **changes: Any) -> dict[str, Any]:
    """A TrainingPipeline around a custom job; its inputs hold a secret."""
    return {
        "name": f"{AT}/trainingPipelines/{number}",
        "displayName": "churn-training",
        "inputDataConfig": {"datasetId": "880", "annotationsFilter": ""},
        "trainingTaskDefinition": (
            "gs://google-cloud-aiplatform/schema/trainingjob/definition/custom_task_1.0.0.yaml"
        ),
        "trainingTaskInputs": {"workerPoolSpecs": [{"containerSpec": {"args": [SECRET]}}]},
        "trainingTaskMetadata": {"backingCustomJob": f"{AT}/customJobs/1", "secret": SECRET},
        "state": "PIPELINE_STATE_SUCCEEDED",
        "createTime": "2026-11-05T08:00:00Z",
        "startTime": "2026-11-05T08:00:30Z",
        "endTime": "2026-11-05T10:45:00Z",
        "labels": {"gov_git_commit": "4f1c"},
        **changes,
    }


def series(labels: dict[str, str], *points: tuple[str, Any], **metric: str) -> dict[str, Any]:
    """A time series of Cloud Monitoring; a point is told by the end of its hour."""
    return {
        "metric": {"type": "aiplatform.googleapis.com/...", "labels": metric},
        "resource": {"type": "aiplatform.googleapis.com/Endpoint", "labels": labels},
        "metricKind": "DELTA",
        "valueType": "INT64",
        "points": [
            {
                "interval": {"startTime": ends, "endTime": ends},
                "value": {"doubleValue": n} if isinstance(n, float) else {"int64Value": str(n)},
            }
            for ends, n in points
        ],
    }


@dataclass
class Vertex:
    """A project, its source and its landing folder; what is not told is an empty list."""

    wiremock: WireMock
    folder: Path
    said: list[str] = field(default_factory=list)
    source: VertexSource = field(init=False)

    def __post_init__(self) -> None:
        self.source = VertexSource(
            name="vertex",
            project=PROJECT,
            locations=("us-central1",),
            endpoint=self.wiremock.plain_url,
        )
        for what in LISTS:
            self.tell(what)
        self.answer("GET", f"{BASE}/models/[^/]+/evaluations", answer())
        self.answer("GET", "/v3/projects/acme-ml/timeSeries", answer())
        self.answer("GET", WORKBENCHES, answer())
        self.bind()

    def answer(self, method: str, path: str, *replies: dict[str, Any], **match: Any) -> None:
        """Give these replies; the newest answer to a question is the one that counts."""
        self.wiremock.answer(method, path, *replies, **match)

    def tell(self, what: str, *found: dict[str, Any]) -> None:
        """Have a list hold these."""
        self.answer("GET", f"{BASE}/{what}", answer(**{what: list(found)} if found else {}))

    def register(self, *versions: dict[str, Any]) -> None:
        """Have the registry hold these versions; the first of a model is its default."""
        first: dict[str, dict[str, Any]] = {}
        for one in versions:
            first.setdefault(one["name"], one)
        self.tell("models", *first.values())
        for name in first:
            of_model = [one for one in versions if one["name"] == name]
            number = name.rpartition("/")[2]
            self.answer("GET", f"{BASE}/models/{number}:listVersions", answer(models=of_model))

    def measure(self, metric: str, *found: dict[str, Any]) -> None:
        """Have a metric tell these series."""
        self.answer(
            "GET", "/v3/projects/acme-ml/timeSeries", answer(timeSeries=list(found)),
            queryParameters={"filter": {"contains": f"/{metric}\""}},
        )  # fmt: skip

    def bind(self, *bindings: dict[str, Any], **roles: list[str]) -> None:
        """Have the project's policy hold these bindings, and roles permit this."""
        policy = answer(version=3, etag="BwX", bindings=list(bindings))
        self.answer("POST", "/v1/projects/acme-ml:getIamPolicy", policy)
        for role, permitted in roles.items():
            told = answer(name=f"roles/aiplatform.{role}", includedPermissions=permitted)
            self.answer("GET", f"/v1/roles/aiplatform.{role}", told)

    @property
    def landing(self) -> Landing:
        """Return the source's landing folder."""
        return Landing(self.folder / "landing", "vertex")

    def collect(self, now: datetime = NOW) -> None:
        """Collect once."""
        collector("vertex").collect(
            self.source, Config(), self.landing, now=now, progress=self.said.append
        )

    def lines(self, kind: str) -> list[str]:
        """Return the landed lines of a kind."""
        manifest = self.landing.current()
        assert manifest
        return [
            line
            for file in manifest.files
            if file.scope.endswith(f"/{kind}")
            for line in (self.landing.root / file.path).read_text().splitlines()
        ]

    def asked(self, what: str = "") -> list[str]:
        """Return the addresses that were asked."""
        return [one["url"] for one in self.wiremock.requests(what)]
