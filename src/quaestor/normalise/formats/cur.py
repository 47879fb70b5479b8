"""AWS Cost and Usage Reports: legacy (slash names), as Athena spells it, and CUR 2.0.

The columns go by their names in CUR 2.0. Tags and cost categories are a MAP there (JSON in its
CSV), and columns of their own in the legacy report.
"""

from __future__ import annotations

import re

from quaestor.normalise.format import LOST_DIGITS, MONEY, TEXT, TIME, Format
from quaestor.normalise.formats import cur_net

_TEXTS = (
    "bill_billing_entity",
    "bill_invoice_id",
    "bill_invoicing_entity",
    "bill_payer_account_id",
    "bill_payer_account_name",
    "capacity_reservation_capacity_reservation_arn",
    "capacity_reservation_capacity_reservation_status",
    "cost_category",
    "discount",
    "line_item_availability_zone",
    "line_item_currency_code",
    "line_item_legal_entity",
    "line_item_line_item_description",
    "line_item_line_item_type",
    "line_item_operation",
    "line_item_product_code",
    "line_item_resource_id",
    "line_item_usage_account_id",
    "line_item_usage_account_name",
    "line_item_usage_type",
    "pricing_currency",
    "pricing_rate_code",
    "pricing_term",
    "pricing_unit",
    "product_instance_type",
    "product_location",
    "product_product_name",
    "product_region",
    "product_region_code",
    "product_servicecode",
    "product_sku",
    "reservation_reservation_a_r_n",
    "reservation_reservation_arn",
    "resource_tags",
    "savings_plan_offering_type",
    "savings_plan_savings_plan_a_r_n",
    "savings_plan_savings_plan_arn",
    # What the legacy report writes as one column each.
    "legacy_resource_tags",
    "legacy_cost_category",
)
_TIMES = (
    "bill_billing_period_start_date",
    "bill_billing_period_end_date",
    "line_item_usage_start_date",
    "line_item_usage_end_date",
)
# What decides what a row costs.
_COSTS = (
    "line_item_net_unblended_cost",
    "line_item_unblended_cost",
    "reservation_amortized_upfront_cost_for_usage",
    "reservation_effective_cost",
    "reservation_net_effective_cost",
    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "reservation_net_unused_recurring_fee",
    "reservation_recurring_fee_for_usage",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_recurring_fee",
    "savings_plan_net_savings_plan_effective_cost",
    "savings_plan_savings_plan_effective_cost",
    "savings_plan_total_commitment_to_date",
    "savings_plan_used_commitment",
)
_NUMBERS = (
    "line_item_usage_amount",
    "pricing_public_on_demand_cost",
    "pricing_public_on_demand_rate",
    "reservation_total_reserved_units",
    "reservation_unused_quantity",
)
_ACCOUNTS = ("bill_payer_account_id", "line_item_usage_account_id")
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def spelling(name: str) -> str:
    """Return a column's name as CUR 2.0 writes it, or as Athena does where it has none.

    >>> spelling("lineItem/UnblendedCost"), spelling("savingsPlan/SavingsPlanARN")
    ('line_item_unblended_cost', 'savings_plan_savings_plan_a_r_n')
    >>> spelling("pricing/publicOnDemandCost"), spelling("Line_Item_Usage_Type")
    ('pricing_public_on_demand_cost', 'line_item_usage_type')
    """
    if "/" not in name:
        return name.casefold()
    return "_".join(_CAPITAL.sub("_", part).lower() for part in name.split("/"))


def _gathered(legacy: str, athena: str) -> tuple[str | tuple[str, str], ...]:
    """Return the prefixes of columns that are one key each; users' keys go without theirs."""
    return (
        f"{legacy}/user:",
        f"{legacy}/",
        f"{athena}_user_",
        (f"{athena}_aws_", "aws:"),
        f"{athena}_",
    )


FORMAT = Format(
    name="cur",
    title="AWS Cost and Usage Report",
    columns={
        **dict.fromkeys(_TEXTS, TEXT),
        **dict.fromkeys(_TIMES, TIME),
        **dict.fromkeys((*_COSTS, *_NUMBERS), MONEY),
    },
    required=(
        "line_item_unblended_cost",
        "line_item_usage_start_date",
        "bill_billing_period_start_date",
    ),
    vital=_COSTS,
    signatures=(
        frozenset({"line_item_line_item_type", "line_item_usage_start_date"}),
        frozenset({"line_item_unblended_cost", "line_item_usage_start_date"}),
    ),
    spelling=spelling,
    gathered={
        "legacy_resource_tags": _gathered("resourceTags", "resource_tags"),
        "legacy_cost_category": ("costCategory/", "cost_category_"),
    },
    inside={"product_product_name": ("product", "product_name")},
    readers=dict.fromkeys(_ACCOUNTS, "account_id"),
    complaints=dict.fromkeys(_ACCOUNTS, LOST_DIGITS),
    doubt="cur_doubt(line_item_line_item_type, cur_plan_cost("
    "savings_plan_net_savings_plan_effective_cost, savings_plan_savings_plan_effective_cost), "
    "cur_reservation_cost(reservation_net_effective_cost, reservation_effective_cost, "
    "reservation_amortized_upfront_cost_for_usage, reservation_recurring_fee_for_usage), "
    "savings_plan_total_commitment_to_date, savings_plan_used_commitment, "
    "coalesce(reservation_net_unused_recurring_fee, reservation_unused_recurring_fee, "
    "reservation_net_unused_amortized_upfront_fee_for_billing_period, "
    "reservation_unused_amortized_upfront_fee_for_billing_period))",
    macros=("aws_macros.sql", "cur_macros.sql"),
    period=("line_item_usage_start_date", "line_item_usage_end_date"),
    select="cur.sql",
    control="cur_control.sql",
    fix="Export all columns of the Cost and Usage Report",
    dataset=cur_net.NET_IF,
    after=cur_net.settle,
)
