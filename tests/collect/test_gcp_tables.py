"""A billing export table, as an emulator of BigQuery serves it to Google's own client."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from builders import gcp as party
from builders.gcp import PROJECT, Call, Doorman, detailed_row
from quaestor.cli.main import run
from quaestor.collect import gcp, gcp_export
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.core.sources import GcpExportSource
from quaestor.warehouse.duckdb import Warehouse

pytestmark = pytest.mark.real
NOW = datetime(2126, 11, 21, 6)  # long after everything that the emulator writes
TABLE = "gcp_billing_export_resource_v1_01AB23_CD45EF_678901"


@pytest.fixture(scope="module")
def emulator(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[party.Server]:
    """The emulator; each test makes a dataset of its own in it."""
    server = party.bigquery(checkout, tmp_path_factory.mktemp("bigquery"))
    server.start()
    yield server
    server.stop()


@dataclass
class Export:
    """A detailed export table, the source that reads it, and its landing folder."""

    doorman: Doorman
    client: Any
    dataset: str
    landing: Landing
    said: list[str] = field(default_factory=list)

    @property
    def table(self) -> str:
        """The full name of the table."""
        return f"{PROJECT}.{self.dataset}.{TABLE}"

    @property
    def source(self) -> GcpExportSource:
        """The source, as quaestor.yaml would say it."""
        return GcpExportSource(name="gcp", table=self.table, endpoint=self.doorman.url)

    def export(self, *rows: dict[str, Any]) -> None:
        """Append rows, as Google does."""
        from google.cloud import bigquery

        lines = "\n".join(json.dumps(row) for row in rows).encode()
        how = bigquery.LoadJobConfig(
            source_format="NEWLINE_DELIMITED_JSON",
            schema=party.detailed_schema(),
            write_disposition="WRITE_APPEND",
        )
        self.client.load_table_from_file(io.BytesIO(lines), self.table, job_config=how).result()

    def collect(self, **changes: Any) -> None:
        """Look at the source as the pipeline does."""
        self.doorman.calls.clear()
        source = msgspec.structs.replace(self.source, **changes)
        gcp_export.collect(source, Config(), self.landing, now=NOW, progress=self.said.append)

    def deny_the_catalogue(self) -> None:
        """Let nobody list partitions, so that rows are counted by day."""
        self.doorman.fault(
            403, "accessDenied", "no list", when=lambda call: "PARTITIONS" in call.query
        )

    def in_force(self) -> dict[str, list[float]]:
        """What is in force: partition -> the costs in its file, ordered."""
        manifest = self.landing.current()
        return {
            file.scope.rpartition("/")[2]: sorted(
                pq.read_table(self.landing.root / file.path)["cost"].to_pylist()
            )
            for file in (manifest.files if manifest else ())
        }


@pytest.fixture
def export(
    tmp_path: Path, emulator: party.Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Export]:
    """An export table, by the day of export, with nothing in it; nobody waits long for a fault."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    monkeypatch.setattr(gcp, "PATIENCE", 3.0)
    doorman = Doorman(emulator.port).start()
    client = bigquery.Client(
        project=PROJECT,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": f"http://127.0.0.1:{emulator.port}"},
    )
    dataset = f"billing_{uuid.uuid4().hex[:12]}"
    client.create_dataset(dataset)
    made = Export(doorman, client, dataset, Landing(tmp_path / "landing", "gcp"))
    table = bigquery.Table(made.table, schema=party.detailed_schema())
    table.time_partitioning = bigquery.TimePartitioning(type_="DAY", field="export_time")
    client.create_table(table)
    yield made
    client.close()
    doorman.stop()


def test_every_partition_lands_as_one_file_with_every_value_exact(export: Export):
    """Nested columns, NUMERIC and doubles come as they are; the place and its state are kept."""
    export.export(detailed_row("2026-10-05", 0.1, credit=-0.05), detailed_row("2026-10-06", 1e-7))
    export.collect()
    first, second = export.landing.current().files
    assert [first.scope, second.scope] == [
        f"bigquery://{export.table}/2026-10-05",
        f"bigquery://{export.table}/2026-10-06",
    ]
    assert first.version.endswith(" 1 ..")
    (row,) = pq.read_table(export.landing.root / first.path).to_pylist()
    assert row["credits"] == [
        {
            "name": "CUD",
            "amount": -0.05,
            "full_name": None,
            "id": "c",
            "type": "COMMITTED_USAGE_DISCOUNT",
        }
    ]
    assert row["project"] == {"id": "acme-ml", "number": "7", "name": "Acme ML", "labels": []}
    assert row["labels"] == [{"key": "team", "value": "search"}]
    assert (row["cost"], row["price_list"]) == (0.1, Decimal("3.673385123"))
    assert str(row["usage_start_time"]) == "2026-10-05 00:00:00+00:00"
    assert export.in_force() == {"2026-10-05": [0.1], "2026-10-06": [1e-7]}


