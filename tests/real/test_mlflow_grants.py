"""Who may do what in a real MLflow registry with its auth app, and what others are told."""

from __future__ import annotations

import base64
import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from builders.mlflow import MlflowServer
from builders.parties import free_port
from quaestor.collect import collector
from quaestor.collect.landing import Landing
from quaestor.core.config import Config, MlflowSource
from quaestor.core.errors import PartlyReadError
from quaestor.normalise import registry
from quaestor.normalise.job import Job
from quaestor.normalise.registry_mlflow import load
from quaestor.warehouse.duckdb import Warehouse

pytestmark = pytest.mark.real
NOW = datetime(2026, 11, 21, 6)
MLFLOW = collector("mlflow")
PASSWORD = "of-the-tests-only"  # noqa: S105 - of a server that lives for one test run
AUTH = """\
[mlflow]
default_permission = READ
database_uri = sqlite:///{folder}/auth.db
admin_username = admin
admin_password = {password}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
"""


class Auth:
    """The auth app of one server, asked as its administrator."""

    def __init__(self, server: MlflowServer) -> None:
        self.server = server

    def uri(self, user: str) -> str:
        """Return the server's address with a user's password in it."""
        return self.server.uri.replace("://", f"://{user}:{PASSWORD}@")

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """Ask one question."""
        login = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.server.uri}/api/{path}",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Basic {login}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310 - as above
            return json.load(reply)

    def role(self, name: str, *permissions: tuple[str, str, str], users: tuple[str, ...]) -> None:
        """Make a role of (type, pattern, permission) and give it to users."""
        made = self.ask("POST", "3.0/mlflow/roles/create", workspace="default", name=name)
        number = made["role"]["id"]
        for kind, pattern, permission in permissions:
            self.ask(
                "POST",
                "3.0/mlflow/roles/permissions/add",
                role_id=number,
                resource_type=kind,
                resource_pattern=pattern,
                permission=permission,
            )
        for user in users:
            self.ask("POST", "3.0/mlflow/roles/assign", username=user, role_id=number)


@pytest.fixture(scope="module")
def auth(mlflow_program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Auth]:
    """A server with two models and five users, each with another reason for what they may."""
    folder = tmp_path_factory.mktemp("mlflow-auth")
    (folder / "auth.ini").write_text(AUTH.format(folder=folder, password=PASSWORD))
    environment = {
        "MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "of-the-tests-only-of-the-tests-only",
    }
    options = ("--app-name", "basic-auth")
    server = MlflowServer(mlflow_program, folder, free_port(), options, environment)
    server.start()
    made = Auth(server)
    for user in ("ada", "bob", "ci-promoter", "eve", "<b>zoe"):
        made.ask("POST", "2.0/mlflow/users/create", username=user, password=PASSWORD)
    for model in ("churn", "fraud"):
        made.ask("POST", "2.0/mlflow/registered-models/create", name=model)
    made.ask(
        "POST",
        "3.0/mlflow/users/permissions/grant",
        username="ada",
        resource_type="registered_model",
        resource_id="churn",
        permission="EDIT",
    )
    made.role("promoters", ("registered_model", "*", "EDIT"), users=("ci-promoter", "bob"))
    made.role("kept-out", ("registered_model", "fraud", "DENY"), users=("bob",))
    made.role("platform", ("workspace", "*", "MANAGE"), users=("eve",))
    yield made
    server.stop()


def collect(uri: str, folder: Path) -> Landing:
    """Collect once."""
    landing = Landing(folder / "landing", "registry")
    source = MlflowSource(name="registry", uri=uri)
    MLFLOW.collect(source, Config(), landing, now=NOW, progress=lambda _: None)
    return landing


def loaded(landing: Landing, warehouse: Warehouse) -> None:
    """Load what landed."""
    manifest = landing.current()
    assert manifest is not None
    job = Job(
        MlflowSource(name="registry", uri="http://unused"),
        manifest,
        landing.root,
        "USD",
        lambda _: None,
    )
    with warehouse.transaction():
        load(warehouse, job)
        registry.settle(warehouse)


def test_grants_are_what_the_server_itself_decides(auth, tmp_path):
    """Own permissions, roles, a denial, administrators and the default: each with its reason."""
    with Warehouse(":memory:") as warehouse:
        loaded(collect(auth.uri("admin"), tmp_path), warehouse)
        given = warehouse.rows(
            'select subject, principal, "right", via from registry."grant" order by all'
        )
        supplied = warehouse.rows("select via from registry.evidence where field = 'grant'")

    assert given == [
        ("churn", "user:<b>zoe", "read", "default permission"),
        ("churn", "user:ada", "edit", "own permission"),
        ("churn", "user:admin", "manage", "administrator"),
        ("churn", "user:bob", "edit", "role promoters, every model"),
        ("churn", "user:ci-promoter", "edit", "role promoters, every model"),
        ("churn", "user:eve", "manage", "workspace administrator"),
        ("fraud", "user:<b>zoe", "read", "default permission"),
        ("fraud", "user:ada", "read", "default permission"),
        ("fraud", "user:admin", "manage", "administrator"),
        ("fraud", "user:ci-promoter", "edit", "role promoters, every model"),
        ("fraud", "user:eve", "manage", "workspace administrator"),
    ]
    assert supplied == [("native",)]


