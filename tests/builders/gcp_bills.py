"""Builders: Google Cloud's billing export, nested as BigQuery extracts it and flattened."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Row = Mapping[str, Any]
ROW: Row = {
    "billing_account_id": "0A1B2C-000000-FFFFFF",
    "service": {"id": "6F81-5844-456A", "description": "Compute Engine"},
    "sku": {"id": "2E27-4F75-95CD", "description": "N2 Instance Core running in Americas"},
    "usage_start_time": "2026-10-05 03:00:00 UTC",
    "usage_end_time": "2026-10-05 04:00:00 UTC",
    "project": {
        "id": "research",
        "number": "1234",
        "name": "Research",
        "labels": [{"key": "team", "value": "nlp"}],
        "ancestry_numbers": "/1/2/",
        "ancestors": [{"resource_name": "projects/1234", "display_name": "Research"}],
    },
    "labels": [{"key": "stage", "value": "train"}],
    "system_labels": [
        {"key": "compute.googleapis.com/machine_spec", "value": "n2-standard-8"},
        {"key": "compute.googleapis.com/cores", "value": "8"},
        {"key": "compute.googleapis.com/memory", "value": "32768"},
    ],
    "location": {
        "location": "us-central1",
        "country": "US",
        "region": "us-central1",
        "zone": "us-central1-a",
    },
    "tags": [{"key": "env", "value": "prod", "inherited": False, "namespace": "1"}],
    "transaction_type": "GOOGLE",
    "seller_name": None,
    "export_time": "2026-10-05 07:12:00.500000 UTC",
    "cost": "1.5",
    "currency": "USD",
    "currency_conversion_rate": "1",
    "usage": {
        "amount": "3600",
        "unit": "seconds",
        "amount_in_pricing_units": "1",
        "pricing_unit": "hour",
    },
    "credits": [],
    "invoice": {"month": "202610", "publisher_type": "GOOGLE"},
    "cost_type": "regular",
    "adjustment_info": {"id": None, "description": None, "mode": None, "type": None},
    "price": {
        "effective_price": "1.5",
        "tier_start_amount": "0",
        "unit": "hour",
        "pricing_unit_quantity": "1",
    },
    "cost_at_list": "2",
    "resource": {
        "name": "gpu-1",
        "global_name": "//compute.googleapis.com/projects/1234/zones/us-central1-a/instances/77",
    },
    "subscription": {"instance_id": None},
    "consumption_model": {"id": None, "description": None},
}
# FLOAT64 in BigQuery: bare in its JSON. NUMERIC is text there, and a decimal in Parquet.
FLOATS = ("cost", "currency_conversion_rate")
_FLOATS_INSIDE = ("amount", "amount_in_pricing_units")
_TIMES = ("usage_start_time", "usage_end_time", "export_time")


def row(**changes: Any) -> dict[str, Any]:
    """A row of the export that says something else; a nested column keeps its other members."""
    changed = dict(ROW)
    for name, value in changes.items():
        old = changed.get(name)
        changed[name] = {**old, **value} if isinstance(old, dict) and value else value
    return changed


def credit(kind: str | None, amount: str, name: str = "a credit") -> dict[str, Any]:
    """One credit of a row."""
    return {"name": name, "amount": amount, "full_name": None, "id": name, "type": kind}


def json_lines(*rows: Row) -> str:
    """The rows as BigQuery extracts them: one object a line, without what is null."""
    return "".join(f"{_object(one)}\n" for one in rows)


def _object(value: Any, name: str = "") -> str:
    if isinstance(value, Mapping):
        members = (
            f"{json.dumps(key)}:{_object(member, key)}"
            for key, member in value.items()
            if member is not None
        )
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_object(one) for one in value) + "]"
    if name in (*FLOATS, *_FLOATS_INSIDE):
        return str(value)  # with all its digits, as no double would print them
    return json.dumps(value)


def csv_flat(*rows: Row, separator: str = ".", python: bool = False) -> str:
    """The rows flattened; lists are JSON, or the Python literals that pandas writes."""
    written = repr if python else json.dumps
    flat = [_flat(one, separator) for one in rows]
    names = list(dict.fromkeys(name for one in flat for name in one))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n", restval="")
    writer.writeheader()
    for one in flat:
        writer.writerow(
            {
                name: written(value) if isinstance(value, list) else value
                for name, value in one.items()
            }
        )
    return out.getvalue()


def _flat(one: Row, separator: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in one.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}{separator}{key}": member for key, member in value.items()}
        else:
            flat[name] = value
    return flat


def _pairs(*more: tuple[str, pa.DataType]) -> pa.DataType:
    return pa.list_(pa.struct([("key", pa.string()), ("value", pa.string()), *more]))


def _texts(*names: str) -> pa.DataType:
    return pa.struct([(name, pa.string()) for name in names])


_MONEY = pa.decimal128(38, 9)
_CREDIT = pa.struct(
    [
        ("name", pa.string()),
        ("amount", pa.float64()),
        *((name, pa.string()) for name in ("full_name", "id", "type")),
    ]
)
_TYPES: dict[str, pa.DataType] = {
    "service": _texts("id", "description"),
    "sku": _texts("id", "description"),
    "project": pa.struct(
        [
            *((name, pa.string()) for name in ("id", "number", "name")),
            ("labels", _pairs()),
            ("ancestry_numbers", pa.string()),
            ("ancestors", pa.list_(_texts("resource_name", "display_name"))),
        ]
    ),
    "labels": _pairs(),
    "system_labels": _pairs(),
    "tags": _pairs(("inherited", pa.bool_()), ("namespace", pa.string())),
    "location": _texts("location", "country", "region", "zone"),
    "usage": pa.struct(
        [
            ("amount", pa.float64()),
            ("unit", pa.string()),
            ("amount_in_pricing_units", pa.float64()),
            ("pricing_unit", pa.string()),
        ]
    ),
    "credits": pa.list_(_CREDIT),
    "invoice": _texts("month", "publisher_type"),
    "adjustment_info": _texts("id", "description", "mode", "type"),
    "price": pa.struct(
        [
            ("effective_price", _MONEY),
            ("tier_start_amount", _MONEY),
            ("unit", pa.string()),
            ("pricing_unit_quantity", _MONEY),
        ]
    ),
    "resource": _texts("name", "global_name"),
    "subscription": _texts("instance_id"),
    "consumption_model": _texts("id", "description"),
    "cost_at_list": _MONEY,
    **dict.fromkeys(FLOATS, pa.float64()),
    **dict.fromkeys(_TIMES, pa.timestamp("us", tz="UTC")),
}


def parquet(*rows: Row, bare_lists: bool = True) -> bytes:
    """The rows as BigQuery extracts them: doubles, decimals, times, structs and lists.

    Without `bare_lists` a list is a struct of one member, as it is without list inference.
    """
    arrays = {}
    for name in ROW:
        kind = _TYPES.get(name, pa.string())
        values = [_typed(one.get(name), kind) for one in rows]
        array = pa.array(values, kind)
        if pa.types.is_list(kind) and not bare_lists:
            wrapped = pa.struct([("list", pa.list_(pa.struct([("element", kind.value_type)])))])
            lists = [{"list": [{"element": one} for one in value or []]} for value in values]
            array = pa.array(lists, wrapped)
        arrays[name] = array
    out = io.BytesIO()
    pq.write_table(pa.table(arrays), out)
    return out.getvalue()


def _typed(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_struct(kind):
        return {field.name: _typed(value.get(field.name), field.type) for field in kind}
    if pa.types.is_list(kind):
        return [_typed(one, kind.value_type) for one in value]
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(value.removesuffix(" UTC")).replace(tzinfo=UTC)
    if pa.types.is_decimal(kind):
        return Decimal(value)
    return float(value) if pa.types.is_floating(kind) else value
