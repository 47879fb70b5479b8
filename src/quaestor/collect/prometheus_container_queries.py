"""What a server is asked about containers: how each used CPU and memory over some weeks.

The server sums up itself, so that an answer has a line for each container and figure, not for each
sample. A container that was restarted is several series; adding these up costs the server twice as
much as reading them one by one, so that is asked only of pods that have such containers.

Source: Prometheus documentation, "Querying basics", subqueries; kube-state-metrics, docs/metrics:
pod, replicaset, job, horizontalpodautoscaler.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from quaestor.collect.prometheus_queries import CONTAINER, Cluster

CPU, RAM = "container_cpu_usage_seconds_total", "container_memory_working_set_bytes"
_REQUEST, _LIMIT = "kube_pod_container_resource_requests", "kube_pod_container_resource_limits"
_REASON = "kube_pod_container_status_last_terminated_reason"
_BY = "namespace,pod,container"
_STEP = "287s"  # five minutes, nearly: what happens every five is not seen always, or never
_RATE = timedelta(seconds=75)  # KRR's, so that percentiles are comparable
_LATELY = "1h"  # what was said last in so long counts, where a scrape failed
_SEEN = "1h"  # how often in the window it is looked what was said
HELD_PERCENTILES = (90, 95, 96, 99)  # from which is told how much is above what is advised
_LONGEST = 2_000  # characters of a pattern of pods' names; addresses have about 8,000
_OOM = 'reason="OOMKilled"'


@dataclass(frozen=True)
class Window:
    """Weeks to look back over; advice made of the first days is tried on those held out.

    Args:
        whole: How long it is.
        held: How much of it, at its end, is held out.
        scraped: How long it is from one sample to the next; None: nobody tells.
    """

    whole: timedelta
    held: timedelta
    scraped: timedelta | None = None

    @property
    def rate(self) -> str:
        """Return the rate of a counter at a step, as short as samples allow.

        What it averages over decides what a percentile is: five minutes hide peaks of one.
        """
        every = self.scraped or timedelta(seconds=60)
        if every * 2.5 <= _RATE:
            return f"rate(%s[{_seconds(_RATE)}])"
        return f"irate(%s[{_seconds(every * 3)}])"

    @property
    def spans(self) -> dict[str, str]:
        """Return the range and offset of each span, as PromQL writes them around a step."""
        trained = self.whole - self.held
        return {
            "all": f"[{_seconds(self.whole)}%s]",
            "trained": f"[{_seconds(trained)}%s] offset {_seconds(self.held)}",
            "held-out": f"[{_seconds(self.held)}%s]",
        }


def _seconds(length: timedelta) -> str:
    return f"{int(length.total_seconds())}s"


@dataclass(frozen=True)
class Pods:
    """The pods to ask about.

    Args:
        endings: The last characters of their names; None: all of them.
        several: Those that have a container of several series; None: any may have.
    """

    endings: str | None = None
    several: Collection[str] | None = None

    @property
    def matchers(self) -> tuple[str, ...]:
        """Return what selects them."""
        return (f'pod=~".*[{self.endings}]"',) if self.endings else ()

    def ways(self) -> Iterator[tuple[bool, tuple[str, ...]]]:
        """Yield whether series have to be put together, and what selects the pods for which."""
        pattern = "|".join(re.escape(name) for name in sorted(self.several or ()))
        if self.several is None or len(pattern) > _LONGEST:
            yield True, ()
            return
        text = json.dumps(pattern, ensure_ascii=False)
        yield False, (f"pod!~{text}",) if pattern else ()
        if pattern:
            yield True, (f"pod=~{text}",)


def use(cluster: Cluster, window: Window, percentiles: Sequence[int], pods: Pods) -> dict[str, str]:
    """Return the expressions about use, each for an instant query at the window's end.

    Args:
        cluster: Whose.
        window: Which weeks.
        percentiles: Which of CPU are asked for; of the held-out days HELD_PERCENTILES, too.
        pods: Which.

    Returns:
        By a name, expressions whose series have the label `fact`: `trained cpu_p95`.
    """
    cpu, ram = _Use(cluster, window, pods, CPU), _Use(cluster, window, pods, RAM)
    parts: dict[str, list[str]] = {"counts": []}
    if cluster.has(CPU):
        for span in ("all", "trained"):
            parts[f"cpu {span}"] = [
                cpu.figure(span, f"cpu_p{one}", f"quantile_over_time({one / 100:g}, %s)")
                for one in percentiles
            ]
        parts["cpu held-out"] = [
            cpu.figure("held-out", f"cpu_p{one}", f"quantile_over_time({one / 100:g}, %s)")
            for one in sorted({*percentiles, *HELD_PERCENTILES})
        ]
        parts["cpu held-out"].append(cpu.figure("held-out", "cpu_max", "max_over_time(%s)"))
    if cluster.has(RAM):
        parts["ram"] = [ram.most(span) for span in ("trained", "held-out")]
        parts["ram"] += [ram.figure("held-out", "ram_p99", "quantile_over_time(0.99, %s)")]
    if cluster.has(CPU) or cluster.has(RAM):
        counted = cpu if cluster.has(CPU) else ram
        parts["counts"] = [counted.samples(span) for span in ("trained", "held-out")]
    return {name: " or ".join(some) for name, some in parts.items() if some}


@dataclass(frozen=True)
class _Use:
    """Expressions about one metric of containers."""

    cluster: Cluster
    window: Window
    pods: Pods
    metric: str

    def figure(self, span: str, fact: str, shape: str) -> str:
        """Return a figure of what was used, step by step: of a counter, its rate."""
        return self._each(span, fact, shape, self.window.rate if self.metric == CPU else "%s")

    def samples(self, span: str) -> str:
        """Return how many steps a container was there."""
        return self._each(span, "samples", "count_over_time(%s)", "%s")

    def most(self, span: str) -> str:
        """Return the most that a gauge was, at any sample."""
        series = self.cluster.series(self.metric, *CONTAINER, *self.pods.matchers)
        found = f"max_over_time({series}{self.window.spans[span] % ''})"
        return _named(f"max by ({_BY}) ({found})", f"{span} ram_max")

    def _each(self, span: str, fact: str, shape: str, inner: str) -> str:
        steps = self.window.spans[span] % f":{_STEP}"
        parts = []
        for is_put_together, matchers in self.pods.ways():
            series = inner % self.cluster.series(
                self.metric, *CONTAINER, *self.pods.matchers, *matchers
            )
            if is_put_together:
                parts.append(shape % f"max by ({_BY}) ({series}){steps}")
            else:
                parts.append(f"max by ({_BY}) ({shape % (series + steps)})")
        return _named(" or ".join(parts), f"{span} {fact}")


@dataclass(frozen=True)
class _State:
    """Expressions about what kube-state-metrics says."""

    cluster: Cluster
    window: Window
    pods: Pods

    def now(self, fact: str, metric: str, by: str, *matchers: str) -> str:
        """Return what is said at the window's end; "" where the metric is absent.

        A pod that has been replaced by one of its name, with other sizes, does not count.
        """
        if not self.cluster.has(metric):
            return ""
        series = self._series(metric, *matchers)
        lately = f"max by ({by}) (last_over_time({series}[{_LATELY}]))"
        return _named(f"max by ({by}) ({series}) or {lately}", fact)

    def killed(self, fact: str, metric: str, *matchers: str) -> str:
        """Return the most that was said of containers while their last end was for want of memory.

        The limit may be another one now.
        """
        if not self.cluster.has(metric):
            return ""
        reason = self._series(_REASON, _OOM)
        value = self._series(metric, *matchers)
        while_it_was = f"max by ({_BY}) ({value}) and max by ({_BY}) ({reason}) == 1"
        steps = f"[{_seconds(self.window.whole)}:{_SEEN}]"
        return _named(f"max_over_time(({while_it_was}){steps})", fact)

    def _series(self, metric: str, *matchers: str) -> str:
        pods = self.pods.matchers if metric.startswith("kube_pod_") else ()
        return self.cluster.series(metric, *matchers, *pods)


def state(cluster: Cluster, window: Window, pods: Pods) -> dict[str, str]:
    """Return the expressions about sizes, owners and autoscalers (see `use`).

    What an absent metric would tell is left out.

    Returns:
        By a name, expressions whose series have the label `fact`, one word: `request`.
    """
    told = _State(cluster, window, pods)
    found = [text for text in (*_sizes(told), *_owners(told), *_scalers(told)) if text]
    return {"state": " or ".join(found)} if found else {}


def scrapes(cluster: Cluster) -> str:
    """Return the expression of how many samples a container has in an hour."""
    return f"max(count_over_time({cluster.series(CPU, *CONTAINER)}[1h]))"


def _sizes(told: _State) -> Iterator[str]:
    """Yield what containers ask for and may use, and what they were killed at."""
    for fact, metric in (("request", _REQUEST), ("limit", _LIMIT)):
        yield told.now(fact, metric, f"{_BY},resource", 'resource=~"cpu|memory"')
    yield told.now("restarts", "kube_pod_container_status_restarts_total", _BY)
    if told.cluster.has(_REASON):
        yield told.killed("oom", _REASON, _OOM)
        yield told.killed("oom_limit", _LIMIT, 'resource="memory"')
        yield told.killed("oom_at", "kube_pod_container_status_last_terminated_timestamp")


def _owners(told: _State) -> Iterator[str]:
    """Yield whose pods are, and of which no advice is wanted."""
    for kind, what in (("pod", "pod"), ("replicaset", "replicaset"), ("job", "job_name")):
        labels = f"namespace,{what},owner_kind,owner_name"
        yield told.now("owner", f"kube_{kind}_owner", labels, 'owner_is_controller="true"')
    for metric, label in (("labels", "label"), ("annotations", "annotation")):
        name = f"{label}_gov_advice"
        yield told.now("advice", f"kube_pod_{metric}", f"namespace,pod,{name}", f'{name}!=""')


def _scalers(told: _State) -> Iterator[str]:
    """Yield what changes the number of pods, and by what."""
    kind = "horizontalpodautoscaler"
    for fact, metric, labels in (
        ("scaler", "info", ",scaletargetref_kind,scaletargetref_name"),
        ("scales_on", "spec_target_metric", ",metric_name"),
        ("min_replicas", "spec_min_replicas", ""),
        ("max_replicas", "spec_max_replicas", ""),
    ):
        yield told.now(fact, f"kube_{kind}_{metric}", f"namespace,{kind}{labels}")


def _named(expression: str, fact: str) -> str:
    return f'label_replace({expression}, "fact", "{fact}", "", "")'
