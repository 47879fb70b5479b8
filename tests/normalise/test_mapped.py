"""Any invoice becomes charges, once its columns are named in the words of FOCUS."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.bills import Bill
from quaestor.core.config import read_config
from quaestor.core.errors import ConfigurationError
from quaestor.core.focus import COLUMNS, JSON_COLUMNS, MONEY_COLUMNS, TEXT_COLUMNS, TIME_COLUMNS
from quaestor.warehouse.duckdb import Warehouse

PLAIN = {"BilledCost": "Amount", "ChargePeriodStart": "Date"}


def maps(bill: Bill, **mapping: Any) -> Bill:
    """Let the bill's source map these columns beside Amount and Date."""
    bill.maps({**PLAIN, **mapping})
    return bill


def loaded(bill: Bill, text: str, columns: str) -> list[tuple[object, ...]]:
    """Load one invoice and return columns of its charges."""
    bill.write("invoice.csv", text)
    bill.load()
    return bill.values(columns)


def test_what_a_mapping_leaves_open_is_derived(bill: Bill):
    """A day, a calendar month, nothing amortised, usage; and the control says the same."""
    maps(bill, ProviderName={"value": "Lambda"}, ServiceCategory={"value": "Compute"})
    bill.options["billing_currency"] = "USD"
    found = loaded(
        bill,
        "Date,Amount\n2026-10-31,1.25\n",
        "EffectiveCost, ListCost, ContractedCost, ChargePeriodEnd, BillingPeriodStart, "
        "BillingPeriodEnd, BillingCurrency, ChargeCategory, ServiceProviderName, PublisherName, "
        "InvoiceIssuerName, HostProviderName, ServiceSubcategory, x_billing_currency_rate",
    )
    cost = Decimal("1.25")

    assert found == [
        (
            *(cost, cost, cost),
            *(datetime(2026, 11, 1), datetime(2026, 10, 1), datetime(2026, 11, 1)),
            *("USD", "Usage", "Lambda", "Lambda", "Lambda", None, "Compute (Other)", 1),
        )
    ]
    assert bill.warehouse.rows(
        "select billing_period_start, currency, landed_billed_cost, landed_effective_cost "
        "from focus.control"
    ) == [(datetime(2026, 10, 1), "USD", cost, cost)]


def test_what_a_mapping_states_is_kept(bill: Bill):
    """A purchase is billed now and used later: nothing of it is derived from BilledCost."""
    maps(
        bill,
        EffectiveCost="Used",
        ChargePeriodEnd="Until",
        BillingPeriodStart="Invoice date",
        ListUnitPrice="Price",
    )
    found = loaded(
        bill,
        "Date,Until,Invoice date,Amount,Used,Price\n"
        "2026-10-31,2026-12-31,2026-11-01,100,0,\n2026-10-30,2026-10-31,2026-10-01,5,,2\n",
        "EffectiveCost, ListCost, ContractedCost, ChargePeriodEnd, BillingPeriodStart, "
        "BillingPeriodEnd",
    )

    first = datetime(2026, 10, 1), datetime(2026, 11, 1), datetime(2026, 12, 1)
    assert found == [
        (0, None, None, datetime(2026, 12, 31), *first[1:]),
        (5, None, 5, datetime(2026, 10, 31), *first[:2]),
    ]


def test_an_invoice_without_days_is_charged_to_its_billing_period(bill: Bill):
    """Subscriptions know a month only."""
    mapping = {
        "BilledCost": "Amount",
        "BillingPeriodStart": {"column": "Month", "format": "%b %Y"},
    }
    bill.maps(mapping)
    found = loaded(bill, "Month,Amount\nFeb 2024,5\n", "ChargePeriodStart, ChargePeriodEnd")

    assert found == [(datetime(2024, 2, 1), datetime(2024, 3, 1))]


