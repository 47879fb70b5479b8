"""Waivers: who accepts which violation, why, and until when; read from `waivers/*.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from quaestor.core.verdict import Severity

ENDING_DAYS = 14  # a waiver that ends within these is listed, so that somebody acts in time


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """One violation, or several of a pattern, that people accept until a day.

    Args:
        id: Its name, unique in its folder.
        policy: A policy's id or alias; `*` stands for any characters.
        subject: A subject's key, such as "churn:7"; `*` stands for any characters.
        reason: Why it is acceptable until then.
        ticket: Where the work to end it is tracked.
        requested_by: Who asked.
        approved_by: Who answers for it; somebody else.
        approved_at: The first day it holds, UTC.
        expires: The last day it holds, UTC.
        compensating_control: What lowers the risk until then.
        place: Where it stands, as `waivers/churn.yaml:3`.
        severity: The highest of the policies that it names; None: it names none that exists.
    """

    id: str
    policy: str
    subject: str
    reason: str
    ticket: str
    requested_by: str
    approved_by: str
    approved_at: date
    expires: date
    compensating_control: str
    place: str
    severity: Severity | None


class WaiverState(StrEnum):
    """What a waiver is worth on a day; the first that holds."""

    LAPSED = "lapsed"  # its last day is over
    NOT_YET = "not yet in force"  # it was approved for a later day
    STALE = "stale"  # it names no policy that exists, or matches nothing that needs it
    ENDING = "ending soon"  # in force, for ENDING_DAYS at most
    IN_FORCE = "in force"


@dataclass(frozen=True, kw_only=True)
class WaiverUse:
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
