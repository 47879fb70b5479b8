"""ledger.gpu_hour beyond clusters: jobs, endpoints, sampled hosts, the bill; nothing twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from builders.gpus import (
    START,
    a_job,
    a_node,
    a_pod,
    an_endpoint,
    bill,
    gpu_ledger,
    know,
    wrong,
)
from builders.steps import rows_made
from quaestor import ledger
from quaestor.warehouse.duckdb import Warehouse

ARN = "arn:aws:sagemaker:eu-west-1:111122223333:training-job/churn-7"
P4D = '{"InstanceType":"p4d.24xlarge"}'


@pytest.fixture
def warehouse():
    """A warehouse in dollars."""
    with Warehouse(":memory:") as made:
        made.run("insert into config.setting values ('currency', 'USD')")
        yield made


def built(warehouse: Warehouse) -> Warehouse:
    """The GPU ledger, held to its checks."""
    gpu_ledger(warehouse, wanted=("gpu_waterfall",))
    assert wrong(warehouse, "gpu_waterfall_equals_the_bill") == []
    assert wrong(warehouse, "gpu_shares_never_exceed_the_gpus") == []
    return warehouse


def lines(warehouse: Warehouse, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of the ledger, by kind."""
    named = ", ".join(columns)
    return warehouse.rows(f"select {named} from ledger.gpu_hour order by kind, day, node, team")


def samples(
    ratios: list[float | None], *, step: int = 600, start: int = 0, **columns: Any
) -> list[dict[str, Any]]:
    """Samples of one GPU, one every ten minutes from midnight on."""
    return [
        {
            "source": "nvml",
            "host": "box",
            "gpu_index": 0,
            "gpu_model": "A100",
            "sampled_at": START + timedelta(seconds=start + step * place),
            "gpu_util_ratio": ratio,
            **columns,
        }
        for place, ratio in enumerate(ratios)
    ]


def test_a_job_over_midnight_has_hours_on_both_days(warehouse):
    """22:00 to 01:30 with four GPUs: eight hours on the first day, six on the second."""
    know(warehouse, "usage.gpu_job", a_job(3.5, started_at=START + timedelta(hours=22)))
    built(warehouse)

    assert lines(warehouse, "day", "cluster", "gpu_hours", "unobserved_gpu_hours") == [
        (START.date(), "gpu", 8.0, 8.0),
        (START.date() + timedelta(days=1), "gpu", 6.0, 6.0),
    ]


def test_a_third_of_a_job_adds_up_to_all_of_it(warehouse):
    """A day's part has no exact decimal; the parts still make up the job's GPU-hours."""
    know(warehouse, "usage.gpu_job", a_job(71.7, gpus=7.0, gpu_hours=500.000000007))
    built(warehouse)

    assert warehouse.row("select sum(hours)::varchar, count(*) from ledger.gpu_job_day") == (
        "500.000000007",
        3,
    )


@pytest.mark.parametrize(
    ("state", "failed", "stalled"),
    [
        ("completed", 0.0, 12.0),
        ("running", 0.0, 12.0),
        ("failed", 12.0, 0.0),
        ("cancelled", 12.0, 0.0),
        (None, None, 12.0),
    ],
)
def test_what_became_of_a_job_decides_what_its_hours_were(warehouse, state, failed, stalled):
    """GPUs near 0 while a job runs are stalled, never idle; all of what failed is failed."""
    know(warehouse, "usage.gpu_job", a_job(state=state, gpu_util_ratio=0.01))
    built(warehouse)

    assert lines(
        warehouse, "failed_gpu_hours", "stalled_gpu_hours", "idle_gpu_hours", "observed_gpu_hours"
    ) == [(failed, stalled, 0.0, 12.0)]


@pytest.mark.parametrize("ratio", [1.01, 8.0, -0.01, float("nan")])
def test_a_ratio_out_of_range_is_unobserved(warehouse, ratio):
    """800 % of one GPU, or less than nothing: nobody knows what the GPUs did."""
    know(warehouse, "usage.gpu_job", a_job(gpu_util_ratio=ratio))
    know(warehouse, "usage.node_hour", a_node())
    know(warehouse, "usage.pod_hour", a_pod(gpu_request=4.0, gpu_used_ratio=ratio))
    know(warehouse, "usage.endpoint", an_endpoint())
    know(warehouse, "usage.endpoint_hour", serving(gpu_used_ratio=ratio))
    know(warehouse, "usage.gpu_sample", *samples([ratio] * 6))
    built(warehouse)

    assert lines(warehouse, "kind", "gpu_hours", "observed_gpu_hours", "used_gpu_hours") == [
        ("cluster", 4.0, 0.0, 0.0),
        ("endpoint", 2.0, 0.0, 0.0),
        ("host", 1.0, 0.0, 0.0),
        ("slurm", 12.0, 0.0, 0.0),
    ]


