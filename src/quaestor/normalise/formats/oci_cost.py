"""Oracle's cost reports, as they lie in the tenancy's bucket; its FOCUS reports are FOCUS."""

from __future__ import annotations

import re

from quaestor.normalise.format import LOST_DIGITS, MONEY, TEXT, TIME, Format

_TEXTS = (
    *("line_item_reference_no", "line_item_backreference_no", "line_item_is_correction"),
    *("line_item_tenant_id", "product_service", "product_description", "product_region"),
    *("product_compartment_id", "product_compartment_name", "product_availability_domain"),
    *("product_resource_id", "cost_subscription_id", "cost_product_sku", "cost_currency_code"),
    *("cost_billing_unit_readable", "cost_sku_unit_description", "cost_overage_flag", "tags"),
)
_ACCOUNTS = ("line_item_tenant_id", "product_compartment_id")
_TIMES = ("line_item_interval_usage_start", "line_item_interval_usage_end")
_NUMBERS = (
    *("cost_my_cost", "cost_my_cost_overage", "cost_unit_price", "cost_unit_price_overage"),
    *("usage_billed_quantity", "usage_billed_quantity_overage"),
)
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def spelling(name: str) -> str:
    """Return a column's name in lower case, its words apart.

    >>> spelling("lineItem/backreferenceNo"), spelling("product/Description")
    ('line_item_backreference_no', 'product_description')
    """
    return _CAPITAL.sub("_", name.replace("/", "_")).lower()


FORMAT = Format(
    name="oci-cost",
    title="Oracle Cloud cost report",
    columns={
        **dict.fromkeys(_TEXTS, TEXT),
        **dict.fromkeys(_TIMES, TIME),
        **dict.fromkeys(_NUMBERS, MONEY),
    },
    required=("cost_my_cost", "line_item_interval_usage_start"),
    signatures=(frozenset({"cost_my_cost", "line_item_interval_usage_start"}),),
    spelling=spelling,
    readers=dict.fromkeys(_ACCOUNTS, "account_id"),
    complaints=dict.fromkeys(_ACCOUNTS, LOST_DIGITS),
    gathered={"tags": ("tags/",)},
    macros=("oci_macros.sql",),
    period=("line_item_interval_usage_start", "line_item_interval_usage_end"),
    select="oci_cost.sql",
    control="oci_cost_control.sql",
    fix="Take the cost report, not the usage report, which has no cost",
)
