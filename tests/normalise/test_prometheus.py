"""normalise.prometheus: hours as a real Prometheus tells them, against a known truth."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from builders.bills import csv_text
from builders.prometheus import HOUR, History, a_gpu, a_node, a_pod
from quaestor import pipeline
from quaestor.collect import collector
from quaestor.collect.landing import Landing
from quaestor.collect.objects import land_objects
from quaestor.collect.prometheus_queries import FACTS, OPTIONAL
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.config import Config, parse_config
from quaestor.core.sources import PrometheusSource
from quaestor.normalise import prometheus
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

START = datetime(2025, 3, 3)
FIRST, SECOND, THIRD = (START + timedelta(hours=number) for number in range(3))
SOURCE = PrometheusSource(name="metrics", url="http://127.0.0.1:9", cluster="prod", days=1)


class Known:
    """A warehouse that knows a history, and what could not be seen."""

    def __init__(self, landing: Landing, source: PrometheusSource = SOURCE) -> None:
        manifest = landing.current()
        assert manifest
        self.warehouse = Warehouse(":memory:")
        self.job = Job(source, manifest, landing.root, "USD", lambda _: None)
        self.spots: list[BlindSpot] = prometheus.load(self.warehouse, self.job)

    def rows(self, table: str, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
        """Return columns of a table of `usage`."""
        return self.warehouse.rows(
            f"select {columns} from usage.{table} where {where} order by all"
        )

    def record(self, table: str, where: str) -> dict[str, Any]:
        """Return the one row, without what is unknown."""
        (row,) = self.warehouse.records(f"from usage.{table} where {where}")
        return {name: value for name, value in row.items() if value is not None}

    def told(self, scope: str) -> list[str]:
        """Return the reasons of blind spots whose scope has this text."""
        return [spot.reason for spot in self.spots if scope in spot.scope]


@pytest.fixture
def know(prometheus_servers, tmp_path: Path) -> Callable[..., Known]:
    """Return what is known of a history, collected from a Prometheus that has it."""
    numbers = itertools.count()

    def known(*histories: History, start: Callable = prometheus_servers, **keys: Any) -> Known:
        server = start(*histories)
        landing = Landing(tmp_path / f"landing-{next(numbers)}", "metrics")
        usual = {"url": server.url, "cluster": "prod", "days": 1, "container_days": 0}
        source = PrometheusSource(name="metrics", **{**usual, **keys})
        now = START + timedelta(hours=histories[0].hours, minutes=10)
        collector("prometheus").collect(source, Config(), landing, now=now, progress=lambda _: None)
        server.server.stop()
        return Known(landing, source)

    return known


def a_history(hours: float = 3) -> History:
    """Some hours of a node with two GPUs and one without."""
    history = History(START, hours)
    a_node(history, "n1", "aws:///eu-central-1a/i-0abc", gpus=2)
    a_node(history, "n2", "aws:///eu-central-1a/i-0def")
    return history


def test_the_hours_are_the_truth(know):
    """Every column of a node, a pod and a GPU, as it was put in."""
    history = a_history()
    a_pod(history, "ml", "train-0", "n1", gpus=2, labels={"team": "nlp", "model": "churn"})
    for index, used in enumerate((40.0, 60.0)):
        a_gpu(history, "n1", index, used=used, exported_namespace="ml", exported_pod="train-0")
    history.add("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", 0.25, UUID="GPU-n1-0", gpu="0", Hostname="n1",
                modelName="NVIDIA A10G", instance="10.0.0.1:9400", exported_namespace="ml",
                exported_pod="train-0")  # fmt: skip
    known = know(history)
    what = {"source": "metrics", "cluster": "prod", "hour": SECOND}

    assert known.record("node_hour", f"node = 'n1' and hour = '{SECOND}'") == {
        **what, "node": "n1", "provider_id": "i-0abc", "instance_type": "g5.12xlarge",
        "region": "eu-central-1", "cpu_cores": 16.0, "ram_gib": 64.0,
        "gpu_model": "NVIDIA-A10G", "gpus": 2, "up_ratio": 1.0,
    }  # fmt: skip
    assert known.record("pod_hour", f"hour = '{SECOND}'") == {
        **what, "namespace": "ml", "pod": "train-0", "node": "n1",
        "cpu_request_cores": 2.0, "cpu_used_cores": 0.5, "ram_request_gib": 8.0,
        "ram_used_gib": 4.0, "gpu_request": 2.0, "gpu_used_ratio": 0.5, "up_ratio": 1.0,
        "labels": '{"model":"churn","team":"nlp"}', "gpu_tensor_ratio": 0.25,
        "gpu_memory_used_gib": 24.0, "gpu_energy_kwh": 0.3,
        "network_received_gib": 3600 / 1024, "network_sent_gib": 1800 / 1024,
    }  # fmt: skip
    assert known.record("gpu_device_hour", f"hour = '{SECOND}' and gpu_index = 0") == {
        **what, "node": "n1", "gpu_uuid": "GPU-n1-0", "gpu_index": 0,
        "gpu_model": "NVIDIA A10G", "namespace": "ml", "pod": "train-0", "used_ratio": 0.4,
        "tensor_ratio": 0.25, "memory_used_gib": 12.0, "memory_gib": 24.0, "power_watts": 150.0,
        "energy_kwh": 0.15, "observed_ratio": 1.0,
    }  # fmt: skip
    assert known.rows("pod_hour", "distinct hour") == [(FIRST,), (SECOND,), (THIRD,)]
    assert known.spots == []


def test_a_pod_is_up_for_a_part_of_an_hour(know):
    """What it used is an average over the time that it ran, not over the hour."""
    history = a_history()
    a_pod(history, "ml", "half", "n2", between=(1.25, 1.75))
    known = know(history)

    assert known.rows("pod_hour", "hour, up_ratio, round(cpu_used_cores, 9), ram_used_gib") == [
        (SECOND, 0.5, 0.5, 4.0)
    ]


def test_a_pod_that_lives_three_seconds_used_an_unknown_amount(know):
    """One sample makes no rate: unknown, never 0; that it was there is known."""
    history = a_history()
    a_pod(history, "ml", "blink", "n2", between=(1.25, 1.25 + 1 / 60))
    known = know(history)

    assert known.rows("pod_hour", "pod, up_ratio, cpu_used_cores, ram_used_gib") == [
        ("blink", 1 / 60, None, 4.0)
    ]


def test_a_pod_that_has_ended_holds_nothing(know):
    """kube-state-metrics lists a finished job until somebody deletes it."""
    history = a_history()
    job = {"namespace": "ml", "pod": "job", "instance": "10.0.0.9:8080"}
    history.add("kube_pod_info", 1, node="n1", host_network="false", **job)
    history.add("kube_pod_container_resource_requests", 2, node="n1", container="main",
                resource="nvidia_com_gpu", unit="integer", **job)  # fmt: skip
    for phase, runs in (("Running", True), ("Succeeded", False)):
        history.add(
            "kube_pod_status_phase", lambda s, runs=runs: float((s <= HOUR * 1.5) == runs),
            phase=phase, **job,
        )  # fmt: skip
    known = know(history)

    assert known.rows("pod_hour", "hour, gpu_request, up_ratio") == [
        (FIRST, 2.0, 1.0),
        (SECOND, 2.0, 0.5),
    ]


def test_a_pod_that_waits_for_a_node_holds_nothing(know):
    """Pending and not placed: no row."""
    history = a_history()
    job = {"namespace": "ml", "pod": "waits", "instance": "10.0.0.9:8080"}
    history.add("kube_pod_info", 1, node="", **job)
    history.add("kube_pod_status_phase", 1, phase="Pending", **job)

    assert know(history).rows("pod_hour", "pod") == []


def test_a_silent_exporter_is_unobserved(know):
    """No sample, no ratio; half an hour of samples is half observed, and their own average."""
    history = a_history()
    a_pod(history, "ml", "train-0", "n1", gpus=1)
    for between in ((0, 1), (1.5, 2)):
        a_gpu(history, "n1", 0, between=between, namespace="ml", pod="train-0")
    known = know(history)

    assert known.rows("pod_hour", "hour, gpu_request, gpu_used_ratio, gpu_energy_kwh") == [
        (FIRST, 1.0, 0.5, 0.15),
        (SECOND, 1.0, 0.5, 0.15),  # a counter goes on while nobody listens
        (THIRD, 1.0, None, None),
    ]
    assert known.rows("gpu_device_hour", "hour, observed_ratio") == [(FIRST, 1.0), (SECOND, 0.5)]


def test_a_silent_cluster_was_not_down(know):
    """kube-state-metrics is heard for half an hour: what it lists then was up, for all we know."""
    history = History(START, 3)
    a_node(history, "n1", "aws:///z/i-1", gpus=1)
    for lines in history.lines.values():
        lines[:] = [
            line for line in lines if not 5400 < int(line.split()[-1]) - history.epoch <= 7200
        ]
    known = know(history)

    assert known.rows("node_hour", "up_ratio") == [(1.0,), (1.0,), (1.0,)]


def test_counters_that_start_again_lose_nothing(know):
    """A container and an exporter restart in mid hour: what they counted adds up."""
    history = a_history()
    a_pod(history, "ml", "web", "n1")
    again = {"namespace": "ml", "pod": "restarts", "node": "n1", "container": "main"}
    history.add("container_cpu_usage_seconds_total", lambda s: 0.5 * (s % 5400), **again)
    a_gpu(history, "n1", 0)
    history.lines["DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"].clear()
    device = {"gpu": "0", "UUID": "GPU-n1-0", "Hostname": "n1", "modelName": "NVIDIA A10G",
              "instance": "10.0.0.1:9400"}  # fmt: skip
    history.add("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", lambda s: 150_000.0 * (s % 5400), **device)
    known = know(history)
    ((cpu,),) = known.rows("pod_hour", "cpu_used_cores", f"pod = 'restarts' and hour = '{SECOND}'")
    ((energy,),) = known.rows("gpu_device_hour", "energy_kwh", f"hour = '{SECOND}'")

    assert cpu == pytest.approx(0.5, rel=0.02)
    assert energy == pytest.approx(0.15, rel=0.02)


def test_prometheus_restarts_in_the_middle(know):
    """Ten minutes without samples: rates go through the gap, averages are of what is there."""
    history = a_history()
    a_pod(history, "ml", "web", "n1", gpus=1)
    a_gpu(history, "n1", 0, namespace="ml", pod="web")
    for lines in history.lines.values():
        lines[:] = [
            line for line in lines if not 4800 < int(line.split()[-1]) - history.epoch <= 5400
        ]
    known = know(history)

    assert known.rows(
        "pod_hour", "cpu_used_cores, ram_used_gib, gpu_used_ratio, up_ratio", f"hour = '{SECOND}'"
    ) == [(0.5, 4.0, 0.5, 1.0)]
    assert known.rows("gpu_device_hour", "observed_ratio", f"hour = '{SECOND}'") == [(50 / 60,)]


@pytest.mark.parametrize(
    "labels",
    [
        {"exported_namespace": "ml", "exported_pod": "train-0", "namespace": "gpu-operator",
         "pod": "nvidia-dcgm-exporter-x1"},
        {"namespace": "ml", "pod": "train-0"},
        {"namespace": "ml", "pod": "train-0", "node": "n1", "Hostname": "nvidia-dcgm-exporter-x1"},
        {"namespace": "ml", "pod": "train-0", "Hostname": "", "instance": "n1:9400"},
        {"namespace": "ml", "pod": "train-0", "Hostname": "", "kubernetes_node": "n1"},
    ],
)  # fmt: skip
def test_labels_of_gpus_have_many_spellings(know, labels):
    """Whose work it is, and on which node: the same, whatever relabelling made of it."""
    history = a_history(1)
    a_pod(history, "ml", "train-0", "n1", gpus=1)
    a_gpu(history, "n1", 0, **labels)
    known = know(history)

    assert known.rows("gpu_device_hour", "node, namespace, pod") == [("n1", "ml", "train-0")]
    assert known.rows("pod_hour", "gpu_used_ratio") == [(0.5,)]


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {"namespace": "gpu-operator", "pod": "nvidia-dcgm-exporter-x1"},
        {"namespace": "monitoring", "pod": "exporter", "container": "nvidia-dcgm-exporter"},
    ],
)
def test_a_gpu_without_a_pod_is_nobodys(know, labels):
    """The exporter itself does no work; the pod's ratio is unknown, and that is told."""
    history = a_history(1)
    a_pod(history, "ml", "train-0", "n1", gpus=1)
    a_gpu(history, "n1", 0, **labels)
    known = know(history)

    assert known.rows("gpu_device_hour", "namespace, pod, used_ratio") == [(None, None, 0.5)]
    assert known.rows("pod_hour", "pod, gpu_used_ratio") == [("train-0", None)]
    assert known.told("gpu_used_ratio") == [
        (
            "1 pod-hours with GPUs are unobserved, and for 1 GPU-hours in use the exporter does "
            "not say whose work they are"
        )
    ]


