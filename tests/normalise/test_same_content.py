"""The same charges under other bytes count once: a file beside its archive, CSV beside Parquet."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from builders.azure_bills import Pair, a_pair, export
from builders.bills import Bill, csv_text
from builders.ledgers import build
from quaestor.ledger import reconciliation

TWO = csv_text(
    {"SubAccountId": "111", "ResourceId": "i-1", "x_Rate": "0.50", "Tags": '{"a": "b", "c": "d"}'},
    {"SubAccountId": "111", "ResourceId": "i-2", "BilledCost": "0.1", "EffectiveCost": "0.1"},
)


def total(bill: Bill) -> Decimal:
    """What the loaded charges add up to."""
    (amount,) = bill.warehouse.row("select coalesce(sum(BilledCost), 0) from focus.charge")
    return amount


def as_parquet(text: str, folder: Path) -> bytes:
    """The same table as Parquet, in another order, its costs as the doubles that AWS writes."""
    (folder / "x.csv").write_text(text)
    duckdb.sql(
        "copy (select * replace (BilledCost::double as BilledCost, EffectiveCost::double as "
        "EffectiveCost, nullif(x_Rate, '')::double as x_Rate, replace(Tags, ' ', '') as Tags) "
        f"from read_csv('{folder}/x.csv', all_varchar=true) order by ResourceId desc) "
        f"to '{folder}/x.parquet'"
    )
    return (folder / "x.parquet").read_bytes()


@pytest.mark.parametrize("name", ["b.csv.gz", "b.parquet"])
def test_one_export_in_two_forms_is_counted_once_and_told(bill: Bill, tmp_path: Path, name: str):
    """Whoever leaves the archive beside the file it was unpacked from pays nothing twice."""
    bill.write("a.csv", TWO)
    packed = gzip.compress(TWO.encode()) if name.endswith("gz") else as_parquet(TWO, tmp_path)
    bill.write(name, packed)
    [spot] = bill.load()
    build(bill.warehouse)

    assert total(bill) == Decimal("1.6")
    assert spot.scope.endswith(name)
    assert spot.reason == (
        "its 2 charges are those of bills/a.csv, one by one; they are counted once, there"
    )
    assert reconciliation.blind_spots(bill.warehouse) == []


def test_a_twin_is_told_as_long_as_it_lies_there_and_takes_over_when_the_first_goes(bill: Bill):
    """Every build says so again; removing either of the two loses nothing."""
    bill.write("a.csv", TWO)
    bill.load()
    bill.write("b.csv.gz", gzip.compress(TWO.encode()))
    assert [len(bill.load()), len(bill.load())] == [1, 1]
    assert total(bill) == Decimal("1.6")
    (bill.folder / "bills/a.csv").unlink()

    assert bill.load() == []
    assert total(bill) == Decimal("1.6")
    assert bill.warehouse.rows("select scope from focus.file") == [("bills/b.csv.gz",)]


@pytest.mark.parametrize(
    "other",
    [
        {"BilledCost": "1.50000000000000000001"},
        {"ResourceId": "i-3"},
        {"ChargePeriodStart": "2026-10-06T00:00:00Z"},
        {"Tags": '{"team": "nlp"}'},
        {"x_Note": "the other"},
    ],
)
def test_files_that_differ_in_one_value_are_two(bill: Bill, other: dict[str, str]):
    """Only exact equality of every charge makes two files one."""
    bill.write(
        "a.csv", csv_text({"SubAccountId": "1", "Tags": "", "x_Note": ""}, {"ResourceId": "i-1"})
    )
    bill.write(
        "b.csv",
        csv_text({"SubAccountId": "1", "Tags": "", "x_Note": ""}, {"ResourceId": "i-1", **other}),
    )

    assert bill.load() == []
    assert len(bill.values("1")) == 4


def test_files_without_any_money_are_no_twins(bill: Bill):
    """Two accounts that cost nothing are two; neither can be counted twice."""
    nothing = {"BilledCost": "0", "EffectiveCost": "0"}
    bill.write("a.csv", csv_text(nothing))
    bill.write("b.csv", csv_text(nothing) + "\n")

    assert bill.load() == []
    assert len(bill.values("1")) == 2


@pytest.mark.parametrize("invoiced", [False, True])
def test_equal_invoices_are_one_where_they_have_one_number(bill: Bill, invoiced: bool):
    """A mapping takes some columns; without the invoice's id equal charges may be two bills."""
    mapping = {"BilledCost": "Amount", "ChargePeriodStart": "Date", "BillingCurrency": "In"}
    mapping |= {"InvoiceId": "No"} if invoiced else {}
    bill.maps(mapping)
    bill.write("a.csv", "Date,Amount,In,No\n2026-10-05,10,USD,7\n")
    bill.write("b.csv", "Date,Amount,In,No,Paid\n2026-10-05,10.00,USD,7,yes\n")
    [spot] = bill.load()

    assert total(bill) == (10 if invoiced else 20)
    assert ("they are counted once" in spot.reason) == invoiced
    assert ("InvoiceId" in str(spot.fix)) != invoiced


def test_the_rows_in_quarantine_of_a_twin_are_told_once(bill: Bill):
    """They wait once, with the file that counts."""
    text = csv_text({}, {"BilledCost": "many"})
    bill.write("a.csv", text)
    bill.write("b.csv.gz", gzip.compress(text.encode()))
    scopes = [spot.scope for spot in bill.load()]

    assert scopes == ["bills/b.csv.gz", "bills/a.csv"]
    assert bill.quarantined() == [(2, "BilledCost 'many' is not a number")]


@pytest.mark.parametrize("half", ["actual", "amortised"])
@pytest.mark.parametrize("later", [False, True])
def test_a_twin_of_either_half_of_an_azure_pair_changes_no_sum(bill: Bill, half: str, later: bool):
    """Rows that gave way to the other half had given way in both."""
    pair = a_pair()
    files = {"actual.csv": export(*pair.actual), "amortised.csv": export(*pair.amortised)}
    for name, text in files.items():
        bill.write(name, text)
    if later:
        bill.load()
    bill.write(f"{half}.csv.gz", gzip.compress(files[f"{half}.csv"].encode()))
    [spot] = bill.load()
    build(bill.warehouse)
    (effective,) = bill.warehouse.row("select sum(EffectiveCost) from focus.charge")

    assert spot.scope == f"bills/{half}.csv.gz"
    assert (total(bill), effective) == (Pair.total(pair.actual), Pair.total(pair.amortised))
    assert reconciliation.blind_spots(bill.warehouse) == []
