"""What ran in SageMaker, as moto lists it to the real boto3."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest

from builders.aws import Aws, Call, Fault
from builders.parties import WireMock
from builders.sagemaker_work import (
    NOW,
    REGION,
    a_model,
    a_processing_job,
    a_studio,
    a_training_job,
    a_transform_job,
    an_endpoint,
    arn,
    collect,
    measure,
    operations,
    record,
    sample,
    teach_percentiles,
)
from quaestor.collect import sagemaker, sagemaker_jobs
from quaestor.collect.landing import Landing
from quaestor.collect.objects import land_objects
from quaestor.core.config import Config
from quaestor.core.errors import ConfigurationError, IncompleteError, PartlyReadError
from quaestor.core.sources import SageMakerSource

HOUR = datetime(2026, 11, 20, 4)
SOURCE = SageMakerSource(name="sm", regions=(REGION,))


@pytest.fixture(autouse=True)
def no_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for moto's list of machine images."""
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty landing folder."""
    return Landing(tmp_path / "landing", "sm")


@pytest.fixture
def estate(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """A job of each kind, all ended, and an endpoint with hours."""
    teach_percentiles(monkeypatch)
    a_training_job("train", tags={"team": "vision"})
    a_processing_job("prepare")
    a_transform_job("score")
    a_model("churn-3", {"ModelPackageName": arn("model-package", "churn/3")})
    an_endpoint("churn", {"AllTraffic": "churn-3"}, tags={"team": "crm"})
    sample("churn", "AllTraffic", "CPUUtilization", HOUR, average=480)
    sample("churn", "AllTraffic", "GPUUtilization", HOUR, average=100)
    measure("churn", "AllTraffic", "Invocations", HOUR, 1, 1, 1)
    measure("churn", "AllTraffic", "ModelLatency", HOUR, 9000, 20000)
    aws.calls.clear()
    return aws


def objects(landing: Landing, ending: str) -> list[dict[str, Any]]:
    """What is in force in the files whose scope ends so, in order."""
    manifest = landing.current()
    assert manifest
    files = [file for file in manifest.files if file.scope.endswith(ending)]
    lines = [(landing.root / file.path).read_bytes().splitlines() for file in files]
    return [msgspec.json.decode(line) for some in lines for line in some]


def asks(operation: str) -> Any:
    """Whether a call is of an operation, in whichever way its service spells it."""

    def meant(call: Call) -> bool:
        return call.target.endswith(f".{operation}") or call.path.endswith(f"/{operation}")

    return meant


def is_ec2(call: Call) -> bool:
    """Whether EC2 is asked: its calls name no target."""
    return not call.target and call.path == "/"


def deny(aws: Aws, *operations: str) -> None:
    """Let AWS refuse some questions, CloudWatch's too, which reads the header."""
    told = ("x-amzn-query-error", "AccessDenied;Sender")
    for operation in operations:
        aws.faults.append(Fault(asks(operation), 403, "AccessDeniedException", headers=(told,)))


def names(landing: Landing, ending: str, key: str) -> list[str]:
    """One value of each object in force."""
    return [one[key] for one in objects(landing, ending)]


def test_jobs_endpoints_and_hours_are_landed(estate: Aws, landing: Landing):
    """As the API gives them, with their tags."""
    collect(landing)

    (job,) = objects(landing, "2026-11/training-jobs")
    assert job["TrainingJobArn"] == arn("training-job", "train")
    assert job["Tags"] == {"team": "vision"}
    assert job["TrainingStartTime"] == "2026-11-20T10:00:00Z"
    assert names(landing, "/processing-jobs", "ProcessingJobName") == ["prepare"]
    assert names(landing, "/transform-jobs", "TransformJobName") == ["score"]
    (endpoint,) = objects(landing, "/endpoints")
    assert endpoint["Models"]["churn-3"]["Containers"][0]["ModelPackageName"].endswith("churn/3")
    assert objects(landing, "2026-11-20/endpoint-hours") == [
        {
            "endpoint": "churn",
            "variant": "AllTraffic",
            "hour": "2026-11-20T04:00:00Z",
            "instance_type": "ml.g4dn.12xlarge",
            "invocations": 3.0,
            "latency_p95_us": 20000.0,
            "cpu_percent": 480.0,
            "cpu_samples": 60.0,
            "gpu_percent": 100.0,
        }
    ]
    assert names(landing, "/instance-types", "InstanceType") == [
        "ml.g4dn.12xlarge",
        "ml.g4dn.xlarge",
        "ml.p4d.24xlarge",
    ]


