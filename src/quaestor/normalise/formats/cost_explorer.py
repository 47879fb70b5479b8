"""Cost Explorer's answers, as `collect` lands them for accounts without exports.

The columns are HEADER, in this order; every value is as the API gave it. Cost Explorer groups by
two things at most, so that of the groups only two are filled on a row. An absent metric is empty.
"""

from __future__ import annotations

from quaestor.normalise.format import MONEY, TEXT, TIME, Format

HEADER = (
    "time_period_start",  # ResultsByTime[].TimePeriod.Start, a day
    "time_period_end",  # exclusive, as Cost Explorer gives it
    "estimated",  # true until the month is closed
    "linked_account",  # by the dimension LINKED_ACCOUNT
    "linked_account_name",  # its `description` among DimensionValueAttributes
    "service",  # by the dimension SERVICE
    "record_type",  # by the dimension RECORD_TYPE; Usage where only use was asked for
    "tag_key",  # by a tag: its key, and its value, which the API writes as `key$value`
    "tag_value",
    "unblended_cost",  # Metrics.UnblendedCost.Amount, and so on
    "amortized_cost",
    "net_unblended_cost",
    "net_amortized_cost",
    "currency",  # Metrics.UnblendedCost.Unit
    "usage_quantity",
    "usage_unit",  # Metrics.UsageQuantity.Unit
)
_TYPES = dict.fromkeys(HEADER, TEXT)
_TYPES |= dict.fromkeys(("time_period_start", "time_period_end"), TIME)
_COSTS = ("unblended_cost", "amortized_cost", "net_unblended_cost", "net_amortized_cost")
_TYPES |= dict.fromkeys((*_COSTS, "usage_quantity"), MONEY)

FORMAT = Format(
    name="cost-explorer",
    title="AWS Cost Explorer",
    columns=_TYPES,
    required=("time_period_start", "unblended_cost", "amortized_cost"),
    vital=("net_unblended_cost", "net_amortized_cost"),
    signatures=(frozenset({"time_period_start", "unblended_cost", "amortized_cost"}),),
    period=("time_period_start", "time_period_end"),
    select="cost_explorer.sql",
    control="cost_explorer_control.sql",
    fix="Collect it again",
    macros=("aws_macros.sql",),
)
