"""What makers state of their GPUs and machines: memory, compute, and how GPUs talk.

Both lists (gpu_model.csv, machine_type.csv) are dated, and each line names the page it is from.
What a page does not state is empty: unknown, never a guess.
"""

from __future__ import annotations

import csv
from pathlib import Path

from quaestor.warehouse.duckdb import Warehouse

GPU_MODELS = Path(__file__).with_name("gpu_model.csv")
MACHINE_TYPES = Path(__file__).with_name("machine_type.csv")
_RENAMED = {"source": "fact_source"}


def write(warehouse: Warehouse) -> None:
    """Replace `config.gpu_model` and `config.machine_type` with the shipped facts."""
    for table, path in (("gpu_model", GPU_MODELS), ("machine_type", MACHINE_TYPES)):
        with path.open(encoding="utf-8", newline="") as stream:
            rows = [_row(line) for line in csv.DictReader(stream)]
        names = list(rows[0])
        warehouse.run(f"delete from config.{table}")
        warehouse.run(
            f"insert into config.{table} ({', '.join(names)}) "
            f"select {', '.join('unnest(?)' for _ in names)}",
            [[row[name] for row in rows] for name in names],
        )


def _row(line: dict[str, str]) -> dict[str, str | list[str] | None]:
    """Return a line as a row of its table."""
    row: dict[str, str | list[str] | None] = {
        _RENAMED.get(name, name): text or None for name, text in line.items()
    }
    if "runs" in line:
        row["runs"] = line["runs"].split(";") if line["runs"] else []
    return row
