"""A Kubernetes API server (kmock) in a thread, and the objects that clusters hold."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import kmock
import yaml

CORE = {
    "v1": (
        *("nodes", "persistentvolumes"),
        *("pods", "persistentvolumeclaims", "services", "serviceaccounts"),
    ),
    "apps/v1": ("deployments", "statefulsets", "daemonsets", "replicasets"),
    "batch/v1": ("jobs", "cronjobs"),
    "autoscaling/v2": ("horizontalpodautoscalers",),
    "discovery.k8s.io/v1": ("endpointslices",),
    "rbac.authorization.k8s.io/v1": (
        *("roles", "rolebindings", "clusterroles", "clusterrolebindings"),
    ),
}
OF_CLUSTER = ("nodes", "persistentvolumes", "clusterroles", "clusterrolebindings")
TIME = "2026-11-01T00:00:00Z"


class KubernetesServer:
    """One cluster's API server on a free port of 127.0.0.1."""

    def start(self) -> KubernetesServer:
        """Start it and wait until it answers."""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        for group, plurals in CORE.items():
            for plural in plurals:
                self.serve(f"{group}/{plural}", namespaced=plural not in OF_CLUSTER)
        return self

    def stop(self) -> None:
        """Stop it."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with kmock.KubernetesEmulator() as self.k, kmock.Server(self.k) as server:
            self.url = str(server.url).rstrip("/")
            self._ready.set()
            await self._stop.wait()

    def call(self, function: Callable[[Any], Any]) -> Any:
        """Do something with the emulator in its own thread."""

        async def ask() -> Any:
            return function(self.k)

        return asyncio.run_coroutine_threadsafe(ask(), self._loop).result(30)

    def serve(self, resource: str, *, namespaced: bool = True) -> None:
        """Have a resource, such as `serving.kserve.io/v1beta1/inferenceservices`."""
        self.call(lambda k: k.resources.__setitem__(resource, {"namespaced": namespaced}))

    def add(self, resource: str, *objects: Mapping[str, Any]) -> None:
        """Hold objects; their kinds come with the resource."""

        def put(k: Any) -> None:
            for one in objects:
                about = one["metadata"]
                k.objects[resource, about.get("namespace"), about["name"]] = dict(one)

        self.call(put)

    def remove(self, resource: str, namespace: str | None, name: str) -> None:
        """Hold an object no more."""
        self.call(lambda k: k.objects.__delitem__((resource, namespace, name)))

    def answer(self, path: str, reaction: Any) -> None:
        """Answer a path with something of one's own: an object, a status code, a function."""
        self.call(lambda k: k[f"get {path}"].__lshift__(reaction))

    def forbid(self, path: str) -> None:
        """Let nobody read a path."""
        self.refuse(path, 403, "Forbidden")

    def refuse(self, path: str, code: int, reason: str) -> None:
        """Answer a path with a failure."""
        told = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "metadata": {}}
        self.answer(path, reply({**told, "reason": reason, "message": reason, "code": code}, code))

    @property
    def asked(self) -> list[str]:
        """The paths asked for, in order."""
        return [str(request.url.raw_path_qs) for request in self.call(list)]


def reply(payload: Any, status: int = 200) -> Any:
    """An answer of a reaction; kmock takes a status over to later answers that name none."""
    return kmock.Response(status=status, payload=payload)


def paged(objects: list[dict[str, Any]], *, expire_at: int | None = None) -> Any:
    """A reaction that serves a list page by page, as a real server does.

    kmock ignores `limit` and `continue`. The page number `expire_at` of the first pass is 410.
    """
    state = {"pages": 0, "expired": False}

    def page(request: Any) -> Any:
        query = {k: v[0] for k, v in parse_qs(urlsplit(str(request.url)).query).items()}
        limit = int(query.get("limit", 0)) or len(objects)
        start = int(query.get("continue", 0))
        state["pages"] += 1
        if expire_at is not None and start and state["pages"] >= expire_at and not state["expired"]:
            state["expired"] = True
            return reply({"kind": "Status", "code": 410}, 410)
        about: dict[str, Any] = {"resourceVersion": "7"}
        if start + limit < len(objects):
            about["continue"] = str(start + limit)
            about["remainingItemCount"] = len(objects) - start - limit
        return reply({"kind": "List", "metadata": about, "items": objects[start : start + limit]})

    return page


def kubeconfig(folder: Path, contexts: Mapping[str, tuple[str, str]], current: str = "") -> Path:
    """Write a kubeconfig: context -> (its cluster's name, the server's address)."""
    path = folder / "kubeconfig"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current or next(iter(contexts)),
        "clusters": [{"name": name, "cluster": {"server": url}} for name, url in contexts.values()],
        "users": [{"name": "auditor", "user": {"token": "s3cret-token"}}],
        "contexts": [
            {"name": context, "context": {"cluster": name, "user": "auditor"}}
            for context, (name, _) in contexts.items()
        ],
    }
    path.write_text(yaml.safe_dump(content))
    return path


def thing(kind: str, name: str, namespace: str | None = None, /, **rest: Any) -> dict[str, Any]:
    """Any object: its kind, name, namespace, and what else it says.

    `labels`, `annotations` and `owner` (another object) go into its metadata.
    """
    about: dict[str, Any] = {
        "name": name,
        "uid": f"{kind}-{namespace}-{name}",
        "creationTimestamp": TIME,
        "resourceVersion": "12",
        "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}],
    }
    if namespace:
        about["namespace"] = namespace
    for key in ("labels", "annotations"):
        if key in rest:
            about[key] = rest.pop(key)
    if owner := rest.pop("owner", None):
        about["ownerReferences"] = [
            {
                "apiVersion": owner["apiVersion"],
                "kind": owner["kind"],
                "name": owner["metadata"]["name"],
                "uid": owner["metadata"]["uid"],
                "controller": True,
            }
        ]
    api_version = rest.pop("apiVersion", "v1")
    return {"apiVersion": api_version, "kind": kind, "metadata": about, **rest}


def container(name: str = "main", image: str = "vllm:1", **rest: Any) -> dict[str, Any]:
    """A container with what must never be landed."""
    return {
        "name": name,
        "image": image,
        "env": [{"name": "TOKEN", "value": "s3cret-of-env"}],
        "args": ["--api-key=s3cret-of-args"],
        **rest,
    }


def pod(name: str, namespace: str = "ml", /, *containers: Any, **rest: Any) -> dict[str, Any]:
    """A running pod on node n1."""
    spec = {
        "nodeName": "n1",
        "serviceAccountName": "default",
        "containers": list(containers) or [container()],
        **rest.pop("spec", {}),
    }
    status = {"phase": "Running", "startTime": TIME, **rest.pop("status", {})}
    return thing("Pod", name, namespace, spec=spec, status=status, **rest)


def node(name: str = "n1", provider_id: str | None = None, **rest: Any) -> dict[str, Any]:
    """A node with eight GPUs."""
    capacity = {"cpu": "96", "memory": "1152Gi", "nvidia.com/gpu": "8", "pods": "110"}
    capacity |= rest.pop("capacity", {})
    return thing(
        "Node",
        name,
        spec={"providerID": provider_id} if provider_id else {},
        status={
            "capacity": {key: value for key, value in capacity.items() if value is not None},
            "conditions": [{"type": "Ready", "lastHeartbeatTime": TIME}],
        },
        **rest,
    )


def as_text(value: Any) -> str:
    """JSON, for looking into what was landed."""
    return json.dumps(value, sort_keys=True)
