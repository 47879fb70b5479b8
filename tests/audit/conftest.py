"""Builders for findings and runs; what a test does not name is of no matter to it."""

from __future__ import annotations

import pytest

from builders.findings import a_finding
from quaestor.audit.gate import decide
from quaestor.core.period import utc
from quaestor.core.run_summary import RunSummary
from quaestor.core.verdict import Severity

NOW = utc("2026-11-21T06:00")


@pytest.fixture(name="a_finding")
def finding_builder():
    """Build one finding: fail, high, blocking, unless said otherwise."""
    return a_finding


@pytest.fixture
def a_run():
    """Build one audit's summary from its findings."""

    def build(findings, now=NOW, blind_spots=()):
        return RunSummary(
            kind="audit",
            targets=(),
            decision=decide(findings, fail_on=Severity.HIGH, blind_spots=len(blind_spots)),
            findings=tuple(findings),
            blind_spots=tuple(blind_spots),
            fail_on=Severity.HIGH,
            audited_at=now,
            evidence_at=None,
            currency="USD",
            configuration="quaestor.yaml",
            version="0.1.0",
        )

    return build
