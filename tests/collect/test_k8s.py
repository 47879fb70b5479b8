"""Kubernetes clusters, as kmock plays their API servers to the real client."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from builders.bills import NOW
from builders.k8s import KubernetesServer, container, kubeconfig, node, paged, pod, reply, thing
from builders.parties import free_port
from quaestor.cli.main import run
from quaestor.collect import k8s
from quaestor.collect.k8s_kept import RESOURCES
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.errors import ConfigurationError, IncompleteError, PartlyReadError
from quaestor.core.sources import KubernetesSource
from quaestor.warehouse.duckdb import Warehouse

PODS = "/api/v1/pods"


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in a pod nor with a kubeconfig of one's own; nobody waits between tries."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("urllib3.util.retry.Retry.sleep", lambda *_: None)


@pytest.fixture
def server() -> Iterator[KubernetesServer]:
    """A cluster with nothing in it."""
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
    return a_source(tmp_path, prod=server.url)


def a_source(folder: Path, **servers: str) -> KubernetesSource:
    """A source of the contexts named `ctx-<cluster>`."""
    path = kubeconfig(folder, {f"ctx-{name}": (name, url) for name, url in servers.items()})
    more = {"contexts": tuple(f"ctx-{name}" for name in servers)} if len(servers) > 1 else {}
    return KubernetesSource(name="prod", kubeconfig=str(path), **more)


def collect(source: KubernetesSource, landing: Landing, **days: int) -> None:
    """Collect as the pipeline does."""
    now = NOW + timedelta(**days)
    k8s.collect(source, Config(), landing, now=now, progress=lambda _: None)


def landed(landing: Landing) -> dict[str, list[dict[str, Any]]]:
    """What is in force: scope -> objects."""
    manifest = landing.current()
    assert manifest
    return {
        file.scope: [
            json.loads(line) for line in (landing.root / file.path).read_bytes().splitlines()
        ]
        for file in manifest.files
    }


def names(objects: list[dict[str, Any]]) -> list[str]:
    return [one["metadata"]["name"] for one in objects]


def gaps(source: KubernetesSource, landing: Landing) -> list[tuple[str, str, str | None]]:
    """Collect with gaps, and return them."""
    with pytest.raises(PartlyReadError) as caught:
        collect(source, landing)
    return [(gap.scope, gap.reason, gap.fix) for gap in caught.value.gaps]


def test_what_a_cluster_holds_is_landed_list_by_list(server, source, landing):
    """An empty list is landed too: nothing there is not the same as not looked."""
    server.add("v1/nodes", node("n2"), node("n1", "aws:///us-east-1a/i-0abc"))
    server.add("v1/pods", pod("b", "ml"), pod("a", "ops"), pod("a", "ml"))
    collect(source, landing)
    found = landed(landing)

    assert names(found["prod/nodes"]) == ["n1", "n2"]
    assert [(p["metadata"]["namespace"], p["metadata"]["name"]) for p in found["prod/pods"]] == [
        ("ml", "a"), ("ml", "b"), ("ops", "a"),
    ]  # fmt: skip
    assert found["prod/statefulsets"] == []
    assert found["prod/inferenceservices.serving.kserve.io"] == []  # nobody installed KServe


def test_secrets_and_what_changes_by_the_minute_are_never_landed(server, source, landing):
    """Environment, arguments, probe headers, annotations with manifests, signatures, tokens."""
    probe = {"httpGet": {"httpHeaders": [{"name": "Authorization", "value": "s3cret-of-probe"}]}}
    template = {"spec": {"containers": [container(readinessProbe=probe)]}}
    last = {"kubectl.kubernetes.io/last-applied-configuration": '{"env": "s3cret-of-annotation"}'}
    server.add("v1/pods", pod("a", "ml", container(), annotations={**last, "gov.model": "churn"}))
    server.add(
        "apps/v1/deployments",
        thing("Deployment", "d", "ml", annotations=last, spec={"template": template}),
    )
    server.serve("serving.kserve.io/v1beta1/inferenceservices")
    uri = "https://ada:s3cret-of-user@acme.blob.example/churn?sig=s3cret-of-signature"
    server.add(
        "serving.kserve.io/v1beta1/inferenceservices",
        thing(
            "InferenceService", "i", "ml",
            spec={"predictor": {"model": {"storageUri": uri, "env": [{"value": "s3cret"}]}}},
        ),
    )  # fmt: skip
    collect(source, landing)
    text = json.dumps(landed(landing))

    assert "s3cret" not in text
    assert "managedFields" not in text
    assert "resourceVersion" not in text
    assert "lastHeartbeatTime" not in text
    assert '"gov.model": "churn"' in text
    assert '"readinessProbe": {}' in text
    assert '"https://acme.blob.example/churn"' in text
    on_disk = b"".join(p.read_bytes() for p in landing.root.rglob("*") if p.is_file())
    assert b"s3cret" not in on_disk


def test_lists_come_page_by_page(server, source, landing):
    """1,201 pods in pages of 500, each once."""
    pods = [pod(f"p{i:04}") for i in range(1201)]
    server.answer(PODS, paged(pods))
    collect(source, landing)

    assert names(landed(landing)["prod/pods"]) == names(pods)
    assert [path for path in server.asked if path.startswith(PODS)] == [
        f"{PODS}?limit=500",
        f"{PODS}?limit=500&continue=500",
        f"{PODS}?limit=500&continue=1000",
    ]


def test_a_list_that_expires_is_read_again(server, source, landing):
    """410 in the middle: from the start, and nothing twice."""
    pods = [pod(f"p{i:04}") for i in range(1201)]
    server.answer(PODS, paged(pods, expire_at=3))
    collect(source, landing)

    assert names(landed(landing)["prod/pods"]) == names(pods)
    assert len([path for path in server.asked if path.startswith(PODS)]) == 6


def test_pages_of_two_states_are_not_one_list(server, source, landing):
    """Another resource version from page to page: read again, the last time in one answer."""
    state = {"version": 0}

    def restless(request: Any) -> Any:
        state["version"] += 1
        about = {"resourceVersion": str(state["version"])}
        if "limit" in request.params and state["version"] < 9:
            about["continue"] = str(state["version"])
        return {"metadata": about, "items": [pod("a")]}

    server.answer(PODS, restless)
    collect(source, landing)

    assert names(landed(landing)["prod/pods"]) == ["a"]
    assert [path for path in server.asked if path.startswith(PODS)][-1] == PODS


def test_a_list_without_end_is_told(server, source, landing):
    """The same `continue` again and again, as a broken proxy gives it."""
    about = {"resourceVersion": "7", "continue": "x"}
    server.answer(PODS, lambda _: reply({"metadata": about, "items": [pod("a")]}))
    with pytest.raises(IncompleteError, match="the list of pods expires again and again"):
        collect(source, landing)

    assert landing.current() is None


def test_nothing_new_lands_nothing(server, source, landing):
    """The same bytes, so no new manifest; one question a list, and one for what there is."""
    server.add("v1/nodes", node())
    collect(source, landing)
    first = len(server.asked)
    collect(source, landing, days=1)

    assert len(list((landing.folder / "manifests").iterdir())) == 1
    assert first == 18
    assert len(server.asked) - first == first


def test_custom_resources_are_asked_for_where_they_are(server, source, landing):
    """In the version that the server prefers; a group without the resource is no fault."""
    server.serve("kueue.x-k8s.io/v1beta2/workloads")
    server.serve("ray.io/v1/rayjobs")
    server.add("kueue.x-k8s.io/v1beta2/workloads", thing("Workload", "w", "ml"))
    collect(source, landing)
    found = landed(landing)

    assert names(found["prod/workloads.kueue.x-k8s.io"]) == ["w"]
    assert found["prod/rayjobs.ray.io"] == []
    assert found["prod/rayclusters.ray.io"] == []
    assert "/apis/ray.io/v1/rayclusters?limit=500" in server.asked
    assert not any("keda.sh" in path for path in server.asked)


def test_a_server_that_does_not_say_what_it_has_is_asked_all_the_same(server, source, landing):
    """Discovery denied: every list is tried, and those that are not there hold nothing."""
    server.forbid("/apis")
    server.add("v1/nodes", node())
    collect(source, landing)

    assert names(landed(landing)["prod/nodes"]) == ["n1"]
    assert landed(landing)["prod/rayjobs.ray.io"] == []
    assert "/apis/ray.io/v1/rayjobs?limit=500" in server.asked


def test_a_list_that_is_forbidden_is_a_gap_of_its_own(server, source, landing):
    """The rest is landed; what was read of it before stays in force."""
    server.add("v1/nodes", node())
    server.add("v1/pods", pod("a"))
    collect(source, landing)
    server.add("v1/nodes", node("n2"))
    server.add("v1/pods", pod("b"))
    server.forbid(PODS)

    assert gaps(source, landing) == [
        (
            "prod: pods",
            "the cluster forbids to list pods (403)",
            (
                "Apply what `quaestor permissions prod` prints, or name under `namespaces:` those "
                "that the account may read."
            ),
        )
    ]
    assert names(landed(landing)["prod/nodes"]) == ["n1", "n2"]
    assert names(landed(landing)["prod/pods"]) == ["a"]


def test_namespaces_are_asked_one_by_one(server, source, landing):
    """An account of some namespaces: one of them is forbidden, and what is of no namespace."""
    server.add("v1/pods", pod("a", "ml"), pod("b", "nlp"), pod("c", "secret"))
    server.forbid("/api/v1/namespaces/nlp/pods")
    server.forbid("/api/v1/nodes")
    several = KubernetesSource(
        name="prod", kubeconfig=source.kubeconfig, namespaces=("nlp", "ml", "ml")
    )
    found = gaps(several, landing)

    assert [(scope, fix) for scope, _, fix in found] == [
        ("prod: nodes", "Apply what `quaestor permissions prod` prints."),
        ("prod: pods in nlp", "Apply what `quaestor permissions prod` prints."),
    ]
    assert names(landed(landing)["prod/pods@ml"]) == ["a"]
    assert not any("secret" in path for path in server.asked)


def test_several_contexts_are_several_clusters(server, tmp_path, landing):
    """Named as their contexts' clusters are; slashes and colons in a name are part of it."""
    other = KubernetesServer().start()
    try:
        other.add("v1/nodes", node("far"))
        server.add("v1/nodes", node("near"))
        arn = "arn:aws:eks:us-east-1:1:cluster/x"
        source = a_source(tmp_path, **{"prod": server.url, arn: other.url})
        collect(source, landing)
        renamed = KubernetesSource(
            name="prod", kubeconfig=source.kubeconfig,
            contexts={"ctx-prod": "eu", f"ctx-{arn}": "us"},
        )  # fmt: skip
        found = landed(landing)
        collect(renamed, landing)
    finally:
        other.stop()

    assert names(found["prod/nodes"]) == ["near"]
    assert names(found[f"{arn}/nodes"]) == ["far"]
    assert names(landed(landing)["us/nodes"]) == ["far"]


