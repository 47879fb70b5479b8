"""An AWS Cost and Usage Report to FOCUS, against one COPY that an engineer would write by hand.

Ours recognises the format, holds the file to its hash, reads every value with care, keeps what it
cannot read, and keeps books. Where finopsfoundation's focus-converter is installed in an
environment of its own (FOCUS_CONVERTER=/path/to/focus-converter), it runs in turn with both, on
the same rows as a legacy report: it reads no other (focus-converter==1.0.0 with multimethod<2 and
click<8.2).
"""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import duckdb
from measure import Measured, in_turn, seconds

from quaestor import pipeline
from quaestor.collect.landing import Landing
from quaestor.core.config import Config, parse_config
from quaestor.normalise import loader
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 21)
HERE = Path(__file__).parent
ROUNDS = 3


def normalise(folder: Path) -> Iterator[Measured]:
    """A million line items, as Parquet and as CSV."""
    yield from of_rows(folder, 1_000_000)


def normalise_large(folder: Path) -> Iterator[Measured]:
    """Five million."""
    yield from of_rows(folder, 5_000_000)


def of_rows(folder: Path, rows: int) -> Iterator[Measured]:
    """Time both, and take the memory of ours in a process of its own."""
    for kind in ("parquet", "csv"):
        here = folder / f"{rows}-{kind}"
        bill = here / "bills" / f"export.{kind}"
        bill.parent.mkdir(parents=True)
        write_export(bill, rows)
        config = parse_config("sources: [{name: aws, kind: files, path: bills/}]", here, {})
        pipeline.collect(config, now=NOW, progress=lambda _: None)
        works: list[Callable[[], object]] = [lambda c=config: loaded(c), lambda b=bill: by_hand(b)]
        if converter := os.environ.get("FOCUS_CONVERTER"):
            write_legacy(bill, legacy_of(bill))
            works.append(lambda b=bill, c=converter: converted(b, c))
        ours, baseline, *peer = in_turn(ROUNDS, *works)
        name = f"CUR to FOCUS, {rows:,} rows, {kind}"
        yield Measured(f"{name} / COPY by hand", ours, baseline, 1.3)
        if peer:
            yield Measured(f"{name} / focus-converter", ours, peer[0], 1 / 3.5)
        yield Measured(f"{name}: memory in GB", memory(here) / 1000, None, 1)
        shutil.rmtree(here)


def write_export(path: Path, rows: int) -> None:
    """Write the export; the same values every time."""
    select = (HERE / "cur_rows.sql").read_text(encoding="utf-8").replace("$rows", str(rows))
    kind = "parquet, compression zstd" if path.suffix == ".parquet" else "csv, header"
    if path.suffix == ".csv":
        text = "resource_tags::json::varchar as resource_tags"
        select = f"select * replace ({text}) from ({select})"
    with duckdb.connect() as engine:
        engine.execute(f"copy ({select}) to '{path}' (format {kind})")


def legacy_of(bill: Path) -> Path:
    """Return where the same rows lie as a legacy report."""
    return bill.parent.parent / f"legacy{bill.suffix}"


def write_legacy(export: Path, target: Path) -> None:
    """Write an export once more under the names of the legacy report."""
    select = (HERE / "cur_legacy.sql").read_text(encoding="utf-8")
    kind = "parquet, compression zstd" if target.suffix == ".parquet" else "csv, header"
    with duckdb.connect() as engine:
        engine.execute(f"create view export as from '{export}'")
        engine.execute(f"copy ({select}) to '{target}' (format {kind})")


def loaded(config: Config) -> None:
    """Landed file to `focus.charge`, in a new warehouse."""
    (source,) = config.sources
    landing = Landing(config.resolve(config.landing), source.name)
    manifest = landing.current()
    assert manifest is not None
    path = config.resolve("bench.duckdb")
    path.unlink(missing_ok=True)
    job = Job(source, manifest, landing.root, "USD", lambda _: None)
    with Warehouse(path) as warehouse, warehouse.transaction():
        assert loader(manifest.schema).load(warehouse, job) == []
    gc.collect()


def by_hand(export: Path) -> None:
    """The baseline: the same columns, written as Parquet by the engine alone."""
    select = (HERE / "cur_by_hand.sql").read_text(encoding="utf-8")
    texts = "{'line_item_usage_account_id': 'VARCHAR', 'bill_payer_account_id': 'VARCHAR'}"
    read = f"read_csv('{export}', types = {texts})" if export.suffix == ".csv" else f"'{export}'"
    target = export.parent.parent / "by-hand.parquet"
    with duckdb.connect() as engine:
        engine.execute(f"create view export as from {read}")
        engine.execute(f"copy ({select}) to '{target}' (format parquet, compression zstd)")
    target.unlink()
    gc.collect()


def converted(export: Path, program: str) -> None:
    """The peer: focus-converter, in its own process and environment."""
    target = export.parent.parent / "converted"
    kind = "parquet" if export.suffix == ".parquet" else "csv"
    source = str(legacy_of(export))
    options = ["--provider", "aws-cur", "--data-format", kind, "--data-path", source]
    outputs = ["--export-path", str(target), "--no-export-include-source-columns"]
    subprocess.run(
        [program, "convert", *options, "--parquet-data-format", "file", *outputs],
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=600,  # what it does not understand leaves it waiting for ever
    )
    shutil.rmtree(target, ignore_errors=True)


def memory(folder: Path) -> float:
    """Return the most memory, in megabytes, that a process which loads the file holds."""
    program = (sys.executable, str(Path(__file__)), str(folder))
    said = subprocess.run(program, check=True, capture_output=True, text=True)
    return float(said.stdout)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    text = "sources: [{name: aws, kind: files, path: bills/}]"
    seconds(lambda: loaded(parse_config(text, place, {})))
    # Not getrusage: what the parent held when it forked counts there.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
