"""Files on disk, and the registries that are read as files or through MLflow's API."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from quaestor.core.sources.common import BillSchema, Currency, Named, Strict

FileSchema = BillSchema | Literal["node-hours", "pod-hours", "mlflow"]


class MappedColumn(Strict, frozen=True, kw_only=True):
    """How one FOCUS column is read from an invoice: from a column, several, or a fixed value.

    Exactly one of `column`, `columns` and `value` is set. `columns` makes a JSON object of them
    (Tags). `format` is a strptime pattern for times; `decimal` and `group` are how numbers are
    written ("1.234,50": decimal ",", group ".").
    """

    column: str | None = None
    columns: tuple[str, ...] | None = None
    value: str | None = None
    format: str | None = None
    decimal: Annotated[str, Meta(min_length=1, max_length=1)] = "."
    group: Annotated[str, Meta(min_length=1, max_length=1)] | None = None
    values: dict[str, str] | None = None  # what a text in the column means in FOCUS


class FilesSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="files"):
    """Files on disk: one file, a folder or a glob."""

    path: str
    schema: FileSchema | None = None
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    billing_currency: Currency | None = None  # for bills that name no currency
    mapping: dict[str, str | MappedColumn] | None = None  # FOCUS column -> the file's


class MlflowSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="mlflow"):
    """A model registry that speaks MLflow's API."""

    uri: str


class ModelGovSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="model-gov"):
    """`model.gov.yaml` files: what a registry cannot say, kept in git."""

    path: str