def test_a_cluster_that_is_down_does_not_hide_the_others(server, tmp_path, landing):
    """It is a gap; what was read of it before stays in force, whole."""
    other = KubernetesServer().start()
    other.add("v1/nodes", node("far"))
    server.add("v1/nodes", node("near"))
    source = a_source(tmp_path, prod=server.url, lab=other.url)
    collect(source, landing)
    other.stop()
    server.add("v1/nodes", node("new"))
    found = gaps(source, landing)

    assert [(scope, reason) for scope, reason, _ in found] == [
        ("lab", "the cluster cannot be reached (connection refused)")
    ]
    assert names(landed(landing)["lab/nodes"]) == ["far"]
    assert names(landed(landing)["prod/nodes"]) == ["near", "new"]


def test_a_cluster_that_breaks_in_the_middle_keeps_its_last_good_state(server, source, landing):
    """Half a cluster is not put in force."""
    server.add("v1/nodes", node("old"))
    collect(source, landing)
    server.add("v1/nodes", node("new"))
    server.refuse(PODS, 500, "etcd is gone")
    with pytest.raises(IncompleteError, match="the cluster answers with an error"):
        collect(source, landing)

    assert names(landed(landing)["prod/nodes"]) == ["old"]


def test_an_answer_in_a_hurry_is_asked_for_again(server, source, landing):
    """429 and 503 once each: the client tries again."""
    state = {"tries": 0}

    def busy(request: Any) -> Any:
        state["tries"] += 1
        if state["tries"] < 3:
            return reply({}, (429, 503)[state["tries"] - 1])
        return reply({"metadata": {}, "items": [pod("a")]})

    server.answer(PODS, busy)
    collect(source, landing)

    assert names(landed(landing)["prod/pods"]) == ["a"]


