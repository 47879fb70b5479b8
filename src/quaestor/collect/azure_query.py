"""Ask Cost Management's query API for a month's cost, page by page, as CSV.

The columns are what `normalise/formats/azure_query.py` reads; every value stands as the answer
spells it, because a number that went through binary floating point is another number.

Source: Microsoft, REST reference "Query - Usage"; grouping by more than two dimensions is what
the portal's own cost analysis does.
"""

from __future__ import annotations

import csv
import io
import json
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from quaestor.collect import azure
from quaestor.core.errors import IncompleteError

if TYPE_CHECKING:
    from azure.mgmt.costmanagement import CostManagementClient

DIMENSIONS = (
    *("SubscriptionId", "ResourceId", "ResourceType", "ResourceLocation", "ServiceName"),
    *("Meter", "ChargeType", "PricingModel", "PublisherType"),
)
_SUM = {"totalCost": {"name": "Cost", "function": "Sum"}}


def question(month: date, dataset: str) -> dict[str, Any]:
    """Return what is asked for a month."""
    last = month.replace(day=monthrange(month.year, month.month)[1])
    grouping = [{"type": "Dimension", "name": name} for name in DIMENSIONS]
    return {
        "type": dataset,
        "timeframe": "Custom",
        "timePeriod": {"from": f"{month}T00:00:00Z", "to": f"{last}T23:59:59Z"},
        "dataset": {"granularity": "Daily", "aggregation": _SUM, "grouping": grouping},
    }


def month_to_date(client: CostManagementClient, scope: str) -> list[str]:
    """Return this month's cost by currency, such as "12.5 EUR"."""
    asked = {
        "type": "ActualCost",
        "timeframe": "MonthToDate",
        "dataset": {"granularity": "None", "aggregation": _SUM},
    }
    columns, rows = _merged(pages(client, scope, asked, "Cost Management"), "Cost Management")
    return [" ".join((row[0], row[columns.index("Currency")])) for row in rows]


def as_csv(
    client: CostManagementClient, scope: str, month: date, dataset: str, where: str
) -> bytes | None:
    """Return a month as CSV, None where there is no cost.

    Raises:
        IncompleteError: The answer has another shape.
    """
    columns, rows = _merged(pages(client, scope, question(month, dataset), where), where)
    if not rows:
        return None
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["dataset", *columns])
    writer.writerows([dataset, *row] for row in rows)
    return out.getvalue().encode()


def pages(
    client: CostManagementClient, scope: str, asked: dict[str, Any], where: str
) -> Iterator[dict[str, Any]]:
    """Yield the properties of every page; the SDK does not go from page to page by itself.

    Raises:
        AzureError: An answer that is an error.
        IncompleteError: A next page on another host, which must not see our token.
    """
    from azure.core.exceptions import HttpResponseError, map_error
    from azure.core.rest import HttpRequest
    from azure.mgmt.core.exceptions import ARMErrorFormat

    usage: Any = client.query.usage  # takes mappings, such as ours, in place of its own types
    try:
        reply = usage(scope, asked, cls=lambda got, _, __: got.http_response)
    except ValueError:
        raise azure.no_answer_of("Cost Management", where) from None
    host = urlsplit(reply.request.url).netloc
    seen: set[str] = set()
    while reply.status_code == 200:
        told = _properties(reply.text(), where)
        yield told
        link = told.get("nextLink")
        if not link:
            return
        if urlsplit(link).netloc != host or link in seen:
            raise IncompleteError(
                "the link to the next page leads elsewhere",
                where=where,
                fix="Check `endpoint:`; a proxy may change the answers.",
            )
        seen.add(link)
        reply = client.send_request(HttpRequest("POST", link, json=asked))
        if reply.status_code not in (200, 204):
            map_error(reply.status_code, reply, {})
            raise HttpResponseError(response=reply, error_format=ARMErrorFormat)


def _properties(text: str, where: str) -> dict[str, Any]:
    """Read a page; its numbers stay the text they are."""
    try:
        answer = json.loads(text, parse_float=str, parse_int=str)
        told: dict[str, Any] = answer["properties"]
        told["columns"] = [str(column["name"]) for column in told["columns"]]
        told["rows"] = [
            ["" if value is None else str(value) for value in row] for row in told["rows"]
        ]
    except (ValueError, KeyError, TypeError):
        raise azure.no_answer_of("Cost Management", where) from None
    return told


def _as_text(value: object) -> str:
    return "" if value is None else str(value)


def _merged(found: Iterator[dict[str, Any]], where: str) -> tuple[list[str], list[list[str]]]:
    """Return the columns and the rows of all pages.

    Raises:
        IncompleteError: The pages do not have the same columns.
    """
    columns: list[str] = []
    rows: list[list[str]] = []
    for page in found:
        columns = columns or page["columns"]
        if page["columns"] != columns:
            raise IncompleteError(
                "the columns change from page to page", where=where, fix="Collect again."
            )
        rows += page["rows"]
    return columns, rows
