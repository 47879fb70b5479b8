"""Landed files become three schemas: `focus.*`, `usage.*`, `registry.*`. SQL does the work.

To add a schema: write a module with `load(warehouse, job)`, its SELECT in `sql/`, and add one
line to LOADERS. A loader runs inside the caller's transaction and replaces what its source
said before; rows it cannot read go to `quarantine.row` with the reason.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from quaestor.core.blind_spot import BlindSpot
    from quaestor.core.landed import Attempt, Manifest
    from quaestor.normalise.job import Job
    from quaestor.warehouse.duckdb import Warehouse

LOADERS = {
    "accounts": "quaestor.normalise.accounts",
    "bill": "quaestor.normalise.bill",
    "rates": "quaestor.normalise.rates",
    "gcp-billing": "quaestor.normalise.prices",
    "node-hours": "quaestor.normalise.usage",
    "pod-hours": "quaestor.normalise.usage",
    "gpu-jobs": "quaestor.normalise.usage",
    "gpu-samples": "quaestor.normalise.usage",
    "container-samples": "quaestor.normalise.usage",
    "containers": "quaestor.normalise.usage",
    "endpoints": "quaestor.normalise.usage",
    "notebooks": "quaestor.normalise.usage",
    "disks": "quaestor.normalise.usage",
    "ray": "quaestor.normalise.ray",
    "slurm": "quaestor.normalise.slurm",
    "kubernetes": "quaestor.normalise.kubernetes",
    "mlflow": "quaestor.normalise.registry_mlflow",
    "prometheus": "quaestor.normalise.prometheus",
    "mlflow-export": "quaestor.normalise.registry_mlflow",
    "model-gov": "quaestor.normalise.registry_model_gov",
    "model-cards": "quaestor.normalise.registry_cards",
    "cyclonedx": "quaestor.normalise.registry_cards",
    "kubeflow-catalog": "quaestor.normalise.registry_cards",
    "kubeflow": "quaestor.normalise.registry_kubeflow",
    "sagemaker-registry": "quaestor.normalise.registry_sagemaker",
    "sagemaker": "quaestor.normalise.sagemaker",
    "azure-ml": "quaestor.normalise.azure_ml",
    "aws-storage": "quaestor.normalise.aws_storage",
    "stored-objects": "quaestor.normalise.stored_objects",
    "vertex": "quaestor.normalise.vertex",
}

# Of these an unchanged answer is news, too: on one more day something was used by nobody.
_LOOKED_AT = ("kubernetes", "aws-storage")


class Loader(Protocol):
    """What every module in LOADERS offers."""

    def load(self, warehouse: Warehouse, job: Job) -> list[BlindSpot]:
        """Replace what the source said before; return what could not be seen."""


def loader(schema: str) -> Loader:
    """Return the module that loads files of a schema."""
    return cast("Loader", importlib.import_module(LOADERS[schema]))


def news(manifest: Manifest, attempt: Attempt | None) -> tuple[object, ...]:
    """Return what a source has to tell: it is loaded anew where this differs."""
    looked = attempt.unchanged_at if attempt and manifest.schema in _LOOKED_AT else ()
    return manifest.files, looked


def settle(warehouse: Warehouse) -> None:
    """Rebuild what sources state together: registry, rates, accounts, prices, GPU samples."""
    from quaestor.normalise import accounts, artifacts, currency, price_book, registry, sampled

    accounts.settle(warehouse)
    currency.settle(warehouse)
    registry.settle(warehouse)
    artifacts.settle(warehouse)
    registry.lend(warehouse)
    sampled.settle(warehouse)
    price_book.settle(warehouse)


def forget(warehouse: Warehouse, source: str) -> None:
    """Drop everything a source said: it is no longer configured."""
    named = warehouse.rows(
        """
        select schema_name || '.' || table_name,
            arg_min(column_name, column_name <> 'x_source')
        from duckdb_columns()
        where schema_name in ('focus', 'quarantine', 'usage', 'registry')
            and column_name in ('source', 'x_source')
            and (schema_name, table_name) in (select (schema_name, table_name) from duckdb_tables())
        group by all
        """
    )
    for table, column in named:
        warehouse.run(f"delete from {table} where {column} = ?", [source])