@pytest.mark.parametrize(
    ("path", "page", "said"),
    [
        ("/api/v1/nodes", b"<html>Sign in</html>", "a page, no JSON"),
        ("/apis", b"<html>Sign in</html>", "a page, no JSON"),
        ("/apis", b"[1]", "a page, no JSON"),
        ("/apis", b'{"groups": [{"name": "apps"}]}', "no list of API groups"),
        ("/apis", b'{"groups": 7}', "no list of API groups"),
        ("/api/v1/nodes", b'{"hello": "world"}', "no list"),
        ("/api/v1/nodes", b'{"metadata": {}, "items": "many"}', "no list"),
        ("/api/v1/nodes", b'{"metadata": {}, "items": ["a"]}', "a list of no objects"),
    ],
)
def test_an_api_that_answers_something_else_is_told(server, source, landing, path, page, said):
    """A login page or another service is no empty cluster."""
    server.answer(path, page)
    with pytest.raises(IncompleteError) as caught:
        collect(source, landing)

    assert caught.value.what == f"what answers does not speak Kubernetes' API ({said})"
    assert landing.current() is None


def test_who_is_not_signed_in_is_told(server, source, landing):
    """401, and no word of the token."""
    server.refuse("/apis", 401, "Unauthorized")
    with pytest.raises(IncompleteError) as caught:
        collect(source, landing)

    assert caught.value.as_text() == (
        "error: the cluster does not know us (401 not signed in)\n"
        "  in:  cluster prod (source prod)\n"
        "  fix: Sign in again (a kubeconfig's token or plug-in may have expired), or correct "
        "`context:` and `kubeconfig:`."
    )


