"""FOCUS 1.0 to 1.4, whoever exports it: columns are taken as they are, unknown ones as `x_`."""

from __future__ import annotations

from quaestor.normalise.format import LOST_DIGITS, MONEY, TEXT, TIME, Format

REQUIRED = ("BilledCost", "EffectiveCost", "BillingPeriodStart", "ChargePeriodStart")
ACCOUNTS = ("BillingAccountId", "SubAccountId")
FORMAT = Format(
    name="focus",
    title="FOCUS",
    # What its SELECTs name; every other column of focus.charge is taken too.
    columns={
        "BilledCost": MONEY,
        "EffectiveCost": MONEY,
        "BillingPeriodStart": TIME,
        "BillingAccountId": TEXT,
        "SubAccountId": TEXT,
        "BillingCurrency": TEXT,
    },
    required=REQUIRED,
    signatures=tuple(
        frozenset({"chargeperiodstart", column}) for column in ("billedcost", "effectivecost")
    ),
    readers={"Tags": "in_braces", **dict.fromkeys(ACCOUNTS, "account_id")},
    complaints=dict.fromkeys(ACCOUNTS, LOST_DIGITS),
    period=("ChargePeriodStart", "ChargePeriodEnd"),
    select="focus.sql",
    control="focus_control.sql",
    fix="Export FOCUS 1.0 or later",
    keeps_unknown=True,
)
