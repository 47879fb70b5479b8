"""Builders: what ran in SageMaker, as moto holds it, with times and states that moto never gives.

moto ends every job as it begins, by its own clock. A job is made through boto3, and then its
record in the server, which runs in this process, is given the state that a test is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.client import BaseClient

from builders.aws import Aws
from quaestor.collect import sagemaker
from quaestor.collect.landing import Landing
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.config import Config
from quaestor.core.sources import SageMakerSource
from quaestor.normalise import loader, registry, settings
from quaestor.normalise.artifacts import settle
from quaestor.normalise.job import Job
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 21, 6, 30)
ACCOUNT = "123456789012"
REGION = "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sm-exec"
INVOKED = "AWS/SageMaker"
MACHINE = "/aws/sagemaker/Endpoints"


def arn(kind: str, name: str, region: str = REGION) -> str:
    """What AWS, and its bill, call a thing of SageMaker."""
    return f"arn:aws:sagemaker:{region}:{ACCOUNT}:{kind}/{name}"


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as the API takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def record(kind: str, name: str, region: str = REGION) -> Any:
    """The server's own record of a job or an endpoint."""
    from moto.sagemaker.models import sagemaker_backends

    return getattr(sagemaker_backends[ACCOUNT][region], kind)[name]


def a_training_job(
    name: str,
    *,
    instance_type: str = "ml.p4d.24xlarge",
    instances: int = 1,
    start: datetime | None = datetime(2026, 11, 20, 10),
    hours: float | None = 2,
    status: str = "Completed",
    region: str = REGION,
    tags: Mapping[str, str] | None = None,
    resources: Mapping[str, Any] | None = None,
    **state: Any,
) -> str:
    """A training job; `hours` None runs still, `start` None never began. Its ARN."""
    boto3.client("sagemaker", region_name=region).create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification={"TrainingInputMode": "File", "TrainingImage": "acme/train:1"},
        RoleArn=ROLE,
        HyperParameters={"api_key": "s3cr3t-hyper"},
        OutputDataConfig={"S3OutputPath": "s3://acme-models"},
        ResourceConfig={
            "InstanceType": instance_type,
            "InstanceCount": instances,
            "VolumeSizeInGB": 100,
        },
        StoppingCondition={"MaxRuntimeInSeconds": 86400},
        Tags=tag_list(tags or {}),
    )
    job = record("training_jobs", name, region)
    job.environment = {"TOKEN": "s3cr3t-env"}
    if resources is not None:
        job.resource_config = dict(resources)
    _timed(job, "training", start, hours, status, state)
    return arn("training-job", name, region)


def a_processing_job(
    name: str,
    *,
    instance_type: str = "ml.g4dn.12xlarge",
    start: datetime | None = datetime(2026, 11, 19, 8),
    hours: float | None = 1,
    status: str = "Completed",
    **state: Any,
) -> str:
    """A processing job of two machines, which moto forgets and is told again. Its ARN."""
    cluster = {"InstanceCount": 2, "InstanceType": instance_type, "VolumeSizeInGB": 30}
    boto3.client("sagemaker").create_processing_job(
        ProcessingJobName=name,
        ProcessingResources={"ClusterConfig": cluster},
        AppSpecification={"ImageUri": "acme/process:1"},
        RoleArn=ROLE,
    )
    job = record("processing_jobs", name)
    job.processing_resources = {"ClusterConfig": cluster}
    _timed(job, "processing", start, hours, status, state)
    return arn("processing-job", name)


