"""What a FOCUS export says is what `focus.charge` holds, to the last digit."""

from __future__ import annotations

import gzip
from datetime import datetime
from decimal import Decimal, localcontext
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builders.bills import CHARGE, Bill, csv_text
from quaestor.warehouse.duckdb import quoted


def parquet(path: Path, columns: dict[str, pa.Array]) -> bytes:
    """A Parquet file of one row with these typed columns beside the required ones."""
    rows = len(next(iter(columns.values())))
    times = {
        "BillingPeriodStart": datetime(2026, 10, 1),
        "ChargePeriodStart": datetime(2026, 10, 5),
    }
    table = {name: pa.array([time] * rows) for name, time in times.items()}
    table["EffectiveCost"] = pa.array([Decimal("1.00")] * rows)
    pq.write_table(pa.table(table | columns), path)
    return path.read_bytes()


@pytest.mark.parametrize("spelling", ["", "NULL", "null", "(null)", "\\N", "  "])
def test_every_spelling_of_null_is_null(bill: Bill, spelling: str):
    """Exports write NULL in five ways; none of them may be read as a name."""
    bill.write("a.csv", csv_text({"ResourceId": spelling, "ListCost": spelling}))

    assert bill.load() == []
    assert bill.values("ResourceId, ListCost") == [(None, None)]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-10-05 07:00:00", datetime(2026, 10, 5, 7)),
        ("2026-10-05T07:00Z", datetime(2026, 10, 5, 7)),
        ("2026-10-05T07:00:00.000Z", datetime(2026, 10, 5, 7)),
        ("2026-10-05T07:00:00+02:00", datetime(2026, 10, 5, 5)),
        ("2026-10-05T07:00:00-07:00", datetime(2026, 10, 5, 14)),
        ("2026-10-05", datetime(2026, 10, 5)),
    ],
)
def test_times_are_utc(bill: Bill, text: str, utc: datetime):
    """A time without zone is UTC; one with a zone is converted, not cut."""
    bill.write("a.csv", csv_text({"ChargePeriodStart": text}))
    bill.load()

    assert bill.values("ChargePeriodStart") == [(utc,)]


@pytest.mark.parametrize(
    "cost", ["1.60101E-07", "-0.00000080000", "123456789012345678.12345678901234567890", "+5", ".5"]
)
def test_money_is_read_to_its_last_digit(bill: Bill, cost: str):
    """Up to 18 digits before the point and 20 after it, exponents included, nothing is lost."""
    bill.write("a.csv", csv_text({"BilledCost": cost}))

    assert bill.load() == []
    assert bill.values("BilledCost") == [(Decimal(cost),)]


def test_digits_beyond_the_twentieth_are_rounded_and_accounted_for(bill: Bill):
    """28 digits do not fit beside a sum in rupiah; landed = loaded + cut, exactly."""
    costs = ["0.1234567890123456789012345678", "-0.0000000000000000000150000000", "2"]
    bill.write("a.csv", csv_text(*({"BilledCost": cost} for cost in costs)))
    bill.load()
    landed = sum(map(Decimal, costs))
    rounded, cut, loaded = bill.warehouse.row(
        "select values_rounded, amount_cut, (select sum(BilledCost) from focus.charge) "
        "from focus.file"
    )

    assert (rounded, loaded + cut) == (2, landed)
    assert bill.values("BilledCost")[1] == (Decimal("-0.00000000000000000002"),)


@pytest.mark.parametrize(
    "cost", ["$10,000.00 ", "1,5", "1_000", "nan", "inf", "0x10", "twelve", "1.2.3"]
)
def test_a_cost_that_is_plainly_no_number_is_quarantined(bill: Bill, cost: str):
    """A guess is never a figure: the row waits with its reason, the others load."""
    bill.write("a.csv", csv_text({}, {"BilledCost": cost}, {}))
    spots = bill.load()

    assert bill.quarantined() == [(2, f"BilledCost '{cost.strip()}' is not a number")]
    assert bill.values("x_row") == [(1,), (3,)]
    assert [(spot.rows, spot.fix is not None) for spot in spots] == [(1, True)]


@pytest.mark.parametrize("cost", ["1e30", "-1E30", "1e400", "12345678901234567890.5"])
def test_a_number_that_money_cannot_hold_is_said_to_be_too_large(bill: Bill, cost: str):
    """It is a number: who is told that it is none looks for a fault in the text."""
    bill.write("a.csv", csv_text({"BilledCost": cost}))
    bill.load()

    assert bill.quarantined() == [
        (1, f"BilledCost '{cost}' is too large: numbers have 18 digits before the point")
    ]


