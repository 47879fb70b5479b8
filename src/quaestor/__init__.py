"""Quaestor: what does each model really cost, and may it run?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from quaestor.api import Reader

__version__ = "0.1.0"


def open(warehouse: str | Path) -> Reader:  # noqa: A001 - `quaestor.open(...)` is how it reads
    """Open a warehouse for reading, in Python.

    Args:
        warehouse: The file, as `warehouse:` in quaestor.yaml names it.

    Raises:
        QuaestorError: There is no such warehouse, or it cannot be read.
    """
    from quaestor.api import Reader

    return Reader(warehouse)
