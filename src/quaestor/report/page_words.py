"""Read back what a rendered section says: sentences, points, figures and tables, without markup.

Words are written once, in the templates; formats that are no page take them from there. What is
read is text as a browser would show it, so each format escapes it for its own readers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"br", "hr", "img", "input", "link", "meta", "wbr"}
_UNSEEN = {"svg", "style", "script", "template", "dialog", "button", "noscript"}
_STARTING = {"h1", "h3", "p", "dt", "dd", "th", "td", "li"}
_POINTS = {"ul": {"points", "ticks"}, "dl": {"facing", "passport"}}  # lists that are to be read
_APART = {"small", "br", "dd", "dt", "li", "p", "div", "td", "th", "summary"}


@dataclass(frozen=True)
class Figure:
    """One key figure: what it is, what it comes to, and what it is held against."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Listed:
    """One table: its heads, its lines, and the line of totals; `right` are columns of numbers."""

    caption: str
    heads: tuple[str, ...]
    right: tuple[bool, ...]
    lines: tuple[tuple[str, ...], ...]
    totals: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Words:
    """What a section says.

    Args:
        heading: The report's, where the section holds the verdict.
        sentences: The verdict, and the sentence that leads a section; the first is the gist.
        points: What is said in a list, one by one.
        figures: Key figures.
        tables: Tables, in order.
    """

    heading: str = ""
    sentences: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Listed, ...] = ()


def words_of(body: str) -> Words:
    """Read a section's HTML.

    >>> words_of('<p class="lead"><b>ads</b> leads with 12&nbsp;%.</p>').sentences
    ('ads leads with 12 %.',)
    """
    reader = _Reader()
    reader.feed(body)
    reader.close()
    return Words(
        reader.heading,
        tuple(reader.sentences),
        tuple(reader.points),
        tuple(reader.figures),
        tuple(_listed(table) for table in reader.tables if table.heads),
    )


@dataclass
class _Lines:
    """A table while it is read: cells by part, and which heads are of numbers."""

    caption: str = ""
    heads: list[str] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    spans: list[int] = field(default_factory=list)
    body: list[list[str]] = field(default_factory=list)
    foot: list[list[str]] = field(default_factory=list)


def _listed(table: _Lines) -> Listed:
    def squared(lines: list[list[str]]) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(_merged(line, table.spans)) for line in lines)

    right = tuple(table.right)
    return Listed(
        table.caption, tuple(table.heads), right, squared(table.body), squared(table.foot)
    )


def _merged(line: list[str], spans: list[int]) -> Iterator[str]:
    """Yield a cell for each head: those below a head of several columns are read as one."""
    place = 0
    for span in spans:
        yield ", ".join(cell for cell in line[place : place + span] if cell)
        place += span


class _Reader(HTMLParser):
    """Collect the words of one section; templates close what they open, as a test holds them to."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.heading = ""
        self.sentences: list[str] = []
        self.points: list[str] = []
        self.figures: list[Figure] = []
        self.tables: list[_Lines] = []
        self._open: list[tuple[str, str, bool]] = []
        self._unseen = 0
        self._text: list[str] = []
        self._caption = ""
        self._part = "body"
        self._span = 1
        self._figure = {"label": "", "value": "", "note": ""}

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        facts = dict(attributes)
        kind = facts.get("class") or ""
        if tag in _APART:
            self._text.append(" ")
        if "sub" in kind.split():
            self._text.append(", ")
        if tag in _VOID:
            return
        unseen = self._is_unseen(tag, facts)
        self._open.append((tag, kind, unseen))
        self._unseen += unseen
        self._start(tag, kind, int(facts.get("colspan") or 1))

    def _is_unseen(self, tag: str, facts: dict[str, str | None]) -> bool:
        """Say whether an element shows nothing: a drawing, or what is folded away in a cell."""
        if tag == "details":
            return any(name == "td" for name, _, _ in self._open)
        return tag in _UNSEEN or "hidden" in facts

    def _is_within(self, tag: str) -> bool:
        return any(name == tag for name, _, _ in self._open[:-1])

    def _is_point(self, tag: str) -> bool:
        """Say whether the innermost list is of this kind, and one that is read."""
        lists = [(name, kind) for name, kind, _ in self._open if name in _POINTS]
        return bool(lists) and lists[-1][0] == tag and bool(_POINTS[tag] & {*lists[-1][1].split()})

    def _start(self, tag: str, kind: str, span: int) -> None:
        if tag in _STARTING and not self._is_within("td"):
            self._text = []
        match tag:
            case "table":
                self.tables.append(_Lines(self._caption))
                self._caption = ""
            case "thead" | "tbody" | "tfoot":
                self._part = tag
            case "tr" if self.tables and self._part != "thead":
                self._lines().append([])
            case "td" | "th":
                self._span = span
                if self._part == "thead" and self.tables:
                    self.tables[-1].right.append("n" in kind.split())
                    self.tables[-1].spans.append(span)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or not self._open:
            return
        opened, kind, unseen = self._open.pop()
        self._unseen -= unseen
        self._end(opened, kind.split())

    def _end(self, tag: str, kinds: list[str]) -> None:
        match tag:
            case "h1":
                self.heading = self._said()
            case "h3":
                self._caption = self._said()
            case "p" if {"sentence", "aside", "lead", "empty"} & set(kinds):
                self.sentences.append(self._said())
            case "dt":
                self._figure = {"label": self._said(), "value": "", "note": ""}
            case "li" if self._is_point("ul"):
                self.points.append(self._said())
            case "dd":
                self._definition(kinds)
            case "div" if self._figure["value"]:
                self.figures.append(Figure(**self._figure))
                self._figure = {"label": "", "value": "", "note": ""}
            case "td" | "th" if self.tables:
                self._cell()

    def _definition(self, kinds: list[str]) -> None:
        if self._is_point("dl"):
            label = ", ".join(filter(None, (self._caption, self._figure["label"])))
            self.points.append(f"{label}: {self._said()}")
        elif part := next((one for one in ("value", "note") if one in kinds), None):
            self._figure[part] = self._said()

    def _cell(self) -> None:
        text = self._said()
        if self._part == "thead":
            self.tables[-1].heads.append(text)
        elif lines := self._lines():
            lines[-1] += [text, *[""] * (self._span - 1)]

    def _lines(self) -> list[list[str]]:
        return self.tables[-1].foot if self._part == "tfoot" else self.tables[-1].body

    def _said(self) -> str:
        text = " ".join("".join(self._text).split())  # a no-break space is a blank here
        self._text = []
        return text.replace(" ,", ",").strip(", ")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        del tag, attributes  # only drawings have such

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._text.append(data)
