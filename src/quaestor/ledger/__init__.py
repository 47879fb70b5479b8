"""The ledger: one SELECT per file, one table per SELECT, ordered by what each reads.

`sql/**/<table>.sql` fills `ledger.<table>`; `checks/*.sql` return the rows that are wrong, and
one such row stops the figures built on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import msgspec

from quaestor import __version__
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.config import Config
from quaestor.core.errors import CheckFailedError
from quaestor.core.progress import counted
from quaestor.ledger import (
    advice,
    allocation,
    commitment,
    forecast,
    gpu,
    reconciliation,
    sharing,
    stale,
    tags,
)
from quaestor.ledger.model_file import ModelFile, read
from quaestor.ledger.presence import Presence
from quaestor.ledger.rules import VIEWS, fact_columns, views
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.engine import Embedded, Engine, engine
from quaestor.warehouse.errors import OutOfRangeError

# Tables that no single SELECT makes, and who makes them.
BUILT: dict[str, Callable[[Warehouse, Config, Presence, Callable[[str], None]], None]] = {
    "forecast": lambda warehouse, _config, _presence, say: forecast.build(warehouse, say),
    "assessment": advice.assess,
}
_TOLD = (reconciliation, tags, allocation, sharing, gpu, commitment)
SQL = Path(__file__).parent / "sql"
CHECKS = Path(__file__).parent / "checks"
_READS = re.compile(r"\bledger\.(\w+)")
_COMMENT = re.compile(r"--[^\n]*")


def build(
    warehouse: Warehouse,
    config: Config,
    progress: Callable[[str], None],
    *,
    upto: str | None = None,
) -> None:
    """Bring every ledger table up to `focus`, `usage` and `registry`, then check them.

    What does not touch a day or month that changed since the last build is not built again; the
    result is the same as of a build from nothing. Runs inside the caller's transaction, so that
    a check that fails leaves the last good ledger.

    With `upto` it ends with that table, such as "cost", and nothing is checked: for a look that is
    taken back.

    Raises:
        ConfigurationError: An attribution rule that cannot be applied.
        CheckFailedError: A check returned a row, or a figure is larger than money can be.
    """
    facts = fact_columns(warehouse, config)
    models = _models()
    given = advice.params(config, models | advice.kinds())
    with engine(warehouse, config) as computing:
        for view, select in views(warehouse, config).items():
            computing.define(f"ledger.{view}", select)
        stale.find(warehouse, _settings(warehouse, config), facts)
        tables = _order(models, upto)
        presence = _presence(warehouse, models)
        for table in counted(tables, progress, lambda table: f"ledger.{table}"):
            with _in_range(f"ledger.{table}"):
                if table in BUILT:
                    BUILT[table](warehouse, config, presence, progress)
                    computing.forget(f"ledger.{table}")
                else:
                    _fill(warehouse, computing, presence, models[table], given.get(table, {}))
            presence.filled(f"ledger.{table}")
    checks = [] if upto else [one for one in _checks() if presence.of(one.rows_from)]
    for check in counted(checks, progress, lambda check: f"check: {_sentence(check)}"):
        _check(warehouse, check)


def _presence(warehouse: Warehouse, models: Mapping[str, ModelFile]) -> Presence:
    files = (*models.values(), *advice.kinds().values(), *_checks())
    asked = {table for one in files for table in one.rows_from}
    return Presence(warehouse, asked | {f"ledger.{name}" for name in models})


def check_settings(config: Config) -> None:
    """Hold `advice:` of quaestor.yaml to what there is to set.

    Raises:
        ConfigurationError: An amount that is none, a kind or a parameter that is not there, or a
            value that a parameter cannot have.
    """
    advice.params(config, _models() | advice.kinds())


def _models() -> dict[str, ModelFile]:
    """Return every SELECT of the ledger by its table, less the kinds of advice."""
    return {path.stem: read(path) for path in SQL.rglob("*.sql") if path.parent != advice.SQL}


def _checks() -> list[ModelFile]:
    return [read(path) for path in sorted(CHECKS.glob("*.sql"))]


def is_built_with(warehouse: Warehouse, config: Config) -> bool:
    """Return whether the ledger is what this configuration made of it."""
    return stale.is_built_with(warehouse, _settings(warehouse, config))


def blind_spots(warehouse: Warehouse) -> list[BlindSpot]:
    """Return what the ledger could not see or place, with its money where that is known."""
    return [spot for part in _TOLD for spot in part.blind_spots(warehouse)]


def _settings(warehouse: Warehouse, config: Config) -> bytes:
    """Return what decides every day: the configuration, and the prices and factors it names."""
    books = [
        warehouse.row(f"select count(*), sum(hash(b))::varchar from config.{book} as b")
        for book in ("price", "carbon_factor")
    ]
    return msgspec.json.encode(
        (__version__, msgspec.structs.replace(config, base="", file="", spark=None), books)
    )


def _fill(
    warehouse: Warehouse,
    computing: Engine,
    presence: Presence,
    model: ModelFile,
    given: Mapping[str, Any],
) -> None:
    """Replace what a table says of stale days or months; all of it where its file names neither."""
    table = model.name
    was, gives = presence.was(f"ledger.{table}"), presence.of(model.rows_from)
    if not was and not gives:
        return
    select = stale.bounded(warehouse, model.filled(given))
    if table in stale.WATCHED:
        warehouse.run(f"create or replace temp table filled_before as from ledger.{table}")
    if was:
        warehouse.run(f"delete from ledger.{table} where {_replaced(warehouse, model, select)}")
    if gives:
        (computing if model.is_portable else Embedded(warehouse)).fill(f"ledger.{table}", select)
    if not model.is_portable:
        computing.forget(f"ledger.{table}")
    if table in stale.WATCHED:
        stale.WATCHED[table](warehouse, table, "filled_before")
        computing.forget("ledger.stale_month")
        warehouse.run("drop table filled_before")


def _replaced(warehouse: Warehouse, model: ModelFile, select: str) -> str:
    """Return which rows of a table the SELECT of its file gives anew."""
    code = _COMMENT.sub("", select)
    also = f" or ({model.anew})" if model.anew else ""
    if "ledger.stale_day" in code:
        which = "where billed" if "ledger.stale_day where billed" in code else ""
        return f"day in (select day from ledger.stale_day {which}){also}"
    if "ledger.stale_month" in code:
        columns = warehouse.columns(f"ledger.{model.name}")
        time = next(name for name in ("month", "period", "day") if name in columns)
        return f"date_trunc('month', {time})::date in (select month from ledger.stale_month){also}"
    return "true"


def _order(models: Mapping[str, ModelFile], upto: str | None) -> list[str]:
    """Return the tables so that each comes after those it reads, through views too.

    Those after `upto` are left out.
    """
    reads = {table: _reads(model) for table, model in models.items()}
    reads["forecast"] = {"cost", "stale_month", "spend_day", "billed_day"}
    reads["assessment"] = {"resource_rate"}.union(*map(_reads, advice.kinds().values()))
    tables = set(reads)
    found = {
        table: {
            below
            for one in names
            for below in VIEWS.get(one, {one})
            if below in tables and below != table
        }
        for table, names in sorted(reads.items())
    }
    order = list(TopologicalSorter(found).static_order())
    return order[: order.index(upto) + 1] if upto else order


def _reads(model: ModelFile) -> set[str]:
    return set(_READS.findall(_COMMENT.sub("", model.sql)))


def _check(warehouse: Warehouse, check: ModelFile) -> None:
    where = f"ledger/checks/{check.name}.sql"
    with _in_range(where):
        wrong = warehouse.records(check.sql)
    if wrong:
        first = ", ".join(f"{name}={value}" for name, value in wrong[0].items())
        raise CheckFailedError(
            f"not so: {_sentence(check)} ({len(wrong):,} wrong; first: {first})",
            where=where,
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


def _sentence(check: ModelFile) -> str:
    return check.name.replace("_", " ")