def test_nothing_secret_is_landed(estate: Aws, landing: Landing):
    """Environments and hyper-parameters of jobs and models stay where they are."""
    collect(landing)

    for path in (landing.folder / "files").iterdir():
        assert b"s3cr3t" not in path.read_bytes()


def test_the_policy_allows_what_is_asked_and_nothing_else(
    estate: Aws, landing: Landing, monkeypatch
):
    """Every action is asked for, save those of inference components, which this estate lacks."""
    a_studio(estate)
    policy = json.loads(sagemaker.permissions(SOURCE))
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}

    with operations(monkeypatch) as asked:
        collect(landing)
        sagemaker.doctor(SOURCE, Config())

    assert not any("*" in action for action in allowed)
    assert allowed - set(asked) == {
        "sagemaker:DescribeInferenceComponent",
        "sagemaker:ListInferenceComponents",
    }
    assert set(asked) <= allowed


def test_a_second_look_asks_little_and_lands_nothing(estate: Aws, landing: Landing, monkeypatch):
    """Ended jobs, closed months, ended days, models and instance types are not asked again."""
    collect(landing)
    with operations(monkeypatch) as asked:
        collect(landing)

    assert len(list((landing.folder / "manifests").iterdir())) == 1
    assert sorted(asked) == [
        "cloudwatch:GetMetricData",
        "cloudwatch:GetMetricData",
        "sagemaker:DescribeEndpoint",
        "sagemaker:ListApps",
        "sagemaker:ListEndpoints",
        "sagemaker:ListEndpoints",
        "sagemaker:ListNotebookInstances",
        "sagemaker:ListProcessingJobs",
        "sagemaker:ListTags",
        "sagemaker:ListTrainingJobs",
        "sagemaker:ListTransformJobs",
    ]


def test_a_running_job_is_described_until_it_has_ended(aws: Aws, landing: Landing, monkeypatch):
    """With the time it was seen last, as its hours grow."""
    a_training_job("long", hours=None, status="InProgress")
    a_training_job("done")
    collect(landing)
    (first,) = [one for one in objects(landing, "11/training-jobs") if "seen_at" in one]
    job = record("training_jobs", "long")
    job.training_job_status, job.training_end_time = "Completed", NOW
    job.last_modified_time = NOW
    with operations(monkeypatch) as asked:
        collect(landing, now=NOW + timedelta(hours=1))

    assert first["seen_at"] == "2026-11-21T06:30:00Z"
    assert asked.count("sagemaker:DescribeTrainingJob") == 1
    assert [one.get("seen_at") for one in objects(landing, "11/training-jobs")] == [None, None]


def test_a_warm_pool_is_asked_about_until_it_is_given_back(aws: Aws, landing: Landing, monkeypatch):
    """The job has ended, and its bill still grows."""
    a_training_job("warm", warm_pool_status={"Status": "Available"})
    collect(landing)
    record("training_jobs", "warm").warm_pool_status = {
        "Status": "Terminated",
        "ResourceRetainedBillableTimeInSeconds": 1800,
    }
    collect(landing)
    with operations(monkeypatch) as asked:
        collect(landing)

    (job,) = objects(landing, "11/training-jobs")
    assert job["WarmPoolStatus"]["ResourceRetainedBillableTimeInSeconds"] == 1800
    assert "sagemaker:DescribeTrainingJob" not in asked


def test_a_month_is_closed_once_its_jobs_have_ended(aws: Aws, landing: Landing, monkeypatch):
    """One that runs on from October keeps October open; its end closes it."""
    a_training_job("old", start=datetime(2026, 10, 31, 22), hours=None, status="InProgress")
    collect(landing)
    job = record("training_jobs", "old")
    job.training_job_status, job.training_end_time = "Completed", NOW
    collect(landing)
    with operations(monkeypatch) as asked:
        collect(landing)

    assert asked.count("sagemaker:ListTrainingJobs") == 1
    assert names(landing, "2026-10/training-jobs", "TrainingJobStatus") == ["Completed"]


