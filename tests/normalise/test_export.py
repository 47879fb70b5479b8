"""What is given back is the bill: typed, whole, and the same when it is read again."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.bills import Bill, csv_text
from builders.focus import KINDS, USAGE
from quaestor.core.errors import ConfigurationError, IncompleteError, NothingEvaluatedError
from quaestor.core.period import Window
from quaestor.normalise import export
from quaestor.normalise.conform import OURS
from quaestor.normalise.export import Wanted
from quaestor.normalise.focus_columns import VERSIONS, columns_of
from quaestor.warehouse import focus_folder
from quaestor.warehouse.duckdb import Warehouse, quoted
from quaestor.warehouse.focus_folder import Exported

SEPTEMBER = {
    "BillingPeriodStart": "2026-09-01T00:00:00Z",
    "BillingPeriodEnd": "2026-10-01T00:00:00Z",
    "ChargePeriodStart": "2026-09-05T00:00:00Z",
    "ChargePeriodEnd": "2026-09-06T00:00:00Z",
}


def exported(bill: Bill, version: str = "1.4", **wanted: object) -> Exported:
    """Export a bill into its own folder."""
    return export.export(
        bill.warehouse,
        Wanted(version, **wanted),
        bill.folder / "out",
        progress=lambda _: None,
    )


def read_again(given: Exported, folder: Path) -> Bill:
    """Collect and load what was exported, as anybody's bill."""
    folder.mkdir()
    again = Bill(folder)
    for path in given.folder.glob("*.parquet"):
        again.write(path.name, path.read_bytes())

    assert again.load() == []
    return again


def content(bill: Bill, version: str) -> list[tuple[object, ...]]:
    """Every charge with every column of a version."""
    names = ", ".join(column.name for column in columns_of(version))
    view = f"focus.focus_{version.replace('.', '_')}"
    return bill.warehouse.rows(f"select {names} from {view} order by all")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_round_trip_changes_nothing(bill: Bill, tmp_path: Path, version: str):
    """Every column of the version and every x_ column: read again, equal."""
    rows = [{**kind, "x_CostCentre": "4711", "Note": f"row {n}"} for n, kind in enumerate(KINDS)]
    bill.write("a.csv", csv_text(*rows, {**rows[0], **SEPTEMBER, "BillingCurrency": "EUR"}))
    bill.load()
    again = read_again(exported(bill, version), tmp_path / "again")

    beside = "select x_CostCentre, x_Note from focus.charge order by all"

    assert content(again, version) == content(bill, version)
    assert again.warehouse.rows(beside) == bill.warehouse.rows(beside)


@settings(max_examples=10)
@given(
    st.lists(
        st.tuples(
            st.decimals(-(10**17), 10**17, places=20, allow_nan=False),
            st.datetimes(datetime(2020, 1, 1), datetime(2027, 10, 1)),
            st.text(max_size=20),
            st.sampled_from(["USD", "EUR", None]),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(VERSIONS),
)
def test_any_bill_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[Decimal, datetime, str, str | None]],
    version: str,
):
    """38 digits, microseconds, any text, no currency: nothing is lost on the way."""
    folder = tmp_path_factory.mktemp("trip")
    bill = Bill(folder)
    for number, (cost, moment, text, currency) in enumerate(rows, start=1):
        bill.warehouse.run(
            "insert into focus.charge by name select $cost::decimal(38, 20) as BilledCost, "
            "$cost::decimal(38, 20) as EffectiveCost, $at as ChargePeriodStart, "
            "date_trunc('month', $at::timestamp) as BillingPeriodStart, "
            "$text as ChargeDescription, $currency as BillingCurrency, 'a' as x_source, "
            "'b' as x_file, 'c' as x_file_sha256, $number as x_row",
            {
                "cost": f"{cost:f}",
                "at": moment,
                # What a bill's reader would make of the text: NULL has five spellings.
                "text": None if text.strip() in ("", "NULL", "null", "(null)", "\\N") else text,
                "currency": currency,
                "number": number,
            },
        )
    again = read_again(exported(bill, version), folder / "again")

    assert content(again, version) == content(bill, version)


