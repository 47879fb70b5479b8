"""Land what ran in SageMaker: jobs, endpoints and their hours, region by region.

What a part of a region refuses is a gap, and what was landed of it stays in force. Nothing that
has ended is asked for twice. Environments, hyper-parameters and inputs are not landed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from quaestor.collect import aws
from quaestor.collect.sagemaker_endpoints import land_endpoints
from quaestor.collect.sagemaker_hours import KIND as HOURS
from quaestor.collect.sagemaker_hours import land_hours
from quaestor.collect.sagemaker_jobs import KINDS, land_jobs
from quaestor.collect.sagemaker_notebooks import ACTIONS as NOTEBOOK_ACTIONS
from quaestor.collect.sagemaker_notebooks import LISTINGS, land_notebooks
from quaestor.collect.sagemaker_region import Region, pages
from quaestor.collect.sagemaker_types import KIND as TYPES
from quaestor.collect.sagemaker_types import land_types
from quaestor.core.errors import ConfigurationError, PartlyReadError, QuaestorError
from quaestor.core.period import Window, month_after
from quaestor.core.progress import counted

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.config import Config
    from quaestor.core.landed import LandedFile
    from quaestor.core.sources.aws import SageMakerSource

ACTIONS = {
    "ReadJobsAndEndpoints": (
        "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeEndpointConfig",
        "sagemaker:DescribeInferenceComponent",
        "sagemaker:DescribeModel",
        "sagemaker:DescribeProcessingJob",
        "sagemaker:DescribeTrainingJob",
        "sagemaker:DescribeTransformJob",
        "sagemaker:ListEndpoints",
        "sagemaker:ListInferenceComponents",
        "sagemaker:ListProcessingJobs",
        "sagemaker:ListTags",
        "sagemaker:ListTrainingJobs",
        "sagemaker:ListTransformJobs",
    ),
    "ReadWherePeopleWork": NOTEBOOK_ACTIONS,
    "ReadTheHoursOfEndpoints": ("cloudwatch:GetMetricData",),
    "ReadWhatInstanceTypesHave": ("ec2:DescribeInstanceTypes",),
}


def collect(
    source: SageMakerSource,
    config: Config,
    landing: Landing,
    *,
    now: datetime,
    progress: Callable[[str], None],
) -> None:
    """Land jobs, endpoints and hours that are not landed for good (see `Collector.collect`)."""
    del config
    _insist_on_months(source, now)
    current = landing.current()
    held = {file.scope: file for file in current.files} if current else {}
    known = landing.known()
    regions = [
        Region(_in(source, name), landing, held, known, now, progress) for name in _names(source)
    ]
    landed: dict[str, LandedFile] = {}
    for region in counted(regions, progress, lambda one: f"{source.name}: {one.name}"):
        landed |= {file.scope: file for file in _land(region)}
    problems = [problem for region in regions for problem in region.problems]
    if problems and not any(region.read for region in regions):
        raise problems[0][1]
    names = {region.name for region in regions}
    kept = {scope: file for scope, file in held.items() if scope.partition("/")[0] in names}
    files = (kept | landed).values()
    landing.snapshot(files, kind="sagemaker", schema="sagemaker", now=now)
    if problems:
        raise PartlyReadError([gap for gap, _ in problems], where=f"source {source.name}")


def _insist_on_months(source: SageMakerSource, now: datetime) -> None:
    """Refuse a window without a month: nothing would be landed, as if nothing had run."""
    if not Window(source.since, source.until).months(now, back=source.months):
        raise ConfigurationError(
            "there is no month between `since:` (or `months:` back) and `until:`, or none yet",
            where=f"source {source.name}",
            fix="Correct them.",
        )


def _land(region: Region) -> Iterator[LandedFile]:
    source = region.source
    window = Window(source.since, source.until)
    months = window.months(region.now, back=source.months)
    client = _client(region, "sagemaker", "all", _ask_sagemaker)
    if client is None:
        return
    for kind in KINDS:
        yield from land_jobs(region, client, kind, months)
    files, endpoints = land_endpoints(region, client)
    yield from files
    if endpoints:
        cloudwatch = _client(region, "cloudwatch", HOURS, _ask_cloudwatch)
        yield from land_hours(region, cloudwatch, endpoints, _days(months)) if cloudwatch else ()
    yield from land_notebooks(region, client)
    yield from land_types(region, lambda: _client(region, "ec2", TYPES, _ask_ec2))


def _client(region: Region, service: str, part: str, ask: Callable[[Any], Any]) -> Any:
    """Return a client that bears with throttling, or None where nobody answers at all."""
    try:
        return aws.patient(region.source, service, region.where(service), ask, mode="adaptive")
    except QuaestorError as problem:
        region.missed(part, problem)
        return None


def _ask_sagemaker(client: Any) -> None:
    client.list_endpoints(MaxResults=1)


def _ask_cloudwatch(client: Any) -> None:
    metric = {"Namespace": "AWS/SageMaker", "MetricName": "Invocations"}
    wanted = {"Metric": metric, "Period": 3600, "Stat": "Sum"}
    client.get_metric_data(
        MetricDataQueries=[{"Id": "one", "MetricStat": wanted}],
        StartTime=datetime(2026, 1, 1, tzinfo=UTC),
        EndTime=datetime(2026, 1, 1, 1, tzinfo=UTC),
    )


def _ask_notebooks(client: Any) -> None:
    for listing in LISTINGS:
        getattr(client, listing)(MaxResults=1)


def _ask_ec2(client: Any) -> None:
    client.describe_instance_types(Filters=[{"Name": "instance-type", "Values": ["p4d.24xlarge"]}])


def doctor(source: SageMakerSource, config: Config) -> str:
    """Say what each region has and what of it is denied (see `Collector.doctor`)."""
    del config
    return "; ".join(_told(_in(source, name)) for name in _names(source))


def _told(source: SageMakerSource) -> str:
    client = aws.client(source, "sagemaker")
    from botocore.exceptions import ClientError

    with aws.explained(source, f"SageMaker in {source.region}"):
        count = len(list(pages(client, "list_endpoints", "Endpoints")))
        for kind in KINDS:
            getattr(client, kind.listing)(MaxResults=1)
        told = f"{source.region}: {count:,} endpoint{'s' if count != 1 else ''}, jobs listed"
        for service, ask, what in (
            ("cloudwatch", _ask_cloudwatch, "hours of endpoints"),
            ("ec2", _ask_ec2, "GPUs of instance types"),
            ("sagemaker", _ask_notebooks, "notebooks and apps"),
        ):
            try:
                ask(aws.client(source, service))
            except ClientError as problem:
                if aws.code_of(problem) not in aws.DENIED:
                    raise
                told += f", {what} denied"
    return told


def permissions(source: SageMakerSource) -> str:
    """Return an IAM policy for what is asked (see `Collector.permissions`)."""
    del source
    statements = [
        {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": "*"}
        for sid, actions in ACTIONS.items()
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def _names(source: SageMakerSource) -> tuple[str, ...]:
    """Return the regions to ask in; AWS has no list of those that are in use.

    Raises:
        ConfigurationError: Nobody says one, and another's emptiness would read as ours.
    """
    if source.regions:
        return tuple(dict.fromkeys(source.regions))
    with aws.explained(source, "SageMaker"):
        import boto3

        found = source.region or boto3.Session(profile_name=source.profile).region_name
    if not found:
        raise ConfigurationError(
            "no region is named",
            where=f"source {source.name}",
            fix="Set `regions: [eu-west-1, ...]`, all where SageMaker is used.",
        )
    return (found,)


def _in(source: SageMakerSource, region: str) -> SageMakerSource:
    return msgspec.structs.replace(source, region=region, regions=())


def _days(months: list[date]) -> list[date]:
    """Return every day of some months, in order."""
    return [
        first + timedelta(days=number)
        for first in months
        for number in range((month_after(first) - first).days)
    ]
