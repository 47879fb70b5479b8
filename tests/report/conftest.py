"""Builders for what a gate or an audit hands to the formats."""

from __future__ import annotations

import pytest

from builders.findings import a_finding
from builders.gates import everything
from quaestor.core.period import utc
from quaestor.core.run_summary import Decision, Outcome, RunSummary, worst_first
from quaestor.core.verdict import Severity, Verdict

HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd|'/c calc'!A0",
    "a\x1b[2J\x1b]0;owned\x07b",
    "evil\u202egpj.exe",
    "[click](https://example.invalid) {0}",
    "line\nFAIL  critical  forged",
    'O\'Brien \\ "quoted"',
    "../../etc/passwd",
    "\ud800",
    "<img src=x onerror=alert(1)>",
    "::error::forged",
    "##[error]forged",
    "` ``` ~~~ **bold** | @all @org/team #1 GH-1 /close",
    "https://example.invalid www.example.invalid a@b.invalid",
    "]]></failure><x>&amp; -->",
    "\u200fright\u2066to\u2069left",
    "\x00\x0b\ufffe\u2028",
    "100%0A::stop-commands::x,y",
)


@pytest.fixture(name="a_finding")
def finding_builder():
    """Build one finding: fail, high, blocking, unless said otherwise."""
    return a_finding


@pytest.fixture
def a_gate():
    """Build one gate's summary: failing and unanswered are the findings that say so."""

    def build(findings, outcome=Outcome.FAILED, **changes):
        decision = Decision(
            verdict=outcome,
            exit_code=outcome.exit_code,
            failing=tuple(
                worst_first(
                    [
                        f
                        for f in findings
                        if f.verdict is Verdict.FAIL and f.blocking and f.known is None
                    ]
                )
            ),
            unanswered=tuple(
                worst_first(
                    [
                        f
                        for f in findings
                        if f.verdict in (Verdict.UNKNOWN, Verdict.ERROR) and f.blocking
                    ]
                )
            ),
        )
        values = {
            "kind": "gate",
            "targets": ("churn:7",),
            "decision": decision,
            "findings": tuple(findings),
            "blind_spots": (),
            "fail_on": Severity.HIGH,
            "audited_at": utc("2026-11-21T06:00"),
            "evidence_at": utc("2026-11-21T01:00"),
            "currency": "USD",
            "configuration": "quaestor.yaml",
            "version": "0.1.0",
        } | changes
        return RunSummary(**values)

    return build


@pytest.fixture
def a_full_gate(a_gate):
    """Build a gate with everything a gate may have, one text wherever a name may stand."""

    def build(text="churn", **changes):
        given = everything(text) | changes
        return a_gate(given.pop("findings"), **given)

    return build


@pytest.fixture(params=HOSTILE)
def hostile(request):
    """Return names that people and programs have put into tags, one at a time."""
    return request.param
