"""Render reports as HTML: one self-contained file each, that needs no network.

The page's Content-Security-Policy allows its own style sheet and its own script, each by hash,
and nothing else; a hostile name that got past escaping could still load and run nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from quaestor import __version__
from quaestor.core.errors import ConfigurationError
from quaestor.core.period import utc
from quaestor.core.shipped import shipped
from quaestor.core.whole_file import unwritable, write_whole
from quaestor.core.words import plural
from quaestor.report import (
    chart_audits,
    chart_band,
    chart_bars,
    chart_effects,
    chart_map,
    chart_steps,
    chart_trend,
)
from quaestor.report import format as show
from quaestor.report.charts import PALETTE
from quaestor.report.definitions import Report, Section, find_reports
from quaestor.report.linked import has_figures, link_figures
from quaestor.report.pages import Pages, by_page, file_name, find_pages, write_pages
from quaestor.report.tables import hold_long
from quaestor.report.trace import figure_id, service_name
from quaestor.report.traced import Traced, command_of
from quaestor.report.whence import Whence, title_of, told_by
from quaestor.warehouse.duckdb import Warehouse

if TYPE_CHECKING:
    from jinja2 import Environment

Row = Mapping[str, Any]
Found = Sequence[tuple[Section, Sequence[Row]]]  # sections and their rows
Job = tuple[Report, Found, Mapping[str, Any]]  # a page: what else it may say comes last

_GROUNDS, _WHERE_FROM = "traced.html.j2", "Where these figures come from"
_AT_ONCE = 200  # pages that are held while their figures are traced together
_POLICY = "default-src 'none'; style-src '{}'; {}img-src data:; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class Target:
    """Where pages are written: a folder, or one file; and the one model that is wanted."""

    folder: Path
    file: Path | None
    model: str | None

    def of(self, report: Report) -> Path:
        """Return the file of a report that has one page."""
        return self.file or self.folder / f"{report.name}.html"


def render(
    warehouse: Warehouse,
    names: Sequence[str],
    folder: Path,
    *,
    now: datetime,
    progress: Callable[[str], None],
    definitions: Path | None = None,
    file: Path | None = None,
    model: str | None = None,
) -> list[Path]:
    """Write reports, each as `<name>.html` or as a folder of pages; each file whole or not at all.

    Args:
        warehouse: What they show; it is only read.
        names: Which reports; empty means all there are.
        folder: Where to; it is made if need be.
        now: The clock, UTC; it ages the data and dates the page.
        progress: Gets a word for each step.
        definitions: The folder of definitions; None: those that ship with Quaestor.
        file: Where to, of one report alone, instead of `folder`.
        model: The one whose page is wanted, of the report with a page per model; None: all.

    Returns:
        Where each lies, in the order of `names`: its file, or the folder of one that has many
        pages; nothing of one that has none.

    Raises:
        ConfigurationError: No such report or model, or a section without one of its two files.
        IncompleteError: The folder cannot be written to.
    """
    place = definitions or shipped("reports")
    reports = find_reports(place, names)
    target = Target(folder, file, model)
    return _rendered(warehouse, reports, place, target, facts_of(warehouse, now), progress)


def _rendered(
    warehouse: Warehouse,
    reports: Sequence[Report],
    place: Path,
    target: Target,
    facts: Mapping[str, Any],
    progress: Callable[[str], None],
) -> list[Path]:
    single = [report for report in reports if report.pages is None]
    many = {
        report: find_pages(warehouse, report.name, report.pages, target.model)
        for report in reports
        if report.pages is not None
    }
    traced = Traced(warehouse)
    environment = environment_of([place], facts, _links(many.values()), traced)
    environment.globals.update(
        pages=_contents(environment, single), **_pageless(target, many.values()), **styling(place)
    )
    jobs: Iterator[Job] = ((one, _found(warehouse, one, progress), {}) for one in single)
    texts = dict(zip(single, _texts(environment, traced, jobs), strict=True))
    written: list[Path] = []
    for report in reports:
        if report in texts:
            written.append(_write(target.of(report), texts[report]))
            continue
        found = _found(warehouse, report, progress)
        pages = _texts(environment, traced, _jobs(report, many[report], found))
        places = [file_name(row[many[report].key]) for row in many[report].rows]
        named = zip(places, pages, strict=True)
        written += _write_many(report, many[report], named, target)
    return written


def facts_of(warehouse: Warehouse, now: datetime) -> dict[str, Any]:
    """Return what every section may say: the currency, the clock, the data's age."""
    settings = dict(warehouse.rows("select name, value from config.setting"))
    properties = dict(warehouse.rows("select name, value from meta.property"))
    [(last_day,)] = warehouse.rows("select max(day) from ledger.cost")
    built_at = properties.get("built_at")
    covered = warehouse.rows("select model_ratio from ledger.coverage order by month desc limit 1")
    return {
        "currency": settings.get("currency") or "",
        "now": now,
        "built_at": utc(built_at) if built_at else None,
        "last_day": last_day if isinstance(last_day, date) else None,
        "model_ratio": covered[0][0] if covered else None,
        "version": __version__,
    }


