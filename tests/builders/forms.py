"""What the tests of report formats share: a report of one's own, and writing it in a format."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from quaestor.report.forms import Request, form

NOW = datetime(2026, 11, 21, 6, 30)
HOSTILE = (
    "=cmd|'/c calc'!A0",
    "+1-800",
    "@SUM(A1)",
    "-2+3",
    "<img src=x onerror=alert(1)>",
    "../../etc/passwd",
    "two\nlines",
    "a\x00b\x1b[31m\u202e",
    "https://evil.example/?q=1",
    "@channel | [x](javascript:alert(1)) `code` **b**",
    "_x0041_",
    "x'; drop table ledger.cost; --",
)
VERDICT = '<h1>Odd</h1><p class="sentence"><strong>{{ rows|length|plural("thing") }}</strong>.</p>'


def a_report(folder: Path, sections: Mapping[str, tuple[str, str]], name: str = "odd") -> Path:
    """Write the definition of a report: SQL and template of each section, by its stem."""
    place = folder / "definitions" / name
    place.mkdir(parents=True)
    (place / "page.html.j2").write_text("")
    for stem, (sql, template) in sections.items():
        (place / f"{stem}.sql").write_text(sql)
        (place / f"{stem}.html.j2").write_text(template)
    return place.parent


def listed(names=HOSTILE) -> str:
    """Return SQL that gives each text a row, in order."""
    # A section's SQL takes no parameters; as bytes a NUL and quotes stay what they are.
    rows = ", ".join(
        f"({place}, decode(unhex('{name.encode().hex()}')))" for place, name in enumerate(names)
    )
    return f"select * from (values {rows}) as t(place, name) order by place"


def written(warehouse, name: str, folder: Path, **options) -> list[Path]:
    """Write reports in a format: all of the shipped ones, unless said otherwise."""
    asked = {
        "names": (),
        "definitions": Path(__file__).resolve().parents[2] / "reports",
        "folder": folder,
        "now": NOW,
        "progress": lambda _: None,
        **options,
    }
    return form(name).write(Request(warehouse=warehouse, **asked))


def sections_of(definitions: Path, report: str) -> dict[str, str]:
    """Return the SQL of each section of a report, by its name."""
    paths = sorted([*definitions.glob(f"{report}/*-*.sql"), *definitions.glob("every/*.sql")])
    return {path.stem.partition("-")[2]: path.read_text(encoding="utf-8") for path in paths}
