"""A workbook per report: read back, it holds what the ledger holds, and nothing in it runs."""

from __future__ import annotations

import sys
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from builders.forms import HOSTILE, VERDICT, a_report, listed, sections_of, written
from builders.pages import REPORTS
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.text import visible
from quaestor.report.forms import sheet, xlsx

SHIPPED = Path(__file__).resolve().parents[3] / "reports"


def book(path):
    """Open a workbook as it was written."""
    return openpyxl.load_workbook(path)


def rows_of(page):
    """Return the rows of a sheet by the words at the head of its columns."""
    head, *rows = page.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def exact(row, label):
    """Return an amount with every digit: from its text where there is one, else its number."""
    text = row.get(f"{label}, every digit")
    if text is not None:
        return Decimal(text)
    return None if row[label] is None else Decimal(repr(row[label]))


@pytest.fixture(scope="module")
def books(estate, tmp_path_factory):
    """Every report of the full estate as a workbook, by its name."""
    paths = written(estate, "xlsx", tmp_path_factory.mktemp("books"))
    return {path.stem: path for path in paths}


@pytest.fixture
def odd(an_estate, tmp_path):
    """Write a report of one's own as a workbook, and open it."""

    def write(sections):
        definitions = a_report(tmp_path, sections)
        [path] = written(an_estate.warehouse, "xlsx", tmp_path, definitions=definitions)
        return book(path)

    return write


def test_every_amount_of_every_section_is_in_the_workbook_to_the_last_digit(estate, books):
    """In the query's order, unknown as an empty cell; so sums are the ledger's, exactly."""
    compared = 0
    for path in (books[name] for name in ("cost", "compliance", "reconciliation")):
        opened = book(path)
        titles = {one.title: rows_of(one) for one in opened.worksheets[1:]}
        found = list(titles.values())
        for sql in sections_of(SHIPPED, path.stem).values():
            rows = estate.records(sql)
            money = [
                name
                for name, kind in _types(estate, sql).items()
                if kind.startswith("DECIMAL") and rows
            ]
            for name in money:
                amounts = [row[name] for row in rows]
                assert any(_column(one, name) == amounts for one in found), (path.stem, name)
                compared += len(amounts)

    assert compared > 500


def _types(warehouse, sql):
    return {name: kind for name, kind, *_ in warehouse.rows(f"describe {sql}")}


def _column(rows, name):
    """Return the amounts of the column with this name, if the sheet has it."""
    words = name.replace("_", " ").replace("gpu", "GPU")
    label = next(
        (one for one in (rows or [{}])[0] if one.lower().startswith(words.lower() + ",")), ""
    )
    return [exact(row, label) for row in rows] if label else None


def test_the_models_add_up_to_the_month_of_the_ledger(estate, books):
    """What an analyst sums up is what the ledger says, with no tolerance."""
    rows = rows_of(book(books["cost"])["By model"])
    [(cost,)] = estate.rows(
        "select sum(effective_cost) from ledger.cost "
        "where date_trunc('month', day) = (select date_trunc('month', max(day)) from ledger.cost)"
    )

    assert sum(exact(row, "Cost, EUR") for row in rows) == cost


def test_a_name_is_text_and_never_a_formula_or_a_link(odd):
    """Cells are strings; one that looks like a formula stays text when it is edited."""
    page = odd({"01-things": (listed(), '{% set title = "Things" %}x')})["Things"]
    cells = [row[1] for row in page.iter_rows(min_row=2)]

    assert [cell.value for cell in cells] == [visible(name) for name in HOSTILE]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.hyperlink for cell in cells] == [None] * len(HOSTILE)
    assert [cell.quotePrefix for cell in cells[:4]] == [True] * 4


def test_nothing_in_a_workbook_runs(books):
    """No formula, no macro, and no link to the outside in any part of any workbook."""
    for path in books.values():
        with zipfile.ZipFile(path) as parts:
            texts = {name: parts.read(name).decode() for name in parts.namelist()}

        assert [name for name, text in texts.items() if "<f>" in text or "<f " in text] == []
        assert [name for name, text in texts.items() if 'TargetMode="External"' in text] == []
        assert [name for name in texts if "vba" in name.lower()] == []


