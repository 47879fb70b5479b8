"""A real kube-apiserver over etcd, where KUBE_APISERVER and ETCD name the programs.

It is the truth about paging, RBAC and discovery, which kmock only plays
(tests/collect/test_k8s.py).
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from builders.k8s import node, pod
from builders.parties import free_port
from quaestor.collect import k8s, k8s_api
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.errors import PartlyReadError
from quaestor.core.sources import KubernetesSource

pytestmark = pytest.mark.real
NOW = datetime(2026, 11, 21)


@dataclass(frozen=True)
class ApiServer:
    """A server with two users: `admin`, and `auditor` of the group finops, who may nothing yet."""

    url: str
    folder: Path

    def source(self, user: str) -> KubernetesSource:
        """Return a source that signs in as a user."""
        path = self.folder / f"{user}.yaml"
        authority = str(self.folder / "pki" / "apiserver.crt")
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "clusters": [
                {
                    "name": "real",
                    "cluster": {"server": self.url, "certificate-authority": authority},
                }
            ],
            "users": [{"name": user, "user": {"token": f"{user}-token"}}],
            "contexts": [{"name": "c", "context": {"cluster": "real", "user": user}}],
        }
        path.write_text(yaml.safe_dump(content))
        return KubernetesSource(name="real", kubeconfig=str(path))

    def client(self) -> Any:
        """Return the kubernetes client, signed in as admin."""
        from kubernetes import config

        return config.new_client_from_config(
            config_file=self.source("admin").kubeconfig, persist_config=False
        )


@pytest.fixture(scope="module")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A kube-apiserver with RBAC, over an etcd of its own."""
    program = os.environ.get("KUBE_APISERVER")
    etcd = os.environ.get("ETCD") or shutil.which("etcd")
    if not program or not etcd:
        pytest.skip("KUBE_APISERVER names no kube-apiserver, or there is no etcd")
    folder = tmp_path_factory.mktemp("apiserver")
    port, client_port, peer_port = free_port(), free_port(), free_port()
    (folder / "tokens.csv").write_text(
        'admin-token,admin,1,"system:masters"\nauditor-token,auditor,2,"finops"\n'
    )
    subprocess.run(["openssl", "genrsa", "-out", folder / "sa.key", "2048"], check=True)
    commands = [
        [
            *(etcd, "--data-dir", folder / "etcd", "--log-level", "error"),
            *("--listen-client-urls", f"http://127.0.0.1:{client_port}"),
            *("--advertise-client-urls", f"http://127.0.0.1:{client_port}"),
            *("--listen-peer-urls", f"http://127.0.0.1:{peer_port}"),
            *("--initial-advertise-peer-urls", f"http://127.0.0.1:{peer_port}"),
            *("--initial-cluster", f"default=http://127.0.0.1:{peer_port}"),
        ],
        [
            *(program, f"--etcd-servers=http://127.0.0.1:{client_port}", f"--secure-port={port}"),
            *("--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"),
            *(f"--cert-dir={folder}/pki", f"--token-auth-file={folder}/tokens.csv"),
            *("--service-cluster-ip-range=10.0.0.0/24", "--authorization-mode=RBAC"),
            *("--service-account-issuer=https://127.0.0.1", "--v=0"),
            f"--service-account-key-file={folder}/sa.key",
            f"--service-account-signing-key-file={folder}/sa.key",
            "--disable-admission-plugins=ServiceAccount",
        ],
    ]
    running = [subprocess.Popen(list(map(str, command))) for command in commands]
    try:
        server = ApiServer(f"https://127.0.0.1:{port}", folder)
        wait_for(server)
        yield server
    finally:
        for process in reversed(running):  # the API server first: without etcd it does not end
            process.terminate()
            try:
                process.wait(8)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(server: ApiServer) -> None:
    """Wait until the server is ready."""
    context = ssl._create_unverified_context()  # noqa: S323 - it has just made its certificate
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{server.url}/readyz", headers={"Authorization": "Bearer admin-token"}
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(request, context=context, timeout=2).close()  # noqa: S310 - ours
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    pytest.fail("kube-apiserver did not become ready")


def collect(source: KubernetesSource, landing: Landing) -> None:
    """Collect as the pipeline does."""
    k8s.collect(source, Config(), landing, now=NOW, progress=lambda _: None)


def lines(landing: Landing, scope: str) -> int:
    """How many objects of a scope are in force."""
    manifest = landing.current()
    assert manifest
    (file,) = [file for file in manifest.files if file.scope == scope]
    return len((landing.root / file.path).read_bytes().splitlines())


def bare(one: dict[str, Any]) -> dict[str, Any]:
    """An object as it is created: what the server says of it left out."""
    about = {key: one["metadata"][key] for key in ("name",)}
    return {**{k: v for k, v in one.items() if k != "status"}, "metadata": about}


def test_what_permissions_print_is_enough_and_needed(api_server, tmp_path, monkeypatch):
    """403 before, everything after; pages of the real server, and its expired `continue`."""
    from kubernetes import client, utils

    monkeypatch.setattr(k8s_api, "LIMITS", (5, 5, None))
    with api_server.client() as api:
        core = client.CoreV1Api(api)
        core.create_namespace({"metadata": {"name": "ml"}})
        core.create_node(bare(node("n1", "aws:///us-east-1a/i-0abc")))
        for i in range(12):
            one = bare(pod(f"p{i}"))
            one["spec"] = {"containers": [{"name": "c", "image": "vllm:1"}]}
            one["spec"] |= {"automountServiceAccountToken": False}
            core.create_namespaced_pod("ml", one)
        landing = Landing(tmp_path, "real")
        auditor = api_server.source("auditor")
        with pytest.raises(PartlyReadError, match="the cluster forbids to list pods"):
            collect(auditor, landing)
        manifests = list(yaml.safe_load_all(k8s.permissions(auditor)))
        for one in manifests:
            if one["kind"] == "ClusterRoleBinding":
                one["subjects"] = [
                    {"kind": "Group", "name": "finops", "apiGroup": one["roleRef"]["apiGroup"]}
                ]
            utils.create_from_dict(api, one)
        time.sleep(1)  # the authoriser reads roles from a watch
        collect(auditor, landing)

    assert lines(landing, "real/pods") == 12
    assert lines(landing, "real/nodes") == 1
    assert k8s.doctor(auditor, Config()).endswith(", 1 node")


def test_an_expired_continue_is_what_we_take_it_for(api_server):
    """The server's own 410."""
    stale = "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJuczAvcDBcdTAwMDAifQ"
    source = api_server.source("admin")
    (cluster,) = k8s_api.clusters(source, Config())
    with (
        k8s_api.connected(source, Config(), cluster) as api,
        pytest.raises(k8s_api._ExpiredError),
    ):
        api.get("/api/v1/pods", limit=5, **{"continue": stale})