def _contents(environment: Environment, reports: Sequence[Report]) -> list[dict[str, Any]]:
    """Name every page of one render, so that each links to the others and to nothing else."""

    def said(report: Report, *blocks: str) -> Markup:
        template = environment.get_template(report.template)
        written = [template.blocks[name] for name in blocks if name in template.blocks]
        words = "".join(written[0](template.new_context())) if written else ""
        return Markup(words)  # noqa: S704 - autoescaped

    return [
        {
            "name": report.name,
            "href": f"{report.name}.html",
            "label": said(report, "label", "title"),
            "about": said(report, "about"),
        }
        for report in reports
    ]


def _pageless(target: Target, many: Iterable[Pages]) -> dict[str, Any]:
    """Return whether models have pages beside this one, and how many of them have none."""
    of_models = [pages for pages in many if pages.key == "model" and target.model is None]
    without = sum(pages.all - len(pages.rows) for pages in of_models)
    return {"paged": bool(of_models), "pageless": without}


def _links(many: Iterable[Pages]) -> dict[str, str]:
    """Return where the page of each model lies, of those that are written."""
    return next((pages.places for pages in many if pages.key == "model"), {})


def _found(warehouse: Warehouse, report: Report, progress: Callable[[str], None]) -> Found:
    found = []
    for section in report.sections:
        progress(f"report {report.name}: {section.name}")
        found.append((section, warehouse.records(section.sql.read_text(encoding="utf-8"))))
    return found


def _jobs(report: Report, pages: Pages, found: Found) -> Iterator[Job]:
    """Yield what is to be said on each page of a report that has many."""
    parted = [(section, by_page(rows, pages.key, section.sql)) for section, rows in found]
    for row in pages.rows:
        own = [(section, rows.get(row[pages.key], [])) for section, rows in parted]
        yield report, own, {"page": row, "root": "../"}


def _texts(environment: Environment, traced: Traced, jobs: Iterable[Job]) -> Iterator[str]:
    """Yield the text of each page; where figures come from is looked up for many pages at once."""
    waiting = iter(jobs)
    while some := list(islice(waiting, _AT_ONCE)):
        told = [(job, *_sections(environment, job), traced.taken()) for job in some]
        traced.entries([name for *_, asked in told for name in asked])
        for (report, _, said), sections, whence, asked in told:
            if asked or whence:
                grounds = environment.get_template(_GROUNDS)
                known = traced.entries(asked)
                body = Markup(grounds.render(entries=known, whence=whence, **traced.listed()))  # noqa: S704 - autoescaped
                sections.append(
                    {"name": "where-from", "title": _WHERE_FROM, "whence": None, "body": body}
                )
            template = environment.get_template(report.template)
            yield template.render(report=report.name, sections=sections, **said)


def _sections(environment: Environment, job: Job) -> tuple[list[dict[str, Any]], list[Whence]]:
    """Return the sections of a page, of their rows and what else its templates may say.

    With them the entries that the figures of these sections lead to: one for each section.
    """
    report, found, said = job
    printed = []
    for section, rows in found:
        template = environment.get_template(section.template)
        module = template.make_module({"rows": rows, "section": section.name, **said})
        if body := str(module).strip():
            printed.append((section, rows, getattr(module, "title", None), body))
    known = {section.name for section, _, title, _ in printed if title is not None}
    sections, entries = [], []
    for section, rows, title, body in printed:
        entry = None
        if has_figures(body):
            entry = Whence(
                report=report.name,
                name=section.name,
                title=title_of(section.name, title),
                rows=len(rows),
                told=told_by(section),
            )
            entries.append(entry)
            body = link_figures(body, entry.anchor, known)
        sections.append(
            {
                "name": section.name,
                "title": title,
                "whence": entry and entry.anchor,
                "body": hold_long(body, report.name),
            }
        )
    return sections, entries