@pytest.mark.parametrize("day", ["4/1/25", "10/05/2026", "2026-13-01", "2026-10-05T30:00:00Z"])
def test_a_charge_whose_day_nobody_knows_is_quarantined(bill: Bill, day: str):
    """4/1/25 is April or January; the charge cannot be placed."""
    bill.write("a.csv", csv_text({"ChargePeriodStart": day}))
    bill.load()

    assert bill.quarantined() == [(1, f"ChargePeriodStart '{day}' is not an ISO 8601 time")]


def test_a_side_value_that_cannot_be_read_loses_no_money(bill: Bill):
    """The row is loaded without the value, and that is told."""
    bill.write("a.csv", csv_text({"ConsumedQuantity": "many"}))
    spots = bill.load()

    assert bill.values("BilledCost, ConsumedQuantity") == [(Decimal("1.5"), None)]
    assert "ConsumedQuantity 'many' is not a number" in spots[0].reason
    assert bill.warehouse.rows("select row_number from quarantine.value") == [(1,)]


def test_unknown_columns_are_kept_under_x(bill: Bill):
    """What FOCUS does not know is nobody's to throw away."""
    bill.write("a.csv", csv_text({"Id": "11472", "x_CostCategory": "ml", "x_file": "theirs"}))
    bill.load()

    assert bill.values("x_Id, x_CostCategory, x_x_file") == [("11472", "ml", "theirs")]


def test_columns_are_found_whatever_their_case(bill: Bill):
    """`SkuPriceid` stands in the specification's own examples."""
    bill.write("a.csv", csv_text({"SkuPriceid": "A.B"}))
    bill.load()

    assert bill.values("SkuPriceId") == [("A.B",)]


def test_a_line_that_cannot_be_split_is_quarantined_and_shifts_no_row_number(bill: Bill):
    """Rows are numbered as in the file, unreadable lines included."""
    lines = csv_text({}, {}, {}, {"BilledCost": "x"}).splitlines(keepends=True)
    lines.insert(2, "1,2,3\n")
    bill.write("a.csv", "".join(lines))
    bill.load()
    numbers = [number for number, _ in bill.quarantined()]

    assert numbers == [2, 5]
    assert bill.values("x_row") == [(1,), (3,), (4,)]
    landed = bill.warehouse.row("select rows_landed, rows_loaded, rows_quarantined from focus.file")
    assert landed == (5, 3, 2)


