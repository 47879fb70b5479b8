"""What turns hours into kWh and kgCO2e: the shipped factors, and the file of `carbon:`.

The shipped list (carbon_factors.csv) is dated, and each figure names the page it is from. A row of
the user's file counts before the shipped ones: its `place` is a region, a cluster or a source, so
that a data centre of one's own can have its grid and its overhead.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from quaestor.core.errors import ConfigurationError
from quaestor.warehouse.duckdb import Warehouse

SHIPPED = Path(__file__).with_suffix(".csv")
# Each factor with its unit.
FACTORS = {
    "grid": "kgCO2e/kWh",
    "pue": "ratio",
    "core-idle": "W",
    "core-busy": "W",
    "gib": "W",
    "gpu-idle": "W",
    "gpu-busy": "W",
    "gpu-embodied": "kgCO2e",
    "core-embodied": "kgCO2e",
    "gib-embodied": "kgCO2e",
    "life": "h",
}
_COLUMNS = ("factor", "provider", "place", "model", "value", "unit", "source", "dated")
_REQUIRED = ("factor", "value", "source", "dated")
_FIX = (
    "Write a CSV with the columns factor, value, source, dated, and if you like provider, place "
    f"(a region, a cluster or a source), model (of a GPU), unit. A factor is {', '.join(FACTORS)}."
)
_Row = dict[str, Any]


def write(warehouse: Warehouse, path: Path | None) -> None:
    """Replace `config.carbon_factor` with the shipped factors and those of a file.

    Args:
        warehouse: Where to.
        path: CSV; None: the shipped factors alone.

    Raises:
        ConfigurationError: No such file, a column that is missing or unknown, a value that
            cannot be read, or two of one factor.
    """
    rows = [*_read(SHIPPED, "quaestor"), *(_read(path, "carbon") if path else ())]
    warehouse.run("delete from config.carbon_factor")
    names = list(rows[0])
    warehouse.run(
        f"insert into config.carbon_factor ({', '.join(names)}) "
        f"select {', '.join(['unnest(?)'] * len(names))}",
        [[row[name] for row in rows] for name in names],
    )


def _read(path: Path, origin: str) -> Iterator[_Row]:
    seen: dict[tuple[str, ...], int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.DictReader(stream)
            _check_columns(lines.fieldnames or (), path)
            for line in lines:
                where = f"{path}:{lines.line_num}"
                if line.get(None):  # csv keeps what is too much there
                    raise _wrong("has more values than columns", where)
                text = {name: (line.get(name) or "").strip() for name in _COLUMNS}
                thing = tuple(text[name] for name in ("factor", "provider", "place", "model"))
                first = seen.setdefault(thing, lines.line_num)
                if first != lines.line_num:
                    raise _wrong(f"states what line {first} does", where)
                yield {"origin": origin, **_row(text, where)}
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise ConfigurationError(
            f"the carbon factors cannot be read: {problem}", where=str(path), fix=_FIX
        ) from None


def _check_columns(names: Any, path: Path) -> None:
    missing = [name for name in _REQUIRED if name not in names]
    unknown = [str(name) for name in names if name not in _COLUMNS]
    if missing:
        raise _wrong(f"have not the columns {', '.join(missing)}", f"{path}:1")
    if unknown:
        raise _wrong(f"have columns that mean nothing: {', '.join(unknown)}", f"{path}:1")


def _row(text: dict[str, str], where: str) -> _Row:
    """Return a line as a row of config.carbon_factor."""
    unit = FACTORS.get(text["factor"])
    if unit is None:
        raise _wrong(f"name a factor '{text['factor']}', which there is not", where)
    if text["unit"] not in ("", unit):
        raise _wrong(f"state '{text['factor']}' in {text['unit']}, and it is in {unit}", where)
    if text["model"] and not text["factor"].startswith("gpu-"):
        raise _wrong(f"name a model for '{text['factor']}', which is not of a GPU", where)
    if not text["source"]:
        raise _wrong("have a value without its source", where)
    return {
        "factor": text["factor"],
        **{name: text[name] or None for name in ("provider", "place", "model")},
        "value": _number(text["factor"], text["value"], where),
        "unit": unit,
        "factor_source": text["source"],
        "dated_on": _day(text["dated"], where),
    }


def _number(factor: str, text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise _wrong(f"have the value '{text}', which is no number", where) from None
    least = 1 if factor in ("pue", "life") else 0
    if not math.isfinite(value) or value < least or value >= 1e6:
        raise _wrong(f"have the value {text} of '{factor}', which cannot be", where)
    return value


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong(f"are dated '{text}', which is no day such as 2026-01-31", where) from None


def _wrong(what: str, where: str) -> ConfigurationError:
    return ConfigurationError(f"the carbon factors {what}", where=where, fix=_FIX)
