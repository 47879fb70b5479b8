"""collect.model_cards: which files are cards, and that they land as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.registries import collect
from quaestor.collect import collector
from quaestor.core.config import Config
from quaestor.core.errors import IncompleteError, PartlyReadError
from quaestor.core.sources import ModelCardsSource

CARDS = collector("model-cards")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Checkouts of two models, and files that are no cards."""
    for name, content in {
        "acme/churn/README.md": "---\nlicense: mit\n---\n# Churn\n",
        "acme/fraud/MODEL_CARD.md": "# Fraud, without metadata\n",
        "acme/old/model_card.json": '{"model_details": {"name": "old"}}',
        "acme/churn/config.json": "{}",
        "acme/churn/notes.md": "not ours",
    }.items():
        path = tmp_path / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("models", ["churn/README.md", "fraud/MODEL_CARD.md", "old/model_card.json"]),
        ("models/acme/churn/notes.md", ["churn/notes.md"]),
        ("models/*/*/README.md", ["churn/README.md"]),
    ],
)
def test_a_file_a_folder_or_a_glob(folder, path, found):
    """In a folder the names that cards have; elsewhere what is named."""
    manifest = collect(folder, f"kind: model-cards, path: '{path}'").current()
    assert manifest is not None

    assert [str(Path(*Path(file.scope).parts[-2:])) for file in manifest.files] == found
    assert (manifest.kind, manifest.schema) == ("model-cards", "model-cards")
    for file in manifest.files:
        landed = folder / "landing" / file.path
        assert landed.read_bytes() == Path(file.scope).read_bytes()


def test_a_second_look_lands_nothing(folder):
    """Cards that did not change are no news; a changed one is."""
    keys = "kind: model-cards, path: models"
    first = collect(folder, keys).current()
    assert collect(folder, keys).current() == first
    (folder / "models/acme/churn/README.md").write_text("---\nlicense: apache-2.0\n---\n")

    assert collect(folder, keys).current() != first


def test_no_card_is_an_error_with_a_remedy(tmp_path):
    """An empty folder is no registry without models."""
    with pytest.raises(IncompleteError) as caught:
        collect(tmp_path, "kind: model-cards, path: .")

    assert caught.value.what == "no model card found"
    assert "README.md" in (caught.value.fix or "")


def test_doctor_counts_cards_and_those_without_metadata(folder):
    """What will not be read is known before it is missed."""
    source = ModelCardsSource(name="cards", path="models")

    with pytest.raises(PartlyReadError) as caught:
        CARDS.doctor(source, Config(base=str(folder)))
    (folder / "models/acme/fraud/MODEL_CARD.md").unlink()

    assert caught.value.read == "3 model cards"
    assert [Path(gap.scope).name for gap in caught.value.gaps] == ["MODEL_CARD.md"]
    assert CARDS.doctor(source, Config(base=str(folder))) == "2 model cards"


def test_permissions_are_of_a_folder():
    """Nothing is asked of any cloud."""
    assert "none to write" in CARDS.permissions(ModelCardsSource(name="cards", path="models"))
