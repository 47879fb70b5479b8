"""The data transfer of a node is for the pods that sent it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from builders.clusters import bill, divided, node, pod
from builders.ledgers import build
from quaestor.warehouse.duckdb import Warehouse


@pytest.fixture
def warehouse() -> Warehouse:
    """A machine whose hours cost 800, of which two pods held an eighth each."""
    warehouse = Warehouse(":memory:")
    node(warehouse)
    bill(warehouse, "800", SkuMeter="BoxUsage:p4d.24xlarge")
    return warehouse


def talk(warehouse: Warehouse, nlp: float | None, ads: float | None) -> None:
    """What its two pods sent in each hour."""
    pod(warehouse, "nlp", network_sent_gib=nlp, network_received_gib=900)
    pod(warehouse, "ads", network_sent_gib=ads, network_received_gib=1)


def owed(warehouse: Warehouse) -> dict[str, Decimal]:
    """Whom the bill is for, by the ledger."""
    rows = warehouse.rows("select allocated_to, sum(effective_cost) from ledger.cost group by 1")
    return {name: round(cost, 2) for name, cost in rows}


def shares(warehouse: Warehouse) -> dict[str, Decimal]:
    """Whom the machine's data transfer is for."""
    rows = warehouse.rows(
        "select allocated_to, upto_ratio - from_ratio from ledger.resource_share "
        "where split_key = 'network/i-1'"
    )
    return {name: round(ratio, 6) for name, ratio in rows}


@pytest.mark.parametrize(
    "meter",
    [
        {"SkuMeter": "USE1-DataTransfer-Out-Bytes"},
        {"SkuMeter": "USE1-EUW1-AWS-Out-Bytes"},
        {"SkuMeter": "DataTransfer-Regional-Bytes"},
        {"SkuMeter": "Network Inter Zone Data Transfer Out"},
        {"SkuMeter": "Network Internet Egress from Americas to Americas"},
        {"SkuMeter": "Standard Data Transfer Out"},
        {"ChargeDescription": "$0.010 per GB - regional data transfer - in/out/between EC2 AZs"},
    ],
)
def test_data_transfer_is_for_those_who_sent_it(warehouse: Warehouse, meter: dict[str, str]):
    """Three quarters of 100 dollars for three quarters of the bytes; what was received is free."""
    talk(warehouse, 3, 1)
    bill(warehouse, "100", x_row=2, **meter)
    build(warehouse)
    found = owed(warehouse)

    assert (found["ml/nlp"], found["ml/ads"]) == (100 + 75, 100 + 25)
    assert sum(found.values()) == 900


@pytest.mark.parametrize("meter", ["BoxUsage:p4d.24xlarge", "EBSOptimized:p4d", "NatGateway-Bytes"])
def test_what_is_no_data_transfer_is_divided_as_the_machine_is(warehouse: Warehouse, meter: str):
    """An eighth of everything else."""
    talk(warehouse, 3, 1)
    bill(warehouse, "100", x_row=2, SkuMeter=meter)
    build(warehouse)

    assert owed(warehouse)["ml/nlp"] == Decimal("112.5")
    assert shares(warehouse) == {}


@pytest.mark.parametrize("sent", [None, 0])
def test_without_bytes_data_transfer_is_divided_as_the_machine_is(
    warehouse: Warehouse, sent: float | None
):
    """Nobody tells what was sent, or nobody sent: an eighth each, and the idle rest."""
    talk(warehouse, sent, sent)
    bill(warehouse, "100", x_row=2, SkuMeter="DataTransfer-Out-Bytes")
    build(warehouse)

    assert shares(warehouse)["ml/nlp"] == Decimal("0.125")
    assert sum(shares(warehouse).values()) == 1
    assert owed(warehouse)["ml/nlp"] == Decimal("112.5")


def test_no_transfer_billed_is_none_divided(warehouse: Warehouse):
    """Bytes alone cost nothing."""
    talk(warehouse, 3, 1)
    build(warehouse)

    assert shares(warehouse) == {}


def test_a_machines_hours_cost_what_they_do_without_its_transfer(warehouse: Warehouse):
    """The machine cost 900 and its hours 800, of which a pod that held an eighth owes 100."""
    talk(warehouse, 3, 1)
    bill(warehouse, "100", x_row=2, SkuMeter="DataTransfer-Out-Bytes")
    divided(warehouse)

    assert warehouse.rows("select cost, transfer_cost from ledger.machine_day") == [(900, 100)]
    assert warehouse.rows("select round(cost, 6) from ledger.pod_day where pod = 'nlp'") == [(100,)]
    assert warehouse.rows("select sum(cost) from ledger.pod_day") == [(800,)]


def test_transfer_of_what_is_no_node_is_not_divided(warehouse: Warehouse):
    """A store's data transfer stays a line of the store."""
    talk(warehouse, 3, 1)
    bill(warehouse, "100", "a-store", x_row=2, SkuMeter="DataTransfer-Out-Bytes")
    build(warehouse)

    assert owed(warehouse)[None] == 100


def test_gpus_do_not_cost_what_data_transfer_does(warehouse: Warehouse):
    """What the GPUs cost is the same with and without it; with it, their host costs more."""
    talk(warehouse, 3, 1)
    build(warehouse)
    before = warehouse.row("select sum(cost), sum(host_cost) from ledger.gpu_hour")
    bill(warehouse, "100", x_row=2, x_file_sha256="cd" * 32, SkuMeter="DataTransfer-Out-Bytes")
    build(warehouse)

    assert warehouse.row("select sum(cost), sum(host_cost) from ledger.gpu_hour") == (
        before[0],
        before[1] + 100,
    )
