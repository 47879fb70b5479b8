"""500 pods, seven days, eight metrics: collect from a local Prometheus, against curl alone.

curl asks the same URLs, one after the other on one connection, and throws the answers away.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlparse

from measure import Measured, in_turn

from quaestor.collect import collector, prometheus_api
from quaestor.collect.landing import Landing
from quaestor.core.config import Config
from quaestor.core.sources import PrometheusSource
from quaestor.normalise import loader
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

PODS, NODES, DAYS, STEP = 500, 40, 7, 300
START = datetime(2026, 11, 9)
NOW = START + timedelta(days=DAYS, minutes=10)
ROUNDS = 3


def prometheus(folder: Path) -> Iterator[Measured]:
    """Time both, count the questions, and take the memory of ours in a process of its own."""
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    from builders import prometheus as party

    here = folder / "prometheus"
    here.mkdir()
    server = party.prometheus(here, [history(party)])
    try:
        urls = asked(server.url, here)
        yield Measured(f"Prometheus, {PODS} pods x {DAYS} days: requests", len(urls), None, 51)
        alone = ["curl", "--no-progress-meter", "--fail", "--compressed"]
        alone += [word for url in urls for word in ("--output", "/dev/null", url)]
        ours, baseline, at_once = in_turn(
            ROUNDS,
            lambda: collected(server.url, here),
            lambda: subprocess.run(alone, check=True),
            lambda: subprocess.run([*alone, "--parallel", "--parallel-max", "4"], check=True),
        )
        name = f"collect from Prometheus, {PODS} pods x {DAYS} days x 8 metrics"
        yield Measured(f"{name} / curl", ours, baseline, 1.5)
        yield Measured(f"{name} / curl --parallel-max 4", ours, at_once, 1.5)
        program = (sys.executable, str(Path(__file__)), server.url, str(here))
        said = subprocess.run(program, check=True, capture_output=True, text=True)
        memory, rows = map(float, said.stdout.split())
        yield Measured(f"{name}, loaded ({rows:,.0f} pod-hours): memory in GB", memory, None, 1)
    finally:
        server.server.stop()


def history(party) -> object:
    """Return the samples: eight metrics of each pod, each pod with a GPU."""
    told = party.History(START, DAYS * 24, step=STEP)
    for number in range(PODS):
        pod = {"namespace": f"ns{number % 20}", "pod": f"vllm-{number}"}
        node = {"node": f"n{number % NODES}"}
        inside = {**pod, **node, "container": "main"}
        told.count("container_cpu_usage_seconds_total", 0.1 + number % 7, **inside)
        told.add("container_memory_working_set_bytes", (number % 31 + 1) * 2.0**30, **inside)
        for way in ("receive", "transmit"):
            metric = f"container_network_{way}_bytes_total"
            told.count(metric, 1000.0 + number, **pod, **node, interface="eth0")
        told.add("kube_pod_container_resource_requests", 1, **inside, resource="nvidia_com_gpu")
        told.add("kube_pod_info", 1, **pod, **node, host_network="false")
        device = {"gpu": f"{number % 8}", "UUID": f"GPU-{number}", "modelName": "A100"}
        device |= {"Hostname": node["node"]}
        device |= {f"exported_{key}": text for key, text in pod.items()}
        told.add("DCGM_FI_DEV_GPU_UTIL", lambda s, n=number: float((n + s // 3600) % 100), **device)
        told.add("DCGM_FI_DEV_FB_USED", 1024.0 * (number % 79), **device)
    return told


def source(url: str) -> PrometheusSource:
    """Return the source: the seven days."""
    return PrometheusSource(
        name="metrics", url=url, cluster="prod", since=START.date(), until=NOW.date()
    )


def collected(url: str, folder: Path) -> Landing:
    """Collect all of it into a fresh landing folder."""
    shutil.rmtree(folder / "landing", ignore_errors=True)
    landing = Landing(folder / "landing", "metrics")
    collector("prometheus").collect(
        source(url), Config(), landing, now=NOW, progress=lambda _: None
    )
    return landing


def asked(url: str, folder: Path) -> list[str]:
    """Return every URL that a look asks for."""
    urls: list[str] = []
    read = prometheus_api.Server._read

    def noted(server: prometheus_api.Server, address: str, wait: float) -> object:
        urls.append(address)
        return read(server, address, wait)

    prometheus_api.Server._read = noted
    try:
        collected(url, folder)
    finally:
        prometheus_api.Server._read = read
    assert all(urlparse(address).path.startswith("/api/v1/") for address in urls)
    return urls


def loaded(url: str, folder: Path) -> None:
    """Collect and load; print the most memory held, in GB, and the rows."""
    landing = collected(url, folder)
    manifest = landing.current()
    assert manifest
    job = Job(source(url), manifest, landing.root, "USD", lambda _: None)
    with Warehouse(folder / "bench.duckdb") as warehouse, warehouse.transaction():
        loader(manifest.schema).load(warehouse, job)
        (rows,) = warehouse.row("select count(*) from usage.pod_hour")
    # Not getrusage: what the parent held when it forked counts there.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    memory = int(status.partition("VmHWM:")[2].split()[0]) / 1024**2
    print(memory, rows)


if __name__ == "__main__":
    loaded(sys.argv[1], Path(sys.argv[2]))
