"""Builders: one bill as AWS writes it, as a legacy CSV or as a CUR 2.0 Parquet file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

LINE = {
    "bill_billing_entity": "AWS",
    "bill_billing_period_start_date": "2026-10-01T00:00:00.000Z",
    "bill_billing_period_end_date": "2026-11-01T00:00:00.000Z",
    "bill_invoicing_entity": "Amazon Web Services, Inc.",
    "bill_payer_account_id": "012345678901",
    "line_item_usage_account_id": "098765432109",
    "line_item_line_item_type": "Usage",
    "line_item_usage_start_date": "2026-10-05T00:00:00.000Z",
    "line_item_usage_end_date": "2026-10-05T01:00:00.000Z",
    "line_item_product_code": "AmazonEC2",
    "line_item_usage_type": "BoxUsage:p5.48xlarge",
    "line_item_usage_amount": "1",
    "line_item_currency_code": "USD",
    "line_item_unblended_cost": "98.32",
    "pricing_term": "OnDemand",
    "pricing_unit": "Hrs",
}
PLAN = "arn:aws:savingsplans::012345678901:savingsplan/11111111-2222-3333-4444-555555555555"
RESERVATION = "arn:aws:ec2:us-east-1:012345678901:reserved-instances/aaaa"
# Where a legacy name cannot be worked out from the one of CUR 2.0.
_LEGACY = {
    "savings_plan_savings_plan_a_r_n": "savingsPlan/SavingsPlanARN",
    "reservation_reservation_a_r_n": "reservation/ReservationARN",
}
_GROUPS = {
    "bill": "bill",
    "identity": "identity",
    "line_item": "lineItem",
    "pricing": "pricing",
    "product": "product",
    "reservation": "reservation",
    "savings_plan": "savingsPlan",
}
MAPS = ("resource_tags", "cost_category", "product")

Line = Mapping[str, Any]


def legacy_csv(*lines: Line) -> str:
    """A legacy report with these line items; what one does not say is as in LINE."""
    rows = [_legacy({**LINE, **line}) for line in lines]
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def cur2_csv(*lines: Line) -> str:
    """A CUR 2.0 with these line items as CSV: maps are JSON."""
    rows = [{**LINE, **line} for line in lines]
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n", restval="")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                n: json.dumps(v, separators=(",", ":")) if isinstance(v, dict) else v
                for n, v in row.items()
            }
        )
    return out.getvalue()


def cur2_parquet(path: Path, *lines: Line) -> bytes:
    """A CUR 2.0 with these line items as Parquet: numbers are doubles, times are typed."""
    rows = [{**LINE, **line} for line in lines]
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: _typed(name, [row.get(name) for row in rows]) for name in names}
    pq.write_table(pa.table(columns), path)
    return path.read_bytes()


def _typed(name: str, values: list[Any]) -> pa.Array:
    if name in MAPS:
        pairs = [None if value is None else list(value.items()) for value in values]
        return pa.array(pairs, pa.map_(pa.string(), pa.string()))
    if name.endswith(("_start_date", "_end_date")):
        times = [value and datetime.fromisoformat(value).replace(tzinfo=None) for value in values]
        return pa.array(times, pa.timestamp("ms"))
    if any(word in name for word in ("_cost", "_amount", "_fee", "_commitment", "_quantity")):
        return pa.array([_double(value) for value in values], pa.float64())
    return pa.array(values, pa.string())


def _double(value: Any) -> float | None:
    return None if value in (None, "") else float(value)


def _legacy(line: Line) -> dict[str, Any]:
    """One line item under its legacy names; a tag is a column."""
    row: dict[str, Any] = {}
    for name, value in line.items():
        if name == "resource_tags":
            row |= {f"resourceTags/{_tag(key)}": each for key, each in value.items()}
        elif name == "cost_category":
            row |= {f"costCategory/{key}": each for key, each in value.items()}
        elif name == "product":
            row |= {"product/ProductName": value["product_name"]}
        else:
            row[_legacy_name(name)] = value
    return row


def _tag(key: str) -> str:
    owner, _, rest = key.partition("_")
    return f"{owner}:{rest}"


def _legacy_name(name: str) -> str:
    if name in _LEGACY:
        return _LEGACY[name]
    group = next(group for group in _GROUPS if name.startswith(f"{group}_"))
    words = name.removeprefix(f"{group}_").split("_")
    camel = "".join(word.capitalize() for word in words)
    return f"{_GROUPS[group]}/{camel}"
