"""Six verdicts and four severities, never more."""

from __future__ import annotations

import pytest

from quaestor.core.verdict import Severity, Verdict


def test_the_words_are_public():
    """Reports, exports and users' SQL compare with these words."""
    assert [str(verdict) for verdict in Verdict] == [
        "pass",
        "fail",
        "unknown",
        "error",
        "skip",
        "waived",
    ]
    assert [str(severity) for severity in Severity] == ["critical", "high", "medium", "low"]


@pytest.mark.parametrize("severity", Severity)
def test_a_severity_reaches_itself_and_all_below(severity: Severity):
    """`--fail-on high` means high and critical."""
    reached = [threshold for threshold in Severity if severity.reaches(threshold)]

    assert reached == list(Severity)[severity.rank :]
