"""What can go wrong, said so that the reader can mend it: what, where, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quaestor.core.landed import Gap


class QuaestorError(Exception):
    """A user's mistake or an outside fault, with its remedy. Never a bug of ours.

    Args:
        what: What happened, one sentence without a full stop.
        where: The file, source or setting it happened in.
        fix: What the reader can do about it.

    >>> print(QuaestorError("no such file", where="bills/", fix="Check `path`.").as_text())
    error: no such file
      in:  bills/
      fix: Check `path`.
    """

    exit_code = 2

    def __init__(self, what: str, *, where: str | None = None, fix: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix

    def as_text(self) -> str:
        """Return the message as people read it, several lines."""
        lines = [f"error: {self.what}"]
        if self.where:
            lines.append(f"  in:  {self.where}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, str | int | None]:
        """Return the message as programs read it (`--json-errors`)."""
        return {
            "error": self.what,
            "in": self.where,
            "fix": self.fix,
            "exit_code": self.exit_code,
        }


class ConfigurationError(QuaestorError):
    """Wrong usage, configuration or policy file (exit code 2)."""


class IncompleteError(QuaestorError):
    """We could not look: a source, the warehouse or needed evidence is out of reach (3)."""

    exit_code = 3


class PartlyReadError(IncompleteError):
    """Parts of a source could not be read, and stay as they were; the rest is landed (3).

    Raised by a collector after its snapshot. Each gap becomes a blind spot of its own. `read`
    says what could be read.
    """

    def __init__(self, gaps: Sequence[Gap], *, where: str | None = None, read: str = "") -> None:
        told = dict.fromkeys(f"{gap.period or gap.scope}: {gap.reason}" for gap in gaps)
        super().__init__("; ".join(told), where=where, fix=gaps[0].fix)
        self.gaps = tuple(gaps)
        self.read = read


class NothingEvaluatedError(QuaestorError):
    """No target or no policy matched, so there is no verdict to give (exit code 4)."""

    exit_code = 4


class CheckFailedError(QuaestorError):
    """A check of the ledger found wrong rows; figures built on it are withheld (exit code 3)."""

    exit_code = 3
