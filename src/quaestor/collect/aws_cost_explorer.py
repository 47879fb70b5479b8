"""Land what Cost Explorer answers, for accounts without exports, by day and account.

AWS charges for each call, so that as few as possible are made, and their number is said before.
A month is asked for once a day while it may still change: until AWS calls it final and two weeks
have passed. Cost Explorer groups by two things at most, so that a month is two questions: use, by
account and service; and all that is no use (fees, credits, refunds, taxes, discounts), by account
and charge type. Together they are the whole bill. With `tag:` it is the tag instead of the
account, and whose account it was stays unknown.

Source: "Each request will incur a cost of $0.01", AWS Cost Explorer pricing page; AWS Billing and
Cost Management API reference, GetCostAndUsage.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from quaestor.collect import aws
from quaestor.core.errors import IncompleteError
from quaestor.core.period import Window, month_after
from quaestor.core.progress import counted

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.landed import LandedFile
    from quaestor.core.sources.aws import AwsCostExplorerSource

PRICE = "USD 0.01"  # per request
COLUMNS = (  # as normalise/formats/cost_explorer.py reads them
    *("time_period_start", "time_period_end", "estimated", "linked_account"),
    *("linked_account_name", "service", "record_type", "tag_key", "tag_value"),
    *("unblended_cost", "amortized_cost", "net_unblended_cost", "net_amortized_cost"),
    *("currency", "usage_quantity", "usage_unit"),
)
_COSTS = {
    "UnblendedCost": "unblended_cost",
    "AmortizedCost": "amortized_cost",
    "NetUnblendedCost": "net_unblended_cost",
    "NetAmortizedCost": "net_amortized_cost",
}
_HOME = "us-east-1"  # the service has one endpoint for all regions of a partition
_WHERE = "AWS Cost Explorer"
_TRIES = 8  # half a minute; whether it is there cannot be asked beforehand without paying
_FINAL = "final"
# Charge types that are use, whoever pays for it; a negation takes back what a plan covers.
_USE = {
    "Dimensions": {
        "Key": "RECORD_TYPE",
        "Values": ["DiscountedUsage", "SavingsPlanCoveredUsage", "SavingsPlanNegation", "Usage"],
    }
}
_QUESTIONS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("SERVICE", _USE),
    ("RECORD_TYPE", {"Not": _USE}),
)
_RESTATED = timedelta(days=14)  # how long after its end a month is looked at again


def collect(
    source: AwsCostExplorerSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land every month asked for that is not landed for good (see `Collector.collect`)."""
    del config
    months = Window(source.since, source.until).months(now, back=source.months)
    known = landing.known()
    today = f"asked {now:%Y-%m-%d}"
    held = {month: _held(source, month, known, today) for month in months}
    files = [file for file in held.values() if file]
    missing = [month for month in months if held[month] is None]
    if missing:
        least = len(missing) * len(_QUESTIONS)
        progress(
            f"{source.name}: at least {least} calls to Cost Explorer; AWS charges {PRICE} for each"
        )
        client = aws.client(source, "ce", _HOME, tries=_TRIES)
    for month in counted(missing, progress, lambda month: f"{source.name}: {month:%Y-%m}"):
        with aws.explained(source, _WHERE):
            days = list(_days(client, source, month))
        if any(day.get("Groups") for day in days):
            version = _FINAL if _is_final(days, month, now) else today
            name = f"cost-explorer-{month:%Y-%m}.csv"
            content = [_as_csv(days, source.tag)]
            files.append(landing.land_blocks(content, name, _scope(source, month), version))
    files += _not_asked(source, months, landing)
    if not files:
        raise IncompleteError(
            "Cost Explorer knows of no cost in the months asked for",
            where=f"{_WHERE} (source {source.name})",
            fix="Correct `since:`, `until:` or `months:`; a new account waits a day for its data.",
        )
    landing.snapshot(files, kind="aws-cost-explorer", schema="bill", now=now)


def doctor(source: AwsCostExplorerSource, config: Config) -> str:
    """Say who is signed in; Cost Explorer itself is not asked, for money (see `Collector`)."""
    del config
    with aws.explained(source, "AWS STS"):
        account = aws.client(source, "sts").get_caller_identity()["Account"]
    return f"signed in to {account}; Cost Explorer not asked ({PRICE} a call)"


