"""A base install has no cloud's SDK: each kind of source then says which extra it needs."""

from __future__ import annotations

import sys
from datetime import datetime
from importlib.abc import MetaPathFinder
from pathlib import Path

import pytest

from quaestor.collect import COLLECTORS, collector
from quaestor.collect.landing import Landing
from quaestor.core.config import parse_config
from quaestor.core.errors import QuaestorError

SDKS = ("boto3", "botocore", "azure", "google", "mlflow", "kubernetes")
KEYS = {
    "aws-export": "bucket: b",
    "aws-cost-explorer": "months: 1",
    "organizations": "region: us-east-1",
    "aws-storage": "regions: [us-east-1]",
    "azure-export": "account_url: 'https://a.blob.core.windows.net', container: c",
    "azure-cost": "scope: /subscriptions/1",
    "gcp-export": "table: a.b.c",
    "gcp-billing": "currency: USD",
    "sagemaker": "regions: [us-east-1]",
    "sagemaker-registry": "regions: [us-east-1]",
    "azure-ml": "subscription: s, resource_group: g, workspace: w",
    "vertex": "project: acme, locations: [us-central1]",
    "kubernetes": "context: prod",
    "mlflow": "uri: 'http://127.0.0.1:1'",
}
# Extras that a kind's first word does not name.
EXTRAS = {
    "organizations": "aws",
    "sagemaker": "aws",
    "sagemaker-registry": "aws",
    "vertex": "gcp",
}
# Kinds that need no SDK.
WITHOUT = {
    *("ray", "slurm", "prometheus", "files", "model-gov", "ecb-rates"),
    *("kubeflow", "model-cards"),
}


class Absent(MetaPathFinder):
    """Finds none of the SDKs, as where they are not installed."""

    def find_spec(self, name: str, *_: object) -> None:
        """Refuse an SDK; another finder may know the rest."""
        if name.partition(".")[0] in SDKS:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.fixture
def base_install(monkeypatch):
    """No SDK can be imported, also where an earlier test has."""
    for name in list(sys.modules):
        if name.partition(".")[0] in SDKS:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])


def test_every_kind_is_tried():
    """A new collector is held to it too."""
    assert set(KEYS) | WITHOUT == set(COLLECTORS)


@pytest.mark.parametrize("verb", ["collect", "doctor"])
@pytest.mark.parametrize("kind", KEYS)
def test_a_kind_says_which_extra_it_needs(base_install, tmp_path: Path, kind: str, verb: str):
    """No traceback: what is missing, and how it is installed."""
    config = parse_config(f"sources: [{{name: one, kind: {kind}, {KEYS[kind]}}}]", tmp_path, {})
    (source,) = config.sources
    landing = Landing(tmp_path / "landing", "one")
    asked = {
        "doctor": lambda: collector(kind).doctor(source, config),
        "collect": lambda: collector(kind).collect(
            source, config, landing, now=datetime(2026, 11, 21), progress=lambda _: None
        ),
    }
    with pytest.raises(QuaestorError) as caught:
        asked[verb]()

    extra = EXTRAS.get(kind, kind.partition("-")[0])
    assert "not installed" in caught.value.what
    assert f"quaestor[{extra}]" in str(caught.value.fix)
