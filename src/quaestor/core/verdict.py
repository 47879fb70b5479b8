"""What a policy can say about a subject, and how much it matters."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """One policy's answer about one subject (design: six words, never more)."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    ERROR = "error"
    SKIP = "skip"
    WAIVED = "waived"


class Severity(StrEnum):
    """How much a violation matters; ordered by `rank`, critical first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Return 0 for critical up to 3 for low.

        >>> Severity.HIGH.rank < Severity.LOW.rank
        True
        """
        return list(Severity).index(self)

    def reaches(self, threshold: Severity) -> bool:
        """Return whether this severity is at or above the threshold.

        >>> Severity.CRITICAL.reaches(Severity.HIGH), Severity.LOW.reaches(Severity.HIGH)
        (True, False)
        """
        return self.rank <= threshold.rank
