"""normalise.usage: node hours and pod hours from files, typed; what cannot be read is told."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from builders import jobs
from quaestor.core.config import FilesSource
from quaestor.core.period import utc
from quaestor.normalise.job import Job
from quaestor.normalise.usage import load
from quaestor.warehouse.duckdb import Warehouse

NODES = (
    "cluster,node,hour,provider_id,instance_type,region,cpu_cores,ram_gib,gpu_model,gpus,up_ratio"
)
A_NODE = "prod,n1,2026-11-01T00:00:00Z,i-1,p4d.24xlarge,us-east-1,96,1152,A100,8,1"
PODS = (
    "cluster,namespace,pod,node,hour,cpu_request_cores,cpu_used_cores,ram_request_gib,"
    "ram_used_gib,gpu_request,gpu_used_ratio,up_ratio,labels"
)
A_POD = 'prod,ml,p1,n1,2026-11-01T00:00:00Z,4,2.5,16,8,2,0.93,1,"{""team"": ""nlp""}"'


def landed(
    folder: Path, files: dict[str, str | bytes], schema: str = "node-hours", delimiter: str = ","
) -> Job:
    """A source `k8s` with these files in force."""
    found = {}
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        packed = name.endswith(".gz") and not isinstance(content, bytes)
        found[name] = gzip.compress(data) if packed else data
    source = FilesSource(name="k8s", path=".", schema=schema, delimiter=delimiter)
    return jobs.landed(folder, source, found, schema=schema)


def quarantined(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select row_number, reason from quarantine.row order by file, row_number nulls first"
    )


def test_node_hours_are_typed(tmp_path, warehouse):
    """Every column of the table is read, with its type."""
    spots = load(warehouse, landed(tmp_path, {"a.csv": f"{NODES}\n{A_NODE}\n"}))

    assert spots == []
    names = ("k8s", "prod", "n1", utc("2026-11-01"), "i-1", "p4d.24xlarge", "us-east-1")
    assert warehouse.row("from usage.node_hour") == (*names, 96.0, 1152.0, "A100", 8, 1.0)


@pytest.mark.parametrize(
    ("written", "billed"),
    [
        ("aws:///us-east-1a/i-0abc", "i-0abc"),
        ("azure:///subscriptions/S/vm/1", "/subscriptions/s/vm/1"),
        ("gce://p/europe-west4-a/gke-1", "zones/europe-west4-a/instances/gke-1"),
        ("machine 7", "machine 7"),
    ],
)
def test_a_provider_id_of_kubernetes_becomes_what_the_bill_calls_the_machine(
    tmp_path, warehouse, written, billed
):
    """A file may hold what `kubectl get nodes` shows, and its nodes still meet their charges."""
    load(warehouse, landed(tmp_path, {"a.csv": f"{NODES}\n{A_NODE.replace('i-1', written)}\n"}))

    assert warehouse.row("select provider_id from usage.node_hour") == (billed,)


def test_pod_hours_are_typed(tmp_path, warehouse):
    """Labels stay JSON text, ratios are ratios, a zone is worked out."""
    row = A_POD.replace("00:00:00Z", "01:00:00+01:00")
    spots = load(warehouse, landed(tmp_path, {"a.csv.gz": f"{PODS}\n{row}\n"}, "pod-hours"))

    assert spots == []
    names = ("k8s", "prod", "ml", "p1", "n1", utc("2026-11-01"))
    numbers = (4.0, 2.5, 16.0, 8.0, 2.0, 0.93, 1.0)
    known = (*names, *numbers, '{"team": "nlp"}')
    row = warehouse.row("from usage.pod_hour")
    assert row[: len(known)] == known
    assert set(row[len(known) :]) == {None}, "what the file does not have is unobserved"


def test_parquet_reads_as_csv_does(tmp_path, warehouse):
    """Numbers, times and labels keep their meaning whatever type the exporter gave them."""
    path = tmp_path / "a.parquet"
    warehouse.run(
        f"""
        copy (
            select 'prod' as cluster, 'ml' as namespace, 'p1' as pod,
                timestamptz '2026-11-01 01:00:00+01' as hour, 2 as gpu_request,
                0.1::double as gpu_used_ratio, 4::float as cpu_request_cores,
                map {{'team': 'nlp'}} as labels
        ) to '{path}' (format parquet)
        """
    )
    spots = load(warehouse, landed(tmp_path, {"a.parquet": path.read_bytes()}, "pod-hours"))

    assert spots == []
    assert warehouse.rows(
        "select hour, gpu_request, gpu_used_ratio, cpu_request_cores, labels from usage.pod_hour"
    ) == [(utc("2026-11-01"), 2.0, 0.1, 4.0, '{"team":"nlp"}')]


def test_absent_columns_and_blanks_are_unobserved(tmp_path, warehouse):
    """Not zero: nobody measured. The order and letter case of columns do not matter."""
    text = "Hour,POD,Namespace,cluster,gpu_used_ratio\n2026-11-01 05:00:00,p,ml,prod,\n"
    load(warehouse, landed(tmp_path, {"a.csv": text}, "pod-hours"))

    assert warehouse.rows(
        "select node, gpu_request, gpu_used_ratio, labels from usage.pod_hour"
    ) == [(None, None, None, None)]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("gpu_used_ratio", "93", "gpu_used_ratio 93 is no ratio in [0, 1] (a percentage? "),
        ("gpu_used_ratio", "-0.1", "gpu_used_ratio -0.1 is no ratio in [0, 1]"),
        ("gpu_used_ratio", "nan", 'gpu_used_ratio "nan" is not a number'),
        ("gpu_request", "two", 'gpu_request "two" is not a number'),
        ("gpu_request", "-1", "gpu_request -1 is negative"),
        ("cpu_used_cores", "1,5", 'cpu_used_cores "1,5" is not a number'),
        ("up_ratio", "1.01", "up_ratio 1.01 is no ratio in [0, 1]"),
        ("hour", "", "hour is empty"),
        ("hour", "4/1/26", 'hour "4/1/26" is not an ISO 8601 time'),
        ("hour", "2026-11-01T00:30:00Z", "is not the start of an hour in UTC"),
        ("cluster", "NULL", "cluster is empty"),
        ("namespace", " ", "namespace is empty"),
        ("pod", "", "pod is empty"),
        ("labels", "team=nlp", "labels is no JSON object"),
        ("labels", "[1]", "labels is no JSON object"),
    ],
)
def test_a_bad_pod_hour_is_quarantined_with_its_reason(tmp_path, warehouse, column, value, reason):
    """The row is kept aside with its number and reason, the good one beside it is loaded."""
    values = ["prod", "ml", "p2", "n1", "2026-11-01T00:00:00Z", *"4281", "2", "0.9", "1", "{}"]
    values[PODS.split(",").index(column)] = value
    bad = ",".join(f'"{text}"' for text in values)
    spots = load(warehouse, landed(tmp_path, {"a.csv": f"{PODS}\n{A_POD}\n{bad}\n"}, "pod-hours"))
    ((row, told),) = quarantined(warehouse)

    assert row == 2
    assert reason in told
    assert warehouse.row("select count(*) from usage.pod_hour") == (1,)
    assert [(spot.source, spot.rows) for spot in spots] == [("k8s", 1)]
    assert reason in spots[0].reason


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("node", "", "node is empty"),
        ("gpus", "1.5", "gpus 1.5 is no count of things"),
        ("gpus", "-8", "gpus -8 is negative"),
        ("gpus", "99999999999", "gpus 99999999999 is no count of things"),
        ("ram_gib", "1 TiB", 'ram_gib "1 TiB" is not a number'),
        ("up_ratio", "100", "up_ratio 100 is no ratio in [0, 1]"),
    ],
)
def test_a_bad_node_hour_is_quarantined_with_its_reason(tmp_path, warehouse, column, value, reason):
    """As for pods; and the row as it was landed is kept."""
    values = A_NODE.replace("n1", "n2").split(",")
    values[NODES.split(",").index(column)] = value
    load(warehouse, landed(tmp_path, {"a.csv": f"{NODES}\n{','.join(values)}\n{A_NODE}\n"}))
    ((row, told),) = quarantined(warehouse)
    (raw,) = warehouse.row("select raw from quarantine.row")

    assert row == 1
    assert reason in told
    assert '"us-east-1"' in raw
    assert warehouse.row("select node from usage.node_hour") == ("n1",)


def test_an_hour_that_stands_twice_counts_once(tmp_path, warehouse):
    """In one file or in two that overlap: a doubled hour would be paid twice."""
    job = landed(
        tmp_path,
        {"a.csv": f"{NODES}\n{A_NODE}\n{A_NODE}\n", "b.csv": f"{NODES}\n{A_NODE}\n"},
    )
    load(warehouse, job)

    assert warehouse.row("select count(*) from usage.node_hour") == (1,)
    assert quarantined(warehouse) == [
        (2, "the cluster, node and hour stand twice"),
        (1, "the cluster, node and hour stand twice"),
    ]


def test_a_line_that_cannot_be_split_is_quarantined(tmp_path, warehouse):
    """Too few columns: the line's number and text are kept; what follows it keeps its place."""
    bad = A_NODE.replace("prod", "prod2").replace(",8,1", ",x,1")
    load(warehouse, landed(tmp_path, {"a.csv": f"{NODES}\n{A_NODE}\nprod,n2\n{bad}\n"}))

    assert [row for row, _ in quarantined(warehouse)] == [2, 3]
    assert warehouse.row("select raw from quarantine.row where row_number = 2") == ("prod,n2",)


