"""demo.build: a realistic estate in files, the same bytes every time."""

from __future__ import annotations

import json
import re
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pytest

from quaestor import demo
from quaestor.core.config import read_config
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.demo.changes import CHANGES, EARLIER, LATEST
from quaestor.demo.faults import FAILING, FAULTS, MENDED, PASSING
from quaestor.warehouse.duckdb import Warehouse


def bytes_of(folder: Path) -> dict[str, str]:
    """Every file below a folder, by its hash."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_build_gives_the_same_bytes(written, tmp_path):
    """No clock, no chance: two builds cannot be told apart."""
    demo.build(tmp_path / "again", now=LATEST, progress=[].append)

    assert bytes_of(tmp_path / "again") == bytes_of(written)


def test_what_was_a_week_before_leaves_nothing_behind(written, tmp_path):
    """Written as of the earlier audit and then as of the latest: as if written once."""
    demo.build(tmp_path / "demo", now=EARLIER, progress=[].append)
    before = bytes_of(tmp_path / "demo")
    demo.build(tmp_path / "demo", now=LATEST, progress=[].append)

    assert bytes_of(tmp_path / "demo") == bytes_of(written)
    assert before.keys() == bytes_of(written).keys() - {
        "README.md",
        "waivers/translation-rollback.yaml",
    }


def test_nothing_of_the_earlier_estate_is_of_a_later_day(tmp_path):
    """No charge, no hour, no sample, no statement of the registry after its audit."""
    folder = tmp_path / "demo"
    demo.build(folder, now=EARLIER, progress=[].append)
    latest = {}
    with Warehouse(":memory:") as engine:
        for place, column in (
            ("bills/aws/*.parquet", "ChargePeriodEnd"),
            ("bills/azure/*.csv", "ChargePeriodEnd"),
            ("bills/gcp/*.csv.gz", "ChargePeriodEnd"),
            ("cluster/node-hours/*.parquet", "hour"),
            ("cluster/pod-hours/*.parquet", "hour"),
            ("cluster/gpu-samples/*.parquet", "sampled_at"),
            ("cluster/container-samples/*.parquet", "sampled_at"),
            ("platforms/endpoints/*.parquet", "hour"),
            ("platforms/gpu-jobs/all.csv", "started_at"),
            ("platforms/notebooks/all.csv", "last_activity_at"),
            ("platforms/stored-objects/all.csv", "last_modified"),
        ):
            [(latest[place],)] = engine.rows(
                f"select max({column})::timestamp from '{folder}/{place}'"
            )
    told = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.gov.yaml"))
    told += (folder / "registry" / "mlflow.json").read_text(encoding="utf-8")
    stated = re.findall(r"(?:_at|drift)\W+(?:value\W+)?(20\d\d-\d\d-\d\dT[\d:]+)Z", told)

    assert {place: time for place, time in latest.items() if time > EARLIER} == {}
    assert [time for time in stated if datetime.fromisoformat(time) > EARLIER] == []
    assert len(stated) > 500


def test_three_clouds_bill_in_their_own_way(written):
    """FOCUS 1.3 as Parquet, as CSV and as CSV.gz; all in USD, four months each."""
    columns = {}
    with Warehouse(":memory:") as engine:
        for cloud, reader in (("aws", "parquet"), ("azure", "csv"), ("gcp", "csv")):
            described = engine.rows(f"describe from read_{reader}('{written}/bills/{cloud}/*')")
            columns[cloud] = len(described)

    assert columns == {"aws": 59, "azure": 59, "gcp": 59}
    assert sorted(path.name for path in (written / "bills").rglob("focus-2026-08.*")) == [
        "focus-2026-08.csv",
        "focus-2026-08.csv.gz",
        "focus-2026-08.parquet",
    ]


def test_the_bills_are_of_a_believable_size(written):
    """150 to 400 thousand dollars a month; what is billed and what is effective come to the same.

    A savings plan moves money between charges of a day, never out of the day.
    """
    with Warehouse(":memory:") as engine:
        months = engine.rows(
            f"""
            with bill as (
                select BillingPeriodStart, BilledCost, EffectiveCost
                from read_parquet('{written}/bills/aws/*')
                union all
                select BillingPeriodStart, BilledCost, EffectiveCost
                from read_csv('{written}/bills/azure/*')
                union all
                select BillingPeriodStart, BilledCost, EffectiveCost
                from read_csv('{written}/bills/gcp/*')
            )
            select sum(EffectiveCost)::decimal(18, 4), sum(BilledCost)::decimal(18, 4)
            from bill group by BillingPeriodStart order by BillingPeriodStart
            """
        )

    assert len(months) == 4
    assert all(150_000 < effective < 400_000 for effective, _ in months)
    assert [effective for effective, _ in months] == [billed for _, billed in months]


def test_the_bills_hold_what_real_bills_hold(written):
    """Tax, credits, corrections, a plan's fee with used and unused parts, a marketplace."""
    with Warehouse(":memory:") as engine:
        kinds = engine.rows(
            f"""
            select distinct ChargeCategory, ChargeClass, CommitmentDiscountStatus,
                PublisherName = 'LabelWorks Ltd' as marketplace
            from read_parquet('{written}/bills/aws/*') order by all
            """
        )

    assert kinds == [
        ("Credit", None, None, False),
        ("Purchase", None, None, False),
        ("Tax", None, None, False),
        ("Usage", "Correction", None, False),
        ("Usage", None, "Unused", False),
        ("Usage", None, "Used", False),
        ("Usage", None, None, False),
        ("Usage", None, None, True),
    ]


