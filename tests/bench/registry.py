"""Read 1,000 models with 3 versions each from a real MLflow server, against its own client."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from measure import Measured, in_turn

CHECKOUT = Path(__file__).resolve().parents[2]
PARTY = CHECKOUT / ".parties" / "mlflow" / "bin"
sys.path.insert(0, str(CHECKOUT / "tests"))


def registry(folder: Path) -> Iterator[Measured]:
    """1,000 models x 3 versions: collect, and plain paging by MLflow's client."""
    if not (PARTY / "mlflow").is_file():
        print("no MLflow server; `make parties` installs it")
        return
    yield from _measured(folder / "models", "1,000 models x 3 versions", 1_000, 3)
    yield from _measured(folder / "versions", "1 model x 10,000 versions", 1, 10_000)


def _measured(folder: Path, name: str, models: int, versions: int) -> Iterator[Measured]:
    from builders.mlflow import MlflowServer, seed
    from builders.parties import free_port

    folder.mkdir()
    seed(str(PARTY / "python"), folder, models, versions)
    server = MlflowServer(str(PARTY / "mlflow"), folder, free_port())
    server.start()
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    try:
        ours, theirs = in_turn(
            3, lambda: _collect(server.uri, folder), lambda: _page(server.uri, models * versions)
        )
    finally:
        server.stop()
    yield Measured(f"mlflow: {name}, collect", ours, theirs, 1.5)


def _collect(uri: str, folder: Path) -> None:
    from quaestor.collect import collector
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config, MlflowSource

    landing = Landing(Path(tempfile.mkdtemp(dir=folder)), "registry")
    source = MlflowSource(name="registry", uri=uri)
    now = datetime(2026, 11, 21)
    collector("mlflow").collect(source, Config(), landing, now=now, progress=lambda _: None)


def _page(uri: str, wanted: int) -> None:
    """Read every page as MLflow's documentation shows, on the largest pages."""
    from mlflow import MlflowClient

    client = MlflowClient(uri, uri)
    found: list[Any] = []
    for search, size in (
        (client.search_registered_models, 1_000),
        (client.search_model_versions, 10_000),
    ):
        token: str | None = None
        while True:
            page = search(max_results=size, page_token=token)
            found += page
            if not (token := page.token):
                break
    assert len(found) > wanted
