"""Write down what a run rests on: the cost of its window, and what it could not see.

The bill is restated and blind spots come and go; what an audit said of them then can be told
later only where it was kept: `audit.run_window`, `audit.run_cost` and `audit.run_blind_spot`.
"""

from __future__ import annotations

from pathlib import Path

from quaestor.core.run_summary import RunSummary
from quaestor.warehouse.duckdb import Warehouse

_SQL = Path(__file__).parent / "sql"
_TABLES = ("run_window", "run_cost", "run_blind_spot")


def record_basis(
    warehouse: Warehouse, run_id: str, summary: RunSummary, *, config_digest: str
) -> None:
    """Write the window of a run, what its days cost by then, and the blind spots by then.

    A run that is recorded again replaces itself.

    Args:
        warehouse: Where to, in the caller's transaction; its ledger is built.
        run_id: The run.
        summary: Whose clock and currency count.
        config_digest: Of everything that the run was configured by.
    """
    for table in _TABLES:
        warehouse.run(f"delete from audit.{table} where run_id = ?", [run_id])
    first, last, days = warehouse.row(_text("run_window"), {"today": summary.audited_at.date()})
    warehouse.run(
        "insert into audit.run_window values (?, ?, ?, ?, ?, ?)",
        [run_id, first, last, days, summary.currency, config_digest],
    )
    warehouse.run(
        f"insert into audit.run_cost by name select $run as run_id, * from ({_text('run_cost')})",
        {"run": run_id, "first": first, "last": last},
    )
    warehouse.run(
        "insert into audit.run_blind_spot by name "
        "select $run as run_id, * exclude (seen_at) from audit.blind_spot",
        {"run": run_id},
    )


def _text(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")