def serving(**columns: Any) -> dict[str, Any]:
    """An hour of the endpoint."""
    return {"source": "sage", "endpoint": "chat", "hours": 1, "instances": 2.0, **columns}


def test_a_platforms_job_costs_what_its_resource_does(warehouse):
    """SageMaker bills a job by its ARN: on the day it ran, and a late charge the day after."""
    know(
        warehouse,
        "usage.gpu_job",
        a_job(source="sage", job=ARN, kind="training-job", resource_id=ARN, team="risk"),
    )
    bill(warehouse, ARN, "12.5", SkuPriceDetails='{"InstanceType":"ml.p4d.24xlarge"}')
    bill(warehouse, ARN, "0.25", day=START + timedelta(days=1))
    built(warehouse)

    assert lines(
        warehouse, "kind", "node", "team", "gpu_hours", "cost", "unobserved_cost", "price_source"
    ) == [
        ("training-job", "churn-7", "risk", 12.0, Decimal("12.5"), Decimal("12.5"), "bill"),
        ("training-job", "churn-7", "risk", 0.0, Decimal("0.25"), Decimal("0.25"), "bill"),
    ]


@pytest.mark.parametrize(
    ("cpus", "ram_gib", "is_divided"), [(96, 1152, True), (96, None, False), (None, 1152, False)]
)
def test_a_machine_whose_cores_or_memory_nobody_tells_is_not_divided(
    warehouse, cpus, ram_gib, is_divided
):
    """What is not known is not the most there can be: all of it is its GPUs', and said so."""
    job = a_job(
        source="sage", job=ARN, kind="training-job", resource_id=ARN, gpu_model="A100 40GB",
        cpus=cpus, ram_gib=ram_gib,
    )  # fmt: skip
    know(warehouse, "usage.gpu_job", job)
    bill(warehouse, ARN, "12.5")
    built(warehouse)
    [(cost, host)] = lines(warehouse, "cost", "host_cost")

    assert cost + (host or 0) == Decimal("12.5")
    assert (host is not None) == is_divided
    assert cost > Decimal("2.5")


def test_a_job_without_a_bill_has_an_unknown_cost(warehouse):
    """A Slurm cluster in the cellar is on no bill: hours, and no figure of money."""
    know(warehouse, "usage.gpu_job", a_job(resource_id="gpu-1"))
    built(warehouse)

    assert lines(warehouse, "node", "gpu_hours", "cost", "idle_cost") == [
        ("gpu-1", 12.0, None, None)
    ]


def test_a_job_on_a_node_that_a_cluster_tells_of_is_the_clusters(warehouse):
    """The machine is paid for once, so the job's hours are those of its pods."""
    know(warehouse, "usage.node_hour", a_node(24))
    know(warehouse, "usage.pod_hour", a_pod(24))
    know(
        warehouse,
        "usage.gpu_job",
        a_job(job="by-name", resource_id="n1"),
        a_job(job="by-machine", resource_id="i-1"),
        a_job(job="elsewhere", resource_id="gpu-9"),
    )
    built(warehouse)

    assert warehouse.rows(
        "select kind, sum(gpu_hours) from ledger.gpu_hour group by kind order by kind"
    ) == [("cluster", 96.0), ("slurm", 12.0)]


def test_rays_jobs_are_their_clusters_where_its_pods_are_told_of(warehouse):
    """A Ray job names no machine; where Ray runs in the cluster its GPUs are counted there."""
    know(warehouse, "usage.gpu_job", a_job(source="ray", kind="ray-job", queue=None))
    know(warehouse, "usage.node_hour", a_node(24))
    built(warehouse)
    apart = warehouse.row("select sum(gpu_hours) from ledger.gpu_hour where kind = 'ray-job'")
    know(
        warehouse,
        "usage.pod",
        {"source": "k8s", "cluster": "prod", "namespace": "ml", "pod": "p1", "seen_at": START}
        | {"owner_kind": "RayCluster", "owner": "ray"},
    )
    built(warehouse)

    assert apart == (12.0,)
    assert warehouse.rows("select distinct kind from ledger.gpu_hour") == [("cluster",)]


