"""Containers as a real Prometheus sums them up, against a known truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from builders.between import Between, in_between
from builders.bills import NOW
from builders.prometheus import HOUR, History, Prometheus
from quaestor.collect import collector
from quaestor.collect.landing import Landing
from quaestor.collect.objects import land_objects
from quaestor.core.config import Config
from quaestor.core.errors import PartlyReadError, QuaestorError
from quaestor.core.sources import PrometheusSource
from quaestor.normalise import prometheus
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

START = datetime(2025, 3, 3)
HOURS = 24  # of which the last five are held out
HELD = 19
LOOK = START + timedelta(hours=HOURS, minutes=10)
KSM = {"job": "kube-state-metrics", "instance": "10.0.0.9:8080"}
GIB = 2**30


def used(history: History, pod: str, rates: list[tuple[float, float, float]], **more: str) -> None:
    """Add what a container used of CPU: cores from an hour to another; memory is a GiB a core."""
    kubelet = {"namespace": "ml", "container": "main", "job": "kubelet", **more}
    for number, (first, last, cores) in enumerate(rates):
        each = {**kubelet, "pod": pod, "id": f"/{pod}/{number}"}

        def told(second: int, cores: float = cores, first: float = first) -> float:
            return cores * (second - first * HOUR)

        history.add("container_cpu_usage_seconds_total", told, between=(first, last), **each)
        history.add(
            "container_memory_working_set_bytes", cores * GIB, between=(first, last), **each
        )


def grown(second: int) -> float:
    """Seconds of CPU of a pod that uses half a core, and one core in the held-out hours."""
    return 0.5 * second + 0.5 * max(0, second - HELD * HOUR)


def burst(second: int) -> float:
    """Seconds of CPU of a pod that uses one core, and five in one minute of ten."""
    minutes = second // 60
    return 60.0 * (minutes + 4 * (minutes // 10))


def said(history: History, metric: str, value: float = 1, **labels: str) -> None:
    """Add what kube-state-metrics says all the time."""
    history.add(metric, value, namespace="ml", **KSM, **labels)


def a_history() -> History:
    """A Deployment's pod, one that restarts, one that is gone, one whose memory ran out."""
    history = History(START, HOURS)
    steady = {"namespace": "ml", "pod": "web-5d8f-a", "container": "main"}
    for job in ("kubelet", "kubelet-again"):  # scraped twice
        history.add("container_cpu_usage_seconds_total", grown, job=job, **steady)
        history.add("container_memory_working_set_bytes", 2.0 * GIB, job=job, **steady)
    used(history, "flaky-0", [(0, 0.5, 4), (0.5, 24, 1)])
    used(history, "gone", [(0, 10, 0.25)])
    bursts = {"namespace": "ml", "pod": "bursts-0", "container": "main"}
    history.add("container_cpu_usage_seconds_total", burst, **bursts)
    for pod in ("web-5d8f-a", "flaky-0", "gone"):
        for kind in ("requests", "limits"):
            for resource, size in (("cpu", 4.0), ("memory", 8.0 * GIB)):
                history.add(
                    f"kube_pod_container_resource_{kind}", size, namespace="ml", pod=pod,
                    container="main", resource=resource, uid=f"u-{pod}", **KSM,
                    between=(0, 10) if pod == "gone" else None,
                )  # fmt: skip
    for number, limit in enumerate((4.0, 6.0)):  # its limit was raised on the way
        history.add(
            "kube_pod_container_resource_limits", limit * GIB, namespace="ml", pod="oom-0",
            container="main", resource="memory", uid=f"{number}", **KSM,
            between=(12 * number, 12 * number + 12),
        )  # fmt: skip
    at = START + timedelta(hours=3, minutes=30)
    ended = {"pod": "oom-0", "container": "main", "namespace": "ml", **KSM, "between": (4.0, 12.0)}
    history.add("kube_pod_container_status_last_terminated_reason", 1, reason="OOMKilled", **ended)
    history.add(
        "kube_pod_container_status_last_terminated_timestamp",
        (at - datetime(1970, 1, 1)).total_seconds(), **ended,
    )  # fmt: skip
    said(history, "kube_pod_container_status_restarts_total", 5, pod="oom-0", container="main")
    said(history, "kube_pod_container_status_restarts_total", 0, pod="job-1", container="main")
    controller = {"owner_is_controller": "true"}
    for pod, kind, name in (
        ("web-5d8f-a", "ReplicaSet", "web-5d8f"),
        ("flaky-0", "StatefulSet", "flaky"),
        ("job-1", "Job", "nightly-1"),
    ):
        said(history, "kube_pod_owner", pod=pod, owner_kind=kind, owner_name=name, **controller)
    said(history, "kube_replicaset_owner", replicaset="web-5d8f", owner_kind="Deployment",
         owner_name="web", **controller)  # fmt: skip
    said(history, "kube_job_owner", job_name="nightly-1", owner_kind="CronJob",
         owner_name="nightly", **controller)  # fmt: skip
    said(history, "kube_pod_labels", pod="flaky-0", label_gov_advice="none")
    scaler = {"horizontalpodautoscaler": "web"}
    said(history, "kube_horizontalpodautoscaler_info", scaletargetref_kind="Deployment",
         scaletargetref_name="web", **scaler)  # fmt: skip
    said(history, "kube_horizontalpodautoscaler_spec_target_metric", 80, metric_name="cpu",
         metric_target_type="utilization", **scaler)  # fmt: skip
    said(history, "kube_horizontalpodautoscaler_spec_max_replicas", 6, **scaler)
    return history


