"""normalise.registry: files fill the blanks of registries, and never overwrite."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from builders.rows import insert
from quaestor.normalise import registry
from quaestor.warehouse.duckdb import Warehouse

NOVEMBER = datetime(2026, 11, 1)


def state(warehouse: Warehouse, table: str, source: str, **values: Any) -> None:
    """One row of what a source states; the sources gov* are files."""
    row = {"source": source, "model": "churn", "from_file": source.startswith("gov"), **values}
    insert(warehouse, f"registry.stated_{table}", **row)


def test_a_file_fills_blanks_and_overwrites_nothing(warehouse):
    """The registry has an owner and no team; the file has both."""
    state(warehouse, "model", "mlflow", owner="team-a", tags="{}")
    state(warehouse, "model", "gov", owner="team-b", team="growth", tags='{"region":"eu"}')
    registry.settle(warehouse)

    assert warehouse.rows("select source, owner, team, tags from registry.model") == [
        ("mlflow", "team-a", "growth", '{"region":"eu"}')
    ]


def test_a_version_is_filled_by_the_same_version_only(warehouse):
    """What a file says of 7 is not said of 8; a version only the file knows stays visible."""
    for version in ("7", "8"):
        state(warehouse, "model_version", "mlflow", version=version, aliases=[])
    state(warehouse, "model_version", "gov", version="7", card_uri="card", aliases=["blue"])
    state(warehouse, "model_version", "gov", version="9", card_uri="nine", aliases=[])
    registry.settle(warehouse)

    assert warehouse.rows(
        "select source, version, card_uri, aliases from registry.model_version order by version"
    ) == [("mlflow", "7", "card", ["blue"]), ("mlflow", "8", None, []), ("gov", "9", "nine", [])]


def test_an_approval_is_taken_whole(warehouse):
    """Nobody's name stands under another's date: half an approval is not completed by a file."""
    state(warehouse, "model_version", "mlflow", version="1", approved_by="mallory")
    state(warehouse, "model_version", "mlflow", version="2")
    for version in ("1", "2"):
        state(
            warehouse,
            "model_version",
            "gov",
            version=version,
            approved_by="grace",
            approved_at=NOVEMBER,
            approved_digest="sha256:1",
        )
    registry.settle(warehouse)

    assert warehouse.rows(
        "select approved_by, approved_at, approved_digest from registry.model_version"
    ) == [("mallory", None, None), ("grace", NOVEMBER, "sha256:1")]


@pytest.mark.parametrize(
    ("stated", "otherwise", "file", "settled"),
    [
        ("staging", "development", "production", "staging"),
        (None, "development", "production", "production"),
        (None, "development", None, "development"),
        (None, None, "production", "production"),
        (None, None, None, None),
    ],
)
def test_a_default_lifecycle_comes_last(warehouse, stated, otherwise, file, settled):
    """A file knows better than a default; what could not be read has no default."""
    state(
        warehouse,
        "model_version",
        "mlflow",
        version="1",
        lifecycle=stated,
        lifecycle_otherwise=otherwise,
    )
    state(warehouse, "model_version", "gov", version="1", lifecycle=file)
    registry.settle(warehouse)

    assert warehouse.rows("select lifecycle from registry.model_version") == [(settled,)]


def test_two_registries_of_one_name_stay_two(warehouse):
    """The file fills both; of two files the source first in the alphabet speaks."""
    state(warehouse, "model", "mlflow-a")
    state(warehouse, "model", "mlflow-b", owner="team-b")
    state(warehouse, "model", "gov-1", owner="one")
    state(warehouse, "model", "gov-2", owner="two", team="two")
    registry.settle(warehouse)

    assert warehouse.rows("select source, owner, team from registry.model") == [
        ("mlflow-a", "one", "two"),
        ("mlflow-b", "team-b", "two"),
    ]


def test_settling_again_changes_nothing(warehouse):
    """Rebuilt inside one transaction, keys and all."""
    state(warehouse, "model", "mlflow", owner="team-a")
    state(warehouse, "model_version", "mlflow", version="1")
    registry.state_evidence(warehouse, "mlflow", {"model.owner": "tag"})
    registry.settle(warehouse)
    tables = ("model", "model_version", "evidence")
    before = [warehouse.rows(f"from registry.{table}") for table in tables]
    with warehouse.transaction():
        registry.settle(warehouse)
        registry.settle(warehouse)

    assert [warehouse.rows(f"from registry.{table}") for table in tables] == before


def test_a_forgotten_source_says_nothing(warehouse):
    """Its models, its evidence and its quarantine are gone; the others stay."""
    for source in ("mlflow", "other"):
        state(warehouse, "model", source)
        registry.state_evidence(warehouse, source, {"model.owner": "tag"})
    registry.forget(warehouse, "mlflow")
    registry.settle(warehouse)

    assert warehouse.rows("select distinct source from registry.model") == [("other",)]
    assert warehouse.rows("select distinct source from registry.evidence") == [("other",)]


def test_files_lend_columns_to_a_registry_but_no_rows(warehouse):
    """With files about, a blank owner is the team's to fill; absent grants prove nothing."""
    registry.state_evidence(warehouse, "sagemaker", {"model.description": "native"})
    registry.state_evidence(warehouse, "gov", {"model.owner": "file", "grant": "file"})
    registry.settle(warehouse)

    assert warehouse.rows(
        """
        select field, supplied, via from registry.evidence
        where source = 'sagemaker' and field in ('model.description', 'model.owner', 'grant',
            'model.team')
        order by field
        """
    ) == [
        ("grant", False, None),
        ("model.description", True, "native"),
        ("model.owner", True, "file"),
        ("model.team", False, None),
    ]
