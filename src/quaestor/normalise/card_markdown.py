"""Read a Hugging Face model card: Markdown under YAML between two lines of `---`.

Of the YAML the keys that Hugging Face documents (license, base_model, datasets, model-index, ...)
and `gov.*`, flat or as one mapping `gov:`. Of the body each section under its heading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from quaestor.core.documents import parse_document
from quaestor.core.errors import ConfigurationError
from quaestor.normalise.card import Card, first_text, flat, is_blank, mappings, number, subjects

_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.+?)\s*#*\s*")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LONGEST_HEAD = 1 << 20  # bytes of YAML
_FIX = "Begin the card with its metadata between two lines of `---`, as Hugging Face does."


def read_markdown(content: bytes, scope: str) -> list[Card]:
    """Read one card.

    Raises:
        ConfigurationError: Not UTF-8, no metadata, or metadata that are no valid YAML.
    """
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as problem:
        raise ConfigurationError(
            f"is not UTF-8 (byte {problem.start})", where=scope, fix="Save the file as UTF-8."
        ) from None
    head, body = _parts(text, scope)
    document = parse_document(f"\n{head}", Path(scope))  # its first line is the `---`
    value = _plain(document.value)
    if not isinstance(value, dict):
        raise ConfigurationError("holds no metadata between its `---`", where=scope, fix=_FIX)
    return [_card(value, _version(document.texts, value), body, scope)]


def _parts(text: str, scope: str) -> tuple[str, str]:
    opened = re.match(r"---[ \t]*\n", text)
    if not opened:
        raise ConfigurationError("does not begin with a line of `---`", where=scope, fix=_FIX)
    closed = re.compile(r"^(---|\.\.\.)[ \t]*$", re.MULTILINE).search(text, opened.end())
    if not closed:
        raise ConfigurationError("has no second line of `---`", where=scope, fix=_FIX)
    head = text[opened.end() : closed.start()]
    if len(head) > _LONGEST_HEAD:
        raise ConfigurationError(
            "has more than 1 MiB of metadata", where=scope, fix="Keep tables and texts in the body."
        )
    return head, text[closed.end() :]


def _plain(value: Any) -> Any:
    """Return YAML's dates as the texts they were written as, and every key as text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _version(texts: Mapping[tuple[str, ...], str], head: dict[str, Any]) -> str | None:
    """Return the version as it is written: 1.10 is not 1.1."""
    for path in (("gov.version",), ("gov", "version"), ("model_version",), ("version",)):
        value: Any = head
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if first_text(value):
            return texts[path].strip()
    return None


def _card(head: dict[str, Any], version: str | None, body: str, scope: str) -> Card:
    stated = head.get("gov")
    gov: dict[str, Any] = stated if isinstance(stated, dict) else {}
    index = mappings(head.get("model-index"))
    name = first_text(
        *(head.get("gov.model"), gov.get("model"), head.get("model_name")),
        *(one.get("name") for one in index[:1]),
        Path(scope).absolute().parent.name,
    )
    sections = markdown_sections(body)
    by_subject = dict(reversed(sections))
    if listed := _listed(head.get("datasets")):
        sections.append(("training_data", listed))  # what Hugging Face means by it
    tags = {key: text for key, text in flat(head).items() if not key.startswith("model-index")}
    return Card(
        model=name or "unnamed",
        version=version,
        tags=tags,
        of_model={
            "description": first_text(head.get("description"), by_subject.get("description")),
            "intended_use": by_subject.get("intended_use"),
        },
        of_version={
            "license": _license(head),
            "base_model": _listed(head.get("base_model")),
        },
        metrics=_metrics(index),
        sections=tuple(sections),
    )


def _license(head: Mapping[str, Any]) -> str | None:
    """Return the licence; `other` has its name beside it."""
    named = _listed(head.get("license"))
    return first_text(head.get("license_name"), named) if named == "other" else named


def _listed(value: Any) -> str | None:
    """Return a text, or several as one."""
    if isinstance(value, list):
        texts = [text for one in value if (text := first_text(one))]
        return ", ".join(texts) or None
    return first_text(value)


def _metrics(index: list[dict[str, Any]]) -> dict[str, float]:
    """Return the results of `model-index`; one that several data sets have names them."""
    found: dict[str, dict[str, float]] = {}
    for model in index:
        for result in mappings(model.get("results")):
            data = next(iter(mappings(result.get("dataset"))), {})
            where = first_text(data.get("name"), data.get("type")) or ""
            for metric in mappings(result.get("metrics")):
                name = first_text(metric.get("type"), metric.get("name"))
                value = number(metric.get("value"))
                if name and value is not None:
                    found.setdefault(name, {})[where] = value
    return {
        name if len(values) == 1 else f"{name} ({where})": value
        for name, values in sorted(found.items())
        for where, value in sorted(values.items())
    }


def markdown_sections(body: str) -> list[tuple[str, str]]:
    r"""Return what stands under each heading, by what the heading is about.

    A section ends where the next heading begins; under the card's title stands its description.
    Text before the first heading, comments, and sections that nobody filled in are left out; `#`
    in a block of code is no heading.

    >>> markdown_sections("# Churn\n## Intended uses\nRank letters.\n## Limits\n[N/A]")
    [('intended_use', 'Rank letters.')]
    """
    found: list[tuple[str, str]] = []
    heading: str | None = None
    lines: list[str] = []
    fence: str | None = None
    for line in [*_COMMENT.sub("", body).split("\n"), "# "]:
        mark = _FENCE.match(line)
        if mark and fence in (None, mark[1]):
            fence = None if fence else mark[1]
        title = None if fence else _HEADING.fullmatch(line)
        if not title and line != "# ":
            lines.append(line)
            continue
        text = "\n".join(lines).strip()
        if heading is not None and not is_blank(text):
            found += [(subject, text) for subject in subjects(heading)]
        if title:
            heading = "description" if title[1] == "#" and heading is None else title[2]
        lines = []
    return found