@pytest.fixture(scope="module")
def server(prometheus_servers) -> Prometheus:
    """A Prometheus that has the history."""
    return prometheus_servers(a_history())


@pytest.fixture
def between(server: Prometheus) -> Iterator[Between]:
    """A proxy that passes everything on."""
    with in_between(server.url) as proxy:
        yield proxy


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty landing folder."""
    return Landing(tmp_path / "landing", "metrics")


def source(url: str, **keys) -> PrometheusSource:
    """A source of one day."""
    usual = {"name": "metrics", "url": url, "cluster": "prod", "days": 1, "container_days": 1}
    return PrometheusSource(**{**usual, **keys})


def look(landing: Landing, url: str, now: datetime = LOOK, **keys) -> QuaestorError | None:
    """Collect, and return what went wrong."""
    try:
        collector("prometheus").collect(
            source(url, **keys), Config(), landing, now=now, progress=lambda _: None
        )
    except QuaestorError as problem:
        return problem
    return None


def loaded(landing: Landing) -> Warehouse:
    """Return a warehouse with what is in force."""
    warehouse = Warehouse(":memory:")
    load(warehouse, landing)
    return warehouse


def load(warehouse: Warehouse, landing: Landing, **keys) -> list[str]:
    """Load what is in force; return what could not be seen."""
    manifest = landing.current()
    assert manifest
    job = Job(source("http://x", **keys), manifest, landing.root, "USD", lambda _: None)
    return [f"{spot.scope}: {spot.reason}" for spot in prometheus.load(warehouse, job)]


def containers(landing: Landing) -> list[str]:
    """Return the versions and days of the files about containers in force."""
    current = landing.current()
    found = current.files if current else ()
    return [f"{one.scope}: {one.version}" for one in found if one.scope.endswith("/containers")]


def test_what_containers_used_is_the_truth(server: Prometheus, landing: Landing):
    """Of all hours, of those advice is made from, of those held out; restarts are one container."""
    problem = look(landing, server.url, container_percentiles=(66, 90, 95, 96))
    rows = loaded(landing).rows(
        """
        select pod, span, since, until, samples, round(cpu_p66_cores, 6), round(cpu_p95_cores, 6),
            round(cpu_p99_cores, 6), round(cpu_max_cores, 6), ram_p99_gib, ram_max_gib
        from usage.container_use where pod not in ('gone', 'bursts-0') order by pod, span
        """
    )
    held, end = START + timedelta(hours=HELD), START + timedelta(hours=HOURS)

    assert problem is None
    assert rows == [
        ("flaky-0", "all", START, end, 301, 1.0, 1.0, None, None, None, 4.0),
        ("flaky-0", "held-out", held, end, 62, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
        ("flaky-0", "trained", START, held, 239, 1.0, 1.0, None, None, None, 4.0),
        ("web-5d8f-a", "all", START, end, 301, 0.5, 1.0, None, None, None, 2.0),
        ("web-5d8f-a", "held-out", held, end, 62, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0),
        ("web-5d8f-a", "trained", START, held, 239, 0.5, 0.5, None, None, None, 2.0),
    ]


def test_a_busy_start_does_not_stand_for_the_whole_time(between: Between, landing: Landing):
    """Percentiles are of all the container's steps, also where every pod has several series."""
    between.rule = lambda url: (403, "text/plain", "no") if "/series?" in url else None
    problem = look(landing, between.url)
    rows = loaded(landing).rows(
        "select pod, span, round(cpu_p95_cores, 6) from usage.container_use "
        "where pod not in ('gone', 'bursts-0') and cpu_p95_cores is not null order by all"
    )

    assert problem is None
    assert rows == [
        ("flaky-0", "all", 1.0),
        ("flaky-0", "held-out", 1.0),
        ("flaky-0", "trained", 1.0),
        ("web-5d8f-a", "all", 1.0),
        ("web-5d8f-a", "held-out", 1.0),
        ("web-5d8f-a", "trained", 0.5),
    ]


