"""Builders: what lies in buckets, and the registry that refers to some of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse

SEEN = datetime(2026, 11, 1)  # when everything was listed
OLD = SEEN - timedelta(days=400)
STORE = "s3://acme-models"


def a_folder(warehouse: Warehouse, folder: str, store: str = STORE, **columns: Any) -> None:
    """A folder of three objects, 10 GiB in the class for daily use, untouched for long."""
    told = {
        "source": "s3",
        "store": store,
        "folder": folder,
        "objects": 3,
        "size_gib": 10,
        "storage_class": "STANDARD",
        "first_modified_at": OLD,
        "last_modified_at": OLD,
        "seen_at": SEEN,
        "model_objects": 1,
        **columns,
    }
    insert(warehouse, "usage.stored_folder", **told)


def a_version(warehouse: Warehouse, version: str, artifact_uri: str | None, **columns: Any) -> None:
    """A version of the model churn whose artifact lies there."""
    told = {
        "source": "mlflow",
        "model": "churn",
        "version": version,
        "lifecycle": "staging",
        "artifact_uri": artifact_uri,
        **columns,
    }
    insert(warehouse, "registry.model_version", **told)
