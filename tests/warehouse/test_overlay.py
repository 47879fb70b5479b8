"""Rows laid over the warehouse count before its own, and are no way around the fences."""

from __future__ import annotations

import pytest

from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse
from quaestor.warehouse.overlay import Overlay
from quaestor.warehouse.sandbox import Sandbox, SandboxError

MODELS = "select model, owner from registry.model order by all"


@pytest.fixture
def warehouse():
    """Two models, and beside them a new row of one and a third."""
    with Warehouse(":memory:") as opened:
        insert(opened, "registry.model", source="reg", model="churn", owner="old")
        insert(opened, "registry.model", source="reg", model="fraud", owner="team")
        opened.run("attach ':memory:' as beside")
        opened.run("create schema beside.registry")
        opened.run("create table beside.registry.model as select * from registry.model limit 0")
        insert(opened, "beside.registry.model", source="reg", model="churn", owner="new")
        insert(opened, "beside.registry.model", source="deploy", model="churn")
        yield opened


def sandbox(warehouse):
    return Sandbox(
        warehouse,
        overlays=[Overlay("registry.model", "beside.registry.model", ("source", "model"))],
    )


def test_a_row_of_the_same_key_is_replaced_and_others_are_added(warehouse):
    """Of each key there is one row; what is not laid over stays."""
    with sandbox(warehouse) as opened:
        seen = opened.rows(MODELS).rows

    assert seen == [("churn", "new"), ("churn", None), ("fraud", "team")]


def test_what_is_replaced_as_a_whole_is_gone_where_nothing_new_is_said(warehouse):
    """A file that no longer names a thing takes it away; a blank is a name like any other."""
    warehouse.run("create table beside.main.gone (source varchar, owner varchar)")
    warehouse.run("insert into beside.main.gone values ('reg', 'team')")
    keys = ("source", "model"), "beside.main.gone", ("source", "owner")
    overlay = Overlay("registry.model", "beside.registry.model", *keys)
    with Sandbox(warehouse, overlays=[overlay]) as opened:
        seen = opened.rows(MODELS).rows

    assert seen == [("churn", "new"), ("churn", None)]


def test_the_warehouse_is_as_it_was(warehouse):
    """The next sandbox without them sees its own rows."""
    sandbox(warehouse).close()
    with Sandbox(warehouse) as opened:
        seen = opened.rows(MODELS).rows

    assert seen == [("churn", "old"), ("fraud", "team")]


def test_a_column_is_overridden_in_rows_laid_over_too(warehouse):
    """The gate lets a version be seen where it is to run, whoever states it."""
    with sandbox(warehouse) as opened:
        opened.override("registry.model", {"owner": "upper(owner)"})
        seen = opened.rows(MODELS).rows

    assert seen == [("churn", "NEW"), ("churn", None), ("fraud", "TEAM")]


@pytest.mark.parametrize("table", ["beside.registry.model", "memory.registry.model"])
def test_policies_cannot_name_where_the_rows_come_from(warehouse, table):
    """The catalogue beside the warehouse is none of theirs."""
    with sandbox(warehouse) as opened, pytest.raises(SandboxError):
        opened.rows(f"select * from {table}")
