"""Kubeflow's Model Registry over HTTP: the paths, pages and shapes of its OpenAPI, v1alpha3.

No emulator of it exists on the package registries; this server answers what its OpenAPI
document (kubeflow/model-registry, api/openapi/src/model-registry.yaml) says.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

API = "/api/model_registry/v1alpha3/"
CREATED = 1_790_000_000_123  # 2026-09-21 14:13:20.123 UTC


def text(value: str) -> dict[str, str]:
    """A custom property that is a text."""
    return {"metadataType": "MetadataStringValue", "string_value": value}


def resource(number: int, name: str, **more: Any) -> dict[str, Any]:
    """What every object of the API has."""
    moment = str(CREATED + number)
    times = {"createTimeSinceEpoch": moment, "lastUpdateTimeSinceEpoch": moment}
    return {"id": str(number), "name": name, **times, **more}


@dataclass
class Registry:
    """What the server answers; a path's list, or a status and a body instead of it."""

    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    instead: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    token: str | None = None
    page: int = 2
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, query: dict[str, list[str]], token: str) -> tuple[int, str]:
        """Return status and body."""
        self.asked.append(path)
        if waiting := self.instead.get(path):
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if self.token and token != f"Bearer {self.token}":
            return 401, json.dumps({"code": "401", "message": "Unauthorized"})
        if path not in self.lists and not path.endswith("/artifacts"):
            return 404, json.dumps({"code": "404", "message": "no such path"})
        start = int(query.get("nextPageToken", ["0"])[0])
        size = min(self.page, int(query["pageSize"][0]))
        found = self.lists.get(path, [])
        more = str(start + size) if start + size < len(found) else ""
        body = {"items": found[start : start + size], "nextPageToken": more}
        return 200, json.dumps({**body, "pageSize": size, "size": len(body["items"])})


@contextmanager
def serving(registry: Registry) -> Iterator[Registry]:
    """Answer on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer, as JSON unless the body is a page."""
            parts = urlsplit(self.path)
            status, body = registry.answer(
                parts.path.removeprefix(API),
                parse_qs(parts.query),
                self.headers.get("Authorization", ""),
            )
            content = body.encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/login")
            kind = "text/html" if body.startswith("<") else "application/json"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        registry.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield registry
        finally:
            server.shutdown()
            thread.join()


def a_registry(**more: Any) -> Registry:
    """Two models; churn has three versions, of which one is served by name and one as newest."""
    tags = {
        "gov.owner": text("not this"),
        "gov.risk_tier": {"metadataType": "MetadataIntValue", "int_value": "1"},
        "gpu": {"metadataType": "MetadataBoolValue", "bool_value": True},
    }
    artifact = {"artifactType": "model-artifact", "state": "LIVE"}
    return Registry(
        lists={
            "registered_models": [
                resource(
                    *(1, "churn"),
                    owner="team-growth",
                    description="Who will leave?",
                    license="apache-2.0",
                    readme="# Churn\nWho?\n## Limitations\nFew calls",
                    state="LIVE",
                    customProperties=tags,
                ),
                resource(2, "<img src=x>\n'fraud\" 🤖", state="ARCHIVED"),
            ],
            "model_versions": [
                resource(
                    *(11, "v1"),
                    registeredModelId="1",
                    author="ada",
                    state="LIVE",
                    customProperties={"gov.approved_by": text("grace")},
                ),
                resource(12, "v2", registeredModelId="1", state="ARCHIVED"),
                resource(13, "v3", registeredModelId="1", customProperties={}),
                resource(14, "v4", registeredModelId="1", description="Not served."),
                resource(21, "v1", registeredModelId="2", state="LIVE"),
            ],
            "model_versions/11/artifacts": [
                resource(
                    *(101, "model"),
                    **artifact,
                    uri="oci://quay.example/churn@sha256:" + "ab" * 32,
                    modelSourceClass="pipelinerun",
                    modelSourceId="run-7",
                    customProperties={"gov.license": text("mit")},
                ),
                {"id": "102", "artifactType": "metric", "name": "auc", "value": 0.9},
                {
                    "id": "103",
                    "artifactType": "dataset-artifact",
                    "name": "calls",
                    "digest": "c0ffee",
                    "sourceType": "s3",
                    "source": "s3://lake/calls",
                },
                {
                    "id": "104",
                    "artifactType": "dataset-artifact",
                    "name": "gone",
                    "state": "DELETED",
                },
                {"id": "105", "artifactType": "parameter", "name": "depth", "value": "3"},
            ],
            "inference_services": [
                resource(
                    *(31, "churn-api"),
                    registeredModelId="1",
                    modelVersionId="11",
                    servingEnvironmentId="41",
                    runtime="vllm",
                    desiredState="DEPLOYED",
                ),
                resource(32, "newest", registeredModelId="1", servingEnvironmentId="41"),
                resource(
                    *(33, "stopped"),
                    registeredModelId="1",
                    servingEnvironmentId="41",
                    desiredState="UNDEPLOYED",
                ),
            ],
            "serving_environments": [resource(41, "production")],
        },
        **more,
    )
