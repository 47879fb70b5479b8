"""The driver alone is the package, as far as it is used here."""

from __future__ import annotations

import ast
from pathlib import Path

import duckdb as package
import pytest

import quaestor.warehouse
from quaestor.warehouse.driver import duckdb

USED = sorted(
    {
        node.attr
        for path in Path(quaestor.warehouse.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "duckdb"
    }
)


@pytest.mark.parametrize("name", USED)
def test_the_driver_holds_what_the_package_offers(name):
    """A connection or an error of the one is one of the other, for whoever imports both."""
    assert getattr(duckdb, name) is getattr(package, name)