def test_the_server_agrees_on_every_user_and_model(auth, tmp_path):
    """Its own answer to `users/permissions/get`, which is what it acts on."""
    words = {"READ": "read", "USE": "read", "EDIT": "edit", "MANAGE": "manage"}
    with Warehouse(":memory:") as warehouse:
        loaded(collect(auth.uri("admin"), tmp_path), warehouse)
        ours = {
            (subject, principal.removeprefix("user:")): right
            for subject, principal, right in warehouse.rows(
                'select subject, principal, "right" from registry."grant"'
            )
        }
    for user in ("ada", "bob", "ci-promoter", "eve", "<b>zoe"):
        for model in ("churn", "fraud"):
            query = urllib.parse.urlencode(
                {"username": user, "resource_type": "registered_model", "resource_id": model}
            )
            told = auth.ask("GET", f"3.0/mlflow/users/permissions/get?{query}")["permission"]

            assert ours.get((model, user)) == words.get(told), (model, user)


def test_who_is_no_administrator_is_told_that_grants_stay_unseen(auth, tmp_path):
    """The models land all the same; what was read of grants before stays in force."""
    with pytest.raises(PartlyReadError) as caught:
        collect(auth.uri("ada"), tmp_path / "never")
    whole = collect(auth.uri("admin"), tmp_path / "before").current()
    with pytest.raises(PartlyReadError):
        collect(auth.uri("ada"), tmp_path / "before")

    assert [gap.scope for gap in caught.value.gaps] == ["grant"]
    assert "403" in caught.value.what
    assert "administrator" in (caught.value.fix or "")
    landed = Landing(tmp_path / "never/landing", "registry").current()
    assert landed is not None
    assert [Path(file.path).name.partition("-")[2] for file in landed.files] == ["registry.json"]
    assert Landing(tmp_path / "before/landing", "registry").current() == whole


@pytest.mark.parametrize(("user", "verdicts"), [("ada", {"unknown"}), ("admin", {"pass", "fail"})])
def test_unseen_grants_are_unknown_and_never_a_pass(auth, tmp_path, user, verdicts):
    """person-may-move-production, from the server to the finding."""
    (tmp_path / "quaestor.yaml").write_text(
        f"sources: [{{name: registry, kind: mlflow, uri: '{auth.uri(user)}'}}]"
    )
    from quaestor.cli.main import run

    config = str(tmp_path / "quaestor.yaml")
    run(["collect", "--config", config])
    run(["build", "--config", config])
    run(["audit", "--config", config])
    with Warehouse(tmp_path / "quaestor.duckdb", read_only=True) as warehouse:
        found = warehouse.rows(
            """
            select subject, verdict from audit.finding
            where policy = 'person-may-move-production' and verdict <> 'skip'
            """
        )

    assert {verdict for _, verdict in found} == verdicts
    if user == "admin":
        assert ("churn user:ci-promoter", "pass") in found
        assert ("churn user:ada", "fail") in found


def test_a_second_look_finds_nothing_new(auth, tmp_path):
    """The same bytes of models and of permissions."""
    collect(auth.uri("admin"), tmp_path)
    collect(auth.uri("admin"), tmp_path)

    assert len(list((tmp_path / "landing/registry/manifests").iterdir())) == 1


def test_a_server_without_the_auth_app_supplies_no_grants(mlflow_server, tmp_path):
    """Nothing is asked for that is not there, and nothing is said of it."""
    landing = collect(mlflow_server.uri, tmp_path)
    with Warehouse(":memory:") as warehouse:
        loaded(landing, warehouse)
        supplied = warehouse.rows("select supplied from registry.evidence where field = 'grant'")

    assert supplied == [(False,)]
    source = MlflowSource(name="registry", uri=mlflow_server.uri)
    assert MLFLOW.doctor(source, Config()).endswith("grants are unknown")


def test_doctor_counts_the_users(auth):
    """One line for the person who sets it up; no password in it."""
    told = MLFLOW.doctor(MlflowSource(name="registry", uri=auth.uri("admin")), Config())

    assert told == "MLflow 3.17.2, 2 models visible, permissions of 6 users"
    with pytest.raises(PartlyReadError) as caught:
        MLFLOW.doctor(MlflowSource(name="registry", uri=auth.uri("ada")), Config())
    assert caught.value.read == "MLflow 3.17.2, 2 models visible"
    assert PASSWORD not in caught.value.as_text()


def test_a_kill_leaves_the_last_state_and_the_next_run_goes_on(auth, tmp_path, monkeypatch):
    """Nothing half-read is ever in force."""
    before = collect(auth.uri("admin"), tmp_path).current()
    auth.ask("POST", "2.0/mlflow/registered-models/create", name="new")
    with monkeypatch.context() as patch:
        patch.setattr("quaestor.collect.mlflow.ask_grants", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            collect(auth.uri("admin"), tmp_path)
    assert Landing(tmp_path / "landing", "registry").current() == before

    assert collect(auth.uri("admin"), tmp_path).current() != before
    auth.ask("DELETE", "2.0/mlflow/registered-models/delete", name="new")


def _interrupted(_: str) -> None:
    raise KeyboardInterrupt
