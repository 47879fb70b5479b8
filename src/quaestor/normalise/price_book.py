"""What machines and their parts cost by list: the shipped price book, and the file of `prices:`.

The shipped list (price_book.csv) is dated, and each of its prices names the page it is
from. It is for the ratio of a GPU's price to that of a core and a GiB, and for machines on no
bill. A file of `prices:` has the same columns and counts before it; so does Google Cloud's
catalogue, where a source of kind gcp-billing collected it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from quaestor.core.errors import ConfigurationError
from quaestor.normalise.focus_values import CURRENCIES
from quaestor.warehouse.duckdb import Warehouse

SHIPPED = Path(__file__).with_suffix(".csv")
SQL = Path(__file__).parent / "sql"
_REQUIRED = ("instance_type", "price", "currency", "priced_on")
_COLUMNS = (
    *("provider", "region", "instance_type", "gpu_model", "gpus", "cores", "gib"),
    *("capacity_type", "price", "currency", "source", "priced_on"),
)
_CAPACITY_TYPES = ("on-demand", "spot")
_FIX = (
    "Write a CSV with the columns instance_type, price, currency, priced_on, and if you like "
    "provider, region, gpu_model, gpus, cores, gib, capacity_type, source. Without instance_type "
    "a row is the price of one GPU, one core or one GiB."
)
_Row = dict[str, Any]


def write(warehouse: Warehouse, path: Path | None) -> None:
    """Replace `config.price` with the shipped prices and those of a file.

    Args:
        warehouse: Where to.
        path: CSV; None: the shipped prices alone. A price of zero, or none, is no price.

    Raises:
        ConfigurationError: No such file, a column that is missing or unknown, a value that
            cannot be read, or two prices of one thing and day.
    """
    rows = [*_read(SHIPPED, "quaestor"), *(_read(path, "prices") if path else ())]
    warehouse.run("delete from config.price")
    names = list(rows[0])
    warehouse.run(
        f"insert into config.price ({', '.join(names)}) "
        f"select {', '.join('unnest(?)' for _ in names)}",
        [[row[name] for row in rows] for name in names],
    )


def settle(warehouse: Warehouse) -> None:
    """Put what catalogues state now of GPUs, cores and memory into `config.price`."""
    warehouse.run("delete from config.price where origin = 'catalogue'")
    select = (SQL / "catalogue_price.sql").read_text(encoding="utf-8")
    warehouse.run(f"insert into config.price by name {select}")


def _read(path: Path, origin: str) -> Iterator[_Row]:
    seen: dict[tuple[Any, ...], int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.DictReader(stream)
            _check_columns(lines.fieldnames or (), path)
            for line in lines:
                row = _row(line, f"{path}:{lines.line_num}")
                if row is None:
                    continue
                thing = tuple(v for k, v in row.items() if k not in ("price", "price_source"))
                first = seen.setdefault(thing, lines.line_num)
                if first != lines.line_num:
                    raise _wrong(
                        f"a second price of what the line {first} prices", path, lines.line_num
                    )
                yield {"origin": origin, **row}
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise ConfigurationError(
            f"the price book cannot be read: {problem}", where=str(path), fix=_FIX
        ) from None


def _check_columns(names: Any, path: Path) -> None:
    missing = [name for name in _REQUIRED if name not in names]
    unknown = [str(name) for name in names if name not in _COLUMNS]
    if missing or unknown:
        what = f"has not the columns {', '.join(missing)}" if missing else ""
        other = f"has columns that mean nothing: {', '.join(unknown)}" if unknown else ""
        raise _wrong(" and ".join(filter(None, (what, other))), path, 1)


def _row(line: dict[str, str | None], where: str) -> _Row | None:
    """Return a line as a row of config.price; None where it states no price."""
    text = {name: (line.get(name) or "").strip() for name in _COLUMNS}
    if line.get(None):  # type: ignore[call-overload] # csv keeps what is too much there
        raise _wrong("has more values than columns", where)
    price = _number("price", text["price"] or "0", where)
    if price == 0:
        return None
    counts = {name: _number(name, text[name] or "0", where) for name in ("gpus", "cores", "gib")}
    if not text["instance_type"] and sorted(map(bool, counts.values())) != [False, False, True]:
        raise _wrong("names no instance_type, and not one of gpus, cores and gib alone", where)
    if counts["gpus"] and not text["gpu_model"]:
        raise _wrong("has GPUs and names no gpu_model", where)
    return {
        **{name: text[name] or None for name in ("provider", "region", "instance_type")},
        "gpu_model": text["gpu_model"] or None,
        **{name: f"{count:f}" for name, count in counts.items()},
        "capacity_type": _one_of(
            "capacity_type", text["capacity_type"] or "on-demand", _CAPACITY_TYPES, where
        ),
        "price": f"{price:f}",
        "currency": _one_of("currency", text["currency"], CURRENCIES, where),
        "price_source": text["source"] or "prices:",
        "priced_on": _day(text["priced_on"], where),
    }


def _number(name: str, text: str, where: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise _wrong(f"{name} '{text}' is no number", where) from None
    if not value.is_finite() or value < 0 or value >= 10**8:
        raise _wrong(f"{name} '{text}' is below zero, or no amount that anything costs", where)
    return round(value, 9)


def _one_of(name: str, text: str, known: Any, where: str) -> str:
    if text not in known:
        choice = f" (one of {', '.join(known)})" if len(known) < 9 else ""
        raise _wrong(f"{name} '{text}' is not known{choice}", where)
    return text


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong(f"priced_on '{text}' is no day such as 2026-01-31", where) from None


def _wrong(what: str, path: Path | str, line: int | None = None) -> ConfigurationError:
    where = str(path) if line is None else f"{path}:{line}"
    return ConfigurationError(f"the price book {what}", where=where, fix=_FIX)
