"""The journey: what changed is built, all or nothing, and a second run changes nothing."""

from __future__ import annotations

import hashlib
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from builders.bills import csv_text
from quaestor import pipeline
from quaestor.cli.main import run
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.config import read_config
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 21, 6)
QUAESTOR = [sys.executable, "-m", "quaestor"]


def quiet(_: str) -> None:
    """Take a step of progress, and say nothing."""


@dataclass
class Estate:
    """A folder with a configuration, a bill and a warehouse."""

    folder: Path
    sources: str = "  - {name: bill, kind: files, path: bills}\n"
    more: str = ""

    def write(self, name: str, content: str | bytes) -> Path:
        """Put a file into the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def configure(self) -> Path:
        """Write quaestor.yaml."""
        return self.write("quaestor.yaml", f"sources:\n{self.sources}{self.more}")

    @property
    def path(self) -> Path:
        """The warehouse file."""
        return self.folder / "quaestor.duckdb"

    def build(self, now: datetime = NOW, *, collect: bool = True) -> pipeline.Built:
        """Collect and build; the sources' failures are in the blind spots."""
        config = read_config(self.configure(), {})
        if collect:
            pipeline.collect(config, now=now, progress=quiet)
        return pipeline.build(config, self.path, now=now, progress=quiet)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Ask the warehouse."""
        with Warehouse(self.path, read_only=True) as warehouse:
            return warehouse.rows(sql)

    def content(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything in the warehouse, table by table, but when it was looked at."""
        with Warehouse(self.path, read_only=True) as warehouse:
            tables = warehouse.rows(
                "select schema_name || '.' || table_name from duckdb_tables() order by all"
            )
            return {
                name: warehouse.rows(
                    f"select * from {name} order by all"
                    if name != "meta.property"
                    else "from meta.property where name not like 'collected_at:%' order by all"
                )
                for (name,) in tables
            }


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """One good bill."""
    made = Estate(tmp_path)
    made.write("bills/october.csv", csv_text({"BilledCost": "3", "EffectiveCost": "2"}))
    return made


def spots(built: pipeline.Built) -> list[tuple[str, str]]:
    """Source and scope of what could not be seen."""
    return [(spot.source, spot.scope) for spot in built.blind_spots]


def test_a_second_run_changes_nothing(estate: Estate):
    """Not in the warehouse, not among the landed files, whatever the clock says."""
    assert estate.build().changed
    before = estate.content(), sorted(estate.folder.glob("landing/bill/*/*"))
    later = estate.build(NOW.replace(day=22))

    assert not later.changed
    assert (estate.content(), sorted(estate.folder.glob("landing/bill/*/*"))) == before


def test_landed_files_are_kept_with_their_hash_and_manifest(estate: Estate):
    """Every charge can be traced to bytes that are never changed."""
    estate.build()
    [(name, digest)] = estate.rows("select distinct x_file, x_file_sha256 from focus.charge")
    landed = estate.folder / "landing" / str(name)

    assert hashlib.sha256(landed.read_bytes()).hexdigest() == digest
    assert landed.read_bytes() == (estate.folder / "bills/october.csv").read_bytes()
    assert '"fetched_at": "2026-11-21T06:00:00"' in (
        estate.folder / "landing/bill/manifests/000001.json"
    ).read_text("utf-8")


def test_a_changed_rule_rebuilds_the_ledger_without_reading_the_bill_again(estate: Estate):
    """Configuration is an input like any other."""
    estate.build()
    estate.more = "attribution: [{name: all, match: {ProviderName: AWS}, team: cloud}]\n"
    shutil.rmtree(estate.folder / "bills")
    estate.build(collect=False)

    assert estate.rows("select team, effective_cost from ledger.cost") == [("cloud", 2)]


def test_a_source_that_fails_is_a_blind_spot_and_stops_nobody(estate: Estate):
    """What it landed before stays in force; the other sources go on."""
    estate.sources += "  - {name: other, kind: files, path: missing}\n"
    first = estate.build()
    (estate.folder / "bills/october.csv").unlink()
    second = estate.build(NOW.replace(day=22))

    assert spots(first) == [("other", "all")]
    assert spots(second) == [("bill", "all"), ("other", "all")]
    assert estate.rows("select sum(BilledCost) from focus.charge") == [(3,)]
    assert "no file found" in second.blind_spots[0].reason
    assert second.blind_spots[0].period == "since 2026-11-21 06:00"


