"""Every kind of source that `quaestor.yaml` may name, one module per provider."""

from __future__ import annotations

from quaestor.core.sources.aws import (
    AwsCostExplorerSource,
    AwsExportSource,
    AwsOrganizationsSource,
)
from quaestor.core.sources.azure import AzureCostSource, AzureExportSource
from quaestor.core.sources.files import FileSchema, FilesSource, MlflowSource, ModelGovSource
from quaestor.core.sources.gcp import GcpBillingSource, GcpExportSource
from quaestor.core.sources.rates import EcbRatesSource

Source = (
    FilesSource
    | MlflowSource
    | ModelGovSource
    | AwsExportSource
    | AwsCostExplorerSource
    | AwsOrganizationsSource
    | AzureCostSource
    | AzureExportSource
    | GcpExportSource
    | GcpBillingSource
    | EcbRatesSource
)
# Sources whose landed files are bills: what normalise/bill.py loads.
BillSource = (
    FilesSource
    | AwsExportSource
    | AwsCostExplorerSource
    | AzureCostSource
    | AzureExportSource
    | GcpExportSource
)

__all__ = [
    "AwsCostExplorerSource",
    "AwsExportSource",
    "AwsOrganizationsSource",
    "AzureCostSource",
    "AzureExportSource",
    "BillSource",
    "EcbRatesSource",
    "FileSchema",
    "FilesSource",
    "GcpBillingSource",
    "GcpExportSource",
    "MlflowSource",
    "ModelGovSource",
    "Source",
]
