"""Azure's actual and amortised cost are two views of one bill: joined, never added."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.azure_bills import QUERY, Pair, Row, a_pair, export, reservation, usage
from builders.bills import Bill
from builders.focus_cost import focus_cost
from quaestor import ledger
from quaestor.core.blind_spot import BlindSpot

SUMS = "select count(*), sum(BilledCost), sum(EffectiveCost) from focus.charge"
BOOKS = (
    "select count(*) from focus.file where rows_landed <> rows_loaded + rows_quarantined + "
    "rows_left_out or charges <> rows_loaded"
)
# Per account and period, what the files claim and what was charged.
CLAIMS = (
    "select sum(landed_billed_cost) filter (counts_billed), "
    "sum(landed_effective_cost) filter (counts_effective), sum(rows_left_out) from focus.control"
)
RECONCILIATION = (ledger.SQL / "plan" / "reconciliation.sql").read_text(encoding="utf-8")
DIFFERENCES = f"""
select billed_difference, effective_difference, rows_difference from ({RECONCILIATION})
where billed_difference <> 0 or effective_difference <> 0 or rows_difference <> 0
"""


class Reconciled(Bill):
    """A bill that must add up, by what its files claim, after every load."""

    def load(self) -> list[BlindSpot]:
        """Load, and hold the charges against the claims."""
        spots = super().load()
        assert self.warehouse.rows(DIFFERENCES) == []
        return spots


@pytest.fixture
def bill(tmp_path: Path) -> Bill:
    """A folder for exports, empty."""
    return Reconciled(tmp_path)


def write(bill: Bill, pair: Pair, *, actual: str = "actual.csv", amortised: str = "amort.csv"):
    """Put both exports into the folder."""
    bill.write(actual, export(*pair.actual))
    bill.write(amortised, export(*pair.amortised))


def joined(pair: Pair) -> tuple[int, Decimal, Decimal]:
    """What a pair must come to, by the rule: all amortised rows, and the purchases of actual."""
    bought = sum(row.get("ChargeType") in ("Purchase", "Refund") for row in pair.actual)
    return len(pair.amortised) + bought, Pair.total(pair.actual), Pair.total(pair.amortised)


def test_eleven_and_28_rows_become_29(bill: Bill):
    """All amortised rows, and the one purchase; either sum is that of its own export."""
    pair = a_pair()
    write(bill, pair)

    assert (len(pair.actual), len(pair.amortised)) == (11, 28)
    assert bill.load() == []
    assert bill.warehouse.row(SUMS) == joined(pair)
    assert joined(pair)[0] == 29


def test_books_and_claims_hold_for_a_pair(bill: Bill):
    """The actual file claims what was billed, the amortised one what it is worth."""
    pair = a_pair()
    write(bill, pair)
    bill.load()

    assert bill.warehouse.row(BOOKS) == (0,)
    assert bill.warehouse.row(CLAIMS) == (*joined(pair)[1:], 10)


@pytest.mark.parametrize("first", ["actual", "amort"])
def test_the_order_of_arrival_does_not_matter(bill: Bill, first: str):
    """Each half may come first, on another day."""
    pair = a_pair()
    rows = {"actual": pair.actual, "amort": pair.amortised}
    bill.write(f"{first}.csv", export(*rows[first]))
    bill.load()
    (second,) = set(rows) - {first}
    bill.write(f"{second}.csv", export(*rows[second]))

    assert bill.load() == []
    assert bill.warehouse.row(SUMS) == joined(pair)
    assert bill.warehouse.row(BOOKS) == (0,)
    assert bill.warehouse.row(CLAIMS) == (*joined(pair)[1:], 10)


def test_a_second_run_changes_nothing(bill: Bill):
    """What gave way is not read again while its other half is there."""
    write(bill, a_pair())
    bill.load()
    everything = "from focus.{} order by all"
    tables = ("charge", "file", "file_period", "control", "dataset")
    before = [bill.warehouse.rows(everything.format(table)) for table in tables]

    assert bill.load() == []
    assert [bill.warehouse.rows(everything.format(table)) for table in tables] == before


def test_actual_rows_come_back_when_the_amortised_file_leaves(bill: Bill):
    """The actual file alone is the bill again, and what it cannot tell is told."""
    pair = a_pair()
    write(bill, pair)
    bill.load()
    (bill.folder / "bills" / "amort.csv").unlink()
    spots = bill.load()

    assert bill.warehouse.row(SUMS) == (11, Pair.total(pair.actual), Decimal("2.16"))
    assert [(spot.period, spot.reason.split(" is ")[0]) for spot in spots] == [
        ("2026-10", "EffectiveCost of commitments")
    ]
    assert bill.warehouse.row(BOOKS) == (0,)


def test_a_newer_amortised_file_replaces_the_older(bill: Bill):
    """Exports are written anew each day; the actual rows give way to the newest."""
    pair = a_pair()
    write(bill, pair)
    bill.load()
    more = Pair(pair.actual, [*pair.amortised, reservation("0.125", day=12)])
    write(bill, more)

    assert bill.load() == []
    assert bill.warehouse.row(SUMS) == joined(more)
    assert bill.warehouse.row(BOOKS) == (0,)


def test_a_restated_actual_file_is_joined_anew(bill: Bill):
    """A late refund arrives in the actual export alone."""
    pair = a_pair()
    write(bill, pair)
    bill.load()
    more = Pair([*pair.actual, reservation(-65, kind="Refund")], pair.amortised)
    write(bill, more)

    assert bill.load() == []
    assert bill.warehouse.row(SUMS) == joined(more)


def test_amortised_cost_alone_lacks_the_purchases(bill: Bill):
    """What was billed for commitments is in the other export; that is told, not guessed."""
    pair = a_pair()
    bill.write("cost.csv", export(*pair.amortised))
    spots = bill.load()

    assert bill.warehouse.row(SUMS)[2] == Pair.total(pair.amortised)
    assert [spot.reason.split(":")[0] for spot in spots] == [
        "BilledCost lacks the purchases of commitments"
    ]


def test_without_commitments_one_export_tells_all(bill: Bill):
    """There is nothing that the other could add."""
    bill.write("actual.csv", export(usage("1.5"), usage("2")))

    assert bill.load() == []
    assert bill.warehouse.row(SUMS) == (2, Decimal("3.5"), Decimal("3.5"))


@pytest.mark.parametrize(
    ("actual", "amortised"),
    [("one.csv", "two.csv"), ("Daily-ActualCost.csv", "Daily-AmortizedCost.csv")],
)
def test_files_are_told_apart_by_name_or_by_content(bill: Bill, actual: str, amortised: str):
    """An amortised file has unused parts, or a cost for what a commitment covers."""
    pair = a_pair()
    write(bill, pair, actual=actual, amortised=amortised)

    assert bill.load() == []
    assert bill.warehouse.row(SUMS) == joined(pair)


def test_months_and_subscriptions_without_an_other_half_stay(bill: Bill):
    """An amortised export of one subscription takes nothing from another's."""
    pair = a_pair()
    other = usage(7, SubscriptionId="sub-2")
    earlier = usage(8, BillingPeriodStartDate="09/01/2026", BillingPeriodEndDate="09/30/2026") | {
        "Date": "09/30/2026"
    }
    write(bill, Pair([*pair.actual, other, earlier], pair.amortised))
    bill.load()
    rows, billed, effective = joined(pair)

    assert bill.warehouse.row(SUMS) == (rows + 2, billed + 15, effective + 15)