def test_a_source_that_recovers_is_no_blind_spot_any_more(estate: Estate):
    """Mended is mended."""
    estate.sources += "  - {name: other, kind: files, path: later}\n"
    estate.build()
    estate.write("later/a.csv", csv_text({"BilledCost": "4", "ProviderName": "Another Cloud"}))

    assert estate.build().blind_spots == ()
    assert estate.rows("select sum(BilledCost) from focus.charge") == [(7,)]


def test_the_warehouse_names_the_landed_files_in_force_with_their_hashes(estate: Estate):
    """What a finding is followed to; those of a source that is taken out are forgotten."""
    estate.sources += "  - {name: other, kind: files, path: other}\n"
    text = csv_text({"BilledCost": "4"})
    estate.write("other/a.csv", text)
    estate.build()
    asked = "select source, scope, sha256, size from meta.landed_file where source = 'other'"

    digest = hashlib.sha256(text.encode()).hexdigest()
    assert estate.rows(asked) == [("other", "other/a.csv", digest, len(text))]

    estate.sources = "  - {name: bill, kind: files, path: bills}\n"
    estate.build()
    assert estate.rows(asked) == []
    assert estate.rows("select distinct source from meta.landed_file") == [("bill",)]


def test_a_source_taken_out_of_the_configuration_is_forgotten(estate: Estate):
    """Its charges would otherwise stay in every report."""
    estate.sources += "  - {name: other, kind: files, path: other}\n"
    estate.write("other/a.csv", csv_text({"BilledCost": "4"}, {"BilledCost": "x"}))
    estate.build()
    estate.sources = "  - {name: bill, kind: files, path: bills}\n"

    assert estate.build().blind_spots == ()
    assert estate.rows("select sum(billed_cost) from ledger.cost") == [(3,)]
    assert estate.rows("from quarantine.row") == []


def test_one_damaged_archive_costs_nobody_elses_rows(estate: Estate):
    """It is refused whole, found again at each build, and the rest is loaded."""
    estate.write("bills/damaged.csv.gz", b"\x1f\x8b\x08\x00 this is no gzip")
    estate.write("bills/later.csv", csv_text({"BilledCost": "5"}))
    built = estate.build()

    assert [scope.endswith("damaged.csv.gz") for _, scope in spots(built)] == [True]
    assert estate.rows("select sum(billed_cost) from ledger.cost") == [(8,)]
    assert spots(estate.build()) == spots(built)


def test_a_currency_without_a_rate_is_a_blind_spot_with_its_money(estate: Estate):
    """And is gone once the rate is there."""
    estate.write("bills/nok.csv", csv_text({"BillingCurrency": "NOK", "BilledCost": "70"}))
    [spot] = estate.build().blind_spots
    expected = BlindSpot(
        source="bill",
        scope="currency NOK",
        period="2026-10",
        reason="there is no rate from NOK into the reporting currency",
        fix="Add NOK to the file that `rates:` names, or let a source of kind ecb-rates collect "
        "the European Central Bank's table.",
        rows=1,
        amount=Decimal(70),
        currency="NOK",
    )
    estate.write("rates.csv", "date,currency,rate\n2026-10-01,NOK,0.1\n")
    estate.more = "rates: rates.csv\n"

    assert spot == expected
    assert estate.build().blind_spots == ()
    assert estate.rows("select sum(billed_cost) from ledger.cost") == [(10,)]


def test_a_new_rate_reaches_charges_already_loaded(estate: Estate):
    """Rates change after the bill came in."""
    estate.write("bills/nok.csv", csv_text({"BillingCurrency": "NOK", "BilledCost": "70"}))
    estate.more = "rates: rates.csv\n"
    for rate, total in (("0.1", 10), ("0.2", 17)):
        estate.write("rates.csv", f"date,currency,rate\n2026-10-01,NOK,{rate}\n")
        estate.build()

        assert estate.rows("select sum(billed_cost) from ledger.cost") == [(total,)]


@pytest.mark.parametrize(
    "rates",
    [
        "",
        "date,currency\n",
        "date,currency,rate\nsoon,NOK,1\n",
        "date,currency,rate\n2026-10-01,NOK,0\n",
    ],
)
def test_rates_that_cannot_be_read_are_a_configuration_error(estate: Estate, rates: str):
    """Exit code 2, with the columns to write."""
    estate.write("rates.csv", rates)
    estate.more = "rates: rates.csv\n"
    with pytest.raises(ConfigurationError) as caught:
        estate.build()

    assert "rates.csv" in str(caught.value.where)


def test_no_sources_are_a_configuration_error(estate: Estate):
    """With the command that shows how."""
    estate.sources = "  []\n"
    with pytest.raises(ConfigurationError) as caught:
        estate.build()

    assert caught.value.what == "no sources are configured"