def test_a_batch_pods_idle_gpu_is_stalled_and_a_notebooks_is_idle(warehouse):
    """Work that runs to an end runs as long as its pod does; a notebook just stands there."""
    know(warehouse, "usage.node_hour", a_node())
    for name, kind in (("train", "PyTorchJob"), ("book", "StatefulSet")):
        know(
            warehouse,
            "usage.pod_hour",
            a_pod(pod=name, gpu_used_ratio=0.01, labels=f'{{"team": "{name}"}}'),
        )
        know(
            warehouse,
            "usage.pod",
            {"source": "k8s", "cluster": "prod", "namespace": "ml", "pod": name}
            | {"owner_kind": kind, "owner": name, "seen_at": START},
        )
    bill(warehouse, "i-1", "8")
    built(warehouse)

    assert (
        warehouse.rows(
            "select team, idle_gpu_hours, stalled_gpu_hours, idle_cost, stalled_cost "
            "from ledger.gpu_hour order by team"
        )
        == [
            ("book", 2.0, 0.0, Decimal(4), Decimal(0)),
            ("train", 0.0, 2.0, Decimal(0), Decimal(4)),
            (None, 0.0, 0.0, Decimal(0), Decimal(0)),
        ][:2]
    )


def test_devices_tell_of_gpus_that_no_pod_asked_for(warehouse):
    """Two of four free GPUs are busy with nobody's work: used, and not unscheduled."""
    know(warehouse, "usage.node_hour", a_node(), a_node(node="n2", provider_id="i-2"))
    know(warehouse, "usage.pod_hour", a_pod(gpu_request=4.0, node="n2"))
    for index, ratio in enumerate((0.5, 0.9, 0.0, 0.0)):
        know(
            warehouse,
            "usage.gpu_device_hour",
            {"hours": 1, "source": "dcgm", "cluster": "prod", "node": "n1", "observed_ratio": 1.0}
            | {"gpu_uuid": f"GPU-{index}", "used_ratio": ratio},
        )
    built(warehouse)

    assert warehouse.rows(
        "select gpu_hours, used_gpu_hours, unscheduled_gpu_hours, idle_gpu_hours "
        "from ledger.gpu_hour where node = 'n1'"
    ) == [(4.0, 1.4, 2.0, 2.0)]


def test_devices_tell_what_nodes_do_where_nobody_tells_of_pods(warehouse):
    """One GPU works, one is idle, of two nobody hears: unobserved, and none is unscheduled."""
    know(warehouse, "usage.node_hour", a_node())
    for index, ratio in enumerate((0.5, 0.01)):
        know(
            warehouse,
            "usage.gpu_device_hour",
            {"hours": 1, "source": "dcgm", "cluster": "prod", "node": "n1", "observed_ratio": 1.0}
            | {"gpu_uuid": f"GPU-{index}", "used_ratio": ratio},
        )
    built(warehouse)

    assert lines(
        warehouse, "used_gpu_hours", "idle_gpu_hours", "unscheduled_gpu_hours",
        "unobserved_gpu_hours",
    ) == [(0.5, 1.0, 0.0, 2.0)]  # fmt: skip


def test_an_endpoint_that_nobody_calls_is_idle(warehouse):
    """Without a ratio, an hour known to be without requests is idle; an untold one is not."""
    know(warehouse, "usage.endpoint", an_endpoint(seen_at=START + timedelta(hours=6)))
    hours = ((0.5, 10.0), (0.01, 3.0), (None, 0.0), (None, 7.0))
    for place, (ratio, requests) in enumerate(hours):
        row = serving(gpu_used_ratio=ratio, requests=requests)
        row.pop("hours")
        know(warehouse, "usage.endpoint_hour", row | {"hour": START + timedelta(hours=place)})
    bill(warehouse, "arn:aws:sagemaker:eu-west-1:1:endpoint/chat", "24")
    built(warehouse)

    assert lines(
        warehouse, "kind", "model", "gpu_hours", "observed_gpu_hours", "used_gpu_hours",
        "idle_gpu_hours", "unobserved_gpu_hours", "cost", "idle_cost",
    ) == [
        ("endpoint", "churn", 12.0, 6.0, 1.02, 4.0, 6.0, Decimal(24), Decimal("7.9999999999")),
    ]  # fmt: skip


