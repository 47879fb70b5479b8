"""Machines whose GPUs do next to nothing: stopped only where it is known that nothing is loaded."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from builders.advice import PRESENT, advised, billed
from builders.ledgers import a_warehouse
from builders.machines import device, listed, node, pod, samples
from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse


@pytest.fixture
def warehouse() -> Warehouse:
    return a_warehouse()


def idle(warehouse: Warehouse, text: str = "") -> dict[str, dict[str, object]]:
    """What came of it, by the machine's name."""
    found = advised(warehouse, "idle_gpu", text)
    return {subject.removeprefix("machine/"): row for subject, row in found.items()}


def test_an_idle_machine_with_an_empty_gpu_is_to_be_stopped(warehouse):
    """With what it costs by the bill, and the command; the machine is named by its provider."""
    node(warehouse)
    pod(warehouse)
    device(warehouse, "0.01")
    billed(warehouse, "i-n1", "24", Tags='{"team": "nlp"}')
    one = idle(warehouse)["i-n1"]

    assert (one["answer"], one["action"], one["confidence"]) == ("advise", "stop", "high")
    assert one["reason"] == (
        "its GPUs are 1.0 % active at the 95th percentile of 168 observed hours, "
        "and at most 4 % of their memory is in use"
    )
    assert (one["saving_per_month"], one["saving_basis"]) == (Decimal(730), "bill")
    assert one["command"] == "kubectl drain n1 --ignore-daemonsets"
    assert (one["saves_on"], one["name"], one["team"]) == ("i-n1", "prod/n1", "nlp")
    assert one["current"] == "g5.xlarge with 1 x A10G"


def test_what_is_loaded_is_never_to_be_stopped(warehouse):
    """Memory in use turns the advice: put together; the saving is for the memory that is free."""
    node(warehouse)
    pod(warehouse)
    device(warehouse, "0.01", memory="12")
    billed(warehouse, "i-n1", "24")
    one = idle(warehouse)["i-n1"]

    assert (one["action"], one["command"]) == ("consolidate", None)
    assert one["reason"].endswith("up to 50 % of their memory is in use: loaded, rarely called")
    assert one["saving_per_month"] == Decimal("310.25")  # 730 x (1 - 1.15 x 0.5)
    assert one["saving_basis"] == "effective rate"


def test_unknown_memory_may_be_a_loaded_model(warehouse):
    """Advice of low confidence and without a sum, never to stop."""
    node(warehouse)
    pod(warehouse)
    device(warehouse, "0.01", memory="null")
    billed(warehouse, "i-n1", "24")
    one = idle(warehouse)["i-n1"]

    assert (one["action"], one["confidence"]) == ("consolidate", "low")
    assert (one["saving_per_month"], one["saving_basis"]) == (None, None)
    assert one["reason"].endswith("and nobody tells how full their memory is")


THRESHOLDS = {
    "at": ("0.05", "1", "clean", None),
    "under": ("0.0499", "1", "advise", "stop"),
    "memory-at": ("0.01", "7.2", "advise", "stop"),  # 30 % of 24 GiB
    "memory-above": ("0.01", "7.21", "advise", "consolidate"),
    "nightly": ("case when hour(hour) < 2 then 0.9 else 0 end", "1", "clean", None),
    "no-number": ("'nan'::double", "1", "cannot-say", None),
    "no-ratio": ("1.5", "1", "cannot-say", None),
}


def test_the_thresholds(warehouse):
    """Under 5 %, not at it; above 30 %, not at it; two hours a night are above 5 % of the time."""
    for name, (used, memory, _, _) in THRESHOLDS.items():
        node(warehouse, name)
        pod(warehouse, node=name, name=name)
        device(warehouse, used, memory, name=name)
    found = idle(warehouse)

    assert {name: (row["answer"], row["action"]) for name, row in found.items()} == {
        f"i-{name}": (answer, action) for name, (*_, answer, action) in THRESHOLDS.items()
    }


def test_a_silent_exporter_is_no_idleness(warehouse):
    """No device, too few hours, silent by now, one of two GPUs alone, and pods without a ratio."""
    node(warehouse, "nothing")
    pod(warehouse, node="nothing", name="a")
    node(warehouse, "short")
    pod(warehouse, node="short", name="b")
    device(warehouse, "0", days=5 / 24, name="short")
    node(warehouse, "stopped")
    pod(warehouse, node="stopped", name="c")
    device(warehouse, "case when hour < '2026-10-29' then 0 end", name="stopped")
    node(warehouse, "half", gpus=2)
    pod(warehouse, node="half", name="d")
    device(warehouse, "0", name="half")
    found = idle(warehouse)

    assert {row["answer"] for row in found.values()} == {"cannot-say"}
    assert {name: row["reason"] for name, row in found.items()} == {
        "i-nothing": "pods have its GPUs, and nobody tells what they do with them",
        "i-short": "its GPUs were observed for 5.0 of at least 6 hours",
        "i-stopped": "nobody tells what its GPUs do since 2026-10-28 23:00",
        "i-half": "nobody tells what 1 of its 2 GPUs do",
    }


