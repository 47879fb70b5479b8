"""What the engine could not read or work out, as exceptions the stages may catch."""

from __future__ import annotations

from quaestor.core.errors import IncompleteError

INTERRUPTED = "Query interrupted"  # the engine's word for Ctrl-C, as a RuntimeError


class UnreadableError(Exception):
    """The engine refused a file: damaged, cut short, or not what its name says."""


class OutOfRangeError(IncompleteError):
    """A sum or product is larger than its type can hold (exit code 3)."""


class NoRoomError(IncompleteError):
    """The engine needs more memory than there is, or than it was told to use (exit code 3)."""