def test_jobs_of_many_pages_are_all_landed(aws: Aws, landing: Landing):
    """A page has a hundred."""
    for number in range(120):
        a_training_job(f"job-{number:03d}")
    collect(landing)

    assert len(objects(landing, "11/training-jobs")) == 120


def test_a_job_that_was_deleted_has_run_all_the_same(estate: Aws, landing: Landing):
    """Its cost is on the bill."""
    from moto.sagemaker.models import sagemaker_backends

    collect(landing)
    del sagemaker_backends["123456789012"][REGION].training_jobs["train"]
    collect(landing)

    assert names(landing, "11/training-jobs", "TrainingJobName") == ["train"]


def test_what_is_denied_is_a_gap_and_the_rest_is_landed(estate: Aws, landing: Landing):
    """What was landed of it before stays in force, and the reason names what to grant."""
    collect(landing)
    before = objects(landing, "/training-jobs")
    a_processing_job("more")
    a_training_job("unseen", instance_type="ml.g5.xlarge")
    deny(estate, "ListTrainingJobs", "GetMetricData")
    with pytest.raises(PartlyReadError) as caught:
        collect(landing)

    assert {(gap.scope, gap.reason) for gap in caught.value.gaps} == {
        ("us-east-1/training-jobs", "AWS denies ListTrainingJobs"),
        ("us-east-1/endpoint-hours", "AWS denies GetMetricData"),
    }
    assert caught.value.gaps[0].fix == "Grant what `quaestor permissions sm` prints."
    assert objects(landing, "/training-jobs") == before
    assert len(objects(landing, "/endpoint-hours")) == 1
    assert names(landing, "/processing-jobs", "ProcessingJobName") == ["more", "prepare"]


def test_instance_types_that_are_denied_are_asked_for_again(estate: Aws, landing: Landing):
    """A type without an answer has a name and no GPUs, so that the loader can tell."""
    estate.faults.append(Fault(is_ec2, 403, "UnauthorizedOperation"))
    with pytest.raises(PartlyReadError) as caught:
        collect(landing)
    denied = objects(landing, "/instance-types")
    estate.faults.clear()
    collect(landing)

    assert [gap.scope for gap in caught.value.gaps] == ["us-east-1/instance-types"]
    assert denied[0] == {"InstanceType": "ml.g4dn.12xlarge"}
    assert all("VCpuInfo" in one for one in objects(landing, "/instance-types"))


def test_tags_that_are_denied_are_asked_for_alone_once_they_may_be(
    estate: Aws, landing: Landing, monkeypatch
):
    """The jobs count without them; no job is described twice for its tags."""
    deny(estate, "ListTags")
    with pytest.raises(PartlyReadError) as caught:
        collect(landing)
    (without,) = objects(landing, "11/training-jobs")
    estate.faults.clear()
    with operations(monkeypatch) as asked:
        collect(landing)
    (job,) = objects(landing, "11/training-jobs")

    assert [(gap.scope, gap.reason) for gap in caught.value.gaps] == [
        ("us-east-1/tags", "AWS denies ListTags")
    ]
    assert "Tags" not in without
    assert job["Tags"] == {"team": "vision"}
    assert "sagemaker:DescribeTrainingJob" not in asked


def test_a_source_that_answers_nothing_is_an_error(estate: Aws, landing: Landing):
    """And no manifest says that there was nothing."""
    estate.faults.append(Fault(lambda _: True, 400, "AccessDeniedException"))
    with pytest.raises(IncompleteError) as caught:
        collect(landing)

    assert not isinstance(caught.value, PartlyReadError)
    assert landing.current() is None