def test_columns_are_typed_and_times_are_moments(bill: Bill):
    """DECIMAL, UTC timestamps, JSON as text, zstd; empty columns have their type too."""
    bill.write("a.csv", csv_text(USAGE))
    bill.load()
    given = exported(bill, "1.2")
    file = pq.ParquetFile(given.folder / "2026-10.parquet")
    kinds = {field.name: str(field.type) for field in file.schema_arrow}
    [row] = file.read().to_pylist()

    assert {kinds[column.name] for column in columns_of("1.2") if column.kind == "number"} == {
        "decimal128(38, 20)"
    }
    assert {kinds[column.name] for column in columns_of("1.2") if column.kind == "time"} == {
        "timestamp[us, tz=UTC]"
    }
    assert {
        kinds[column.name] for column in columns_of("1.2") if column.kind in ("text", "json")
    } == {"string"}
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert row["ChargePeriodStart"] == datetime(2026, 10, 5, tzinfo=UTC)
    assert json.loads(row["Tags"]) == json.loads(USAGE["Tags"])


def test_the_manifest_says_what_there_is(bill: Bill):
    """Rows, sums by currency to the last digit, and the hash of every file."""
    bill.write(
        "a.csv",
        csv_text(
            USAGE,
            {**USAGE, "BilledCost": "0.00000000000000000001"},
            {**USAGE, **SEPTEMBER, "BillingCurrency": "EUR", "ListCost": ""},
        ),
    )
    bill.load()
    given = exported(bill, "1.2")
    manifest = json.loads((given.folder / "manifest.json").read_text())
    data = (given.folder / "2026-10.parquet").read_bytes()

    assert given.files == (("2026-09.parquet", 1), ("2026-10.parquet", 2))
    assert {name: manifest[name] for name in ("format", "version", "sources", "rows")} == {
        "format": "FOCUS",
        "version": "1.2",
        "sources": ["bill"],
        "rows": 3,
    }
    assert manifest["sums"] == [
        {
            "BillingCurrency": "EUR",
            "rows": 1,
            "BilledCost": "10",
            "EffectiveCost": "10",
            "ListCost": None,
            "ContractedCost": "10",
        },
        {
            "BillingCurrency": "USD",
            "rows": 2,
            "BilledCost": "10.00000000000000000001",
            "EffectiveCost": "20",
            "ListCost": "25",
            "ContractedCost": "20",
        },
    ]
    assert manifest["files"][1] == {
        "file": "2026-10.parquet",
        "rows": 2,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "sums": [manifest["sums"][1]],
    }


def test_the_same_bill_gives_the_same_bytes(bill: Bill):
    """Exported twice, every file is the same, manifest included."""
    bill.write("a.csv", csv_text(*KINDS))
    bill.load()
    first = {path.name: path.read_bytes() for path in exported(bill).folder.iterdir()}

    assert {path.name: path.read_bytes() for path in exported(bill).folder.iterdir()} == first


def test_an_export_takes_the_place_of_the_one_before(bill: Bill):
    """A month that is gone from the bill is gone from the export; nothing else lies there."""
    bill.write("a.csv", csv_text(USAGE))
    bill.write("b.csv", csv_text({**USAGE, **SEPTEMBER}))
    bill.load()
    exported(bill)
    bill.warehouse.run("delete from focus.charge where BillingPeriodStart < '2026-10-01'")
    given = exported(bill)

    assert sorted(path.name for path in given.folder.iterdir()) == [
        "2026-10.parquet",
        "manifest.json",
    ]
    assert [path.name for path in given.folder.parent.iterdir()] == ["focus-1.4"]


def test_an_export_that_fails_leaves_the_one_before(bill: Bill, monkeypatch: pytest.MonkeyPatch):
    """Whole or not at all: the disk is full at the second month."""
    bill.write("a.csv", csv_text(USAGE, {**USAGE, **SEPTEMBER}))
    bill.load()
    before = {path.name: path.read_bytes() for path in exported(bill).folder.iterdir()}
    copy = focus_folder.copy_parquet

    def full(warehouse: Warehouse, sql: str, path: Path) -> int:
        if path.name == "2026-10.parquet":
            raise IncompleteError("the disk is full")
        return copy(warehouse, sql, path)

    monkeypatch.setattr(focus_folder, "copy_parquet", full)
    bill.warehouse.run("update focus.charge set BilledCost = 1")
    with pytest.raises(IncompleteError):
        exported(bill)

    out = bill.folder / "out"
    assert {path.name: path.read_bytes() for path in (out / "focus-1.4").iterdir()} == before
    assert [path.name for path in out.iterdir()] == ["focus-1.4"]


