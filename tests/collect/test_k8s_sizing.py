"""What of a Kubernetes cluster says how large containers are and who sizes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from builders.bills import NOW
from builders.k8s import KubernetesServer, container, kubeconfig, pod, thing
from quaestor.collect import k8s
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.errors import PartlyReadError
from quaestor.core.sources import KubernetesSource

GROUP = "autoscaling.k8s.io"
SCALERS = f"{GROUP}/v1/verticalpodautoscalers"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[KubernetesServer]:
    """A cluster with nothing in it."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    server = KubernetesServer().start()
    yield server
    server.stop()


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty landing folder."""
    return Landing(tmp_path / "landing", "prod")


@pytest.fixture
def source(server: KubernetesServer, tmp_path: Path) -> KubernetesSource:
    """The cluster by the only context of a kubeconfig."""
    path = kubeconfig(tmp_path, {"ctx": ("prod", server.url)})
    return KubernetesSource(name="prod", kubeconfig=str(path))


def collect(source: KubernetesSource, landing: Landing) -> dict[str, list[dict[str, Any]]]:
    """Collect, and return what is in force: scope -> objects."""
    k8s.collect(source, Config(), landing, now=NOW, progress=lambda _: None)
    return in_force(landing)


def in_force(landing: Landing) -> dict[str, list[dict[str, Any]]]:
    """Return what is landed."""
    manifest = landing.current()
    assert manifest
    return {
        one.scope: [
            json.loads(line) for line in (landing.root / one.path).read_bytes().splitlines()
        ]
        for one in manifest.files
    }


def test_vertical_pod_autoscalers_are_listed_where_there_are_any(server, source, landing):
    """A cluster that has none of that kind is healthy; of one only what it controls is kept."""
    assert collect(source, landing)[f"prod/verticalpodautoscalers.{GROUP}"] == []
    server.serve(SCALERS)
    policy = {"containerPolicies": [{"containerName": "*", "controlledResources": ["cpu"]}]}
    spec = {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "updatePolicy": {"updateMode": "Off"},
        "resourcePolicy": policy,
    }
    status = {"recommendation": {"containerRecommendations": [{"target": {"cpu": "25m"}}]}}
    server.add(SCALERS, thing("VerticalPodAutoscaler", "web", "ml", spec=spec, status=status))
    (found,) = collect(source, landing)[f"prod/verticalpodautoscalers.{GROUP}"]

    assert found["spec"] == {**spec, "targetRef": {"kind": "Deployment", "name": "web"}}
    assert "status" not in found  # it changes by the minute


def test_autoscalers_that_may_not_be_listed_are_a_gap(server, source, landing):
    """Advice might else be given on what one of them sets by itself."""
    server.serve(SCALERS)
    server.forbid(f"/apis/{SCALERS}")
    with pytest.raises(PartlyReadError) as caught:
        collect(source, landing)

    assert [gap.scope for gap in caught.value.gaps] == [f"prod: verticalpodautoscalers.{GROUP}"]
    assert "prod/pods" in in_force(landing)


def test_of_a_pod_its_ends_and_its_guiding_annotations_are_kept(server, source, landing):
    """Reasons and times of ends, restarts, wishes; no message, no exit code, no manifest."""
    last = {"terminated": {"reason": "OOMKilled", "finishedAt": "2026-11-05T10:30:00Z",
                           "exitCode": 137, "message": "s3cret-of-message"}}  # fmt: skip
    ran = {"name": "main", "restartCount": 2, "lastState": last, "state": {"running": {}}}
    notes = {
        "gov.advice": "none",
        "vpaUpdates": "cpu request",
        "karpenter.sh/do-not-disrupt": "true",
        "kubectl.kubernetes.io/last-applied-configuration": "s3cret-of-manifest",
    }
    one = pod("a", "ml", container(), annotations=notes, status={"containerStatuses": [ran]})
    server.add("v1/pods", one)
    (kept,) = collect(source, landing)["prod/pods"]

    assert set(kept["metadata"]["annotations"]) == set(list(notes)[:3])
    assert kept["status"]["containerStatuses"] == [
        {
            "name": "main",
            "restartCount": 2,
            "state": {},
            "lastState": {
                "terminated": {"reason": "OOMKilled", "finishedAt": "2026-11-05T10:30:00Z"}
            },
        }
    ]
    assert "s3cret" not in json.dumps(kept)
