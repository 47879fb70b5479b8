"""For engines: a folder per report, a typed file per section; money is DECIMAL, every digit."""

from __future__ import annotations

from pathlib import Path

from quaestor.report.forms import Request
from quaestor.report.forms.folders import write_folders
from quaestor.warehouse.ask import copy_parquet

ENDING = None


def write(request: Request) -> list[Path]:
    """Write a folder per report: its sections, and a manifest with their columns.

    Raises:
        ConfigurationError: No such report, wrong SQL, or something else where a folder should go.
        IncompleteError: A folder cannot be written.
    """
    return write_folders(request, "parquet", copy_parquet)