def test_a_pod_that_holds_all_gpus_of_a_node_does_their_work(know):
    """An exporter that names no pod leaves no doubt then; two pods, or half an hour, would."""
    history = a_history(2)
    a_pod(history, "ml", "train-0", "n1", gpus=2, between=(0, 1.5))
    for index, used in enumerate((40.0, 60.0)):
        a_gpu(history, "n1", index, used=used)
    known = know(history)

    assert known.rows("pod_hour", "hour, gpu_used_ratio, gpu_energy_kwh") == [
        (FIRST, 0.5, 0.3),
        (SECOND, None, None),
    ]


def test_a_gpu_that_changes_hands_has_a_row_for_each(know):
    """The hour's energy and time are divided as they were measured."""
    history = a_history(1)
    for name, between in (("a", (0, 0.25)), ("b", (0.25, 1))):
        a_pod(history, "ml", name, "n1", gpus=1, between=between)
        a_gpu(history, "n1", 0, used=80.0, between=between, namespace="ml", pod=name)
    known = know(history)

    assert known.rows("gpu_device_hour", "pod, observed_ratio, used_ratio") == [
        ("a", 0.25, 0.8),
        ("b", 0.75, 0.8),
    ]
    assert known.rows("pod_hour", "pod, up_ratio, round(gpu_used_ratio, 9)") == [
        ("a", 0.25, 0.8),
        ("b", 0.75, 0.8),
    ]