def test_an_endpoint_of_a_cluster_is_its_pods(warehouse):
    """KServe answers from pods on nodes that are counted already."""
    know(warehouse, "usage.endpoint", an_endpoint(source="k8s", seen_at=START + timedelta(hours=6)))
    know(
        warehouse,
        "usage.pod",
        {"source": "k8s", "cluster": "prod", "namespace": "ml", "pod": "p1", "seen_at": START},
    )
    built(warehouse)

    assert lines(warehouse, "kind") == []


def test_samples_of_a_host_are_its_hours_and_a_gap_is_unobserved(warehouse):
    """Six samples an hour are all of it; of the second hour half is missing."""
    know(warehouse, "usage.gpu_sample", *samples([0.5, 0.0, 0.01, 0.5, None, 0.5, 1.0, 1.0, 1.0]))
    built(warehouse)

    assert lines(
        warehouse, "kind", "node", "gpu_hours", "observed_gpu_hours", "used_gpu_hours",
        "idle_gpu_hours",
    ) == [("host", "box", 2.0, 1.333333333, 0.751666667, 0.333333333)]  # fmt: skip


def test_samples_of_an_endpoint_are_no_host_besides(warehouse):
    """What is sampled under an endpoint's name is paid once, and all of it is the endpoint's."""
    know(warehouse, "usage.endpoint", an_endpoint(seen_at=START + timedelta(hours=6)))
    know(warehouse, "usage.gpu_sample", *samples([0.5] * 36, host="chat"))
    bill(warehouse, "arn:aws:sagemaker:eu-west-1:1:endpoint/chat", "24")
    built(warehouse)

    assert lines(warehouse, "kind", "gpu_hours", "cost") == [("endpoint", 12.0, Decimal(24))]


def test_samples_that_overlap_count_once(warehouse):
    """Two tools watch one GPU at the same moments: their mean, not twice the hours."""
    know(warehouse, "usage.gpu_sample", *samples([0.2] * 6), *samples([0.6] * 6, job="x"))
    built(warehouse)

    assert lines(warehouse, "gpu_hours", "used_gpu_hours") == [(1.0, 0.4)]


def test_samples_tell_what_a_jobs_gpus_did(warehouse):
    """Half of a job's samples are near 0: half its hours are stalled, and no host is paid twice."""
    know(warehouse, "usage.gpu_job", a_job(2, gpus=1.0, resource_id="box"))
    know(warehouse, "usage.gpu_sample", *samples([0.8, 0.0] * 6, job="7"))
    built(warehouse)

    assert lines(
        warehouse, "kind", "gpu_hours", "observed_gpu_hours", "used_gpu_hours", "stalled_gpu_hours"
    ) == [("slurm", 2.0, 2.0, 0.8, 1.0)]


def test_work_for_samples_grows_as_their_number_does(warehouse):
    """Samples of four times the days take four times the rows in a plan, not sixteen times."""
    sql = (ledger.SQL / "gpu" / "gpu_sample_day.sql").read_text(encoding="utf-8")
    sql = sql.replace("(select min(day) from ledger.stale_day)", f"date '{START:%Y-%m-%d}'")
    made = []
    warehouse.run("begin transaction")  # as in a build: of what is new, no statistics are known
    for days in (10, 40):
        last = START + timedelta(days=days, hours=-1)
        hours = f"generate_series(timestamp '{START}', timestamp '{last}', interval 1 hour)"
        warehouse.run(
            "insert into usage.gpu_sample by name select 'nvml' as source, 'h' || h as host, "
            "g as gpu_index, 'A10G' as gpu_model, hour as sampled_at, 0.5 as gpu_util_ratio "
            f"from range(3) as a(h), range(8) as b(g), {hours} as c(hour)"
        )
        warehouse.run(
            "insert or ignore into ledger.stale_day (day, billed) "
            "select distinct sampled_at::date, false from usage.gpu_sample"
        )
        made.append(rows_made(warehouse, sql))
        warehouse.run("delete from usage.gpu_sample")

    assert made[1] < 4.5 * made[0]


