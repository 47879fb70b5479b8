"""Waivers: who accepts which violation, why, and until when; read from `waivers/*.yaml`.

    id: churn-owner
    policy: model-without-owner       # an id or alias, or a pattern: `ML-OWN-*`
    subject: churn                    # a subject's key, or a pattern: `churn:*`
    reason: The team is being split; the new owner is named on 12 December.
    ticket: GOV-4711
    requested_by: ada
    approved_by: grace                # somebody else
    approved_at: 2026-11-21
    expires: 2026-12-14               # the last day, UTC
    compensating_control: The head of the department answers for it until then.

A file holds one waiver, or a list of them. A waiver accepts a violation that is known; it says
nothing about what nobody could see, so an unknown or an error is never waived.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, structs

from quaestor.core.documents import Document, convert, read_document
from quaestor.core.errors import ConfigurationError
from quaestor.core.text import printable
from quaestor.core.verdict import Severity

ENDING_DAYS = 14  # a waiver that ends within these is listed, so that somebody acts in time
HORIZON_DAYS = {
    Severity.CRITICAL: 14,
    Severity.HIGH: 30,
    Severity.MEDIUM: 90,
    Severity.LOW: 180,
}
SHORTEST_REASON = 20
_FIX = "Correct it: text (in quotes if it looks like a number), days as 2026-12-31."


class WaiverFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every key of a waiver; each has to be there."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    policy: str
    subject: str
    reason: str
    ticket: str
    requested_by: str
    approved_by: str
    approved_at: date
    expires: date
    compensating_control: str


class Waivable(Struct, frozen=True):
    """A policy as waivers name it.

    Args:
        names: Its id, then its aliases.
        severity: How much a violation matters, which limits how long one may be waived.
    """

    names: tuple[str, ...]
    severity: Severity


class Waiver(WaiverFile, frozen=True, kw_only=True):
    """One violation, or several of a pattern, that people accept from `approved_at` to `expires`.

    Args:
        place: Where it stands, as `waivers/churn.yaml:3`.
        policies: The ids of the policies that it names; none exists where it is empty.
        severity: The highest of those policies; None: there is none.
    """

    place: str
    policies: tuple[str, ...]
    severity: Severity | None

    @property
    def file(self) -> str:
        """Return the file it stands in, as `waivers/churn.yaml`."""
        return self.place.rpartition(":")[0]

    def covers(self, subject: str) -> bool:
        """Return whether it is about this subject."""
        return matches(self.subject, subject)


class WaiverState(StrEnum):
    """What a waiver is worth on a day; the first that holds."""

    LAPSED = "lapsed"  # its last day is over
    NOT_YET = "not yet in force"  # it was approved for a later day
    STALE = "stale"  # it names no policy that exists, or matches nothing that needs it
    ENDING = "ending soon"  # in force, for ENDING_DAYS at most
    IN_FORCE = "in force"


class WaiverUse(Struct, frozen=True, kw_only=True):
    """What one waiver came to in one gate or audit.

    Args:
        waiver: The waiver.
        state: What it is worth at the run's clock.
        waived: How many violations it covers.
        days_left: Days until its last one, that day included as 0; negative once it lapsed.
        lapsed: The fingerprints of the violations that are active again since it ended.
        note: Why it is stale, or None.
    """

    waiver: Waiver
    state: WaiverState
    waived: int
    days_left: int
    lapsed: tuple[str, ...] = ()
    note: str | None = None


def matches(pattern: str, name: str) -> bool:
    """Return whether a name fits a pattern, in which only `*` is special.

    >>> matches("churn:*", "churn:7"), matches("a[1]", "a[1]"), matches("a?", "ab")
    (True, True, False)
    """
    if "*" not in pattern:
        return pattern == name
    return fnmatchcase(name, pattern.replace("[", "[[]").replace("?", "[?]"))


def read_waivers(
    folder: Path, policies: Sequence[Waivable], *, base: Path | None = None
) -> tuple[Waiver, ...]:
    """Read every waiver of a folder, and hold each to the rules.

    Args:
        folder: Its `*.yaml` and `*.yml` are read; folders in it are not.
        policies: All that exist; who names another is not wrong, but stale.
        base: What places are told relative to; the folder's parent unless given.

    Returns:
        The waivers, by id.

    Raises:
        ConfigurationError: No such folder, or a waiver is malformed; says the line.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            "there is no such folder of waivers",
            where=str(folder),
            fix="Make it, or correct `waivers:` in the configuration.",
        )
    found: dict[str, Waiver] = {}
    for path in sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml")):
        for waiver, where in _read_file(path, policies, base or folder.parent):
            if waiver.id in found:
                raise ConfigurationError(
                    f"the waiver '{waiver.id}' stands in {found[waiver.id].place} too",
                    where=where,
                    fix="Give each waiver an id of its own; remove the one that is over.",
                )
            found[waiver.id] = waiver
    return tuple(found[name] for name in sorted(found))


