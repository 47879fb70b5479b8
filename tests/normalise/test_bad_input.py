"""What exporters and spreadsheets do to bills, whatever the format: told, never guessed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.azure_bills import QUERY, export
from builders.bills import Bill, csv_text
from builders.gcp_bills import csv_flat, row
from builders.oci_bills import report
from quaestor.normalise.formats.cost_explorer import HEADER

CUR = {
    "lineItem/LineItemType": "Usage",
    "lineItem/UsageStartDate": "2026-10-05T00:00:00Z",
    "lineItem/UsageEndDate": "2026-10-06T00:00:00Z",
    "lineItem/UnblendedCost": "1.5",
    "lineItem/CurrencyCode": "USD",
    "lineItem/UsageAccountId": "123456789012",
    "bill/PayerAccountId": "123456789012",
    "bill/BillingPeriodStartDate": "2026-10-01T00:00:00Z",
    "bill/BillingPeriodEndDate": "2026-11-01T00:00:00Z",
}
LAB = {"Date": "2026-10-05", "Amount": "1.5", "Account": "123456789012", "In": "USD"}
MAPPING = {
    "BilledCost": "Amount",
    "ChargePeriodStart": "Date",
    "SubAccountId": "Account",
    "BillingCurrency": "In",
}
FOCUS = {"SubAccountId": "123456789012"}
# What each format calls cost, day, account and currency.
WORDS = {
    "focus": ("BilledCost", "ChargePeriodStart", "SubAccountId", "BillingCurrency"),
    "cur": (
        "lineItem/UnblendedCost",
        "lineItem/UsageStartDate",
        "lineItem/UsageAccountId",
        "lineItem/CurrencyCode",
    ),
    "mapped": ("Amount", "Date", "Account", "In"),
}
formats = pytest.mark.parametrize("form", WORDS)


def exported(form: str, *rows: Mapping[str, str]) -> str:
    """An export; of each row `cost`, `day`, `account` and `currency` may be said."""
    words = dict(zip(("cost", "day", "account", "currency"), WORDS[form], strict=True))
    said = [{words[key]: value for key, value in row.items()} for row in rows]
    if form == "cur":
        days = (
            {"lineItem/UsageEndDate": one[words["day"]]} if words["day"] in one else {}
            for one in said
        )
        said = [{**one, **day} for one, day in zip(said, days, strict=True)]
    if form == "focus":
        return csv_text(*({**FOCUS, **row} for row in said))
    base = CUR if form == "cur" else LAB
    return _csv(base, said)


def of(bill: Bill, form: str) -> Bill:
    """Let the bill's source be of a format; only a mapping has to be stated."""
    if form == "mapped":
        bill.maps(MAPPING)
    return bill


@formats
def test_an_account_id_that_became_a_number_is_told_and_unknown(bill: Bill, form: str):
    """4.69592E+11 may be any of a million accounts; the money is charged to none of them."""
    rows = {"account": "4.69592E+11"}, {"account": "469592000000.0"}, {"account": "012345678901"}
    of(bill, form).write("a.csv", exported(form, *rows))
    spots = bill.load()

    assert bill.values("SubAccountId") == [(None,), ("469592000000",), ("012345678901",)]
    assert bill.values("BilledCost") == [(Decimal("1.5"),)] * 3
    [(row, reason)] = bill.warehouse.rows("select row_number, reason from quarantine.value")
    assert (row, "4.69592E+11" in reason, "number" in reason) == (1, True, True)
    assert [spot.rows for spot in spots] == [1]


def test_an_account_id_that_parquet_holds_as_a_double_is_its_digits(bill: Bill, tmp_path: Path):
    """A double names a whole number of twelve digits exactly."""
    time = pa.array([datetime(2026, 10, 1)])
    table = {
        "BilledCost": pa.array([1.0]),
        "EffectiveCost": pa.array([1.0]),
        "BillingPeriodStart": time,
        "ChargePeriodStart": time,
        "SubAccountId": pa.array([123456789012.0]),
        "BillingAccountId": pa.array([123456789012]),
    }
    pq.write_table(pa.table(table), tmp_path / "x")
    bill.write("a.parquet", (tmp_path / "x").read_bytes())
    bill.load()

    assert bill.values("SubAccountId, BillingAccountId") == [("123456789012", "123456789012")]