def test_a_folder_of_something_else_is_not_replaced(bill: Bill):
    """Only an export makes way for an export."""
    bill.write("a.csv", csv_text(USAGE))
    bill.load()
    (bill.folder / "out" / "focus-1.4").mkdir(parents=True)
    (bill.folder / "out" / "focus-1.4" / "thesis.txt").write_text("mine")

    with pytest.raises(ConfigurationError, match="something else where the folder should go"):
        exported(bill)
    assert (bill.folder / "out" / "focus-1.4" / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("window", "months"),
    [
        (Window(since=date(2026, 9, 30)), ["2026-09", "2026-10"]),
        (Window(since=date(2026, 10, 1)), ["2026-10"]),
        (Window(until=date(2026, 9, 30)), ["2026-09"]),
        (Window(since=date(2026, 9, 2), until=date(2026, 10, 1)), ["2026-09", "2026-10"]),
    ],
)
def test_a_window_takes_whole_periods(bill: Bill, window: Window, months: list[str]):
    """Those that have at least one of its days."""
    bill.write("a.csv", csv_text(USAGE, {**USAGE, **SEPTEMBER}))
    bill.load()

    assert [name[:7] for name, _ in exported(bill, window=window).files] == months


def test_a_window_without_charges_is_nothing(bill: Bill):
    """Exit code 4, and no empty folder that looks like a bill of nothing."""
    bill.write("a.csv", csv_text(USAGE))
    bill.load()

    with pytest.raises(NothingEvaluatedError, match="no charge to export"):
        exported(bill, window=Window(until=date(2020, 1, 1)))
    assert not (bill.folder / "out").exists()


def test_what_a_version_does_not_know_goes_along(bill: Bill):
    """PublisherName left FOCUS, AllocatedTags came later: under x_, where they hold anything."""
    bill.write("a.csv", csv_text({**USAGE, "AllocatedTags": "{}"}))
    bill.load()
    columns = {}
    for version in VERSIONS:
        file = pq.ParquetFile(exported(bill, version).folder / "2026-10.parquet")
        columns[version] = {name for name in file.schema_arrow.names if name.startswith("x_")}

    assert columns == {
        "1.2": {"x_AllocatedTags", "x_HostProviderName"},
        "1.4": {"x_PublisherName"},
    }
    bare = exported(bill, "1.2", custom=False).folder / "2026-10.parquet"
    assert sorted(pq.ParquetFile(bare).schema_arrow.names) == [
        column.name for column in columns_of("1.2")
    ]


@pytest.mark.parametrize(
    ("stated", "version", "column"),
    [
        ("ProviderName", "1.4", "ServiceProviderName"),
        ("ServiceProviderName", "1.2", "ProviderName"),
    ],
)
def test_the_seller_has_a_name_in_every_version(bill: Bill, stated: str, version: str, column: str):
    """Renamed with FOCUS 1.3, and the same."""
    other = {"ProviderName": "", "ServiceProviderName": "", stated: "Example Cloud"}
    bill.write("a.csv", csv_text({**USAGE, **other}))
    bill.load()
    table = pq.read_table(exported(bill, version).folder / "2026-10.parquet")

    assert table.column(column).to_pylist() == ["Example Cloud"]


@pytest.mark.thirdparty
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "name",
    [
        "focus/focus10_sample_even500.csv",
        "aws/cur_legacy_anon_2023-11.csv.gz",
        "azure/ea_anon_2023-09.csv",
        "gcp/koku_standard_2020-11.csv",
    ],
)
def test_real_bills_come_back(bill: Bill, tmp_path: Path, reference: Path, name: str, version: str):
    """Whatever a provider's format was: every column of the version, every x_ column, the sums."""
    bill.write(Path(name).name, (reference / name).read_bytes())
    bill.load()
    again = read_again(exported(bill, version), tmp_path / "again")
    custom = [
        f"count({quoted(column)})"
        for column in bill.warehouse.columns("focus.charge")
        if column.startswith("x_") and column not in OURS
    ]
    sums = f"select {', '.join(['sum(BilledCost)', *custom])} from focus.charge"
    lacking = set(bill.warehouse.columns("focus.charge")) - set(
        again.warehouse.columns("focus.charge")
    )
    for column in lacking:  # no charge has it
        again.warehouse.run(f"alter table focus.charge add column {quoted(column)} varchar")

    assert content(again, version) == content(bill, version)
    assert again.warehouse.row(sums) == bill.warehouse.row(sums)
