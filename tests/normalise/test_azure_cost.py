"""What an Azure export says becomes FOCUS, to the last digit, under any of its headers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.azure_bills import EA, MCA, export, reservation, usage
from builders.bills import Bill


def test_an_enterprise_agreement_row_becomes_a_charge(bill: Bill):
    """Quantity in blocks, ends exclusive, tags in braces, ids in one casing."""
    bill.write("a.csv", export({}))

    assert bill.load() == []
    assert bill.values(
        "BilledCost, EffectiveCost, ListCost, ContractedCost, PricingQuantity, PricingUnit, "
        "ConsumedQuantity, ConsumedUnit"
    ) == [(*map(Decimal, ("1.5", "1.5", "2", "1.5", "2")), "Hours", Decimal(20), "Hours")]
    assert bill.values(
        "BillingPeriodStart, BillingPeriodEnd, ChargePeriodStart, ChargePeriodEnd"
    ) == [
        (datetime(2026, 10, 1), datetime(2026, 11, 1), datetime(2026, 10, 5), datetime(2026, 10, 6))
    ]
    assert bill.values(
        "Tags, RegionId, ResourceName, ResourceType, x_ResourceGroupName, ServiceCategory, "
        "ServiceSubcategory, ServiceName, BillingAccountId, SubAccountId, BillingCurrency"
    ) == [
        (
            '{"team": "nlp"}', "eastus", "Gpu-1", "microsoft.compute/virtualmachines", "training",
            "Compute", "Virtual Machines", "Virtual Machines", "1234", "sub-1", "EUR",
        )
    ]  # fmt: skip


def test_a_customer_agreement_row_has_prices_in_billing_currency(bill: Bill):
    """Unit prices come in the pricing currency; the exchange rate of the row brings them over."""
    bill.write("a.csv", export({}, like=MCA))

    assert bill.load() == []
    assert bill.values(
        "BilledCost, ListCost, ContractedCost, ListUnitPrice, ContractedUnitPrice, "
        "PricingQuantity, PricingCurrencyContractedUnitPrice, PricingCurrencyEffectiveCost"
    ) == [tuple(map(Decimal, ("2.7", "5.4", "2.7", "1.8", "0.9", "3", "1", "3")))]
    assert bill.values("BillingAccountId, InvoiceId, PricingCurrency, SkuId, SkuPriceId") == [
        ("PROF-1", "G001", "USD", "DZH1", "DZH1_meter-2")
    ]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("09/21/2023", datetime(2023, 9, 21)),
        ("9/2/2023", datetime(2023, 9, 2)),
        ("2023-09-21", datetime(2023, 9, 21)),
        ("2023-09-21T00:00:00Z", datetime(2023, 9, 21)),
    ],
)
def test_days_are_month_first_or_iso(bill: Bill, text: str, day: datetime):
    """Microsoft writes slashes month first; without a billing period the calendar month is it."""
    bill.write(
        "a.csv", export({"Date": text, "BillingPeriodStartDate": "", "BillingPeriodEndDate": ""})
    )
    bill.load()

    assert bill.values("ChargePeriodStart, BillingPeriodStart, BillingPeriodEnd") == [
        (day, datetime(2023, 9, 1), datetime(2023, 10, 1))
    ]


def test_a_day_written_day_first_is_quarantined(bill: Bill):
    """There is no month 21; a guess would move money between months."""
    bill.write("a.csv", export({}, {"Date": "21/09/2023"}))
    spots = bill.load()

    assert bill.quarantined() == [
        (2, "Date '21/09/2023' is not a day as Azure writes one, year first or month first")
    ]
    assert bill.values("x_row") == [(1,)]
    assert any("may stand in a wrong month" in spot.reason for spot in spots)


@pytest.mark.parametrize(
    ("measure", "blocks", "unit"),
    [
        ("10 Hours", "2", "Hours"),
        ("10K", "0.002", "Units"),
        ("1/Month", "20", "Units/Month"),
        ("1 /Month", "20", "Units/Month"),
        ("100 Hours", "0.2", "Hours"),
        ("1 GB/Month", "20", "GB/Month"),
        ("1 MB", "20", "MB"),
        ("1M", "0.00002", "Units"),
        ("1,000 Requests", "0.02", "Requests"),
        ("10K/Day", "0.002", "Units/Day"),
        ("24 Hours", "0.8333333333333334", "Hours"),
        ("0 Unassigned", None, None),
        ("", "20", None),
    ],
)
def test_a_unit_of_measure_is_a_block_and_a_unit(
    bill: Bill, measure: str, blocks: str | None, unit: str | None
):
    """Prices are per block: twenty hours at so much for ten are two."""
    bill.write("a.csv", export({"UnitOfMeasure": measure}))
    bill.load()

    assert bill.values("PricingQuantity, PricingUnit") == [(blocks and Decimal(blocks), unit)]


def test_quantities_are_of_blocks_where_the_row_itself_says_so(bill: Bill):
    """Four operations in blocks of 10K are 0.0004; divided again they would be next to none."""
    row = {
        "quantity": "0.0004",
        "unitPrice": "0.004",
        "costInPricingCurrency": "0.0000016",
        "costInBillingCurrency": "0.00000144",
    }
    bill.write("a.csv", export(row, like=MCA))
    bill.load()

    assert bill.values("PricingQuantity, ConsumedQuantity, ContractedCost") == [
        (Decimal("0.0004"), Decimal(4), Decimal("0.00000144"))
    ]


def test_what_no_commitment_covers_is_contracted_for_what_it_costs(bill: Bill):
    """Without a price, the cost is the contract; what is covered and unpriced is not known."""
    blank = {"UnitPrice": "", "PayGPrice": "0"}
    bought = {**reservation(365, kind="Purchase"), **blank}
    unused = {**reservation(3, kind="UnusedReservation"), **blank}
    bill.write("a.csv", export(blank, {**reservation(2), **blank}, bought, unused))
    bill.load()

    assert bill.values("ListCost, ContractedCost") == [
        (None, Decimal("1.5")),
        (None, None),
        (Decimal(365), Decimal(365)),
        (Decimal(0), Decimal(0)),
    ]


@pytest.mark.parametrize("cost", ["1.60101E-07", "-0.00000080000", "0.12345678901234567890"])
def test_cost_is_read_to_its_last_digit(bill: Bill, cost: str):
    """Exports write small costs with an exponent."""
    bill.write("a.csv", export({"CostInBillingCurrency": cost}))

    assert bill.load() == []
    assert bill.values("BilledCost, EffectiveCost") == [(Decimal(cost), Decimal(cost))]


def test_28_digits_are_rounded_and_accounted_for(bill: Bill):
    """What does not fit is counted: landed = loaded + cut."""
    bill.write("a.csv", export({"CostInBillingCurrency": "0.1234567890123456789012345678"}))
    bill.load()

    assert bill.warehouse.row(
        "select values_rounded, amount_cut + (select sum(BilledCost) from focus.charge) "
        "from focus.file"
    ) == (1, Decimal("0.1234567890123456789012345678"))


@pytest.mark.parametrize(
    ("kind", "model", "category", "klass", "status", "billed", "effective"),
    [
        ("Usage", "OnDemand", "Usage", None, None, "2", "2"),
        ("Usage", "Spot", "Usage", None, None, "2", "2"),
        ("Usage", "Reservation", "Usage", None, "Used", "0", "2"),
        ("Usage", "SavingsPlan", "Usage", None, "Used", "0", "2"),
        ("UnusedReservation", "Reservation", "Usage", None, "Unused", "0", "2"),
        ("UnusedSavingsPlan", "SavingsPlan", "Usage", None, "Unused", "0", "2"),
        ("Purchase", "Reservation", "Purchase", None, None, "2", "0"),
        ("Purchase", "OnDemand", "Purchase", None, None, "2", "2"),
        ("Refund", "SavingsPlan", "Purchase", "Correction", None, "2", "0"),
        ("Refund", "OnDemand", "Purchase", "Correction", None, "2", "2"),
        ("Tax", "", "Tax", None, None, "2", "2"),
        ("Credit", "", "Credit", None, None, "2", "2"),
        ("RoundingAdjustment", "", "Adjustment", None, None, "2", "2"),
    ],
)
def test_each_kind_of_charge(
    bill: Bill,
    kind: str,
    model: str,
    category: str,
    klass: str | None,
    status: str | None,
    billed: str,
    effective: str,
):
    """What a commitment covers was billed with its purchase, whose worth is its use."""
    row = reservation(2, kind=kind, model=model)
    if model not in ("Reservation", "SavingsPlan"):
        row = {**row, "benefitId": "", "benefitName": ""}
    bill.write("a.csv", export(row))
    bill.load()

    assert bill.values(
        "ChargeCategory, ChargeClass, CommitmentDiscountStatus, BilledCost, EffectiveCost"
    ) == [(category, klass, status, Decimal(billed), Decimal(effective))]


def test_a_commitment_is_named_by_its_benefit(bill: Bill):
    """`benefitId` names savings plans too; older exports know only the reservation."""
    older = {"ReservationId": "res-1", "PricingModel": "", "CostInBillingCurrency": "0"}
    bill.write("a.csv", export(reservation(2), reservation(2, model="SavingsPlan"), older))
    bill.load()

    assert bill.values(
        "split_part(CommitmentDiscountId, '/', 4), CommitmentDiscountCategory, "
        "CommitmentDiscountType, PricingCategory"
    ) == [
        ("reservationOrders", "Usage", "Reservation", "Committed"),
        ("savingsPlanOrders", "Spend", "Savings Plan", "Committed"),
        ("", "Usage", "Reservation", "Committed"),
    ]
    assert bill.values("CommitmentDiscountId")[2] == ("res-1",)


def test_a_marketplace_charge_names_its_publisher(bill: Bill):
    """Microsoft invoices what another company made."""
    bought = {
        "PublisherType": "Marketplace",
        "PublisherName": "Databricks",
        "ChargeType": "Purchase",
    }
    bill.write("a.csv", export(bought))
    bill.load()

    assert bill.values("ProviderName, PublisherName, InvoiceIssuerName") == [
        ("Microsoft", "Databricks", "Microsoft")
    ]


def test_one_resource_group_in_two_casings_is_one(bill: Bill):
    """Azure's names do not tell case apart."""
    rows = [{"ResourceGroup": name, "ResourceId": f"/rg/{name}/vm"} for name in ("RG-a", "rg-A")]
    bill.write("a.csv", export(*rows))
    bill.load()

    assert len(set(bill.values("x_ResourceGroupName, ResourceId"))) == 1