@formats
def test_a_row_of_the_year_9999_is_not_the_latest_month(bill: Bill, form: str):
    """It waits in quarantine, with its money; what is billed some months ahead is charged."""
    rows = {"day": "9999-12-31"}, {"day": "2027-09-01"}, {"day": "2027-12-31"}
    of(bill, form).write("a.csv", exported(form, *rows))
    spots = bill.load()
    reasons = {row: str(reason) for row, reason in bill.quarantined()}

    assert [spot.amount for spot in spots if "cannot be read" in spot.reason] == [3]
    assert bill.values("x_row") == [(2,)]
    assert list(reasons) == [1, 3]
    assert "9999-12-31' is later than any bill can know" in reasons[1]
    assert bill.warehouse.row("select sum(quarantined_billed_cost) from focus.control") == (3,)


@formats
def test_small_amounts_with_exponents_are_read_exactly(bill: Bill, form: str):
    """1.60101E-07 is 0.000000160101, as text."""
    of(bill, form).write("a.csv", exported(form, {"cost": "1.60101E-07"}, {"cost": "-2e+1"}))
    bill.load()

    assert bill.values("BilledCost") == [(Decimal("0.000000160101"),), (-20,)]


@formats
def test_a_currency_nobody_knows_is_a_currency_of_its_own(bill: Bill, form: str):
    """MC is not added to dollars: it is charged as it says, without a rate, and that is told."""
    of(bill, form).write("a.csv", exported(form, {"currency": "MC"}, {}))
    bill.load()

    assert bill.values("BillingCurrency, x_billing_currency_rate") == [("MC", None), ("USD", 1)]


@formats
def test_a_file_twice_counts_once_and_its_rows_as_often_as_they_stand(bill: Bill, form: str):
    """Under another name, or in another folder: the same bytes are the same charges."""
    text = exported(form, {}, {})
    of(bill, form).write("a.csv", text)
    bill.write("a (1).csv", text)
    bill.load()

    assert bill.values("BilledCost") == [(Decimal("1.5"),)] * 2


@formats
def test_columns_that_come_and_go_within_a_month(bill: Bill, form: str):
    """More columns, another order: both files load, and what one lacks is unknown there."""
    whole = list(csv.reader(io.StringIO(exported(form, {"cost": "1"}))))
    turned = [
        ["Extra", *reversed(row)] if n == 0 else ["x", *reversed(row)]
        for n, row in enumerate(whole)
    ]
    of(bill, form).write("a.csv", exported(form, {"cost": "2"}))
    bill.write("b.csv", "".join(",".join(row) + "\n" for row in turned))

    assert bill.load() == []
    assert sorted(bill.values("BilledCost, SubAccountId")) == [
        (1, "123456789012"),
        (2, "123456789012"),
    ]


@formats
def test_a_file_that_lost_its_cost_refuses_itself_alone(bill: Bill, form: str):
    """The other files of the month are loaded; the one without waits whole, and is told."""
    cost = WORDS[form][0]
    rows = list(csv.reader(io.StringIO(exported(form, {}))))
    place = rows[0].index(cost)
    of(bill, form).write("a.csv", exported(form, {}))
    bill.write("b.csv", "".join(",".join([*r[:place], *r[place + 1 :]]) + "\n" for r in rows))
    spots = bill.load()

    assert len(bill.values("1")) == 1
    assert [row for row, _ in bill.quarantined()] == [None]
    assert len(spots) == 1


@formats
def test_an_export_cut_in_the_middle_of_a_row_tells_of_the_row(bill: Bill, form: str):
    """Half a row is no charge, and nobody reads its absence as nothing."""
    text = exported(form, {}, {}, {})
    of(bill, form).write("a.csv", text[: text.rindex("\n", 0, -1) + 8])
    spots = bill.load()

    assert len(bill.values("1")) == 2
    assert [row for row, _ in bill.quarantined()] == [3]
    assert [spot.rows for spot in spots] == [1]


ANSWER = {"unblended_cost": "2", "amortized_cost": "2", "currency": "USD"}
LAB_SPAN = {**MAPPING, "ChargePeriodEnd": "Until"}
SPANS = {
    "focus": (("ChargePeriodStart", "ChargePeriodEnd"), csv_text),
    "cur": (("lineItem/UsageStartDate", "lineItem/UsageEndDate"), lambda *rows: _csv(CUR, rows)),
    "gcp-export": (
        ("usage_start_time", "usage_end_time"),
        lambda *rows: csv_flat(*(row(**one) for one in rows)),
    ),
    "oci-cost": (("lineItem/intervalUsageStart", "lineItem/intervalUsageEnd"), report),
    "cost-explorer": (
        ("time_period_start", "time_period_end"),
        lambda *rows: _csv({**dict.fromkeys(HEADER, ""), **ANSWER}, rows),
    ),
    "mapped": (("Date", "Until"), lambda *rows: _csv({**LAB, "Until": "2026-10-06"}, rows)),
}


