"""What bills mean, whatever their format: promises on FOCUS rows, from the file to the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from builders.bills import csv_text
from quaestor import pipeline
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.config import Config, FilesSource
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 21, 6)
Charge = Mapping[str, str]


@dataclass
class Books:
    """A folder of exports, collected and built by the pipeline."""

    folder: Path
    rates: str | None = None

    def write(self, name: str, *charges: Charge) -> None:
        (self.folder / "bills").mkdir(exist_ok=True)
        (self.folder / "bills" / name).write_text(csv_text(*charges))

    def remove(self, name: str) -> None:
        (self.folder / "bills" / name).unlink()

    def build(self) -> tuple[BlindSpot, ...]:
        source = FilesSource(name="bill", path="bills")
        config = Config(sources=(source,), base=str(self.folder), rates=self.rates)
        assert pipeline.collect(config, now=NOW, progress=str) == []
        path = self.folder / "quaestor.duckdb"
        return pipeline.build(config, path, now=NOW, progress=str).blind_spots

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with Warehouse(self.folder / "quaestor.duckdb", read_only=True) as warehouse:
            return warehouse.rows(sql)

    def net(self, by: str = "ResourceId") -> dict[object, tuple[Decimal, Decimal]]:
        """Billed and effective cost by a column of the charges; what nets to zero is left out."""
        found = self.rows(
            f"select {by}, sum(BilledCost), sum(EffectiveCost) from focus.charge group by 1"
        )
        return {key: (billed, used) for key, billed, used in found if billed or used}


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """Nothing exported yet."""
    return Books(tmp_path)


def cost(amount: str, effective: str | None = None, **more: str) -> Charge:
    """A charge of October, used as it is billed unless `effective` is given."""
    used = amount if effective is None else effective
    return {
        "BilledCost": amount,
        "EffectiveCost": used,
        "ChargeCategory": "Usage",
        "ChargeClass": "",
        "ResourceId": "vm-1",
        **more,
    }


def in_november(charge: Charge) -> Charge:
    """A charge of the same day that stands in November's bill."""
    return {**charge, "BillingPeriodStart": "2026-11-01", "BillingPeriodEnd": "2026-12-01"}


CLOSED = (cost("10"), cost("20", ResourceId="vm-2"))
# vm-1 was billed 10 and should have been 7; vm-2 is right; vm-3 had been forgotten.
DELTA = (
    cost("-3", ChargeClass="Correction"),
    cost("4", ChargeClass="Correction", ResourceId="vm-3"),
)
LEDGER = (
    cost("-10", ChargeClass="Correction"),
    cost("7", ChargeClass="Correction"),
    cost("4", ChargeClass="Correction", ResourceId="vm-3"),
)
RESTATED = {"vm-1": (7, 7), "vm-2": (20, 20), "vm-3": (4, 4)}


@pytest.mark.parametrize("style", [DELTA, LEDGER], ids=["delta", "ledger"])
def test_a_closed_period_restated_nets_to_the_same_per_resource(
    books: Books, style: Sequence[Charge]
):
    """Whether the difference is charged, or all is reversed and charged anew (FOCUS 1.4)."""
    books.write("october.csv", *CLOSED)
    books.write("november.csv", *map(in_november, style))
    books.build()

    assert books.net() == RESTATED
    assert books.net("date_trunc('month', ChargePeriodStart)::date") == {
        date(2026, 10, 1): (31, 31)
    }
    assert books.net("BillingPeriodStart::date") == {
        date(2026, 10, 1): (30, 30),
        date(2026, 11, 1): (1, 1),
    }
    assert set(books.rows("select distinct ChargeClass from focus.charge")) == {
        (None,),
        ("Correction",),
    }


def test_a_period_restated_by_replacing_it_counts_once(books: Books):
    """Providers that overwrite a closed month give the same result as those that correct it."""
    books.write("october.csv", *CLOSED)
    books.build()
    books.write(
        "october.csv", cost("7"), cost("20", ResourceId="vm-2"), cost("4", ResourceId="vm-3")
    )
    books.build()

    assert books.net() == RESTATED