def _write_many(
    report: Report, pages: Pages, texts: Iterable[tuple[str, str]], target: Target
) -> list[Path]:
    """Write the pages of a report; return their folder, or the file where one is wanted."""
    folder, file, one_alone = target.folder, target.file, target.model is not None
    if file is not None:
        if not one_alone:
            raise ConfigurationError(
                f"one file is named for a page per {report.name}",
                where=str(file),
                fix=f"Choose one with --{report.name}, or name a folder.",
            )
        return [_write(file, text) for _, text in texts]
    write_pages(folder / pages.folder, texts, are_all=not one_alone)
    if one_alone:
        return [folder / place for place in pages.places.values()]
    return [folder / pages.folder] if pages.rows else []


def styling(place: Path, *, is_scripted: bool = True) -> dict[str, Any]:
    """Return the style sheet and the script of a page, and the policy that allows them alone.

    Args:
        place: A folder of definitions, with `page.css` and `page.js`.
        is_scripted: False for a page whose tables stay as they are; its policy allows no script.
    """
    style = (place / "page.css").read_text(encoding="utf-8")
    script = (place / "page.js").read_text(encoding="utf-8") if is_scripted else None
    allowed = "" if script is None else f"script-src '{_digest(script)}'; "
    return {
        "style": Markup(style),  # noqa: S704 - our own style sheet, byte for byte as hashed
        "script": None if script is None else Markup(script),  # noqa: S704 - our own, as hashed
        "content_policy": _POLICY.format(_digest(style), allowed),
    }


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def environment_of(
    places: Sequence[Path],
    facts: Mapping[str, Any],
    models: Mapping[str, str] | None = None,
    traced: Traced | None = None,
) -> Environment:
    """Return what renders templates: everything is escaped, and nothing missing is empty.

    Args:
        places: Folders of templates; the first that has one is it.
        facts: What every template may say; `currency` and `now` at least.
        models: Where the page of each model lies, of those that have one.
        traced: What gives figures their anchors; None: no figure leads anywhere.
    """
    from jinja2 import FileSystemLoader, StrictUndefined

    from quaestor.report.rows import row_environment

    environment = row_environment(
        loader=FileSystemLoader(places),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=show.shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(_filters(facts))
    environment.globals.update(**facts, **_tools(models or {}, traced or Traced(None)))
    return environment


def _tools(models: Mapping[str, str], traced: Traced) -> dict[str, Any]:
    """Return what templates may call, beside filters."""
    return {
        "pages": (),
        "figure_id": figure_id,
        "service_name": service_name,
        "anchor_of": traced.anchor,
        "files_of_finding": traced.landed.of_finding,
        "files_of_advice": traced.landed.of_advice,
        "command_of": command_of,
        "model_link": partial(show.link, places=models),
        "palette": PALETTE,
        "root": "",
        "paged": False,
        "pageless": 0,
        "unknown": show.UNKNOWN,  # `{{ none }}` is folded to "None" before anything can finalize it
        "ratio": show.ratio,
        "total": show.total,
        "change": show.change,
        "upright_bars": chart_bars.upright_bars,
        "lying_bars": chart_bars.lying_bars,
        "model_map": chart_map.model_map,
        "signed_bars": chart_effects.signed_bars,
        "trend": chart_trend.trend,
        "daily_band": chart_band.daily_band,
        "steps_chart": chart_steps.steps_chart,
        "audit_bars": chart_audits.audit_bars,
    }


def _filters(facts: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    currency = facts["currency"]
    return {
        "money": lambda amount, unit=currency, about="": show.money(amount, unit, about),
        "brief": show.brief,
        "rule": show.rule,
        "evidence": show.evidence,
        "whole": lambda amount, unit=currency: show.whole_money(amount, unit),
        "plain_money": show.plain_money,
        "percent": show.percent,
        "number": show.number,
        "plural": plural,
        "kind": show.kind,
        "month": show.month,
        "month_name": show.month_name,
        "short_month": show.short_month,
        "day": show.day,
        "instant": show.instant,
        "age": partial(show.age, now=facts["now"]),
        "total": show.total,
        "short": show.short,
    }


def _write(path: Path, page: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise unwritable(path, problem.strerror) from None
    write_whole(path, page)
    return path
