"""Files on disk: what counts in a folder that was copied from a cloud."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from builders.bills import NOW, Bill, csv_text
from quaestor.collect import files
from quaestor.collect.landing import Landing
from quaestor.core.config import Config, FilesSource
from quaestor.core.errors import PartlyReadError

KEPT = "cur/20261001-20261101"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the source `bill`, as `aws s3 sync` would fill it."""
    (tmp_path / "bills").mkdir()
    return tmp_path


def put(folder: Path, contents: dict[str, str], *, at: int = 1_790_000_000) -> None:
    """Write files, all of one age."""
    for name, content in contents.items():
        path = folder / "bills" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        os.utime(path, (at, at))


def assembly(name: str, *contents: str, prefix: str = "reports/cur") -> dict[str, str]:
    """One delivery of a legacy report that keeps all of them; the bucket's prefix is not ours."""
    names = [f"{KEPT}/{name}/cur-{number}.csv" for number in range(1, len(contents) + 1)]
    keys = [f"{prefix}/{one.removeprefix('cur/')}" for one in names]
    manifest = json.dumps({"assemblyId": name, "reportKeys": keys})
    return {
        **dict(zip(names, contents, strict=True)),
        f"{KEPT}/{name}/cur-Manifest.json": manifest,
        f"{KEPT}/cur-Manifest.json": manifest,
    }


def collect(folder: Path, **options: str) -> dict[str, bytes]:
    """Collect the source and return what is in force, by its place."""
    source = FilesSource(name="bill", **{"path": "bills", **options})
    landing = Landing(folder / "landing", "bill")
    try:
        config = Config(base=str(folder))
        files.collect(source, config, landing, now=NOW, progress=lambda _: None)
    finally:
        manifest = landing.current()
        found = manifest.files if manifest else ()
    return {file.scope: (landing.root / file.path).read_bytes() for file in found}


def test_of_several_deliveries_the_newest_counts(folder: Path):
    """Each states the whole month: two read together would be twice the bill."""
    put(folder, assembly("11", "old", "more"))
    put(folder, assembly("22", "new") | {"by-hand.csv": "another bill"}, at=1_790_000_100)

    assert collect(folder) == {
        f"bills/{KEPT}/22/cur-1.csv": b"new",
        "bills/by-hand.csv": b"another bill",
    }
    source = FilesSource(name="bill", path="bills")
    told = files.doctor(source, Config(base=str(folder)))
    assert told == "2 files, 15 bytes; 2 of deliveries not in force"


def test_the_month_is_billed_once(folder: Path):
    """Through the loader: a delivery replaces the one before, though both lie there."""
    bill = Bill(folder)
    put(folder, assembly("11", csv_text({"BilledCost": "5"})))
    bill.load()
    put(folder, assembly("22", csv_text({"BilledCost": "7"})), at=1_790_000_100)
    bill.load()

    assert bill.values("BilledCost::varchar") == [("7.00000000000000000000",)]


def test_a_delivery_half_copied_leaves_the_one_before_in_force(folder: Path):
    """The other files are landed all the same."""
    put(folder, assembly("11", "old"))
    collect(folder)
    put(folder, assembly("22", "new", "more") | {"by-hand.csv": "x"}, at=1_790_000_100)
    (folder / "bills" / KEPT / "22" / "cur-2.csv").unlink()

    with pytest.raises(PartlyReadError) as caught:
        collect(folder)
    with pytest.raises(PartlyReadError, match="2026-10: it is half written") as seen:
        files.doctor(FilesSource(name="bill", path="bills"), Config(base=str(folder)))

    assert seen.value.read.startswith("1 file")
    (gap,) = caught.value.gaps
    assert (gap.scope, gap.period) == ("bills/cur", "2026-10")
    assert gap.reason.startswith("it is half written: ")
    manifest = Landing(folder / "landing", "bill").current()
    assert manifest
    assert [file.scope for file in manifest.files] == [
        "bills/by-hand.csv",
        f"bills/{KEPT}/11/cur-1.csv",
    ]


def test_several_deliveries_without_a_manifest_are_not_guessed_at(folder: Path):
    """The same file twice in one month; nobody says which is in force."""
    both = assembly("11", "old") | assembly("22", "new")
    put(folder, {name: text for name, text in both.items() if not name.endswith(".json")})

    with pytest.raises(PartlyReadError, match="several deliveries of it lie here"):
        collect(folder)


def test_one_delivery_without_a_manifest_is_a_folder_of_files(folder: Path):
    """Somebody copied the data alone."""
    put(folder, {"data/BILLING_PERIOD=2026-10/acme-00001.csv": "a"})

    assert list(collect(folder).values()) == [b"a"]
    assert list(collect(folder, path="bills/data").values()) == [b"a"]


def test_a_glob_is_taken_by_its_word(folder: Path):
    """Who names the files knows which are in force."""
    put(folder, assembly("11", "old") | assembly("22", "new"))

    assert len(collect(folder, path="bills/**/*.csv")) == 2


def run_of_azure(name: str, *contents: str, dataset: str = "FocusCost") -> dict[str, str]:
    """One delivery of an Azure export, with its manifest."""
    place = f"daily/focus/20261001-20261031/{name}"
    parts = {f"{place}/part_{n}_0001.csv": text for n, text in enumerate(contents)}
    blobs = [{"blobName": f"exports/{key}"} for key in parts]
    told = {"blobs": blobs, "exportConfig": {"type": dataset}}
    return {**parts, f"{place}/manifest.json": json.dumps(told)}


def test_of_several_deliveries_of_azure_the_newest_counts(folder: Path):
    """Beside other files; what is no bill is not read as one."""
    put(folder, run_of_azure("202610300310/7f", "old", "more"))
    put(folder, run_of_azure("202611010310/8a", "new") | {"by-hand.csv": "x"}, at=1_790_000_100)
    prices = {
        name.replace("focus", "prices"): text
        for name, text in run_of_azure("1/2", "a price", dataset="PriceSheet").items()
    }
    put(folder, prices)

    assert collect(folder) == {
        "bills/by-hand.csv": b"x",
        "bills/daily/focus/20261001-20261031/202611010310/8a/part_0_0001.csv": b"new",
    }


def test_a_delivery_of_azure_half_copied_is_told(folder: Path):
    """The one before it stays in force."""
    put(folder, run_of_azure("202610300310/7f", "old"))
    collect(folder)
    put(folder, run_of_azure("202611010310/8a", "new", "more"), at=1_790_000_100)
    (folder / "bills/daily/focus/20261001-20261031/202611010310/8a/part_1_0001.csv").unlink()

    with pytest.raises(PartlyReadError) as caught:
        collect(folder)

    (gap,) = caught.value.gaps
    assert (gap.scope, gap.period, gap.reason) == (
        "bills/daily/focus",
        "2026-10",
        "it is half written: part_1_0001.csv is listed and not there",
    )
    manifest = Landing(folder / "landing", "bill").current()
    assert manifest
    assert [file.scope.rpartition("/20261001-20261031/")[2] for file in manifest.files] == [
        "202610300310/7f/part_0_0001.csv"
    ]


def test_days_in_the_name_of_a_folder_are_no_export(folder: Path):
    """Files of two teams, in a folder that somebody named like an export's: both count."""
    put(folder, {"20261001-20261031/a.csv": "a", "20261001-20261031/b.csv": "b"})

    assert list(collect(folder).values()) == [b"a", b"b"]
