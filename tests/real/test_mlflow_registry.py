"""collect.mlflow and normalise.registry_mlflow against a real MLflow server."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from quaestor.collect import collector
from quaestor.collect.landing import Landing
from quaestor.core.config import Config, MlflowSource
from quaestor.core.errors import IncompleteError
from quaestor.normalise import registry
from quaestor.normalise.job import Job
from quaestor.normalise.registry_mlflow import load
from quaestor.warehouse.duckdb import Warehouse

pytestmark = pytest.mark.real
NOW = datetime(2026, 11, 21, 6)
MLFLOW = collector("mlflow")


def collect(uri: str, folder: Path) -> Landing:
    landing = Landing(folder / "landing", "registry")
    source = MlflowSource(name="registry", uri=uri)
    MLFLOW.collect(source, Config(), landing, now=NOW, progress=lambda _: None)
    return landing


def refusal(uri: str, folder: Path) -> tuple[str, str, str]:
    """Collect from a place that cannot be read; return what, where and fix."""
    with pytest.raises(IncompleteError) as caught:
        collect(uri, folder)
    problem = caught.value
    return problem.what, problem.where or "", problem.fix or ""


@contextmanager
def built(landing: Landing) -> Iterator[tuple[Warehouse, list[tuple[str, str]]]]:
    """A warehouse with what landed, and the blind spots as scope and reason."""
    manifest = landing.current()
    assert manifest is not None
    source = MlflowSource(name="registry", uri="http://unused")
    job = Job(source, manifest, landing.root, "USD", lambda _: None)
    with Warehouse(":memory:") as warehouse:
        with warehouse.transaction():
            spots = load(warehouse, job)
            registry.settle(warehouse)
        yield warehouse, [(spot.scope, spot.reason) for spot in spots]


@contextmanager
def answering(status: int, body: str, kind: str = "text/html") -> Iterator[str]:
    """Something that answers on a port and is no MLflow; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_registry_lands_in_the_shape_of_its_api(seeded_registry, tmp_path):
    """One JSON file: models, versions and runs, its scope the server's address."""
    landing = collect(seeded_registry.uri, tmp_path)
    manifest = landing.current()
    assert manifest is not None
    [file] = manifest.files
    content = json.loads((landing.root / file.path).read_bytes())

    assert (file.scope, manifest.kind, manifest.schema) == (seeded_registry.uri, "mlflow", "mlflow")
    assert {key: len(rows) for key, rows in content.items()} == {
        "registered_models": 3,
        "model_versions": 9,
        "runs": 6,
    }
    assert [model["name"] for model in content["registered_models"]] == [
        "churn",
        "fraud",
        "main.ml.<b>support",
    ]


def test_an_unchanged_registry_gives_no_new_manifest(seeded_registry, tmp_path):
    """The same bytes, whatever order the server answers in."""
    collect(seeded_registry.uri, tmp_path)
    collect(seeded_registry.uri + "/", tmp_path)

    assert len(list((tmp_path / "landing/registry/manifests").iterdir())) == 1


def test_a_governed_version_arrives_whole(seeded_registry, tmp_path):
    """Owner, approval of the very bytes after the last change, lineage down to the data."""
    with built(collect(seeded_registry.uri, tmp_path)) as (warehouse, _):
        [row] = warehouse.records(
            """
            select m.owner, m.cost_center, m.risk_tier, v.lifecycle, v.aliases, v.approved_by,
                v.approved_at > v.updated_at as approved_since, v.created_by,
                v.approved_digest = v.artifact_digest as approved_these_bytes, v.metrics,
                r.git_commit, r.git_repo, r.pipeline, r.started_by, r.params,
                d.dataset, d.digest, d.source_uri, d.context
            from registry.model as m
            join registry.model_version as v using (source, model)
            join registry.run as r using (source, run_id)
            join registry.dataset as d using (source, run_id)
            where model || ':' || version = ?
            """,
            [seeded_registry.governed],
        )

    assert row == {
        "owner": "team-growth",
        "cost_center": "4711",
        "risk_tier": 1,
        "lifecycle": "production",
        "aliases": ["champion"],
        "approved_by": "grace",
        "approved_since": True,
        "created_by": "ada",
        "approved_these_bytes": True,
        "metrics": '{"auc":0.9,"diverged":null,"f1":0.8}',
        "git_commit": "4f1c2e9a7b6d5c4e3f2a1b0c9d8e7f6a5b4c3d2e",
        "git_repo": "https://git.example/ml/churn",
        "pipeline": "train-nightly",
        "started_by": "ada",
        "params": '{"max_depth":"6"}',
        "dataset": "calls",
        "digest": "c0ffee",
        "source_uri": "s3://lake/calls",
        "context": "training",
    }


def test_lifecycles_and_hostile_tags_come_through(seeded_registry, tmp_path):
    """Every version has its word; 10 kB, emoji and HTML are kept; `high` is told."""
    with built(collect(seeded_registry.uri, tmp_path)) as (warehouse, spots):
        lifecycles = warehouse.rows(
            "select model, version, lifecycle from registry.model_version order by all"
        )
        [(kept,)] = warehouse.rows("select tags from registry.model where model like 'main%'")

    assert [(f"{model[:5]}:{version}", word) for model, version, word in lifecycles] == [
        ("churn:1", "development"),
        ("churn:2", "development"),
        ("churn:3", "production"),
        ("fraud:1", "development"),
        ("fraud:2", "production"),
        ("fraud:3", "development"),
        ("fraud:4", "staging"),
        ("main.:1", "archived"),
        ("main.:2", "development"),
    ]
    tags = json.loads(kept)
    assert (len(tags["long"]), tags["emoji"]) == (10_240, "🤖 ünïcode")
    assert tags["html"] == "<script>alert('tag')</script>"
    assert [scope for scope, _ in spots] == ["model.risk_tier"]


