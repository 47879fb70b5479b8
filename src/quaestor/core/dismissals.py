"""Dismissals: who turned down which advice, why, and until when; read from `dismissals/*.yaml`.

    id: fraud-quarterly
    recommendation: 5f1d0c2ab93e4477  # the advice's id; or, and both have to fit:
    kind: idle_endpoint               # a kind, or a pattern; every kind if left out
    subject: endpoint/prod/fraud-*    # what it is about; `*` is any text
    reason: It is called at the end of each quarter.
    dismissed_by: ada
    dismissed_on: 2026-11-21
    until: 2027-01-15                 # the last day, UTC; for good if left out

A file holds one dismissal, or a list of them. Advice that is dismissed is still looked for: it is
told with who turned it down, and its saving does not count.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, structs

from quaestor.core.config import Config
from quaestor.core.documents import Document, convert, parse_document, read_document
from quaestor.core.errors import ConfigurationError
from quaestor.core.text import printable
from quaestor.core.waivers import matches

SHORTEST_REASON = 10
_FIX = "Correct it: text (in quotes if it looks like a number), days as 2026-12-31."
_FOLDER = "dismissals"
Where = Callable[[Document, tuple[str, ...]], str]  # names the place of a part


class DismissalFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every key that a dismissal may have."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    recommendation: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$")] | None = None
    kind: str | None = None
    subject: str | None = None
    reason: str
    dismissed_by: str
    dismissed_on: date
    until: date | None = None


class Dismissal(DismissalFile, frozen=True, kw_only=True):
    """Advice that is not wanted, from `dismissed_on` to `until`.

    Args:
        place: Where it stands, as `dismissals/fraud.yaml:3`.
    """

    place: str

    def covers(self, recommendation: str, kind: str, subject: str) -> bool:
        """Return whether it is about this advice; all that it names has to fit."""
        return (
            self.recommendation in (None, recommendation)
            and (self.kind is None or matches(self.kind, kind))
            and (self.subject is None or matches(self.subject, subject))
        )

    def holds_on(self, day: date) -> bool:
        """Return whether it is in force on a day, UTC."""
        return self.dismissed_on <= day and (self.until is None or day <= self.until)


def in_force(
    dismissals: Iterable[Dismissal], recommendation: str, kind: str, subject: str, *, today: date
) -> Dismissal | None:
    """Return what dismisses some advice on a day: what lasts longest, then the first by id."""
    about = [
        one
        for one in dismissals
        if one.covers(recommendation, kind, subject) and one.holds_on(today)
    ]
    about.sort(key=lambda one: (-(one.until or date.max).toordinal(), one.id))
    return about[0] if about else None


def folder_of(config: Config) -> Path | None:
    """Return the folder: the configured one, or `dismissals/` where it is; else None."""
    if config.advice.dismissals is not None:
        return config.resolve(config.advice.dismissals)
    folder = config.resolve(_FOLDER)
    return folder if folder.is_dir() else None


def new_file(config: Config, name: str) -> Path:
    """Return where a dismissal of this id is to be written."""
    return config.resolve(config.advice.dismissals or _FOLDER) / f"{name}.yaml"


def dismissals_of(config: Config) -> tuple[Dismissal, ...]:
    """Read every dismissal that a configuration names, by id; none where there is no folder.

    Raises:
        ConfigurationError: A configured folder is missing, or a dismissal is malformed; says the
            line.
    """
    folder = folder_of(config)
    if folder is None:
        return ()
    if not folder.is_dir():
        raise ConfigurationError(
            "there is no such folder of dismissals",
            where=str(folder),
            fix="Make it, or correct `advice: dismissals:` in the configuration.",
        )
    found: dict[str, Dismissal] = {}
    for path in sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml")):
        for one, where in _read_file(path, config.resolve(".")):
            if one.id in found:
                raise ConfigurationError(
                    f"the dismissal '{one.id}' stands in {found[one.id].place} too",
                    where=where,
                    fix="Give each dismissal an id of its own; remove the one that is over.",
                )
            found[one.id] = one
    return tuple(found[name] for name in sorted(found))


def _read_file(path: Path, base: Path) -> Iterator[tuple[Dismissal, str]]:
    """Yield the dismissals of one file, each with its place as a message names it."""
    yield from _read(read_document(path), base)


def checked(text: str, path: Path, options: Mapping[str, str]) -> None:
    """Hold the text of a new file to the rules, before it is written.

    Args:
        text: What is to stand in it.
        path: Where it is to be.
        options: By key, the option that gave its value: there is no file yet to look into.

    Raises:
        ConfigurationError: It is malformed.
    """

    def where(document: Document, part: tuple[str, ...]) -> str:
        return options.get(part[-1]) or _line(document, part)

    list(_read(parse_document(text, path), path.parent, where))


def _line(document: Document, part: tuple[str, ...]) -> str:
    return f"{document.path}:{document.line_of(part)}"


def _read(document: Document, base: Path, where: Where = _line) -> Iterator[tuple[Dismissal, str]]:
    path = document.path
    shown = Path(os.path.relpath(path, base)).as_posix()  # the same on every machine
    for part, says in _parsed(document, where):
        for key, what, fix in _objections(says):
            raise ConfigurationError(
                f"the dismissal '{says.id}' {what}",
                where=where(document, (*part, key)),
                fix=fix,
            )
        line = document.line_of((*part, "id"))
        yield Dismissal(**structs.asdict(says), place=f"{shown}:{line}"), f"{path}:{line}"


def _parsed(document: Document, where: Where) -> list[tuple[tuple[str, ...], DismissalFile]]:
    """Return the dismissals of a document, each with the part of it that it stands in."""
    value = document.value
    if value is None:
        return []
    if not isinstance(value, list):
        _check_filled(document, (), value, where)
        return [((), convert(document, DismissalFile, fix=_FIX))]
    for number, each in enumerate(value):
        _check_filled(document, (str(number),), each, where)
    found = convert(document, list[DismissalFile], fix=_FIX)
    return [((str(number),), each) for number, each in enumerate(found)]


def _check_filled(document: Document, part: tuple[str, ...], value: object, where: Where) -> None:
    """Refuse a key that says nothing: `subject:` left blank must not dismiss every subject."""
    for key, said in value.items() if isinstance(value, dict) else ():
        if said is None or (isinstance(said, str) and not said.strip()):
            raise ConfigurationError(
                f"the key '{printable(key)}' is empty",
                where=where(document, (*part, str(key))),
                fix=f"Say what `{printable(key)}:` is, or remove the line.",
            )


def _objections(says: DismissalFile) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with a dismissal beyond its types: the key, the fault, the remedy."""
    if says.recommendation is None and says.subject is None:
        fix = "Add `recommendation:` or `subject:`; `advice: skip:` turns a kind off."
        yield "id", "names no advice", fix
    if len(says.reason.strip()) < SHORTEST_REASON:
        fix = f"Say in {SHORTEST_REASON} characters or more why it is not wanted."
        yield "reason", "has a reason that is too short", fix
    if says.until is not None and says.until < says.dismissed_on:
        yield "until", "ends before it begins", "Correct `until:` or `dismissed_on:`."