def test_engine_activity_counts_before_utilisation(know):
    """Where both are there; a node whose exporter has only the percentage is read by that."""
    history = a_history(1)
    a_gpu(history, "n1", 0, used=100.0)
    a_gpu(history, "n2", 0, used=100.0)
    history.add("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0.125, gpu="0", UUID="GPU-n1-0", Hostname="n1",
                instance="10.0.0.1:9400", modelName="NVIDIA A10G")  # fmt: skip
    known = know(history)

    assert known.rows("gpu_device_hour", "node, used_ratio") == [("n1", 0.125), ("n2", 1.0)]


@pytest.mark.parametrize(
    ("offered", "asked", "gpus", "share"),
    [
        ({"nvidia_com_gpu": 8}, {"nvidia_com_gpu": 3}, 8, 3.0),
        ({"amd_com_gpu": 4}, {"amd_com_gpu": 1}, 4, 1.0),
        ({"nvidia_com_gpu": 32}, {"nvidia_com_gpu": 2}, 8, 0.5),  # each GPU shared by four
        ({"nvidia_com_gpu_shared": 32}, {"nvidia_com_gpu_shared": 2}, 8, 0.5),
        ({"nvidia_com_mig_1g_5gb": 56}, {"nvidia_com_mig_1g_5gb": 7}, 8, 1.0),
        ({"nvidia_com_mig_3g_20gb": 16}, {"nvidia_com_mig_3g_20gb": 1}, 8, 0.5),
        ({"nvidia_com_gpu": 4, "nvidia_com_mig_1g_5gb": 28}, {"nvidia_com_gpu": 1}, 8, 1.0),
    ],
)
def test_requests_are_in_physical_gpus(know, offered, asked, gpus, share):
    """MIG devices and time slices are shares of what is paid for."""
    history = History(START, 1)
    a_node(history, "n1", "aws:///z/i-1")
    history.lines["kube_node_labels"].clear()
    history.add("kube_node_labels", 1, node="n1", label_nvidia_com_gpu_count=str(gpus))
    for resource, value in offered.items():
        history.add("kube_node_status_capacity", value, node="n1", resource=resource)
    a_pod(history, "ml", "p", "n1")
    for resource, value in asked.items():
        history.add("kube_pod_container_resource_requests", value, namespace="ml", pod="p",
                    container="main", node="n1", resource=resource)  # fmt: skip
    known = know(history)

    assert known.rows("node_hour", "gpus") == [(gpus,)]
    assert known.rows("pod_hour", "gpu_request") == [(share,)]