def test_a_dry_run_comes_before_the_queries_and_its_bytes_are_said(export: Export):
    """Nothing is read before it is told how much that is."""
    export.export(detailed_row("2026-10-05", 1.0), detailed_row("2026-10-06", 2.0))
    export.doorman.change = dry_run_says(3 << 20)
    export.collect()
    jobs = [call for call in export.doorman.calls if "select * from" in call.query]
    assert [call.is_dry for call in jobs] == [True, False, False]
    assert (
        "gcp: 2 partitions, 2 new or changed; the queries read 3.0 MiB (3,145,728 bytes)"
        in export.said
    )
    assert export.said[-1].endswith("(2 of 2)")


def test_queries_that_would_read_too_much_are_refused(export: Export):
    """`max_bytes` holds for a look as a whole; not one query is run."""
    export.export(detailed_row("2026-10-05", 1.0))
    export.doorman.change = dry_run_says(3 << 20)
    with pytest.raises(IncompleteError) as caught:
        export.collect(max_bytes=1 << 20)
    assert caught.value.what == (
        "the queries would read 3,145,728 bytes, and `max_bytes` is 1,048,576; none was run"
    )
    assert export.doorman.fetched == []
    assert export.landing.current() is None


def test_bigquery_itself_is_told_the_limit(export: Export):
    """Where a dry run was wrong, BigQuery refuses the query."""
    export.export(detailed_row("2026-10-05", 1.0))
    export.collect(max_bytes=1 << 20)
    (job,) = [c for c in export.doorman.calls if c.query.startswith("select *") and not c.is_dry]
    assert '"maximumBytesBilled": "1048576"' in job.body


def test_a_second_look_asks_for_no_row(export: Export):
    """What is landed is in force; one list of partitions tells that nothing has changed."""
    export.export(detailed_row("2026-10-05", 1.0), detailed_row("2026-10-06", 2.0))
    export.collect()
    export.collect()
    assert export.doorman.fetched == []
    assert [sql.split()[0:2] for sql in export.doorman.queries] == [["select", "partition_id,"]]
    assert len(export.doorman.calls) <= 4  # the table, the job, its answer
    assert len(list((export.landing.folder / "manifests").iterdir())) == 1


def test_only_partitions_that_changed_are_fetched(export: Export):
    """Late rows arrive in a new partition, or in one that was there; the others stay landed."""
    export.deny_the_catalogue()
    export.export(*(detailed_row(f"2026-10-{day:02d}", 1.0) for day in (5, 6, 7)))
    export.collect()
    export.export(detailed_row("2026-10-06", 2.0), detailed_row("2026-10-09", 3.0))
    export.collect()
    assert sorted(sql.partition("timestamp '")[2][:10] for sql in export.doorman.fetched) == [
        "2026-10-06",
        "2026-10-09",
    ]
    assert export.in_force() == {
        "2026-10-05": [1.0],
        "2026-10-06": [1.0, 2.0],
        "2026-10-07": [1.0],
        "2026-10-09": [3.0],
    }


def test_a_table_partitioned_by_ingestion_is_read_by_its_hidden_column(export: Export):
    """Google's own exports have no partition column; `_PARTITIONTIME` takes the days apart."""
    from google.cloud import bigquery

    export.client.delete_table(export.table)
    table = bigquery.Table(export.table, schema=party.detailed_schema())
    table.time_partitioning = bigquery.TimePartitioning(type_="DAY")
    export.client.create_table(table)
    export.export(detailed_row("2026-10-05", 1.0), detailed_row("2026-10-06", 2.0))
    export.collect()
    (sql,) = export.doorman.fetched
    assert "where _PARTITIONTIME >= timestamp '" in sql
    assert list(export.in_force().values()) == [[1.0, 2.0]]


def test_a_view_is_read_by_the_day_of_its_export(export: Export):
    """The FOCUS view has no partitions; days of `x_ExportTime` stand for them."""
    export.export(detailed_row("2026-10-05", 1.0), detailed_row("2026-10-06", 2.0))
    view = f"{PROJECT}.{export.dataset}.focus_v1"
    export.client.query(
        f"create view `{view}` as select export_time as x_ExportTime, cost, "
        f"timestamp '2026-10-01' as BillingPeriodStart from `{export.table}`"
    ).result()
    export.collect(table=view)
    assert export.in_force() == {"2026-10-05": [1.0], "2026-10-06": [2.0]}
    assert any(line.startswith("gcp: to count the rows of each day reads") for line in export.said)


