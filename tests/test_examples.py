"""examples/cluster, which needs servers to run: what it says is true where none is needed."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from quaestor.cli.main import COMMANDS
from quaestor.collect import collector
from quaestor.core.config import Config, read_config
from quaestor.warehouse.duckdb import Warehouse


@pytest.fixture
def readme(checkout: Path) -> str:
    """The text of its README."""
    return (checkout / "examples" / "cluster" / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def config(checkout: Path, readme: str) -> Config:
    """Its configuration, with the variables that the README sets and no other."""
    said = dict(
        re.findall(r"\b([A-Z_]+)=(\S+)", "\n".join(re.findall(r"^export .*", readme, re.M)))
    )
    return read_config(checkout / "examples" / "cluster" / "quaestor.yaml", said)


def commands(readme: str) -> list[list[str]]:
    """Return every `quaestor ...` of its blocks, in words."""
    blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```", readme, re.M | re.S))
    return [shlex.split(line)[1:] for line in blocks.splitlines() if line.startswith("quaestor ")]


def test_its_configuration_loads_and_has_a_source_of_each_kind(config: Config):
    """A bill, a cluster, its hours, a registry, what the registry cannot say, and a scheduler."""
    kinds = [source.__struct_config__.tag for source in config.sources]

    assert kinds == ["files", "kubernetes", "prometheus", "mlflow", "model-gov", "slurm"]


def test_both_sources_of_the_cluster_call_it_alike(config: Config):
    """Else its hours and its nodes would be two clusters."""
    clusters = {source.cluster for source in config.sources if source.name in ("k8s", "metrics")}

    assert len(clusters) == 1


def test_its_commands_are_commands(readme: str, config: Config):
    """Real verbs; permissions of the sources that the configuration has."""
    asked = commands(readme)
    names = {source.name: source for source in config.sources}
    granted = [command[1] for command in asked if command[0] == "permissions"]

    assert {command[0] for command in asked} <= set(COMMANDS)
    assert granted == ["k8s", "metrics", "registry", "hpc"]
    for name in granted:
        source = names[name]
        assert collector(str(source.__struct_config__.tag)).permissions(source)


def test_its_queries_are_answered(readme: str):
    """Every table and column in them is one."""
    queries = [command[1] for command in commands(readme) if command[0] == "query"]
    with Warehouse(":memory:") as warehouse:
        for query in queries:
            warehouse.rows(query)

    assert len(queries) == 5


def test_what_it_installs_exists(readme: str, checkout: Path):
    """The extras that its sources need."""
    (extras,) = re.findall(r"pip install 'quaestor\[(.*?)\]'", readme)
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))

    assert set(extras.split(",")) <= set(project["project"]["optional-dependencies"])