def test_mig_devices_are_told_apart_and_counted_by_their_gpu(know):
    """Without the label of the count: as many GPUs as DCGM shows."""
    history = History(START, 1)
    a_node(history, "n1", "aws:///z/i-1")
    history.add("kube_node_status_capacity", 4, node="n1", resource="nvidia_com_mig_3g_20gb")
    for index, instance in itertools.product((0, 1), ("1", "2")):
        a_gpu(history, "n1", index, GPU_I_ID=instance, GPU_I_PROFILE="3g.20gb")
    known = know(history)

    assert known.rows("node_hour", "gpus") == [(2,)]
    assert known.rows("gpu_device_hour", "gpu_uuid, mig_profile")[:2] == [
        ("GPU-n1-0/1", "3g.20gb"),
        ("GPU-n1-0/2", "3g.20gb"),
    ]


def test_gpus_that_change_within_an_hour_are_told(know):
    """One falls off: the machine is paid for both, and somebody should look."""
    history = a_history()
    history.lines["kube_node_status_capacity"] = [
        line for line in history.lines["kube_node_status_capacity"] if "gpu" not in line
    ]
    history.add("kube_node_status_capacity", lambda s: 2 if s < HOUR * 1.5 else 1, node="n1",
                resource="nvidia_com_gpu")  # fmt: skip
    known = know(history)

    assert known.rows("node_hour", "gpus", "node = 'n1'") == [(1,), (2,), (2,)]
    assert known.told("node n1") == [
        "its number of GPUs changed within 1 hour; the most it had is taken as what is paid"
    ]


