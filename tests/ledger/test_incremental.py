"""What a build brings up to date equals what it would be, built anew: each table, row for row."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from builders import anyhow
from builders.estate import CONFIG as ESTATE_CONFIG
from builders.estate import estate, rates
from builders.ledgers import build
from quaestor.warehouse.duckdb import Warehouse

# What a build keeps for itself: what it read, and what it has to do.
_STATE = ("stale_day", "stale_month", "day_state", "row_state")


def tables(warehouse: Warehouse) -> dict[str, list[str]]:
    """Every table of a ledger with its rows, in an order of their own."""
    names = warehouse.rows(
        "select table_name from duckdb_tables() where schema_name = 'ledger' order by 1"
    )
    return {
        name: sorted(repr(row) for row in warehouse.rows(f"from ledger.{name}"))
        for (name,) in names
        if name not in _STATE
    }


def anew(warehouse: Warehouse, text: str) -> dict[str, list[str]]:
    """The ledger of the same bill, usage and registry, built as if there had never been one."""
    for (name,) in warehouse.rows(
        "select table_name from duckdb_tables() where schema_name = 'ledger'"
    ):
        warehouse.run(f"delete from ledger.{name}")
    warehouse.run("delete from meta.property where name like 'ledger%'")
    build(warehouse, text)
    return tables(warehouse)


def differing(found: Mapping[str, list[str]], expected: Mapping[str, list[str]]) -> dict[str, Any]:
    """Each table that is not the same: what only the first has, what only the second."""
    return {
        name: (
            [row for row in found.get(name, []) if row not in rows][:3],
            [row for row in rows if row not in found.get(name, [])][:3],
        )
        for name, rows in expected.items()
        if found.get(name) != rows
    }


A_SMALL_ONE = {"models": 3, "days": 4, "clusters": 1, "nodes": 2, "start": date(2026, 9, 29)}
_LAST = "(select max(day) from truth.day)"
_FIRST = "(select min(day) from truth.day)"
# One change more is two builds more: what touches other days or other tables goes together.
CHANGES: dict[str, tuple[str, ...]] = {
    "nothing": (),
    "a day of the bill more, and charges of another day than they were": (
        f"""
        insert into focus.charge by name
        select * replace (
            ChargePeriodStart + interval 1 day as ChargePeriodStart,
            ChargePeriodEnd + interval 1 day as ChargePeriodEnd, 'more' as x_file_sha256
        )
        from focus.charge where ChargePeriodStart::date = {_LAST}
        """,
        f"""
        update focus.charge
        set ChargePeriodStart = ChargePeriodStart + interval 1 day, x_file_sha256 = 'moved'
        where ChargePeriodStart::date = {_FIRST} and x_row % 3 = 0
        """,
    ),
    "a period restated": (
        """
        update focus.charge set EffectiveCost = EffectiveCost * 2, x_file_sha256 = 'restated'
        where BillingPeriodStart = (select max(BillingPeriodStart) from focus.charge)
        """,
    ),
    "a file gone": (
        """
        delete from focus.charge
        where BillingPeriodStart = (select min(BillingPeriodStart) from focus.charge)
        """,
    ),
    "tags say otherwise": (
        """
        update focus.charge
        set Tags = replace(Tags, 'team-1', 'team-8'), x_file_sha256 = 'retagged'
        where Tags is not null
        """,
    ),
    "pods come late, of another day are gone, of a third are another's; and requests": (
        f"""
        insert into usage.pod_hour by name
        select * replace (pod || '-late' as pod) from usage.pod_hour where hour::date = {_LAST}
        """,
        f"delete from usage.pod_hour where hour::date = {_FIRST}",
        f"""
        update usage.pod_hour set labels = replace(labels, 'team-1', 'team-9')
        where hour::date = {_FIRST} + 1
        """,
        f"update usage.endpoint_hour set requests = 5 where hour::date = {_LAST}",
    ),
    "a machine is of another provider id": (
        "update usage.node_hour set provider_id = 'i-other' where node = 'node-0-0'",
    ),
    "a job is of another model, and some are gone": (
        "update usage.gpu_job set model = 'model-001' where model = 'model-000'",
        "delete from usage.gpu_job where model = 'model-002'",
    ),
    "an endpoint is of another model": (
        "update usage.endpoint set model = 'model-002' where model = 'model-000'",
        "update registry.deployment set model = 'model-002' where model = 'model-000'",
    ),
    "models are of other teams": (
        "update registry.model set team = 'team-7' where model in ('model-001', 'model-002')",
    ),
    "runs win that had not": (
        "update registry.model_version set run_id = replace(run_id, '-2', '-1')",
    ),
    "everything is gone": (
        "delete from focus.charge",
        "delete from usage.pod_hour",
        "delete from usage.node_hour",
    ),
}


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A configuration with everything that moves money."""
    return ESTATE_CONFIG + rates(tmp_path_factory.mktemp("rates"))


@pytest.fixture(scope="module")
def once(text: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse in which an estate was built."""
    path = tmp_path_factory.mktemp("once") / "w.duckdb"
    with Warehouse(path) as warehouse, warehouse.transaction():
        build(estate(warehouse, **A_SMALL_ONE), text)
    return path


@pytest.fixture
def warehouse(once: Path, tmp_path: Path) -> Iterator[Warehouse]:
    """A copy of it, to change."""
    with Warehouse(shutil.copy(once, tmp_path)) as copied:
        yield copied


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_leaves_what_a_whole_build_makes(change: str, text: str, warehouse: Warehouse):
    """Whatever changes: of the bill, of what ran, or of what is registered."""
    for sql in CHANGES[change]:
        warehouse.run(sql)
    build(warehouse, text)

    assert differing(tables(warehouse), anew(warehouse, text)) == {}


def test_another_configuration_leaves_what_a_whole_build_makes(text: str, warehouse: Warehouse):
    """Of rules, keys, drivers, names, overhead and the currency."""
    other = text
    for old, new in {
        'model: "{1}"': "model: model-002",
        "by: even": "by: requests",
        "new: team-0": "new: team-2",
        "shares: {team-0: 0.75, team-1: 0.25}": "shares: {team-2: 1}",
        "attribution:": "tags: {team: [team, owner]}\nlabels: {model: [app]}\nattribution:",
        "shared:": "currency: EUR\noverhead: {namespaces: [sandbox]}\nshared:",
    }.items():
        assert old in other
        other = other.replace(old, new)
    build(warehouse, other)

    assert differing(tables(warehouse), anew(warehouse, other)) == {}


def test_a_build_of_nothing_new_does_nothing_anew(text: str, warehouse: Warehouse):
    """No day and no month is stale."""
    build(warehouse, text)

    assert warehouse.rows("select day from ledger.stale_day") == []
    assert warehouse.rows("select month from ledger.stale_month") == []


_STEP = st.tuples(st.sampled_from(["put", "put", "put", "drop"]), st.integers(0, 3), anyhow.ESTATE)


@settings(
    max_examples=3,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(_STEP, min_size=3, max_size=4))
def test_any_estates_come_and_go(steps: list[tuple[str, int, anyhow.Estate]]):
    """Months are added, restated and dropped, at random; a build after each."""
    warehouse = Warehouse(":memory:")
    for turn, (what, number, one) in enumerate(steps):
        anyhow.forget(warehouse, number)
        if what == "put":
            anyhow.write(warehouse, {number: {**one, "restated": turn}})
        build(warehouse, anyhow.CONFIG)

    assert differing(tables(warehouse), anew(warehouse, anyhow.CONFIG)) == {}
