"""What makers state of GPUs and machines: dated, with its page, and as others count it."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from builders.ledgers import config
from quaestor.normalise import machine_facts, settings
from quaestor.warehouse.duckdb import Warehouse


@pytest.fixture(scope="module")
def warehouse() -> Warehouse:
    """A warehouse with the shipped facts and prices, written twice."""
    warehouse = Warehouse(":memory:")
    for _ in range(2):
        settings.write(warehouse, config())
    return warehouse


@pytest.mark.parametrize("table", ["gpu_model", "machine_type"])
def test_facts_are_dated_and_name_their_page(warehouse, table):
    """Every line says where it is from, and of which day."""
    rows = warehouse.rows(f"select fact_source, as_of from config.{table}")

    assert len(rows) > 15
    assert all(source.startswith("https://") for source, _ in rows)
    assert all(date(2020, 1, 1) < day < date(2026, 11, 30) for _, day in rows)


def test_every_gpu_that_is_priced_has_facts(warehouse):
    """So that a machine of the shipped list can be compared with others."""
    assert (
        warehouse.rows(
            "select distinct gpu_model from config.price where gpu_model is not null "
            "and gpu_model not in (select gpu_model from config.gpu_model)"
        )
        == []
    )


def test_every_machine_of_several_gpus_that_is_named_is_listed_or_known_elsewhere(warehouse):
    """A type whose link is told is of several GPUs, where it is priced; its link has a rank."""
    assert (
        warehouse.rows(
            "select t.instance_type from config.machine_type as t "
            "join config.price as p on p.instance_type = t.instance_type "
            "where p.gpus < 2 or link_rank(t.interconnect) = 0"
        )
        == []
    )


def test_what_is_not_stated_is_empty(warehouse):
    """A K80 has no tensor cores, and AMD no compute capability: null, not zero."""
    assert warehouse.rows(
        "select gpu_model, fp16_tflops, compute_capability, mig_slices, runs "
        "from config.gpu_model where gpu_model in ('K80', 'MI300X') order by gpu_model"
    ) == [("K80", None, "3.7", None, []), ("MI300X", 1307.4, None, None, [])]


def test_programs_run_on_newer_gpus_alone(warehouse):
    """An architecture that runs another's programs is of a higher compute capability."""
    assert (
        warehouse.rows(
            "select n.gpu_model, o.gpu_model from config.gpu_model as n "
            "join config.gpu_model as o on list_contains(n.runs, o.architecture) "
            "where n.vendor <> o.vendor "
            "or n.compute_capability::double < o.compute_capability::double"
        )
        == []
    )
    assert (
        warehouse.rows(
            "select one from (select unnest(runs) as one from config.gpu_model) "
            "where one not in (select architecture from config.gpu_model)"
        )
        == []
    )


@pytest.mark.thirdparty
def test_memory_and_counts_are_those_that_others_list(warehouse, reference: Path):
    """GPUs, cores and memory of machines, and memory of one GPU, as a public list has them."""
    with (reference / "prices/aws_gpu_instances_2024-04.csv").open(newline="") as stream:
        listed = {
            row["instance_type"]: (
                float(row["gpu_count"]),
                float(row["vcpu"]),
                float(row["memory_gib"]),
                float(row["gpu_memory_gib_total"]) / float(row["gpu_count"]),
            )
            for row in csv.DictReader(stream)
            if row["gpu_model"].startswith("NVIDIA")
        }
    ours = {
        name: tuple(map(float, figures))
        for name, *figures in warehouse.rows(
            "select distinct p.instance_type, p.gpus, p.cores, p.gib, g.memory_gib "
            "from config.price as p join config.gpu_model as g on g.gpu_model = p.gpu_model "
            "where p.provider = 'AWS' and p.gpus > 0"
        )
    }
    both = ours.keys() & listed.keys()

    assert len(both) >= 20
    assert {name: ours[name] for name in both} == {name: listed[name] for name in both}


def test_the_lists_are_read_from_beside_the_module():
    """They ship with the package, and their columns are the tables'."""
    names = Warehouse(":memory:").columns("config.gpu_model")
    header = machine_facts.GPU_MODELS.read_text(encoding="utf-8").splitlines()[0].split(",")

    assert [name.replace("fact_source", "source") for name in names] == header