def test_a_pod_of_two_nodes_in_one_hour(know):
    """A StatefulSet's pod moves: a row for each node, the measured ones where it was longer."""
    history = a_history(1)
    a_pod(history, "ml", "db-0", "n1", between=(0, 0.25))
    a_pod(history, "ml", "db-0", "n2", between=(0.25, 1))
    known = know(history)

    assert known.rows("pod_hour", "node, up_ratio, round(cpu_used_cores, 9), ram_used_gib") == [
        ("n1", 0.25, None, None),
        ("n2", 0.75, 0.5, 4.0),
    ]


def test_a_node_that_is_replaced_under_its_name(know):
    """The machine that was there longer has the hour."""
    history = History(START, 1)
    for machine, between in (("i-1", (0, 0.25)), ("i-2", (0.25, 1))):
        history.add(
            "kube_node_info", 1, between=between, node="n1", provider_id=f"aws:///z/{machine}"
        )
    known = know(history)

    assert known.rows("node_hour", "node, provider_id, up_ratio") == [("n1", "i-2", 1.0)]


@pytest.mark.parametrize(
    ("told", "billed"),
    [
        ("aws:///us-east-1a/i-0abc", "i-0abc"),
        (
            (
                "azure:///subscriptions/S/resourceGroups/RG/providers/Microsoft.Compute"
                "/virtualMachineScaleSets/pool/virtualMachines/3"
            ),
            (
                "/subscriptions/s/resourcegroups/rg/providers/microsoft.compute"
                "/virtualmachinescalesets/pool"
            ),
        ),
        ("oci://ocid1.instance.oc1.x", "ocid1.instance.oc1.x"),
        ("metal://rack-7", "metal://rack-7"),
    ],
)
def test_a_machine_is_called_as_bills_call_it(know, told, billed):
    """So that a node meets its charges by ResourceId."""
    history = History(START, 1)
    a_node(history, "n1", told)

    assert know(history).rows("node_hour", "provider_id") == [(billed,)]


def test_the_machines_own_network_is_not_the_pods(know):
    """A pod on the host's network shows what the whole machine sent."""
    history = a_history(1)
    a_pod(history, "ml", "proxy", "n2")
    history.lines["kube_pod_info"] = [
        line.replace('host_network="false"', 'host_network="true"')
        for line in history.lines["kube_pod_info"]
    ]
    known = know(history)

    assert known.rows("pod_hour", "cpu_used_cores, network_received_gib, network_sent_gib") == [
        (0.5, None, None)
    ]


def test_what_nobody_measures_is_told(know):
    """Only nodes: every other fact that a figure is made of is a blind spot with its remedy."""
    known = know(a_history(1))
    scopes = {spot.scope.partition(",")[0].partition(":")[0] for spot in known.spots}

    assert scopes == {
        "pod_hour.cpu_used_cores", "pod_hour.ram_used_gib", "pod_hour", "pod_hour.up_ratio",
        "pod_hour.node", "pod_hour.labels", "gpu_device_hour.used_ratio",
    }  # fmt: skip
    assert set(prometheus._FACTS) == set(FACTS) - set(OPTIONAL)
    assert all(spot.fix for spot in known.spots)
    assert known.told("cpu_used") == [
        "there is no metric container_cpu_usage_seconds_total, so that it is unobserved"
    ]


def test_a_healthy_cluster_leaves_nothing_unseen(know):
    """Without DCP counters, framebuffer, power, network and labels of nodes it is one."""
    history = a_history(1)
    a_pod(history, "ml", "train-0", "n1", gpus=2, labels={"team": "nlp"})
    for index in range(2):
        a_gpu(history, "n1", index, exported_namespace="ml", exported_pod="train-0")
    for kind in OPTIONAL:
        for metric in FACTS[kind]:
            history.lines.pop(metric, None)

    assert know(history).spots == []


def test_days_without_any_sample_are_told_once(know):
    """Older than what the server keeps: not a word about labels, nor one for each metric."""
    known = know(a_history(1), since=date(2025, 2, 1), until=date(2025, 2, 2))

    assert [(spot.scope, spot.reason) for spot in known.spots] == [
        ("all", "the days that were asked for hold no sample of any metric that we read")
    ]


def test_what_is_scraped_twice_counts_once(know):
    """By the kubelet's other path, by a second Prometheus, by a second job."""
    history = a_history(2)
    a_pod(history, "serving", "llm-0", "n1", gpus=1)
    a_gpu(history, "n1", 0, exported_namespace="serving", exported_pod="llm-0")
    served = {"namespace": "serving", "pod": "llm-0", "model_name": "llama", "instance": "i"}
    history.count("vllm:request_success_total", 2.0, job="pods", **served)
    once = know(history)
    for metric, twice in (
        ("container_cpu_usage_seconds_total", 'metrics_path="/metrics/resource"'),
        ("container_network_receive_bytes_total", 'prometheus_replica="b"'),
        ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", 'service="dcgm"'),
        ("vllm:request_success_total", 'metrics_path="again"'),
    ):
        lines = history.lines[metric]
        lines += [line.replace("}", f",{twice}}}") for line in lines]
    again = know(history)

    for table in ("pod_hour", "gpu_device_hour", "endpoint_hour"):
        assert again.rows(table, "*") == once.rows(table, "*")
        assert once.rows(table, "*")


