"""Samples with a known truth, and a Prometheus that has them in its history."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from builders.parties import Server, free_port

STEP = 60  # seconds between two scrapes
HOUR = 3600
Value = float | Callable[[int], float | None]  # of the seconds since the history's start


@dataclass
class History:
    """Samples of series, to be written as OpenMetrics.

    Args:
        start: When the history begins, UTC.
        hours: How long it is.
    """

    start: datetime
    hours: float
    step: int = STEP
    lines: dict[str, list[str]] = field(default_factory=dict)

    @property
    def epoch(self) -> int:
        """Return the start in seconds since 1970."""
        return int(self.start.replace(tzinfo=UTC).timestamp())

    def add(
        self,
        metric: str,
        value: Value,
        *,
        between: tuple[float, float] | None = None,
        **labels: str,
    ) -> None:
        """Add a series.

        Args:
            metric: Its name.
            value: A constant, or a function of the seconds since the start; None is no sample.
            between: The hours, since the start, in which there are samples: after the first, up
                to and with the second, as Prometheus counts an hour.
            labels: Its labels.
        """
        first, last = between or (0, self.hours)
        written = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines = self.lines.setdefault(metric, [])
        for number in range(int(first * HOUR) // self.step + 1, int(last * HOUR) // self.step + 1):
            second = number * self.step
            told = value(second) if callable(value) else value
            if told is not None:
                lines.append(f"{metric}{{{written}}} {told!r} {self.epoch + second}\n")

    def count(self, metric: str, per_second: float, **options) -> None:
        """Add a counter that grows evenly."""
        self.add(metric, lambda second: per_second * second, **options)

    def write(self, path: Path) -> None:
        """Write all series, those of a metric together."""
        with path.open("w", encoding="utf-8") as out:
            for lines in self.lines.values():
                out.writelines(lines)
            out.write("# EOF\n")


@dataclass
class Prometheus:
    """A server with a history and nothing to scrape."""

    server: Server

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.server.port}"

    def ask(self, query: str, when: datetime) -> list[dict]:
        """Return the answer to an instant query."""
        asked = urllib.parse.urlencode(
            {"query": query, "time": when.replace(tzinfo=UTC).timestamp()}
        )
        with urllib.request.urlopen(f"{self.url}/api/v1/query?{asked}") as reply:  # noqa: S310 - our own server
            return json.load(reply)["data"]["result"]


def prometheus(folder: Path, histories: Sequence[History], *options: str) -> Prometheus:
    """Write histories into a database, and start Debian's Prometheus on it."""
    data = folder / "data"
    for number, history in enumerate(histories):
        text = folder / f"history-{number}.txt"
        history.write(text)
        subprocess.run(
            [
                *("promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet"),
                *("--max-block-duration=170h", str(text), str(data)),
            ],
            check=True,
            capture_output=True,
        )
        text.unlink()
    (folder / "prometheus.yml").write_text("global: {}\n", encoding="utf-8")
    port = free_port()
    command = [
        *("prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={data}"),
        *("--storage.tsdb.retention.time=100y", f"--web.listen-address=127.0.0.1:{port}"),
        *("--log.level=warn", *options),
    ]
    server = Server(folder, command, port)
    server.start()
    return Prometheus(server)


def victoria_metrics(folder: Path, history: History) -> Prometheus:
    """Start Debian's VictoriaMetrics and give it a history; it takes milliseconds."""
    port = free_port()
    command = [
        *("victoria-metrics", f"-storageDataPath={folder}/data", "-retentionPeriod=100y"),
        *(f"-httpListenAddr=127.0.0.1:{port}", "-memory.allowedBytes=300MB", "-loggerLevel=ERROR"),
    ]
    started = Prometheus(Server(folder, command, port))
    started.server.start()
    lines = (line.rstrip("\n") + "000\n" for lines in history.lines.values() for line in lines)
    given = urllib.request.Request(  # noqa: S310 - our own server
        f"{started.url}/api/v1/import/prometheus", data="".join(lines).encode(), method="POST"
    )
    for request in (given, f"{started.url}/internal/force_flush"):
        urllib.request.urlopen(request).close()  # noqa: S310 - our own server
    return started


def is_there() -> bool:
    """Say whether this machine has both programs."""
    return bool(shutil.which("prometheus") and shutil.which("promtool"))


