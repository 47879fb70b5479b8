"""For chat and pull requests: verdict, key figures, blind spots, and the top of each table.

The words are those of the page. The size is bounded, whatever names are in it, so that three
reports fit into one comment on GitHub.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from quaestor.core.words import plural
from quaestor.report import format as show
from quaestor.report.export.markup import escaped
from quaestor.report.forms import Request
from quaestor.report.page_words import Listed
from quaestor.report.sections import Document, Table, write_each

ENDING = ".md"
LONGEST = 20_000  # bytes; GitHub takes 65,536 characters
_ROWS = 5  # of each table
_SPOTS = 5
_POINTS = 12  # of each list
_CELL, _SENTENCE = 120, 600  # bytes


def write(request: Request) -> list[Path]:
    """Write each report as one summary.

    Raises:
        ConfigurationError: No such report, or a section whose files or SQL are wrong.
        IncompleteError: It cannot be written.
    """

    def write_one(document: Document, path: Path) -> None:
        path.write_bytes(summary_of(document).encode("utf-8"))

    return write_each(request, ENDING, write_one)


def summary_of(document: Document) -> str:
    """Return a report in Markdown; what does not fit is left out from the end, and counted."""
    head, foot = "\n".join(_head(document)), "\n".join(_foot(document))
    titled = [one for one in document.tables if one.title is not None and _has_words(one)]
    parts = ["\n".join(_section(one)) for one in titled]
    room = LONGEST - len(head.encode()) - len(foot.encode()) - 200
    kept: list[str] = []
    for part in parts:
        room -= len(part.encode()) + 1
        if room < 0:
            more = plural(len(parts) - len(kept), "more section")
            kept.append(f"\n{more} did not fit; the page has them.")
            break
        kept.append(part)
    return "\n".join([head, *kept, foot]) + "\n"


def _head(document: Document) -> Iterator[str]:
    yield f"## {escaped(document.heading, _CELL)}"
    for place, sentence in enumerate(document.verdict):
        text = escaped(sentence, _SENTENCE)
        yield from ("", text if place else f"**{text}**")
    if document.is_of_many:
        one = escaped(f"quaestor report --{document.name} NAME --format markdown", _CELL)
        yield from ("", f"Each {escaped(document.name, _CELL)} has a summary of its own: {one}")
    else:
        yield from _spots(document)
    if document.figures:
        yield from ("", "| Key figure | | |", "|---|--:|---|")
        for figure in document.figures:
            cells = (figure.label, figure.value, figure.note)
            yield f"| {' | '.join(escaped(cell, _CELL) for cell in cells)} |"


def _spots(document: Document) -> Iterator[str]:
    """Yield what the report could not see, before any figure."""
    spots = document.blind_spots
    if spots:
        yield from ("", f"**{plural(len(spots), 'blind spot')}**: what could not be seen", "")
        for spot in spots[:_SPOTS]:
            where = ": ".join(str(spot[key]) for key in ("source", "scope") if spot[key])
            yield f"- {escaped(where, _CELL)}: {escaped(str(spot['reason']), _SENTENCE)}"
        if len(spots) > _SPOTS:
            yield f"- {len(spots) - _SPOTS:,} more"
    elif document.facts["built_at"]:
        yield from ("", "No blind spot is recorded: nothing is known to be missing.")
    else:
        yield from ("", "When these data were built is unknown, and so is what they leave out.")


def _has_words(table: Table) -> bool:
    """Say whether anything would stand below a section's heading."""
    return bool(table.words.sentences or table.words.points or table.words.tables)


def _section(table: Table) -> Iterator[str]:
    yield from ("", f"### {escaped(str(table.title), _CELL)}")
    for sentence in table.words.sentences[:1]:
        yield from ("", escaped(sentence, _SENTENCE))
    if points := table.words.points:
        yield ""
        yield from (f"- {escaped(point, _SENTENCE)}" for point in points[:_POINTS])
        if len(points) > _POINTS:
            yield f"- {len(points) - _POINTS:,} more"
    for listed in table.words.tables[:1]:
        yield from _table(listed)
    more = len(table.words.tables) - 1
    if more > 0:
        yield from ("", f"{plural(more, 'more table')} on the page.")


def _table(listed: Listed) -> Iterator[str]:
    if listed.caption:
        yield from ("", f"**{escaped(listed.caption, _CELL)}**")
    shown = _shown(listed)
    yield from ("", _line(listed.heads, shown))
    yield f"|{'|'.join('--:' if listed.right[place] else '---' for place in shown)}|"
    yield from (_line(line, shown) for line in listed.lines[:_ROWS])
    if len(listed.lines) > _ROWS:
        more = f"{len(listed.lines) - _ROWS:,} more"
        yield _line([more, *[""] * (len(listed.heads) - 1)], shown)
    yield from (_line(line, shown) for line in listed.totals)


def _shown(listed: Listed) -> list[int]:
    """Return the columns that have words; others hold drawings alone."""
    lines = [*listed.lines[:_ROWS], *listed.totals]
    places = range(len(listed.heads))
    return [place for place in places if not lines or any(line[place] for line in lines)]


def _line(cells: Sequence[str], shown: Sequence[int]) -> str:
    return f"| {' | '.join(escaped(cells[place], _CELL) for place in shown)} |"


def _foot(document: Document) -> Iterator[str]:
    facts = document.facts
    built = facts["built_at"]
    age = f"data are {show.age(built, facts['now'])} old" if built else "of data of unknown age"
    last = f"billed up to {show.day(facts['last_day'])}" if facts["last_day"] else "no charge yet"
    unit = f", in {escaped(facts['currency'], 20)}" if facts["currency"] else ""
    version = escaped(facts["version"], 40)
    yield from ("", f"{last[:1].upper()}{last[1:]}, {age}{unit}. Quaestor {version}.")