@pytest.mark.parametrize(
    ("how", "text", "cost"),
    [
        ({"decimal": ",", "group": "."}, "1.234,50", "1234.5"),
        ({"decimal": ",", "group": "."}, "12,5", "12.5"),
        ({"decimal": ",", "group": "."}, "1234567,25", "1234567.25"),
        ({"decimal": ",", "group": " "}, "1\u202f234,50", "1234.5"),
        ({"decimal": ",", "group": " ", "currency_sign": "€"}, "-1\u00a0234,50\u00a0€", "-1234.5"),
        ({"decimal": ".", "group": "'"}, "1'234'567.05", "1234567.05"),
        ({"group": ","}, "12,34,567.5", "1234567.5"),
        ({"group": ",", "currency_sign": "$"}, "$10,000.00 ", "10000"),
        ({"group": ",", "currency_sign": "$"}, "-$10,000.00", "-10000"),
        ({"group": ",", "currency_sign": "$"}, "$-10,000.00", "-10000"),
        ({"group": ",", "currency_sign": "$"}, "($10,000.00)", "-10000"),
        ({"currency_sign": "USD"}, "USD 5", "5"),
        ({"currency_sign": "USD"}, "5.25-", "-5.25"),
        ({"parts": 100}, "123.45", "1.2345"),
        ({"parts": 100}, "1.5e-7", "0.0000000015"),
        ({"parts": 1000000}, "-7", "-0.000007"),
        ({}, "1.60101E-07", "0.000000160101"),
        ({}, "(0.00001)", "-0.00001"),
        ({"currency_sign": "E"}, "E1.5E-3", "0.0015"),
    ],
)
def test_numbers_are_read_as_the_mapping_says_they_are_written(
    bill: Bill, how: dict[str, Any], text: str, cost: str
):
    """To the last digit, never through a float."""
    maps(bill, BilledCost={"column": "Amount", **how})

    assert loaded(bill, f'Date,Amount\n2026-10-05,"{text}"\n', "BilledCost") == [(Decimal(cost),)]


@pytest.mark.parametrize(
    ("how", "text", "said"),
    [
        ({"group": ","}, "1,5", "is not a number written as 1,234.50"),
        ({"group": ","}, "1,2345", "is not a number written as 1,234.50"),
        ({"group": ","}, "1,234,5.0", "is not a number written as 1,234.50"),
        ({"decimal": ",", "group": "."}, "1.5", "is not a number written as 1.234,50"),
        ({"decimal": ","}, "1.5", "is not a number written as 1234,50"),
        ({"currency_sign": "$"}, "€5", "is not a number written as $1234.50"),
        ({"currency_sign": "$"}, "$5$", "is not a number written as $1234.50"),
        ({}, "1,234.50", "is not a number"),
        ({}, "(-5)", "is not a number"),
        ({}, "-5-", "is not a number"),
        # Five francs and five euros, without cents: nobody is owed them.
        ({"currency_sign": "CHF"}, "CHF 5.-", "is not a number written as CHF1234.50"),
        ({"decimal": ",", "currency_sign": "€"}, "5,- €", "is not a number written as €1234,50"),
        ({"parts": 100}, "free", "is not a number"),
        ({}, "1e30", "is too large: numbers have 18 digits before the point"),
    ],
)
def test_a_number_written_otherwise_is_quarantined(
    bill: Bill, how: dict[str, Any], text: str, said: str
):
    """1,5 is no fifteen: a guess is never a figure."""
    maps(bill, BilledCost={"column": "Amount", **how})
    loaded(bill, f'Date,Amount\n2026-10-05,"{text}"\n', "1")

    assert bill.quarantined() == [(1, f"BilledCost '{text}' {said}")]


@pytest.mark.parametrize(
    ("pattern", "text", "moment"),
    [
        ("%d/%m/%Y", "04/01/2026", datetime(2026, 1, 4)),
        ("%m/%d/%Y", "4/1/2026", datetime(2026, 4, 1)),
        ("%b %d, %Y %I:%M %p", "Oct 05, 2026 11:30 PM", datetime(2026, 10, 5, 23, 30)),
        ("%Y-%m-%d %H:%M:%S %z", "2026-10-05 01:00:00 +02:00", datetime(2026, 10, 4, 23)),
        ("unix", "1790985600", datetime(2026, 10, 3)),
        ("unix-ms", "1790985600250", datetime(2026, 10, 3, 0, 0, 0, 250000)),
    ],
)
def test_times_are_read_by_their_pattern(bill: Bill, pattern: str, text: str, moment: datetime):
    """Whoever writes the mapping knows whether the month comes first."""
    maps(bill, ChargePeriodStart={"column": "Date", "format": pattern})

    assert loaded(bill, f'Date,Amount\n"{text}",1\n', "ChargePeriodStart") == [(moment,)]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("%d/%m/%Y", "2026-10-05"), ("%d/%m/%Y", "13/13/2026"), ("unix", "9" * 17), ("unix", "soon")],
)
def test_a_time_of_another_pattern_is_quarantined(bill: Bill, pattern: str, text: str):
    """The charge cannot be placed; the reason says what was expected."""
    maps(bill, ChargePeriodStart={"column": "Date", "format": pattern})
    loaded(bill, f"Date,Amount\n{text},1\n", "1")

    assert bill.quarantined() == [
        (1, f"ChargePeriodStart '{text}' is not a time written as {pattern}")
    ]


