"""Whatever a month of AWS holds: billed is the invoice, and effective is billed in the end."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from builders.bills import Bill
from builders.curs import PLAN, RESERVATION, legacy_csv

Line = dict[str, Any]
MONEY = st.decimals(min_value=0, max_value=9999, places=10)
SHARES = st.lists(MONEY, max_size=4)


def line(kind: str, cost: Decimal, **more: Any) -> Line:
    return {"line_item_line_item_type": kind, "line_item_unblended_cost": f"{cost:f}", **more}


def text(**costs: Decimal) -> dict[str, str]:
    return {name: f"{cost:f}" for name, cost in costs.items()}


@st.composite
def simple(draw: st.DrawFn) -> list[Line]:
    """On-demand use, tax, credits, refunds, fees and discounts: what they are is what they cost."""
    kind = draw(st.sampled_from(["Usage", "Tax", "Credit", "Refund", "Fee", "EdpDiscount"]))
    sign = -1 if kind in ("Credit", "Refund", "EdpDiscount") else 1
    return [line(kind, sign * draw(MONEY))]


@st.composite
def savings_plan(draw: st.DrawFn) -> list[Line]:
    """An hour of a plan: a fee, its use and negations; paid by the hour, or at once before."""
    named = {"savings_plan_savings_plan_a_r_n": PLAN}
    lines, used = [], Decimal(0)
    for effective in draw(SHARES):
        on_demand = draw(MONEY)
        share = text(savings_plan_savings_plan_effective_cost=effective)
        lines.append(line("SavingsPlanCoveredUsage", on_demand, **named, **share))
        lines.append(line("SavingsPlanNegation", -on_demand, **named))
        used += effective
    commitment = used + draw(st.one_of(st.just(Decimal(0)), MONEY))
    upfront = draw(st.booleans())
    stated = text(
        savings_plan_total_commitment_to_date=commitment, savings_plan_used_commitment=used
    )
    by_the_hour = Decimal(0) if upfront else commitment
    lines.append(line("SavingsPlanRecurringFee", by_the_hour, **named, **stated))
    if upfront:
        lines.append(line("SavingsPlanUpfrontFee", commitment, **named))
    return lines


@st.composite
def reservation(draw: st.DrawFn) -> list[Line]:
    """A month of a reservation: its use, a monthly fee with what nobody used, an upfront fee."""
    named = {"reservation_reservation_a_r_n": RESERVATION}
    used = draw(SHARES)
    lines = [
        line("DiscountedUsage", Decimal(0), **named, **text(reservation_effective_cost=cost))
        for cost in used
    ]
    upfront, recurring = draw(MONEY), draw(MONEY)
    stated = text(
        reservation_unused_amortized_upfront_fee_for_billing_period=upfront,
        reservation_unused_recurring_fee=recurring,
    )
    paid_before = draw(st.booleans())
    paid = sum(used, upfront + recurring)
    lines.append(line("RIFee", Decimal(0) if paid_before else paid, **named, **stated))
    if paid_before:
        lines.append(line("Fee", paid, **named))
    return lines


MONTH = st.lists(st.one_of(simple(), savings_plan(), reservation()), min_size=1, max_size=8)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(month=MONTH, broken=st.integers(0, 2))
def test_a_month_is_its_invoice_and_in_the_end_its_use(month: list[list[Line]], broken: int):
    """The window holds every purchase and all that it covered; rows that are no money wait."""
    lines = [each for lines in month for each in lines]
    invoice = sum((Decimal(each["line_item_unblended_cost"]) for each in lines), Decimal(0))
    left_out = sum(each["line_item_line_item_type"] == "SavingsPlanNegation" for each in lines)
    unreadable = [{"line_item_unblended_cost": "1,5"}] * broken
    with TemporaryDirectory() as folder:
        bill = Bill(Path(folder))
        bill.write("cur.csv", legacy_csv(*lines, *unreadable))
        bill.load()
        sums = bill.warehouse.row("select sum(BilledCost), sum(EffectiveCost) from focus.charge")
        claimed = bill.warehouse.row(
            "select sum(landed_billed_cost), sum(landed_effective_cost) from focus.control"
        )
        rows = bill.warehouse.row(
            "select rows_landed, rows_loaded, rows_quarantined, rows_left_out from focus.file"
        )
        bill.warehouse.close()

    nothing = None if left_out == len(lines) else Decimal(0)
    assert sums == (invoice or nothing, invoice or nothing)
    assert claimed == (invoice, invoice)
    assert rows == (len(lines) + broken, len(lines) - left_out, broken, left_out)