def test_loading_twice_changes_nothing_and_a_new_file_replaces(tmp_path, warehouse):
    """What a source said before gives way to what it says now, quarantine included."""
    first = landed(tmp_path, {"a.csv": f"{NODES}\n{A_NODE}\n,,\n"})
    load(warehouse, first)
    before = warehouse.rows("from usage.node_hour"), quarantined(warehouse)
    load(warehouse, first)
    again = warehouse.rows("from usage.node_hour"), quarantined(warehouse)
    load(warehouse, landed(tmp_path, {"b.csv": f"{NODES}\n{A_NODE.replace('n1', 'n9')}\n"}))

    assert again == before
    assert warehouse.rows("select node from usage.node_hour") == [("n9",)]
    assert quarantined(warehouse) == []


def test_other_sources_are_left_alone(tmp_path, warehouse):
    """A source replaces its own rows only."""
    warehouse.run(
        "insert into usage.node_hour by name "
        "select 'other' as source, 'c' as cluster, 'n' as node, now()::timestamp as hour"
    )
    load(warehouse, landed(tmp_path, {"a.csv": f"{NODES}\n{A_NODE}\n"}))

    assert warehouse.rows("select source from usage.node_hour order by 1") == [
        ("k8s",),
        ("other",),
    ]


def test_a_source_that_changes_schema_leaves_nothing_behind(tmp_path, warehouse):
    """Nodes that are now declared as pods are no nodes any more."""
    load(warehouse, landed(tmp_path, {"a.csv": f"{NODES}\n{A_NODE}\n"}))
    load(warehouse, landed(tmp_path, {"b.csv": f"{PODS}\n{A_POD}\n"}, "pod-hours"))

    assert warehouse.row("select count(*) from usage.node_hour") == (0,)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", "cluster,hour\nprod,2026-11-01\n", "column node is missing"),
        ("a.csv", "a,b\n1,2\n", "columns cluster, node, hour are missing"),
        ("a.csv", "", "the file is empty"),
        ("a.csv", f"{NODES}\n{A_NODE}\n".replace(",", ";"), "separated by ';', not by ','"),
        ("a.csv", f"{NODES}\n".encode("utf-16"), "the file is UTF-16"),
        ("a.parquet", "PAR1, or so they say", "is no readable Parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(tmp_path, warehouse, name, content, reason):
    """The file stays in quarantine without a row number, with the reason and the remedy."""
    good = landed(tmp_path, {name: content, "z.csv": f"{NODES}\n{A_NODE}\n"})
    spots = load(warehouse, good)
    ((row, told),) = quarantined(warehouse)

    assert row is None
    assert reason in told
    assert [reason in spot.reason and spot.fix is not None for spot in spots] == [True]
    assert warehouse.row("select count(*) from usage.node_hour") == (1,)


def test_a_gzip_file_cut_short_is_refused(tmp_path, warehouse):
    """Half a file would look like a cluster that shrank."""
    whole = gzip.compress((f"{NODES}\n" + f"{A_NODE}\n" * 5000).encode())
    load(warehouse, landed(tmp_path, {"a.csv.gz": whole[:-40]}))

    assert [row for row, _ in quarantined(warehouse)] == [None]
    assert warehouse.row("select count(*) from usage.node_hour") == (0,)


def test_another_delimiter_is_read_where_the_source_names_it(tmp_path, warehouse):
    """`delimiter:` of the source holds for usage files too."""
    text = f"{NODES}\n{A_NODE}\n".replace(",", ";")
    spots = load(warehouse, landed(tmp_path, {"a.csv": text}, delimiter=";"))

    assert spots == []
    assert warehouse.row("select gpus from usage.node_hour") == (8,)


def test_a_misspelt_column_is_told_and_a_strange_one_is_nobodys_loss(tmp_path, warehouse):
    """A ratio under a wrong name would silently make a whole cluster unobserved."""
    header = PODS.replace("gpu_used_ratio", "gpu_use_ratio") + ",comment"
    spots = load(warehouse, landed(tmp_path, {"a.csv": f"{header}\n{A_POD},hi\n"}, "pod-hours"))

    assert [spot.reason for spot in spots] == [
        (
            "the column gpu_use_ratio is not known and gpu_used_ratio is absent, "
            "so what it holds is unobserved"
        )
    ]
    assert spots[0].fix == "Name it gpu_used_ratio, in that unit, and collect again."


def test_hostile_names_are_names(tmp_path, warehouse):
    """A quote in a file's column or value is a character, never SQL."""
    text = (
        'cluster,node,hour,"a""b; drop table usage.node_hour"\n'
        'prod,"n\'; drop table usage.node_hour; --",2026-11-01,x\n'
    )
    load(warehouse, landed(tmp_path, {"a.csv": text}))

    assert warehouse.rows("select node from usage.node_hour") == [
        ("n'; drop table usage.node_hour; --",)
    ]
