"""Land hourly figures of online endpoints from Azure Monitor; a day that is over is asked once.

Requests are told minute by minute, as a rate that no service sums up: they are added here, status
by status. Use of CPU and GPU is told instance by instance.

Source: Microsoft, "Supported metrics", Microsoft.MachineLearningServices/workspaces/onlineEndpoints
and .../deployments; REST reference "Metrics - List".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from quaestor.collect.objects import land_objects
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
Row = dict[str, Any]


def land(
    arm: Arm, landing: Landing, endpoints: list[Row], deployments: list[Row], now: datetime
) -> list[LandedFile]:
    """Return a file for each day back to `_BACK`, and those landed before.

    Raises:
        QuaestorError: A metric cannot be read; no day is landed then.
    """
    known = landing.known()
    place = arm.source.workspace
    days = [(now - _BACK).date() + timedelta(days=n) for n in range(_BACK.days + 1)]
    closed = {day: known.get((f"{place}/{day}/hours", f"{day}")) for day in days}
    open_days = [day for day in days if closed[day] is None]
    before = landing.current()
    files = {
        file.scope: file
        for file in (before.files if before else ())
        if file.scope.startswith(f"{place}/2") and file.scope.endswith("/hours")
    }
    files |= {file.scope: file for file in closed.values() if file}
    rows: dict[str, list[Row]] = {}
    for row in _asked(arm, endpoints, deployments, open_days, now):
        rows.setdefault(str(row["hour"])[:10], []).append(row)
    for day in open_days:
        told = sorted(rows.get(f"{day}", ()), key=lambda row: sorted(map(str, row.items())))
        version = f"{day}" if now >= utc(f"{day}") + timedelta(days=1) + _SETTLED else None
        landed = land_objects(landing, f"{place}/{day}", "hours", told, version=version)
        files[landed.scope] = landed
    return list(files.values())


def _asked(
    arm: Arm, endpoints: list[Row], deployments: list[Row], days: list[date], now: datetime
) -> Iterator[Row]:
    """Yield what every metric says of the open days, up to the last full hour."""
    until = now.replace(minute=0, second=0, microsecond=0)
    if not days:
        return
    begins = utc(f"{days[0]}")
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
