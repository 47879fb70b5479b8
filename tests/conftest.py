"""What all tests share: the real parties, or the reason why they are not there."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from builders import azure, parties
from builders import prometheus as metrics

CHECKOUT = Path(__file__).resolve().parent.parent
REFERENCE = CHECKOUT.parent / "shared"
collect_ignore = ["bench", "set_up.py"]  # programs, not tests

# The same examples in every run, and a busy machine is no failure.
settings.register_profile("quaestor", deadline=None, derandomize=True)
settings.load_profile("quaestor")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be rewritten (look at the difference!), and real accounts be asked."""
    parser.addoption("--accept", action="store_true", help="Rewrite tests/golden from this run.")
    parser.addoption("--online", action="store_true", help="Ask real accounts (marker online).")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Nobody's account is asked unasked."""
    if not config.getoption("--online"):
        for item in items:
            if "online" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="asks a real account; give --online"))


@pytest.fixture
def online() -> Callable[[str], str]:
    """Return a setting of a live test: an environment variable, or the reason to skip."""

    def setting(name: str) -> str:
        if not (value := os.environ.get(f"QUAESTOR_ONLINE_{name}")):
            pytest.skip(f"QUAESTOR_ONLINE_{name} is not set")
        return value

    return setting


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder that holds pyproject.toml."""
    return CHECKOUT


@pytest.fixture(scope="session")
def reference() -> Path:
    """The reference data beside the project, for tests marked `thirdparty`."""
    if not (REFERENCE / "data").is_dir():
        pytest.skip("no reference data beside the checkout")
    return REFERENCE / "data"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium, for playwright's `executable_path`."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    return _missing("Chromium")


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, for playwright's `evaluate`."""
    path = CHECKOUT / ".parties" / "axe-core" / "node_modules" / "axe-core" / "axe.min.js"
    return path.read_text(encoding="utf-8") if path.is_file() else _missing("axe-core")


@pytest.fixture(scope="session")
def mlflow_program() -> str:
    """The path of the program `mlflow` in its own environment (full MLflow, with the server)."""
    path = CHECKOUT / ".parties" / "mlflow" / "bin" / "mlflow"
    return str(path) if path.is_file() else _missing("MLflow")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> parties.Certificate:
    """A certificate for 127.0.0.1; clients must be told to trust it."""
    if not shutil.which("keytool"):
        _missing("keytool")
    return parties.Certificate(tmp_path_factory.mktemp("certificate")).make()


@pytest.fixture(scope="session")
def azurite_server(
    certificate: parties.Certificate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[parties.Server]:
    """Azure's Blob storage, with TLS; tests that need clean ground make a container each."""
    program = CHECKOUT / ".parties" / "azurite" / "node_modules" / ".bin" / "azurite-blob"
    if not program.is_file() or not shutil.which("node"):
        _missing("Azurite")
    server = parties.azurite(str(program), tmp_path_factory.mktemp("azurite"), certificate)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def wiremock_server(
    certificate: parties.Certificate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[parties.WireMock]:
    """A server that gives the answers it is told."""
    build = CHECKOUT / ".parties" / "wiremock" / "node_modules" / "wiremock" / "build"
    jars = sorted(build.glob("wiremock-standalone-*.jar"))
    if not jars or not shutil.which("java"):
        _missing("WireMock")
    found = parties.wiremock(str(jars[-1]), tmp_path_factory.mktemp("wiremock"), certificate)
    found.server.start()
    yield found
    found.server.stop()


@pytest.fixture
def wiremock(wiremock_server: parties.WireMock) -> parties.WireMock:
    """The same server, with no answers yet."""
    wiremock_server.reset()
    return wiremock_server


@pytest.fixture(scope="session")
def prometheus_servers(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., metrics.Prometheus]]:
    """Start a Prometheus with histories of samples, as many as are asked for."""
    if not metrics.is_there():
        _missing("Prometheus")
    started: list[metrics.Prometheus] = []

    def start(*histories: metrics.History, options: tuple[str, ...] = ()) -> metrics.Prometheus:
        folder = tmp_path_factory.mktemp("prometheus")
        started.append(metrics.prometheus(folder, histories, *options))
        return started[-1]

    yield start
    for each in started:
        each.server.stop()


@pytest.fixture
def victoria_metrics(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., metrics.Prometheus]:
    """Start a VictoriaMetrics with a history of samples; the test stops it."""
    if not shutil.which("victoria-metrics"):
        _missing("VictoriaMetrics")
    return lambda history: metrics.victoria_metrics(tmp_path_factory.mktemp("victoria"), history)


@pytest.fixture
def identity(
    wiremock: parties.WireMock, certificate: parties.Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This machine has a managed identity of Azure; WireMock is its token service."""
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    azure.give_identity(wiremock, certificate, monkeypatch.setenv)


@pytest.fixture
def container(
    azurite_server: parties.Server,
    certificate: parties.Certificate,
    monkeypatch: pytest.MonkeyPatch,
) -> azure.Container:
    """A container of Azure's cost exports with nothing in it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.pem))
    return azure.Container(azurite_server, f"exports-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds between tries of Azure's SDKs, which nobody waits for."""
    from azure.core.pipeline.transport import HttpTransport

    waited: list[float] = []
    monkeypatch.setattr(HttpTransport, "sleep", lambda _, seconds: waited.append(seconds))
    return waited


def _missing(party: str) -> str:
    if os.environ.get("CI") == "true" or os.environ.get("REQUIRE_REAL") == "1":
        pytest.fail(f"{party} is missing; tests/set_up.py installs it")
    pytest.skip(f"{party} is missing; `make test` installs it")
