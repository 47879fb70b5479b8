"""Land hourly figures of endpoints from Cloud Monitoring; a day that is over is asked for once.

One question for each metric and look, whatever the number of endpoints: the service sums up by
hour and endpoint. Figures of an hour may come some hours late.

Source: Google Cloud, "Google Cloud metrics", section aiplatform; timeSeries.list, Aggregation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from quaestor.collect.cloud_ml import land_days
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
    place, ask = google.source.project, partial(_asked, google)
    return land_days(landing, place, now, ask, back=_BACK, settled=_SETTLED)


def _asked(google: Google, first: date, until: datetime) -> Iterator[dict[str, Any]]:
    """Yield what every metric says from the start of a day until an hour ends."""
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
            yield from google.taken(partial(_points, metric), series)


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