def test_days_that_the_amortised_export_lacks_stay_actual(bill: Bill):
    """It may have been written some days before the actual one."""
    pair = a_pair()
    write(bill, Pair([*pair.actual, usage(9, day=20)], pair.amortised))
    bill.load()
    rows, billed, effective = joined(pair)

    assert bill.warehouse.row(SUMS) == (rows + 1, billed + 9, effective + 9)


@pytest.mark.parametrize("first", ["actual", "amort"])
def test_halves_of_other_days_add_up_in_any_order(bill: Bill, first: str):
    """Of each day the half that counts it claims it, whichever half comes, or leaves, first."""
    pair = a_pair()
    rows = {
        "actual": [*pair.actual, usage(9, day=20)],
        "amort": [*pair.amortised, usage(4, day=21), reservation("0.5", day=22)],
    }
    (second,) = set(rows) - {first}
    for name in (first, second):
        bill.write(f"{name}.csv", export(*rows[name]))
        bill.load()
    count, billed, effective = joined(pair)

    assert bill.warehouse.row(SUMS) == (
        count + 3,
        billed + 13,
        effective + 9 + 4 + Decimal("0.5"),
    )
    (bill.folder / "bills" / f"{first}.csv").unlink()
    bill.load()
    assert bill.warehouse.row(SUMS)[0] == len(rows[second])


def test_a_day_that_a_restated_half_lacks_counts_from_the_other(bill: Bill):
    """Claims are what the files of today say, not those of yesterday."""
    pair = a_pair()
    both = usage(9, day=20)
    write(bill, Pair([*pair.actual, both], [*pair.amortised, both]))
    bill.load()
    write(bill, Pair(pair.actual, [*pair.amortised, both]))
    bill.load()
    write(bill, Pair([*pair.actual, both], pair.amortised))
    bill.load()
    count, billed, effective = joined(pair)

    assert bill.warehouse.row(SUMS) == (count + 1, billed + 9, effective + 9)


def test_halves_that_disagree_on_a_day_are_told(tmp_path: Path):
    """What no commitment covers stands in both; where one lacks a row, the bill is wrong."""
    bill = Bill(tmp_path)
    pair = a_pair()
    day = int(pair.actual[0]["Date"].split("/")[1])
    write(bill, Pair(pair.actual, [*pair.amortised, usage(5, day=day)]))
    bill.load()

    assert bill.warehouse.rows(DIFFERENCES) == [(-5, 0, 0)]