def test_throttling_in_the_middle_keeps_what_was_read(estate: Aws, landing: Landing, monkeypatch):
    """The next look describes the others only."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(sagemaker_jobs, "_BATCH", 2)
    for number in range(5):
        a_training_job(f"job-{number}")
    describes = asks("DescribeTrainingJob")
    estate.faults.append(Fault(describes, 400, "ThrottlingException", after=4))
    with pytest.raises(PartlyReadError) as caught:
        collect(landing)
    read = len(objects(landing, "11/training-jobs"))
    estate.faults.clear()
    with operations(monkeypatch) as asked:
        collect(landing)

    assert caught.value.gaps[0].reason.startswith("AWS asks us to slow down")
    assert read == 4
    assert asked.count("sagemaker:DescribeTrainingJob") == 2
    assert len(objects(landing, "11/training-jobs")) == 6


def test_a_kill_in_the_middle_loses_one_batch(estate: Aws, landing: Landing, monkeypatch):
    """The last good state stays in force; what was described is not described again."""
    monkeypatch.setattr(sagemaker_jobs, "_BATCH", 2)
    collect(landing)
    manifest = landing.current()
    for number in range(5):
        a_training_job(f"job-{number}")

    def killed(told: str) -> None:
        if "(4 of 5)" in told:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sagemaker.collect(SOURCE, Config(), landing, now=NOW, progress=killed)
    after = landing.current()
    with operations(monkeypatch) as asked:
        collect(landing)

    assert after == manifest
    assert asked.count("sagemaker:DescribeTrainingJob") <= 3
    assert len(objects(landing, "11/training-jobs")) == 6


def test_an_ended_day_is_asked_for_once(estate: Aws, landing: Landing):
    """Three hours after midnight it is over; values that come later still are not seen."""
    collect(landing, now=datetime(2026, 11, 21, 2, 30))
    measure("churn", "AllTraffic", "Invocations", datetime(2026, 11, 20, 23), 1)
    sample("churn", "AllTraffic", "CPUUtilization", datetime(2026, 11, 20, 23), average=1)
    collect(landing, now=datetime(2026, 11, 21, 3, 30))
    late = names(landing, "11-20/endpoint-hours", "hour")
    sample("churn", "AllTraffic", "CPUUtilization", datetime(2026, 11, 20, 22), average=1)
    collect(landing, now=datetime(2026, 11, 21, 4, 30))

    assert late == ["2026-11-20T04:00:00Z", "2026-11-20T23:00:00Z"]
    assert names(landing, "11-20/endpoint-hours", "hour") == late


def test_an_hour_that_has_not_ended_is_not_asked_for(estate: Aws, landing: Landing):
    """Half an hour of requests would read as an idle hour."""
    measure("churn", "AllTraffic", "Invocations", datetime(2026, 11, 21, 6), 1)
    measure("churn", "AllTraffic", "Invocations", datetime(2026, 11, 21, 5), 1)
    collect(landing)

    assert names(landing, "11-21/endpoint-hours", "hour") == ["2026-11-21T05:00:00Z"]


def test_machines_before_the_configuration_in_force_are_unknown(
    aws: Aws, landing: Landing, monkeypatch
):
    """They may have been others, with other GPUs."""
    teach_percentiles(monkeypatch)
    a_model("m", {})
    an_endpoint("e", {"v": "m"}, configured=datetime(2026, 11, 20, 12))
    for hour in (11, 12):
        sample("e", "v", "GPUUtilization", datetime(2026, 11, 20, hour), average=100)
    collect(landing)

    assert [one["instance_type"] for one in objects(landing, "11-20/endpoint-hours")] == [
        None,
        "ml.g4dn.12xlarge",
    ]


def test_many_days_and_variants_are_few_calls(aws: Aws, landing: Landing, monkeypatch):
    """Eight days to a call, seven metrics of every variant in it."""
    teach_percentiles(monkeypatch)
    a_model("m", {})
    for number in range(10):
        an_endpoint(f"e{number}", {"a": "m", "b": "m"}, created=datetime(2026, 11, 1))
    with operations(monkeypatch) as asked:
        collect(landing)

    assert asked.count("cloudwatch:GetMetricData") == 1 + 3  # is it there; 21 days


def test_only_the_months_asked_for_are_read_and_the_others_stay(aws: Aws, landing: Landing):
    """`since` and `until` name days; the months that have them are read."""
    a_training_job("september", start=datetime(2026, 9, 2))
    a_training_job("october", start=datetime(2026, 10, 2))
    a_training_job("november")
    source = SageMakerSource(name="sm", regions=(REGION,), since=date(2026, 11, 2))
    collect(landing, source)
    only = names(landing, "/training-jobs", "TrainingJobName")
    window = SageMakerSource(
        name="sm", regions=(REGION,), since=date(2026, 9, 30), until=date(2026, 9, 30)
    )
    collect(landing, window)

    assert only == ["november"]
    assert names(landing, "/training-jobs", "TrainingJobName") == ["september", "november"]


def test_regions_are_read_each_for_itself(aws: Aws, landing: Landing, monkeypatch):
    """A region that is no longer named leaves with what it said."""
    a_training_job("there", region="eu-west-1")
    a_training_job("here")
    both = SageMakerSource(name="sm", regions=(REGION, "eu-west-1"))
    collect(landing, both)
    found = {one["TrainingJobArn"].split(":")[3] for one in objects(landing, "/training-jobs")}
    collect(landing)

    assert found == {"us-east-1", "eu-west-1"}
    assert names(landing, "/training-jobs", "TrainingJobName") == ["here"]


def test_a_region_that_cannot_be_asked_does_not_stop_the_others(aws: Aws, landing: Landing):
    """It is a gap of its own."""
    a_training_job("here")
    with pytest.raises(PartlyReadError) as caught:
        collect(landing, SageMakerSource(name="sm", regions=("no region", REGION)))

    assert [gap.scope for gap in caught.value.gaps] == ["no region/all"]
    assert names(landing, "/training-jobs", "TrainingJobName") == ["here"]


@pytest.mark.parametrize(
    "days", [{"since": date(2090, 1, 1)}, {"until": date(2019, 1, 1)}], ids=["to come", "too old"]
)
def test_days_without_a_month_are_a_mistake(aws: Aws, landing: Landing, days):
    """Nothing would be asked for, as if nothing had run."""
    with pytest.raises(ConfigurationError, match="there is no month"):
        collect(landing, SageMakerSource(name="sm", regions=(REGION,), **days))


def test_no_region_at_all_is_a_mistake(aws: Aws, landing: Landing, monkeypatch):
    """The emptiness of a region that nobody uses would read as the answer."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ConfigurationError, match="no region is named"):
        collect(landing, SageMakerSource(name="sm"))


