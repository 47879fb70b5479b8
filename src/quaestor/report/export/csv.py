"""For spreadsheets: a line per finding, what closes the gate first. No cell of it is a formula."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from quaestor.core.finding import Finding
from quaestor.core.money import exact_text
from quaestor.core.run_summary import RunSummary
from quaestor.core.text import guarded, printable
from quaestor.report.export.standing import Standing, by_standing

_COLUMNS = (
    "standing",
    "verdict",
    "severity",
    "blocking",
    "policy",
    "title",
    "family",
    "source",
    "subject",
    "model",
    "reason",
    "at_stake_per_month",
    "currency",
    "waiver",
    "known",
    "first_seen",
    "remedy",
    "fingerprint",
)


def render(summary: RunSummary) -> str:
    """Return RFC 4180 text with a header; what is not known is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for standing, findings in by_standing(summary).items():
        writer.writerows(map(_cell, _row(one, standing, summary)) for one in findings)
    return text.getvalue()


def _row(one: Finding, standing: Standing, summary: RunSummary) -> tuple[object, ...]:
    first_seen = one.first_seen
    return (
        standing.value,
        one.verdict.value,
        one.severity.value,
        str(one.blocking).lower(),
        one.policy,
        one.title,
        one.family,
        one.source,
        one.subject,
        one.model,
        one.reason,
        one.at_stake_per_month,
        None if one.at_stake_per_month is None else summary.currency,
        one.waiver,
        one.known,
        None if first_seen is None else f"{first_seen.isoformat(timespec='seconds')}Z",
        " ".join((one.remedy or "").split()) or None,
        one.fingerprint,
    )


def _cell(value: object) -> str:
    return exact_text(value) if isinstance(value, Decimal) else guarded(printable(value))
