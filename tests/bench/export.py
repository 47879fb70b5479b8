"""FOCUS's rules over a million charges, and the export, against the engine's own scan and COPY."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
from load import ROUNDS, ROWS, SQL
from measure import Measured, in_turn

from quaestor.normalise import conformance
from quaestor.normalise import export as exports
from quaestor.warehouse.duckdb import Warehouse


def export(folder: Path) -> Iterator[Measured]:
    """Every rule in one scan against one scan of the same columns; the export against COPY."""
    path = folder / "export.duckdb"
    fill(path)
    with Warehouse(path, read_only=True) as warehouse:
        wanted = exports.Wanted("1.2")
        columns = ", ".join(
            f"max(hash({sql}))" for sql in exports.charges(warehouse, wanted).columns.values()
        )
        target = folder / "plain.parquet"
        check, written, scan, copy = in_turn(
            ROUNDS,
            lambda: conformance.check(warehouse, exports.charges(warehouse, wanted), "1.2"),
            lambda: exports.export(warehouse, wanted, folder / "out", progress=lambda _: None),
            lambda: warehouse.rows(f"select {columns} from focus.charge"),
            lambda: warehouse.run(
                f"copy (from focus.focus_1_2) to '{target}' (format parquet, compression zstd)"
            ),
        )
    shutil.rmtree(folder / "out")
    yield Measured(f"export focus --check, {ROWS:,} rows / one scan", check, scan, 5)
    yield Measured(f"export focus --check, {ROWS:,} rows", check, None, 2.3)
    yield Measured(f"export focus, {ROWS:,} rows / COPY", written, copy, 1.5)


def fill(path: Path) -> None:
    """Put the made bill into a warehouse, as charges."""
    Warehouse(path).close()
    select = SQL.read_text(encoding="utf-8").replace("$rows", str(ROWS))
    with duckdb.connect(str(path)) as engine:
        engine.execute(
            "insert into focus.charge by name select *, 'bill' as x_source, 'a' as x_file, "
            f"'00' as x_file_sha256, row_number() over () as x_row from ({select})"
        )
