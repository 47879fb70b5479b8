"""collect.kubeflow against the API's published shapes over HTTP."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from builders.kubeflow import Registry, a_registry, resource, serving
from builders.registries import collect
from quaestor.collect import collector
from quaestor.collect.landing import Landing
from quaestor.core.config import Config, parse_config
from quaestor.core.errors import ConfigurationError, IncompleteError, PartlyReadError
from quaestor.core.sources import KubeflowSource

KUBEFLOW = collector("kubeflow")


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry with two models, on pages of two."""
    with serving(a_registry()) as answering:
        yield answering


def keys(registry: Registry, more: str = "") -> str:
    """The source as in quaestor.yaml."""
    return f"kind: kubeflow, url: '{registry.url}'{more}"


def landed(landing: Landing) -> dict[str, int]:
    """Return how many objects are in force, by kind."""
    manifest = landing.current()
    assert manifest is not None
    return {
        file.scope.rpartition("/")[2]: len((landing.root / file.path).read_text().splitlines())
        for file in manifest.files
    }


def test_every_page_of_every_list_lands(registry, tmp_path):
    """Models, versions, artifacts of each version, and what serves them."""
    assert landed(collect(tmp_path, keys(registry))) == {
        "artifacts": 5,
        "inference_services": 3,
        "model_versions": 5,
        "registered_models": 2,
        "serving_environments": 1,
    }


def test_a_second_look_lands_nothing(registry, tmp_path):
    """In whatever order the server answers."""
    first = collect(tmp_path, keys(registry)).current()
    registry.lists["model_versions"].reverse()

    assert collect(tmp_path, keys(registry)).current() == first


def test_an_address_loses_its_credentials(registry, tmp_path):
    """User, password and signature; what lies there is still known by its name."""
    address = "https://ci:s3cr3t@store.example/churn?sv=1&sig=s3cr3t"
    registry.lists["model_versions/11/artifacts"][0]["uri"] = address
    landing = collect(tmp_path, keys(registry))
    landed = b"".join(p.read_bytes() for p in landing.root.rglob("*") if p.is_file())

    assert b"s3cr3t" not in landed
    assert b'"https://store.example/churn?sv=1&sig=***"' in landed


def test_a_token_opens_the_door_and_is_written_nowhere(registry, tmp_path):
    """As ${NAME} of the environment."""
    registry.token = "s3cr3t"  # noqa: S105 - of this test
    (config,) = [
        parse_config(
            f"sources: [{{name: r, {keys(registry)}, token: '${{MR_TOKEN}}'}}]",
            tmp_path,
            {"MR_TOKEN": "s3cr3t\n"},
        )
    ]
    landing = Landing(tmp_path / "landing", "r")
    from builders.registries import NOW

    KUBEFLOW.collect(config.sources[0], config, landing, now=NOW, progress=lambda _: None)

    assert landed(landing)["registered_models"] == 2
    for path in landing.root.rglob("*"):
        assert path.is_dir() or b"s3cr3t" not in path.read_bytes()
    with pytest.raises(IncompleteError) as caught:
        collect(tmp_path, keys(registry, ", token: wrong"), "other")
    assert "refuses us (401)" in caught.value.what
    assert "wrong" not in caught.value.as_text()


@pytest.mark.parametrize("path", ["inference_services", "model_versions/11/artifacts"])
def test_a_part_that_is_forbidden_is_a_gap(registry, tmp_path, path):
    """The rest lands; what was read of the part before stays in force."""
    kind = path.rpartition("/")[2]
    whole = collect(tmp_path, keys(registry)).current()
    registry.instead[path] = [(403, "{}")]
    with pytest.raises(PartlyReadError) as caught:
        collect(tmp_path, keys(registry))
    with pytest.raises(PartlyReadError):
        collect(tmp_path, keys(registry), "never-read-before")

    assert [gap.scope for gap in caught.value.gaps] == [kind]
    assert Landing(tmp_path / "landing", "registry").current() == whole
    assert kind not in landed(Landing(tmp_path / "landing", "never-read-before"))


