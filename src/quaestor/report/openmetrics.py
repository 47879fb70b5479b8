"""Key figures as OpenMetrics text, for Prometheus and whatever reads its textfiles.

A metric is a file in metrics/: its name is the file's, its help the first sentence of the file's
header, its labels the columns beside `value`. All are gauges, as node_exporter's textfile
collector knows no more kinds; a value that is unknown has no line, and never a zero.

Source: OpenMetrics 1.0; prometheus.io, "Metric and label naming".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from quaestor import __version__
from quaestor.core.money import exact_text
from quaestor.warehouse.duckdb import Warehouse

FOLDER = Path(__file__).parent / "metrics"
_BUILD = ("quaestor_build_info", "The Quaestor that wrote this, always 1.")


def render(warehouse: Warehouse) -> str:
    """Return every metric of a warehouse; the same warehouse gives the same bytes."""
    lines = list(_family(*_BUILD, [{"version": __version__, "value": 1}]))
    for path in sorted(FOLDER.glob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        lines += _family(path.stem, help_of(sql), warehouse.records(sql))
    return "\n".join([*lines, "# EOF", ""])


def help_of(sql: str) -> str:
    r"""Return the first paragraph of a query's header.

    >>> help_of("-- What it is.\n--\n-- money  USD\nselect 1")
    'What it is.'
    """
    lines = []
    for line in sql.splitlines():
        text = line.removeprefix("--").strip()
        if not line.startswith("--") or not text:
            break
        lines.append(text)
    return " ".join(lines)


def _family(name: str, about: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    known = [row for row in rows if row["value"] is not None]
    if not known:
        return
    yield f"# HELP {name} {_escaped(about)}"
    yield f"# TYPE {name} gauge"
    for row in known:
        yield f"{name}{_labels(row)} {_number(row['value'])}"


def _labels(row: Mapping[str, Any]) -> str:
    told = [f'{key}="{_escaped(str(value))}"' for key, value in row.items() if key != "value"]
    return f"{{{','.join(told)}}}" if told else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: Any) -> str:
    return exact_text(value) if isinstance(value, Decimal) else str(value)
