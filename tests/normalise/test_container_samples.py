"""normalise.usage: samples of containers from files; many at once, and none that is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from builders.loaded import load
from quaestor.normalise import sound_rows
from quaestor.warehouse import container_series
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 4, 12)
AT = datetime(2026, 11, 1)
SAMPLE = {
    "cluster": "'prod'",
    "namespace": "'ml'",
    "workload": "'churn'",
    "pod": "'churn-1'",
    "container": "'main'",
    "sampled_at": "timestamp '2026-11-01'",
    "cpu_used_cores": "0.25",
    "ram_used_gib": "1.5::float",
}
ROW = ("samples", "prod", "ml", "churn", "churn-1", "main", AT, 0.25, 1.5, 1)


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse(":memory:")


def write(folder: Path, name: str, *rows: dict[str, str]) -> None:
    """Write rows of SQL values to a file of the kind that its name ends with."""
    selects = (f"select {', '.join(f'{v} as {k}' for k, v in row.items())}" for row in rows)
    with Warehouse(":memory:") as scratch:
        scratch.run(f"copy ({' union all by name '.join(selects)}) to '{folder / name}'")


def loaded(warehouse: Warehouse, folder: Path, path: str) -> list[str]:
    source = {"name": "samples", "kind": "files", "path": path, "schema": "container-samples"}
    return [spot.reason for spot in load(warehouse, folder, source, NOW)]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_samples_are_read_whole(warehouse, tmp_path, kind):
    """As CSV and as Parquet; what is absent is unobserved."""
    silent = {"sampled_at": "timestamp '2026-11-01 00:05:00'", "cpu_used_cores": "null::decimal"}
    write(tmp_path, f"a.{kind}", SAMPLE, {**SAMPLE, **silent, "workload": "null::varchar"})

    assert loaded(warehouse, tmp_path, f"a.{kind}") == []
    assert warehouse.rows("from usage.container_sample order by sampled_at") == [
        ROW,
        (*ROW[:3], None, *ROW[4:6], AT + timedelta(minutes=5), None, 1.5, 1),
    ]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pod": "''"}, "pod is empty"),
        ({"container": "null::varchar"}, "container is empty"),
        ({"cpu_used_cores": "-1"}, "cpu_used_cores -1"),
        ({"ram_used_gib": "'nan'::float"}, "ram_used_gib"),
        ({"sampled_at": "timestamp '2027-01-01'"}, "is later than the file was collected"),
        ({}, "the cluster, namespace, pod, container and time stand twice"),
    ],
)
def test_a_sample_that_cannot_be_is_kept_aside(warehouse, tmp_path, kind, change, reason):
    """With its reason, whichever way the file is read; the others count."""
    write(tmp_path, f"a.{kind}", SAMPLE, {**SAMPLE, **change})
    (told,) = loaded(warehouse, tmp_path, f"a.{kind}")

    assert reason in told
    assert warehouse.rows("from usage.container_sample") == [ROW]


def test_what_an_earlier_file_said_stands_twice(warehouse, tmp_path):
    """Files that overlap say each sample once; those that follow one another all count."""
    (tmp_path / "in").mkdir()
    later = {**SAMPLE, "sampled_at": "timestamp '2026-11-02'"}
    write(tmp_path / "in", "a.parquet", SAMPLE)
    write(tmp_path / "in", "b.parquet", SAMPLE, later)
    write(tmp_path / "in", "c.parquet", {**SAMPLE, "sampled_at": "timestamp '2026-11-03'"})
    (told,) = loaded(warehouse, tmp_path, "in")

    assert "stand twice" in told
    assert warehouse.row("select count(*) from usage.container_sample") == (3,)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_samples_of_one_container_have_one_number(warehouse, tmp_path, kind):
    """Whatever file tells of it; those of the same names in another source have another."""
    (tmp_path / "in").mkdir()
    later = {**SAMPLE, "sampled_at": "timestamp '2026-11-02'"}
    write(tmp_path / "in", f"a.{kind}", {**SAMPLE, "pod": "'churn-2'"}, SAMPLE)
    write(tmp_path / "in", f"b.{kind}", later, {**later, "container": "'side'"})
    loaded(warehouse, tmp_path, "in")
    container_series.insert(
        warehouse,
        "select 'other' as source, * exclude (source, series) from usage.container_sample",
    )
    named = warehouse.rows(
        "select series, count(*), count(distinct (source, cluster, namespace, pod, container)) "
        "from usage.container_sample join usage.container_series "
        "using (series, source, cluster, namespace, pod, container) group by all order by all"
    )

    assert sorted(samples for _, samples, _ in named) == [1, 1, 1, 1, 2, 2]
    assert {names for *_, names in named} == {1}


def test_a_source_that_is_read_again_leaves_no_numbers_behind(warehouse, tmp_path):
    """Else they would tell of containers that nobody samples."""
    write(tmp_path, "a.parquet", SAMPLE)
    loaded(warehouse, tmp_path, "a.parquet")
    write(tmp_path, "b.parquet", {**SAMPLE, "pod": "'churn-2'"})
    loaded(warehouse, tmp_path, "b.parquet")

    assert warehouse.rows("select pod from usage.container_series") == [("churn-2",)]


def test_a_sound_file_is_not_read_row_by_row(warehouse, tmp_path, monkeypatch):
    """Tens of millions of samples would take minutes."""
    answers = []
    at_once = sound_rows.are_sound

    def watched(*given: object, **named: object) -> bool:
        answers.append(at_once(*given, **named))
        return answers[-1]

    monkeypatch.setattr(sound_rows, "are_sound", watched)
    write(tmp_path, "a.parquet", SAMPLE)
    loaded(warehouse, tmp_path, "a.parquet")
    write(tmp_path, "a.csv", SAMPLE)
    loaded(warehouse, tmp_path, "a.csv")

    assert answers == [True, False]


def test_a_column_that_looks_misspelt_is_told(warehouse, tmp_path):
    """Of a file that is loaded at once too."""
    row = {name: value for name, value in SAMPLE.items() if name != "cpu_used_cores"}
    write(tmp_path, "a.parquet", {**row, "cpu_used_core": "1"})
    (told,) = loaded(warehouse, tmp_path, "a.parquet")

    assert "cpu_used_core is not known and cpu_used_cores is absent" in told
