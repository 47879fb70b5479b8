"""collect.model_gov: which files are found, and that they land as they are."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from quaestor.collect import collector
from quaestor.collect.landing import Landing
from quaestor.core.config import Config, ModelGovSource
from quaestor.core.errors import ConfigurationError, IncompleteError

NOW = datetime(2026, 11, 21, 6)
GOV = collector("model-gov")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A monorepo with two described models, and files that are none."""
    for name, content in {
        "churn/model.gov.yaml": "model: churn\n",
        "fraud/fraud.model.gov.yaml": "model: fraud\nownr: misspelt\n",
        "fraud/mymodel.gov.yaml": "not ours",
        "README.md": "nor this",
    }.items():
        path = tmp_path / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path


def collected(folder: Path, path: str) -> list[str]:
    """Collect; return the landed files' scopes below the folder."""
    landing = Landing(folder / "landing", "gov")
    GOV.collect(
        ModelGovSource(name="gov", path=path),
        Config(base=str(folder)),
        landing,
        now=NOW,
        progress=lambda _: None,
    )
    manifest = landing.current()
    assert manifest is not None
    assert (manifest.kind, manifest.schema) == ("model-gov", "model-gov")
    for file in manifest.files:
        assert (landing.root / file.path).read_bytes() == Path(file.scope).read_bytes()
    return [str(Path(file.scope).relative_to(folder)) for file in manifest.files]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("models", ["models/churn/model.gov.yaml", "models/fraud/fraud.model.gov.yaml"]),
        ("models/churn/model.gov.yaml", ["models/churn/model.gov.yaml"]),
        ("models/*/*.model.gov.yaml", ["models/fraud/fraud.model.gov.yaml"]),
    ],
)
def test_a_file_a_folder_or_a_glob(folder, path, found):
    """The bytes land unchecked: one misspelt key must not hide the folder."""
    assert collected(folder, path) == found


def test_nothing_new_writes_nothing(folder):
    """A second look leaves the manifest in force."""
    collected(folder, "models")
    collected(folder, "models")

    assert len(list((folder / "landing/gov/manifests").iterdir())) == 1


@pytest.mark.parametrize(
    ("path", "what"),
    [("nowhere", "no such file or folder"), ("empty", "no model.gov.yaml found")],
)
def test_no_file_is_said(folder, path, what):
    """An empty source is a mistake, not a clean bill of health."""
    (folder / "empty").mkdir()
    with pytest.raises(IncompleteError) as caught:
        collected(folder, path)

    assert caught.value.what == what
    assert caught.value.where == f"{folder / path} (source gov)"
    assert "Correct `path:`" in (caught.value.fix or "")


def test_doctor_reads_every_file(folder):
    """It counts what can be read, and names the first mistake."""
    config = Config(base=str(folder))

    assert GOV.doctor(ModelGovSource(name="gov", path="models/churn"), config) == (
        "1 model described"
    )
    with pytest.raises(ConfigurationError, match="unknown key 'ownr'"):
        GOV.doctor(ModelGovSource(name="gov", path="models"), config)
