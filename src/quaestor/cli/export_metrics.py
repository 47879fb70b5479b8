"""`quaestor export metrics`: key figures for Prometheus."""

from __future__ import annotations

from pathlib import Path

import click

from quaestor.cli.options import Call, shared
from quaestor.cli.output import emit
from quaestor.core.whole_file import spare_by_hand


@click.command("metrics")
@shared
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
def export_metrics(call: Call, file: Path | None) -> int:
    """Write the key figures of the latest audit as OpenMetrics to FILE, or print them.

    For node_exporter's textfile collector, whose folder wants names that end in .prom; the file is
    replaced whole or not at all. `metrics:` in quaestor.yaml lets every audit write it.

    \b
    Examples:
      quaestor export metrics
      quaestor export metrics /var/lib/node_exporter/quaestor.prom
    """
    if file is not None:
        spare_by_hand(file)
    write_metrics(call.warehouse(), file)
    return 0


def write_metrics(warehouse: Path, file: Path | None) -> None:
    """Write the metrics of a warehouse to a file, or print them.

    Raises:
        IncompleteError: The warehouse cannot be read, or the file not be written.
    """
    from quaestor.report.openmetrics import render
    from quaestor.warehouse.duckdb import Warehouse

    with Warehouse(warehouse, read_only=True) as opened:
        emit(render(opened), file)
