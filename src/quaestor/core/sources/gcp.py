"""Google Cloud: the billing export in BigQuery or in Cloud Storage, the Billing API, Vertex AI."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta

from quaestor.core.sources.common import Bill, Fault, Named

Project = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.:-]*$")]
Location = Annotated[str, Meta(pattern=r"^[a-z0-9-]+$")]
TABLE = re.compile(r"([A-Za-z0-9][\w.:-]*)\.(\w[\w-]*)\.(\w[\w -]*)")  # project, dataset, name


class GcpExportSource(Bill, frozen=True, kw_only=True, tag_field="kind", tag="gcp-export"):
    """The billing export: `table` in BigQuery, or files under `bucket` and `prefix`."""

    table: str | None = None  # project.dataset.gcp_billing_export_resource_v1_...
    bucket: str | None = None
    prefix: str = ""
    project: str | None = None  # who pays for the queries; unset, the table's own
    location: str | None = None
    max_bytes: int | None = None  # a look whose queries would read more is refused
    endpoint: str | None = None  # an emulator, a proxy

    def fault(self) -> Fault | None:
        """Return what no look is needed to know: that it does not say one place to read."""
        if bool(self.table) == bool(self.bucket):
            return Fault(
                (),
                "one of `table:` and `bucket:` is needed" + ", not both" * bool(self.table),
                "Write `table: project.dataset.gcp_billing_export_resource_v1_...`, or `bucket:` "
                "and `prefix:` of exported files.",
            )
        if self.table and not TABLE.fullmatch(self.table):
            return Fault(
                ("table",),
                f"`table: {self.table}` is no full name of a table",
                "Write `table: project.dataset.table`, all three parts, no wildcard.",
            )
        return None


class GcpBillingSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="gcp-billing"):
    """The Cloud Billing API: accounts, projects and the SKU price catalogue."""

    billing_accounts: tuple[str, ...] = ()  # unset: all that can be seen
    services: tuple[str, ...] = ("Compute Engine", "Vertex AI")  # whose prices, by display name
    currency: str = "USD"
    endpoint: str | None = None  # an emulator, a proxy; without TLS where it begins with http://


class VertexSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="vertex"):
    """Vertex AI in one project: jobs, endpoints, the Model Registry, and who may use them."""

    project: Project  # its id
    locations: Annotated[tuple[Location, ...], Meta(min_length=1)]  # us-central1, europe-west4
    months: Annotated[int, Meta(ge=1)] = 3  # how far back jobs are asked for at the first look
    endpoint: str | None = None  # a proxy, a test: instead of each of Google's addresses