def test_a_cluster_without_gpus_misses_no_exporter_of_gpus(know):
    """Nobody is told to install what they have no use for."""
    history = History(START, 1)
    a_node(history, "n1", "aws:///z/i-1")

    assert [spot.scope for spot in know(history).spots if "gpu" in spot.scope] == []


def test_a_renamed_metric_is_offered(know):
    """A recording rule or a prefix hides it from us: its name is told."""
    history = a_history(1)
    history.count(
        "acme:container_cpu_usage_seconds_total", 1, pod="p", namespace="ml", container="c"
    )

    assert know(history).told("cpu_used") == [
        (
            "there is no metric container_cpu_usage_seconds_total "
            "(acme:container_cpu_usage_seconds_total looks like it), so that it is unobserved"
        )
    ]


def test_other_labels_are_told(know):
    """Kubernetes before 1.16 had pod_name and container_name: the metric is there, and unread."""
    history = a_history(1)
    history.count("container_cpu_usage_seconds_total", 1, pod_name="p", namespace="ml",
                  container_name="c")  # fmt: skip

    assert know(history).told("cpu_used") == [
        (
            "no series of container_cpu_usage_seconds_total with the labels we read has come, so "
            "that it is unobserved"
        )
    ]


def test_labels_that_are_not_shown_are_told(know):
    """kube-state-metrics shows no label unless it is told to: then nobody knows the team."""
    history = a_history(1)
    a_pod(history, "ml", "web", "n2")
    known = know(history)

    assert known.rows("pod_hour", "labels") == [(None,)]
    assert known.told("labels") == ["kube_pod_labels shows no label of any pod"]


def test_hostile_names_are_names(know):
    """Quotes, line breaks, markup, emoji and ten kilobytes."""
    names = ["<img src=x onerror=alert(1)>", "a\"b\\c\n'; drop table usage.pod_hour; --", "🤖"]
    history = a_history(1)
    for name in names:
        a_pod(history, name, name, "n2", labels={"team": name, "note": "x" * 10_000})
    known = know(history)

    assert sorted(
        known.rows("pod_hour", "namespace, pod, labels ->> 'team', length(labels) > 10000")
    ) == sorted((name, name, name, True) for name in names)


def test_loading_twice_changes_nothing_and_others_are_left_alone(know):
    """A source replaces its own rows only."""
    history = a_history(1)
    a_pod(history, "ml", "web", "n2")
    known = know(history)
    known.warehouse.run(
        "insert into usage.pod_hour by name "
        "select * replace ('other' as source) from usage.pod_hour"
    )
    before = known.rows("pod_hour", "*")
    prometheus.load(known.warehouse, known.job)

    assert known.rows("pod_hour", "*") == before
    assert len(before) == 2


def test_victoriametrics_tells_the_same(know, victoria_metrics):
    """Another server of the same API: nodes, pods, GPUs and endpoints are equal, row for row."""
    history = a_history(2)
    a_pod(history, "ml", "train-0", "n1", gpus=2, labels={"team": "nlp"})
    a_gpu(history, "n1", 0, exported_namespace="ml", exported_pod="train-0")
    a_pod(history, "serving", "llm-0", "n2")
    served = {"namespace": "serving", "pod": "llm-0", "model_name": "llama"}
    history.count("vllm:request_success_total", 2.0, **served)
    for le in ("0.5", "+Inf"):
        history.count("vllm:e2e_request_latency_seconds_bucket", 2.0, le=le, **served)
    # Its first hour begins with a counter's first sample, which it takes as a step from zero.
    second = f"hour = '{SECOND}'"
    told = [
        {table: each.rows(table, "*", second) for table in prometheus.HOURLY}
        for each in (know(history), know(history, start=victoria_metrics))
    ]

    assert told[0] == told[1]
    assert all(told[0].values())


def of_lines(folder: Path, *lines: dict[str, Any]) -> Known:
    """What is known of series as they could be landed."""
    landing = Landing(folder / "landing", "metrics")
    file = land_objects(landing, "prod 2025-03-03 2025-03-03", "series", lines)
    landing.snapshot([file], kind="prometheus", schema="prometheus", now=START)
    return Known(landing)