def test_each_value_keeps_its_type(odd):
    """Dates, times, truth, counts, ratios and money; what a spreadsheet cannot hold is text."""
    sql = """
        select date '2026-11-01' as day, timestamp '2026-11-01 06:05:04' as at, true as is_known,
        12345 as count, 0.125::double as model_ratio, 12.5::decimal(38, 20) as cost,
        123456789012345678 as id, 'nan'::double as ratio, date '1066-10-14' as old,
        ['a', null] as names, '' as nothing
    """
    page = odd({"01-things": (sql, '{% set title = "Things" %}x')})["Things"]
    head, cells = map(list, page.iter_rows())

    assert [cell.value for cell in cells] == [
        *(datetime(2026, 11, 1), datetime(2026, 11, 1, 6, 5, 4), True, 12345, 0.125, 12.5),
        *("123456789012345678", "nan", "1066-10-14", '["a", null]', ""),
    ]
    assert [cell.number_format for cell in cells[:6:2]] == [
        "yyyy-mm-dd",
        '"TRUE";"TRUE";"FALSE"',
        "0.0%",
    ]
    assert (head[5].value, cells[5].number_format) == ("Cost, EUR", "#,##0.00")


def test_an_amount_of_more_than_fifteen_digits_has_them_all_beside_it(odd):
    """As text, in a column at the right end; a column that needs none has none."""
    sql = (
        "select * from (values (1234567890.12345678901234567890::decimal(38, 20), "
        "0.5::decimal(38, 20)), (null, 2)) as t(cost, saving)"
    )
    page = odd({"01-things": (sql, '{% set title = "Things" %}x')})["Things"]

    assert list(page.iter_rows(values_only=True)) == [
        ("Cost, EUR", "Saving, EUR", "Cost, EUR, every digit"),
        (1234567890.123457, 0.5, "1234567890.1234567890123456789"),
        (None, 2, None),
    ]


def test_unknown_is_empty_and_the_head_of_its_column_says_so(odd):
    """Zero stays a zero, and a column without unknowns says nothing."""
    sql = "select * from (values (1, null), (2, 0)) as t(place, count)"
    page = odd({"01-things": (sql, '{% set title = "Things" %}x')})["Things"]

    assert [page["B2"].value, page["B3"].value, page["A1"].comment] == [None, 0, None]
    assert page["B1"].comment.text.startswith("Empty in 1 of 2 rows: unknown")


def test_amounts_in_the_currency_of_their_row_say_so(odd):
    """Where a section names a currency per row, no reporting currency is claimed."""
    sql = "select 5::decimal(38, 20) as amount, 'CHF' as currency"
    page = odd({"01-things": (sql, '{% set title = "Things" %}x')})["Things"]

    assert page["A1"].value == "Amount, in the currency of the row"


def test_any_title_makes_a_sheet_of_its_own(odd):
    """Forbidden signs go, what is too long is cut, and names differ in more than their case."""
    titles = ("History", "a/b:c*[d]?", "A B C D", "x" * 40, "X" * 40, "'quoted'", "///")
    sections = {
        f"0{place}-s{place}": (f"select {place} as n", f'{{% set title = "{title}" %}}x')
        for place, title in enumerate(titles)
    }

    assert odd(sections).sheetnames == [
        *("About", "History (2)", "a b c d", "A B C D (2)", "x" * 31, "X" * 27 + " (2)"),
        *("quoted", "Sheet"),
    ]


def test_a_text_that_no_cell_holds_is_cut_and_said(odd):
    """In the cell, and on the first sheet."""
    opened = odd({"01-things": ("select repeat('y', 40000) as a", '{% set title = "T" %}x')})
    about = [cell for row in opened["About"].iter_rows(values_only=True) for cell in row if cell]

    assert opened["T"]["A2"].value.endswith("y… (cut: 40,000 characters)")
    assert len(opened["T"]["A2"].value) == sheet.LONGEST
    assert "1 texts too long for a cell are cut and say so; csv has them whole" in about


def test_more_rows_than_a_sheet_holds_go_on_to_the_next(odd, monkeypatch):
    """None is lost, each sheet has the header, and the first sheet says so."""
    monkeypatch.setattr(sheet, "MOST_ROWS", 4)
    opened = odd({"01-things": ("select * from range(10) as t(n)", '{% set title = "T" %}x')})
    about = [cell for row in opened["About"].iter_rows(values_only=True) for cell in row if cell]

    assert opened.sheetnames == ["About", "T", "T (2)", "T (3)"]
    assert [row["N"] for name in opened.sheetnames[1:] for row in rows_of(opened[name])] == list(
        range(10)
    )
    assert "on 3 sheets, as one holds 4 rows" in about


def test_a_large_report_is_the_same_workbook_to_its_reader(estate, tmp_path, monkeypatch):
    """Above some rows they are written out at once; no cell differs."""
    cells = []
    for limit in (10**6, 0):
        monkeypatch.setattr(xlsx, "_LARGE", limit)
        [path] = written(estate, "xlsx", tmp_path, names=("reconciliation",))
        cells.append([list(one.iter_rows(values_only=True)) for one in book(path).worksheets])

    assert cells[0] == cells[1]