def test_short_bursts_count_as_often_as_they_are(server: Prometheus, landing: Landing):
    """A minute in ten is a tenth of the time: a mean of five would hide it, each fifth miss it."""
    look(landing, server.url, container_percentiles=(66, 95))
    rows = loaded(landing).rows(
        "select span, round(cpu_p66_cores, 6), round(cpu_p95_cores, 6) from usage.container_use "
        "where pod = 'bursts-0' and span <> 'held-out' order by span"
    )

    assert rows == [("all", 1.0, 5.0), ("trained", 1.0, 5.0)]


def test_sizes_owners_and_ends_without_a_cluster_to_ask(server: Prometheus, landing: Landing):
    """kube-state-metrics tells of the pods that are there, and of the limit at the time."""
    look(landing, server.url)
    warehouse = loaded(landing)
    rows = warehouse.rows(
        "select pod, owner_kind, owner, cpu_request_cores, cpu_limit_cores, ram_request_gib, "
        "ram_limit_gib, restarts, oom_killed_at, oom_limit_gib, annotations, seen_at "
        "from usage.container order by pod"
    )
    end = LOOK - timedelta(minutes=10)
    sizes, alive = (4.0, 4.0, 8.0, 8.0, None), (None, None)

    assert rows == [
        ("flaky-0", "StatefulSet", "flaky", *sizes, *alive, '{"gov.advice":"none"}', end),
        ("job-1", "CronJob", "nightly", None, None, None, None, 0, *alive, None, end),
        ("oom-0", None, None, None, None, 6.0, 6.0, 5, START + timedelta(hours=3, minutes=30),
         4.0, None, end),
        ("web-5d8f-a", "Deployment", "web", *sizes, *alive, None, end),
    ]  # fmt: skip
    assert warehouse.rows("select * exclude (source, cluster) from usage.autoscaler") == [
        ("ml", "hpa", "web", "Deployment", "web", ["cpu"], None, None, 6, end)
    ]