def test_tags_that_are_no_object_are_told(bill: Bill):
    """The charge is loaded without them."""
    bill.write("a.csv", export({"Tags": "team=nlp"}, {"Tags": '{"team": "nlp"}'}, {"Tags": ""}))
    spots = bill.load()

    assert bill.values("Tags") == [(None,), ('{"team": "nlp"}',), (None,)]
    assert "Tags 'team=nlp' is not a JSON object" in spots[0].reason


def test_a_header_in_another_language_is_read_by_its_english_names(bill: Bill):
    """'Maßeinheit (UnitOfMeasure)' is UnitOfMeasure, and PreTaxCost is the cost."""
    header = {
        "Abonnement-GUID (SubscriptionGuid)": "s-1",
        "UsageDateTime (UsageDateTime)": "2021-02-02",
        "Kategorie der Verbrauchseinheit (MeterCategory)": "Load Balancer",
        "UsageQuantity (UsageQuantity)": "300",
        "PreTaxCost (PreTaxCost)": "0.075",
        "Currency": "EUR",
        "Maßeinheit (UnitOfMeasure)": "100 Hours",
    }
    bill.write("a.csv", b"\xef\xbb\xbf" + export(header, like={}).encode())

    assert bill.load() == []
    assert bill.values("SubAccountId, BilledCost, PricingQuantity, ServiceCategory") == [
        ("s-1", Decimal("0.075"), Decimal(3), "Networking")
    ]


