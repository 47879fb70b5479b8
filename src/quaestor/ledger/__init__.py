"""The ledger: one SELECT per file, one table per SELECT, ordered by what each reads.

`sql/**/<table>.sql` fills `ledger.<table>`; `checks/*.sql` return the rows that are wrong, and
one such row stops the figures built on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from graphlib import TopologicalSorter
from pathlib import Path

from quaestor.core.config import Config
from quaestor.core.errors import CheckFailedError
from quaestor.core.progress import counted
from quaestor.ledger.rules import create_view
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.errors import OutOfRangeError

SQL = Path(__file__).parent / "sql"
CHECKS = Path(__file__).parent / "checks"
_READS = re.compile(r"\bledger\.(\w+)")
_COMMENT = re.compile(r"--[^\n]*")


def build(warehouse: Warehouse, config: Config, progress: Callable[[str], None]) -> None:
    """Fill every ledger table from `focus`, `usage` and `registry`, then check them.

    Runs inside the caller's transaction, so that a check that fails leaves the last good ledger.

    Raises:
        ConfigurationError: An attribution rule that cannot be applied.
        CheckFailedError: A check returned a row, or a figure is larger than money can be.
    """
    create_view(warehouse, config.attribution)
    models = {path.stem: path for path in SQL.rglob("*.sql")}
    for table in counted(_order(models), progress, lambda table: f"ledger.{table}"):
        warehouse.run(f"delete from ledger.{table}")
        with _in_range(f"ledger.{table}"):
            warehouse.run(f"insert into ledger.{table} by name {_text(models[table])}")
    checks = sorted(CHECKS.glob("*.sql"))
    for path in counted(checks, progress, lambda path: f"check: {_sentence(path)}"):
        _check(warehouse, path)


def _order(models: dict[str, Path]) -> list[str]:
    """Return the tables so that each comes after those it reads.

    The view ruled_charge stands for what it reads: the tags.
    """
    reads = {
        table: {
            "tag_set" if read == "ruled_charge" else read
            for read in _READS.findall(_COMMENT.sub("", _text(path)))
        }
        & (set(models) | {"tag_set"})
        for table, path in sorted(models.items())
    }
    return list(TopologicalSorter(reads).static_order())


def _check(warehouse: Warehouse, path: Path) -> None:
    with _in_range(f"ledger/checks/{path.name}"):
        wrong = warehouse.records(_text(path))
    if wrong:
        first = ", ".join(f"{name}={value}" for name, value in wrong[0].items())
        raise CheckFailedError(
            f"not so: {_sentence(path)} ({len(wrong):,} wrong; first: {first})",
            where=f"ledger/checks/{path.name}",
            fix="The figures are withheld and the last good state is kept. Please report it "
            "with the line above.",
        )


@contextmanager
def _in_range(where: str) -> Iterator[None]:
    try:
        yield
    except OutOfRangeError:
        raise CheckFailedError(
            "a cost, or a sum of costs, has more than the 18 digits before the point that money "
            "can have",
            where=where,
            fix="Look for a cost or an exchange rate that is far too large (a shifted column, a "
            "wrong unit), correct it at its source and run again. The last good state is kept.",
        ) from None


def _sentence(path: Path) -> str:
    return path.stem.replace("_", " ")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