def test_a_node_that_nobody_asks_for_can_go(warehouse):
    """Without a figure of its GPUs; a day of it is enough, for the part of the week it was free."""
    node(warehouse, "free")
    node(warehouse, "lately")
    node(warehouse, "yesterday")
    node(warehouse, "elsewhere")
    pod(warehouse, "0.5", node="elsewhere", name="other")
    key = {"node": "lately", "name": "a"}
    pod(warehouse, "0.5", **key)
    warehouse.run("delete from usage.pod_hour where pod = 'a' and hour > '2026-10-30 11:00'")
    pod(warehouse, "0.5", node="yesterday", name="b")
    warehouse.run("delete from usage.pod_hour where pod = 'b' and hour > '2026-10-31 00:00'")
    for name in ("free", "lately", "yesterday", "elsewhere"):
        billed(warehouse, f"i-{name}", "24")
    found = idle(warehouse)
    told = {name: (row["answer"], row["action"]) for name, row in found.items()}

    assert told == {
        "i-free": ("advise", "stop"),
        "i-lately": ("advise", "stop"),
        "i-yesterday": ("clean", None),
        "i-elsewhere": ("clean", None),
    }
    assert found["i-free"]["reason"] == (
        "nobody asked for its GPUs in the last 168 hours, up to 2026-10-31"
    )
    assert (found["i-free"]["confidence"], found["i-free"]["saving_per_month"]) == (
        "high",
        Decimal(730),
    )
    assert (found["i-lately"]["confidence"], found["i-lately"]["saving_basis"]) == (
        "medium",
        "effective rate",
    )
    assert found["i-lately"]["saving_per_month"] == Decimal("156.4286")  # 36 of 168 hours


def test_silence_of_pods_and_claims_are_no_free_node(warehouse):
    """A cluster that tells of no pods, and a node whose devices are held by a claim (DRA)."""
    node(warehouse, "claimed")
    node(warehouse, "other", cluster="quiet", source="q")
    pod(warehouse, node="claimed", gpu_request=0)
    insert(
        warehouse,
        "usage.pod",
        source="k8s",
        cluster="prod",
        namespace="ml",
        pod="p1",
        node="claimed",
        resource_claims=1,
        phase="Running",
        started_at=PRESENT - timedelta(days=30),
        seen_at=PRESENT,
    )
    found = idle(warehouse)

    assert {row["answer"] for row in found.values()} == {"cannot-say"}


def test_a_busy_device_that_nobody_asked_for_is_no_free_node(warehouse):
    """Work beside the scheduler is work."""
    node(warehouse)
    node(warehouse, "n2")
    pod(warehouse, "0.4", node="n2")
    device(warehouse, "0.6")
    found = idle(warehouse)

    assert (found["i-n1"]["answer"], found["i-n2"]["answer"]) == ("clean", "clean")


def test_a_host_on_the_bill_is_one_machine(warehouse):
    """Samples of a host and the charges of the instance of its name are of one object."""
    samples(warehouse, "i-0abc", "0")
    arn = "arn:aws:ec2:us-east-1:1:instance/i-0abc"
    details = '{"InstanceType": "g5.xlarge"}'
    billed(
        warehouse, arn, "24", SkuPriceDetails=details, ConsumedQuantity="24", ConsumedUnit="Hours"
    )
    found = idle(warehouse)

    assert list(found) == [arn]
    assert (found[arn]["answer"], found[arn]["saving_per_month"]) == ("advise", Decimal(730))
    assert found[arn]["command"] == "aws ec2 stop-instances --instance-ids i-0abc"


def test_a_machine_of_the_bill_that_nobody_watches_cannot_be_judged(warehouse):
    """And one that is no longer billed is not looked at."""
    details = {"SkuPriceDetails": '{"InstanceType": "g5.xlarge"}', "ConsumedUnit": "Hours"}
    billed(warehouse, "i-seen", "24", ConsumedQuantity="24", **details)
    billed(warehouse, "i-gone", "24", ConsumedQuantity="24", **details)
    warehouse.run(
        "delete from focus.charge where ResourceId = 'i-gone' and ChargePeriodStart > '2026-10-20'"
    )
    found = idle(warehouse)

    assert {name: row["reason"] for name, row in found.items()} == {
        "i-seen": "nobody tells what its GPUs do"
    }


def test_a_machine_on_no_bill_saves_its_list_price(warehouse):
    """Of an on-demand machine; a spot machine has no list price."""
    node(warehouse, "n1")
    node(warehouse, "n2")
    listed(warehouse, "n2", capacity_type="spot", provider_id="i-n2")
    for name in ("n1", "n2"):
        pod(warehouse, node=name, name=name)
        device(warehouse, "0", name=name)
    found = idle(warehouse)

    assert (found["i-n1"]["saving_per_month"], found["i-n1"]["saving_basis"]) == (
        Decimal("734.38"),  # 1.006 x 730
        "list",
    )
    assert (found["i-n2"]["saving_per_month"], found["i-n2"]["saving_basis"]) == (None, None)