def test_since_takes_whole_invoice_months(export: Export):
    """Rows of an earlier month that arrive later are left out, so that no month is half there."""
    september = {"invoice": {"month": "202609"}}
    export.export(
        detailed_row("2026-09-20", 1.0, **september),
        detailed_row("2026-10-02", 2.0, **september),
        detailed_row("2026-10-03", 3.0, **september),
        detailed_row("2026-10-03", 4.0),
    )
    export.collect(since=date(2026, 10, 15))
    assert export.in_force() == {"2026-10-03": [4.0]}
    assert len(export.doorman.fetched) == 2
    export.collect(since=date(2026, 10, 15))
    assert export.doorman.fetched == []
    export.collect()
    everything = {"2026-09-20": [1.0], "2026-10-02": [2.0], "2026-10-03": [3.0, 4.0]}
    assert export.in_force() == everything
    export.collect(since=date(2026, 10, 15))
    assert export.doorman.fetched == []
    assert export.in_force() == everything


def test_partitions_that_expired_stay_in_force(export: Export):
    """A table that keeps two years forgets; the charges were made all the same."""
    export.deny_the_catalogue()
    export.export(detailed_row("2026-10-05", 1.0), detailed_row("2026-10-06", 2.0))
    export.collect()
    for file in export.landing.current().files:
        assert "2026-10-0" in file.version
    export.client.query(f"delete from `{export.table}` where cost = 1").result()
    # The emulator's table is younger than the day of export that its rows tell.
    table = export.client.get_table(export.table)
    export.doorman.change = lambda _, answer: answer.replace(
        str(int(table.created.timestamp() * 1000)).encode(), b"1700000000000"
    )
    export.collect()
    assert export.in_force() == {"2026-10-05": [1.0], "2026-10-06": [2.0]}


