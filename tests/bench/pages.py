"""The pages of ten thousand models: rendered, weighed, and opened as their reader opens them.

What Chromium does is counted in seconds that the page's thread has worked, not in those that
passed, which on a busy machine say more about the others.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from measure import Measured, in_turn

from quaestor.core.shipped import shipped
from quaestor.report.html import render

MODELS = 10_000
ROUNDS = 3
NOW = datetime(2026, 11, 21, 6, 30)
REPORTS = {"compliance": "models", "cost": "models", "maturity": "models", "rightsizing": "advice"}
_SORT = """([section, column]) => {
    const tools = [...document.querySelectorAll(`#${section} .tools`)].pop();
    const table = tools.nextElementSibling.querySelector("table");
    table.querySelectorAll(".sort")[column].click();
    table.getBoundingClientRect();
}"""
_COLUMNS = """section => [...document.querySelectorAll(`#${section} .tools`)].pop()
    .nextElementSibling.querySelectorAll(".sort").length"""


def pages(folder: Path) -> Iterator[Measured]:
    """Render against the queries that a page shows; open and sort as a reader does."""
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    from builders.large import a_large_estate

    target = folder / "pages"
    with a_large_estate(MODELS) as warehouse:
        for report in REPORTS:
            queries = [
                path.read_text("utf-8") for path in shipped("reports").glob(f"{report}/*.sql")
            ]
            ours, baseline = in_turn(
                ROUNDS,
                lambda name=report: render(
                    warehouse, [name], target, now=NOW, progress=lambda _: None
                ),
                lambda some=queries: [warehouse.records(sql) for sql in some],
            )
            size = (target / f"{report}.html").stat().st_size / 1e6
            yield Measured(f"page {report}, {MODELS:,} models, {size:.1f} MB / its queries", ours,
                           baseline, 15)  # fmt: skip
    if program := next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None):
        yield from _in_chromium(program, target)


def _in_chromium(program: str, folder: Path) -> Iterator[Measured]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for report, section in REPORTS.items():
            seen = [_seen(browser, folder / f"{report}.html", section) for _ in range(ROUNDS)]
            opened, worked = (statistics.median(column) for column in zip(*seen, strict=True))
            yield Measured(f"page {report}: opened by Chromium", opened, None, 2)
            yield Measured(f"page {report}: slowest sort of {MODELS:,} rows", worked, None, 0.3)
        browser.close()


def _seen(browser: Any, path: Path, section: str) -> tuple[float, float]:
    """Return the seconds until the page was there, and those of its slowest sort."""
    page = browser.new_page()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        kinds = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
        return sum(one["value"] for one in metrics if one["name"] in kinds)

    page.goto(path.as_uri())
    metrics = session.send("Performance.getMetrics")["metrics"]
    [opened] = [one["value"] for one in metrics if one["name"] == "TaskDuration"]
    sorts = []
    for column in range(page.evaluate(_COLUMNS, section)):
        before = worked()
        page.evaluate(_SORT, [section, column])
        sorts.append(worked() - before)
    page.close()
    return opened, max(sorts)
