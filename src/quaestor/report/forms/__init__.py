"""A report in each format: one module and one line in FORMS.

Every module offers `ENDING`, how a file of the format ends (None: the format is a folder per
report), and `write(request: Request) -> list[Path]`; the same request gives the same bytes.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from quaestor.core.errors import ConfigurationError
from quaestor.report.definitions import find_reports
from quaestor.report.paper import Paper

if TYPE_CHECKING:
    from quaestor.warehouse.duckdb import Warehouse

FORMS = {
    "html": "quaestor.report.forms.html",
    "xlsx": "quaestor.report.forms.xlsx",
    "csv": "quaestor.report.forms.csv",
    "parquet": "quaestor.report.forms.parquet",
    "json": "quaestor.report.forms.json",
    "markdown": "quaestor.report.forms.markdown",
    "pdf": "quaestor.report.forms.pdf",
}


_OF_SEVERAL = ("xlsx",)  # formats of which one file holds several reports


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of a format.

    Args:
        warehouse: What the reports show; it is only read.
        names: Which reports; empty means all there are.
        definitions: The folder of definitions.
        folder: Where to; it is made if need be.
        file: Where to, where one file is named, for one report or, in a format that can hold
            several, for all; else None.
        now: The clock, UTC; it ages the data and dates the document.
        progress: Gets a word for each step.
        paper: The size of a printed sheet.
        browser: The program that prints; None: the first that is found.
        model: The one whose page and rows are wanted, of the report `model`; None: all.
    """

    warehouse: Warehouse
    names: Sequence[str]
    definitions: Path
    folder: Path
    file: Path | None = None
    now: datetime
    progress: Callable[[str], None]
    paper: Paper = "a4"
    browser: str | None = None
    model: str | None = None


class Form(Protocol):
    """What every module in FORMS offers."""

    ENDING: str | None

    def write(self, request: Request) -> list[Path]:
        """Write the reports, each whole or not at all; return the files, in their order."""


def form(name: str) -> Form:
    """Return the format of a name in FORMS; only its own module is imported."""
    return cast("Form", importlib.import_module(FORMS[name]))


def placed(request: Request, name: str, path: Path | None) -> tuple[Path, Path | None]:
    """Return the folder to write to, and the file where `path` is one, by its ending.

    Args:
        request: As asked; its folder is where what has no path goes. A format that writes
            folders has one of its own name in it.
        name: The format's.
        path: What stands behind FORMAT=; None: nothing.

    Raises:
        ConfigurationError: One file is named for several reports, and cannot hold them.
    """
    ending = form(name).ENDING
    if path is None:
        return (request.folder if ending else request.folder / name), None
    if ending is None or path.suffix.lower() != ending:
        return path, None
    reports = find_reports(request.definitions, request.names)
    if len(reports) > 1 and name not in _OF_SEVERAL:
        raise ConfigurationError(
            f"one file is named for {len(reports)} reports",
            where=f"--format {name}={path}",
            fix="Name one report, or a folder, which each report gets a file in.",
        )
    return path.parent, path