def test_every_gpu_node_is_on_the_bill(written):
    """Twelve nodes, each by its provider id, which is the bill's ResourceId."""
    with Warehouse(":memory:") as engine:
        nodes = engine.row(
            f"""
            select count(distinct node), count(distinct node) filter (provider_id in (
                select ResourceId from read_parquet('{written}/bills/aws/*')
            ))
            from read_parquet('{written}/cluster/node-hours/*')
            """
        )

    assert nodes == (12, 12)


def test_the_registry_has_forty_models(written):
    """In the shape of MLflow's REST API, runs for every version."""
    export = json.loads((written / "registry" / "mlflow.json").read_text(encoding="utf-8"))
    runs = {run["info"]["run_id"] for run in export["runs"]}

    assert len(export["registered_models"]) == 40
    assert {version["run_id"] for version in export["model_versions"]} == runs


def test_the_configuration_is_ours_and_valid(written):
    """quaestor.yaml loads, and names every source of the folder."""
    config = read_config(written / "quaestor.yaml", {})

    assert [source.name for source in config.sources] == [
        *("aws", "azure", "gcp", "nodes", "pods", "gpus", "containers", "samples", "endpoints"),
        *("notebooks", "jobs", "objects", "registry", "gov", "cards"),
    ]


def test_the_faults_are_listed_for_people_and_programs(written):
    """README.md and faults.json name each planted fault, the passing and the failing version."""
    listed = json.loads((written / "faults.json").read_text(encoding="utf-8"))
    readme = (written / "README.md").read_text(encoding="utf-8")

    assert (listed["passing"], listed["failing"]) == (PASSING, FAILING)
    assert [(each["policy"], tuple(each["subjects"])) for each in listed["faults"]] == [
        (fault.policy, fault.subjects) for fault in FAULTS
    ]
    assert [(each["policy"], tuple(each["subjects"])) for each in listed["mended"]] == [
        (fault.policy, fault.subjects) for fault in MENDED
    ]
    assert [(each["what"], tuple(each["names"])) for each in listed["changes"]] == [
        (change.what, change.names) for change in CHANGES
    ]
    stories = [one.story for one in (*FAULTS, *MENDED, *CHANGES)]
    assert [story for story in stories if story not in readme] == []


def test_a_demo_that_is_there_is_left_as_it_is(written):
    """Building again changes nothing, what a reader changed by hand included."""
    note = written / "bills" / "note.txt"
    note.write_text("mine", encoding="utf-8")
    before = bytes_of(written)
    demo.build(written, now=LATEST, progress=[].append)
    after = bytes_of(written)
    note.unlink()

    assert after == before


def test_a_demo_cut_short_is_written_anew(written, tmp_path):
    """Ctrl-C leaves a folder with its mark and half of its files; the next run begins again."""
    folder = tmp_path / "demo"
    demo.build(folder, now=LATEST, progress=[].append)
    (folder / "README.md").unlink()
    (folder / "bills" / "aws" / "focus-2026-08.parquet").write_bytes(b"PAR1")
    demo.build(folder, now=LATEST, progress=[].append)

    assert bytes_of(folder) == bytes_of(written)


def test_somebody_elses_folder_is_not_touched(tmp_path):
    """A folder with other things in it is no demo."""
    (tmp_path / "thesis.txt").write_text("chapter 1", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        demo.build(tmp_path, now=LATEST, progress=[].append)

    assert caught.value.as_text() == (
        "error: the folder exists and is no demo; nothing in it was touched\n"
        f"  in:  {tmp_path}\n"
        "  fix: Name a new folder: quaestor demo DIR."
    )
    assert bytes_of(tmp_path).keys() == {"thesis.txt"}


def test_a_users_own_estate_is_not_touched(tmp_path):
    """A folder with a quaestor.yaml or bills of its own is not taken for a demo cut short."""
    (tmp_path / "bills").mkdir()
    with pytest.raises(ConfigurationError):
        demo.build(tmp_path, now=LATEST, progress=[].append)
    (tmp_path / "quaestor.yaml").write_text("sources: []\n", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        demo.build(tmp_path, now=LATEST, progress=[].append)

    assert bytes_of(tmp_path).keys() == {"quaestor.yaml"}


def test_a_file_is_no_folder(tmp_path):
    """Said before anything is written."""
    (tmp_path / "demo").write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        demo.build(tmp_path / "demo", now=LATEST, progress=[].append)

    assert caught.value.what == "is a file, not a folder"


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    """A parent that is a file, a disk that is full: what, where, what to do."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(IncompleteError) as caught:
        demo.build(tmp_path / "file" / "demo", now=LATEST, progress=[].append)

    assert caught.value.what == "the demo cannot be written (Not a directory)"
    assert caught.value.fix is not None