def series(kind: str, *values: str, at: datetime = FIRST, **labels: str) -> dict[str, Any]:
    """A series with a value at the end of each hour."""
    end = (at - datetime(1970, 1, 1)).total_seconds() + HOUR
    return {
        "kind": kind,
        "metric": labels,
        "values": [[end + number * HOUR, value] for number, value in enumerate(values)],
    }


def test_values_that_cannot_be_read_are_no_silence(tmp_path):
    """The samples are there: what is wrong with them is told, and not that there are none."""
    landing = Landing(tmp_path, "metrics")
    fact = {"fact": "pod_cpu", "metrics": ["cpu"], "present": ["cpu"], "near": []}
    files = [
        land_objects(landing, "prod", "metrics", [{"facts": [fact]}]),
        land_objects(landing, "prod 2025-03-03 2025-03-03", "series", [series("pod_cpu", "-1")]),
    ]
    landing.snapshot(files, kind="prometheus", schema="prometheus", now=START)
    known = Known(landing)

    assert known.told("all") == []
    assert known.told("cpu") == [
        "no series of cpu with the labels we read has come, so that it is unobserved"
    ]
    assert len(known.spots) == 2


def test_what_cannot_be_read_is_kept_aside(tmp_path):
    """Line by line with its reason, counted; the good hours of the same series are loaded."""
    device = {"UUID": "GPU-1", "gpu": "0", "Hostname": "n1"}
    known = of_lines(
        tmp_path,
        series("gpu_used", "0.5", "50", "NaN", **device),
        series("pod_cpu", "1", namespace="ml"),
        series("pod_cpu", "-1", namespace="ml", pod="p"),
        series("node_info", "+Inf", node="n1"),
        series("gpu_used", "0.5", Hostname="n1"),
        series("pod_ram", "1", at=FIRST + timedelta(minutes=30), namespace="ml", pod="q"),
        {"nothing": "of this"},
    )

    assert known.warehouse.rows("select row_number, reason from quarantine.row order by 1") == [
        (1, "the value 50 is no ratio in [0, 1] (2 hours from 2025-03-03 01:00)"),
        (2, "the series has no label pod"),
        (3, "the value -1 is negative (1 hour from 2025-03-03 00:00)"),
        (4, "the value +Inf is no number (1 hour from 2025-03-03 00:00)"),
        (5, "the series has no label UUID or gpu"),
        (6, "a time is not the end of an hour (1 hour from 2025-03-03 00:30)"),
        (7, "the line names no kind of fact"),
    ]
    assert known.rows("gpu_device_hour", "hour, used_ratio") == [(FIRST, 0.5)]
    assert [spot.rows for spot in known.spots] == [7]


def test_a_cluster_without_state_metrics_has_pods_without_nodes(know):
    """Only cAdvisor: what was used is known, where and for how long is not."""
    history = History(START, 1)
    history.count("container_cpu_usage_seconds_total", 0.5, namespace="ml", pod="p", container="c")
    known = know(history)

    assert known.rows("pod_hour", "pod, node, cpu_used_cores, gpu_request, up_ratio") == [
        ("p", None, 0.5, None, None)
    ]
    assert known.rows("node_hour", "node") == []


SERVERS: dict[str, dict[str, float]] = {
    "vllm": {"vllm:request_success_total": 2, "vllm:prompt_tokens_total": 200,
             "vllm:generation_tokens_total": 100},
    "tgi": {"tgi_request_count": 2, "tgi_request_failure": 0.5,
            "tgi_request_input_length_sum": 200, "tgi_request_generated_tokens_sum": 100},
    "triton": {"nv_inference_request_success": 1.5, "nv_inference_request_failure": 0.5},
    "kserve": {"request_predict_seconds_count": 2},
}  # fmt: skip


@pytest.mark.parametrize("server", SERVERS)
def test_servers_of_models_count(know, server):
    """Requests, tokens and failures of two pods that serve one model, added up."""
    history = a_history(2)
    label = "model" if server == "triton" else "model_name"
    for number in range(2):
        a_pod(history, "serving", f"llm-{number}", "n1", cpu=1)
        for metric, rate in SERVERS[server].items():
            history.count(metric, rate / 2, namespace="serving", pod=f"llm-{number}",
                          instance=f"10.1.0.{number}:8000", **{label: "llama"})  # fmt: skip
    known = know(history)
    tokens = server in ("vllm", "tgi")
    failures = {"tgi": 1800.0, "triton": 1800.0}.get(server)

    assert known.rows(
        "endpoint_hour",
        "endpoint, requests, input_tokens, output_tokens, instances, errors, cpu_used_ratio, tags",
        f"hour = '{SECOND}'",
    ) == [
        (
            *("prod/serving/Deployment/web", 7200.0, 720_000.0 if tokens else None),
            *(360_000.0 if tokens else None, 2.0, failures, 0.5),
            f'{{"server":"{server}","model":"llama"}}',
        )
    ]