def a_transform_job(name: str, *, start: datetime = datetime(2026, 11, 18, 8)) -> str:
    """A batch transform job of one machine with one GPU, three hours long. Its ARN."""
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://acme/in"}}
    boto3.client("sagemaker").create_transform_job(
        TransformJobName=name,
        ModelName="churn-3",
        TransformInput={"DataSource": source},
        TransformOutput={"S3OutputPath": "s3://acme/out"},
        TransformResources={"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1},
        Tags=[],  # moto fails at the tags of a job that was made without
    )
    _timed(record("transform_jobs", name), "transform", start, 3, "Completed", {})
    return arn("transform-job", name)


def _timed(
    job: Any,
    word: str,
    start: datetime | None,
    hours: float | None,
    status: str,
    state: Mapping[str, Any],
) -> None:
    end = start + timedelta(hours=hours) if start and hours is not None else None
    created = (start or NOW - timedelta(hours=1)) - timedelta(minutes=5)
    given = {
        f"{word}_job_status": status,
        f"{word}_start_time": start,
        f"{word}_end_time": end,
        "creation_time": created,
        "last_modified_time": end or start or created,
        **({"secondary_status": status} if word == "training" else {}),
        **state,
    }
    for name, value in given.items():
        setattr(job, name, value)


def a_model(name: str, *containers: Mapping[str, Any], region: str = REGION) -> None:
    """A model of one container or, with more of them, a pipeline."""
    plain = [
        {"Image": "acme/serve:1", "Environment": {"HF_TOKEN": "s3cr3t-model"}, **one}
        for one in containers
    ]
    parts = {"PrimaryContainer": plain[0]} if len(plain) == 1 else {"Containers": plain}
    boto3.client("sagemaker", region_name=region).create_model(
        ModelName=name, ExecutionRoleArn=ROLE, **parts
    )


def an_endpoint(
    name: str,
    variants: Mapping[str, str],
    *,
    instance_type: str = "ml.g4dn.12xlarge",
    instances: int = 1,
    created: datetime = datetime(2026, 11, 19),
    configured: datetime | None = None,
    region: str = REGION,
    tags: Mapping[str, str] | None = None,
    **state: Any,
) -> str:
    """An endpoint with a model for each variant. Its ARN."""
    client = boto3.client("sagemaker", region_name=region)
    client.create_endpoint_config(
        EndpointConfigName=f"{name}-config",
        ProductionVariants=[
            {
                "VariantName": variant,
                "ModelName": model,
                "InstanceType": instance_type,
                "InitialInstanceCount": instances,
                "InitialVariantWeight": 1,
            }
            for variant, model in variants.items()
        ],
    )
    client.create_endpoint(
        EndpointName=name, EndpointConfigName=f"{name}-config", Tags=tag_list(tags or {})
    )
    record("endpoint_configs", f"{name}-config", region).creation_time = configured or created
    endpoint = record("endpoints", name, region)
    endpoint.creation_time = endpoint.last_modified_time = created
    for key, value in state.items():
        setattr(endpoint, key, value)
    return arn("endpoint", name, region)


def measure(
    endpoint: str, variant: str, metric: str, hour: datetime, *values: float, region: str = REGION
) -> None:
    """Give CloudWatch values of one hour, a second apart."""
    data = [{"Timestamp": hour + timedelta(seconds=n), "Value": v} for n, v in enumerate(values)]
    _put(endpoint, variant, metric, data, region)


def sample(
    endpoint: str,
    variant: str,
    metric: str,
    hour: datetime,
    *,
    average: float,
    samples: int = 60,
    region: str = REGION,
) -> None:
    """Give CloudWatch an hour of samples of an instance that is always as busy."""
    values = {"Minimum": average, "Maximum": average, "SampleCount": samples}
    values["Sum"] = average * samples
    _put(endpoint, variant, metric, [{"Timestamp": hour, "StatisticValues": values}], region)


def _put(endpoint: str, variant: str, metric: str, data: list[Any], region: str) -> None:
    dimensions = [
        {"Name": "EndpointName", "Value": endpoint},
        {"Name": "VariantName", "Value": variant},
    ]
    boto3.client("cloudwatch", region_name=region).put_metric_data(
        Namespace=MACHINE if metric.endswith("Utilization") else INVOKED,
        MetricData=[{"MetricName": metric, "Dimensions": dimensions, **one} for one in data],
    )


def teach_percentiles(monkeypatch: Any) -> None:
    """Let moto answer p95 and its like, which it fails at (HTTP 500)."""
    from moto.cloudwatch.models import Statistics

    before = Statistics.get_statistics_for_type

    def taught(self: Any, stat: str) -> Any:
        if not stat.startswith("p"):
            return before(self, stat)
        values = sorted(self.metric_single_values_list)
        return values[max(0, round(len(values) * float(stat[1:]) / 100) - 1)]

    monkeypatch.setattr(Statistics, "get_statistics_for_type", taught)


@contextmanager
def operations(monkeypatch: Any) -> Iterator[list[str]]:
    """Every operation that boto3 is asked for meanwhile, as IAM calls it."""
    asked: list[str] = []
    before = BaseClient._make_api_call

    def noted(self: Any, operation: str, query: Any) -> Any:
        asked.append(f"{self.meta.service_model.service_name}:{operation}")
        return before(self, operation, query)

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", noted)
        yield asked


def collect(landing: Landing, source: SageMakerSource | None = None, now: datetime = NOW) -> None:
    """Look once."""
    wanted = source or SageMakerSource(name="sm", regions=(REGION,))
    sagemaker.collect(wanted, Config(), landing, now=now, progress=lambda _: None)


def load(
    warehouse: Warehouse, landing: Landing, source: SageMakerSource | None = None
) -> list[BlindSpot]:
    """Load what is in force, and settle."""
    manifest = landing.current()
    assert manifest
    wanted = source or SageMakerSource(name="sm", regions=(REGION,))
    settings.write(warehouse, Config(sources=(wanted,)))
    job = Job(wanted, manifest, landing.root, "USD", lambda _: None)
    with warehouse.transaction():
        spots = loader(manifest.schema).load(warehouse, job)
        registry.settle(warehouse)
        settle(warehouse)
    return spots


def a_studio(aws: Aws, *, health: datetime = NOW, **app: Any) -> None:
    """A notebook instance, and a JupyterLab app in ada's space, whose domain stops it after 3 h.

    moto knows no apps, spaces or profiles, so that they are told in its place.
    """
    boto3.client("sagemaker").create_notebook_instance(
        NotebookInstanceName="old-book", InstanceType="ml.p3.2xlarge", RoleArn=ROLE
    )
    names = {"DomainId": "d-1", "SpaceName": "lab", "AppType": "JupyterLab", "AppName": "default"}
    moments = {"LastUserActivityTimestamp": NOW - timedelta(days=2), "CreationTime": NOW}
    told = {**names, "Status": "InService", **moments, "LastHealthCheckTimestamp": health, **app}
    told = {key: _epoch(value) for key, value in told.items()}
    gone = {**names, "AppName": "gone", "Status": "Deleted"}
    machine = {"InstanceType": "ml.g4dn.xlarge"}
    idle = {"IdleSettings": {"LifecycleManagement": "ENABLED", "IdleTimeoutInMinutes": 180}}
    lab = {"JupyterLabAppSettings": {"AppLifecycleManagement": idle}}
    answers: dict[str, dict[str, Any]] = {
        "ListApps": {"Apps": [told, gone]},
        "DescribeApp": {**told, "AppArn": arn("app", "d-1/lab"), "ResourceSpec": machine},
        "DescribeDomain": {"DefaultUserSettings": lab},
        "DescribeSpace": {"OwnershipSettings": {"OwnerUserProfileName": "ada"}},
        "DescribeUserProfile": {"UserSettings": {"ExecutionRole": ROLE}},
    }
    aws.replies |= {name: lambda _, reply=reply: reply for name, reply in answers.items()}
    aws.replies["ListTags"] = lambda _: {"Tags": []}


def _epoch(value: Any) -> Any:
    return value.replace(tzinfo=UTC).timestamp() if isinstance(value, datetime) else value