def permissions(source: AwsCostExplorerSource) -> str:
    """Return an IAM policy for the one question that is asked (see `Collector.permissions`)."""
    del source
    statement = {
        "Sid": "AskCostExplorer",
        "Effect": "Allow",
        "Action": "ce:GetCostAndUsage",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def _scope(source: AwsCostExplorerSource, month: date | None) -> str:
    """Return what a month's answer is; another grouping is another one. None: of any month."""
    grouping = f"tag {source.tag}" if source.tag else "account"
    grouping += ", service and charge type"
    return f"aws-cost-explorer by {grouping}, " + (f"{month:%Y-%m}" if month else "")


def _held(
    source: AwsCostExplorerSource,
    month: date,
    known: Mapping[tuple[str, str], LandedFile],
    today: str,
) -> LandedFile | None:
    """Return a month that need not be asked for: landed for good, or today."""
    scope = _scope(source, month)
    return known.get((scope, _FINAL)) or known.get((scope, today))


def _not_asked(
    source: AwsCostExplorerSource, months: Sequence[date], landing: Landing
) -> list[LandedFile]:
    """Return what is in force of other months, by the same grouping."""
    current = landing.current()
    asked = {_scope(source, month) for month in months}
    return [
        file
        for file in (current.files if current else ())
        if file.scope not in asked and file.scope.startswith(_scope(source, None))
    ]


def _days(client: Any, source: AwsCostExplorerSource, month: date) -> Iterator[dict[str, Any]]:
    """Yield a month's days, each with its groups; of several answers a day may come twice."""
    owner = (
        {"Type": "TAG", "Key": source.tag}
        if source.tag
        else {"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"}
    )
    for key, only in _QUESTIONS:
        query: dict[str, Any] = {
            "TimePeriod": {"Start": f"{month}", "End": f"{month_after(month)}"},
            "Granularity": "DAILY",
            "Metrics": [*_COSTS, "UsageQuantity"],
            "GroupBy": [owner, {"Type": "DIMENSION", "Key": key}],
            "Filter": only,
        }
        for day in _pages(client, query):
            yield {**day, "By": key}


def _pages(client: Any, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    while True:
        answer = client.get_cost_and_usage(**query)
        names = {
            one["Value"]: one.get("Attributes", {}).get("description")
            for one in answer.get("DimensionValueAttributes", ())
        }
        for day in answer["ResultsByTime"]:
            yield {**day, "Names": names}
        if not answer.get("NextPageToken"):
            return
        query["NextPageToken"] = answer["NextPageToken"]


def _is_final(days: list[dict[str, Any]], month: date, now: datetime) -> bool:
    """Say whether a month will change no more."""
    settled = datetime.combine(month_after(month), time()) + _RESTATED
    return now >= settled and not any(day.get("Estimated") for day in days)


def _as_csv(days: list[dict[str, Any]], tag: str | None) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    for day in days:
        for group in day.get("Groups", ()):
            writer.writerow(_row(day, group, tag))
    return out.getvalue().encode()


def _row(day: Mapping[str, Any], group: Mapping[str, Any], tag: str | None) -> dict[str, str]:
    """Return one group of one day; every value is the text that the API gave."""
    owner, kind = group["Keys"]
    if tag:  # a tag's value is written as key$value
        keys = {"tag_key": tag, "tag_value": owner.removeprefix(f"{tag}$")}
    else:
        keys = {"linked_account": owner, "linked_account_name": day["Names"].get(owner) or ""}
    if day["By"] == "SERVICE":
        keys |= {"service": kind, "record_type": "Usage"}
    else:
        keys |= {"record_type": kind}
    metrics = group["Metrics"]
    costs = {
        column: metrics[metric]["Amount"] for metric, column in _COSTS.items() if metric in metrics
    }
    usage = metrics.get("UsageQuantity", {})
    return {
        "time_period_start": day["TimePeriod"]["Start"],
        "time_period_end": day["TimePeriod"]["End"],
        "estimated": str(bool(day.get("Estimated"))).lower(),
        "currency": metrics.get("UnblendedCost", {}).get("Unit", ""),
        "usage_quantity": usage.get("Amount", ""),
        "usage_unit": usage.get("Unit", ""),
        **keys,
        **costs,
    }