def test_a_dead_endpoint_is_known_in_seconds(tmp_path, landing):
    """Nothing is landed, and the address is not repeated."""
    source = a_source(tmp_path, prod=f"http://127.0.0.1:{free_port()}")
    started = time.monotonic()
    with pytest.raises(IncompleteError, match=r"cannot be reached \(connection refused\)"):
        collect(source, landing)

    assert time.monotonic() - started < 5
    assert landing.current() is None


@pytest.mark.real
def test_a_certificate_that_nobody_trusts_is_told(wiremock, tmp_path, landing):
    """TLS without the cluster's authority."""
    source = a_source(tmp_path, prod=f"https://127.0.0.1:{wiremock.server.port}")
    with pytest.raises(IncompleteError, match="its certificate is not trusted"):
        collect(source, landing)


@pytest.mark.parametrize(
    ("content", "keys", "said"),
    [
        ("contexts: [", {}, "the kubeconfig cannot be used"),
        ("", {}, "the kubeconfig cannot be used"),
        (None, {}, "the kubeconfig cannot be used"),
        ("good", {"context": "nope"}, "the kubeconfig has no context 'nope'"),
        ("good", {"context": "ctx-a", "contexts": ("ctx-a",)}, "`contexts:` stands beside"),
        ("good", {"contexts": {"ctx-a": "x", "ctx-b": "x"}}, "two contexts are of one cluster"),
    ],
)
def test_a_kubeconfig_that_does_not_fit_says_why(tmp_path, landing, content, keys, said):
    """The remedy names the choices."""
    path = tmp_path / "kubeconfig"
    if content == "good":
        kubeconfig(tmp_path, {"ctx-a": ("a", "http://127.0.0.1:1"), "ctx-b": ("b", "http://x")})
    elif content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        collect(KubernetesSource(name="prod", kubeconfig=str(path), **keys), landing)

    assert said in caught.value.what
    assert caught.value.fix


