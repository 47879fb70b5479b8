"""Have Cost Management write a month's cost details, and read what it wrote.

A report is a long-running operation: asked for, polled, then downloaded from an address that is
its own permission for some hours, so that no message shows more than its path.

Source: Microsoft, REST reference "Generate Cost Details Report - Create Operation".
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from quaestor.collect import azure
from quaestor.core.errors import IncompleteError

if TYPE_CHECKING:
    from azure.mgmt.costmanagement import CostManagementClient

LONGEST_REPORT = 3_600.0  # seconds; Microsoft says minutes


@dataclass(frozen=True)
class Part:
    """One file of a report."""

    link: str
    compressed: bool

    @property
    def ending(self) -> str:
        """Return how its name ends."""
        return ".csv.gz" if self.compressed else ".csv"

    @contextmanager
    def blocks(self) -> Iterator[Iterator[bytes]]:
        """Open the download."""
        from azure.storage.blob import BlobClient

        options = {"retry_policy": azure.patience_with_blobs(), "connection_timeout": 20}
        try:
            opened = BlobClient.from_blob_url(self.link, **options)
        except ValueError:  # its text may repeat the signature
            raise azure.no_answer_of("Cost Management", "the address of a report") from None
        with opened as client:
            yield client.download_blob().chunks()


def report(
    client: CostManagementClient, scope: str, month: date, dataset: str, now: datetime, where: str
) -> list[Part]:
    """Have a month's report written and return its files; none where there is no cost.

    Raises:
        AzureError: An answer that is an error.
        IncompleteError: The report failed, or takes too long.
    """
    last = month.replace(day=monthrange(month.year, month.month)[1])
    period = {"start": f"{month}", "end": f"{min(last, now.date())}"}
    asked: Any = {"metric": dataset, "timePeriod": period}  # of the SDK's types, which are mappings
    poller = client.generate_cost_details_report.begin_create_operation(scope, asked)
    try:
        result = poller.result(LONGEST_REPORT)
    except ValueError:
        raise azure.no_answer_of("Cost Management", where) from None
    if not poller.done():
        raise IncompleteError(
            f"the report is not written after {LONGEST_REPORT / 60:.0f} minutes",
            where=where,
            fix="Run again later; what was fetched is kept and not fetched again.",
        )
    return _parts(result, where)


def _parts(result: Any, where: str) -> list[Part]:
    if result is None:  # no content
        return []
    status = str(getattr(result.status, "value", result.status) or "")
    if status == "NoDataFound":
        return []
    if status != "Completed" or result.manifest is None:
        code = azure.word(result.error.code if result.error else None)
        raise IncompleteError(
            f"Azure could not write the report ({code or status})",
            where=where,
            fix="Run again later; where it stays so, `method: query` asks in another way.",
        )
    compressed = bool(result.manifest.compress_data)
    blobs = result.manifest.blobs or ()
    return [Part(str(blob.blob_link), compressed) for blob in blobs]
