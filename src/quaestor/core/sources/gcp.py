"""Google Cloud: the billing export in BigQuery or in Cloud Storage, and the Billing API."""

from __future__ import annotations

from quaestor.core.sources.common import Bill, Named


class GcpExportSource(Bill, frozen=True, kw_only=True, tag_field="kind", tag="gcp-export"):
    """The billing export: `table` in BigQuery, or files under `bucket` and `prefix`."""

    table: str | None = None  # project.dataset.gcp_billing_export_resource_v1_...
    bucket: str | None = None
    prefix: str = ""
    project: str | None = None  # who pays for the queries; unset, the table's own
    location: str | None = None
    max_bytes: int | None = None  # a look whose queries would read more is refused
    endpoint: str | None = None  # an emulator, a proxy


class GcpBillingSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="gcp-billing"):
    """The Cloud Billing API: accounts, projects and the SKU price catalogue."""

    billing_accounts: tuple[str, ...] = ()  # unset: all that can be seen
    services: tuple[str, ...] = ("Compute Engine", "Vertex AI")  # whose prices, by display name
    currency: str = "USD"
    endpoint: str | None = None  # an emulator, a proxy; without TLS where it begins with http://
