"""Files on disk, and the registries that are read as files or through MLflow's API."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from quaestor.core.sources.common import BillSchema, Currency, Named
from quaestor.core.sources.mapping import MappedColumn

FileSchema = (
    BillSchema
    | Literal["node-hours", "pod-hours", "gpu-jobs", "gpu-samples", "container-samples"]
    | Literal["containers", "endpoints", "notebooks", "disks"]
    | Literal["stored-objects"]
    | Literal["mlflow", "mlflow-export", "cyclonedx", "kubeflow-catalog"]
)


class FilesSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="files"):
    """Files on disk: one file, a folder or a glob."""

    path: str
    schema: FileSchema | None = None
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    billing_currency: Currency | None = None  # for bills that name no currency
    mapping: dict[str, str | MappedColumn] | None = None  # FOCUS column -> the file's
    # With a mapping: a column of the file -> the texts that mark a line that is no charge (Total).
    leave_out: dict[str, tuple[str, ...]] | None = None


class MlflowSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="mlflow"):
    """A model registry that speaks MLflow's API."""

    uri: str


class ModelCardsSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="model-cards"):
    """Model cards in a folder: Hugging Face's READMEs, and cards of the Model Card Toolkit."""

    path: str


class ModelGovSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="model-gov"):
    """`model.gov.yaml` files: what a registry cannot say, kept in git."""

    path: str
