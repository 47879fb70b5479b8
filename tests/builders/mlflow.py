"""A real MLflow server."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

# Written by MLflow's own store class into the database that its server then reads: 20 times as
# fast as asking the server. Each version looks at all before it, so that many of one model are
# copies of its first in SQL.
_SEED = """
import sqlite3, sys
from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore
folder, models, versions = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
store = SqlAlchemyStore(f"sqlite:///{folder}/mlflow.db")
for number in range(models):
    name = f"model-{number:05d}"
    store.create_registered_model(name, [RegisteredModelTag("gov.owner", "ada")], "one of many")
    for version in range(min(versions, 3)):
        tags = [ModelVersionTag("gov.license", "mit")]
        store.create_model_version(name, f"s3://models/{name}/{version}", None, tags)
    store.set_registered_model_alias(name, "champion", 1)
with sqlite3.connect(f"{folder}/mlflow.db") as database:
    for table in ("model_versions", "model_version_tags") if versions > 3 else ():
        columns = [row[1] for row in database.execute(f"pragma table_info({table})")]
        taken = ", ".join("n" if column == "version" else column for column in columns)
        database.execute(
            f"with recursive copies(n) as (values (4) union all select n + 1 from copies "
            f"where n < {versions}) insert into {table} select {taken} from {table}, copies "
            "where version = 1"
        )
database.close()
"""


def seed(python: str, folder: Path, models: int, versions: int) -> None:
    """Fill a registry that no server has opened yet; the program is MLflow's own Python."""
    command = [python, "-c", _SEED, str(folder), str(models), str(versions)]
    subprocess.run(command, check=True, capture_output=True)


@dataclass
class MlflowServer:
    """`mlflow server` on sqlite in a folder; it can be stopped and started again."""

    program: str
    folder: Path
    port: int
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def uri(self) -> str:
        """Return the address for clients."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it unless it runs, and wait until it answers."""
        if self.process and self.process.poll() is None:
            return
        log = self.folder / "server.log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [
                    *(self.program, "server", "--host", "127.0.0.1", "--port", str(self.port)),
                    *("--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}"),
                    *("--artifacts-destination", str(self.folder / "artifacts")),
                    *("--workers", "1"),
                    *self.options,
                ],
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env={
                    **os.environ,
                    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                    "MLFLOW_DISABLE_TELEMETRY": "true",
                    **self.environment,
                },
                start_new_session=True,  # its workers stop with it
            )
        deadline = time.monotonic() + 120
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"mlflow server does not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=2) as reply:  # noqa: S310 - our own server
                return reply.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """Stop it and its workers; `start` brings the same registry back."""
        if self.process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(timeout=15)
                break
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        self.process = None
