"""The checks are checked: a right ledger passes each, and each sees the fault it is there for."""

from __future__ import annotations

import pytest

from builders.estate import CONFIG, estate, rates
from builders.ledgers import build
from quaestor.ledger import CHECKS
from quaestor.warehouse.duckdb import Warehouse

_ONE_SPLIT = "(select min(split_key) from ledger.resource_share)"
_A_PART = "allocated_to is not null and cost_kind = 'direct' and billing_effective_cost > 1"
# Of each check what is done to a right ledger; every one has to be seen.
FAULTS = {
    "ledger_equals_the_bill": (
        "delete from ledger.cost where service = 'Lake'",
        (
            "update ledger.cost set billing_billed_cost = billing_billed_cost "
            "+ 1e-20::decimal(38, 20) "
            "where day = (select max(day) from ledger.cost) and service = 'Compute'"
        ),
        "update ledger.cost set list_cost = list_cost + 1 where service = 'Lake'",
        "update ledger.cost set charges = charges + 1 where service = 'Support'",
        "update ledger.cost set billing_currency = 'CHF' where billing_currency = 'JPY'",
        "update ledger.cost set day = day + 1 where service = 'Transit'",
        "insert into ledger.cost select * from ledger.cost where service = 'Plan'",
    ),
    "parts_make_up_their_charge_line": (
        f"delete from ledger.part where {_A_PART}",
        (
            f"update ledger.part set effective_cost = effective_cost + 1e-20::decimal(38, 20) "
            f"where {_A_PART}"
        ),
        "update ledger.part set billed_cost = null where service = 'Lake'",
        # From one machine to another: the day's sum is as it was.
        (
            "update ledger.part set resource_id = (select max(resource_id) from ledger.part "
            f"where allocated_to is not null) where {_A_PART}"
        ),
    ),
    "sharing_makes_and_loses_nothing": (
        "update ledger.cost set effective_cost = effective_cost * 2 where cost_kind = 'shared'",
        "delete from ledger.cost where cost_kind = 'shared' and team = 'team-1'",
    ),
    "ratios_of_a_split_make_up_one": (
        f"delete from ledger.resource_share where split_key = {_ONE_SPLIT} and from_ratio > 0",
        f"delete from ledger.resource_share where split_key = {_ONE_SPLIT} and from_ratio = 0",
        (
            "update ledger.resource_share set upto_ratio = upto_ratio - 0.000000000000000001 "
            f"where split_key = {_ONE_SPLIT} and upto_ratio < 1"
        ),
        "update ledger.shared_share set upto_ratio = 0.9 where upto_ratio = 1",
    ),
    "allocated_ratios_of_a_charge_line_make_up_one": (
        f"update ledger.part set allocated_ratio = allocated_ratio / 2 where {_A_PART}",
    ),
    "no_part_is_negative_unless_its_charge_is": (
        f"update ledger.part set billing_effective_cost = -billing_effective_cost where {_A_PART}",
        f"update ledger.part set allocated_ratio = -allocated_ratio where {_A_PART}",
    ),
    "parts_keep_the_tags_of_their_charge": (
        f"update ledger.part set tags = '{{}}' where {_A_PART}",
    ),
}


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A ledger that its checks let pass."""
    warehouse = estate(Warehouse(":memory:"), models=3, days=3, clusters=2, nodes=2)
    build(warehouse, CONFIG + rates(tmp_path_factory.mktemp("rates")))
    return warehouse


def wrong(warehouse: Warehouse, check: str) -> int:
    """How many rows a check returns."""
    return len(warehouse.rows((CHECKS / f"{check}.sql").read_text()))


@pytest.mark.parametrize("check", sorted(path.stem for path in CHECKS.glob("*.sql")))
def test_a_right_ledger_passes(right: Warehouse, check: str):
    """No row of any check."""
    assert wrong(right, check) == 0


@pytest.mark.parametrize(
    ("check", "fault"),
    [(check, fault) for check, faults in FAULTS.items() for fault in faults],
    ids=[f"{check}-{n}" for check, faults in FAULTS.items() for n in range(len(faults))],
)
def test_a_fault_is_seen(right: Warehouse, check: str, fault: str):
    """What was done is undone again."""
    right.run("begin transaction")
    try:
        right.run(fault)
        seen = wrong(right, check)
    finally:
        right.run("rollback")

    assert seen > 0