@pytest.mark.parametrize(
    ("status", "body", "what"),
    [
        (403, "{}", "refuses us (403)"),
        (404, "<html>nginx</html>", "there is no Model Registry at this address (404)"),
        (302, "<html>", "does not speak the Model Registry's API (status 302)"),
        (200, "<html>Sign in</html>", "does not speak the Model Registry's API (a page, no JSON)"),
        (200, "[]", "(no JSON object)"),
        (200, '{"items": {"a": 1}}', "(a list of another shape)"),
        (200, '{"items": [1]}', "(a list of another shape)"),
        (200, '{"items": [], "nextPageToken": "1"}', "(the same page again and again)"),
        (200, '{"a":' * 100_000, "(no JSON object)"),
    ],
)
def test_an_answer_that_is_no_registry_is_named(registry, tmp_path, status, body, what):
    """A refusal, a login page, a proxy: each says what to do, and nothing is in force."""
    registry.instead["registered_models"] = [(status, body)]
    with pytest.raises(IncompleteError) as caught:
        collect(tmp_path, keys(registry))

    assert what in caught.value.what
    assert caught.value.where == f"{registry.url} (source registry)"
    assert (caught.value.fix or "").endswith(".")
    assert Landing(tmp_path / "landing", "registry").current() is None


def test_a_moment_of_trouble_is_waited_out(registry, tmp_path, monkeypatch):
    """Throttling and a restart in the middle of the lists."""
    import stamina

    monkeypatch.setattr(stamina, "retry_context", _at_once(stamina.retry_context))
    fine = (200, '{"items": [], "nextPageToken": ""}')
    registry.instead["serving_environments"] = [(429, "{}"), (503, "<html>"), fine]

    assert landed(collect(tmp_path, keys(registry)))["serving_environments"] == 0


def _at_once(original):
    """Retry without the seconds between."""
    return lambda **given: original(**given, wait_initial=0, wait_max=0, wait_jitter=0)


def test_a_dead_server_is_known_in_seconds(tmp_path):
    """Nobody waits through retries to learn of a closed port."""
    started = time.monotonic()
    with pytest.raises(IncompleteError) as caught:
        collect(tmp_path, "kind: kubeflow, url: 'http://127.0.0.1:9'")

    assert time.monotonic() - started < 5
    assert caught.value.what == "the registry cannot be reached (connection refused)"


def test_a_kill_leaves_the_last_state_and_the_next_run_goes_on(registry, tmp_path):
    """Whatever it was doing when it ended."""
    before = collect(tmp_path, keys(registry)).current()
    registry.lists["registered_models"].append(resource(3, "new"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("quaestor.collect.kubeflow._artifacts", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            collect(tmp_path, keys(registry))
    assert Landing(tmp_path / "landing", "registry").current() == before

    assert landed(collect(tmp_path, keys(registry)))["registered_models"] == 3


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("ftp://x", None),
        ("mr.example", None),
        ("http://ada:s3cret@x", None),
        ("", None),
        ("http://x", "s3cret\nX: y"),
        ("http://x", "s3crét"),
    ],
)
def test_an_address_must_be_one_and_a_token_too(url, token):
    """Refused before anybody is asked; neither is repeated."""
    with pytest.raises(ConfigurationError) as caught:
        KUBEFLOW.doctor(KubeflowSource(name="r", url=url, token=token), Config())

    assert caught.value.where == "source r"
    assert "s3cr" not in caught.value.as_text()


def test_doctor_and_permissions(registry):
    """How many models are seen; the least that Kubernetes must allow."""
    import yaml

    source = KubeflowSource(name="r", url=f"{registry.url}/api/model_registry/v1alpha3/")
    role = yaml.safe_load(KUBEFLOW.permissions(source))

    assert KUBEFLOW.doctor(source, Config()) == "Model Registry v1alpha3, 2 models visible"
    registry.instead["inference_services"] = [(403, "{}")]
    with pytest.raises(PartlyReadError) as caught:
        KUBEFLOW.doctor(source, Config())
    assert [gap.scope for gap in caught.value.gaps] == ["inference_services"]
    assert role["kind"] == "Role"
    assert [rule["verbs"] for rule in role["rules"]] == [["get"]]


@pytest.mark.online
def test_a_real_registry_is_read(online, tmp_path):
    """QUAESTOR_ONLINE_KUBEFLOW_URL, and QUAESTOR_ONLINE_KUBEFLOW_TOKEN if it needs one."""
    url = online("KUBEFLOW_URL")
    token = os.environ.get("QUAESTOR_ONLINE_KUBEFLOW_TOKEN", "")
    landing = collect(tmp_path, f"kind: kubeflow, url: '{url}', token: '{token}'")

    assert "registered_models" in landed(landing)
