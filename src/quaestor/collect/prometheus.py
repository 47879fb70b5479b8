"""Land what Prometheus knows of a cluster, hour by hour: pods, nodes, GPUs, endpoints.

A look asks which metrics exist, and then for each fact once a week: a few dozen questions whose
answers are hours already. Only hours that have ended are landed, by the server's own clock. Once a
day it also asks how large containers have to be (`prometheus_containers`).

Source: Prometheus documentation, "HTTP API": query_range, query, label values.
"""

from __future__ import annotations

import difflib
import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from quaestor.collect import prometheus_containers as containers
from quaestor.collect.objects import land_objects
from quaestor.collect.prometheus_api import (
    RefusedError,
    Server,
    TooMuchError,
    partial_answer,
    server,
)
from quaestor.collect.prometheus_queries import (
    FACTS,
    GPU_METRICS,
    METRICS,
    OPTIONAL,
    Cluster,
    questions,
)
from quaestor.collect.prometheus_slices import DAY, HOUR, Slice, in_force, missing, replaced, unix
from quaestor.core.errors import ConfigurationError, IncompleteError, PartlyReadError
from quaestor.core.landed import Gap
from quaestor.core.progress import counted
from quaestor.core.text import printable

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.landed import LandedFile
    from quaestor.core.sources import PrometheusSource

THREADS = 4
LATE = timedelta(minutes=5)  # when the last samples of an hour are in, remote writes included
_APART = timedelta(seconds=60)  # clocks further apart are told
_REPLAYED = DAY  # further still is a look with --now, not a clock that is off
_NEAR = 0.8
_SCRAPE = "Scrape the kubelet's /metrics/cadvisor and kube-state-metrics, with its labels of pods."
_EMPTY = gzip.compress(b"", mtime=0)