def test_containers_are_asked_for_once_a_day_in_eight_questions(between: Between, landing: Landing):
    """An hour later only the hours are; on the next day all of it again, and one file stays."""
    look(landing, between.url)
    asked = [url for url in between.asked if "/query?" in url and "time()" not in url]
    assert len(asked) == 7  # one of them: how often containers are scraped
    assert len(between.of("/series?")) == 1
    assert containers(landing) == ["prod 2025-03-03 2025-03-03/containers: 1 p95"]
    between.asked.clear()
    look(landing, between.url, LOOK + timedelta(hours=1))
    assert not between.of("quantile_over_time")
    look(landing, between.url, LOOK + timedelta(days=1))

    assert len(between.of("/series?")) == 1
    assert containers(landing) == ["prod 2025-03-04 2025-03-04/containers: 1 p95"]


def test_other_percentiles_are_another_question(between: Between, landing: Landing):
    """What was answered before stays where they are asked for again."""
    look(landing, between.url)
    look(landing, between.url, container_percentiles=(96, 66))
    assert containers(landing) == ["prod 2025-03-03 2025-03-03/containers: 1 p66 p96"]
    between.asked.clear()
    look(landing, between.url)

    assert containers(landing) == ["prod 2025-03-03 2025-03-03/containers: 1 p95"]
    assert not between.of("/series?")


def test_nothing_of_containers_is_asked_or_kept_with_no_days(between: Between, landing: Landing):
    """`container_days: 0` is off, also for what was landed before."""
    look(landing, between.url)
    between.asked.clear()
    look(landing, between.url, container_days=0)

    assert between.asked == ["/api/v1/query?query=time()"]
    assert containers(landing) == []


def test_sizes_alone_are_asked_for_with_no_days_of_hours(between: Between, landing: Landing):
    """`days: 0` asks for no hour and keeps none; the sizes are the same, and nothing is missed."""
    look(landing, between.url)
    whole = loaded(landing).rows("select * exclude (source) from usage.container_use order by all")
    between.asked.clear()
    look(landing, between.url, days=0)
    current = landing.current()
    warehouse = Warehouse(":memory:")

    assert not between.of("query_range")
    assert current
    assert {one.scope.rpartition("/")[2] for one in current.files} == {"metrics", "containers"}
    assert load(warehouse, landing, days=0) == []
    assert whole == warehouse.rows(
        "select * exclude (source) from usage.container_use order by all"
    )
    assert warehouse.rows("from usage.pod_hour") == []


def test_what_sizes_alone_lack_is_told(between: Between, landing: Landing):
    """A metric that is absent, with what looks like it; hours that nobody wants are not missed."""
    names = {"status": "success", "data": ["container_cpu_usage_seconds_total",
             "acme:container_memory_working_set_bytes"]}  # fmt: skip
    between.rule = lambda url: (
        (200, "application/json", json.dumps(names)) if "/label/__name__/" in url else None
    )
    look(landing, between.url, days=0)

    memory, requests = load(Warehouse(":memory:"), landing, days=0)
    assert memory == (
        "container_use: memory: there is no metric container_memory_working_set_bytes "
        "(acme:container_memory_working_set_bytes looks like it), so that it is unobserved"
    )
    assert requests == (
        "container: what is asked for: there is no metric kube_pod_container_resource_requests, "
        "so that it is unobserved"
    )


def test_days_that_are_not_all_there_are_not_looked_at(between: Between, landing: Landing):
    """`since` and `until` bound the days; none of them has ended, and nothing is asked."""
    look(landing, between.url, since=START.date(), now=LOOK - timedelta(hours=2))
    assert not between.of("quantile_over_time")
    look(landing, between.url, since=START.date(), container_days=14)

    assert containers(landing) == ["prod 2025-03-03 2025-03-03/containers: 1 p95"]