def test_an_instance_that_only_the_bill_knows_is_unobserved(warehouse):
    """24 hours of eight GPUs, of which nobody can tell whether they worked."""
    bill(
        warehouse, "i-9", "786.48", SkuPriceDetails=P4D, ConsumedQuantity="24",
        ConsumedUnit="Hrs", SkuMeter="BoxUsage:p4d.24xlarge", SubAccountId="1",
        PricingCategory="Dynamic",
    )  # fmt: skip
    bill(warehouse, "i-8", "5", SkuPriceDetails='{"InstanceType":"m5.large"}', ConsumedQuantity="9")
    built(warehouse)

    assert lines(
        warehouse, "kind", "cluster", "node", "gpu_model", "capacity_type", "gpu_hours",
        "unobserved_gpu_hours",
    ) == [("instance", "1", "i-9", "A100 40GB", "spot", 192.0, 192.0)]  # fmt: skip
    assert warehouse.row(
        "select sum(cost + coalesce(host_cost, 0)), sum(unobserved_cost) = sum(cost) "
        "from ledger.gpu_hour"
    ) == (Decimal("786.48"), True)


@pytest.mark.parametrize(
    ("columns", "model", "hours"),
    [
        ({"SkuMeter": "Nvidia Tesla A100 GPU running in Americas", "ConsumedUnit": "seconds",
          "ConsumedQuantity": "7200"}, "A100", 2.0),
        ({"SkuMeter": "ND96asr v4", "ConsumedUnit": "1 Hour", "ConsumedQuantity": "2"},
         "A100 40GB", 16.0),
        ({"SkuMeter": "USE1-BoxUsage:p4d.24xlarge", "ConsumedUnit": "Hrs",
          "ConsumedQuantity": "1"}, "A100 40GB", 8.0),
        ({"SkuPriceDetails": '{"InstanceType": "x1.odd", "GpuCount": 3}', "ConsumedUnit": "Hours",
          "ConsumedQuantity": "2"}, None, 6.0),
        ({"SkuMeter": "G2 standard 24 VM", "ConsumedUnit": "Hours", "ConsumedQuantity": "24"},
         "L4", 48.0),
        ({"SkuMeter": "Training A2 highgpu 1g", "ConsumedUnit": "Hours", "ConsumedQuantity": "50"},
         "A100 40GB", 50.0),
        ({"SkuMeter": "Online Prediction a3-highgpu-8g", "ConsumedUnit": "Hours",
          "ConsumedQuantity": "2"}, "H100 80GB", 16.0),
        ({"SkuPriceDetails": '{"InstanceType": "a2-ultragpu-2g"}', "ConsumedUnit": "seconds",
          "ConsumedQuantity": "3600"}, "A100 80GB", 2.0),
    ],
)  # fmt: skip
def test_gpus_are_found_on_the_bill_as_clouds_write_them(warehouse, columns, model, hours):
    """Google bills GPUs by themselves, Azure by meter, AWS by type; FOCUS has a count."""
    bill(warehouse, "vm-1", "10", **columns)
    bill(warehouse, "vm-1", "1", SkuMeter="EBSOptimized:p4d.24xlarge", ConsumedUnit="Hrs",
         ConsumedQuantity="1")  # fmt: skip
    built(warehouse)

    assert lines(warehouse, "gpu_model", "gpu_hours") == [(model, hours)]
    assert warehouse.row("select sum(cost + coalesce(host_cost, 0)) from ledger.gpu_hour") == (
        Decimal(11),
    )


def test_a_machine_that_google_bills_in_parts_has_the_hours_of_its_gpus_alone(warehouse):
    """Cores, memory, a disc, a licence and a fee beside eight GPUs for an hour are no GPU-hours."""
    machine = {"SkuPriceDetails": '{"InstanceType": "a2-highgpu-8g"}', "ConsumedUnit": "seconds"}
    for meter, amount in {
        "Nvidia Tesla A100 GPU running in Americas": "28800",
        "A2 Instance Core running in Americas": "345600",
        "Licensing Fee for Red Hat Enterprise Linux (GPU cost)": "28800",
        "Vertex AI: Notebooks Management Fee on Nvidia A100 GPU": "28800",
    }.items():
        bill(warehouse, "vm-1", "1", SkuMeter=meter, ConsumedQuantity=amount, **machine)
    machine["ConsumedUnit"] = "byte-seconds"
    for meter in ("A2 Instance Ram running in Americas", "SSD backed Local Storage"):
        bill(warehouse, "vm-1", "1", SkuMeter=meter, ConsumedQuantity="9e15", **machine)
    built(warehouse)

    assert lines(warehouse, "gpu_model", "gpu_hours") == [("A100 40GB", 8.0)]
    assert warehouse.row("select sum(cost + host_cost) from ledger.gpu_hour") == (Decimal(6),)


