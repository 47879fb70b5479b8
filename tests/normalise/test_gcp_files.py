"""However Google Cloud's export was written down, it gives the same charges, or is refused."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.bills import Bill, csv_text
from builders.gcp_bills import credit, csv_flat, json_lines, parquet, row

ROWS = (
    row(),
    row(
        cost="1.60101e-07",
        credits=[credit("PROMOTION", "-5e-06", 'it\'s "free"'), credit("DISCOUNT", "-0.25")],
        labels=[{"key": "team", "value": 'Forschung, Zürich, "A"'}],
    ),
    row(cost_type="tax", project=None, labels=[], tags=[], system_labels=[]),
)
WAYS = {
    "JSON": ("a.json", json_lines(*ROWS).encode()),
    "JSON lines, zipped": ("a.jsonl.gz", gzip.compress(json_lines(*ROWS).encode())),
    "JSON with blank lines": ("a.ndjson", json_lines(*ROWS).replace("\n", "\r\n\r\n").encode()),
    "Parquet": ("a.parquet", parquet(*ROWS)),
    "Parquet without list inference": ("a.parquet", parquet(*ROWS, bare_lists=False)),
    "CSV, dots": ("a.csv", csv_flat(*ROWS).encode()),
    "CSV, underscores": ("a.csv", csv_flat(*ROWS, separator="_").encode()),
    "CSV of pandas": ("a.csv", csv_flat(*ROWS, python=True).encode()),
}


def loaded(bill: Bill) -> list[tuple[object, ...]]:
    """Every column of every charge, but where it comes from."""
    names = [name for name in bill.warehouse.columns("focus.charge") if name not in NOT_COMPARED]
    return bill.warehouse.rows(
        f"select {', '.join(names)} from focus.charge order by SubAccountId, BilledCost"
    )


# What the file itself decides; and JSON as it was written, whose blanks and digits are its own.
NOT_COMPARED = {
    *("x_file", "x_file_sha256", "x_row", "x_Credits", "x_ProjectAncestors"),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_rows_are_the_same_charges(bill: Bill, tmp_path: Path, way: str):
    """Nested or flat, typed or text."""
    name, content = WAYS[way]
    bill.write(name, content)
    other = Bill(tmp_path / "json")
    other.folder.mkdir()
    other.write(*WAYS["JSON"])

    assert (bill.load(), other.load()) == ([], [])
    assert loaded(bill) == loaded(other)
    assert len(loaded(bill)) == 4


@pytest.mark.parametrize(
    "cost", ["0.12345678901234567891", "123456789012345.67890123456789", "1.60101E-07", "-0.1"]
)
def test_json_numbers_keep_their_digits(bill: Bill, cost: str):
    """A double has 17 of them; money in a file has as many as are written there."""
    bill.write("a.json", json_lines(row(cost=cost, credits=[credit("DISCOUNT", "0")])))
    bill.write("b.json", json_lines(row(cost="0", credits=[credit("DISCOUNT", cost)])))

    assert bill.load() == []
    assert bill.values("BilledCost") == [(Decimal(cost),)] * 2


def test_a_number_inside_text_stays_text(bill: Bill):
    """Only a value is a number, whatever a label says."""
    label = 'a": 5, "b": [1, -2e3] \\ \\" 7'
    bill.write("a.json", json_lines(row(labels=[{"key": "k 1", "value": label}], tags=[])))
    bill.load()
    [(tags,)] = bill.values("Tags")

    assert json.loads(str(tags)) == {"k 1": label, "project:team": "nlp"}


def test_a_cut_json_line_waits_with_its_number(bill: Bill):
    """The rows around it load; blank lines are no rows, and are counted as lines."""
    lines = json_lines(row(cost="1"), row(cost="2"), row(cost="4")).splitlines()
    bill.write("a.json", "\n".join([lines[0], lines[1][:200], "", lines[2], lines[0][:-1]]))
    spots = bill.load()

    assert bill.quarantined() == [
        (2, "is not a whole JSON object"),
        (5, "is not a whole JSON object"),
    ]
    assert bill.values("x_row, BilledCost") == [(1, Decimal(1)), (4, Decimal(4))]
    assert bill.warehouse.rows(
        "select rows_landed, rows_loaded, rows_quarantined from focus.file"
    ) == [(4, 2, 2)]
    assert [spot.rows for spot in spots] == [2]


def test_a_line_that_is_no_text_shifts_no_row_number(bill: Bill):
    """Bytes that are no UTF-8, further down than the header could show."""
    one = json_lines(row(cost="1"))
    many = 2 + (1 << 20) // len(one)
    bill.write("a.json", (one * many).encode() + b'{"cost": "\xff"}\n' + one.encode() + b"[]\n")
    bill.load()

    assert [number for number, _ in bill.quarantined()] == [many + 1, many + 3]
    assert bill.warehouse.row("select max(x_row), count(*) from focus.charge") == (
        many + 2,
        many + 1,
    )


REFUSED = {
    "a gz cut short": (
        "bad.json.gz",
        gzip.compress(json_lines(*ROWS * 50).encode())[:-20],
        "is no readable gzip file",
    ),
    "an array": ("bad.json", json.dumps([ROWS[0]]).encode(), "is one JSON array"),
    "nothing": ("bad.json", b"\n\n", "the file is empty"),
    "no object": ("bad.json", b"1\n2\n", "no line is a JSON object"),
    "UTF-16": ("bad.json", json_lines(row()).encode("utf-16"), "the file is UTF-16"),
    "another table": ("bad.json", b'{"user": 1}\n', "no bill that is known has these columns"),
    "no invoice month": (
        "bad.csv",
        csv_flat({name: value for name, value in row().items() if name != "invoice"}).encode(),
        "it looks like Google Cloud billing export, and has no column invoice_month",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_whole(bill: Bill, case: str):
    """It says why; the other files load."""
    name, content, reason = REFUSED[case]
    bill.write(name, content)
    bill.write("good.json", json_lines(row()))
    spots = bill.load()

    assert [reason in spot.reason for spot in spots] == [True]
    assert bill.values("BilledCost") == [(Decimal("1.5"),)]


BAD = {
    "credits cut": ({"credits": "[{'name': 'x', 'amo"}, "is not a list of credits with amounts"),
    "a credit of dollars": (
        {"credits": [credit("DISCOUNT", "$5")]},
        "is not a list of credits with amounts",
    ),
    "a cost of dollars": ({"cost": "$5"}, "cost '$5' is not a number"),
    "month 13": ({"invoice": {"month": "202613"}}, "is not a month as in 202611"),
    "no month": ({"invoice": {"month": None}}, "invoice_month is empty"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_row_whose_money_cannot_be_read_waits(bill: Bill, case: str):
    """Nobody guesses what was billed, nor in which month."""
    changes, reason = BAD[case]
    bill.write("a.csv", csv_flat(row(), row(**changes)))
    spots = bill.load()
    [(number, said)] = bill.quarantined()

    assert (number, reason in str(said)) == (2, True)
    assert bill.values("x_row") == [(1,)]
    assert len(spots) == 1


def test_labels_that_cannot_be_read_lose_no_money(bill: Bill):
    """The charge loads without them, and that is told."""
    bill.write("a.csv", csv_flat(row(labels="{'key'", tags=[], project=None)))
    [spot] = bill.load()

    assert "labels" in spot.reason
    assert bill.values("BilledCost, Tags") == [(Decimal("1.5"), None)]


def test_columns_that_change_in_the_middle_of_a_month(bill: Bill):
    """Google adds some and leaves out others; each row is read by what its line has."""
    old = {
        name: value
        for name, value in row(cost="1").items()
        if name not in ("price", "tags", "consumption_model", "subscription", "resource")
    }
    new = row(cost="2", cost_at_effective_price_default="3", a_new_column={"x": 1})
    bill.write("a.json", json_lines(old, new))
    bill.write("b.parquet", parquet(row(cost="4")))

    assert bill.load() == []
    assert sorted(bill.values("BilledCost, ContractedCost, ResourceId is null")) == [
        (Decimal(1), Decimal(1), True),
        (Decimal(2), Decimal(3), False),
        (Decimal(4), Decimal(4), False),
    ]


def test_a_manifest_beside_the_bill_is_no_bill(bill: Bill):
    """Exporters put one there; it is about files."""
    bill.write("a.json", json_lines(row()))
    bill.write("manifest.json", '{"files": []}')

    assert bill.load() == []


def test_the_focus_view_of_google_is_focus(bill: Bill):
    """Its tags are a list of keys and values in BigQuery, an object in FOCUS."""
    tags = '[{"key": "team", "value": "nlp"}, {"key": "n", "value": null}]'
    bill.write("view.csv", csv_text({"ProviderName": "Google Cloud", "Tags": tags}))

    assert bill.load() == []
    assert bill.values("BilledCost, Tags") == [(Decimal("1.5"), '{"team": "nlp", "n": null}')]


def test_the_focus_view_as_json_keeps_its_digits(bill: Bill):
    """As BigQuery extracts it: nested tags, bare numbers, text in JSON within."""
    charge = (
        '{"BilledCost":0.12345678901234567891,"EffectiveCost":1,"BillingCurrency":"USD",'
        '"BillingPeriodStart":"2026-10-01 07:00:00 UTC",'
        '"ChargePeriodStart":"2026-10-05 00:00:00 UTC",'
        '"Tags":[{"key":"team","value":"nlp"}],"x_Credits":[{"Amount":-1.50}]}\n'
    )
    bill.write("view.json", charge)

    assert bill.load() == []
    assert bill.values("BilledCost, Tags") == [
        (Decimal("0.12345678901234567891"), '{"team": "nlp"}')
    ]


MONEY = st.decimals(-1000, 1000, places=9, allow_nan=False)
KINDS = ("DISCOUNT", "COMMITTED_USAGE_DISCOUNT", "PROMOTION", "FEE_UTILIZATION_OFFSET", "NEW", None)
CREDITS = st.lists(st.tuples(st.sampled_from(KINDS), MONEY), max_size=3)
SOME_ROW = st.tuples(
    MONEY, CREDITS, st.sampled_from(["202610", "202611"]), st.sampled_from(["a", "b", None])
)


@given(st.lists(SOME_ROW, min_size=1, max_size=8), st.sampled_from(["json", "csv"]))
@settings(max_examples=15, deadline=None)
def test_an_invoice_is_the_sum_of_costs_and_credits(rows: list[Any], suffix: str):
    """For every invoice month and project, whatever the credits are, in billed and effective."""
    exported, expected = [], defaultdict(Decimal)
    for cost, some, month, project in rows:
        exported.append(
            row(
                cost=f"{cost:f}",
                credits=[credit(kind, f"{amount:f}") for kind, amount in some],
                invoice={"month": month},
                project={"id": project},
                sku={"description": "Commitment v1: Cpu" if cost > 900 else "Core"},
            )
        )
        expected[month, project] += cost + sum(amount for _, amount in some)
    written = {"json": json_lines, "csv": csv_flat}[suffix]
    with TemporaryDirectory() as folder:
        bill = Bill(Path(folder))
        bill.write(f"a.{suffix}", written(*exported))

        assert bill.load() == []
        for cost in ("BilledCost", "EffectiveCost"):
            found = bill.warehouse.rows(
                f"select strftime(BillingPeriodStart, '%Y%m'), SubAccountId, sum({cost}) "
                "from focus.charge group by all"
            )

            assert {(month, project): total for month, project, total in found} == expected
        bill.warehouse.close()


@pytest.mark.thirdparty
@pytest.mark.parametrize("name", ["koku_detailed_2022-08", "koku_standard_2020-11"])
def test_a_real_export_gives_its_reference_totals(bill: Bill, reference: Path, name: str):
    """Costs by service, project and month before credits; the net in billed cost."""
    expected = json.loads((reference / "reference_totals.json").read_text())[f"gcp/{name}.csv"]
    bill.write("a.csv", (reference / "gcp" / f"{name}.csv").read_bytes())
    net = Decimal(expected["net"])

    assert bill.load() == []
    assert bill.warehouse.row(
        "select sum(BilledCost), sum(EffectiveCost), count(distinct x_row) from focus.charge"
    ) == (net, net, expected["rows"])
    month = "strftime(BillingPeriodStart, '%Y%m')"
    for by, column in (
        ("service", "ServiceName"),
        ("project", "SubAccountId"),
        ("invoice_month", month),
    ):
        found = bill.warehouse.rows(
            f"select {column}, sum(x_CostBeforeCredits::decimal(38, 20)) "
            "from focus.charge group by 1"
        )

        assert dict(found) == {
            key: Decimal(cost) for key, cost in expected[f"cost_by_{by}"].items()
        }, by
