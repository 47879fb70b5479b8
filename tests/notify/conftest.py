"""An audited estate in a folder of its own, the program, and those who take its messages."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import stamina

from builders.inbox import Hooks, a_certificate, hooks
from quaestor.cli.main import run
from quaestor.warehouse.duckdb import Warehouse

NOW = "2026-11-21T06:00:00Z"
SECRET = "T0PSECRET"  # noqa: S105 - of a made-up webhook


@dataclass(frozen=True)
class Said:
    """What one run of the program came to."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def audited(tmp_path_factory, checkout) -> Path:
    """examples/quickstart, audited; a test works on a copy."""
    folder = tmp_path_factory.mktemp("audited") / "estate"
    shutil.copytree(checkout / "examples" / "quickstart", folder)
    arguments = ["audit", "--config", str(folder / "quaestor.yaml"), "--now", NOW, "-q"]

    assert run([*arguments, "--format", f"json={folder / 'audit.json'}"]) == 1
    return folder


@pytest.fixture
def estate(audited, tmp_path, monkeypatch) -> Path:
    """The working folder: an audited estate that notifies nobody yet."""
    folder = tmp_path / "estate"
    shutil.copytree(audited, folder)
    monkeypatch.chdir(folder)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def configure(estate) -> Callable[..., None]:
    """Write `notify:` into quaestor.yaml; each notifier is a line of YAML."""
    plain = (estate / "quaestor.yaml").read_text(encoding="utf-8")

    def write(*notifiers: str) -> None:
        lines = "".join(f"  - {{{one}}}\n" for one in notifiers)
        (estate / "quaestor.yaml").write_text(f"{plain}\nnotify:\n{lines}", encoding="utf-8")

    return write


@pytest.fixture
def quaestor(estate, capsys) -> Iterator[Callable[..., Said]]:
    """Run the program in the working folder; it is patient, and does not wait."""

    def call(*arguments: str, now: str = NOW) -> Said:
        capsys.readouterr()
        code = run([*arguments, "--now", now])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    with stamina.set_testing(True, attempts=4):
        yield call


@pytest.fixture
def server() -> Iterator[Hooks]:
    """Who takes webhooks."""
    with hooks() as made:
        yield made


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> Path:
    """The mail server's."""
    return a_certificate(tmp_path_factory.mktemp("mail"), datetime.now(UTC))  # noqa: TID251 - TLS looks at the real clock


@pytest.fixture
def change(estate) -> Callable[..., None]:
    """Change the warehouse by SQL."""

    def run_sql(sql: str, *values: object) -> None:
        with Warehouse(estate / "quaestor.duckdb") as warehouse:
            warehouse.run(sql, values)

    return run_sql


@pytest.fixture
def rows(estate) -> Callable[[str], list]:
    """Ask the warehouse."""

    def ask(sql: str) -> list:
        with Warehouse(estate / "quaestor.duckdb", read_only=True) as warehouse:
            return warehouse.rows(sql)

    return ask
