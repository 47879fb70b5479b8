"""The gate against a real MLflow server: yes, no, nobody can tell, and no such version."""

from __future__ import annotations

import json
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


def gate(config: str, *arguments: str) -> int:
    """Ask the gate."""
    return run(["gate", *arguments, "--config", config])  # the server stamps by its own clock


def test_a_governed_version_may_run(config, seeded_registry, capsys):
    """Exit code 0, and what was asked, on what evidence."""
    code = gate(config, seeded_registry.governed)
    said = capsys.readouterr().out

    assert code == 0, said
    assert seeded_registry.governed in said


def test_an_alias_names_a_version(config, seeded_registry):
    """`churn@champion` is what CI has in its manifest."""
    model = seeded_registry.governed.partition(":")[0]

    assert gate(config, f"{model}@champion") == 0


def test_an_unapproved_version_may_not_run(config, seeded_registry, capsys):
    """Exit code 1, naming the rule that stops it."""
    code = gate(config, seeded_registry.unapproved, "--format", "json")
    said = json.loads(capsys.readouterr().out)
    failing = {one["policy"] for one in said["findings"] if one["verdict"] == "fail"}

    assert code == 1
    assert "production-without-approval" in failing


def test_a_registry_that_does_not_answer_is_no_yes(config, seeded_registry, mlflow_server, capsys):
    """Exit code 3 with the evidence of before; 0 only where the caller says so."""
    assert gate(config, seeded_registry.governed) == 0
    mlflow_server.stop()
    capsys.readouterr()

    assert gate(config, seeded_registry.governed) == 3
    assert "the last look failed" in capsys.readouterr().out
    assert gate(config, seeded_registry.governed, "--on-missing", "warn") == 0
    assert gate(config, seeded_registry.unapproved) == 1


def test_a_model_that_does_not_exist_is_nothing_evaluated(config, seeded_registry, capsys):
    """Exit code 4, with near names."""
    model = seeded_registry.governed.partition(":")[0]

    assert gate(config, f"{model}x:1") == 4
    assert f"Did you mean {model}" in capsys.readouterr().err
    assert gate(config, f"{model}:99") == 4