def test_an_endpoint_is_called_after_its_inference_service(know):
    """One pod that counts by two servers counts once; its GPUs and times go with it."""
    history = a_history(1)
    a_pod(history, "serving", "llm-0", "n1", gpus=1,
          labels={"serving_kserve_io_inferenceservice": "chat"})  # fmt: skip
    a_gpu(history, "n1", 0, used=30.0, exported_namespace="serving", exported_pod="llm-0")
    served = {"namespace": "serving", "pod": "llm-0", "model_name": "llama"}
    history.count("vllm:request_success_total", 1.0, finished_reason="stop", **served)
    history.count("vllm:request_success_total", 1.0, finished_reason="length", **served)
    history.count("request_predict_seconds_count", 2.0, **served)
    for le, share in (("0.1", 0.5), ("0.5", 0.95), ("1", 1), ("+Inf", 1)):
        history.count("vllm:e2e_request_latency_seconds_bucket", 2.0 * share, le=le, **served)
    known = know(history)

    assert known.rows(
        "endpoint_hour", "endpoint, requests, instances, gpu_used_ratio, round(latency_p95_ms, 6)"
    ) == [("prod/serving/InferenceService/chat", 7200.0, 1.0, 0.3, 500.0)]


def test_a_server_without_requests_is_observed_zero(know):
    """Its counter stands still: nobody asked. A silent one has no row, and its p95 is unknown."""
    history = a_history(2)
    served = {"namespace": "serving", "pod": "llm-0", "model_name": "llama", "instance": "i"}
    history.add("vllm:request_success_total", 7, between=(0, 1), **served)
    history.add("vllm:e2e_request_latency_seconds_bucket", 7, between=(0, 1), le="+Inf", **served)
    known = know(history)

    assert known.rows("endpoint_hour", "hour, requests, latency_p95_ms") == [(FIRST, 0.0, None)]
    assert math.isclose(known.rows("endpoint_hour", "instances")[0][0], 1.0)


def test_pods_meet_the_bill_by_their_machine(prometheus_servers, tmp_path: Path):
    """Collect, build, ledger: pod, node, provider id, ResourceId, charge; to the last digit."""
    history = History(START, 24)
    a_node(history, "n1", "aws:///eu-central-1a/i-0abc", gpus=4)
    a_pod(history, "ml", "train-0", "n1", gpus=2, labels={"team": "nlp", "model": "churn"})
    a_pod(history, "ml", "sleeps", "n1", gpus=1, labels={"team": "vision", "model": "ocr"})
    for index, (pod, used) in enumerate((("train-0", 40.0), ("train-0", 60.0), ("sleeps", 1.0))):
        a_gpu(history, "n1", index, used=used, exported_namespace="ml", exported_pod=pod)
    a_gpu(history, "n1", 3, used=0.0)
    charge = {
        "BilledCost": "96.03", "EffectiveCost": "96.03", "ResourceId": "i-0abc",
        "BillingPeriodStart": "2025-03-01T00:00:00Z", "BillingPeriodEnd": "2025-04-01T00:00:00Z",
        "ChargePeriodStart": "2025-03-03T00:00:00Z", "ChargePeriodEnd": "2025-03-04T00:00:00Z",
    }  # fmt: skip
    (tmp_path / "bill.csv").write_text(csv_text(charge))
    text = f"""
    sources:
      - {{name: bill, kind: files, path: bill.csv}}
      - {{name: metrics, kind: prometheus, url: "{prometheus_servers(history).url}", cluster: prod,
          since: 2025-03-03}}
    """
    config = parse_config(text, tmp_path, {})
    now = START + timedelta(hours=24, minutes=10)
    failures = pipeline.collect(config, now=now, progress=lambda _: None)
    path = tmp_path / "w.duckdb"
    pipeline.build(config, path, now=now, progress=lambda _: None)

    assert failures == []
    with Warehouse(path, read_only=True) as warehouse:
        assert warehouse.rows(
            """
            select team, model, provider_id, gpu_model, gpu_hours, used_gpu_hours, idle_gpu_hours,
                unobserved_gpu_hours, (cost + host_cost)::decimal(9, 4)::varchar,
                idle_cost = cost
            from ledger.gpu_hour order by team nulls last
            """
        ) == [
            ("nlp", "churn", "i-0abc", "NVIDIA-A10G", 48.0, 24.0, 0.0, 0.0, "48.0150", False),
            ("vision", "ocr", "i-0abc", "NVIDIA-A10G", 24.0, 0.24, 24.0, 0.0, "24.0075", True),
            (None, None, "i-0abc", "NVIDIA-A10G", 24.0, 0.0, 24.0, 0.0, "24.0075", True),
        ]
