"""Land how containers used what they asked for, summed up by the server: once a day, whole days.

The window ends with the last day that has ended, so that a second look on one day asks nothing. A
question that is too large is asked about fewer pods at once.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import msgspec

from quaestor.collect.prometheus_api import RefusedError, Server, TooMuchError, partial_answer
from quaestor.collect.prometheus_container_queries import (
    CPU,
    RAM,
    Pods,
    Window,
    scrapes,
    state,
    use,
)
from quaestor.collect.prometheus_queries import CONTAINER, Cluster
from quaestor.collect.prometheus_slices import DAY, HOUR, unix
from quaestor.core.errors import IncompleteError
from quaestor.core.landed import Gap

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.landed import LandedFile
    from quaestor.core.sources import PrometheusSource

KIND = "containers"
THREADS = 4
_LONGEST_HELD = 3 * DAY
_ENDINGS = "0123456789abcdefghijklmnopqrstuvwxyz"  # what the name of a pod can end with


@dataclass(frozen=True)
class Days:
    """The days to look at: [since, until), of which those from `held_from` on are held out."""

    since: datetime
    held_from: datetime
    until: datetime

    @property
    def shown(self) -> str:
        """Return the days as people read them."""
        return f"{self.since.date()} to {(self.until - DAY).date()}"

    def scope(self, cluster: str) -> str:
        """Return what their file is called."""
        return f"{cluster} {self.since.date()} {(self.until - DAY).date()}/{KIND}"


@dataclass(frozen=True)
class Look:
    """What is in force, and what has to be asked for.

    Args:
        days: Those to ask for; None: nothing.
        files: In force, one at most.
    """

    days: Days | None
    files: tuple[LandedFile, ...]


def look(source: PrometheusSource, landing: Landing, end: datetime) -> Look:
    """Return what is in force, and the days that are not landed yet.

    Args:
        source: How many days it wants.
        landing: The source's landing folder.
        end: The end of the last hour that has ended.
    """
    days = _days(source, end)
    if not source.container_days:
        return Look(None, ())
    current = landing.current()
    in_force = tuple(
        file
        for file in (current.files if current else ())
        if file.scope.endswith(f"/{KIND}") and file.scope.startswith(f"{source.cluster} ")
    )
    if days is None:
        return Look(None, in_force)
    known = landing.known().get((days.scope(source.cluster), _version(source)))
    return Look(None, (known,)) if known else Look(days, in_force)


def _version(source: PrometheusSource) -> str:
    """Return the version of a file that was answered whole."""
    return f"1 {' '.join(f'p{one}' for one in sorted(set(source.container_percentiles)))}"


def _days(source: PrometheusSource, end: datetime) -> Days | None:
    last = min(end.date(), source.until + DAY) if source.until else end.date()
    until = datetime.combine(last, time())
    since = until - source.container_days * DAY
    if source.since:
        since = max(since, datetime.combine(source.since, time()))
    if since >= until:
        return None
    # Three days of fourteen, and never more, are enough to try advice on.
    hours = (until - since) // HOUR
    held = min(_LONGEST_HELD, timedelta(hours=hours * 3 // 14))
    return Days(since, until - held, until)


class _Found(msgspec.Struct):
    metric: dict[str, str]
    value: tuple[float, str]


class _Vector(msgspec.Struct):
    result: list[_Found]


@dataclass(frozen=True)
class _Questions:
    """What is asked of one server about some days."""

    api: Server
    cluster: Cluster
    days: Days
    scraped: timedelta | None = None

    def of(self, pods: Pods) -> dict[str, str]:
        """Return the expressions by their names."""
        days = self.days
        window = Window(days.until - days.since, days.until - days.held_from, self.scraped)
        percentiles = sorted(set(self.api.source.container_percentiles))
        return use(self.cluster, window, percentiles, pods) | state(self.cluster, window, pods)

    def answer(self, name: str, pods: Pods) -> tuple[list[_Found], set[str]]:
        """Ask one question; about half of the pods at a time where all are too many."""
        try:
            return self.ask(self.of(pods)[name])
        except TooMuchError:
            endings = pods.endings or _ENDINGS
            if len(endings) == 1:
                raise
            half = len(endings) // 2
            before, warned = self.answer(name, replace(pods, endings=endings[:half]))
            after, warned_too = self.answer(name, replace(pods, endings=endings[half:]))
            return [*before, *after], warned | warned_too

    def ask(self, expression: str) -> tuple[list[_Found], set[str]]:
        """Ask for what an expression is at the end of the days, and what the server warns of."""
        query: dict[str, str | int] = {"query": expression, "time": unix(self.days.until)}
        data, warnings = self.api.ask("query", query)
        try:
            return msgspec.json.decode(data, type=_Vector).result, set(warnings)
        except msgspec.ValidationError:
            raise IncompleteError(
                "what answers does not speak Prometheus's API (it does not answer with a vector)",
                where=self.api.where,
                fix="Check `url:`: the part before /api/v1, such as "
                "https://mimir.example/prometheus.",
            ) from None

    def timed(self) -> _Questions:
        """Return the same, knowing how often containers are scraped, where anybody tells."""
        if not self.cluster.has(CPU):
            return self
        try:
            found, _ = self.ask(scrapes(self.cluster))
        except (RefusedError, TooMuchError):
            return self
        counts = [float(one.value[1]) for one in found]
        return replace(self, scraped=HOUR / counts[0]) if counts and counts[0] >= 1 else self

    def several(self) -> frozenset[str] | None:
        """Return the pods with a container of several series; None where nobody tells."""
        metric = CPU if self.cluster.has(CPU) else RAM
        query: dict[str, str | int] = {
            "match[]": self.cluster.series(metric, *CONTAINER),
            "start": unix(self.days.since),
            "end": unix(self.days.until),
        }
        try:
            data, _ = self.api.ask("series", query)
            series = msgspec.json.decode(data, type=list[dict[str, str]] | None) or []
        except (RefusedError, TooMuchError, msgspec.ValidationError):
            return None
        seen: set[tuple[str, ...]] = set()
        twice = set()
        for labels in series:
            one = tuple(labels.get(key, "") for key in ("namespace", "pod", "container"))
            if one in seen:
                twice.add(labels.get("pod", ""))
            seen.add(one)
        return frozenset(twice)


def land(api: Server, cluster: Cluster, landing: Landing, found: Look) -> tuple[Look, list[Gap]]:
    """Ask about the days of a look, several questions at once, and land the answers as one file.

    Args:
        api: Whom to ask.
        cluster: Whose series, and which metrics there are.
        landing: Where to.
        found: What has to be asked for.

    Returns:
        What is in force then, and what could not be read; what was read before stays in force
        where a part of it could not.
    """
    assert found.days  # noqa: S101 - there is nothing to ask otherwise
    questions = _Questions(api, cluster, found.days)
    answers = dict(_answered(questions))
    gaps = [gap for _, some in answers.values() for gap in some]
    if gaps and found.files:
        return found, gaps
    content = _packed(found.days, [one for some, _ in answers.values() for one in some])
    name, scope = f"{KIND}-{found.days.until.date()}.jsonl.gz", found.days.scope(api.source.cluster)
    if gaps:
        return replace(found, files=(landing.land_bytes(content, name, scope),)), gaps
    landed = landing.land_blocks([content], name, scope, _version(api.source))
    return replace(found, files=(landed,)), gaps


def _answered(questions: _Questions) -> Iterator[tuple[str, tuple[list[_Found], list[Gap]]]]:
    """Yield each question's answer, and what it lacks; a refusal is a gap, and others go on."""
    names = sorted(questions.of(Pods()))
    pods = Pods(several=questions.several() if names else None)
    questions = questions.timed()
    shown = questions.days.shown
    with ThreadPoolExecutor(THREADS) as pool:
        pending = {name: pool.submit(questions.answer, name, pods) for name in names}
        try:
            for name, future in pending.items():
                scope = f"containers: {name}"
                try:
                    series, warnings = future.result()
                except (RefusedError, TooMuchError) as problem:
                    gap = Gap(scope=scope, period=shown, reason=problem.what, fix=problem.fix)
                    yield name, ([], [gap])
                    continue
                yield name, (series, list(partial_answer(scope, shown, warnings)))
        finally:
            for future in pending.values():
                future.cancel()


def _packed(days: Days, series: Sequence[_Found]) -> bytes:
    """Return lines: the days, then each figure with what it is about."""
    told: Mapping[str, str] = {
        "since": days.since.isoformat(),
        "held_from": days.held_from.isoformat(),
        "until": days.until.isoformat(),
    }
    lines = sorted(
        msgspec.json.encode({"metric": one.metric, "value": one.value[1]}, order="sorted")
        for one in series
    )
    # Without a time stamp, so that the same answer gives the same bytes.
    return gzip.compress(b"\n".join([msgspec.json.encode(told), *lines, b""]), 1, mtime=0)
