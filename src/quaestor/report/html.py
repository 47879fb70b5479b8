"""Render reports as HTML: one self-contained file each, with no script and no network.

The page's Content-Security-Policy allows its own style sheet, by hash, and nothing else; a
hostile name that got past escaping could still load and run nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from quaestor import __version__
from quaestor.core.period import utc
from quaestor.core.shipped import shipped
from quaestor.core.whole_file import unwritable, write_whole
from quaestor.report import chart_band, chart_bars, chart_map
from quaestor.report import format as show
from quaestor.report.definitions import Report, find_reports
from quaestor.warehouse.duckdb import Warehouse

if TYPE_CHECKING:
    from jinja2 import Environment

_POLICY = (
    "default-src 'none'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'"
)


def render(
    warehouse: Warehouse,
    names: Sequence[str],
    folder: Path,
    *,
    now: datetime,
    progress: Callable[[str], None],
    definitions: Path | None = None,
    file: Path | None = None,
) -> list[Path]:
    """Write reports, each as `<name>.html`, whole or not at all.

    Args:
        warehouse: What they show; it is only read.
        names: Which reports; empty means all there are.
        folder: Where to; it is made if need be.
        now: The clock, UTC; it ages the data and dates the page.
        progress: Gets a word for each step.
        definitions: The folder of definitions; None: those that ship with Quaestor.
        file: Where to, of one report alone, instead of `folder`.

    Returns:
        The files, in the order of `names`.

    Raises:
        ConfigurationError: No such report, or a section without one of its two files.
        IncompleteError: The folder cannot be written to.
    """
    place = definitions or shipped("reports")
    reports = find_reports(place, names)
    facts = facts_of(warehouse, now)
    environment = environment_of([place], facts)
    environment.globals["pages"] = _contents(environment, reports)
    pages = [(one, _page(warehouse, environment, one, place, facts, progress)) for one in reports]
    return [_write(file or folder / f"{report.name}.html", page) for report, page in pages]


def facts_of(warehouse: Warehouse, now: datetime) -> dict[str, Any]:
    """Return what every section may say: the currency, the clock, the data's age."""
    settings = dict(warehouse.rows("select name, value from config.setting"))
    properties = dict(warehouse.rows("select name, value from meta.property"))
    [(last_day,)] = warehouse.rows("select max(day) from ledger.cost")
    built_at = properties.get("built_at")
    return {
        "currency": settings.get("currency") or "",
        "now": now,
        "built_at": utc(built_at) if built_at else None,
        "last_day": last_day if isinstance(last_day, date) else None,
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


def _page(
    warehouse: Warehouse,
    environment: Environment,
    report: Report,
    place: Path,
    facts: Mapping[str, Any],
    progress: Callable[[str], None],
) -> str:
    sections = []
    for section in report.sections:
        progress(f"report {report.name}: {section.name}")
        rows = warehouse.records(section.sql.read_text(encoding="utf-8"))
        template = environment.get_template(section.template)
        module = template.make_module({"rows": rows, "section": section.name})
        body = str(module).strip()
        if body:
            title = getattr(module, "title", None)
            sections.append({"name": section.name, "title": title, "body": Markup(body)})  # noqa: S704 - autoescaped
    return environment.get_template(report.template).render(
        report=report.name,
        sections=sections,
        **facts,
        **styling(place),
    )


def styling(place: Path) -> dict[str, Any]:
    """Return the style sheet of a folder of definitions, and the policy that allows it alone."""
    style = (place / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return {
        "style": Markup(style),  # noqa: S704 - our own style sheet, byte for byte as hashed
        "content_policy": _POLICY.format(digest),
    }


def environment_of(places: Sequence[Path], facts: Mapping[str, Any]) -> Environment:
    """Return what renders templates: everything is escaped, and nothing missing is empty.

    Args:
        places: Folders of templates; the first that has one is it.
        facts: What every template may say; `currency` and `now` at least.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(places),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=show.shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(_filters(facts))
    environment.globals.update(
        **facts,
        pages=(),
        root="",
        ratio=show.ratio,
        total=show.total,
        change=show.change,
        upright_bars=chart_bars.upright_bars,
        lying_bars=chart_bars.lying_bars,
        model_map=chart_map.model_map,
        daily_band=chart_band.daily_band,
    )
    return environment


def _filters(facts: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    currency = facts["currency"]
    return {
        "money": lambda amount, unit=currency: show.money(amount, unit),
        "plain_money": show.plain_money,
        "percent": show.percent,
        "number": show.number,
        "plural": show.plural,
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