def start(estate: Estate, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
    """Start `quaestor` in the estate's folder, as at a terminal.

    A shell that runs these tests in its background has SIGINT ignored, and so would the program.
    """
    return subprocess.Popen(
        [*QUAESTOR, *arguments],
        cwd=estate.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **{"preexec_fn": partial(signal.signal, signal.SIGINT, signal.SIG_DFL), **options},
    )


def big(cost: str) -> str:
    """A bill large enough that a build takes a while."""
    return csv_text(*({"BilledCost": cost, "ResourceId": f"r{n}"} for n in range(60_000)))


@dataclass
class Interrupted:
    """An estate between two builds: what is good, what will be, and how long that takes."""

    estate: Estate
    good: dict[str, list[tuple[object, ...]]]
    finished: dict[str, list[tuple[object, ...]]]
    seconds: float


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Interrupted:
    """One bill is built, a large one waits; the finished state comes from an undisturbed copy."""
    estate = Estate(tmp_path_factory.mktemp("estate"))
    estate.write("bills/october.csv", csv_text({"BilledCost": "3", "EffectiveCost": "2"}))
    estate.build()
    good = estate.content()
    estate.write("bills/november.csv", big("1"))
    undisturbed = Estate(tmp_path_factory.mktemp("undisturbed"))
    shutil.copytree(estate.folder, undisturbed.folder, dirs_exist_ok=True)
    started = time.monotonic()
    start(undisturbed, "audit").communicate()
    return Interrupted(estate, good, undisturbed.content(), time.monotonic() - started)


@pytest.mark.parametrize("fraction", [0.05, 0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97])
def test_a_kill_at_any_moment_leaves_the_last_good_state(
    interrupted: Interrupted, tmp_path: Path, fraction: float
):
    """SIGKILL in the middle of collecting and building; then the next run does all of it."""
    estate = Estate(tmp_path)
    shutil.copytree(interrupted.estate.folder, tmp_path, dirs_exist_ok=True)
    process = start(estate, "audit")
    time.sleep(interrupted.seconds * fraction)
    process.kill()
    process.communicate()
    after = estate.content()
    built = after["focus.charge"] != interrupted.good["focus.charge"]
    expected = interrupted.finished if built else interrupted.good
    for table in expected:
        if table.partition(".")[0] in ("focus", "ledger", "quarantine", "registry", "usage"):
            assert after[table] == expected[table], table
    estate.build()

    total = estate.rows("select sum(charges), sum(billed_cost) from ledger.cost")
    assert total == [(60_001, 60_003)]


def test_a_first_build_that_never_ended_is_no_empty_estate(estate: Estate, monkeypatch, capsys):
    """Whoever reads what it left is told so: a query, key figures, advice; then it is built."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(pipeline.ledger, "build", killed)
        with pytest.raises(KeyboardInterrupt):
            estate.build()
    monkeypatch.chdir(estate.folder)
    for asked in (["query", "from ledger.cost"], ["export", "metrics"], ["advice", "list"]):
        assert run(asked) == 3
        assert "the warehouse was never built" in capsys.readouterr().err
    estate.build()

    assert estate.rows("select count(*) from ledger.cost") == [(1,)]


def test_an_audit_with_a_clock_of_the_past_says_that_a_later_one_counts(
    estate: Estate, monkeypatch, capsys
):
    """A wrong --now stays the latest audit: the next one says so instead of being ignored."""
    estate.configure()
    monkeypatch.chdir(estate.folder)
    run(["audit", "--now", "2999-01-01T00:00:00Z"])
    assert "later than this one" not in capsys.readouterr().err
    run(["audit", "--now", "2026-11-21T06:00:00Z"])

    assert "an audit of 2999-01-01 00:00 UTC is recorded, later than" in capsys.readouterr().err


def test_a_full_disk_is_said_and_changes_nothing(estate: Estate):
    """Simulated by a limit on the size of files: the write fails as on a full disk."""
    estate.build()
    good = estate.content()
    size = estate.path.stat().st_size
    estate.write("bills/november.csv", big("1"))

    start(estate, "collect").communicate()

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100_000, size + 100_000))

    process = start(estate, "build", preexec_fn=limit)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 3, said.decode()
    assert b"error: the disk is full; nothing was changed" in said
    assert estate.content() == good


def test_a_disk_that_fills_while_landing_leaves_what_was_landed(estate: Estate):
    """The source is a blind spot; what it landed before stays in force."""
    estate.build()
    estate.write("bills/november.csv", big("1"))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    process = start(estate, "collect", preexec_fn=limit)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 3
    assert b"the disk is full; what was landed before stays in force" in said
    assert [path.name for path in estate.folder.glob("landing/bill/*/.*")] == []
    assert estate.build(collect=False).changed is False


def test_ctrl_c_stops_at_once_and_keeps_the_last_good_state(estate: Estate):
    """Exit code 130, as shells expect, and one line instead of a traceback."""
    estate.build()
    estate.write("bills/november.csv", big("1"))
    process = start(estate, "audit", "--verbose")
    assert process.stderr
    process.stderr.readline()  # it is on its way
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 130, said.decode()
    assert said.decode().strip().endswith("stopped; the last good state is kept")
    assert b"Traceback" not in said
    assert estate.rows("select sum(charges) from ledger.cost") == [(1,)]


def test_a_registered_version_meets_its_charges(estate: Estate):
    """By the tags `model` and `model_version`, whatever registry states the version."""
    tags = '{"model": "churn", "model_version": "7"}'
    estate.write("bills/october.csv", csv_text({"Tags": tags, "BilledCost": "1.5"}, {}))
    estate.write(
        "registry.json",
        '{"registered_models": [{"name": "churn"}], "runs": [],'
        ' "model_versions": [{"name": "churn", "version": 6}, {"name": "churn", "version": 7}]}',
    )
    estate.more = "  - {name: mlflow, kind: files, path: registry.json, schema: mlflow}\n"
    estate.build()

    assert estate.rows(
        """
        select v.source, v.version, c.billing_billed_cost from registry.model_version as v
        join ledger.cost as c on c.model = v.model and c.model_version = v.version
        """
    ) == [("mlflow", "7", Decimal("1.5"))]


def test_a_warehouse_in_use_is_said(estate: Estate, capsys):
    """Two audits at once would be one too many: exit code 3, and what to do."""
    estate.build()
    script = (
        "import sys; from quaestor.warehouse.duckdb import Warehouse; "
        f"w = Warehouse({str(estate.path)!r}); print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout
    holder.stdout.readline()
    code = run(["build", "--config", str(estate.folder / "quaestor.yaml")])
    holder.communicate(b"")

    assert code == 3
    assert "error: the warehouse is in use by another process" in capsys.readouterr().err


def test_a_warehouse_of_a_newer_quaestor_is_left_alone(estate: Estate):
    """It is not downgraded, and the message says what to do."""
    estate.build()
    with Warehouse(estate.path) as warehouse:
        warehouse.run("update meta.property set value = '99' where name = 'schema_version'")
    with pytest.raises(ConfigurationError) as caught:
        estate.build()

    assert "written by a newer Quaestor (schema 99" in caught.value.what


def test_a_warehouse_of_an_older_schema_is_left_alone(estate: Estate):
    """It lacks columns: it is not filled by halves, and what is landed makes a new one."""
    estate.build()
    with Warehouse(estate.path) as warehouse:
        warehouse.run("update meta.property set value = '1' where name = 'schema_version'")
    with pytest.raises(ConfigurationError) as caught:
        estate.build()

    assert "the warehouse is of an older schema (1, " in caught.value.what
    estate.path.rename(estate.path.with_suffix(".old"))
    estate.build()
    assert estate.rows("select sum(charges) from ledger.cost") == [(1,)]


def test_a_warehouse_of_the_schema_before_is_brought_up_to_date(estate: Estate):
    """What audits recorded is kept; the next build fills new tables and columns from all days."""
    estate.build()
    with Warehouse(estate.path) as warehouse:
        warehouse.run("insert into meta.property values ('kept', 'yes')")
        warehouse.run("update meta.property set value = '6' where name = 'schema_version'")
        warehouse.run("drop table audit.run_cost")
        warehouse.run("alter table ledger.cost drop column allocated_ratio")
        warehouse.run("alter table focus.charge drop column x_sub_account_name_source")
    with pytest.raises(IncompleteError, match="of an older schema") as caught:
        estate.rows("select 1")

    assert caught.value.fix == "Run `quaestor build` once."
    assert estate.build().changed
    assert estate.rows("select value from meta.property where name = 'kept'") == [("yes",)]
    assert estate.rows("select count(*) from audit.run_cost") == [(0,)]
    assert estate.rows("select sum(allocated_ratio) from ledger.cost") == [(1,)]
    assert not estate.build().changed


def test_samples_of_an_older_schema_are_numbered(estate: Estate):
    """Those whose landed file is gone cannot be read again: they count on, pod by pod."""
    estate.build()
    with Warehouse(estate.path) as warehouse:
        warehouse.run("update meta.property set value = '11' where name = 'schema_version'")
        warehouse.run("drop table usage.container_series")
        warehouse.run("alter table usage.container_sample drop column series")
        warehouse.run(
            "insert into usage.container_sample select 'kept', 'prod', 'ml', null, pod, 'main', "
            "at_, 1, 2 from range(timestamp '2026-11-01', timestamp '2026-11-02', interval 1 hour) "
            "as s(at_), unnest(['a', 'b']) as p(pod)"
        )
    estate.build()

    assert estate.rows(
        "select pod, count(*) from usage.container_sample join usage.container_series "
        "using (series, source, cluster, namespace, pod, container) group by all order by all"
    ) == [("a", 24), ("b", 24)]


def test_a_file_that_is_no_warehouse_is_left_alone(estate: Estate):
    """Somebody's notes, or somebody's own DuckDB file."""
    estate.write("quaestor.duckdb", "my notes")
    with pytest.raises((ConfigurationError, IncompleteError)) as caught:
        estate.build()

    assert "cannot be opened" in caught.value.what
    assert (estate.folder / "quaestor.duckdb").read_text() == "my notes"


def test_landing_needs_a_folder_it_may_write(estate: Estate):
    """A file where the folder should be: what, where and what to do."""
    estate.write("landing", "a file")
    with pytest.raises(IncompleteError) as caught:
        estate.build()

    assert "landing" in str(caught.value.where)
    assert "permissions" in str(caught.value.fix)


@pytest.mark.parametrize("fraction", [0.3, 0.5, 0.6, 0.7, 0.8])
def test_ctrl_c_in_the_middle_of_the_engine_is_no_bug(
    interrupted: Interrupted, tmp_path: Path, fraction: float
):
    """Wherever it strikes: exit code 130, one line, and the last good state."""
    estate = Estate(tmp_path)
    shutil.copytree(interrupted.estate.folder, tmp_path, dirs_exist_ok=True)
    process = start(estate, "audit")
    time.sleep(interrupted.seconds * fraction)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    # It may have been done already: then it ends as it would have, or in the interpreter's own end.
    assert process.returncode in (130, 0, 1, 3, -signal.SIGINT), said.decode()
    assert b"Traceback" not in said
    charges = estate.rows("select count(*) from focus.charge")
    assert charges in ([(1,)], [(60_001,)])


def test_the_same_file_in_two_sources_is_counted_once_and_told(estate: Estate):
    """And the one that keeps it when the other lists it no more."""
    estate.sources += "  - {name: other, kind: files, path: other}\n"
    estate.write("other/a.csv", (estate.folder / "bills/october.csv").read_bytes())
    built = estate.build()

    assert estate.rows("select sum(billed_cost) from ledger.cost") == [(3,)]
    assert [spot.reason for spot in built.blind_spots] == [
        "the same file is loaded by the source bill; it is counted once, there"
    ]
    (estate.folder / "bills/october.csv").unlink()
    estate.write("bills/november.csv", csv_text({"BilledCost": "5", "ProviderName": "Another"}))
    built = estate.build()
    assert built.blind_spots == ()
    assert estate.rows("select source, billed_cost from ledger.cost order by all") == [
        ("bill", 5),
        ("other", 3),
    ]


def test_a_file_moved_to_another_source_moves_with_its_charges(estate: Estate):
    """A month is not paid twice because a folder was tidied."""
    estate.sources += "  - {name: other, kind: files, path: other}\n"
    estate.write("bills/november.csv", csv_text({"BilledCost": "5"}))
    estate.write("other/x.csv", csv_text({"BilledCost": "1"}))
    estate.build()
    (estate.folder / "bills/october.csv").rename(estate.folder / "other/october.csv")
    estate.build()

    assert estate.rows("select sum(billed_cost) from ledger.cost") == [(9,)]


def test_a_source_of_another_schema_leaves_none_of_its_old_rows(estate: Estate):
    """What was a bill by mistake is no bill any more."""
    estate.build()
    estate.sources = "  - {name: bill, kind: files, path: nodes, schema: node-hours}\n"
    estate.write("nodes/a.csv", "cluster,node,hour\nprod,n1,2026-10-01T00:00:00Z\n")
    estate.build()

    assert estate.rows("select count(*) from focus.charge") == [(0,)]
    assert estate.rows("select count(*) from usage.node_hour") == [(1,)]


def test_a_landing_folder_that_lost_its_manifests_is_a_blind_spot(estate: Estate):
    """Nothing landed is not the same as nothing spent."""
    estate.build()
    shutil.rmtree(estate.folder / "landing/bill/manifests")
    estate.path.unlink()
    built = estate.build(collect=False)

    assert [spot.reason for spot in built.blind_spots] == ["what was landed is gone"]
    assert estate.build().blind_spots == ()