def test_a_machine_of_google_without_gpus_has_no_gpu_hours(warehouse):
    """N1 and C2 machines that a meter names whole are no machines with GPUs."""
    bill(warehouse, "vm-1", "1", SkuMeter="Online Prediction N1 standard 8", ConsumedUnit="Hours",
         ConsumedQuantity="24")  # fmt: skip
    bill(warehouse, "vm-2", "1", SkuMeter="C2 standard 8 VM", ConsumedUnit="Hours",
         ConsumedQuantity="24")  # fmt: skip
    built(warehouse)

    assert lines(warehouse, "node", "gpu_hours") == []


def test_a_day_on_which_a_job_is_billed_and_nobody_tells_of_it_has_the_hours_of_the_bill(warehouse):
    """A job is known by its last run alone; what it was billed for before is paid, unobserved."""
    place = "//aiplatform.googleapis.com/projects/p/locations/l/customJobs/nightly"
    meter = {"SkuMeter": "Training A2 highgpu 1g", "ConsumedUnit": "Hours"}
    job = a_job(
        source="vertex", job="nightly", kind="custom-job", resource_id=place,
        started_at=START + timedelta(days=2),
    )  # fmt: skip
    know(warehouse, "usage.gpu_job", job)
    bill(warehouse, place, "40", ConsumedQuantity="10", Tags='{"team": "risk"}', **meter)
    bill(warehouse, place, "8", day=START + timedelta(days=1))
    bill(warehouse, place, "48", day=START + timedelta(days=2), ConsumedQuantity="12", **meter)
    built(warehouse)

    assert lines(
        warehouse, "kind", "day", "team", "gpu_hours", "unobserved_gpu_hours", "idle_gpu_hours"
    ) == [
        ("custom-job", START.date() + timedelta(days=1), None, 0.0, 0.0, 0.0),
        ("custom-job", START.date() + timedelta(days=2), None, 12.0, 12.0, 0.0),
        ("instance", START.date(), "risk", 10.0, 10.0, 0.0),
    ]
    assert warehouse.row("select sum(cost + coalesce(host_cost, 0)) from ledger.gpu_hour") == (
        Decimal(96),
    )


def test_a_machine_is_whose_its_bill_names(warehouse):
    """Tags of a bare instance and of a sampled host name a team and a model; so do their GPUs."""
    tags = '{"team": "risk", "model": "churn", "model_version": "7"}'
    bill(warehouse, "i-9", "192", SkuPriceDetails=P4D, ConsumedQuantity="24", ConsumedUnit="Hrs",
         Tags=tags)  # fmt: skip
    bill(warehouse, "box", "6", Tags=tags)
    know(warehouse, "usage.gpu_sample", *samples([0.5] * 6))
    built(warehouse)

    assert lines(warehouse, "kind", "node", "team", "model", "model_version") == [
        ("host", "box", "risk", "churn", "7"),
        ("instance", "i-9", "risk", "churn", "7"),
    ]


def test_the_team_of_an_endpoint_is_that_of_its_bill(warehouse):
    """The registry says which model it serves; who pays for it, its tags say."""
    know(warehouse, "usage.endpoint", an_endpoint(seen_at=START + timedelta(hours=6)))
    arn = "arn:aws:sagemaker:eu-west-1:1:endpoint/chat"
    bill(warehouse, arn, "24", Tags='{"team": "risk", "model": "other"}')
    built(warehouse)

    assert lines(warehouse, "kind", "team", "model") == [("endpoint", "risk", "churn")]


def test_a_machine_of_two_owners_is_nobodys(warehouse):
    """One day, one machine, two teams on its bill: whose a GPU-hour was, nobody can say."""
    for team in ("risk", "growth"):
        bill(warehouse, "i-9", "96", SkuPriceDetails=P4D, ConsumedQuantity="12",
             ConsumedUnit="Hrs", Tags=f'{{"team": "{team}", "model": "churn"}}')  # fmt: skip
    built(warehouse)

    assert lines(warehouse, "team", "model", "gpu_hours") == [(None, "churn", 192.0)]