@pytest.mark.parametrize("name", ["october.csv", "october-closed.csv"])
def test_an_invoice_id_that_comes_at_close_counts_nothing_twice(books: Books, name: str):
    """The month is delivered once more, with the invoice on every row; also as another file."""
    books.write("october.csv", *({**one, "InvoiceId": ""} for one in CLOSED))
    books.build()
    assert books.net("InvoiceId") == {None: (30, 30)}
    books.remove("october.csv")
    books.write(name, *({**one, "InvoiceId": "INV-1"} for one in CLOSED))
    books.build()

    assert books.net("InvoiceId") == {"INV-1": (30, 30)}


def test_late_rows_join_the_days_they_are_of(books: Books):
    """A month keeps growing for weeks; what came before is not counted again."""
    early = cost("1", ChargePeriodStart="2026-10-05"), cost("2", ChargePeriodStart="2026-10-30")
    books.write("october.csv", *early)
    books.build()
    books.write("october.csv", *early, cost("4", ChargePeriodStart="2026-10-05"))
    books.write("november.csv", in_november(cost("8", ChargePeriodStart="2026-10-30")))
    books.build()

    assert books.net("ChargePeriodStart::date") == {
        date(2026, 10, 5): (5, 5),
        date(2026, 10, 30): (10, 10),
    }
    assert books.rows("select day, sum(effective_cost) from ledger.cost group by 1 order by 1") == [
        (date(2026, 10, 5), 5),
        (date(2026, 10, 30), 10),
    ]


def test_rows_that_are_alike_are_as_many_charges(books: Books):
    """Usage metered twice looks like a copy; only whole files are recognised as copies."""
    books.write("october.csv", cost("1"), cost("1"), cost("1"))
    books.write("copy of october.csv", cost("1"), cost("1"), cost("1"))
    books.build()

    assert books.net() == {"vm-1": (3, 3)}


def test_a_commitment_is_billed_when_bought_and_effective_when_used(books: Books):
    """Over a window that holds purchase and use both sums are equal; over a month they are not."""
    bought = cost(
        "8760", "0", ChargeCategory="Purchase", ChargePeriodStart="2026-01-01", ResourceId="sp-1"
    )
    year = (date(2026, 1, 1) + timedelta(days=day) for day in range(365))
    books.write("2026.csv", bought, *(each for day in year for each in covered(day)))
    books.build()
    months = books.net("date_trunc('month', ChargePeriodStart)::date")

    assert [sum(column) for column in zip(*months.values(), strict=True)] == [8760, 8760]
    assert months[date(2026, 1, 1)] == (8760, 744)
    assert months[date(2026, 2, 1)] == (0, 672)
    assert books.net("CommitmentDiscountStatus") == {
        None: (8760, 0),
        "Used": (0, 365 * 18),
        "Unused": (0, 365 * 6),
    }


def covered(day: date) -> Iterable[Charge]:
    """A day's use of a commitment of 24: 18 by a machine, 6 by nobody, a row of its own."""
    for status, amount, resource in (("Used", "18", "vm-1"), ("Unused", "6", "sp-1")):
        yield cost(
            "0",
            amount,
            ChargePeriodStart=day.isoformat(),
            ResourceId=resource,
            CommitmentDiscountId="sp-1",
            CommitmentDiscountStatus=status,
        )


def test_credits_refunds_taxes_and_corrections_are_charges_of_their_own(books: Books):
    """Signed as billed, each under its category, and the month is what is paid."""
    books.write(
        "october.csv",
        cost("100"),
        cost("-30", ChargeCategory="Credit", ResourceId=""),
        cost("-5", ChargeCategory="Purchase", ChargeClass="Correction", ResourceId=""),
        cost("13.30", ChargeCategory="Tax", ResourceId=""),
        cost("-0.01", ChargeCategory="Adjustment", ResourceId=""),
    )
    books.build()

    assert books.net("ChargeCategory") == {
        category: (Decimal(amount), Decimal(amount))
        for category, amount in (
            ("Usage", "100"),
            ("Credit", "-30"),
            ("Purchase", "-5"),
            ("Tax", "13.30"),
            ("Adjustment", "-0.01"),
        )
    }
    assert books.rows("select sum(billed_cost) from ledger.cost") == [(Decimal("78.29"),)]


def test_negative_usage_is_usage(books: Books):
    """Discounts and returned hours come as plain rows below zero; nothing floors them."""
    books.write("october.csv", cost("10"), cost("-2.5"), cost("-0.0000000001"))
    books.build()
    left = Decimal("7.4999999999")

    assert books.net("coalesce(ChargeClass, ChargeCategory)") == {"Usage": (left, left)}