def test_pods_alone_tell_where_no_device_does(warehouse):
    """The busiest pod of the hour counts, and all of them have to be observed."""
    node(warehouse, gpus=4)
    pod(warehouse, "0", name="a", gpu_memory_used_gib=1)
    pod(warehouse, "0.02", name="b", gpu_memory_used_gib=2)
    one = idle(warehouse)["i-n1"]

    assert (one["answer"], one["action"]) == ("advise", "stop")
    assert json.loads(one["evidence"])["told_by"] == "pods"
    assert json.loads(one["evidence"])["memory_max_gib"] == 3


def test_pods_that_do_not_tell_of_memory_may_have_loaded_something(warehouse):
    """Unknown is not full and not empty; what pods of several GPUs hold is freed together."""
    node(warehouse)
    pod(warehouse, "0")
    node(warehouse, "n2", gpus=4)
    pod(warehouse, "0", node="n2", name="a", gpu_request=4, gpu_memory_used_gib=12)
    billed(warehouse, "i-n2", "24")
    found = idle(warehouse)

    assert (found["i-n1"]["action"], found["i-n1"]["confidence"]) == ("consolidate", "low")
    assert found["i-n1"]["reason"].endswith("and nobody tells how full their memory is")
    assert found["i-n2"]["action"] == "consolidate", "it may all lie on one GPU"
    assert found["i-n2"]["saving_per_month"] == Decimal("625.0625")  # 730 x (1 - 1.15 x 12 / 96)


def test_a_slice_that_works_keeps_its_gpu(warehouse):
    """Of a GPU cut into slices the busiest counts; a GPU that pods share is counted once."""
    node(warehouse, gpus=1)
    pod(warehouse)
    for slice_, used in (("1", "0"), ("2", "0.3")):
        device(
            warehouse, used, gpu_uuid=f"GPU-a/{slice_}", mig_profile="1g.5gb", pod="p1",
            namespace="ml",
        )  # fmt: skip
    node(warehouse, "n2")
    pod(warehouse, node="n2", name="x")
    for name in ("x", "y"):
        device(warehouse, "0", "5", name="n2", pod=name, namespace="ml", observed_ratio=0.5)
    found = idle(warehouse)

    assert found["i-n1"]["answer"] == "clean"
    assert found["i-n2"]["action"] == "stop"
    assert json.loads(found["i-n2"]["evidence"])["memory_max_gib"] == 5


def test_each_machine_is_one_object(warehouse):
    """Nodes of one name in two clusters are two, and what SageMaker runs on is no machine here."""
    for cluster in ("blue", "green"):
        node(warehouse, cluster=cluster, provider_id=None)
    node(warehouse, "n2")
    listed(warehouse, "n2", provider_id="aws:///us-east-1a/i-n2", labels='{"gov.advice": "none"}')
    pod(warehouse, node="n2")
    device(warehouse, "0", name="n2")
    samples(warehouse, "n2", "0.9")
    samples(warehouse, "chat", "0")  # the endpoint's name
    details = {"ConsumedQuantity": "24", "ConsumedUnit": "Hours", "PricingCategory": "Committed"}
    details |= {"CommitmentDiscountStatus": "Used", "CommitmentDiscountId": "sp"}
    details |= {"SkuPriceDetails": '{"InstanceType": "g5.xlarge"}'}
    for resource in ("i-n2", "arn:aws:sagemaker:us-east-1:1:endpoint/chat"):
        billed(warehouse, resource, "24", **details)
    found = idle(warehouse)

    assert found.keys() == {"k8s/blue/n1", "k8s/green/n1", "i-n2"}
    assert found["i-n2"]["answer"] == "left-alone", "its own label forbids advice"
    assert found["i-n2"]["committed_ratio"] == 1


def test_hostile_names_stay_words(warehouse):
    """A node's name is quoted in the command."""
    name = "n1'; rm -rf ~"
    node(warehouse, name)
    pod(warehouse, node=name)
    device(warehouse, "0", name=name)
    (one,) = idle(warehouse).values()

    assert one["command"] == """kubectl drain 'n1'"'"'; rm -rf ~' --ignore-daemonsets"""


def test_the_thresholds_can_be_set(warehouse):
    """`advice: params:` counts before the header's defaults."""
    node(warehouse)
    pod(warehouse)
    device(warehouse, "0.08", "6")
    text = "advice: {params: {idle_gpu: {idle_ratio: 0.1, memory_ratio: 0.2}}}"

    assert idle(warehouse, text)["i-n1"]["action"] == "consolidate"
