"""The ledger as FOCUS: every line, to the last digit, and nothing that it does not know."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from builders.rows import insert
from quaestor.core.errors import ConfigurationError, IncompleteError, NothingEvaluatedError
from quaestor.core.period import Window
from quaestor.report.focus_ledger import Lines, export_ledger
from quaestor.warehouse import focus_folder
from quaestor.warehouse.duckdb import Warehouse

HOSTILE = "=cmd|' /C calc'!A0,\"<img src=x>\"\n'; drop table ledger.cost; --/../\u202e"


@pytest.fixture
def ledger():
    """A ledger to put lines into; what does not matter has a default."""
    with Warehouse(":memory:") as warehouse:
        warehouse.run("insert or replace into config.setting values ('currency', 'EUR')")

        def line(day, billed, *, currency="EUR", rate="1", **values):
            amount = Decimal(billed)
            known = None if rate is None else amount * Decimal(rate)
            insert(
                warehouse,
                "ledger.cost",
                **{
                    "day": day,
                    "source": "bill",
                    "cost_kind": "direct",
                    "rule": "tag",
                    "billing_currency": currency,
                    "billing_billed_cost": amount,
                    "billing_effective_cost": amount,
                    "billed_cost": known,
                    "effective_cost": known,
                    "charges": 1,
                    **values,
                },
            )

        warehouse.line = line
        yield warehouse


def exported(ledger, folder, version="1.4", **wanted):
    """Export a ledger; return the folder, its manifest and every row."""
    given = export_ledger(ledger, Lines(version, **wanted), folder, progress=lambda _: None)
    manifest = json.loads((given.folder / "manifest.json").read_text(encoding="utf-8"))
    rows = [
        row
        for name, _ in given.files
        for row in pq.ParquetFile(given.folder / name).read().to_pylist()
    ]
    return given, manifest, rows


def test_a_line_says_whose_it_is(ledger, tmp_path):
    """The FOCUS columns it knows, all of x_ml_, typed; times are moments."""
    ledger.line(
        date(2026, 11, 3),
        "12.00000000000000000001",
        provider="AWS",
        service="Amazon SageMaker",
        sub_account="2100",
        resource_id="arn:x",
        charge_category="Usage",
        region="eu-west-1",
        team="growth",
        model="churn",
        model_version="7",
        environment="production",
        lifecycle_stage="inference",
        cost_kind="shared",
        rule="shared:gateway",
        list_cost=Decimal(15),
        contracted_cost=Decimal(13),
        cluster="prod-eu",
        allocated_to="serve/churn",
        allocated_ratio=Decimal("0.25"),
    )
    _, manifest, [row] = exported(ledger, tmp_path)

    assert {name: value for name, value in row.items() if value is not None} == {
        "BilledCost": Decimal("12.00000000000000000001"),
        "BillingCurrency": "EUR",
        "ChargeCategory": "Usage",
        "ChargePeriodEnd": datetime(2026, 11, 4, tzinfo=UTC),
        "ChargePeriodStart": datetime(2026, 11, 3, tzinfo=UTC),
        "ContractedCost": Decimal(13),
        "EffectiveCost": Decimal("12.00000000000000000001"),
        "ListCost": Decimal(15),
        "RegionId": "eu-west-1",
        "ResourceId": "arn:x",
        "ServiceName": "Amazon SageMaker",
        "ServiceProviderName": "AWS",
        "SubAccountId": "2100",
        "x_ml_team": "growth",
        "x_ml_model": "churn",
        "x_ml_model_version": "7",
        "x_ml_environment": "production",
        "x_ml_lifecycle_stage": "inference",
        "x_ml_cost_kind": "shared",
        "x_ml_rule": "shared:gateway",
        "x_ml_cluster": "prod-eu",
        "x_ml_allocated_to": "serve/churn",
        "x_ml_allocated_ratio": Decimal("0.25"),
        "x_ml_charges": 1,
        "x_ml_source": "bill",
        "x_ml_currency": "EUR",
        "x_ml_billed_cost": Decimal("12.00000000000000000001"),
        "x_ml_effective_cost": Decimal("12.00000000000000000001"),
        "x_ml_list_cost": Decimal(15),
        "x_ml_contracted_cost": Decimal(13),
    }
    assert [name for name in manifest["not_said"] if row[name] is not None] == []
    assert manifest["columns"] == list(row)


@pytest.mark.parametrize(
    ("version", "has", "lacks"),
    [
        ("1.2", {"ProviderName", "PublisherName"}, {"ServiceProviderName", "HostProviderName"}),
        ("1.4", {"ServiceProviderName", "HostProviderName"}, {"ProviderName", "PublisherName"}),
    ],
)
def test_a_version_has_its_mandatory_columns(ledger, tmp_path, version, has, lacks):
    """Every one, under the name it has in that version, also where it is NULL."""
    from quaestor.normalise.focus_columns import columns_of

    ledger.line(date(2026, 11, 3), "1", provider="AWS")
    _, _, [row] = exported(ledger, tmp_path, version)
    mandatory = {column.name for column in columns_of(version) if column.must}
    known = {column.name for column in columns_of(version)}
    columns = {name for name in row if not name.startswith("x_ml_")}

    assert mandatory <= columns <= known
    assert has <= columns
    assert columns & lacks == set()


def test_the_sums_are_the_ledgers(ledger, tmp_path):
    """Per currency, to the last digit: in the manifest, in its months and in the rows."""
    ledger.line(date(2026, 10, 31), "0.00000000000000000001")
    ledger.line(date(2026, 11, 1), "99999999999999999.99999999999999999999")
    ledger.line(date(2026, 11, 2), "-5", currency="USD", rate="0.9", list_cost=Decimal(7))
    ledger.line(date(2026, 11, 2), "3", currency="CHF", rate=None)
    ledger.line(date(2026, 11, 2), "4", currency=None, rate=None)
    given, manifest, rows = exported(ledger, tmp_path)
    owed = dict(
        ledger.rows("select billing_currency, sum(billing_billed_cost) from ledger.cost group by 1")
    )
    summed: dict[str | None, Decimal] = {}
    for row in rows:
        summed[row["BillingCurrency"]] = summed.get(row["BillingCurrency"], 0) + row["BilledCost"]

    assert summed == owed
    assert {one["BillingCurrency"]: Decimal(one["BilledCost"]) for one in manifest["sums"]} == owed
    assert given.files == (("2026-10.parquet", 1), ("2026-11.parquet", 4))
    assert manifest["rows"] == 5
    for one in manifest["files"]:
        data = (given.folder / one["file"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (one["bytes"], one["sha256"])


def test_another_currency_has_no_list_cost_of_ours(ledger, tmp_path):
    """The ledger keeps it in euro: it is no amount in dollars, and is not shown as one."""
    ledger.line(date(2026, 11, 2), "10", currency="USD", rate="0.9", list_cost=Decimal("10.8"))
    _, _, [row] = exported(ledger, tmp_path)

    assert (row["ListCost"], row["BilledCost"]) == (None, Decimal(10))
    assert (row["x_ml_list_cost"], row["x_ml_billed_cost"], row["x_ml_currency"]) == (
        Decimal("10.8"),
        Decimal(9),
        "EUR",
    )


def test_a_hostile_name_is_a_value(ledger, tmp_path):
    """Formulas, markup, SQL and path separators come back as they are, and name no file."""
    ledger.line(date(2026, 11, 2), "1", model=HOSTILE, team=HOSTILE, source=HOSTILE)
    given, manifest, [row] = exported(ledger, tmp_path, sources=(HOSTILE,))

    assert (row["x_ml_model"], row["x_ml_team"], row["x_ml_source"]) == (HOSTILE,) * 3
    assert manifest["sources"] == [HOSTILE]
    assert sorted(path.name for path in given.folder.iterdir()) == [
        "2026-11.parquet",
        "manifest.json",
    ]


@pytest.mark.parametrize(
    ("window", "months"),
    [
        (Window(since=date(2026, 10, 31)), ["2026-10", "2026-11"]),
        (Window(since=date(2026, 11, 1)), ["2026-11"]),
        (Window(until=date(2026, 10, 1)), ["2026-10"]),
        (Window(since=date(2026, 10, 9), until=date(2026, 11, 1)), ["2026-10", "2026-11"]),
    ],
)
def test_a_window_takes_whole_months(ledger, tmp_path, window, months):
    """Those that have at least one of its days: a month in a file is never a part of it."""
    for day in (date(2026, 10, 2), date(2026, 10, 31), date(2026, 11, 30)):
        ledger.line(day, "1")
    given, *_ = exported(ledger, tmp_path, window=window)

    assert [name[:7] for name, _ in given.files] == months


def test_a_ledger_of_nothing_is_no_export(ledger, tmp_path):
    """Exit code 4, and no empty folder that looks like costs of nothing."""
    with pytest.raises(NothingEvaluatedError, match="no cost to export"):
        exported(ledger, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_unknown_source_is_a_mistake(ledger, tmp_path):
    """It is named, with the one that may be meant."""
    ledger.line(date(2026, 11, 2), "1")

    with pytest.raises(ConfigurationError, match="no charge is from a source 'bil'") as refused:
        exported(ledger, tmp_path, sources=("bil",))
    assert "bill" in (refused.value.fix or "")


def test_the_same_ledger_gives_the_same_bytes(ledger, tmp_path):
    """Exported twice, every file is the same, manifest included."""
    for day in range(1, 29):
        ledger.line(date(2026, 11, day), f"{day}.5", model=f"m-{day % 3}")
    first = {
        path.name: path.read_bytes() for path in exported(ledger, tmp_path)[0].folder.iterdir()
    }
    again = exported(ledger, tmp_path)[0].folder

    assert {path.name: path.read_bytes() for path in again.iterdir()} == first


def test_an_export_that_fails_leaves_the_one_before(ledger, tmp_path, monkeypatch):
    """Whole or not at all: the disk is full at the second month."""
    ledger.line(date(2026, 10, 2), "1")
    ledger.line(date(2026, 11, 2), "1")
    folder = exported(ledger, tmp_path)[0].folder
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    copy = focus_folder.copy_parquet

    def full(warehouse: Warehouse, sql: str, path: Path) -> int:
        if path.name == "2026-11.parquet":
            raise IncompleteError("the disk is full")
        return copy(warehouse, sql, path)

    monkeypatch.setattr(focus_folder, "copy_parquet", full)
    ledger.line(date(2026, 10, 3), "5")
    with pytest.raises(IncompleteError):
        exported(ledger, tmp_path)

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["focus-1.4-ledger"]