def test_boto3s_region_will_do(estate: Aws, landing: Landing):
    """As for every program."""
    collect(landing, SageMakerSource(name="sm"))

    assert names(landing, "/endpoints", "EndpointName") == ["churn"]


def test_models_in_inference_components_are_asked_for(aws: Aws, landing: Landing, monkeypatch):
    """Where a variant has no model of its own (moto has no such API)."""
    teach_percentiles(monkeypatch)
    a_model("m", {"ModelDataUrl": "s3://acme/m.tar.gz"})
    an_endpoint("e", {"v": "m"})
    del record("endpoint_configs", "e-config").production_variants[0]["ModelName"]
    aws.replies["ListInferenceComponents"] = lambda _: {
        "InferenceComponents": [{"InferenceComponentName": "ic"}]
    }
    aws.replies["DescribeInferenceComponent"] = lambda asked: {
        "InferenceComponentName": asked["InferenceComponentName"],
        "VariantName": "v",
        "Specification": {"ModelName": "m"},
        "RuntimeConfig": {"CurrentCopyCount": 2},
    }
    collect(landing)

    (endpoint,) = objects(landing, "/endpoints")
    assert endpoint["Components"] == [
        {
            "InferenceComponentName": "ic",
            "VariantName": "v",
            "ModelName": "m",
            "ModelDataUrl": None,
            "Image": None,
            "RuntimeConfig": {"CurrentCopyCount": 2},
        }
    ]
    assert list(endpoint["Models"]) == ["m"]


def test_a_page_of_html_is_no_empty_account(wiremock: WireMock, aws: Aws, landing: Landing):
    """A login page answers 200 to everything."""
    page = {"status": 200, "body": "<html>Sign in</html>", "headers": {"Content-Type": "text/html"}}
    wiremock.answer("POST", "/.*", page)
    source = SageMakerSource(name="sm", regions=(REGION,), endpoint_url=wiremock.plain_url)
    with pytest.raises(IncompleteError) as caught:
        collect(landing, source)

    assert "does not speak AWS's API" in caught.value.what
    assert landing.current() is None