def collect(
    source: PrometheusSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land every hour asked for that is not landed for good (see `Collector.collect`)."""
    api = server(source, config)
    clock = _clock(api)
    gaps = list(_skew(clock, now))
    end = (min(now, clock) - LATE).replace(minute=0, second=0, microsecond=0)
    landed = in_force(landing, source)
    metrics = _metrics_in_force(landing, source)
    _insist_on_days(source, end)
    wanted = missing(source, end, now, landed)
    sizes = containers.look(source, landing, end)
    if wanted or sizes.days or not metrics:
        start = min([part.hours[0] for part in wanted], default=end)
        start = min(start, sizes.days.since if sizes.days else start)
        cluster, told = _prepared(api, start=unix(start - HOUR), end=unix(end))
        asked = questions(cluster)
        metrics = [land_objects(landing, source.cluster, "metrics", [told])]
        for part in counted(wanted, progress, lambda part: f"{source.name}: {part.shown}"):
            new, lost = _land(api, asked, landing, part, now)
            landed = replaced(landed, new)
            gaps += lost
        if sizes.days:
            progress(f"{source.name}: containers")
            sizes, lost = containers.land(api, cluster, landing, sizes)
            gaps += lost
    files = [*metrics, *(one.file for one in landed if one.file), *sizes.files]
    landing.snapshot(files, kind="prometheus", schema="prometheus", now=now)
    if gaps:
        raise PartlyReadError(_one_for_each(gaps), where=api.where)


def doctor(source: PrometheusSource, config: Config) -> str:
    """Say what the server has of what we ask for (see `Collector.doctor`)."""
    api = server(source, config)
    end = _clock(api)
    if source.until:
        end = min(end, datetime.combine(source.until + DAY, time()))
    names = _names(api, start=unix(end - DAY), end=unix(end))
    if names is None:
        return "reachable; it forbids to ask which metrics exist"
    absent = {kind: " or ".join(some) for kind, some in FACTS.items() if not set(some) & set(names)}
    told = f"{len(names):,} metrics, {len(FACTS) - len(absent)} of {len(FACTS)} facts"
    needed = [some for kind, some in absent.items() if kind not in (*OPTIONAL, *GPU_METRICS)]
    others = [some for kind, some in absent.items() if kind in OPTIONAL]
    if "gpu_used" in absent:
        told += f"; no use of GPUs ({absent['gpu_used']})"
    if others:
        told += f"; absent, and in no figure: {', '.join(others)}"
    if needed:
        gap = Gap(scope="metrics", reason=f"there is no {', '.join(needed)}", fix=_SCRAPE)
        raise PartlyReadError([gap], where=api.where, read=told)
    return told


def permissions(source: PrometheusSource) -> str:
    """Say what the account must be allowed (see `Collector.permissions`)."""
    told = (
        "No cloud permission. The account (`token:`, `username:`, a client certificate) must be "
        "allowed to GET,\nbelow the server's address:\n"
        "  /api/v1/query                  the server's own time\n"
        "  /api/v1/query_range            the hours\n"
        "  /api/v1/label/__name__/values  which metrics exist\n"
        "  /api/v1/label/cluster/values   whether it holds several clusters\n"
        "  /api/v1/series                 which containers were restarted\n"
        "It writes nothing: no remote write, no admin API, no rules, no alerts. In Mimir that is "
        "the tenant's\nread path (`headers: {X-Scope-OrgID: ...}`); in OpenShift the cluster role "
        "cluster-monitoring-view."
    )
    if source.cluster_label:
        told += (
            f"\nOf the series, those whose {source.cluster_label} is "
            f"{printable(source.cluster)} are enough."
        )
    return told


@dataclass(frozen=True)
class _Answer:
    """What one question came to: packed lines, or why there are none."""

    content: bytes = b""
    gaps: tuple[Gap, ...] = ()


class _Series(msgspec.Struct):
    metric: dict[str, str]
    values: msgspec.Raw  # [[seconds, "value"], ...], landed as it came


class _Matrix(msgspec.Struct):
    result: list[_Series]


def _insist_on_days(source: PrometheusSource, end: datetime) -> None:
    """Refuse days that are all to come: nothing would be landed, as if there were nothing."""
    if source.since and source.since > end.date():
        raise ConfigurationError(
            f"there is no day yet since {source.since}",
            where=f"source {source.name}",
            fix="Correct `since:`.",
        )


def _clock(api: Server) -> datetime:
    """Return the server's own time, in which its samples are stamped."""
    data, _ = api.ask("query", {"query": "time()"}, first=True)
    try:
        result = msgspec.json.decode(data)["result"]
        pair = result[0]["value"] if isinstance(result[0], dict) else result
        return datetime.fromtimestamp(float(pair[1]), UTC).replace(tzinfo=None)
    except (LookupError, TypeError, ValueError, OverflowError, OSError):
        raise _not_prometheus(api, "tell its time") from None


def _skew(clock: datetime, now: datetime) -> Iterator[Gap]:
    """Tell of a clock that is off: its hours hold a part of their neighbours."""
    apart = abs(clock - now)
    if _APART < apart < _REPLAYED:
        minutes, seconds = divmod(int(apart.total_seconds()), 60)
        which = "ahead of" if clock > now else "behind"
        yield Gap(
            scope="clock",
            reason=f"the server's clock is {minutes} min {seconds} s {which} ours; hours are kept "
            "as it stamps them, and may hold that much of their neighbours",
            fix="Set both clocks by NTP.",
        )


def _metrics_in_force(landing: Landing, source: PrometheusSource) -> list[LandedFile]:
    current = landing.current()
    scope = f"{source.cluster}/metrics"
    return [file for file in (current.files if current else ()) if file.scope == scope]


def _prepared(api: Server, **window: int) -> tuple[Cluster, dict[str, Any]]:
    """Ask which metrics exist; return whose series are asked for, and what is landed of it.

    Raises:
        QuaestorError: There are several clusters, or none of the metrics.
    """
    source = api.source
    if source.cluster_label is None:
        _insist_on_one_cluster(api, **window)
    names = _names(api, **window)
    cluster = Cluster(source.cluster_label, source.cluster, names)
    asked = sorted(questions(cluster))
    if not asked:
        raise IncompleteError(
            f"the server has none of the metrics that are asked for ({len(names or ()):,} others)",
            where=api.where,
            fix="Check `url:`, the tenant (`headers:`), `cluster_label:` and `cluster:`, and that "
            "cAdvisor and kube-state-metrics are scraped in these days.",
        )
    near = _near(names or ())
    facts = [
        {
            "fact": fact,
            "metrics": some,
            "present": None if names is None else sorted(set(some) & set(names)),
            "near": [near[metric] for metric in some if metric in near],
        }
        for fact, some in FACTS.items()
    ]
    return cluster, {"facts": facts, "asked": asked}


def _names(api: Server, **window: int) -> list[str] | None:
    """Return the names of metrics that exist; None where that is forbidden to ask."""
    query: dict[str, str | int] = {**window}
    if api.source.cluster_label:
        query["match[]"] = Cluster(api.source.cluster_label, api.source.cluster).series()
    try:
        data, _ = api.ask("label/__name__/values", query)
        return msgspec.json.decode(data, type=list[str] | None) or []
    except RefusedError:
        return None
    except msgspec.ValidationError:
        raise _not_prometheus(api, "list its metrics") from None


def _insist_on_one_cluster(api: Server, **window: int) -> None:
    """Refuse to add up the pods of several clusters."""
    try:
        data, _ = api.ask("label/cluster/values", {**window})
        names = msgspec.json.decode(data, type=list[str] | None) or []
    except (RefusedError, msgspec.ValidationError):
        return
    if len(names) > 1:
        shown = ", ".join(printable(name)[:40] for name in names[:3])
        raise ConfigurationError(
            f"the server holds {len(names):,} clusters ({shown}{', ...' * (len(names) > 3)}), "
            "whose pods would be added up",
            where=api.where,
            fix="Write `cluster_label: cluster`, and one of them as `cluster:`; a source for each.",
        )


def _near(names: Iterable[str]) -> dict[str, str]:
    """Return, for metrics that are absent, a name that looks like theirs.

    >>> _near(["acme:kube_pod_info", "up"])
    {'kube_pod_info': 'acme:kube_pod_info'}
    """
    present = set(names)
    others = sorted(present - METRICS)
    near: dict[str, str] = {}
    for metric in sorted({one for some in FACTS.values() for one in some} - present):
        like = [name for name in others if metric in name or name == metric.removesuffix("_total")]
        family = [name for name in others if name.startswith(metric.partition("_")[0])]
        like = like or difflib.get_close_matches(metric, family, 1, _NEAR)
        if like:
            near[metric] = like[0]
    return near


def _land(
    api: Server, asked: Mapping[str, str], landing: Landing, part: Slice, now: datetime
) -> tuple[Slice, list[Gap]]:
    """Ask every question about some days, several at once, and land the answers as one file."""
    with ThreadPoolExecutor(THREADS) as pool:
        pending = [pool.submit(_answer, api, kind, asked[kind], part) for kind in sorted(asked)]
        try:
            answers = [future.result() for future in pending]
        finally:
            for future in pending:
                future.cancel()
    gaps = [gap for answer in answers for gap in answer.gaps]
    content = [answer.content for answer in answers if answer.content]
    scope, name = part.scope(api.source.cluster), f"{part.first}-{part.last}.jsonl.gz"
    if gaps:
        landed = landing.land_bytes(b"".join(content) or _EMPTY, name, scope)
    else:
        version = part.answered(now, empty=not content)
        landed = landing.land_blocks(content or [_EMPTY], name, scope, version)
    return Slice(part.first, part.last, part.end, landed), gaps


def _answer(api: Server, kind: str, expression: str, part: Slice) -> _Answer:
    """Ask one question about some days; a refusal of it is a gap, and the others go on."""
    try:
        series, warnings = _series(api, expression, *part.hours)
    except (RefusedError, TooMuchError) as problem:
        gap = Gap(scope=kind, period=part.shown, reason=problem.what, fix=problem.fix)
        return _Answer(gaps=(gap,))
    lines = sorted(
        msgspec.json.encode(
            {"kind": kind, "metric": one.metric, "values": one.values}, order="sorted"
        )
        for one in series
    )
    gaps = partial_answer(kind, part.shown, warnings)
    # Without a time stamp, so that the same answer gives the same bytes.
    return _Answer(gzip.compress(b"\n".join([*lines, b""]), 1, mtime=0) if lines else b"", gaps)


def _series(
    api: Server, expression: str, start: datetime, end: datetime
) -> tuple[list[_Series], set[str]]:
    """Return the series of some hours, named by their ends; in halves where they are too many."""
    try:
        window = {"start": unix(start), "end": unix(end), "step": 3600}
        data, warnings = api.ask("query_range", {"query": expression, **window})
    except TooMuchError:
        hours = (end - start) // HOUR
        if hours < 1:
            raise
        middle = start + (hours // 2) * HOUR
        before, warned = _series(api, expression, start, middle)
        after, warned_too = _series(api, expression, middle + HOUR, end)
        return [*before, *after], warned | warned_too
    try:
        return msgspec.json.decode(data, type=_Matrix).result, set(warnings)
    except msgspec.ValidationError:
        raise _not_prometheus(api, "answer with a matrix") from None


def _not_prometheus(api: Server, what: str) -> IncompleteError:
    return IncompleteError(
        f"what answers does not speak Prometheus's API (it does not {what})",
        where=api.where,
        fix="Check `url:`: the part before /api/v1, such as https://mimir.example/prometheus.",
    )


def _one_for_each(gaps: Sequence[Gap]) -> list[Gap]:
    """Return gaps that differ; the same one over several slices is told once, with all of them."""
    found: dict[tuple[str, str], list[Gap]] = {}
    for gap in gaps:
        found.setdefault((gap.scope, gap.reason), []).append(gap)
    return [
        msgspec.structs.replace(
            some[0], period=", ".join(gap.period for gap in some if gap.period) or None
        )
        for some in found.values()
    ]
