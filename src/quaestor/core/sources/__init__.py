"""Every kind of source that `quaestor.yaml` may name, one module per provider."""

from __future__ import annotations

from quaestor.core.sources.aws import (
    AwsCostExplorerSource,
    AwsExportSource,
    AwsOrganizationsSource,
    AwsStorageSource,
    SageMakerRegistrySource,
    SageMakerSource,
)
from quaestor.core.sources.azure import AzureCostSource, AzureExportSource, AzureMlSource
from quaestor.core.sources.files import (
    FileSchema,
    FilesSource,
    MlflowSource,
    ModelCardsSource,
    ModelGovSource,
)
from quaestor.core.sources.gcp import GcpBillingSource, GcpExportSource, VertexSource
from quaestor.core.sources.kubeflow import KubeflowSource
from quaestor.core.sources.kubernetes import KubernetesSource
from quaestor.core.sources.prometheus import PrometheusSource
from quaestor.core.sources.rates import EcbRatesSource
from quaestor.core.sources.ray import RaySource
from quaestor.core.sources.slurm import SlurmSource

Source = (
    FilesSource
    | MlflowSource
    | KubeflowSource
    | ModelCardsSource
    | ModelGovSource
    | AwsExportSource
    | AwsCostExplorerSource
    | AwsOrganizationsSource
    | AwsStorageSource
    | SageMakerRegistrySource
    | SageMakerSource
    | AzureCostSource
    | AzureExportSource
    | AzureMlSource
    | GcpExportSource
    | GcpBillingSource
    | VertexSource
    | EcbRatesSource
    | PrometheusSource
    | RaySource
    | SlurmSource
    | KubernetesSource
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
    "AwsStorageSource",
    "AzureCostSource",
    "AzureExportSource",
    "AzureMlSource",
    "BillSource",
    "EcbRatesSource",
    "FileSchema",
    "FilesSource",
    "GcpBillingSource",
    "GcpExportSource",
    "KubeflowSource",
    "KubernetesSource",
    "MlflowSource",
    "ModelCardsSource",
    "ModelGovSource",
    "PrometheusSource",
    "RaySource",
    "SageMakerRegistrySource",
    "SageMakerSource",
    "SlurmSource",
    "Source",
    "VertexSource",
]
