"""Land hourly figures of endpoints from Cloud Monitoring; a day that is over is asked for once.

One question for each metric and look, whatever the number of endpoints: the service sums up by
hour and endpoint. Figures of an hour may come some hours late.

Source: Google Cloud, "Google Cloud metrics", section aiplatform; timeSeries.list, Aggregation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from quaestor.collect.objects import land_objects
from quaestor.core.period import utc

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.collect.vertex_rest import Google
    from quaestor.core.landed import LandedFile

_BACK = timedelta(days=41)  # Cloud Monitoring keeps these metrics for six weeks
_SETTLED = timedelta(hours=6)  # after midnight, until a day's figures are all there
_PREFIX = "aiplatform.googleapis.com/"
_OF_ENDPOINT = ("resource.label.location", "resource.label.endpoint_id")
_OF_PUBLISHED = (
    *("resource.label.location", "resource.label.publisher", "resource.label.model_user_id"),
)


@dataclass(frozen=True)
class Metric:
    """One metric, how it is summed up within an hour and over series, and by what."""

    name: str
    type: str
    aligner: str
    reducer: str
    by: tuple[str, ...] = _OF_ENDPOINT


METRICS = (
    Metric("requests", "prediction/online/prediction_count", "ALIGN_DELTA", "REDUCE_SUM"),
    Metric("errors", "prediction/online/error_count", "ALIGN_DELTA", "REDUCE_SUM"),
    Metric("instances", "prediction/online/replicas", "ALIGN_MEAN", "REDUCE_SUM"),
    Metric("gpu", "prediction/online/accelerator/duty_cycle", "ALIGN_MEAN", "REDUCE_MEAN"),
    Metric("cpu", "prediction/online/cpu/utilization", "ALIGN_MEAN", "REDUCE_MEAN"),
    Metric(
        "requests",
        "publisher/online_serving/model_invocation_count",
        "ALIGN_DELTA",
        "REDUCE_SUM",
        _OF_PUBLISHED,
    ),
    Metric(
        "tokens",
        "publisher/online_serving/token_count",
        "ALIGN_DELTA",
        "REDUCE_SUM",
        (*_OF_PUBLISHED, "metric.label.type"),
    ),
)


def land(google: Google, landing: Landing, now: datetime) -> list[LandedFile]:
    """Return a file for each day that Cloud Monitoring still has, and those landed before.

    Raises:
        QuaestorError: A metric cannot be read; no day is landed then.
    """
    known = landing.known()
    project = google.source.project
    days = [(now - _BACK).date() + timedelta(days=n) for n in range(_BACK.days + 1)]
    closed = {day: known.get((f"{project}/{day}/hours", f"{day}")) for day in days}
    open_days = [day for day in days if closed[day] is None]
    before = landing.current()
    files = {
        file.scope: file
        for file in (before.files if before else ())
        if file.scope.startswith(f"{project}/2") and file.scope.endswith("/hours")
    }
    files |= {file.scope: file for file in closed.values() if file}
    if open_days:
        rows = _asked(google, open_days[0], now)
        for day in open_days:
            told = sorted(rows.get(f"{day}", ()), key=lambda row: sorted(map(str, row.items())))
            over = now >= utc(f"{day}") + timedelta(days=1) + _SETTLED
            place = f"{project}/{day}"
            landed = land_objects(landing, place, "hours", told, version=f"{day}" if over else None)
            files[landed.scope] = landed
    return list(files.values())


def _asked(google: Google, first: date, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return what every metric says since a day, up to the last full hour, by day."""
    until = now.replace(minute=0, second=0, microsecond=0)
    rows: dict[str, list[dict[str, Any]]] = {}
    if until <= utc(f"{first}"):
        return rows
    address = google.address("monitoring", f"v3/projects/{google.source.project}/timeSeries")
    for metric in METRICS:
        query = {
            "filter": f'metric.type="{_PREFIX}{metric.type}"',
            "interval.startTime": f"{first}T00:00:00Z",
            "interval.endTime": f"{until:%Y-%m-%dT%H:%M:%SZ}",
            "aggregation.alignmentPeriod": "3600s",
            "aggregation.perSeriesAligner": metric.aligner,
            "aggregation.crossSeriesReducer": metric.reducer,
            "aggregation.groupByFields": list(metric.by),
            "pageSize": "10000",
        }
        for series in google.items(address, "timeSeries", **query):
            for row in google.taken(partial(_points, metric), series):
                rows.setdefault(str(row["hour"])[:10], []).append(row)
    return rows


def _points(metric: Metric, series: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each hour of a series; an hour is named by its start."""
    labels = dict((series.get("resource") or {}).get("labels") or {})
    of_metric = (series.get("metric") or {}).get("labels") or {}
    labels |= {f"metric_{name}": value for name, value in of_metric.items()}
    wanted = {one.replace("metric.label.", "metric_").rpartition(".")[2] for one in metric.by}
    about = {name: labels[name] for name in sorted(wanted & set(labels))}
    rows = []
    for point in series.get("points") or ():
        ends = utc(point["interval"]["endTime"]).replace(minute=0, second=0, microsecond=0)
        value = point["value"]
        number = value.get("doubleValue", value.get("int64Value"))
        hour = f"{ends - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
        rows.append({"metric": metric.name, "hour": hour, "value": number, **about})
    return rows
