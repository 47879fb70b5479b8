"""For spreadsheets and scripts: a folder per report, a file per section, as RFC 4180 has it.

No cell is a formula. Money keeps every digit; unknown is an empty field, and an empty text is "".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from quaestor.core.text import guarded, value_text, visible
from quaestor.report.forms import Request
from quaestor.report.forms.folders import write_folders
from quaestor.warehouse.ask import ask
from quaestor.warehouse.duckdb import Warehouse

ENDING = None
_SPECIAL = re.compile(r'[,"\r\n]')


def write(request: Request) -> list[Path]:
    """Write a folder per report: its sections, and a manifest with their columns.

    Raises:
        ConfigurationError: No such report, wrong SQL, or something else where a folder should go.
        IncompleteError: A folder cannot be written.
    """
    return write_folders(request, "csv", _write)


def csv_lines(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield a header and a line per row, without their line ends.

    >>> list(csv_lines(["model", "cost"], [["=1+1", None], ["", -5]]))
    ['model,cost', "'=1+1,", '"",-5']
    """
    yield ",".join(map(_text, names))
    for row in rows:
        yield ",".join(_text(v) if isinstance(v, str) else _quoted(value_text(v)) for v in row)


def _write(warehouse: Warehouse, sql: str, path: Path) -> int:
    answer = ask(warehouse, sql)
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.writelines(f"{line}\r\n" for line in csv_lines(answer.names, answer.rows))
    return len(answer.rows)


def _text(text: str) -> str:
    return _quoted(visible(guarded(text))) or '""'


def _quoted(text: str | None) -> str:
    if text is None:
        return ""
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text