def test_nobody_there_is_known_in_seconds(aws: Aws, landing: Landing):
    """Not after twenty tries."""
    source = SageMakerSource(name="sm", regions=(REGION,), endpoint_url="http://127.0.0.1:9")
    began = time.monotonic()
    with pytest.raises(IncompleteError, match="AWS cannot be reached"):
        collect(landing, source)

    assert time.monotonic() - began < 30


def test_doctor_tells_what_is_there_and_what_is_denied(estate: Aws):
    """Region by region."""
    well = sagemaker.doctor(SOURCE, Config())
    deny(estate, "GetMetricData")
    estate.faults.append(Fault(is_ec2, 403, "UnauthorizedOperation"))

    assert well == "us-east-1: 1 endpoint, jobs listed"
    assert sagemaker.doctor(SOURCE, Config()) == (
        "us-east-1: 1 endpoint, jobs listed, hours of endpoints denied, "
        "GPUs of instance types denied"
    )
    deny(estate, "ListTrainingJobs")
    with pytest.raises(IncompleteError, match="AWS denies ListTrainingJobs"):
        sagemaker.doctor(SOURCE, Config())


def test_hostile_names_are_landed_as_they_are(aws: Aws, landing: Landing):
    """10 kB, emoji, HTML, quotes and line ends in tags and reasons."""
    tags = {"<img src=x onerror=alert(1)>": "\N{BUG}" * 2500, "quote'\"\n": 'a"b\n\\'}
    a_training_job("hostile", tags=tags, status="Failed", failure_reason="x" * 9000)
    collect(landing)

    (job,) = objects(landing, "11/training-jobs")
    assert job["Tags"] == tags
    assert job["FailureReason"] == "x" * 500


@pytest.mark.online
def test_a_real_account(online, landing: Landing):
    """The account that boto3 finds, in the region QUAESTOR_ONLINE_SAGEMAKER_REGION."""
    source = SageMakerSource(name="sm", regions=(online("SAGEMAKER_REGION"),), months=1)
    now = boto3.client("sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]["date"]
    collect(landing, source, datetime.strptime(now, "%a, %d %b %Y %H:%M:%S %Z"))  # noqa: DTZ007 - ours have no zone

    assert "jobs listed" in sagemaker.doctor(source, Config())
    assert landing.current()


def test_what_an_older_look_did_not_ask_for_is_asked_once_more(
    aws: Aws, landing: Landing, monkeypatch: pytest.MonkeyPatch
):
    """An endpoint's configuration and models cannot change; what is known of them can grow."""
    a_model("m", {"ModelPackageName": arn("model-package", "churn/3")})
    an_endpoint("e", {"v": "m"})
    collect(landing)
    (endpoint,) = objects(landing, "/endpoints")
    assert endpoint["EndpointConfig"]["KmsKeyId"] is None
    assert endpoint["Models"]["m"]["ExecutionRoleArn"].endswith("role/sm-exec")
    assert {"LastDeploymentConfig"} <= set(endpoint)
    assert "s3cr3t" not in json.dumps(endpoint)

    with operations(monkeypatch) as asked:
        collect(landing, now=NOW + timedelta(hours=1))
    assert not {"sagemaker:DescribeEndpointConfig", "sagemaker:DescribeModel"} & set(asked)

    del endpoint["EndpointConfig"]["KmsKeyId"], endpoint["Models"]["m"]["VpcConfig"]
    files = [
        land_objects(landing, REGION, "endpoints", [endpoint]),
        *(file for file in landing.current().files if not file.scope.endswith("/endpoints")),
    ]
    landing.snapshot(files, kind="sagemaker", schema="sagemaker", now=NOW)
    with operations(monkeypatch) as asked:
        collect(landing, now=NOW + timedelta(hours=2))
    assert {"sagemaker:DescribeEndpointConfig", "sagemaker:DescribeModel"} <= set(asked)
