"""Microsoft Azure: Cost Management, its exports in Blob storage, and Azure Machine Learning."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from quaestor.core.sources.common import Bill, Named

Segment = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.()-]{0,89}$")]  # of a path


class AzureCostSource(Bill, frozen=True, kw_only=True, tag_field="kind", tag="azure-cost"):
    """The Cost Management API: cost details reports, or the query API where those are denied."""

    scope: str  # /subscriptions/..., /providers/Microsoft.Billing/billingAccounts/...
    method: Literal["details", "query"] = "details"
    months: int = 3  # how far back, where `since` does not say
    endpoint: str = "https://management.azure.com"


class AzureExportSource(Bill, frozen=True, kw_only=True, tag_field="kind", tag="azure-export"):
    """Cost Management exports in Blob storage: FocusCost, actual and amortised cost."""

    account_url: str  # https://<account>.blob.core.windows.net
    container: str
    prefix: str = ""
    connection_string: str | None = None  # instead of a Microsoft Entra identity; use ${NAME}


class AzureMlSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="azure-ml"):
    """A workspace of Azure Machine Learning, and a registry beside it: jobs, endpoints, models."""

    subscription: Segment
    resource_group: Segment
    workspace: Segment
    registry: Segment | None = None
    registry_resource_group: Segment | None = None  # unset, the workspace's
    months: Annotated[int, Meta(ge=1)] = 3  # how far back jobs are asked for at the first look
    endpoint: str = "https://management.azure.com"