def test_doctor_says_version_and_models(seeded_registry):
    """One line for the person who sets it up."""
    source = MlflowSource(name="registry", uri=seeded_registry.uri)

    assert MLFLOW.doctor(source, Config()).startswith(
        "MLflow 3.17.2, 3 models visible; it lists no roles"
    )


def test_pages_are_followed(seeded_registry, tmp_path, monkeypatch):
    """Pages of two models, four versions and three runs give the same file."""
    whole = collect(seeded_registry.uri, tmp_path).current()
    for name, size in {"MODELS": 2, "VERSIONS": 4}.items():
        monkeypatch.setattr(f"quaestor.collect.mlflow.{name}_PER_PAGE", size)
    monkeypatch.setattr("quaestor.collect.mlflow.RUNS_PER_QUESTION", 4)

    assert collect(seeded_registry.uri, tmp_path).current() == whole


def test_credentials_in_the_address_stay_out_of_everything(seeded_registry, tmp_path, monkeypatch):
    """They open the door and are written nowhere: no manifest, no file, no variable left."""
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "before")
    environment = dict(os.environ)
    uri = seeded_registry.uri.replace("://", "://ada:s3cr%65t@")
    landing = collect(uri, tmp_path)

    for path in landing.root.rglob("*"):
        if path.is_file():
            assert b"s3cr" not in path.read_bytes(), path
            assert b"ada:" not in path.read_bytes(), path
    assert dict(os.environ) == environment


def test_credentials_that_runs_logged_are_never_landed(seeded_registry, tmp_path):
    """A remote with CI's token in it, and a parameter that is one by its name."""
    from mlflow import MlflowClient

    client = MlflowClient(seeded_registry.uri, seeded_registry.uri)
    run = client.create_run(client.get_experiment_by_name("training").experiment_id)
    remote = "https://gitlab-ci-token:s3cr3t@git.example/churn.git"
    client.set_tag(run.info.run_id, "mlflow.source.git.repoURL", remote)
    client.log_param(run.info.run_id, "hf_token", "s3cr3t")
    client.log_param(run.info.run_id, "max_tokens", "512")
    client.create_registered_model("leaky")
    try:
        client.create_model_version("leaky", "s3://models/leaky", run.info.run_id)
        with built(collect(seeded_registry.uri, tmp_path)) as (warehouse, _):
            found = warehouse.rows(
                "select git_repo, params from registry.run join "
                "registry.model_version using (source, run_id) where model = 'leaky'"
            )
    finally:
        client.delete_registered_model("leaky")
        client.delete_run(run.info.run_id)

    assert found == [("https://git.example/churn.git", '{"hf_token":"***","max_tokens":"512"}')]
    for path in (tmp_path / "landing").rglob("*"):
        assert path.is_dir() or b"s3cr3t" not in path.read_bytes(), path


def test_a_stopped_server_is_known_in_seconds(mlflow_server, seeded_registry, tmp_path):
    """What was landed before stays in force; no password in the complaint."""
    before = collect(seeded_registry.uri, tmp_path).current()
    mlflow_server.stop()
    started = time.monotonic()
    what, where, fix = refusal(mlflow_server.uri.replace("://", "://ada:s3cret@"), tmp_path)

    assert time.monotonic() - started < 15
    assert what == "the registry cannot be reached (connection refused)"
    assert where == f"{mlflow_server.uri} (source registry)"
    assert "Start it" in fix
    assert Landing(tmp_path / "landing", "registry").current() == before


@pytest.mark.parametrize(
    ("status", "body", "kind", "what"),
    [
        (401, "You are not authenticated.", "text/html", "refuses us (401 not signed in)"),
        (403, '{"error_code": "PERMISSION_DENIED"}', "application/json", "(403 not allowed)"),
        (200, "<html>Sign in</html>", "text/html", "does not speak MLflow's API (a page, no JSON)"),
        (404, "<html>nginx</html>", "text/html", "there is no model registry at this address"),
        (500, "oops", "text/plain", "cannot be reached (it answers with server errors)"),
        (200, '{"registered_models": 3}', "application/json", "does not speak MLflow's API"),
        (200, '{"registered_models": [{"name": []}]}', "application/json", "does not speak"),
        (200, "[]", "application/json", "does not speak MLflow's API"),
    ],
)
def test_an_answer_that_is_no_registry_is_named(tmp_path, status, body, kind, what):
    """A refusal, a login page, a proxy: each says what to do, and nothing lands."""
    with answering(status, body, kind) as uri:
        told, where, fix = refusal(uri.replace("://", "://ada:s3cret@"), tmp_path)

    assert what in told
    assert where == f"{uri} (source registry)"
    assert fix.endswith(".")
    assert "s3cret" not in told + where + fix
    assert not (tmp_path / "landing").exists()
