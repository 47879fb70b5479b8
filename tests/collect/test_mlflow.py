"""collect.mlflow without a server: what is refused before anybody is asked."""

from __future__ import annotations

import sys

import pytest

from builders.registries import collect
from quaestor.collect import collector
from quaestor.core.config import Config, MlflowSource
from quaestor.core.errors import ConfigurationError, IncompleteError

MLFLOW = collector("mlflow")


@pytest.mark.parametrize(
    "uri",
    ["sqlite:///s3cret.db", "mlflow.example", "http://", "http://a:s3cret:b", "databricks", ""],
)
def test_an_address_must_be_one(uri):
    """A local store or a bare name is refused, and not repeated: it may hold a password."""
    with pytest.raises(ConfigurationError) as caught:
        MLFLOW.doctor(MlflowSource(name="registry", uri=uri), Config())

    assert caught.value.what == "`uri:` is no http:// or https:// address"
    assert caught.value.where == "source registry"
    assert "mlflow server" in (caught.value.fix or "")
    assert "s3cret" not in caught.value.as_text()


def test_a_missing_client_names_the_extra(monkeypatch):
    """The base install has no MLflow; the message is the command to type."""
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(ConfigurationError) as caught:
        MLFLOW.doctor(MlflowSource(name="registry", uri="http://127.0.0.1:9"), Config())

    assert caught.value.fix == "pip install 'quaestor[mlflow]'"


@pytest.mark.online
def test_a_real_registry_is_read(online, tmp_path):
    """QUAESTOR_ONLINE_MLFLOW_URI, and MLflow's own variables for who asks."""
    landing = collect(tmp_path, f"kind: mlflow, uri: '{online('MLFLOW_URI')}'")

    assert landing.current() is not None


def test_nobody_there_is_said_at_once():
    """A closed port: incomplete, with the address less its password."""
    with pytest.raises(IncompleteError) as caught:
        MLFLOW.doctor(MlflowSource(name="registry", uri="http://ada:s3cret@127.0.0.1:9"), Config())

    assert caught.value.as_dict() == {
        "error": "the registry cannot be reached (connection refused)",
        "in": "http://127.0.0.1:9 (source registry)",
        "fix": "Start it, or correct `uri:`; what was read before stays in force.",
        "exit_code": 3,
    }