def _csv(base: Mapping[str, str], rows: Iterable[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(base), lineterminator="\n")
    writer.writeheader()
    writer.writerows({**base, **one} for one in rows)
    return out.getvalue()


@pytest.mark.parametrize("form", SPANS)
def test_a_charge_that_ends_before_it_begins_waits_with_its_money(bill: Bill, form: str):
    """No day is its day; one that ends as it begins is a charge, and the bill adds up."""
    (start, end), written = SPANS[form]
    if form == "mapped":
        bill.maps(LAB_SPAN)
    days = [
        ("2026-10-05", "2026-10-06"),
        ("2026-10-05", "2026-10-05"),
        ("2026-10-06", "2026-10-05"),
    ]
    text = written(*({start: first, end: last} for first, last in days))
    bill.write("a.csv" if isinstance(text, str) else "a.csv.gz", text)
    spots = bill.load()
    [(place, reason)] = bill.quarantined()
    landed, waiting, charged = bill.warehouse.row(
        "select sum(landed_billed_cost), sum(quarantined_billed_cost), "
        "(select sum(BilledCost) from focus.charge) from focus.control"
    )

    assert bill.values("x_row") == [(1,), (2,)]
    assert (place, str(reason).count("' is before ")) == (3, 1)
    assert "2026-10-05T00:00:00Z' is before" in str(reason)
    assert [(spot.rows, spot.amount, spot.currency) for spot in spots] == [(1, waiting, "USD")]
    assert landed == waiting + charged
    assert waiting * 2 == charged


ROUNDED = "4.69592E+11"


@pytest.mark.parametrize(
    "text",
    [
        export({"SubscriptionId": ROUNDED}),
        export({"SubscriptionId": ROUNDED}, like=QUERY),
        csv_flat(row(project={"id": ROUNDED})),
        report({"product/compartmentId": ROUNDED}),
    ],
    ids=["azure-cost", "azure-query", "gcp-export", "oci-cost"],
)
def test_a_rounded_account_id_is_unknown_in_every_format(bill: Bill, text: str | bytes):
    """A subscription, a project or a compartment is never the number a spreadsheet made of it."""
    bill.write("a.csv" if isinstance(text, str) else "a.csv.gz", text)
    bill.load()

    assert bill.values("SubAccountId") == [(None,)]
    [(reason,)] = bill.warehouse.rows("select reason from quarantine.value")
    assert f"'{ROUNDED}' is a number that a spreadsheet made" in str(reason)


@pytest.mark.parametrize(
    "text",
    [
        export({"BillingAccountId": ROUNDED}),
        csv_flat(row(billing_account_id=ROUNDED)),
        report({"lineItem/tenantId": ROUNDED}),
    ],
    ids=["azure-cost", "gcp-export", "oci-cost"],
)
def test_a_rounded_billing_account_is_unknown_in_every_format(bill: Bill, text: str | bytes):
    """As the account of a charge, so the account that pays for it."""
    bill.write("a.csv" if isinstance(text, str) else "a.csv.gz", text)
    bill.load()

    assert bill.values("BillingAccountId") == [(None,)]
    assert len(bill.warehouse.rows("select 1 from quarantine.value")) == 1


@pytest.mark.parametrize(
    ("text", "lost", "reason"),
    [
        (
            export({}),
            "CostInBillingCurrency",
            "it looks like Azure cost details, actual or amortised, and has no column Cost",
        ),
        (exported("cur", {}), "lineItem/UsageStartDate", "AWS Cost and Usage Report, and has no "),
        (csv_flat(row()), "cost", "Google Cloud billing export, and has no column cost"),
        (csv_text({}), "ChargePeriodStart", "FOCUS, and has no column ChargePeriodStart"),
        ("a,b,c,d\n1,2,3,4\n", "d", "no bill that is known has these columns: a, b, c"),
    ],
    ids=["azure-cost", "cur", "gcp-export", "focus", "none"],
)
def test_a_bill_without_a_column_it_is_known_by_names_the_format_and_the_column(
    bill: Bill, text: str, lost: str, reason: str
):
    """And one thing to do about it: how to export it whole."""
    rows = [list(line) for line in csv.reader(io.StringIO(text))]
    place = rows[0].index(next(name for name in rows[0] if name.casefold() == lost.casefold()))
    out = io.StringIO()
    csv.writer(out).writerows([*line[:place], *line[place + 1 :]] for line in rows)
    bill.write("a.csv", out.getvalue())
    [spot] = bill.load()

    assert reason in spot.reason
    assert "quarantine" not in str(spot.fix)
    assert str(spot.fix) not in spot.reason
