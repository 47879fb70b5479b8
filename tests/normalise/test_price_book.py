"""The price book: the shipped list, a file of `prices:`, and what each counts for."""

from __future__ import annotations

import csv
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from builders.clusters import divided, node, pod
from builders.owners import fill
from builders.rows import insert
from quaestor.core.errors import ConfigurationError
from quaestor.normalise import price_book
from quaestor.warehouse.duckdb import Warehouse

AZURE = "azure_gpu_vm_from_infracost_golden"
HEADER = "instance_type,region,gpu_model,gpus,cores,gib,capacity_type,price,currency,priced_on\n"


def written(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    """A file of prices."""
    path = tmp_path / "prices.csv"
    path.write_text(header + "".join(f"{line}\n" for line in lines))
    return path


def prices(warehouse: Warehouse) -> list[tuple[object, ...]]:
    """What a file of the user's adds to the list."""
    return warehouse.rows(
        "select instance_type, gpu_model, gpus, capacity_type, price, currency from config.price "
        "where origin = 'prices' order by all"
    )


def test_the_shipped_list_is_dated_and_names_its_pages():
    """Every price says which public page it is from, and of which day."""
    warehouse = Warehouse(":memory:")
    price_book.write(warehouse, None)

    assert warehouse.rows(
        "select count(*) > 50, bool_and(origin = 'quaestor') from config.price"
    ) == [(True, True)]
    assert (
        warehouse.rows("select * from config.price where price_source not like 'https://%'") == []
    )


def test_a_file_adds_prices_and_no_price_is_none(tmp_path: Path):
    """Zero and nothing are no price: what is not priced is not free."""
    warehouse = Warehouse(":memory:")
    path = written(
        tmp_path,
        "box,,X1,4,64,512,,12.5,EUR,2026-01-01",
        "free,,X1,4,64,512,,0,EUR,2026-01-01",
        "none,,X1,4,64,512,,,EUR,2026-01-01",
        ",,X1,1,0,0,spot,2,USD,2026-01-01",
    )
    price_book.write(warehouse, path)

    assert prices(warehouse) == [
        ("box", "X1", 4, "on-demand", Decimal("12.5"), "EUR"),
        (None, "X1", 1, "spot", 2, "USD"),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("box,,X1,4,64,512,,cheap,EUR,2026-01-01", "price 'cheap' is no number"),
        ("box,,X1,4,64,512,,-1,EUR,2026-01-01", "price '-1' is below zero"),
        ("box,,X1,4,64,512,,nan,EUR,2026-01-01", "price 'nan' is below zero, or no amount"),
        ("box,,X1,4,64,512,,1,EURO,2026-01-01", "currency 'EURO' is not known"),
        ("box,,X1,4,64,512,,1,EUR,1.1.2026", "priced_on '1.1.2026' is no day"),
        ("box,,X1,4,64,512,rented,1,EUR,2026-01-01", "capacity_type 'rented' is not known"),
        ("box,,,4,64,512,,1,EUR,2026-01-01", "has GPUs and names no gpu_model"),
        (",,X1,1,1,0,,1,EUR,2026-01-01", "not one of gpus, cores and gib alone"),
        ("box,,X1,4,64,512,,1,EUR,2026-01-01,more", "more values than columns"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused_where_it_stands(
    tmp_path: Path, line: str, message: str
):
    """The file, its line, and what is wrong with it."""
    path = written(tmp_path, "a,,X1,4,64,512,,1,EUR,2026-01-01", line)
    with pytest.raises(ConfigurationError) as caught:
        price_book.write(Warehouse(":memory:"), path)

    assert (message in caught.value.what, caught.value.where) == (True, f"{path}:3")


def test_two_prices_of_one_thing_and_day_are_refused(tmp_path: Path):
    """Nobody could say which of them counts."""
    path = written(tmp_path, *["a,,X1,4,64,512,,1,EUR,2026-01-01"] * 2)
    with pytest.raises(ConfigurationError, match="second price of what the line 2 prices"):
        price_book.write(Warehouse(":memory:"), path)


@pytest.mark.parametrize("header", ["a,b\n", HEADER.replace("region", "regoin")])
def test_a_file_of_other_columns_is_refused(tmp_path: Path, header: str):
    """A misspelt column would be a price for another thing."""
    with pytest.raises(ConfigurationError, match="has"):
        price_book.write(Warehouse(":memory:"), written(tmp_path, header=header))


def test_a_missing_file_is_told(tmp_path: Path):
    """With its path."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        price_book.write(Warehouse(":memory:"), tmp_path / "none.csv")


@pytest.mark.thirdparty
def test_the_shipped_prices_are_those_that_others_collected(reference: Path):
    """Where both have a price of a type: AWS in 2024, and Azure."""
    with price_book.SHIPPED.open() as stream:
        shipped = [row for row in csv.DictReader(stream) if row["instance_type"]]
    ours = {
        (row["provider"], row["region"], row["instance_type"]): Decimal(row["price"])
        for row in shipped
        if row["priced_on"] < "2025"
    }
    found = {}
    for name in ("aws_gpu_instances_2024-04", AZURE):
        with (reference / "prices" / f"{name}.csv").open() as stream:
            for row in csv.DictReader(stream):
                price = row.get("on_demand_usd_per_hour") or row.get("usd_per_hour") or "0"
                region = row.get("region", "eastus")
                if row.get("os", "Linux") == "Linux" and Decimal(price):
                    found[row["provider"], region, row["instance_type"]] = Decimal(price)
    both = ours.keys() & found.keys()

    assert len(both) > 70
    assert {one: (ours[one], found[one]) for one in both if ours[one] != found[one]} == {}


CATALOGUE = {
    "Nvidia Tesla A100 GPU running in Americas": ("h", "3.5"),
    "Nvidia Tesla A100 80GB GPU running in Americas": ("h", "4.5"),
    "Nvidia L4 GPU running in Americas": ("h", "0.7"),
    "N1 Predefined Instance Core running in Americas": ("h", "0.04"),
    "N1 Predefined Instance Ram running in Americas": ("GiBy.h", "0.005"),
    "G2 Instance Core running in Americas": ("h", "0.03"),
    "G2 Instance Ram running in Americas": ("GiBy.h", "0.003"),
    "Storage PD Capacity": ("GiBy.mo", "0.04"),
    "Spot Preemptible Nvidia L4 GPU running in Americas": ("h", "0.2"),
    "Commitment v1: Nvidia L4 GPU running in Americas for 1 Year": ("h", "0.4"),
}


def catalogued(warehouse: Warehouse, looked: datetime, **more: object) -> None:
    """One look at Google Cloud's catalogue."""
    for sku, (description, (unit, price)) in enumerate(CATALOGUE.items()):
        row = {
            "source": "g", "provider": "Google Cloud", "sku_id": f"SKU-{sku}",
            "description": description, "region": "us-central1", "usage_type": "OnDemand",
            "unit": unit, "currency": "USD", "tier_start": 0, "list_unit_price": price,
            "valid_from": looked, "fetched_at": looked,
        }  # fmt: skip
        insert(warehouse, "focus.price", **{**row, **more})


def listed(warehouse: Warehouse) -> list[tuple[object, ...]]:
    """What the ledger's list has of catalogues."""
    price_book.settle(warehouse)
    return warehouse.rows(
        "select gpu_model, gpus, cores, gib, price, priced_on from config.price "
        "where origin = 'catalogue' order by gpu_model nulls first, gpus, cores"
    )


def test_a_catalogue_prices_gpus_cores_and_memory():
    """On-demand ones, by the model's name; discs, spot and commitments price none of them."""
    warehouse = Warehouse(":memory:")
    catalogued(warehouse, datetime(2026, 9, 1))
    day = date(2026, 9, 1)

    assert listed(warehouse) == [
        (None, 0, 0, 1, Decimal("0.005"), day),
        (None, 0, 1, 0, Decimal("0.04"), day),
        ("A100 40GB", 1, 0, 0, Decimal("3.5"), day),
        ("A100 80GB", 1, 0, 0, Decimal("4.5"), day),
        ("L4", 0, 0, 1, Decimal("0.003"), day),
        ("L4", 0, 1, 0, Decimal("0.03"), day),
        ("L4", 1, 0, 0, Decimal("0.7"), day),
    ]


def test_a_price_that_a_later_look_tells_again_is_none_of_a_new_day():
    """Google dates its prices anew at every look; what has not changed rebuilds nothing."""
    warehouse = Warehouse(":memory:")
    catalogued(warehouse, datetime(2026, 9, 1))
    before = listed(warehouse)
    catalogued(warehouse, datetime(2026, 9, 2))

    assert listed(warehouse) == before


def test_other_regions_tiers_and_kinds_of_use_are_not_listed():
    """One list of prices is of one place."""
    for other in (
        {"region": "europe-west4"}, {"tier_start": 10}, {"usage_type": "Preemptible"},
        {"list_unit_price": 0}, {"provider": "Another"},
    ):  # fmt: skip
        warehouse = Warehouse(":memory:")
        catalogued(warehouse, datetime(2026, 9, 1), **other)

        assert listed(warehouse) == [], other


def test_a_catalogue_counts_before_the_shipped_list_and_a_file_before_both(tmp_path: Path):
    """The weights of an A100, with where they are from and of which day."""
    warehouse = Warehouse(":memory:")
    node(warehouse)
    pod(warehouse, "nlp")
    catalogued(warehouse, datetime(2026, 9, 1))
    price_book.settle(warehouse)
    kept = warehouse.records("select * from config.price where origin = 'catalogue'")
    path = written(tmp_path, ",,A100 40GB,1,0,0,,9,USD,2020-01-01")
    weights = {}
    for text in ("", f"prices: {path}"):
        divided(warehouse, text)  # writes config.price anew
        for row in kept:
            insert(warehouse, "config.price", **row)
        fill(warehouse, "unit_weight")
        weights[text] = warehouse.row(
            "select gpu_weight, core_weight, price_source, priced_on from ledger.unit_weight "
            "where gpu_model = 'NVIDIA-A100-SXM4-40GB'"
        )

    assert weights[""] == (
        Decimal("3.5"), Decimal("0.04"), "catalogue of Google Cloud, SKU SKU-0", date(2026, 9, 1),
    )  # fmt: skip
    assert weights[f"prices: {path}"][0] == 9
