"""Every report of a company of 200 models and a million charges, against the queries it shows.

The queries are those of every section, run and fetched as `render` does; ours is `render`, which
runs them, too. REPORTS_CHARGES and REPORTS_MODELS make another company.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from measure import Measured, in_turn

from ledger import NOW, Size, build, configuration, estate, pipeline_policies, silent
from quaestor import pipeline
from quaestor.core.shipped import shipped
from quaestor.core.verdict import Severity
from quaestor.report.definitions import Report, find_reports
from quaestor.report.html import render
from quaestor.warehouse.duckdb import Warehouse

CHARGES = int(os.environ.get("REPORTS_CHARGES", "1000000"))
MODELS = int(os.environ.get("REPORTS_MODELS", "200"))


def reports(folder: Path) -> Iterator[Measured]:
    """Time the full set, and the pages of models within it."""
    path = folder / "reports.duckdb"
    audited(path, folder)
    places = find_reports(shipped("reports"), [])
    everything = [query for place in places for query in queries(place)]
    of_models = [query for place in places if place.pages for query in queries(place)]
    with Warehouse(path, read_only=True) as warehouse:
        ours, ours_of_models, asked, asked_of_models = in_turn(
            3,
            lambda: render(warehouse, [], folder / "pages", now=NOW, progress=silent),
            lambda: render(warehouse, ["model"], folder / "pages", now=NOW, progress=silent),
            lambda: [warehouse.records(sql) for sql in everything],
            lambda: [warehouse.records(sql) for sql in of_models],
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


def queries(report: Report) -> Iterator[str]:
    """Yield the SQL of a report."""
    if report.pages:
        yield report.pages.read_text(encoding="utf-8")
    for section in report.sections:
        yield section.sql.read_text(encoding="utf-8")


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