def test_the_first_sheet_says_what_this_is_and_what_it_could_not_see(books):
    """Verdict, blind spots, clock, age, currency, key figures, and where each section lies."""
    opened = book(books["cost"])
    rows = [[cell for cell in row if cell] for row in opened["About"].iter_rows(values_only=True)]
    said = {row[0]: row[1:] for row in rows if row}

    assert opened.sheetnames[:2] == ["About", "Month by month"]
    assert rows[0] == ["Cost of machine learning"]
    assert rows[1][0].startswith("30,887.31 EUR (without 1 charge of 1,205 CHF)")
    assert said["prod"] == ["node-4, 2026-11", "its exporter was silent", "Restart it.", "120 rows"]
    assert said["Rendered"] == ["21 Nov 2026, 06:30 UTC"]
    assert said["Data built"] == ["21 Nov 2026, 03:05 UTC, 3 hours before"]
    assert said["Currency"] == ["EUR"]
    assert said["Reaches a model"][0] == "92.9 %"
    assert said["By team"] == ["5"]


def test_one_file_for_several_reports_holds_them_all(estate, tmp_path, books):
    """Behind a sheet that leads to each; the rows are those of a workbook of its own."""
    names = ("cost", "compliance")
    [path] = written(estate, "xlsx", tmp_path, names=names, file=tmp_path / "all.xlsx")
    opened = book(path)
    front = [row[:3] for row in opened["Reports"].iter_rows(values_only=True)]

    assert opened.sheetnames[:3] == ["Reports", "cost", "cost Month by month"]
    assert front[2][:2] == ("cost", "Cost of machine learning")
    assert front[2][2].startswith("30,887.31 EUR")
    assert opened["Reports"]["A4"].hyperlink.location == "'compliance'!A1"
    assert rows_of(opened["cost By team"]) == rows_of(book(books["cost"])["By team"])
    assert rows_of(opened["compliance Broken rules"]) == rows_of(
        book(books["compliance"])["Broken rules"]
    )
    assert len(opened.sheetnames) == len({name.lower() for name in opened.sheetnames})


def test_headers_stay_and_filter(books):
    """On every sheet of rows."""
    for path in books.values():
        for page in book(path).worksheets[1:]:
            assert page.freeze_panes == "A2"
            assert page.auto_filter.ref.startswith("A1:")


def test_the_same_inputs_and_clock_give_the_same_bytes(estate, tmp_path, books):
    """Of every workbook; its properties have the run's clock and no other."""
    again = written(estate, "xlsx", tmp_path, names=("cost", "compliance"))

    assert set(REPORTS) <= set(books)
    assert [path.read_bytes() for path in again] == [
        books["cost"].read_bytes(),
        books["compliance"].read_bytes(),
    ]
    assert book(again[0]).properties.created == datetime(2026, 11, 21, 6, 30)


def test_without_the_library_the_error_names_the_extra(estate, tmp_path, monkeypatch):
    """And nothing is written."""
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)

    with pytest.raises(ConfigurationError) as caught:
        written(estate, "xlsx", tmp_path / "new")

    assert caught.value.fix == "Install it: pip install 'quaestor[xlsx]'"
    assert not (tmp_path / "new").exists()


def test_a_place_that_cannot_be_written_is_said(estate, tmp_path):
    """A file where a folder should be: exit code 3, and the file is left as it was."""
    (tmp_path / "taken").write_text("mine")

    with pytest.raises(IncompleteError, match="cannot be written"):
        written(estate, "xlsx", tmp_path / "taken", names=("cost",))

    assert (tmp_path / "taken").read_text() == "mine"


def test_a_broken_section_leaves_the_older_workbook(an_estate, tmp_path):
    """Whole or not at all: the SQL's mistake is told, nothing half-written stays."""
    (tmp_path / "odd.xlsx").write_text("older")
    definitions = a_report(tmp_path, {"01-verdict": ("select nothing from nowhere", VERDICT)})

    with pytest.raises(ConfigurationError, match="nowhere"):
        written(an_estate.warehouse, "xlsx", tmp_path, definitions=definitions)

    assert (tmp_path / "odd.xlsx").read_text() == "older"
    assert list(tmp_path.glob(".*")) == []


def test_a_day_is_a_date_that_can_be_sorted(books):
    """Not a text: a pivot table groups it by month."""
    days = {row["Month"] for row in rows_of(book(books["cost"])["By team"])}

    assert days == {datetime.combine(date(2026, 11, 1), datetime.min.time())}
