"""Keep the page of an estate of thousands small: long tables hold most of their rows as data.

A row is some 700 bytes of markup that is the same in every row, around the few words that are
not. The first rows of a table stay as they are, for readers whose viewer runs no script; of the
others, each cell becomes a shape (its markup, shared by all cells alike) and its values, in a
block of JSON from which reports/page.js makes rows when they are asked for.

Nothing is registered and no template does anything for it: a section writes a plain table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from markupsafe import Markup

FIRST = 300  # rows that every reader gets; more than a person reads
_TABLE = re.compile(r"<tbody>(.*?)</tbody>(.*?</table>(?:\s*</div>)?)", re.DOTALL)
_CELL = re.compile(r"(?=<t[dhr][\s>])")
_VALUE = re.compile(r'="([^"]*)"|>([^<]+)')
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)([^<>]*?)(/?)>|([^<]+)", re.DOTALL)
_ATTRIBUTE = re.compile(r'\s([A-Za-z0-9:-]+)(?:="([^"]*)")?')
_PLACE = re.compile("\N{SYMBOL FOR NULL}([0-9]+);")
_VOID = {"br", "img", "input", "hr", "wbr"}

Shape = list[Any]


@dataclass
class _Kind:
    """All cells of one markup: what each says in the places where they may differ."""

    literals: tuple[str, ...]
    of_attribute: tuple[bool, ...]
    values: list[tuple[str, ...]] = field(default_factory=list)


def hold_long(markup: str, report: str) -> Markup:
    """Return the markup of a section in which no table has more than `FIRST` rows.

    Args:
        markup: Escaped by its template. Attributes have double quotes; a table has one `tbody`
            and no table inside it; one with a cell over several rows is left as it is.
        report: The page's name, to say how to get the other rows without it.
    """

    def held(match: re.Match[str]) -> str:
        body, rest = match.groups()
        rows = body.split("</tr>")
        more = rows[FIRST:-1]
        if not more or "rowspan" in body:
            return match.group()
        told = (
            f'<div class="held" data-rows="{len(rows) - 1}"><p class="fine">The first {FIRST} of '
            f"{len(rows) - 1:,} rows are listed; every row: <code>quaestor report {report} "
            '--format csv</code>.<span class="onscreen"> This viewer runs no script; in a browser '
            "the page lists the others too.</span></p>"
            f'<script type="application/json">{_packed(more)}</script></div>'
        )
        return f"<tbody>{'</tr>'.join(rows[:FIRST])}</tr></tbody>{rest}{told}"

    return Markup(_TABLE.sub(held, markup))  # noqa: S704 - escaped before; the data are JSON


def _packed(rows: Sequence[str]) -> str:
    """Return rows as JSON that ends no element and opens no comment, whatever a name holds."""
    kinds: dict[tuple[str, ...], int] = {}
    found: list[_Kind] = []
    table = [[_sorted_in(cell, kinds, found) for cell in _cells(row)] for row in rows]
    shapes, kept = zip(*map(_shape, found), strict=True)
    packed = [
        [[kind, *(found[kind].values[n][i] for i in kept[kind])] if kept[kind] else kind
         for kind, n in cells]
        for cells in table
    ]  # fmt: skip
    text = json.dumps({"shapes": shapes, "rows": packed}, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def _cells(row: str) -> list[str]:
    """Return the row's own tag, then its cells."""
    return [cell.strip() for cell in _CELL.split(row.strip()) if cell.strip()]


def _sorted_in(cell: str, kinds: dict[tuple[str, ...], int], found: list[_Kind]) -> tuple[int, int]:
    """Add a cell to the cells of its kind; return which kind, and which of them it is."""
    parts = _VALUE.split(cell)
    of_attribute = tuple(value is not None for value in parts[1::3])
    values = tuple(
        unescape(text if attribute is None else attribute)
        for attribute, text in zip(parts[1::3], parts[2::3], strict=True)
    )
    literals = tuple(parts[0::3])
    key = (*literals, str(of_attribute))
    if key not in kinds:
        kinds[key] = len(found)
        found.append(_Kind(literals, of_attribute))
    kind = kinds[key]
    found[kind].values.append(values)
    return kind, len(found[kind].values) - 1


def _shape(kind: _Kind) -> tuple[Shape, tuple[int, ...]]:
    """Return a kind's tree, and which of its places a cell of it has to state."""
    columns = list(zip(*kind.values, strict=True))
    kept: list[int] = []
    parts: list[Any] = []
    for i, column in enumerate(columns):
        part = column[0] if len(set(column)) == 1 else None
        if part is None and kind.of_attribute[i]:
            part = _told_by(column, [(n, columns[j]) for n, j in enumerate(kept)])
        if part is None:
            part = len(kept)
            kept.append(i)
        parts.append(part)
    return _tree(kind, parts), tuple(kept)


def _told_by(column: Sequence[str], others: Sequence[tuple[int, Sequence[str]]]) -> Any:
    """Return how another value tells this one, as in '14.5' and '14.5 USD'; None if none does."""
    for n, other in others:
        if all(other) and column[0].count(other[0]) == 1:
            before, _, after = column[0].partition(other[0])
            if all(one == before + two + after for one, two in zip(column, other, strict=True)):
                return [before, n, after]
    return None


def _tree(kind: _Kind, parts: Sequence[Any]) -> Shape:
    """Read the markup, with its places numbered, into a tree."""
    marks = [
        f'="\N{SYMBOL FOR NULL}{i};"' if kind.of_attribute[i] else f">\N{SYMBOL FOR NULL}{i};"
        for i in range(len(parts))
    ]
    text = "".join(
        literal + mark for literal, mark in zip(kind.literals, [*marks, ""], strict=True)
    )
    root: Shape = [None, {}]
    open_elements = [root]
    for closes, tag, attributes, is_whole, words in _TAG.findall(text):
        if words:
            if words.strip():
                open_elements[-1].append(_part(words, parts))
        elif closes:
            if len(open_elements) > 1:
                open_elements.pop()
        else:
            said = {name: _part(text, parts) for name, text in _ATTRIBUTE.findall(attributes)}
            made: Shape = [tag, said]
            open_elements[-1].append(made)
            if tag not in _VOID and not is_whole:
                open_elements.append(made)
    tree: Shape = root[2]
    return tree


def _part(text: str, parts: Sequence[Any]) -> Any:
    place = _PLACE.fullmatch(text)
    return parts[int(place.group(1))] if place else text
