"""Google Cloud's billing export, standard or detailed: nested as BigQuery has it, or flattened.

A nested column `service` with a member `id`, and a flat one called `service.id` or `service_id`,
are all `service_id` here.
"""

from __future__ import annotations

from quaestor.normalise.format import LOST_DIGITS, MONEY, TEXT, TIME, Format

_TEXTS = ("billing_account_id", "currency", "cost_type", "transaction_type", "seller_name")
_LISTS = ("labels", "tags", "system_labels", "project_labels", "project_ancestors")
_ACCOUNTS = ("billing_account_id", "project_id")
_TIMES = ("usage_start_time", "usage_end_time", "export_time")
_NUMBERS = (
    *("cost", "cost_at_list", "cost_at_effective_price_default", "cost_at_list_consumption_model"),
    "currency_conversion_rate",
)
# Members of nested columns.
_INSIDE_TEXTS = {
    "service": ("id", "description"),
    "sku": ("id", "description"),
    "project": ("id", "number", "name", "labels", "ancestry_numbers", "ancestors"),
    "location": ("location", "country", "region", "zone"),
    "usage": ("unit", "pricing_unit"),
    "invoice": ("month", "publisher_type"),
    "adjustment_info": ("id", "description", "mode", "type"),
    "resource": ("name", "global_name"),
    "subscription": ("instance_id",),
    "consumption_model": ("id", "description"),
    "price": ("unit",),
}
_INSIDE_NUMBERS = {
    "usage": ("amount", "amount_in_pricing_units"),
    "price": (
        *("effective_price", "effective_price_default", "list_price"),
        *("tier_start_amount", "pricing_unit_quantity"),
    ),
}


def spelling(name: str) -> str:
    """Return a column's name as flattening with underscores has it.

    >>> spelling("service.description"), spelling("Usage_Start_Time")
    ('service_description', 'usage_start_time')
    """
    return name.casefold().replace(".", "_")


def _flat(nested: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, str]]:
    """Return for each member the name of the column that it is when it stands by itself."""
    return {f"{outer}_{key}": (outer, key) for outer, keys in nested.items() for key in keys}


FORMAT = Format(
    name="gcp-export",
    title="Google Cloud billing export",
    columns={
        **dict.fromkeys((*_TEXTS, *_LISTS, "credits", *_flat(_INSIDE_TEXTS)), TEXT),
        **dict.fromkeys(_TIMES, TIME),
        **dict.fromkeys((*_NUMBERS, *_flat(_INSIDE_NUMBERS)), MONEY),
    },
    required=("cost", "usage_start_time", "invoice_month"),
    vital=("credits",),
    signatures=tuple(
        frozenset({"billing_account_id", "usage_start_time", "cost", invoice})
        for invoice in ("invoice", "invoice_month")
    ),
    spelling=spelling,
    inside={**_flat(_INSIDE_TEXTS), **_flat(_INSIDE_NUMBERS)},
    readers={
        **dict.fromkeys(_ACCOUNTS, "account_id"),
        **dict.fromkeys(_LISTS, "gcp_list"),
        "credits": "gcp_credits",
        "invoice_month": "gcp_month",
    },
    complaints={
        **dict.fromkeys(_ACCOUNTS, LOST_DIGITS),
        **dict.fromkeys(_LISTS, "is not a list of keys and values"),
        "credits": "is not a list of credits with amounts",
        "invoice_month": "is not a month as in 202611",
    },
    macros=("gcp_macros.sql",),
    period=("usage_start_time", "usage_end_time"),
    select="gcp_export.sql",
    control="gcp_export_control.sql",
    fix="Export the standard or detailed usage cost table with all columns",
)
