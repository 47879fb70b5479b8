"""A real MLflow server, and a registry on it that has one version as it should be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from builders import governed
from builders.mlflow import MlflowServer
from builders.parties import free_port

COMMIT = "4f1c2e9a7b6d5c4e3f2a1b0c9d8e7f6a5b4c3d2e"
HOSTILE = {
    "long": "x" * 10_240,
    "emoji": "🤖 ünïcode",
    "html": "<script>alert('tag')</script>",
}


@dataclass(frozen=True)
class SeededRegistry:
    """3 models with 9 versions.

    Args:
        uri: The server's address.
        governed: `model:version` with everything a reasonable gate asks for.
        unapproved: `model:version` that is in production, and nobody approved it.
    """

    uri: str
    governed: str = "churn:3"
    unapproved: str = "fraud:2"


@pytest.fixture(scope="session")
def one_mlflow_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MlflowServer]:
    """The server of this session; ask for `mlflow_server`."""
    program = os.environ.get("QUAESTOR_MLFLOW") or request.getfixturevalue("mlflow_program")
    server = MlflowServer(program, tmp_path_factory.mktemp("mlflow"), free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mlflow_server(one_mlflow_server: MlflowServer) -> MlflowServer:
    """A running server: `uri`, `stop()`, `start()`. A test may stop it, the next one has it."""
    one_mlflow_server.start()
    return one_mlflow_server


@pytest.fixture(scope="session")
def one_seeded_registry(one_mlflow_server: MlflowServer) -> SeededRegistry:
    """The registry of this session; ask for `seeded_registry`."""
    one_mlflow_server.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        from mlflow import MlflowClient

        client = MlflowClient(one_mlflow_server.uri, one_mlflow_server.uri)
        _seed(client)
    return SeededRegistry(one_mlflow_server.uri)


@pytest.fixture
def seeded_registry(
    mlflow_server: MlflowServer, one_seeded_registry: SeededRegistry
) -> SeededRegistry:
    """The seeded registry, on a server that runs."""
    return one_seeded_registry


def _seed(client: Any) -> None:
    experiment = client.create_experiment("training")
    _churn(client, experiment)
    _fraud(client, experiment)
    _support(client)


def _churn(client: Any, experiment: str) -> None:
    """Three versions, the third with everything: owner, card, approval, lineage, monitoring."""
    client.create_registered_model(
        "churn",
        description="Which customers will leave next month?",
    )
    for number in (1, 2, 3):
        run = _run(client, experiment, auc=0.87 + number / 100)
        client.create_model_version(
            "churn",
            source=f"s3://models/churn/{number}",
            run_id=run,
            description=f"Retrained, take {number}.",
        )
    client.set_registered_model_alias("churn", "champion", "3")
    updated = client.get_model_version("churn", "3").last_updated_timestamp
    at = datetime.fromtimestamp(updated / 1000, UTC)  # by the server's own clock
    for key, value in governed.model_tags(at).items():
        client.set_registered_model_tag("churn", key, value)
    for key, value in governed.version_tags(at).items():
        client.set_model_version_tag("churn", "3", key, value)


def _fraud(client: Any, experiment: str) -> None:
    """Four versions; the second serves and nobody approved it, the third has no lineage."""
    client.create_registered_model("fraud", tags={"gov.owner": "team-risk", "gov.risk_tier": "2"})
    for number in (1, 2, 3, 4):
        run = None if number == 3 else _run(client, experiment, auc=0.7)
        client.create_model_version("fraud", source=f"s3://models/fraud/{number}", run_id=run)
    client.set_registered_model_alias("fraud", "production", "2")
    client.set_registered_model_alias("fraud", "challenger", "4")


def _support(client: Any) -> None:
    """Two versions of a model whose tags are a trial: long, hostile, unreadable."""
    client.create_registered_model("main.ml.<b>support", tags={**HOSTILE, "gov.risk_tier": "high"})
    for number in (1, 2):
        client.create_model_version(
            "main.ml.<b>support",
            source=f"s3://models/support/{number}",
            tags={"gov.lifecycle": "archived"} if number == 1 else {},
        )


def _run(client: Any, experiment: str, auc: float) -> str:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    run_id: str = client.create_run(
        experiment,
        tags={
            "mlflow.user": "ada",
            "mlflow.source.git.commit": COMMIT,
            "mlflow.source.git.repoURL": "https://git.example/ml/churn",
            "gov.pipeline": "train-nightly",
        },
    ).info.run_id
    client.log_metric(run_id, "auc", auc)
    client.log_metric(run_id, "f1", auc - 0.1)
    client.log_metric(run_id, "diverged", float("nan"))
    client.log_param(run_id, "max_depth", 6)
    dataset = Dataset(
        name="calls", digest="c0ffee", source_type="s3", source='{"uri": "s3://lake/calls"}'
    )
    tags = {"mlflow.data.context": "training", **governed.DATASET}
    inputs = DatasetInput(dataset, [InputTag(key, value) for key, value in tags.items()])
    client.log_inputs(run_id, datasets=[inputs])
    client.set_terminated(run_id)
    return run_id
