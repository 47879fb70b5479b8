"""CSV, read as a spreadsheet reads it."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from quaestor.core.period import utc
from quaestor.core.verdict import Severity, Verdict
from quaestor.report.export import formatted

FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def rows(gate):
    return list(csv.DictReader(io.StringIO(formatted("csv", gate), newline="")))


def test_a_line_says_all_of_a_finding(a_finding, a_gate):
    """Exact money, times in UTC, empty where nothing is known."""
    finding = a_finding(
        at_stake_per_month=Decimal("-0.10000000"), first_seen=utc("2026-11-01"), waiver=None
    )

    assert rows(a_gate([finding])) == [
        {
            "standing": "failing",
            "verdict": "fail",
            "severity": "high",
            "blocking": "true",
            "policy": "model-without-owner",
            "title": "Every model has an owner",
            "family": "ownership",
            "source": "registry",
            "subject": "churn",
            "model": "churn",
            "reason": "churn has no owner",
            "at_stake_per_month": "-0.1",
            "currency": "USD",
            "waiver": "",
            "known": "",
            "first_seen": "2026-11-01T00:00:00Z",
            "remedy": "Set gov.owner to a group.",
            "fingerprint": finding.fingerprint,
        }
    ]


def test_every_finding_is_a_line_whatever_became_of_it(a_finding, a_gate):
    """The clean ones included: an auditor counts them."""
    findings = [a_finding(verdict.value, verdict=verdict) for verdict in Verdict]

    assert sorted(row["verdict"] for row in rows(a_gate(findings))) == sorted(map(str, Verdict))


def test_what_closes_the_gate_stands_first_and_what_is_none_of_its_business_last(a_finding, a_gate):
    """A critical rule that skips is not looked at before a high one that fails."""
    findings = [
        a_finding("skips", verdict=Verdict.SKIP, severity=Severity.CRITICAL),
        a_finding("passes", verdict=Verdict.PASS, severity=Severity.CRITICAL),
        a_finding("open", verdict=Verdict.UNKNOWN, severity=Severity.CRITICAL),
        a_finding("fails", severity=Severity.HIGH),
    ]

    assert [row["policy"] for row in rows(a_gate(findings))] == ["fails", "open", "passes", "skips"]


def test_no_cell_is_a_formula_and_no_name_is_a_line(a_full_gate, hostile):
    """Not even where a name begins as one."""
    found = rows(a_full_gate(hostile))

    assert len(found) == 9
    assert [cell for row in found for cell in row.values() if cell.startswith(FORMULA)] == []
