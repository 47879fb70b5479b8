"""Microsoft Azure: the Cost Management API, and its exports in Blob storage."""

from __future__ import annotations

from typing import Literal

from quaestor.core.sources.common import Bill


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