def test_a_marketplace_charge_keeps_who_publishes_and_who_invoices(books: Books):
    """A third party's product on a cloud's invoice; what is paid to it directly bills nothing."""
    seller = {"PublisherName": "Vendor", "ProviderName": "Vendor"}
    books.write(
        "october.csv",
        cost("12", InvoiceIssuerName="AWS", **seller),
        cost("0", "0", ContractedCost="9", InvoiceIssuerName="Vendor", **seller),
    )
    books.build()

    assert books.net("ProviderName || ' by ' || InvoiceIssuerName") == {"Vendor by AWS": (12, 12)}
    assert books.rows("select provider, sum(effective_cost) from ledger.cost group by 1") == [
        ("Vendor", 12)
    ]


def test_an_invoice_is_the_sum_of_its_rows(books: Books):
    """Charges of several months and categories may stand on one (FOCUS 1.2, InvoiceId)."""
    books.write("october.csv", cost("10", InvoiceId="A"), cost("1.9", InvoiceId="A"))
    books.write("november.csv", in_november(cost("-2", InvoiceId="A")), in_november(cost("5")))
    books.build()

    assert books.net("InvoiceId")["A"] == (Decimal("9.9"), Decimal("9.9"))


def test_currencies_are_never_added(books: Books, tmp_path: Path):
    """In no table of any schema, and in no blind spot, does a figure mix two of them."""
    amounts = {"USD": 1, "EUR": 100, "NOK": 10_000, "": 1_000_000, "MC": 100_000_000}
    books.write(
        "october.csv",
        *(cost(str(amount), BillingCurrency=currency) for currency, amount in amounts.items()),
    )
    spots = books.build()
    mixed = {
        sum(some)
        for size in range(2, len(amounts) + 1)
        for some in combinations(amounts.values(), size)
    }
    figures = {spot.amount for spot in spots} | set(every_figure(books))

    assert figures & mixed == set()
    assert figures >= set(amounts.values())
    assert {(spot.currency, spot.amount) for spot in spots} == {
        (currency or None, amount) for currency, amount in amounts.items() if currency != "USD"
    }


def every_figure(books: Books) -> Iterable[Decimal]:
    """Every amount of money that any table holds."""
    places = books.rows(
        "select schema_name || '.' || table_name, column_name from duckdb_columns() "
        "where data_type like 'DECIMAL%' and schema_name in ('focus', 'ledger', 'audit')"
    )
    for table, column in places:
        yield from (value for (value,) in books.rows(f"select {column} from {table}"))


def test_currencies_are_converted_by_the_rate_of_their_day(books: Books, tmp_path: Path):
    """The rate stands on each charge, and the amount billed stays beside it."""
    (tmp_path / "rates.csv").write_text(
        "date,currency,rate\n2026-10-01,EUR,1.1\n2026-10-03,EUR,1.2\n2026-10-01,NOK,0.1\n"
    )
    books.rates = "rates.csv"
    books.write(
        "october.csv",
        cost("10", BillingCurrency="EUR", ChargePeriodStart="2026-10-02"),
        cost("10", BillingCurrency="EUR", ChargePeriodStart="2026-10-05"),
        cost("100", BillingCurrency="NOK"),
        cost("1"),
    )
    assert books.build() == ()

    assert books.rows(
        "select billing_currency, day, billing_billed_cost, billed_cost from ledger.cost "
        "order by all"
    ) == [
        ("EUR", date(2026, 10, 2), 10, 11),
        ("EUR", date(2026, 10, 5), 10, 12),
        ("NOK", date(2026, 10, 5), 100, 10),
        ("USD", date(2026, 10, 5), 1, 1),
    ]
    assert books.rows("select sum(billed_cost) from ledger.cost") == [(34,)]


def test_tags_keep_their_prefixes(books: Books):
    """`aws:` and other providers' prefixes tell their own tags from the customer's."""
    books.write("october.csv", cost("1", Tags='{"team":"nlp","aws:createdBy":"x"}'))
    books.build()

    assert books.rows("select Tags from focus.charge") == [('{"team":"nlp","aws:createdBy":"x"}',)]
    assert books.rows("select team from ledger.cost") == [("nlp",)]