def longest(severity: Severity, start: date) -> date:
    """Return the last day that a waiver from `start` on may name.

    >>> longest(Severity.CRITICAL, date(2026, 11, 21))
    datetime.date(2026, 12, 5)
    """
    return start + timedelta(days=HORIZON_DAYS[severity])


def named_by(pattern: str, policies: Sequence[Waivable]) -> list[Waivable]:
    """Return the policies that a waiver's `policy:` names; upper and lower case are the same."""
    wanted = pattern.strip().lower()
    return [one for one in policies if any(matches(wanted, name.lower()) for name in one.names)]


def _read_file(
    path: Path, policies: Sequence[Waivable], base: Path
) -> Iterator[tuple[Waiver, str]]:
    """Yield the waivers of one file, each with its place as a message names it."""
    document = read_document(path)
    shown = Path(os.path.relpath(path, base))  # the same on every machine, and outside of it too
    for part, says in _parsed(document):
        for key, what, fix in _objections(says, named_by(says.policy, policies)):
            line = document.line_of((*part, key))
            what = f"the waiver '{says.id}' {what}"
            raise ConfigurationError(what, where=f"{path}:{line}", fix=fix)
        line = document.line_of((*part, "id"))
        yield waiver_of(says, policies, f"{shown.as_posix()}:{line}"), f"{path}:{line}"


def waiver_of(says: WaiverFile, policies: Sequence[Waivable], place: str) -> Waiver:
    """Return what a file says with the policies that it names."""
    named = named_by(says.policy, policies)
    return Waiver(
        **structs.asdict(says),
        place=place,
        policies=tuple(one.names[0] for one in named),
        severity=highest(named),
    )


def _parsed(document: Document) -> list[tuple[tuple[str, ...], WaiverFile]]:
    """Return the waivers of a document, each with the part of it that it stands in."""
    value = document.value
    if value is None:
        return []
    if isinstance(value, list):
        for number, each in enumerate(value):
            _check_filled(document, (str(number),), each)
        found = convert(document, list[WaiverFile], fix=_FIX)
        return [((str(number),), each) for number, each in enumerate(found)]
    _check_filled(document, (), value)
    return [((), convert(document, WaiverFile, fix=_FIX))]


def _check_filled(document: Document, part: tuple[str, ...], value: object) -> None:
    """Refuse a key that says nothing, such as those that `waiver request` leaves to be filled."""
    for key, said in value.items() if isinstance(value, dict) else ():
        if said is None or (isinstance(said, str) and not said.strip()):
            raise ConfigurationError(
                f"the key '{printable(key)}' is empty",
                where=f"{document.path}:{document.line_of((*part, str(key)))}",
                fix=f"Say what `{printable(key)}:` is; a waiver holds once all of it is said.",
            )


def _objections(says: WaiverFile, named: Sequence[Waivable]) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with a waiver beyond its types: the key, the fault, the remedy."""
    if len(says.reason.strip()) < SHORTEST_REASON:
        fix = f"Say in {SHORTEST_REASON} characters or more why it is acceptable until then."
        yield "reason", "has a reason that is too short", fix
    if _person(says.requested_by) == _person(says.approved_by):
        yield "approved_by", "is approved by its requester", "Let somebody else decide."
    if says.expires < says.approved_at:
        yield "expires", "ends before it begins", "Correct `expires:` or `approved_at:`."
    severity, days = highest(named), (says.expires - says.approved_at).days
    if severity and days > HORIZON_DAYS[severity]:
        last = longest(severity, says.approved_at)
        what = f"lasts {days} days; one for a {severity} policy may last {HORIZON_DAYS[severity]}"
        yield "expires", what, f"End it on {last} at the latest, and renew it after a review."


def highest(named: Sequence[Waivable]) -> Severity | None:
    """Return the severity of the gravest of some policies, or None where there is none."""
    return min((one.severity for one in named), key=lambda one: one.rank, default=None)


def _person(name: str) -> str:
    """Return a name so that spelling it another way makes nobody another person."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
