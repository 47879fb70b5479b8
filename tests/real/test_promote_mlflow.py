"""Aliases of a real MLflow server move only after the gate, and the version says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from quaestor.cli.main import run

pytestmark = pytest.mark.real


@pytest.fixture
def config(tmp_path: Path, seeded_registry) -> str:
    """A configuration with that registry alone."""
    path = tmp_path / "quaestor.yaml"
    path.write_text(f"sources: [{{name: registry, kind: mlflow, uri: '{seeded_registry.uri}'}}]")
    return str(path)


@pytest.fixture
def client(seeded_registry, monkeypatch):
    """MLflow's own client, to look at what stands there; aliases and tags are put back."""
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow import MlflowClient

    client = MlflowClient(seeded_registry.uri, seeded_registry.uri)
    before = {name: dict(client.get_registered_model(name).aliases) for name in ("churn", "fraud")}
    yield client
    for name, aliases in before.items():
        for alias in client.get_registered_model(name).aliases:
            client.delete_registered_model_alias(name, alias)
        for alias, version in aliases.items():
            client.set_registered_model_alias(name, alias, version)
        for version in client.search_model_versions(f"name = '{name}'"):
            for key in version.tags:
                if key.startswith("quaestor."):
                    client.delete_model_version_tag(name, version.version, key)


def promote(config: str, *arguments: str) -> int:
    """Ask for a promotion."""
    return run(["promote", *arguments, "--config", config])  # the server stamps by its own clock


def test_a_version_that_the_gate_lets_through_gets_the_alias_and_the_verdict(
    config, seeded_registry, client, capsys
):
    """The alias points at it, and its tags say by what judgement."""
    client.set_registered_model_alias("churn", "champion", "2")
    client.set_registered_model_alias("churn", "challenger", "3")
    code = promote(config, seeded_registry.governed, "--to", "production")
    said = capsys.readouterr()

    assert code == 0, said.out + said.err
    assert said.out.endswith("registry: champion of churn: from 2 to churn:3\n")
    assert client.get_model_version_by_alias("churn", "champion").version == "3"
    tags = client.get_model_version("churn", "3").tags
    assert tags["quaestor.verdict"] == "passed"
    assert tags["quaestor.environment"] == "production"
    assert int(tags["quaestor.policies"]) > 10


def test_a_version_that_the_gate_refuses_stays_where_it_is(config, client, capsys):
    """Exit code 1, no alias moved, no tag written."""
    code = promote(config, "fraud:4", "--to", "production")

    assert code == 1
    assert "not promoted: the gate says failed" in capsys.readouterr().err
    assert client.get_model_version_by_alias("fraud", "production").version == "2"
    assert not [key for key in client.get_model_version("fraud", "4").tags if "quaestor" in key]


def test_a_dry_run_says_what_it_would_do(config, seeded_registry, client, capsys):
    """Judged, and nothing is written."""
    client.set_registered_model_alias("churn", "champion", "2")
    code = promote(config, seeded_registry.governed, "--to", "production", "--dry-run")

    assert code == 0
    assert "would move champion of churn" in capsys.readouterr().out
    assert client.get_model_version_by_alias("churn", "champion").version == "2"


def test_a_second_time_changes_nothing(config, seeded_registry, client, capsys):
    """The alias is there already; no time stamp moves."""
    before = client.get_model_version("churn", "3").last_updated_timestamp

    assert promote(config, seeded_registry.governed, "--to", "production") == 0
    assert "champion points at churn:3 already" in capsys.readouterr().out
    assert client.get_model_version("churn", "3").last_updated_timestamp == before


def test_an_alias_that_means_another_stage_is_a_wrong_call(config, client, capsys):
    """`--alias challenger --to production` would be read as staging by the next audit."""
    code = promote(config, "churn:3", "--to", "production", "--alias", "challenger")

    assert code == 2
    assert "does not mean production" in capsys.readouterr().err


def test_archiving_asks_no_gate(config, client, capsys):
    """What is put away need not be fit to run."""
    code = promote(config, "fraud:1", "--to", "archived")

    assert code == 0, capsys.readouterr().err
    assert client.get_model_version_by_alias("fraud", "archived").version == "1"


def test_a_version_that_nobody_has_is_nothing_evaluated(config, client, capsys):
    """Exit code 4, and nothing is written."""
    assert promote(config, "churn:99", "--to", "archived") == 4
    assert "no registry to promote in has churn:99" in capsys.readouterr().err


def test_a_registry_that_does_not_answer_is_not_written(
    config, seeded_registry, mlflow_server, client, capsys
):
    """What was read before is no ground to move anything."""
    assert promote(config, seeded_registry.governed, "--to", "production") == 0
    mlflow_server.stop()
    code = promote(config, seeded_registry.governed, "--to", "production")
    mlflow_server.start()

    assert code == 3