def test_words_are_translated_and_tags_are_made_of_columns(bill: Bill):
    """What a provider calls a thing, and its own columns as tags; blanks are no tags."""
    maps(
        bill,
        ChargeCategory={"column": "Type", "values": {"tax": "Tax", "*": "Usage"}},
        ServiceName={"column": "Type", "values": {"tax": "VAT"}},
        Tags={"columns": {"team": "Team", "gov.model": "Model"}},
        AllocatedTags={"columns": ["Team"]},
        x_kind="Type",
    )
    found = loaded(
        bill,
        "Date,Amount,Type,Team,Model\n2026-10-05,1,gpu,nlp,\n2026-10-05,2,tax,,\n",
        "ChargeCategory, ServiceName, Tags, AllocatedTags, x_kind",
    )

    assert found == [
        ("Usage", "gpu", '{"team":"nlp"}', '{"Team":"nlp"}', "gpu"),
        ("Tax", "VAT", None, None, "tax"),
    ]


def test_a_value_that_a_default_would_replace_is_not_guessed(bill: Bill):
    """EffectiveCost is BilledCost where it is empty, not where it cannot be read."""
    maps(bill, EffectiveCost="Used", ConsumedQuantity="Hours")
    found = loaded(
        bill,
        "Date,Amount,Used,Hours\n2026-10-05,1,,x\n2026-10-05,1,?,1\n",
        "EffectiveCost, ConsumedQuantity",
    )

    assert found == [(1, None)]
    assert bill.quarantined() == [(2, "EffectiveCost '?' is not a number")]


def test_a_line_of_totals_has_no_day_and_is_no_charge(bill: Bill):
    """The last line of an invoice would count everything twice; it waits in quarantine."""
    maps(bill)

    assert loaded(bill, "Date,Amount\n2026-10-05,1\nTotal,1\n,1\n", "BilledCost") == [(1,)]
    assert [row for row, _ in bill.quarantined()] == [2, 3]


def test_lines_that_the_source_leaves_out_are_counted_and_no_charge(bill: Bill):
    """Sums below an invoice, with or without a day, whatever stands in their other columns."""
    maps(bill)
    bill.options["leave_out"] = {"kind": ("Total", "Sub'total"), "Date": ("Sum",)}
    bill.write(
        "invoice.csv",
        "Date,Amount,Kind\n2026-10-05,1,gpu\n2026-10-05,2,Total\n,n/a,Sub'total\nSum,3,\n",
    )

    assert bill.load() == []
    assert bill.values("BilledCost") == [(1,)]
    assert bill.warehouse.rows(
        "select rows_landed, rows_loaded, rows_left_out, rows_quarantined from focus.file"
    ) == [(4, 1, 3, 0)]
    assert bill.warehouse.row("select sum(landed_billed_cost) from focus.control") == (1,)


def test_a_parquet_invoice_keeps_its_types(bill: Bill, tmp_path: Path):
    """Typed columns are numbers and times, however the mapping says text is written."""
    maps(
        bill,
        BilledCost={"column": "amount", "parts": 100, "decimal": ","},
        ChargePeriodStart={"column": "start", "format": "unix"},
        ConsumedQuantity={"column": "hours", "decimal": ","},
        BillingPeriodStart={"column": "day", "format": "%d/%m/%Y"},
    )
    table = {
        "amount": pa.array([0.1, 1e-7]),
        "start": pa.array([1790985600, 1790985600]),
        "hours": pa.array([Decimal("1.50"), None]),
        "day": pa.array([datetime(2026, 10, 1)] * 2),
    }
    pq.write_table(pa.table(table), tmp_path / "x")
    bill.write("invoice.parquet", (tmp_path / "x").read_bytes())

    assert bill.load() == []
    assert bill.values("BilledCost, ChargePeriodStart, ConsumedQuantity, BillingPeriodStart") == [
        (Decimal("0.001"), datetime(2026, 10, 3), Decimal("1.5"), datetime(2026, 10, 1)),
        (Decimal("1e-9"), datetime(2026, 10, 3), None, datetime(2026, 10, 1)),
    ]


