"""Every report of a company of 200 models and a million charges, against the queries it shows.

The queries are all that `render` asks the warehouse, noted, and asked and fetched again; ours is
`render`, which asks them, too. REPORTS_CHARGES and REPORTS_MODELS make another company.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from measure import Measured, in_turn

from ledger import NOW, Size, build, configuration, estate, pipeline_policies, silent
from quaestor import pipeline
from quaestor.core.verdict import Severity
from quaestor.report.html import render
from quaestor.warehouse.duckdb import Parameters, Warehouse

CHARGES = int(os.environ.get("REPORTS_CHARGES", "1000000"))
MODELS = int(os.environ.get("REPORTS_MODELS", "200"))


def reports(folder: Path) -> Iterator[Measured]:
    """Time the full set, and the pages of models within it."""
    path = folder / "reports.duckdb"
    audited(path, folder)
    with Noting(path, read_only=True) as warehouse:
        everything = warehouse.asked_by(lambda: rendered(warehouse, [], folder))
        of_models = warehouse.asked_by(lambda: rendered(warehouse, ["model"], folder))
        ours, ours_of_models, asked, asked_of_models = in_turn(
            3,
            lambda: rendered(warehouse, [], folder),
            lambda: rendered(warehouse, ["model"], folder),
            lambda: [warehouse.records(*query) for query in everything],
            lambda: [warehouse.records(*query) for query in of_models],
        )
    written = list((folder / "pages" / "models").glob("*.html"))
    name = f"{MODELS:,} models, {CHARGES:,} charges"
    yield Measured(f"report, all of them, {name} / their queries", ours, asked, 2)
    yield Measured(
        f"report model, {len(written):,} pages, {name} / its queries",
        ours_of_models,
        asked_of_models,
        2,
    )
    shutil.rmtree(folder / "pages")


class Noting(Warehouse):
    """A warehouse that notes what it is asked."""

    noted: list[tuple[str, Parameters]] = []  # noqa: RUF012 - one company at a time

    def asked_by(self, work: Callable[[], object]) -> list[tuple[str, Parameters]]:
        """Return every statement that some work runs, with its parameters."""
        self.noted = []
        work()
        return list(self.noted)

    def records(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """Note the query, and answer it."""
        self.noted.append((sql, parameters))
        return super().records(sql, parameters)


def rendered(warehouse: Warehouse, names: Sequence[str], folder: Path) -> None:
    """Render reports into a folder of their own."""
    render(warehouse, names, folder / "pages", now=NOW, progress=silent)


def audited(path: Path, folder: Path) -> None:
    """Make the company, its ledger and its audit."""
    with estate(path, Size(CHARGES, CHARGES)) as warehouse:
        if MODELS != 200:
            more(warehouse)
        with warehouse.transaction():
            build(warehouse)
    config = configuration(folder)
    built = pipeline.Built(changed=True, blind_spots=())
    frameworks = pipeline._rules(config)[1]
    summary = pipeline._judge(
        config, path, pipeline_policies(config), built, NOW, Severity.HIGH, "fail"
    )
    pipeline._record(config, path, summary, frameworks)


def more(warehouse: Warehouse) -> None:
    """Give every charge a model of another of `MODELS` names."""
    warehouse.run(
        f'update focus.charge set Tags = replace(Tags, \'"model":"model-\', '
        f"'\"model\":\"m' || x_row % {MODELS // 200} || '-') where Tags is not null"
    )
