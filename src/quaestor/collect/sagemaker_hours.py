"""What CloudWatch counted at the variants of SageMaker's endpoints, hour by hour.

Many metrics and days to a call. A day that is over is asked for once; of today, the hours that
have ended. CloudWatch keeps hours for 455 days.

Source: Amazon CloudWatch API reference, GetMetricData: at most 500 queries and 100,800 data
points a call. Amazon SageMaker developer guide, "Metrics for monitoring Amazon SageMaker AI with
Amazon CloudWatch".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from quaestor.collect import aws
from quaestor.collect.objects import land_objects
from quaestor.collect.sagemaker_endpoints import variants_of
from quaestor.collect.sagemaker_region import CLOSED, Object, Region, told
from quaestor.core.errors import IncompleteError, QuaestorError

if TYPE_CHECKING:
    from quaestor.core.landed import LandedFile

KIND = "endpoint-hours"
_ASKED = "AWS/SageMaker"
_MACHINE = "/aws/sagemaker/Endpoints"
# What is landed, and the metric and statistic it is.
METRICS = {
    "invocations": (_ASKED, "Invocations", "Sum"),
    "errors_4xx": (_ASKED, "Invocation4XXErrors", "Sum"),
    "errors_5xx": (_ASKED, "Invocation5XXErrors", "Sum"),
    "latency_p95_us": (_ASKED, "ModelLatency", "p95"),
    "cpu_percent": (_MACHINE, "CPUUtilization", "Average"),
    "cpu_samples": (_MACHINE, "CPUUtilization", "SampleCount"),
    "gpu_percent": (_MACHINE, "GPUUtilization", "Average"),
}
_HOUR = 3600
_KEPT = timedelta(days=455)
_SETTLED = timedelta(hours=3)  # after midnight, until a day's figures are all there
_QUERIES = 500 // len(METRICS) * len(METRICS)  # a variant's metrics come in one call
_DAYS = 8  # 500 queries x 8 days x 24 hours < 100,800 data points


@dataclass(frozen=True)
class _Variant:
    endpoint: str
    name: str
    created: datetime  # of the endpoint
    instance_type: str | None
    since: datetime  # before that another configuration was in force, of which nothing is known


def land_hours(
    region: Region, client: Any, endpoints: Sequence[Object], days: Sequence[date]
) -> list[LandedFile]:
    """Land the ended hours of some days, up to the first call that fails."""
    variants = [one for endpoint in endpoints for one in _variants(endpoint)]
    if not variants:
        return []
    end = region.now.replace(minute=0, second=0, microsecond=0)
    earliest = max(min(one.created for one in variants), _aware(region.now) - _KEPT)
    days = [day for day in days if day >= earliest.date() and _midnight(day) < _aware(end)]
    closed = {day: region.known.get((_scope(region, day), CLOSED)) for day in days}
    files = [file for file in closed.values() if file]
    for some in _runs([day for day in days if not closed[day]]):
        region.progress(f"{region.source.name}: {region.name} {KIND} {some[0]} to {some[-1]}")
        try:
            files += _land(region, client, variants, some, _aware(end))
        except QuaestorError as problem:
            region.missed(KIND, problem, f"{some[0]} to {days[-1]}")
            return files
    region.read += 1
    return files


def _land(
    region: Region, client: Any, variants: list[_Variant], days: list[date], end: datetime
) -> Iterator[LandedFile]:
    first, last = _midnight(days[0]), min(_midnight(days[-1]) + timedelta(days=1), end)
    asked = [one for one in variants if one.created < last]
    by_day: dict[date, list[Object]] = {day: [] for day in days}
    with aws.explained(region.source, region.where("CloudWatch")):
        for one, hour, values in _hours(client, asked, first, last):
            known = one.instance_type if hour >= one.since else None
            said = {"endpoint": one.endpoint, "variant": one.name, "hour": hour}
            by_day[hour.date()].append({**said, "instance_type": known, **values})
    for day, hours in by_day.items():
        over = _aware(region.now) >= _midnight(day) + timedelta(days=1) + _SETTLED
        hours.sort(key=lambda one: (one["endpoint"], one["variant"], one["hour"]))
        place, version = f"{region.name}/{day}", CLOSED if over else None
        yield land_objects(region.landing, place, KIND, hours, version=version)


def _hours(
    client: Any, variants: list[_Variant], first: datetime, end: datetime
) -> Iterator[tuple[_Variant, datetime, dict[str, float]]]:
    """Yield the hours in which a variant has any value."""
    several = _QUERIES // len(METRICS)
    for start in range(0, len(variants), several):
        some = variants[start : start + several]
        found: dict[tuple[int, datetime], dict[str, float]] = {}
        query = {"MetricDataQueries": list(_queries(some)), "StartTime": first, "EndTime": end}
        pager = client.get_paginator("get_metric_data")
        for page in pager.paginate(**query, ScanBy="TimestampAscending"):
            for result in told(page, "MetricDataResults"):
                _check(result)
                place, _, name = str(result["Id"])[1:].partition("_")
                for moment, value in zip(result["Timestamps"], result["Values"], strict=True):
                    found.setdefault((int(place), moment.astimezone(UTC)), {})[name] = value
        for (number, hour), values in found.items():
            yield some[number], hour, values


def _queries(variants: list[_Variant]) -> Iterator[Object]:
    for number, one in enumerate(variants):
        dimensions = [
            {"Name": "EndpointName", "Value": one.endpoint},
            {"Name": "VariantName", "Value": one.name},
        ]
        for name, (namespace, metric, statistic) in METRICS.items():
            said = {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions}
            wanted = {"Metric": said, "Period": _HOUR, "Stat": statistic}
            yield {"Id": f"v{number}_{name}", "MetricStat": wanted}


def _check(result: Object) -> None:
    """Refuse an answer that CloudWatch itself calls none."""
    if result.get("StatusCode") in ("InternalError", "Forbidden"):
        raise IncompleteError(
            f"CloudWatch gives no data ({result['StatusCode']})",
            where="GetMetricData",
            fix="Run again later; what was fetched is kept and not fetched again.",
        )


def _variants(endpoint: Object) -> Iterator[_Variant]:
    created = datetime.fromisoformat(_text(endpoint["CreationTime"]))
    config = endpoint.get("EndpointConfig") or {}
    since = datetime.fromisoformat(_text(config.get("CreationTime") or endpoint["CreationTime"]))
    for variant in variants_of(endpoint):
        name = str(variant["VariantName"])
        yield _Variant(
            str(endpoint["EndpointName"]), name, created, variant.get("InstanceType"), since
        )


def _runs(days: list[date]) -> Iterator[list[date]]:
    """Yield days that follow one another, as many as one call can give."""
    run: list[date] = []
    for day in days:
        if run and (day - run[-1] > timedelta(days=1) or len(run) == _DAYS):
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _scope(region: Region, day: date) -> str:
    return f"{region.name}/{day}/{KIND}"


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