def test_a_file_cut_in_the_middle_of_a_row_loads_up_to_there(bill: Bill):
    """The last, incomplete row is not money; it waits in quarantine."""
    text = csv_text({}, {}, {})
    bill.write("a.csv", text[: -len(text.splitlines()[-1]) // 2])
    spots = bill.load()

    assert len(bill.values("1")) == 2
    assert [number for number, _ in bill.quarantined()] == [3]
    assert spots[0].rows == 1


def test_one_bad_row_in_twenty_leaves_the_other_nineteen(bill: Bill):
    """5 % bad rows: all of them are kept with their reason, none of the good ones is lost."""
    rows = [{"BilledCost": "x" if n % 20 == 7 else "0.01"} for n in range(1000)]
    bill.write("a.csv", csv_text(*rows))
    spots = bill.load()

    assert bill.warehouse.row("select count(*), sum(BilledCost) from focus.charge") == (
        950,
        Decimal("9.50"),
    )
    assert len(bill.quarantined()) == 50
    assert [spot.rows for spot in spots] == [50]


REFUSED = {
    "empty": (b"", "the file is empty"),
    "UTF-16": (csv_text({}).encode("utf-16"), "the file is UTF-16, not UTF-8"),
    "Latin-1": (csv_text({"ResourceName": "Zürich"}).encode("latin-1"), "the file is not UTF-8"),
    "semicolons": (
        csv_text({}, delimiter=";").encode(),
        "the columns are separated by ';', not by ','",
    ),
    "no EffectiveCost": (
        b"BilledCost,BillingPeriodStart,ChargePeriodStart\n1,2026-10-01,2026-10-01\n",
        "column EffectiveCost is missing\nExport FOCUS 1.0 or later; 1 row is kept",
    ),
    "a page of HTML": (b"<html><body>Sign in</body></html>", "no bill that is known has these"),
    "a column twice": (
        b"BilledCost,BilledCost,EffectiveCost\n1,1,1\n",
        "the column BilledCost stands twice",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_whole(bill: Bill, case: str):
    """It says why and what to do, and the other files load."""
    content, reason = REFUSED[case]
    bill.write("bad.csv", content)
    bill.write("good.csv", csv_text({}))
    spots = bill.load()
    [(row_number, said)] = bill.quarantined()

    assert row_number is None
    assert said.startswith(reason)
    assert "bad.csv" in spots[0].scope
    assert len(bill.values("1")) == 1


@pytest.mark.parametrize("name", ["cut.csv.gz", "cut.parquet", "text.parquet", "text.csv.gz"])
def test_a_damaged_archive_is_refused_whole(bill: Bill, name: str, tmp_path: Path):
    """A gzip or Parquet file cut short cannot be trusted, not even its first half."""
    whole = {
        "cut.csv.gz": gzip.compress(
            csv_text(*[{"ResourceId": str(n)} for n in range(9999)]).encode()
        ),
        "cut.parquet": parquet(tmp_path / "x.parquet", {"BilledCost": pa.array([1.0])}),
    }
    bill.write(name, whole[name][: len(whole[name]) // 2] if name in whole else b"not an archive")
    spots = bill.load()

    assert bill.values("1") == []
    assert [number for number, _ in bill.quarantined()] == [None]
    assert len(spots) == 1


def test_a_delimiter_can_be_stated(bill: Bill):
    """`delimiter: ";"` on the source reads what Excel writes."""
    bill.options["delimiter"] = ";"
    bill.write("a.csv", csv_text({}, delimiter=";"))

    assert bill.load() == []
    assert len(bill.values("1")) == 1


def test_gzip_and_a_byte_order_mark_change_nothing(bill: Bill):
    """Exports come compressed, and from Windows."""
    bill.write("a.csv.gz", gzip.compress(b"\xef\xbb\xbf" + csv_text({}).encode()))

    assert bill.load() == []
    assert bill.values("BilledCost") == [(Decimal("1.5"),)]


def test_a_double_is_its_shortest_decimal(bill: Bill, tmp_path: Path):
    """AWS exports costs as doubles: 0.1 is 0.1, not 0.1000000000000000055."""
    costs = [0.1, 0.0015345, 1.60101e-07, 123456.789]
    bill.write("a.parquet", parquet(tmp_path / "x", {"BilledCost": pa.array(costs)}))
    bill.load()

    assert [cost for (cost,) in bill.values("BilledCost")] == [Decimal(repr(c)) for c in costs]


def test_a_double_that_is_no_number_is_quarantined(bill: Bill, tmp_path: Path):
    """NaN and infinity are no costs."""
    costs = [float("nan"), float("inf"), None, 2.0]
    bill.write("a.parquet", parquet(tmp_path / "x", {"BilledCost": pa.array(costs)}))
    bill.load()

    assert bill.quarantined() == [
        (1, "BilledCost 'nan' is not a number"),
        (2, "BilledCost 'inf' is not a number"),
        (3, "BilledCost is empty"),
    ]
    assert bill.values("x_row, BilledCost") == [(4, Decimal(2))]


@pytest.mark.parametrize(
    ("costs", "told"),
    [
        (pa.array([1e30]), "1e+30"),
        (pa.array([Decimal(10**20)], pa.decimal128(38, 2)), "100000000000000000000.00"),
    ],
    ids=["double", "decimal"],
)
def test_a_typed_number_that_money_cannot_hold_is_said_to_be_too_large(
    bill: Bill, tmp_path: Path, costs: pa.Array, told: str
):
    """As the text of a CSV is."""
    bill.write("a.parquet", parquet(tmp_path / "x", {"BilledCost": costs}))
    bill.load()

    assert bill.quarantined() == [
        (1, f"BilledCost '{told}' is too large: numbers have 18 digits before the point")
    ]


def test_zoned_times_and_nested_tags_of_parquet_are_read(bill: Bill, tmp_path: Path):
    """Exporters write TIMESTAMPTZ and MAP; FOCUS wants UTC and a JSON object."""
    zoned = pa.array([datetime(2026, 10, 5)], pa.timestamp("us", tz="America/Los_Angeles"))
    tags = pa.array([[("team", "nlp")]], pa.map_(pa.string(), pa.string()))
    content = parquet(
        tmp_path / "x",
        {"BilledCost": pa.array([1]), "ChargePeriodStart": zoned, "Tags": tags},
    )
    bill.write("a.parquet", content)
    bill.load()

    assert bill.values("ChargePeriodStart, Tags") == [(datetime(2026, 10, 5), '{"team":"nlp"}')]


def test_a_file_replaced_replaces_its_month_and_no_other(bill: Bill):
    """Exporters overwrite a month at each refresh; the months before stay as they are."""
    september = {"BillingPeriodStart": "2026-09-01", "BilledCost": "9"}
    bill.write("september.csv", csv_text(september))
    bill.write("october-1.csv", csv_text({"BilledCost": "1"}, {"BilledCost": "2"}))
    bill.load()
    (bill.folder / "bills" / "october-1.csv").unlink()
    bill.write("october-2.csv", csv_text({"BilledCost": "5"}))
    bill.load()

    assert sorted(bill.values("BilledCost")) == [(Decimal(5),), (Decimal(9),)]


def test_a_month_the_exporter_prunes_is_not_lost(bill: Bill):
    """A month that leaves the folder, and that no other file covers, stays in the warehouse."""
    bill.write("september.csv", csv_text({"BillingPeriodStart": "2026-09-01"}))
    bill.write("october.csv", csv_text({}))
    bill.load()
    (bill.folder / "bills" / "september.csv").unlink()
    bill.load()

    assert len(bill.values("1")) == 2


def test_a_replacement_that_cannot_be_read_leaves_the_month_as_it_was(bill: Bill):
    """The last good state, and a blind spot that says so."""
    bill.write("october.csv", csv_text({"BilledCost": "7"}))
    bill.load()
    bill.write("october.csv", b"")
    spots = bill.load()

    assert bill.values("BilledCost") == [(Decimal(7),)]
    assert len(spots) == 1


def test_the_same_file_under_two_names_is_counted_once(bill: Bill):
    """A copy is no second charge."""
    bill.write("a.csv", csv_text({}))
    bill.write("copy of a.csv", csv_text({}))
    bill.load()

    assert len(bill.values("1")) == 1


def test_loading_again_changes_nothing(bill: Bill):
    """Same files, same rows, same quarantine."""
    bill.write("a.csv", csv_text({}, {"BilledCost": "x"}))
    bill.load()
    before = bill.values("*"), bill.quarantined(), bill.warehouse.rows("from focus.file")
    bill.load()

    assert (bill.values("*"), bill.quarantined(), bill.warehouse.rows("from focus.file")) == before


def test_the_views_speak_focus_1_2_and_1_4(bill: Bill):
    """1.2 has 57 columns with ProviderName, 1.4 has 65 with ServiceProviderName."""
    bill.write("old.csv", csv_text({"ProviderName": "AWS"}))
    bill.write("new.csv", csv_text({"ProviderName": "", "ServiceProviderName": "Azure"}))
    bill.load()
    old, new = (bill.warehouse.columns(f"focus.focus_1_{minor}") for minor in (2, 4))

    assert (len(old), len(new)) == (57, 65)
    for view, column in (("focus_1_2", "ProviderName"), ("focus_1_4", "ServiceProviderName")):
        found = bill.warehouse.rows(f"select {column} from focus.{view} order by all")
        assert found == [("AWS",), ("Azure",)]
    assert "ProviderName" not in new


def test_a_bill_without_currency_takes_the_stated_one(bill: Bill):
    """Without `billing_currency:` it has none; nothing is assumed."""
    without = {key: value for key, value in CHARGE.items() if key != "BillingCurrency"}
    header, row = ",".join(without), ",".join(without.values())
    bill.write("a.csv", f"{header}\n{row}\n")
    bill.load()
    assert bill.values("BillingCurrency, x_billing_currency_rate") == [(None, None)]

    bill.options["billing_currency"] = "USD"
    bill.load()
    assert bill.values("BillingCurrency, x_billing_currency_rate") == [("USD", Decimal(1))]


def test_a_mended_option_reads_the_same_files_anew(bill: Bill):
    """What a blind spot tells the user to set takes effect at the next build."""
    bill.write("a.csv", csv_text({}, delimiter=";"))
    assert len(bill.load()) == 1
    bill.options["delimiter"] = ";"

    assert bill.load() == []
    assert len(bill.values("1")) == 1
    bill.options["delimiter"] = ","
    assert len(bill.load()) == 1
    assert bill.values("1") == []


def total(bill: Bill) -> Decimal:
    """What the loaded charges add up to."""
    (amount,) = bill.warehouse.row("select coalesce(sum(BilledCost), 0) from focus.charge")
    return amount


def fresh(bill: Bill) -> Decimal:
    """What a new warehouse makes of the same landed files: one build must equal many."""
    again = Bill(bill.folder, dict(bill.options))
    again.load()
    return total(again)


SEPTEMBER = {"BillingPeriodStart": "2026-09-01", "BilledCost": "100"}
OCTOBER = {"BillingPeriodStart": "2026-10-01", "BilledCost": "7"}


def test_a_corrected_period_moves_its_charges_and_doubles_none(bill: Bill):
    """The same file with another month in it replaces what it said before."""
    for period in ("2026-09-01", "2026-10-01", "2026-10-01T00:00:00+02:00"):
        bill.write("a.csv", csv_text({"BillingPeriodStart": period, "BilledCost": "100"}))
        bill.load()

        assert total(bill) == 100


def test_a_file_that_comes_back_is_whole_again(bill: Bill):
    """Half of it had been given up to another file in between."""
    both = csv_text(SEPTEMBER, OCTOBER)
    bill.write("both.csv", both)
    bill.load()
    (bill.folder / "bills/both.csv").unlink()
    bill.write("october.csv", csv_text({**OCTOBER, "BilledCost": "3"}))
    bill.load()
    assert total(bill) == 103
    (bill.folder / "bills/october.csv").unlink()
    bill.write("both.csv", both)
    bill.load()

    assert total(bill) == fresh(bill) == 107


def test_changed_options_do_not_lose_a_month_the_exporter_pruned(bill: Bill):
    """It is read anew from what was landed of it."""
    bill.write("september.csv", csv_text(SEPTEMBER))
    bill.write("october.csv", csv_text(OCTOBER))
    bill.load()
    (bill.folder / "bills/september.csv").unlink()
    bill.load()
    bill.options["billing_currency"] = "USD"
    bill.load()

    assert total(bill) == 107


def test_a_new_warehouse_finds_pruned_months_among_the_landed_files(bill: Bill):
    """Nothing that was landed is lost with the warehouse, and nothing replaced comes back."""
    bill.write("september.csv", csv_text(SEPTEMBER))
    bill.write("october.csv", csv_text({**OCTOBER, "BilledCost": "5000"}))
    bill.load()
    bill.write("october.csv", csv_text(OCTOBER))
    bill.load()
    (bill.folder / "bills/september.csv").unlink()
    bill.load()

    assert total(bill) == fresh(bill) == 107


def test_a_pruned_file_keeps_its_rows_in_quarantine(bill: Bill):
    """Landed = loaded + quarantined, for as long as the file counts."""
    bill.write("september.csv", csv_text(SEPTEMBER, {"BilledCost": "x"}))
    bill.write("october.csv", csv_text(OCTOBER))
    bill.load()
    (bill.folder / "bills/september.csv").unlink()
    bill.load()

    assert len(bill.quarantined()) == 1


def test_a_file_replaced_by_its_header_is_empty_and_said_to_be(bill: Bill):
    """An empty export is no proof that nothing was spent."""
    bill.write("a.csv", csv_text({}))
    bill.load()
    bill.write("a.csv", csv_text({}).splitlines()[0] + "\n")
    spots = bill.load()

    assert total(bill) == fresh(bill) == 0
    assert [spot.reason for spot in spots] == ["the file has a header and no row"]


def test_a_renamed_file_is_traced_under_its_new_name(bill: Bill):
    """Same bytes, same charges, another name."""
    bill.write("old.csv", csv_text({}))
    bill.load()
    (bill.folder / "bills/old.csv").rename(bill.folder / "bills/new.csv")
    bill.load()
    [(name,)] = bill.values("x_file")

    assert str(name).endswith("-new.csv")
    assert (bill.folder / "landing" / str(name)).is_file()


def test_a_landed_file_that_was_tampered_with_is_not_loaded(bill: Bill):
    """Every figure is traced to bytes by their hash; collecting again mends the copy."""
    bill.write("a.csv", csv_text({}))
    bill.load()
    [landed] = (bill.folder / "landing/bill/files").iterdir()
    landed.write_text(csv_text({"BilledCost": "99"}))
    again = Bill(bill.folder)
    again.load()

    assert total(again) == Decimal("1.5")


def test_an_archive_with_a_wrong_check_sum_is_refused(bill: Bill):
    """One digit flipped in transit would be money."""
    content = bytearray(gzip.compress(csv_text({"BilledCost": "1234"}).encode(), compresslevel=0))
    place = content.index(b"1234")
    content[place : place + 1] = b"9"
    bill.write("a.csv.gz", bytes(content))
    bill.load()

    assert total(bill) == 0
    assert "gzip" in str(bill.quarantined()[0][1])


def test_a_folder_name_is_no_column(tmp_path: Path):
    """`key=value` in a path is how some engines partition, not what a bill says."""
    folder = tmp_path / "BillingCurrency=EUR" / "BilledCost=777"
    folder.mkdir(parents=True)
    bill = Bill(folder)
    bill.write("a.csv", csv_text({}))
    bill.write("b.parquet", parquet(tmp_path / "x", {"BilledCost": pa.array([2])}))
    bill.load()

    assert total(bill) == Decimal("3.5")
    assert "EUR" not in {currency for (currency,) in bill.values("BillingCurrency")}


@pytest.mark.parametrize(
    ("costs", "rounded"),
    [
        (["1.23456e-18"], 1),
        (["9e-21"], 1),
        (["1e-20", "1.5E+3"], 0),
        (["12345678901.123456789012345678909"], 1),
        (["-12345678901.123456789012345678909"], 1),
    ],
)
def test_whatever_is_cut_is_accounted_for(bill: Bill, costs: list[str], rounded: int):
    """Exponents and large amounts too: landed = loaded + cut."""
    bill.write("a.csv", csv_text(*({"BilledCost": cost} for cost in costs)))
    bill.load()
    counted, cut = bill.warehouse.row("select values_rounded, amount_cut from focus.file")

    assert counted == rounded
    with localcontext(prec=60):
        assert total(bill) + cut == sum(map(Decimal, costs))


@pytest.mark.parametrize(
    "header",
    ["row", "Row", "x_row", "raw_0", "landed", "landed_row", "reason", "note", 'a"b', "", "select"],
)
def test_a_header_may_say_anything(bill: Bill, header: str):
    """No column name of a file meets one of ours, and an empty one is kept by its place."""
    lines = csv_text({}).splitlines()
    name = '"' + header.replace('"', '""') + '"'
    bill.write("a.csv", f"{lines[0]},{name}\n{lines[1]},kept\n")
    bill.write("b.csv", f"{lines[0]},{name.upper()}\n{lines[1]},kept too\n")

    assert bill.load() == []
    known = Bill(bill.folder).warehouse.columns("focus.charge")
    [custom] = [name for name in bill.warehouse.columns("focus.charge") if name not in known]
    assert sorted(bill.values(quoted(custom))) == [("kept",), ("kept too",)]


@pytest.mark.parametrize("header", ["Tags,tags", "BilledCost,Billedcost"])
def test_one_column_in_two_spellings_is_refused(bill: Bill, header: str):
    """Which of the two counts is nobody's to guess."""
    bill.options["schema"] = "focus"
    bill.write("a.csv", f"{header}\n1,2\n")
    bill.load()

    assert "stands twice" in str(bill.quarantined()[0][1])


def test_extreme_values_of_typed_columns_are_quarantined(bill: Bill, tmp_path: Path):
    """The smallest integer, and days no calendar has."""
    costs = pa.array([-(2**63), 5])
    times = pa.array([datetime(2026, 10, 5), datetime(1, 1, 1)], pa.timestamp("us"))
    bill.write(
        "a.parquet",
        parquet(tmp_path / "x", {"BilledCost": costs, "ChargePeriodStart": times}),
    )
    bill.load()

    assert [number for number, _ in bill.quarantined()] == [1, 2]


@pytest.mark.parametrize(
    "text", ["2026-10-05 (BC)", "2026-10-05T00:00:00 America/New_York", "0000-01-01", "infinity"]
)
def test_a_time_with_anything_beside_it_is_refused(bill: Bill, text: str):
    """Only ISO 8601 says which moment is meant."""
    bill.write("a.csv", csv_text({"ChargePeriodStart": text}))
    bill.load()

    assert [number for number, _ in bill.quarantined()] == [1]


def test_a_header_longer_than_a_block_is_read(bill: Bill):
    """Some exports have very many tags in their header."""
    lines = csv_text({}).splitlines()
    bill.write("a.csv", f"{lines[0]},{'t' * 70_000}\n{lines[1]},x\n")

    assert bill.load() == []
