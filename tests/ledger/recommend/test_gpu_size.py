"""A cheaper type of machine: one that holds what its GPUs, cores and memory needed."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from builders.advice import advised, billed
from builders.ledgers import a_warehouse
from builders.machines import device, listed, node, pod, samples
from quaestor.warehouse.duckdb import Warehouse

# A week in which the pod of a machine uses little of its cores and memory.
LITTLE = {"cpu_request_cores": 1, "cpu_used_cores": 0.5, "ram_request_gib": 4, "ram_used_gib": 3}


@pytest.fixture
def warehouse() -> Warehouse:
    return a_warehouse()


def machine(
    warehouse: Warehouse,
    name: str,
    type_: str,
    used: str = "0.3",
    memory: str = "8",
    **columns: object,
) -> None:
    """A node of a type with one GPU, on the bill for 24 a day, and its pod that uses little."""
    node(warehouse, name, instance_type=type_, **{"cpu_cores": 16, "ram_gib": 64, **columns})
    pod(warehouse, node=name, name=name, **LITTLE)
    device(warehouse, used, memory, name=name)
    billed(warehouse, f"i-{name}", "24")


def sized(warehouse: Warehouse, text: str = "") -> dict[str, dict[str, object]]:
    """What came of it, by the machine's name."""
    found = advised(warehouse, "gpu_size", text)
    return {subject.removeprefix("machine/i-"): row for subject, row in found.items()}


def test_the_cheapest_type_that_fits_is_advised(warehouse):
    """With the part of the bill that its list price is lower; types that are too small are none."""
    machine(warehouse, "roomy", "g5.4xlarge")
    machine(warehouse, "small", "g5.xlarge", cpu_cores=4, ram_gib=16)
    machine(warehouse, "full", "g5.4xlarge", used="0.9", memory="20")
    found = sized(warehouse)
    roomy = found["roomy"]

    # 8 GiB and a third of an A10G: 31.5 TFLOPS; an L4 has 121, at 300 GB/s of the 270 needed.
    assert (roomy["answer"], roomy["proposed"]) == ("advise", "g6.xlarge with 1 x L4")
    assert roomy["current"] == "g5.4xlarge with 1 x A10G"
    assert roomy["reason"] == (
        "its GPUs are 30.0 % active at the 95th percentile and hold up to 8.0 GiB: "
        "9.2 GiB of a GPU, 2 cores and 5 GiB would do"
    )
    assert roomy["saving_per_month"] == Decimal("368.2365")  # 730 x (1 - 0.8048 / 1.624)
    assert (roomy["saving_basis"], roomy["confidence"]) == ("effective rate", "medium")
    assert roomy["command"] is None, "a node is its group's"
    assert (roomy["saves_on"], found["small"]["proposed"]) == ("i-roomy", "g6.xlarge with 1 x L4")
    # 23 GiB fit a GPU of 24; nine tenths of its bandwidth no L4 has.
    assert found["full"]["proposed"] == "g5.xlarge with 1 x A10G"
    assert found["full"]["confidence"] == "high"


def test_peak_memory_and_the_same_architecture_are_kept(warehouse):
    """An older GPU is none, nor one whose memory is below the peak and 15 %."""
    machine(warehouse, "tight", "g5.xlarge", memory="21", cpu_cores=4, ram_gib=16)
    machine(warehouse, "turing", "g4dn.xlarge", cpu_cores=4, ram_gib=16, gpu_model="Tesla T4")
    found = sized(warehouse)

    assert (found["tight"]["answer"], found["turing"]["answer"]) == ("clean", "clean")
    assert found["tight"]["reason"] == (
        "its GPUs are 30.0 % active at the 95th percentile and hold up to 21.0 GiB: no cheaper "
        "type is listed that has 1 GPUs of 24.2 GiB, 2 cores and 5 GiB"
    )


def test_gpus_that_talk_keep_their_link(warehouse):
    """Eight that one pod has together need NVSwitch; asked for one by one they need none."""
    for name, request in (("together", 8), ("apart", 1)):
        node(
            warehouse, name, instance_type="p4de.24xlarge", gpus=8, cpu_cores=96, ram_gib=1152,
            gpu_model="NVIDIA-A100-SXM4-80GB",
        )  # fmt: skip
        pod(warehouse, node=name, name=name, gpu_request=request, **LITTLE)
        for number in range(8):
            device(warehouse, "0.03", "20", name=name, gpu_uuid=f"{name}-{number}", memory_gib=80)
    found = sized(warehouse)

    assert found["together"]["proposed"] == "p4d.24xlarge with 8 x A100 40GB"
    assert found["apart"]["proposed"] == "g6.48xlarge with 8 x L4"


def test_fewer_gpus_are_a_question(warehouse):
    """Where no type with as many is cheaper: low confidence, and nothing to type."""
    samples(warehouse, "i-many", "0.3", "8")
    samples_of = "insert into usage.gpu_sample select source, host, gpu_uuid, 1, gpu_model, "
    warehouse.run(
        samples_of + "sampled_at, 0, 0.5, memory_gib, power_watts, job, user from usage.gpu_sample"
    )
    for index in (2, 3):
        warehouse.run(
            samples_of.replace(" 1,", f" {index},") + "sampled_at, 0, 0.5, memory_gib, "
            "power_watts, job, user from usage.gpu_sample where gpu_index = 1"
        )
    billed(
        warehouse, "i-many", "24", SkuPriceDetails='{"InstanceType": "g6.12xlarge"}',
        ConsumedQuantity="24", ConsumedUnit="Hours", RegionId="us-east-1",
    )  # fmt: skip
    (one,) = sized(warehouse).values()

    assert (one["answer"], one["confidence"], one["command"]) == ("clean", None, None)
    assert "48 cores and 192 GiB" in one["reason"], "nobody tells of its cores: as many as now"