def test_a_currency_that_is_none_is_kept(bill: Bill):
    """'MC' occurs in the wild; no rate will ever be found for it, and that is told elsewhere."""
    bill.write("a.csv", export({"BillingCurrencyCode": "MC"}))
    bill.load()

    assert bill.values("BillingCurrency, x_billing_currency_rate") == [("MC", None)]


def test_the_same_file_twice_counts_once(bill: Bill):
    """Copies in two folders are one bill."""
    bill.write("a.csv", export({}))
    bill.write("copy.csv", export({}))
    bill.load()

    assert bill.values("BilledCost") == [(Decimal("1.5"),)]


def test_a_file_cut_short_loads_up_to_there(bill: Bill):
    """The last, incomplete row waits in quarantine."""
    text = export(usage(1), usage(2), usage(4))
    bill.write("a.csv", text[: -len(text.splitlines()[-1]) // 2])
    bill.load()

    assert bill.values("BilledCost") == [(Decimal(1),), (Decimal(2),)]
    assert len(bill.quarantined()) == 1


def test_a_file_without_its_cost_is_refused(bill: Bill):
    """It stays landed; nothing is guessed."""
    row = {name: value for name, value in EA.items() if name != "CostInBillingCurrency"}
    bill = Bill(bill.folder, {"schema": "azure-cost"})
    bill.write("a.csv", export(row, like={}))
    spots = bill.load()

    assert bill.values("1") == []
    assert "Cost" in spots[0].reason


def test_two_kinds_of_line_end_are_no_reason_to_refuse(bill: Bill):
    """A file that was appended to by hand: all lines but the last end in CR and LF."""
    lines = export(usage(1), usage(2)).splitlines()
    bill.write("a.csv", "\r\n".join(lines) + "\n")

    assert bill.load() == []
    assert bill.values("BilledCost") == [(Decimal(1),), (Decimal(2),)]


def test_two_kinds_of_line_end_hide_no_broken_line(bill: Bill):
    """A file that nothing can split evenly is refused, not read by a lenient reader."""
    lines = export(usage(1), usage(2)).splitlines()
    bill.write("a.csv", "\r\n".join([*lines, '1,"2']) + "\n")
    spots = bill.load()

    assert spots
    assert sum(cost for (cost,) in bill.values("BilledCost")) in (0, 3)


def test_parquet_exports_are_typed_and_read_the_same(bill: Bill):
    """Costs are doubles there, days are timestamps, tags are text as in CSV."""
    numbers = ("CostInBillingCurrency", "Quantity", "UnitPrice", "PayGPrice")
    days = {"Date": 5, "BillingPeriodStartDate": 1, "BillingPeriodEndDate": 31}
    columns: dict[str, list[object]] = {name: [value] for name, value in EA.items()}
    columns |= {name: [float(EA[name])] for name in numbers}
    columns |= {name: [datetime(2026, 10, day)] for name, day in days.items()}
    (bill.folder / "bills").mkdir()
    pq.write_table(pa.table(columns), bill.folder / "bills" / "part_0.snappy.parquet")

    assert bill.load() == []
    assert bill.values(
        "BilledCost, PricingQuantity, ListCost, ChargePeriodStart, BillingPeriodEnd, Tags"
    ) == [
        (
            *(Decimal("1.5"), Decimal(2), Decimal(2)),
            *(datetime(2026, 10, 5), datetime(2026, 11, 1)),
            '{"team": "nlp"}',
        )
    ]