def test_a_billed_machine_is_paid_once_with_what_is_known_to_run_there(warehouse):
    """Of 192 GPU-hours jobs had 12; Slurm tells of them, so nobody asked for the rest."""
    know(warehouse, "usage.gpu_job", a_job(resource_id="i-9", team="risk", gpu_util_ratio=0.9))
    bill(warehouse, "i-9", "192", SkuPriceDetails=P4D, ConsumedQuantity="24", ConsumedUnit="Hrs")
    built(warehouse)

    assert lines(warehouse, "kind", "team", "gpu_hours", "unscheduled_gpu_hours") == [
        ("instance", None, 180.0, 180.0),
        ("slurm", "risk", 12.0, 0.0),
    ]
    assert warehouse.row("select sum(cost + coalesce(host_cost, 0)) from ledger.gpu_hour") == (
        Decimal(192),
    )


def test_a_node_on_the_bill_is_the_clusters_alone(warehouse):
    """The bill names the type of a node's machine too; it stands there once."""
    know(warehouse, "usage.node_hour", a_node(24, gpus=8))
    bill(warehouse, "i-1", "100", SkuPriceDetails=P4D, ConsumedQuantity="24", ConsumedUnit="Hrs")
    built(warehouse)

    assert warehouse.rows("select kind, sum(gpu_hours) from ledger.gpu_hour group by kind") == [
        ("cluster", 192.0)
    ]


def test_a_commitment_that_nothing_ran_on_is_its_own_kind(warehouse):
    """The unused part of a reservation of GPUs was paid for, and no machine had it."""
    bill(
        warehouse, "arn:aws:ec2:eu-west-1:1:reserved-instances/1", "40", SkuPriceDetails=P4D,
        CommitmentDiscountStatus="Unused", CommitmentDiscountQuantity="5",
        CommitmentDiscountUnit="Hours",
    )  # fmt: skip
    built(warehouse)

    assert warehouse.rows(
        "select step, gpu_hours, cost from ledger.gpu_waterfall where cost > 0 order by position"
    ) == [("paid", 40.0, Decimal(40)), ("commitment_unused", 40.0, Decimal(40))]


def test_slices_of_a_gpu_are_parts_of_it(warehouse):
    """Four slices with a quarter of its memory each fill a GPU, though not its seven sevenths."""
    know(warehouse, "usage.node_hour", a_node(gpus=1, gpu_model="NVIDIA-H100-80GB-HBM3"))
    know(
        warehouse,
        "usage.node",
        {"source": "k8s", "cluster": "prod", "node": "n1", "gpus": 1, "gpu_memory_gib": 80.0}
        | {"gpu_model": "NVIDIA-H100-80GB-HBM3", "gpu_sharing": "mig", "seen_at": START},
    )
    for name in "abcd":
        know(warehouse, "usage.pod_hour", a_pod(pod=name, gpu_request=1 / 7))
        know(
            warehouse,
            "usage.pod",
            {"source": "k8s", "cluster": "prod", "namespace": "ml", "pod": name, "node": "n1"}
            | {"gpu_resource": "nvidia.com/mig-1g.20gb", "gpu_request": 1.0, "seen_at": START},
        )
    built(warehouse)

    assert lines(warehouse, "gpu_hours", "unscheduled_gpu_hours")[0] == (1.0, 0.0)
    assert warehouse.row("select sum(gpu_hours) from ledger.gpu_hour") == (1.0,)


def test_figures_of_no_sense_stop_nothing(warehouse):
    """A shifted column fills every field with what belongs elsewhere; the rest is still counted."""
    know(warehouse, "usage.node_hour", a_node())
    know(warehouse, "usage.pod_hour", a_pod(gpu_request=1e300), a_pod(pod="p2", gpu_request=4.0))
    know(warehouse, "usage.gpu_job", a_job(gpus=1e9, gpu_hours=1e12, cpus=1e300, ram_gib=1e300))
    know(warehouse, "usage.gpu_job", a_job(job="8", cpus=1e300, ram_gib=1e300))
    know(warehouse, "usage.endpoint", an_endpoint(gpus=1e300))
    know(warehouse, "usage.endpoint_hour", serving(instances=1e300))
    bill(warehouse, "i-9", "1", SkuPriceDetails=P4D, ConsumedQuantity="99999999999999999",
         ConsumedUnit="Hrs")  # fmt: skip
    built(warehouse)

    assert warehouse.rows(
        "select kind, sum(gpu_hours) from ledger.gpu_hour where kind in ('cluster', 'slurm') "
        "group by kind order by kind"
    ) == [("cluster", 4.0), ("slurm", 12.0)]
