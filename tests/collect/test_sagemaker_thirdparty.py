"""A real account's answers, recorded by Cloud Custodian, served by WireMock to the real boto3."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from builders.aws import Aws
from builders.parties import WireMock
from builders.sagemaker_work import REGION, collect, load
from quaestor.collect.landing import Landing
from quaestor.core.sources import SageMakerSource
from quaestor.warehouse.duckdb import Warehouse

pytestmark = pytest.mark.thirdparty
EMPTY = {
    "ListProcessingJobs": {"ProcessingJobSummaries": []},
    "ListTransformJobs": {"TransformJobSummaries": []},
    "ListEndpoints": {"Endpoints": []},
    "ListTags": {"Tags": []},
    "ListNotebookInstances": {"NotebookInstances": []},
    "ListApps": {"Apps": []},
}
TYPES = """<DescribeInstanceTypesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
<instanceTypeSet><item><instanceType>c4.8xlarge</instanceType>
<vCpuInfo><defaultVCpus>36</defaultVCpus></vCpuInfo>
<memoryInfo><sizeInMiB>61440</sizeInMiB></memoryInfo></item></instanceTypeSet>
</DescribeInstanceTypesResponse>"""


def recorded(reference: Path, name: str) -> dict[str, Any]:
    """One answer, its times as the API writes them: seconds since 1970."""

    def plain(value: dict[str, Any]) -> Any:
        if value.pop("__class__", None) != "datetime":
            return value
        return datetime(**value, tzinfo=UTC).timestamp()

    path = reference / "registry" / "aws_api" / f"test_sagemaker_training_job_query__api.{name}"
    answer: dict[str, Any] = json.loads(path.read_text(), object_hook=plain)["data"]
    del answer["ResponseMetadata"]
    return answer


def test_a_job_that_failed_in_2018(reference: Path, wiremock: WireMock, aws: Aws, tmp_path: Path):
    """Its machines had no GPU, which is known; why it failed is kept."""

    def answer(operation: str, *bodies: dict[str, Any]) -> None:
        replies = [{"body": json.dumps(body)} for body in bodies]
        target = {"X-Amz-Target": {"equalTo": f"SageMaker.{operation}"}}
        wiremock.answer("POST", "/", *replies, headers=target)

    listed = recorded(reference, "sagemaker.ListTrainingJobs_1.json")
    answer("ListTrainingJobs", listed, {"TrainingJobSummaries": []})  # of two pages
    answer("DescribeTrainingJob", recorded(reference, "sagemaker.DescribeTrainingJob_1.json"))
    for operation, body in EMPTY.items():
        answer(operation, body)
    form = [{"contains": "Action=DescribeInstanceTypes"}]
    wiremock.answer("POST", "/", {"body": TYPES}, bodyPatterns=form)
    source = SageMakerSource(
        name="sm",
        regions=(REGION,),
        endpoint_url=wiremock.plain_url,
        since=date(2018, 1, 1),
        until=date(2018, 1, 31),
    )
    landing = Landing(tmp_path / "landing", "sm")
    collect(landing, source)
    with Warehouse(":memory:") as warehouse:
        spots = load(warehouse, landing, source)
        row = warehouse.row(
            "select name, state, started_at, ended_at, gpus, gpu_hours, instances, cpus, "
            "volume_gib, sub_account, left(reason, 39) from usage.gpu_job"
        )

    assert spots == []
    assert row == (
        *("c7n-job-2018-01-12-18-23-33", "failed", datetime(2018, 1, 12, 13, 27, 36, 138000)),
        *(datetime(2018, 1, 12, 13, 30, 1, 498000), 0, 0, 2, 72, 100, "644160558196"),
        "ClientError: Unable to read input data.",
    )