def test_digits_beyond_the_twentieth_are_accounted_for(bill: Bill):
    """Landed = loaded + cut, however the number was written."""
    maps(bill, BilledCost={"column": "Amount", "decimal": ",", "group": "."})
    [(cost,)] = loaded(
        bill, 'Date,Amount\n2026-10-05,"1.234,1234567890123456789012345"\n', "BilledCost"
    )
    (cut,) = bill.warehouse.row("select amount_cut from focus.file")

    with localcontext(prec=60):
        assert Decimal(str(cost)) + cut == Decimal("1234.1234567890123456789012345")


@pytest.mark.parametrize(
    "hostile", ["\"'; drop table focus.charge; --", "a'b", 'x"y', "landed", "raw_0", "BilledCost"]
)
def test_a_name_or_value_does_nothing(bill: Bill, hostile: str):
    """Column names, values, formats and tags of a stranger's file stand in SQL as what they are."""
    maps(
        bill,
        ServiceName=hostile,
        RegionName={"value": hostile},
        SkuId={"column": "Amount", "values": {hostile: hostile, "1": hostile}},
        Tags={"columns": {hostile: hostile}},
        ChargeDescription={"column": hostile, "values": {"*": hostile}},
    )
    cell = hostile.replace('"', '""')
    found = loaded(
        bill,
        f'Date,Amount,"{cell}"\n2026-10-05,1,"{cell}"\n',
        "ServiceName, RegionName, SkuId, Tags->>'$.*', ChargeDescription",
    )

    assert found == [(hostile, hostile, hostile, [hostile], hostile)]


@pytest.mark.parametrize(
    ("column", "fix"),
    [("Amuont", "Did you mean 'Amount'?"), ("zzz", "Name one of: Date, Amount.")],
)
def test_a_column_that_the_file_lacks_refuses_the_file(bill: Bill, column: str, fix: str):
    """It stays landed and unread, and the reason names the column, its use and the remedy."""
    maps(bill, ConsumedQuantity=column)
    reads = "the mapping reads ConsumedQuantity,"
    loaded(bill, "Date,Amount\n2026-10-05,1\n", "1")

    assert bill.quarantined() == [
        (None, f"the column '{column}', from which {reads} is not in the file\n{fix}")
    ]


def test_columns_are_found_whatever_their_case(bill: Bill):
    """Exporters change it; a name that fits exactly comes first."""
    maps(bill, ServiceName="service")

    assert loaded(
        bill, "DATE,amount,Service,service\n2026-10-05,1,no,yes\n", "BilledCost, ServiceName"
    ) == [(1, "yes")]


def test_a_wrong_delimiter_is_recognised(bill: Bill):
    """By the columns that the mapping names."""
    maps(bill)
    loaded(bill, "Date;Amount\n2026-10-05;1\n", "1")

    assert "separated by ';'" in str(bill.quarantined()[0][1])


def test_a_changed_mapping_reads_the_files_anew(bill: Bill):
    """What a blind spot tells the user to mend takes effect at the next build."""
    maps(bill, BilledCost="Net")
    text = "Date,Amount,Net\n2026-10-05,119,100\n"
    assert loaded(bill, text, "BilledCost") == [(100,)]
    maps(bill)

    assert loaded(bill, text, "BilledCost") == [(119,)]