def test_a_charge_that_is_lost_is_told(tmp_path: Path):
    """Claims are read from the files, not from the charges."""
    bill = Bill(tmp_path)
    write(bill, a_pair())
    bill.load()
    bill.warehouse.run("delete from focus.charge where ChargeCategory = 'Purchase'")

    assert [row[0] for row in bill.warehouse.rows(DIFFERENCES)] == [365]


def test_answers_of_the_query_api_are_joined_too(bill: Bill):
    """The CSV says which dataset was asked for."""
    covered = {"PricingModel": "Reservation"}
    actual = [{}, {**covered, "Cost": "0"}, {**covered, "Cost": "365", "ChargeType": "Purchase"}]
    amortised = [
        {"dataset": "AmortizedCost", **row}
        for row in ({}, {**covered, "Cost": "1"}, {"Cost": "2", "UsageDate": "20261006"})
    ]
    bill.write("a.csv", export(*actual, like=QUERY))
    bill.write("b.csv", export(*amortised, like=QUERY))

    assert bill.load() == []
    assert bill.warehouse.row(SUMS) == (4, Decimal("368.5"), Decimal("4.5"))
    assert bill.values("ChargePeriodStart::date::varchar, BillingPeriodEnd::date::varchar")[-1] == (
        "2026-10-06",
        "2026-11-01",
    )


def test_query_answers_say_nothing_they_do_not_know(bill: Bill):
    """The API knows no price and no quantity."""
    bill.write("a.csv", export({}, like=QUERY))
    bill.load()

    assert bill.values(
        "ListCost, ContractedCost, PricingQuantity, ServiceName, ServiceCategory, ResourceType"
    ) == [(None, None, None, "Storage", "Storage", "microsoft.compute/disks")]


def test_a_focus_export_of_the_same_days_replaces_both(bill: Bill):
    """FocusCost is both in one; beside it, in one folder, nothing may be counted twice."""
    pair = a_pair()
    write(bill, pair)
    same = {
        **focus_cost("1.2"),
        "SubAccountId": "/subscriptions/SUB-1",
        "ChargePeriodStart": "2026-10-05T00:00:00Z",
        "BilledCost": "100",
        "EffectiveCost": "50",
    }
    bill.write("focus.csv", export(same, like={}))
    bill.load()
    others = Pair(
        [row for row in pair.actual if row["Date"] != "10/05/2026"],
        [row for row in pair.amortised if row["Date"] != "10/05/2026"],
    )
    _, billed, effective = joined(others)

    assert bill.warehouse.row(SUMS)[1:] == (billed + 100, effective + 50)
    assert bill.warehouse.row(BOOKS) == (0,)


def test_cost_details_come_back_when_the_focus_export_leaves(bill: Bill):
    """They are read again, and are the bill."""
    bill.write("details.csv", export(usage(7)))
    bill.write("focus.csv", export({**focus_cost("1.0"), "SubAccountId": "sub-1"}, like={}))
    bill.load()
    assert bill.values("BilledCost") == [(Decimal(0),)]

    (bill.folder / "bills" / "focus.csv").unlink()
    bill.load()

    assert bill.values("BilledCost") == [(Decimal(7),)]
    assert bill.warehouse.row(BOOKS) == (0,)


CENTS = st.decimals("-5", "50", places=12, allow_nan=False).map(lambda d: f"{d:f}")
DAYS = st.integers(1, 28)
MODELS = st.sampled_from(["Reservation", "SavingsPlan"])


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """A matched pair: what no commitment covers stands in both exports, on the same days."""
    plain = [usage(cost, day=day) for cost, day in draw(st.lists(st.tuples(CENTS, DAYS)))]
    used = draw(st.lists(st.tuples(CENTS, DAYS, MODELS, st.booleans())))
    bought = draw(st.lists(st.tuples(CENTS, DAYS, MODELS, st.sampled_from(["Purchase", "Refund"]))))
    covered: list[Row] = [
        reservation(0, day=day, model=model) for _, day, model, own in used if own
    ]
    worth = [
        reservation(cost, day=day, model=model, kind="Usage" if own else _unused(model))
        for cost, day, model, own in used
    ]
    paid = [reservation(cost, day=day, model=model, kind=kind) for cost, day, model, kind in bought]
    return Pair([*plain, *covered, *paid], [*plain, *worth])


def _unused(model: str) -> str:
    return f"Unused{model}"


@settings(max_examples=25)
@given(pairs())
def test_any_pair_adds_up_on_both_sides(pair: Pair):
    """BilledCost is the total of actual cost, EffectiveCost of amortised, to the last digit."""
    with tempfile.TemporaryDirectory() as folder:
        bill = Reconciled(Path(folder))
        write(bill, pair)
        bill.load()
        _, billed, effective = joined(pair)

        assert bill.warehouse.row(
            "select coalesce(sum(BilledCost), 0), coalesce(sum(EffectiveCost), 0) from focus.charge"
        ) == (billed, effective)
        assert bill.warehouse.row(BOOKS) == (0,)
