"""300 workloads, seven days, from a local Prometheus to advice on every container.

The whole of `quaestor collect` and `quaestor build` as a person waits for it, against the PromQL
that cannot be done without, asked by the standard library alone: a percentile of CPU, the most
memory and a count. Sizes alone are what KRR gives; with the hours of a day, or of all seven, it is
known whose they are and what they cost. KRR is not run here, as it cannot be installed: its 2,106
questions took 14.9 s where the same plain PromQL took 1.1, and 10.9 to 17.7 s (11 to 16 times as
long) on another machine, so that a tenth of KRR is 1.35 x plain PromQL.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measure import Measured, in_turn
from start import PROGRAM

from quaestor.warehouse.duckdb import Warehouse

WORKLOADS, NODES, DAYS, STEP = 300, 40, 7, 60
START = datetime(2026, 11, 9)
END = START + timedelta(days=DAYS)
NOW = f"{END + timedelta(minutes=10):%Y-%m-%dT%H:%M:%SZ}"
A_TENTH_OF_KRR = 14.9 / 1.1 / 10  # by plain PromQL, see above
ROUNDS = 3
HOURS = {"sizes alone": 0, "a day of hours": 1, f"{DAYS} days of hours": DAYS}  # days of each
_SELECTED = '{container!="",container!="POD",pod!=""}'
_CPU = f"irate(container_cpu_usage_seconds_total{_SELECTED}[3m])[{DAYS}d:5m]"
PLAIN = (
    f"quantile_over_time(0.95, {_CPU})",
    f"count_over_time({_CPU})",
    f"max_over_time(container_memory_working_set_bytes{_SELECTED}[{DAYS}d])",
    "kube_pod_container_resource_requests",
    "kube_pod_owner",
)


def rightsizing(folder: Path) -> Iterator[Measured]:
    """Time the whole, in turn with plain PromQL, and insist that every container is answered."""
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    from builders import prometheus as party

    here = folder / "rightsizing"
    here.mkdir()
    server = party.prometheus(here, [_used(party), _stated(party)])
    try:
        yield from _measured(server.url, here)
    finally:
        server.server.stop()


def _measured(url: str, here: Path) -> Iterator[Measured]:
    estates = {told: _estate(url, here / f"days-{days}", days) for told, days in HOURS.items()}
    plain, *ours = in_turn(
        ROUNDS,
        lambda: [_asked(url, one) for one in PLAIN],
        *(lambda one=one: _advised(one) for one in estates.values()),
        *(lambda one=one: _collected(one) for one in estates.values()),
    )
    name = f"{WORKLOADS} workloads x {DAYS} days"
    for told, seconds in zip(estates, ours[: len(estates)], strict=True):
        target = 3 if HOURS[told] else A_TENTH_OF_KRR
        said = f"{name}, {told}: collect and build / plain PromQL"
        yield Measured(said, seconds, plain, target)
    for told, seconds in zip(estates, ours[len(estates) :], strict=True):
        yield Measured(f"{name}, {told}: collect / plain PromQL", seconds, plain, 1.5)
    for estate in estates.values():
        _insist(estate)


def _used(party) -> object:
    """Return what containers used, a sample a minute: CPU that walks, memory that breathes."""
    told = party.History(START, DAYS * 24, step=STEP)
    for number in range(WORKLOADS):
        about = {**_pod(number), "container": "main", "node": f"n{number % NODES}"}
        base, spent, seen = 0.1 + number % 13 / 8, 0.0, [0.0]
        for step in range(DAYS * 86400 // STEP):
            spent += STEP * base * (0.3 + (step * 7919 + number * 104_729) * 2654435761 % 997 / 997)
            seen.append(round(spent, 3))
        told.add("container_cpu_usage_seconds_total", lambda s, v=seen: v[s // STEP], **about)
        told.add(
            "container_memory_working_set_bytes",
            lambda s, n=number: float((n % 31 + 1) * 2**26 + s * 7919 * (n + 1) % 2**25),
            **about,
        )
    return told


def _stated(party) -> object:
    """Return what kube-state-metrics says of the nodes, pods, and whose they are."""
    told = party.History(START, DAYS * 24, step=4 * STEP)
    for number in range(NODES):
        party.a_node(told, f"n{number}", f"aws:///eu-central-1a/i-{number:04}")
    for number in range(WORKLOADS):
        pod, node = _pod(number), {"node": f"n{number % NODES}"}
        for resource, size in (("cpu", 2.0), ("memory", 4.0 * 2**30)):
            inside = {**pod, **node, "container": "main", "resource": resource}
            for kind in ("requests", "limits"):
                told.add(f"kube_pod_container_resource_{kind}", size, **inside)
        told.add("kube_pod_info", 1, **pod, **node, host_network="false")
        told.add("kube_pod_status_phase", 1, **pod, phase="Running")
        told.add("kube_pod_labels", 1, **pod, label_team=f"team{number % 9}")
        replicas = f"web-{number}-7d4b9c6f5"
        owner = {"owner_kind": "ReplicaSet", "owner_name": replicas, "owner_is_controller": "true"}
        told.add("kube_pod_owner", 1, **pod, **owner)
        of = {"namespace": pod["namespace"], "replicaset": replicas}
        owner |= {"owner_kind": "Deployment", "owner_name": f"web-{number}"}
        told.add("kube_replicaset_owner", 1, **of, **owner)
    return told


def _pod(number: int) -> dict[str, str]:
    return {
        "namespace": f"ns{number % 20}",
        "pod": f"web-{number}-7d4b9c6f5-x{number % 10}k2",
    }


def _estate(url: str, folder: Path, days: int) -> Path:
    """Write a quaestor.yaml that looks at the seven days, and at the hours of some of them."""
    folder.mkdir()
    source = f'{{name: metrics, kind: prometheus, url: "{url}", cluster: prod, days: {days}'
    text = f"sources:\n  - {source}, container_days: {DAYS}}}\n"
    (folder / "quaestor.yaml").write_text(text, encoding="utf-8")
    return folder


def _collected(folder: Path) -> None:
    shutil.rmtree(folder / "landing", ignore_errors=True)
    _run("collect", folder)


def _advised(folder: Path) -> None:
    _collected(folder)
    for path in folder.glob("quaestor.duckdb*"):
        path.unlink()
    _run("build", folder)


def _run(verb: str, folder: Path) -> None:
    """Run a verb as installed, compiled once; 3: something could not be seen, there is no bill."""
    words = (PROGRAM, verb, "--now", NOW)
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, env=os.environ | compiled
    )
    if done.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")


def _asked(url: str, expression: str) -> int:
    query = {"query": expression, "time": END.replace(tzinfo=UTC).timestamp()}
    body = urllib.parse.urlencode(query).encode()
    with urllib.request.urlopen(f"{url}/api/v1/query", body) as reply:  # noqa: S310 - our own server
        return len(json.load(reply)["data"]["result"])


def _insist(folder: Path) -> None:
    """Fail where a container has no answer: what is fast and says nothing is not measured."""
    with Warehouse(folder / "quaestor.duckdb", read_only=True) as warehouse:
        (answered,) = warehouse.row(
            "select count(*) from ledger.assessment "
            "where kind = 'container_size' and answer in ('advise', 'clean', 'withheld')"
        )
    assert answered == WORKLOADS, f"{answered} of {WORKLOADS} containers are answered"