def test_the_current_context_is_the_default(server, tmp_path, landing, monkeypatch):
    """And KUBECONFIG says which file, as for kubectl; `cluster:` says what to call it."""
    path = kubeconfig(
        tmp_path,
        {"ctx-a": ("a", "http://127.0.0.1:1"), "ctx-b": ("b", server.url)},
        current="ctx-b",
    )
    monkeypatch.setenv("KUBECONFIG", str(path))
    server.add("v1/nodes", node("here"))
    collect(KubernetesSource(name="prod", cluster="eu"), landing)

    assert names(landed(landing)["eu/nodes"]) == ["here"]


@pytest.mark.real
def test_in_a_pod_the_service_account_signs_in(
    wiremock, certificate, landing, tmp_path, monkeypatch
):
    """No kubeconfig: the token and authority that Kubernetes mounts, and the source's name."""
    from kubernetes.config import incluster_config

    (tmp_path / "token").write_text("mounted-token")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(certificate.pem))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(wiremock.server.port))
    signed_in = {"headers": {"Authorization": {"equalTo": "bearer mounted-token"}}}
    wiremock.answer(
        "GET", "/api/v1/nodes", {"jsonBody": {"metadata": {}, "items": [node("here")]}}, **signed_in
    )
    collect(KubernetesSource(name="prod"), landing)

    assert names(landed(landing)["prod/nodes"]) == ["here"]


def test_a_custom_resource_whose_webhook_is_broken_is_a_gap(server, source, landing):
    """Its list fails by itself; what was read of it before stays, and so does the cluster."""
    rayjobs = "ray.io/v1/rayjobs"
    server.serve(rayjobs)
    server.add(rayjobs, thing("RayJob", "old", "ml"))
    collect(source, landing)
    server.refuse(f"/apis/{rayjobs}", 500, "conversion webhook failed")
    server.add("v1/nodes", node("new"))
    found = gaps(source, landing)

    assert [(scope, reason) for scope, reason, _ in found] == [
        (
            "prod: rayjobs.ray.io",
            "the cluster answers with an error (500 Internal Server Error)",
        )
    ]
    assert names(landed(landing)["prod/rayjobs.ray.io"]) == ["old"]
    assert names(landed(landing)["prod/nodes"]) == ["new"]
    assert k8s.doctor(source, Config()).endswith("1 node, in error: rayjobs.ray.io")


def test_hostile_names_and_texts_come_through(server, source, landing):
    """10 kB labels, emoji, HTML, quotes and line breaks are text."""
    labels = {"a": "x" * 10_000, "b": "🦊", "c": '<img src=x onerror="alert(1)">', "d": "q\"\n'"}
    server.add("v1/nodes", node("n1", labels=labels))
    collect(source, landing)

    assert landed(landing)["prod/nodes"][0]["metadata"]["labels"] == labels


KILLED = """
import os, sys
from datetime import datetime
from pathlib import Path
from quaestor.collect import k8s, k8s_api
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.sources import KubernetesSource

def progress(text):
    if "(10 of" in text:
        os.kill(os.getpid(), 9)

source = KubernetesSource(name="prod", kubeconfig=sys.argv[1])
landing = Landing(Path(sys.argv[2]), "prod")
k8s.collect(source, Config(), landing, now=datetime(2026, 11, 22), progress=progress)
"""


def test_a_kill_in_the_middle_leaves_the_last_good_state(server, source, landing):
    """The next run lands the whole."""
    server.add("v1/nodes", node("old"))
    collect(source, landing)
    server.add("v1/nodes", node("new"))
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(source.kubeconfig), str(landing.root)], check=False
    )

    assert killed.returncode == -9
    assert names(landed(landing)["prod/nodes"]) == ["old"]
    collect(source, landing)
    assert names(landed(landing)["prod/nodes"]) == ["new", "old"]


def test_from_the_cluster_to_tables_and_blind_spots(server, source, tmp_path, monkeypatch):
    """`quaestor collect` and `build`: what was read is there, what was not is told, exit 3."""
    server.add("v1/nodes", node("n1", "aws:///us-east-1a/i-0abc"))
    server.forbid(PODS)
    (tmp_path / "quaestor.yaml").write_text(
        f"sources: [{{name: prod, kind: kubernetes, kubeconfig: {source.kubeconfig}}}]\n"
    )
    monkeypatch.chdir(tmp_path)
    codes = [run(["collect"]), run(["build"])]
    with Warehouse(tmp_path / "quaestor.duckdb", read_only=True) as warehouse:
        nodes = warehouse.rows("select cluster, node, gpus, resource_id from usage.node")
        spots = warehouse.rows("select scope, reason from audit.blind_spot")

    assert codes == [3, 3]
    assert nodes == [("prod", "n1", 8, "i-0abc")]
    assert spots == [("prod: pods", "the cluster forbids to list pods (403)")]


