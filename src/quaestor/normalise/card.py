"""One model card, whatever it is written in: what it says of a model, and section by section."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from quaestor.core.errors import ConfigurationError
from quaestor.normalise.registry_rows import text_of

LARGEST = 1 << 26  # bytes of one file, unpacked; cards carry images, and still are no such size
# What a heading is about, the first words that fit; one heading may be about several.
_ABOUT = (
    ("out_of_scope_use", r"out.of.scope|misuse"),
    ("intended_use", r"intended (use|purpose)|^uses?$|direct use|use cases?|^purpose|primary use"),
    ("training_data", r"training data|training dataset|^datasets?$|data sets? used"),
    ("training", r"training (procedure|details|hyper)|^training$"),
    ("evaluation", r"evaluation|^results$|benchmark|performance|^metrics$|quantitative"),
    ("limitations", r"limitation|\blimits?\b|caveat|known issues"),
    ("bias", r"\bbias|fairness"),
    ("ethics", r"ethic|\brisks?\b|safety|responsible"),
    ("environment", r"environmental|carbon|emissions"),
    ("description", r"model (description|summary|overview|details)|^(overview|summary)$"),
)
_BLANK = re.compile(r"\[?\s*(more information needed|todo|tbd|n/?a|none)\s*\]?\.?", re.IGNORECASE)


@dataclass(frozen=True)
class Card:
    """What one card says.

    Args:
        model: The model's name, as a registry would spell it.
        version: None where the card names none: it is the card of every version.
        line: Where in the file it stands, the first is 1.
        tags: Everything flat, as text; `gov.<column>` among them counts as said.
        of_model: What the card's own fields say of the model, by column.
        of_version: The same of the version.
        metrics: By name.
        sections: (what it is about, text), as they stand; one subject may come twice.
    """

    model: str
    version: str | None
    line: int = 1
    tags: Mapping[str, str] = field(default_factory=dict)
    of_model: Mapping[str, str | None] = field(default_factory=dict)
    of_version: Mapping[str, str | None] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    sections: tuple[tuple[str, str], ...] = ()


def subjects(heading: str) -> list[str]:
    """Return what a heading is about: our words for it, else its own.

    >>> subjects("Bias, Risks, and Limitations"), subjects("How to Get Started")
    (['limitations', 'bias', 'ethics'], ['how_to_get_started'])
    """
    plain = re.sub(r"[^\w\s-]", " ", heading).strip().lower()
    found = [subject for subject, sign in _ABOUT if re.search(sign, plain)]
    return found or [re.sub(r"[\s-]+", "_", plain)[:100] or "untitled"]


def is_blank(text: str) -> bool:
    """Return whether a text says nothing, as templates do that nobody filled in.

    >>> is_blank("[More Information Needed]"), is_blank("None known to us."), is_blank(" ")
    (True, False, True)
    """
    return not text.strip() or bool(_BLANK.fullmatch(text.strip()))


def flat(value: Any, prefix: str = "") -> dict[str, str]:
    """Return what is nested as one mapping of texts; lists stay whole.

    >>> flat({"gov": {"owner": "ada"}, "tags": ["a"]})
    {'gov.owner': 'ada', 'tags': '["a"]'}
    """
    found: dict[str, str] = {}
    for key, item in value.items():
        name = f"{prefix}{key}"
        if isinstance(item, Mapping) and item:
            found |= flat(item, f"{name}.")
        else:
            found[name] = text_of(item)
    return found


def content_of(path: Path, scope: str) -> bytes:
    """Return a file's bytes, unpacked, if they are of the size of a card.

    Raises:
        ConfigurationError: They are not, or the file is damaged.
    """
    with path.open("rb") as stream:
        zipped = stream.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if zipped else path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as problem:
        raise ConfigurationError(
            f"cannot be unpacked ({problem})", where=scope, fix="Write the file anew."
        ) from None
    if len(content) > LARGEST:
        raise ConfigurationError(
            f"is larger than {LARGEST >> 20} MiB, which no model card is",
            where=scope,
            fix="Point `path:` at the cards alone, or take images out of the file.",
        )
    return content


def json_object(content: bytes, scope: str) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ConfigurationError: It is none: cut, nested without end, or another kind of value.
    """
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        why = str(problem)
    except RecursionError:
        why = "it is nested too deeply"
    raise ConfigurationError(
        f"is no JSON object ({why})", where=scope, fix="Write the file anew, or remove it."
    )


def first_text(*values: Any) -> str | None:
    """Return the first of several values that is a text or a number and not blank."""
    for value in values:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            text = str(value).strip()
            if text:
                return text
    return None


def mappings(value: Any) -> list[dict[str, Any]]:
    """Return the mappings of a list, or a single one, whatever else stands there."""
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, dict)]


def number(value: Any) -> float | None:
    """Return a finite number, also where it is written as text.

    >>> number("0.9"), number("high"), number(True), number("nan"), number(10**400)
    (0.9, None, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):  # an integer of hundreds of digits
        return None
    return read if abs(read) < float("inf") else None
