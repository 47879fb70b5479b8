"""Land hourly figures of online endpoints from Azure Monitor; a day that is over is asked once.

Requests are told minute by minute, as a rate that no service sums up: they are added here, status
by status. Use of CPU and GPU is told instance by instance.

Source: Microsoft, "Supported metrics", Microsoft.MachineLearningServices/workspaces/onlineEndpoints
and .../deployments; REST reference "Metrics - List".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from quaestor.collect.cloud_ml import Row, land_days
from quaestor.core.period import utc

if TYPE_CHECKING:
    from quaestor.collect.azure_ml_rest import Arm
    from quaestor.collect.landing import Landing
    from quaestor.core.landed import LandedFile

_BACK = timedelta(days=30)  # Azure Monitor keeps 93 days; minutes of 30 are enough for a start
_WINDOW = timedelta(days=3)  # in one question
_SETTLED = timedelta(hours=3)  # after midnight, until a day's figures are all there
_VERSION = "2018-01-01"  # of Microsoft.Insights/metrics
_METRICS = "/providers/Microsoft.Insights/metrics"
_REQUESTS = {
    "metricnames": "RequestsPerMinute",
    "interval": "PT1M",
    "filter_": "deployment eq '*' and statusCode eq '*' and modelStatusCode eq '*'",
}
_MACHINES = {
    "metricnames": "CpuUtilizationPercentage,GpuUtilizationPercentage",
    "interval": "PT1H",
    "filter_": "instanceId eq '*'",
}


def land(
    arm: Arm, landing: Landing, endpoints: list[Row], deployments: list[Row], now: datetime
) -> list[LandedFile]:
    """Return a file for each day back to `_BACK`, and those landed before.

    Raises:
        QuaestorError: A metric cannot be read; no day is landed then.
    """
    ask = partial(_asked, arm, endpoints, deployments)
    return land_days(landing, arm.source.workspace, now, ask, back=_BACK, settled=_SETTLED)


def _asked(
    arm: Arm, endpoints: list[Row], deployments: list[Row], first: date, until: datetime
) -> Iterator[Row]:
    """Yield what every metric says from the start of a day until an hour ends."""
    begins = utc(f"{first}")
    while begins < until:
        ends = min(begins + _WINDOW, until)
        span = {"timespan": f"{begins:%Y-%m-%dT%H:%M:%SZ}/{ends:%Y-%m-%dT%H:%M:%SZ}"}
        for one in endpoints:
            told = arm.one(f"{one['id']}{_METRICS}", _VERSION, **span, **_REQUESTS,
                           aggregation="Average")  # fmt: skip
            yield from arm.taken(_requests, (one["name"], told))
        for one in deployments:
            told = arm.one(f"{one['id']}{_METRICS}", _VERSION, **span, **_MACHINES,
                           aggregation="Average")  # fmt: skip
            yield from arm.taken(_machines, (one["endpoint"], one["name"], told))
        begins = ends


def _requests(given: tuple[str, Row]) -> list[Row]:
    """Return requests by endpoint, hour and status: the sum of the minutes."""
    endpoint, told = given
    added: dict[tuple[str, str], float] = {}
    for _, labels, hour, value in _points(told):
        key = (hour, labels.get("statuscode", ""))
        added[key] = added.get(key, 0.0) + value
    return [
        {"metric": "requests", "endpoint": endpoint, "hour": hour, "status": status, "value": value}
        for (hour, status), value in sorted(added.items())
    ]


def _machines(given: tuple[str, str, Row]) -> list[Row]:
    """Return use of CPU and GPU by instance and hour, as percent."""
    endpoint, deployment, told = given
    return [
        {
            "metric": "cpu" if name.startswith("Cpu") else "gpu",
            "endpoint": endpoint,
            "deployment": deployment,
            "instance": labels.get("instanceid", ""),
            "hour": hour,
            "value": value,
        }
        for name, labels, hour, value in _points(told)
    ]


def _points(told: Row) -> Iterator[tuple[str, Mapping[str, str], str, float]]:
    """Yield each point that has a value: metric, dimensions, the hour it is in, the value."""
    for metric in told["value"]:
        for series in metric.get("timeseries") or ():
            labels = {
                one["name"]["value"].lower(): str(one.get("value"))
                for one in series.get("metadatavalues") or ()
            }
            for point in series.get("data") or ():
                if point.get("average") is not None:
                    hour = utc(point["timeStamp"]).replace(minute=0, second=0, microsecond=0)
                    yield (
                        metric["name"]["value"], labels,
                        f"{hour:%Y-%m-%dT%H:%M:%SZ}", float(point["average"]),
                    )  # fmt: skip