def test_doctor_says_version_nodes_and_what_is_forbidden(server, source):
    """One page of one of each list."""
    server.answer("/api/v1/nodes", paged([node(f"n{i}") for i in range(7)]))
    server.forbid(PODS)

    assert k8s.doctor(source, Config()) == (
        "prod: Kubernetes v1.26.4+k3s1, 7 nodes, forbidden: pods"
    )


def test_doctor_of_a_cluster_that_forbids_everything_is_an_error(server, source):
    """A version that anybody may ask for is no permission."""
    server.forbid("/apis")
    for resource in RESOURCES:
        root = f"/apis/{resource.group}" if resource.group else "/api"
        server.forbid(f"{root}/{resource.version}/{resource.plural}")

    with pytest.raises(IncompleteError, match="forbids everything"):
        k8s.doctor(source, Config())


def rules(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    return [(one["kind"], one["metadata"]["name"], one) for one in yaml.safe_load_all(text)]


def test_the_role_lists_what_is_read_and_nothing_else(source):
    """No wildcard, no verb but list, no secret, and every resource that is asked for."""
    manifests = rules(k8s.permissions(source))
    roles = [one for kind, _, one in manifests if kind == "ClusterRole"]
    granted = {
        (group, plural)
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for plural in rule["resources"]
    }

    assert [(kind, name) for kind, name, _ in manifests] == [
        ("Namespace", "quaestor"), ("ServiceAccount", "quaestor"),
        ("ClusterRole", "quaestor"), ("ClusterRoleBinding", "quaestor"),
    ]  # fmt: skip
    assert {verb for role in roles for rule in role["rules"] for verb in rule["verbs"]} == {"list"}
    assert granted == {(one.group, one.plural) for one in RESOURCES}
    assert "*" not in k8s.permissions(source)
    assert "secrets" not in k8s.permissions(source)


def test_namespaces_have_bindings_of_their_own(source):
    """What is of no namespace is bound for the cluster, the rest where it is read."""
    several = KubernetesSource(name="prod", namespaces=("nlp", "ml"))
    manifests = rules(k8s.permissions(several))

    assert [
        (kind, one["metadata"].get("namespace"), one["roleRef"]["name"])
        for kind, _, one in manifests
        if kind.endswith("Binding")
    ] == [
        ("ClusterRoleBinding", None, "quaestor"),
        ("RoleBinding", "ml", "quaestor-namespace"),
        ("RoleBinding", "nlp", "quaestor-namespace"),
    ]


def test_the_manifest_can_be_applied(server, source, tmp_path):
    """By the client's own `create_from_yaml`, as kubectl would."""
    from kubernetes import client, utils

    (tmp_path / "role.yaml").write_text(
        "\n---\n".join(
            yaml.safe_dump(one)
            for kind, _, one in rules(k8s.permissions(source))
            if kind != "Namespace"  # kmock cannot take one
        )
    )
    settings = client.Configuration()
    settings.host = server.url
    with client.ApiClient(settings) as api:
        utils.create_from_yaml(api, str(tmp_path / "role.yaml"))
        made = client.RbacAuthorizationV1Api(api).list_cluster_role().items
        api.rest_client.pool_manager.clear()

    assert [role.metadata.name for role in made] == ["quaestor"]


@pytest.mark.online
def test_a_real_cluster_can_be_read(online, landing):
    """With QUAESTOR_ONLINE_KUBERNETES naming a context of the kubeconfig."""
    source = KubernetesSource(name="prod", context=online("KUBERNETES"))
    with contextlib.suppress(PartlyReadError):  # what is forbidden there is no fault here
        collect(source, landing)

    assert any(scope.endswith("/pods") for scope in landed(landing))