def test_fewer_gpus_with_cores_told(warehouse):
    """Two of four GPUs do nothing, and the machine with one GPU has the cores that are needed."""
    node(warehouse, "many", instance_type="g4dn.12xlarge", gpus=4, cpu_cores=48, ram_gib=192,
         gpu_model="Tesla T4")  # fmt: skip
    pod(warehouse, node="many", gpu_request=4, **LITTLE)
    for number, used in enumerate(("0.8", "0", "0", "0")):
        device(warehouse, used, "1", name="many", gpu_uuid=f"g{number}", memory_gib=16)
    (one,) = sized(warehouse).values()

    assert (one["answer"], one["proposed"]) == ("advise", "g4dn.xlarge with 1 x T4")
    assert (one["confidence"], one["command"]) == ("low", None)


def test_unknown_cores_and_memory_stay_as_they_are(warehouse):
    """A host that only tells of its GPU keeps its cores; its instance can be resized by command."""
    samples(warehouse, "i-0abc", "0.3", "8")
    billed(
        warehouse, "i-0abc", "24", SkuPriceDetails='{"InstanceType": "g5.4xlarge"}',
        ConsumedQuantity="24", ConsumedUnit="Hours", RegionId="us-east-1",
    )  # fmt: skip
    (one,) = sized(warehouse).values()

    assert one["proposed"] == "g6.4xlarge with 1 x L4"
    assert one["command"] == (
        "aws ec2 modify-instance-attribute --instance-id i-0abc "
        "--instance-type Value=g6.4xlarge --region us-east-1"
    )


def test_advice_that_the_last_days_would_have_broken_is_withheld(warehouse):
    """Sized on five days, tried on two: their peak is above what would have been advised."""
    for name, memory in (
        ("grew", "case when hour > '2026-10-30 12:00' then 30 else 18 end"),
        ("kept", "case when hour > '2026-10-30 12:00' then 18 else 30 end"),
    ):
        node(
            warehouse, name, instance_type="p4de.24xlarge", gpus=8, cpu_cores=96, ram_gib=1152,
            gpu_model="NVIDIA-A100-SXM4-80GB",
        )  # fmt: skip
        pod(warehouse, node=name, name=name, **LITTLE)
        for number in range(8):
            device(warehouse, "0.03", memory, name=name, gpu_uuid=f"{name}-{number}", memory_gib=80)
    found = sized(warehouse)

    assert (found["grew"]["answer"], found["kept"]["answer"]) == ("withheld", "advise")
    assert found["grew"]["saving_per_month"] is None
    assert found["grew"]["reason"] == (
        "tried on the past, a g6.48xlarge would have been too small: up to 30.0 GiB of a GPU were "
        "in use in the last days, it has 24"
    )
    assert found["kept"]["proposed"] == "g6e.48xlarge with 8 x L40S"


def test_what_is_not_known_is_said(warehouse):
    """No type, no facts of the GPU, no memory, no price, too few hours: each its reason."""
    node(warehouse, "untyped", instance_type=None)
    node(warehouse, "strange", instance_type="x9.large", gpu_model="FPGA-7")
    node(warehouse, "unlisted", instance_type="x9.large")
    node(warehouse, "unmeasured")
    node(warehouse, "new")
    for name in ("untyped", "strange", "unlisted", "unmeasured", "new"):
        pod(warehouse, node=name, name=name, **LITTLE)
    for name in ("strange", "unlisted"):
        device(warehouse, "0.3", name=name)
    device(warehouse, "0.3", "null", name="unmeasured")
    device(warehouse, "0.3", days=0.5, name="new")
    found = sized(warehouse)

    assert {row["answer"] for row in found.values()} == {"cannot-say"}
    assert {name: row["reason"] for name, row in found.items()} == {
        "untyped": "nobody tells of which type it is",
        "strange": "no facts are known of its GPUs, FPGA-7",
        "unlisted": "no price is known of a x9.large",
        "unmeasured": "nobody tells how full the memory of its GPUs is",
        "new": "its GPUs were observed for 12.0 of at least 24 hours",
    }


def test_a_spot_machine_has_no_list_price(warehouse):
    """Advice without a sum; and by the prices of another region it says so."""
    machine(warehouse, "spot", "g5.4xlarge")
    listed(warehouse, "spot", capacity_type="spot", provider_id="i-spot", cpu_cores=16, ram_gib=64)
    machine(warehouse, "far", "g5.4xlarge", region="ap-south-1")
    found = sized(warehouse)

    assert (found["spot"]["answer"], found["spot"]["saving_per_month"]) == ("advise", None)
    assert found["far"]["reason"].endswith("(by the prices of us-east-1)")
    assert found["far"]["confidence"] == "medium"
    assert json.loads(found["far"]["evidence"])["price_region"] == "us-east-1"
