"""Policies and reports are found in a checkout (tests/architecture holds the installed ones)."""

from __future__ import annotations

from pathlib import Path

import pytest

from quaestor.core.shipped import shipped


@pytest.mark.parametrize("name", ["policies", "reports"])
def test_the_checkout_wins(checkout: Path, name: str):
    """An editable install holds copies, which go stale with the first edit."""
    assert shipped(name) == checkout / name


def test_a_package_without_them_says_so():
    """Never an empty list of policies, which would read as clean."""
    with pytest.raises(FileNotFoundError, match="nothing-like-it"):
        shipped("nothing-like-it")
