"""Workbench's instances as Google's reference shows them: landed, and what is switched off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders.parties import WireMock
from builders.vertex import SECRET, WORKBENCHES, Vertex, answer, error
from quaestor.collect import collector
from quaestor.core.config import Config
from quaestor.core.errors import PartlyReadError

pytestmark = pytest.mark.real
NAME = "projects/acme-ml/locations/us-central1-a/instances/ada"
INSTANCE = {
    "name": NAME,
    "state": "ACTIVE",
    "createTime": "2026-10-01T00:00:00Z",
    "creator": "ada@acme.example",
    "proxyUri": f"https://proxy.example/{SECRET}",
    "gceSetup": {
        "machineType": "n1-standard-8",
        "acceleratorConfigs": [{"type": "NVIDIA_TESLA_T4", "coreCount": "1"}],
        "metadata": {"idle-timeout-seconds": "3600", "token": SECRET},
    },
}


@pytest.fixture
def vertex(wiremock: WireMock, tmp_path: Path) -> Vertex:
    """A project with nothing in it."""
    return Vertex(wiremock, tmp_path)


def test_instances_are_landed_without_what_may_be_secret(vertex: Vertex):
    """Of the metadata only what stops an instance when it is idle; the proxy's address not."""
    vertex.answer("GET", WORKBENCHES, answer(instances=[INSTANCE]))
    vertex.collect()
    (line,) = vertex.lines("workbenches")

    assert SECRET not in line
    assert json.loads(line)["gceSetup"]["metadata"] == {"idle-timeout-seconds": "3600"}
    assert "1 instance of Workbench" in collector("vertex").doctor(vertex.source, Config())


def test_an_api_that_is_switched_off_has_no_instances(vertex: Vertex):
    """Most projects never used it: that is no blind spot."""
    off = error(403, "PERMISSION_DENIED", "Notebooks API has not been used in project 7001")
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}
    off["jsonBody"]["error"]["details"] = [{**info, "domain": "googleapis.com"}]
    vertex.answer("GET", WORKBENCHES, off)
    vertex.collect()

    assert vertex.lines("workbenches") == []


@pytest.mark.parametrize(
    "said", [error(403, "PERMISSION_DENIED", "no"), answer(unreachable=["us-central1-b"])]
)
def test_a_denied_list_or_a_silent_zone_is_a_gap(vertex: Vertex, said: dict[str, object]):
    """The rest is landed, and nothing is read as empty."""
    vertex.answer("GET", WORKBENCHES, said)
    with pytest.raises(PartlyReadError) as caught:
        vertex.collect()

    assert [gap.scope for gap in caught.value.gaps] == ["acme-ml/workbenches"]