def test_a_look_that_is_killed_goes_on_where_it_stopped(export: Export, tmp_path: Path):
    """What a killed process had landed is not fetched again."""
    export.deny_the_catalogue()
    days = [f"2026-10-{day:02d}" for day in range(1, 9)]
    export.export(*(detailed_row(day, 1.0) for day in days))
    refuse = export.doorman.instead

    def stall(call: Call) -> party.Answer | None:
        first, _, _ = call.query.partition(" and ")
        if first.startswith("select *") and "'2026-10-08 " in first and not call.is_dry:
            time.sleep(60)
        return refuse(call)

    export.doorman.instead = stall
    config = tmp_path / "quaestor.yaml"
    config.write_text(
        f"sources: [{{name: gcp, kind: gcp-export, table: '{export.table}', "
        f"endpoint: '{export.doorman.url}'}}]\n"
    )
    command = [sys.executable, "-m", "quaestor", "collect", "--config", str(config)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    journal = export.landing.folder / "unfinished.jsonl"
    deadline = time.monotonic() + 60
    while not journal.is_file() or journal.read_bytes().count(b"sha256") < 7:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert export.landing.current() is None
    export.doorman.instead = refuse
    export.collect()
    assert [sql.partition("timestamp '")[2][:10] for sql in export.doorman.fetched] == [
        "2026-10-08"
    ]
    assert export.in_force() == {day: [1.0] for day in days}


@pytest.mark.parametrize(
    ("status", "reason", "what"),
    [
        (401, "authError", "Google Cloud does not accept the sign-in, or it has expired (401)"),
        (403, "accessDenied", "Google Cloud denies it (told so)"),
        (403, "quotaExceeded", "Google Cloud asks us to slow down, even after 3 s (quotaExceeded)"),
        (
            429,
            "rateLimitExceeded",
            "Google Cloud asks us to slow down, even after 3 s (rateLimitExceeded)",
        ),
        (503, "backendError", "Google Cloud answers with server errors (503)"),
        (404, "notFound", "there is nothing at this place (told so)"),
        (400, "bytesBilledLimitExceeded", "the query would bill more than `max_bytes` (told so)"),
    ],
)
def test_a_fault_in_the_middle_keeps_what_was_in_force(
    export: Export, status: int, reason: str, what: str
):
    """Expired, denied, throttled: one sentence, and the last snapshot stays."""
    export.deny_the_catalogue()
    export.export(detailed_row("2026-10-05", 1.0))
    export.collect()
    export.export(detailed_row("2026-10-06", 2.0))
    before = export.doorman.instead
    error = {"reason": reason, "message": "told so"}
    reply = (status, {"error": {"code": status, "message": "told so", "errors": [error]}})
    export.doorman.instead = lambda call: (
        before(call) or (reply if call.query.startswith("select *") and not call.is_dry else None)
    )
    with pytest.raises(IncompleteError) as caught:
        export.collect()
    assert caught.value.what == what
    assert "127.0.0.1" not in caught.value.as_text()
    assert export.in_force() == {"2026-10-05": [1.0]}


def test_throttling_that_passes_is_waited_out(export: Export):
    """A 503 and a 429 are asked again, after a pause."""
    export.export(detailed_row("2026-10-05", 1.0))
    answers = iter([(503, "backendError"), (429, "rateLimitExceeded")])

    def moody(call: Call) -> party.Answer | None:
        if call.query.startswith("select *") and not call.is_dry and (one := next(answers, None)):
            error = {"reason": one[1], "message": "later"}
            return one[0], {"error": {"code": one[0], "message": "later", "errors": [error]}}
        return None

    gcp.PATIENCE = 30.0
    export.doorman.instead = moody
    export.collect()
    assert export.in_force() == {"2026-10-05": [1.0]}


def test_throttling_of_the_first_question_is_waited_out(export: Export):
    """Somebody listens there; what asks to slow down is not given up."""
    export.export(detailed_row("2026-10-05", 1.0))
    answers = iter([(503, "backendError"), (403, "rateLimitExceeded"), (429, "quotaExceeded")])

    def moody(_: Call) -> party.Answer | None:
        if one := next(answers, None):
            error = {"reason": one[1], "message": "later"}
            return one[0], {"error": {"code": one[0], "message": "later", "errors": [error]}}
        return None

    gcp.PATIENCE = 30.0
    export.doorman.instead = moody
    export.collect()
    assert export.in_force() == {"2026-10-05": [1.0]}


def test_what_is_wrong_from_the_start_is_said(export: Export):
    """No such table, an empty one, no such address, half a name: each its sentence."""
    said = {}
    for name, changes in {
        "missing": {"table": f"{PROJECT}.{export.dataset}.no_such_table"},
        "empty": {},
        "unreachable": {"endpoint": "http://127.0.0.1:9"},
        "half a name": {"table": "billing.export"},
        "nothing": {"table": None},
        "both": {"bucket": "focus"},
    }.items():
        with pytest.raises((IncompleteError, ConfigurationError)) as caught:
            export.collect(**changes)
        said[name] = caught.value.what
    assert said == {
        "missing": "there is nothing at this place (Not found: table:"
        f"{PROJECT}.{export.dataset}.no_such_table)",
        "empty": "there is no bill here",
        "unreachable": "Google Cloud cannot be reached (connection refused)",
        "half a name": "`table: billing.export` is no full name of a table",
        "nothing": "one of `table:` and `bucket:` is needed",
        "both": "one of `table:` and `bucket:` is needed, not both",
    }


def test_an_audit_of_the_table_gives_its_exact_total(
    export: Export, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Doubles that no float sum gets right, and a credit: the bill is 0.1 + 0.2 - 0.05 + 1e-7."""
    export.export(
        detailed_row("2026-10-05", 0.1, credit=-0.05),
        detailed_row("2026-10-05", 0.2),
        detailed_row("2026-10-06", 1e-7),
    )
    config = tmp_path / "quaestor.yaml"
    config.write_text(
        f"sources: [{{name: gcp, kind: gcp-export, table: '{export.table}', "
        f"endpoint: '{export.doorman.url}'}}]\n"
    )
    assert run(["audit", "--config", str(config), "--quiet"]) in (0, 1, 3, 4)
    capsys.readouterr()
    with Warehouse(tmp_path / "quaestor.duckdb", read_only=True) as warehouse:
        assert warehouse.rows(
            "select sum(BilledCost), count(distinct x_file) from focus.charge"
        ) == [(Decimal("0.2500001"), 2)]
        assert warehouse.rows("select sum(billed_difference) from ledger.reconciliation") == [
            (Decimal(0),)
        ]


def test_doctor_tells_the_size(export: Export):
    """Rows, partitions and the day of the last change, without a query."""
    export.export(detailed_row("2026-10-05", 1.0))
    told = gcp_export.doctor(export.source, Config())
    assert told.startswith("1 rows, ")
    assert "by partition, changed " in told


def test_permissions_name_the_dataset_and_who_pays():
    """Two roles: one reads the dataset, one runs queries in the project that pays."""
    source = GcpExportSource(name="gcp", table="bills.export.t", project="payer")
    told = gcp_export.permissions(source)
    granted = [line[2:] for line in told.splitlines() if line.startswith("- ")]
    assert granted == [
        "bigquery.tables.get",
        "bigquery.tables.getData",
        "bigquery.tables.list",
        "bigquery.jobs.create",
    ]
    assert "on schema `bills.export`" in told
    assert "--project=payer" in told


def dry_run_says(size: int) -> Any:
    """The emulator's dry runs read nothing; let them tell a size."""

    def change(call: Call, answer: bytes) -> bytes:
        if not call.is_dry:
            return answer
        reply = json.loads(answer)
        reply["statistics"]["totalBytesProcessed"] = str(size)
        reply["statistics"].setdefault("query", {})["totalBytesProcessed"] = str(size)
        return json.dumps(reply).encode()

    return change