def test_a_question_that_is_too_large_is_asked_about_fewer_pods(between: Between, landing: Landing):
    """In halves by how pods' names end; the answers together are the same."""
    look(landing, between.url)
    whole = loaded(landing).rows("from usage.container_use order by all")
    too_much = json.dumps({"status": "error", "errorType": "execution",
                           "error": "query processing would load too many samples"})  # fmt: skip
    all_pods = [f"[{'0123456789abcdefghijklmnopqrstuvwxyz'[a:b]}]" for a, b in ((0, 18), (18, 36))]
    between.rule = lambda url: (
        (422, "application/json", too_much)
        if "/query?" in url and "time()" not in url and not any(one in url for one in all_pods)
        else None
    )
    again = Landing(landing.root.parent / "again", "metrics")
    problem = look(again, between.url)

    assert problem is None
    assert loaded(again).rows("from usage.container_use order by all") == whole


def test_a_refusal_is_a_gap_and_what_was_read_before_stays(between: Between, landing: Landing):
    """Without anything before, the rest is landed, and asked for again at the next look."""
    between.rule = lambda url: (403, "text/plain", "no") if "kube_pod_owner" in url else None
    problem = look(landing, between.url)
    assert isinstance(problem, PartlyReadError)
    assert [(gap.scope, gap.period, gap.reason) for gap in problem.gaps] == [
        ("containers: state", "2025-03-03 to 2025-03-03", "the server forbids the question (403)")
    ]
    assert containers(landing) == ["prod 2025-03-03 2025-03-03/containers: None"]
    between.rule = lambda _: None
    assert look(landing, between.url, LOOK + timedelta(minutes=1)) is None
    between.rule = lambda url: (403, "text/plain", "no") if "kube_pod_owner" in url else None
    look(landing, between.url, LOOK + timedelta(days=1))

    assert containers(landing) == ["prod 2025-03-03 2025-03-03/containers: 1 p95"]


def test_figures_that_are_none_are_kept_aside(landing: Landing):
    """A line that cannot be read goes to quarantine with its reason, and the others are loaded."""
    days = {"since": "2025-03-03T00:00:00", "held_from": "2025-03-03T19:00:00",
            "until": "2025-03-04T00:00:00"}  # fmt: skip
    about = {"namespace": "ml", "pod": "p", "container": "main"}
    lines = [
        days,
        {"metric": {**about, "fact": "trained samples"}, "value": "200"},
        {"metric": {**about, "fact": "trained ram_max"}, "value": "NaN"},
        {"metric": {**about, "fact": "trained cpu_p95"}, "value": "-1"},
        {"metric": about, "value": "1"},
        {"metric": {"fact": "trained cpu_p95", "pod": "p"}, "value": "1"},
    ]
    file = land_objects(landing, "prod 2025-03-03 2025-03-03", "containers", lines)
    landing.snapshot([file], kind="prometheus", schema="prometheus", now=NOW)
    warehouse = loaded(landing)

    assert warehouse.rows(
        "select span, samples, cpu_p95_cores, ram_max_gib from usage.container_use order by span"
    ) == [("all", 200, None, None), ("trained", 200, None, None)]
    assert warehouse.rows("select row_number, reason from quarantine.row order by 1") == [
        (3, "the value NaN is no number"),
        (4, "the value -1 is negative"),
        (5, "the line names no fact"),
        (6, "the series has no label namespace"),
    ]


def test_victoriametrics_tells_the_same_of_containers(
    server: Prometheus, victoria_metrics, landing: Landing
):
    """Another server of the same API: use, sizes and autoscalers are equal, row for row."""
    other = victoria_metrics(a_history())
    again = Landing(landing.root.parent / "again", "metrics")
    assert look(landing, server.url) is None
    assert look(again, other.url) is None
    other.server.stop()
    use = """
        select pod, span, round(cpu_p66_cores, 6), round(cpu_p95_cores, 6), round(cpu_max_cores, 6),
            ram_p99_gib, ram_max_gib
        from usage.container_use where pod not in ('gone', 'bursts-0') order by pod, span
    """
    told = [
        [
            each.rows(use),
            each.rows("from usage.container order by pod"),
            each.rows("from usage.autoscaler"),
        ]
        for each in (loaded(landing), loaded(again))
    ]

    assert told[0] == told[1]
    assert all(told[0])