def a_node(history: History, name: str, provider_id: str, gpus: int = 0, **options) -> None:
    """Add a node as kube-state-metrics tells of it."""
    more = {"node": name, "job": "kube-state-metrics", "instance": "10.0.0.9:8080", **options}
    history.add("kube_node_info", 1, provider_id=provider_id, kernel_version="6.1", **more)
    resources = {"cpu": ("core", 16), "memory": ("byte", 64 * 2**30), "pods": ("integer", 110)}
    if gpus:
        resources["nvidia_com_gpu"] = ("integer", gpus)
    for resource, (unit, value) in resources.items():
        history.add("kube_node_status_capacity", value, resource=resource, unit=unit, **more)
    history.add(
        "kube_node_labels",
        1,
        label_node_kubernetes_io_instance_type="g5.12xlarge",
        label_topology_kubernetes_io_region="eu-central-1",
        **({"label_nvidia_com_gpu_product": "NVIDIA-A10G"} if gpus else {}),
        **more,
    )


def a_pod(
    history: History,
    namespace: str,
    name: str,
    node: str,
    *,
    cpu: float = 2,
    gpus: int = 0,
    labels: Mapping[str, str] | None = None,
    between: tuple[float, float] | None = None,
    used_cpu: float = 0.5,
    used_ram_gib: float = 4,
    owner: str = "ReplicaSet/web-7d4b9c6f5",
) -> None:
    """Add a running pod of one container, as cAdvisor and kube-state-metrics tell of it."""
    common = {"namespace": namespace, "pod": name}
    state = {"job": "kube-state-metrics", "instance": "10.0.0.9:8080", "uid": f"u-{name}"}
    kind, _, by = owner.partition("/")
    history.add(
        "kube_pod_info",
        1,
        between=between,
        **common,
        **state,
        node=node,
        host_network="false",
        created_by_kind=kind,
        created_by_name=by,
    )
    for phase in ("Pending", "Running", "Succeeded"):
        history.add(
            "kube_pod_status_phase",
            float(phase == "Running"),
            between=between,
            **common,
            **state,
            phase=phase,
        )
    history.add(
        "kube_pod_labels",
        1,
        between=between,
        **common,
        **state,
        **{f"label_{key}": text for key, text in (labels or {}).items()},
    )
    requests = {"cpu": cpu, "memory": 8 * 2**30} | ({"nvidia_com_gpu": gpus} if gpus else {})
    for resource, value in requests.items():
        history.add(
            "kube_pod_container_resource_requests",
            value,
            between=between,
            **common,
            **state,
            container="main",
            node=node,
            resource=resource,
            unit="-",
        )
    kubelet = {**common, "node": node, "instance": "10.0.0.1:10250", "job": "kubelet"}
    for container in ("main", "POD", ""):
        history.count(
            "container_cpu_usage_seconds_total",
            used_cpu,
            between=between,
            **kubelet,
            container=container,
        )
        history.add(
            "container_memory_working_set_bytes",
            used_ram_gib * 2**30,
            between=between,
            **kubelet,
            container=container,
        )
    for interface in ("eth0", "lo"):
        for way, rate in (("receive", 2**20), ("transmit", 2**19)):
            history.count(
                f"container_network_{way}_bytes_total",
                rate,
                between=between,
                **kubelet,
                interface=interface,
            )


def a_gpu(
    history: History,
    host: str,
    index: int,
    *,
    used: Value = 50.0,
    between: tuple[float, float] | None = None,
    **labels: str,
) -> None:
    """Add a GPU as DCGM's exporter tells of it; `used` in percent."""
    device = {
        "gpu": str(index), "UUID": f"GPU-{host}-{index}", "device": f"nvidia{index}",
        "modelName": "NVIDIA A10G", "Hostname": host, "instance": "10.0.0.1:9400",
        "job": "dcgm-exporter", **labels,
    }  # fmt: skip
    values: dict[str, Value] = {
        "DCGM_FI_DEV_GPU_UTIL": used,
        "DCGM_FI_DEV_FB_USED": 12 * 1024.0,
        "DCGM_FI_DEV_FB_FREE": 12 * 1024.0,
        "DCGM_FI_DEV_POWER_USAGE": 150.0,
    }
    for metric, value in values.items():
        history.add(metric, value, between=between, **device)
    history.count(  # millijoules: 150 W
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", 150_000.0, between=between, **device
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