@pytest.mark.parametrize(
    ("lines", "what", "fix", "line"),
    [
        (["BilledCosts: A"], "'BilledCosts' is no column of FOCUS", "'BilledCost'", 6),
        (["x_file: A"], "'x_file' is no column of FOCUS", "x_", 6),
        (["ServiceName: {}"], "ServiceName: has neither column, columns nor value", "one", 6),
        (["ServiceName: {column: a, value: b}"], "ServiceName: has column and value", "one", 6),
        (["ServiceName: ''"], "names an empty column", "header", 6),
        (["ServiceName: {columns: [a]}"], "cannot be made of several columns", "Tags", 6),
        (["ServiceName: {column: a, decimal: ','}"], "is none", "Remove", 6),
        (["ServiceName: {column: a, format: '%Y'}"], "is no time", "Remove", 6),
        (["ListCost: {column: a, values: {a: b}}"], "are no texts", "Remove", 6),
        (["ListCost: {column: a, decimal: ',', group: ','}"], "leave numbers unclear", "two", 6),
        (["ListCost: {column: a, group: '1'}"], "leave numbers unclear", "two", 6),
        (["ListCost: {column: a, currency_sign: '-'}"], "looks like a number", "alone", 6),
        (["ListCost: {column: a, parts: 60}"], "parts is 60, no power of ten", "100", 6),
        (["ListCost: {value: free}"], "the value 'free' is no number", "quotes", 6),
        (["ChargePeriodEnd: {value: soon}"], "is no ISO 8601 time", "quotes", 6),
        (["ChargePeriodEnd: {column: a, format: '%Q'}"], "the format has %Q", "strptime", 6),
        (["ChargePeriodEnd: {column: a, format: '%d %H'}"], "no year or no month", "%d/%m/%Y", 6),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused_with_its_line(
    tmp_path: Path, lines: list[str], what: str, fix: str, line: int
):
    """Exit code 2, before anything is read."""
    mapping = ["BilledCost: A", *lines, "ChargePeriodStart: D"]
    assert_refused(tmp_path, ["mapping:", *(f"  {each}" for each in mapping)], what, fix, line)


@pytest.mark.parametrize(
    ("keys", "what", "fix"),
    [
        (["mapping:", "  ChargePeriodStart: D"], "no column is mapped to BilledCost", "Add"),
        (["mapping:", "  BilledCost: A"], "no column is mapped to a time", "Add"),
        (["leave_out: {A: [B]}"], "leave_out without a mapping", "add a mapping"),
        (["schema: mapped"], "schema: mapped without a mapping", "Add `mapping:`"),
        (["mapping: {BilledCost: A}", "schema: focus"], "a mapping beside schema: focus", "Remove"),
    ],
)
def test_a_mapping_that_lacks_the_main_thing_is_refused(
    tmp_path: Path, keys: list[str], what: str, fix: str
):
    """Without money or a time there is no charge."""
    assert_refused(tmp_path, keys, what, fix, 4 if "mapping:" in keys[0] else 2)


def assert_refused(folder: Path, keys: list[str], what: str, fix: str, line: int) -> None:
    path = folder / "quaestor.yaml"
    text = [
        "sources:",
        "  - name: lab",
        "    kind: files",
        "    path: bills",
        *map("    ".__add__, keys),
    ]
    text = [text[0], text[1], "    kind: files", *text[4:], "    path: bills"]
    path.write_text("\n".join(text) + "\n")
    with pytest.raises(ConfigurationError) as caught:
        read_config(path, {})

    assert what in caught.value.what
    assert fix in str(caught.value.fix)
    assert str(caught.value.where) == f"{path}:{line}"


def test_focus_columns_are_those_of_the_table():
    """One list of columns and kinds; `focus.charge` agrees with it."""
    with Warehouse(":memory:") as warehouse:
        found = {
            name: kind
            for name, kind in warehouse.columns("focus.charge").items()
            if not name.startswith("x_")
        }
    kinds = dict.fromkeys((*TEXT_COLUMNS, *JSON_COLUMNS), "VARCHAR")
    kinds |= dict.fromkeys(MONEY_COLUMNS, "DECIMAL(38,20)") | dict.fromkeys(
        TIME_COLUMNS, "TIMESTAMP"
    )

    assert found == kinds
    assert len(COLUMNS) == len(set(COLUMNS))


def test_rows_that_a_mapping_cannot_read_are_mended_in_the_mapping(bill: Bill):
    """An invoice with decimal commas is right as it is; what reads it is not."""
    maps(bill).write("invoice.csv", 'Date,Amount\n2026-10-31,"1.234,56"\nTotal,5\n')

    [spot] = bill.load()
    assert spot.fix.startswith("Correct `mapping:` (`decimal:` and `group:` of numbers")
    assert "from quarantine.row where source = 'bill'" in spot.fix
