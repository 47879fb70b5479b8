"""What ran in SageMaker, loaded: GPU-hours, endpoints, their hours, and the bill they meet."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from builders.bills import NOW, Bill
from builders.curs import legacy_csv
from builders.rows import insert
from builders.sagemaker_work import arn, load
from quaestor.collect.landing import Landing
from quaestor.collect.objects import land_objects
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.sources import SageMakerSource
from quaestor.normalise import artifacts, forget, registry
from quaestor.warehouse.duckdb import Warehouse

REGION = "us-east-1"
TYPES = {
    "ml.p4d.24xlarge": ("A100", 8, 96),
    "ml.g5.xlarge": ("A10G", 1, 4),
    "ml.m5.xlarge": (None, 0, 4),
}
START = datetime(2026, 11, 20, 10, tzinfo=UTC)
PACKAGE = arn("model-package", "churn/3")


@pytest.fixture
def warehouse() -> Warehouse:
    """An empty warehouse."""
    return Warehouse(":memory:")


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty landing folder."""
    return Landing(tmp_path / "landing", "sm")


def a_type(name: str) -> dict[str, Any]:
    """What EC2 says of an instance type; nothing, where TYPES does not have it."""
    if name not in TYPES:
        return {"InstanceType": name}
    model, gpus, cpus = TYPES[name]
    gpu = {"Name": model, "Manufacturer": "NVIDIA", "Count": gpus}
    made = {"VCpuInfo": {"DefaultVCpus": cpus}, "MemoryInfo": {"SizeInMiB": 2048}}
    return {"InstanceType": name, **made, **({"GpuInfo": {"Gpus": [gpu]}} if model else {})}


def a_job(name: str = "train", **said: Any) -> dict[str, Any]:
    """A training job of one machine with eight GPUs, of two hours."""
    machines = {"InstanceType": "ml.p4d.24xlarge", "InstanceCount": 1, "VolumeSizeInGB": 100}
    job = {
        "TrainingJobName": name,
        "TrainingJobArn": arn("training-job", name),
        "TrainingJobStatus": "Completed",
        "SecondaryStatus": "Completed",
        "ResourceConfig": machines,
        "CreationTime": START,
        "TrainingStartTime": START,
        "TrainingEndTime": datetime(2026, 11, 20, 12, tzinfo=UTC),
        "Tags": {},
        **said,
    }
    return {key: value for key, value in job.items() if value is not None}


def an_endpoint(
    name: str = "churn",
    variants: dict[str, str | None] | None = None,
    *,
    models: dict[str, Any] | None = None,
    instance_type: str = "ml.p4d.24xlarge",
    **said: Any,
) -> dict[str, Any]:
    """An endpoint of two instances to each variant, whose model is version 3 of churn."""
    serving = variants or {"AllTraffic": "churn-3"}
    container = {"Image": "acme/serve:1", "ModelPackageName": PACKAGE}
    return {
        "EndpointName": name,
        "EndpointArn": arn("endpoint", name),
        "EndpointStatus": "InService",
        "CreationTime": START,
        "LastModifiedTime": START,
        "ProductionVariants": [
            {"VariantName": variant, "CurrentInstanceCount": 2} for variant in serving
        ],
        "EndpointConfig": {
            "ProductionVariants": [
                {
                    "VariantName": variant,
                    "InstanceType": instance_type,
                    **({"ModelName": model} if model else {}),
                }
                for variant, model in serving.items()
            ]
        },
        "Models": {"churn-3": {"Containers": [container]}} if models is None else models,
        "Components": [],
        "Tags": {},
        **said,
    }


def an_hour(**said: Any) -> dict[str, Any]:
    """An hour in which CloudWatch heard from two instances."""
    hour = {
        "endpoint": "churn",
        "variant": "AllTraffic",
        "hour": START,
        "instance_type": "ml.p4d.24xlarge",
        "cpu_percent": 960.0,
        "cpu_samples": 120.0,
        "gpu_percent": 400.0,
        **said,
    }
    return {key: value for key, value in hour.items() if value is not None}


def loaded(
    warehouse: Warehouse,
    landing: Landing,
    *,
    jobs: list[dict[str, Any]] | None = None,
    endpoints: list[dict[str, Any]] | None = None,
    hours: list[dict[str, Any]] | None = None,
    types: tuple[str, ...] = tuple(TYPES),
    kind: str = "training-jobs",
) -> list[BlindSpot]:
    """Land what a region answered and load it; return what could not be seen."""
    files = [
        land_objects(landing, f"{REGION}/2026-11", kind, jobs or []),
        land_objects(landing, REGION, "endpoints", endpoints or []),
        land_objects(landing, f"{REGION}/2026-11-20", "endpoint-hours", hours or []),
        land_objects(landing, REGION, "instance-types", map(a_type, types)),
    ]
    landing.snapshot(files, kind="sagemaker", schema="sagemaker", now=NOW)
    return load(warehouse, landing)


def only(warehouse: Warehouse, table: str, columns: str) -> tuple[Any, ...]:
    """Columns of the one row of a table."""
    return warehouse.row(f"select {columns} from {table}")


def test_gpu_hours_are_gpus_of_all_machines_times_the_hours(warehouse, landing):
    """Of a job of two machines with eight GPUs each, two hours long, 32."""
    machines = {"InstanceType": "ml.p4d.24xlarge", "InstanceCount": 2, "VolumeSizeInGB": 100}
    tags = {"Team": "vision", "model": "churn", "note": "<img src=x onerror=alert(1)>\n\N{BUG}"}
    loaded(warehouse, landing, jobs=[a_job(ResourceConfig=machines, Tags=tags)])

    assert only(
        warehouse,
        "usage.gpu_job",
        "job, name, kind, team, model, gpu_model, gpus, instances, gpu_hours, state, started_at, "
        "ended_at, instance_type, volume_gib, capacity_type, sub_account, region, resource_id",
    ) == (
        *(arn("training-job", "train"), "train", "training-job", "vision", "churn"),
        *("NVIDIA A100", 16, 2, 32, "completed", datetime(2026, 11, 20, 10)),
        *(datetime(2026, 11, 20, 12), "ml.p4d.24xlarge", 200, "on-demand", "123456789012"),
        *(REGION, arn("training-job", "train")),
    )
    (labels,) = only(warehouse, "usage.gpu_job", "labels")
    assert msgspec.json.decode(labels) == tags


def test_spot_is_billed_for_less_than_it_trained(warehouse, landing):
    """Training time and billable time are SageMaker's own; a warm pool's time is apart."""
    job = a_job(
        EnableManagedSpotTraining=True,
        TrainingTimeInSeconds=3600,
        BillableTimeInSeconds=900,
        WarmPoolStatus={"Status": "Terminated", "ResourceRetainedBillableTimeInSeconds": 1800},
    )
    loaded(warehouse, landing, jobs=[job])

    assert only(
        warehouse,
        "usage.gpu_job",
        "capacity_type, gpu_hours, billed_gpu_hours, kept_warm_gpu_hours",
    ) == ("spot", 8, 2, 4)


def test_instance_groups_are_added_up(warehouse, landing):
    """A cluster of eight A100, two A10G and machines without GPUs has ten."""
    groups = [
        {"InstanceType": "ml.p4d.24xlarge", "InstanceCount": 1},
        {"InstanceType": "ml.g5.xlarge", "InstanceCount": 2},
        {"InstanceType": "ml.m5.xlarge", "InstanceCount": 3},
    ]
    loaded(warehouse, landing, jobs=[a_job(ResourceConfig={"InstanceGroups": groups})])

    assert only(warehouse, "usage.gpu_job", "gpus, instances, gpu_model, instance_type") == (
        *(10, 6, "NVIDIA A100, NVIDIA A10G"),
        "ml.g5.xlarge, ml.m5.xlarge, ml.p4d.24xlarge",
    )


@pytest.mark.parametrize(
    ("said", "state", "gpu_hours", "reason"),
    [
        ({"TrainingJobStatus": "Failed", "FailureReason": "OOM"}, "failed", 16, "OOM"),
        ({"TrainingJobStatus": "Stopped"}, "cancelled", 16, None),
        (
            {"TrainingJobStatus": "Stopped", "SecondaryStatus": "MaxRuntimeExceeded"},
            *("failed", 16, "MaxRuntimeExceeded"),
        ),
        (
            {"TrainingJobStatus": "Stopped", "SecondaryStatus": "MaxWaitTimeExceeded"},
            *("failed", 16, "MaxWaitTimeExceeded"),
        ),
        (
            {"TrainingJobStatus": "Stopped", "SecondaryStatus": "Interrupted"},
            *("cancelled", 16, "Interrupted"),
        ),
        (
            {
                "TrainingJobStatus": "InProgress",
                "TrainingEndTime": None,
                "seen_at": datetime(2026, 11, 20, 10, 30, tzinfo=UTC),
            },
            *("running", 4, None),
        ),
        (
            {"TrainingJobStatus": "InProgress", "TrainingEndTime": None, "TrainingStartTime": None},
            *("pending", 0, None),
        ),
        (
            {"TrainingJobStatus": "Failed", "TrainingStartTime": None, "FailureReason": "no room"}
            | {"TrainingTimeInSeconds": None},
            *("failed", 0, "no room"),
        ),
        (
            {"TrainingStartTime": None, "TrainingTimeInSeconds": None},
            *("completed", None, None),
        ),
        ({"TrainingJobStatus": "Deleting"}, None, 16, None),
    ],
)
def test_states(warehouse, landing, said, state, gpu_hours, reason):
    """A job's state in our words; hours end with the job, or when it was last seen.

    One that failed before it had a machine has none; one of which nobody says when it started has
    an unknown number, which is told.
    """
    told = loaded(warehouse, landing, jobs=[a_job(**said)])

    assert only(warehouse, "usage.gpu_job", "state, gpu_hours, reason") == (
        *(state, gpu_hours),
        reason,
    )
    assert ["unknown" in spot.reason for spot in told] == [True] * (gpu_hours is None)


def test_a_type_that_ec2_does_not_tell_has_unknown_gpus(warehouse, landing):
    """Never none; and it is told."""
    machines = {"InstanceType": "ml.new.large", "InstanceCount": 1}
    spot, hours = loaded(
        warehouse, landing, jobs=[a_job(ResourceConfig=machines)], types=("ml.new.large",)
    )

    assert only(warehouse, "usage.gpu_job", "gpus, gpu_hours, instances") == (None, None, 1)
    assert spot.scope == "us-east-1/ml.new.large"
    assert "its GPUs are unknown" in spot.reason
    assert hours.reason.startswith("the GPU-hours of 1 job are unknown, as nobody says how many")


def test_one_unknown_group_leaves_the_whole_cluster_unknown(warehouse, landing):
    """Eight GPUs and nobody knows how many more are no eight."""
    groups = [
        {"InstanceType": "ml.p4d.24xlarge", "InstanceCount": 1},
        {"InstanceType": "ml.new.large", "InstanceCount": 1},
    ]
    loaded(warehouse, landing, jobs=[a_job(ResourceConfig={"InstanceGroups": groups})])

    assert only(warehouse, "usage.gpu_job", "gpus, gpu_hours, cpus, instances") == (
        *(None, None, None),
        2,
    )


def test_a_type_without_gpus_has_none(warehouse, landing):
    """Which is known, so that it is no blind spot."""
    machines = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1}
    spots = loaded(warehouse, landing, jobs=[a_job(ResourceConfig=machines)])

    assert only(warehouse, "usage.gpu_job", "gpus, gpu_hours, gpu_model") == (0, 0, None)
    assert spots == []


def test_processing_and_transform_jobs_are_jobs_too(warehouse, landing):
    """Each names its machines in its own way."""
    machines = {"InstanceType": "ml.g5.xlarge", "InstanceCount": 2}
    job = {
        "ProcessingJobArn": arn("processing-job", "p"),
        "ProcessingJobName": "p",
        "ProcessingJobStatus": "Failed",
        "ProcessingResources": {"ClusterConfig": machines},
        "ProcessingStartTime": START,
        "ProcessingEndTime": datetime(2026, 11, 20, 11, tzinfo=UTC),
        "ExitMessage": "no data",
    }
    loaded(warehouse, landing, jobs=[job], kind="processing-jobs")

    assert only(warehouse, "usage.gpu_job", "kind, name, gpus, gpu_hours, state, reason") == (
        *("processing-job", "p", 2, 2, "failed"),
        "no data",
    )


def test_what_cannot_be_read_waits_in_quarantine(warehouse, landing):
    """With its reason, and the others count."""
    jobs = [
        a_job("good"),
        a_job("backwards", TrainingEndTime=datetime(2026, 11, 19, tzinfo=UTC)),
        a_job("never", TrainingStartTime="yesterday"),
        a_job("half", ResourceConfig={"InstanceType": "ml.g5.xlarge", "InstanceCount": 1.5}),
        a_job("nameless", TrainingJobArn="train"),
    ]
    (spot,) = loaded(warehouse, landing, jobs=jobs)

    assert warehouse.rows("select name from usage.gpu_job") == [("good",)]
    assert warehouse.rows("select row_number, reason from quarantine.row order by all") == [
        (2, "it ends before it starts"),
        (3, 'the start "yesterday" is no time'),
        (4, "InstanceCount 1.5 is no count of things"),
        (5, "the job has no ARN"),
    ]
    assert spot.rows == 4


def test_an_endpoint_serves_the_version_of_its_model_package(warehouse, landing):
    """Group and number are the registry's names; only signed requests are answered."""
    config = {"Tags": {"environment": "Prod"}}
    digest = [{"SpecifiedImage": "acme/serve:1", "ResolvedImage": "acme/serve@sha256:ab"}]
    states = [{"VariantName": "AllTraffic", "CurrentInstanceCount": 2, "DeployedImages": digest}]
    spots = loaded(warehouse, landing, endpoints=[an_endpoint(ProductionVariants=states, **config)])

    assert only(
        warehouse,
        "registry.deployment",
        "deployment, model, version, environment, public_access, authentication, kind, "
        "resource_id, images, image_digests, replicas, status",
    ) == (
        *("churn", "churn", "3", "prod", False, "iam", "sagemaker-endpoint"),
        *(arn("endpoint", "churn"), ["acme/serve:1"], ["acme/serve@sha256:ab"], 2, "InService"),
    )
    assert only(
        warehouse,
        "usage.endpoint",
        "endpoint, kind, model, model_version, instances, gpus, gpu_model, resource_id",
    ) == ("churn", "sagemaker", "churn", "3", 2, 16, "NVIDIA A100", arn("endpoint", "churn"))
    assert spots == []


def test_a_model_is_found_by_its_artifact(warehouse, landing):
    """Where no package is named: as long as a registry says whose artifact it is."""
    artifact = "s3://acme-models/train/output/model.tar.gz"
    models = {"m": {"Containers": [{"Image": "i", "ModelDataUrl": artifact}]}}
    job = a_job(ModelArtifacts={"S3ModelArtifacts": artifact})
    state = {"source": "reg", "model": "churn", "version": "7", "from_file": False}
    insert(warehouse, "registry.stated_model_version", artifact_uri=artifact, **state)
    loaded(
        warehouse, landing, jobs=[job], endpoints=[an_endpoint(variants={"v": "m"}, models=models)]
    )
    tables = (
        ("registry.deployment", "model, version"),
        ("usage.endpoint", "model, model_version"),
        ("usage.gpu_job", "model, model_version"),
    )
    known = [only(warehouse, *one) for one in tables]
    warehouse.run("delete from registry.stated_model_version")
    registry.settle(warehouse)
    artifacts.settle(warehouse)

    assert known == [("churn", "7")] * 3
    assert [only(warehouse, *one) for one in tables] == [(None, None)] * 3


def test_a_model_is_found_by_the_job_that_made_it(warehouse, landing):
    """Its package was generated by the job; what it wrote was copied elsewhere."""
    run = arn("training-job", "train")
    state = {"source": "reg", "model": "churn", "version": "8", "from_file": False}
    insert(warehouse, "registry.stated_model_version", run_id=run, **state)
    loaded(warehouse, landing, jobs=[a_job(ModelArtifacts={"S3ModelArtifacts": "s3://a/b"})])

    assert only(warehouse, "usage.gpu_job", "run_id, model, model_version") == (run, "churn", "8")


@pytest.mark.parametrize("name", ["Churn", "us-east-1/churn"])
def test_a_model_has_the_registrys_own_name(warehouse, landing, name):
    """An ARN has it in small letters, and without the region that tells namesakes apart."""
    for model in (name, "eu-west-1/churn"):
        state = {"source": "reg", "model": model, "from_file": False}
        insert(warehouse, "registry.stated_model", **state)
    loaded(warehouse, landing, endpoints=[an_endpoint()])

    assert only(warehouse, "registry.deployment", "model, version") == (name, "3")
    assert only(warehouse, "usage.endpoint", "model, model_version") == (name, "3")


def test_a_model_that_was_deleted_is_a_blind_spot(warehouse, landing):
    """The endpoint goes on serving it, and nobody can say what it is."""
    (spot,) = loaded(warehouse, landing, endpoints=[an_endpoint(models={"churn-3": None})])

    assert only(warehouse, "registry.deployment", "model, version") == (None, None)
    assert spot.reason == (
        "1 variant of endpoints serve what cannot be told: the model was deleted, or is of "
        "several packages; the first: churn/AllTraffic"
    )


def test_variants_are_deployments_of_their_own(warehouse, landing):
    """An endpoint with two models has none itself, and the instances of both."""
    other = {"ModelPackageName": arn("model-package", "churn/4")}
    models = {
        "a": {"Containers": [{"ModelPackageName": PACKAGE}]},
        "b": {"Containers": [other, {"Image": "post"}]},
    }
    endpoint = an_endpoint(variants={"old": "a", "new": "b"}, models=models)
    loaded(warehouse, landing, endpoints=[endpoint])

    assert warehouse.rows(
        "select deployment, model, version from registry.deployment order by all"
    ) == [("churn/new", "churn", "4"), ("churn/old", "churn", "3")]
    assert only(warehouse, "usage.endpoint", "model, model_version, instances, gpus") == (
        *("churn", None, 4),
        32,
    )


def test_inference_components_are_deployments_of_their_own(warehouse, landing):
    """They share the variant's machines, which are counted once."""
    components = [
        {"InferenceComponentName": "a", "VariantName": "v", "ModelName": "churn-3"},
        {"InferenceComponentName": "b", "VariantName": "v", "ModelDataUrl": "s3://x/b.tar.gz"},
    ]
    loaded(warehouse, landing, endpoints=[an_endpoint(variants={"v": None}, Components=components)])

    assert warehouse.rows(
        "select deployment, model, artifact_uri from registry.deployment order by all"
    ) == [("churn/v/a", "churn", None), ("churn/v/b", None, "s3://x/b.tar.gz")]
    assert only(warehouse, "usage.endpoint", "instances, gpus") == (2, 16)


def test_gpu_utilisation_is_a_sum_over_the_gpus(warehouse, landing):
    """400 percent of eight GPUs is a half; 960 of 96 processors a tenth; 120 samples two."""
    hour = an_hour(invocations=30.0, errors_4xx=1.0, errors_5xx=2.0, latency_p95_us=25000.0)
    loaded(warehouse, landing, endpoints=[an_endpoint()], hours=[hour])

    assert only(
        warehouse,
        "usage.endpoint_hour",
        "endpoint, variant, hour, requests, errors, instances, gpu_used_ratio, cpu_used_ratio, "
        "latency_p95_ms",
    ) == ("churn", "AllTraffic", datetime(2026, 11, 20, 10), 30, 3, 2, 0.5, 0.1, 25)


def test_more_than_the_gpus_can_have_is_no_figure(warehouse, landing):
    """The hour counts without it, and the value is kept aside."""
    hour = an_hour(gpu_percent=900.0)
    (spot,) = loaded(warehouse, landing, endpoints=[an_endpoint()], hours=[hour])

    assert only(warehouse, "usage.endpoint_hour", "gpu_used_ratio, instances") == (None, 2)
    assert "GPUUtilization 900.0 is more than the GPUs of ml.p4d.24xlarge can have" in spot.reason


@pytest.mark.parametrize("change", [{"instance_type": None}, {"instance_type": "ml.m5.xlarge"}])
def test_a_ratio_needs_gpus_that_are_known(warehouse, landing, change):
    """Unknown machines, or machines without GPUs, have no share of them."""
    hour = an_hour(cpu_percent=10.0, **change)
    loaded(warehouse, landing, endpoints=[an_endpoint()], hours=[hour])

    assert only(warehouse, "usage.endpoint_hour", "gpu_used_ratio") == (None,)


def test_silence_is_idle_only_where_the_instances_were_heard(warehouse, landing):
    """An endpoint that answers later, or did not report itself, has unknown requests."""
    later = an_endpoint("later", IsAsynchronous=True)
    hours = [
        an_hour(),
        an_hour(endpoint="later"),
        an_hour(
            hour=datetime(2026, 11, 20, 11, tzinfo=UTC),
            **dict.fromkeys(("cpu_percent", "cpu_samples")),
        ),
    ]
    loaded(warehouse, landing, endpoints=[an_endpoint(), later], hours=hours)

    assert warehouse.rows(
        "select endpoint, hour, requests, errors from usage.endpoint_hour order by all"
    ) == [
        ("churn", datetime(2026, 11, 20, 10), 0, 0),
        ("churn", datetime(2026, 11, 20, 11), None, None),
        ("later", datetime(2026, 11, 20, 10), None, None),
    ]


def test_endpoints_of_several_regions_may_have_one_name(warehouse, landing):
    """The region then stands before it, whichever endpoints there are."""
    source = SageMakerSource(name="sm", regions=("eu-west-1", "us-east-1"))
    files = [
        land_objects(landing, place, "endpoints", [an_endpoint(EndpointArn=f"{place}:e")])
        for place in source.regions
    ]
    landing.snapshot(files, kind="sagemaker", schema="sagemaker", now=NOW)
    load(warehouse, landing, source)

    found = [("eu-west-1/churn",), ("us-east-1/churn",)]
    assert warehouse.rows("select endpoint from usage.endpoint order by 1") == found
    assert warehouse.rows("select deployment from registry.deployment order by 1") == found


def test_jobs_and_endpoints_meet_the_bill(landing, bill: Bill):
    """The bill's ResourceId is the ARN: what each job, model and endpoint cost."""
    loaded(bill.warehouse, landing, jobs=[a_job()], endpoints=[an_endpoint()])
    line = {"line_item_product_code": "AmazonSageMaker"}
    bill.write(
        "cur.csv",
        legacy_csv(
            {
                **line,
                "line_item_resource_id": arn("training-job", "train"),
                "line_item_usage_type": "Train:ml.p4d.24xlarge",
                "line_item_unblended_cost": "75.42",
            },
            {
                **line,
                "line_item_resource_id": arn("endpoint", "churn"),
                "line_item_usage_type": "Host:ml.p4d.24xlarge",
                "line_item_unblended_cost": "905.04",
            },
            {**line, "line_item_resource_id": "", "line_item_unblended_cost": "1"},
        ),
    )
    bill.load()

    joined = bill.warehouse.rows(
        """
        select u.what, u.model, u.gpu_hours, sum(c.BilledCost)::decimal(18, 2)
        from (
            select resource_id, 'job ' || name as what, model, gpu_hours from usage.gpu_job
            union all by name
            select resource_id, 'endpoint ' || endpoint as what, model from usage.endpoint
        ) as u
        join focus.charge as c on c.ResourceId = u.resource_id
        group by all order by all
        """
    )
    assert [(what, model, hours, str(cost)) for what, model, hours, cost in joined] == [
        ("endpoint churn", "churn", None, "905.04"),
        ("job train", None, 16, "75.42"),
    ]


def test_what_the_source_can_tell_of_deployments_is_said(warehouse, landing):
    """Application Auto Scaling and the creator are not asked, so that nobody reads them as none."""
    loaded(warehouse, landing)

    found = dict(
        warehouse.rows("select field, via from registry.evidence where source = 'sm' and supplied")
    )
    assert found["deployment"] == found["deployment.model"] == "native"
    assert found["deployment.environment"] == "tag"
    absent = {"grant", "model", "deployment.autoscaler", "deployment.created_by"}
    assert not absent & set(found)


def test_a_source_that_leaves_takes_all_with_it(warehouse, landing):
    """And loading twice is as loading once."""
    for _ in range(2):
        loaded(warehouse, landing, jobs=[a_job()], endpoints=[an_endpoint()], hours=[an_hour()])
    tables = ("usage.gpu_job", "usage.endpoint", "usage.endpoint_hour", "registry.deployment")
    counts = [only(warehouse, table, "count(*)") for table in tables]
    forget(warehouse, "sm")

    assert counts == [(1,)] * 4
    assert [only(warehouse, table, "count(*)") for table in tables] == [(0,)] * 4


CAPTURED = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://acme-logs/churn",
}


def a_configuration(**said: Any) -> dict[str, Any]:
    """What a look asks of an endpoint's configuration, where it says nothing of it."""
    config = an_endpoint()["EndpointConfig"]
    asked = ("KmsKeyId", "DataCaptureConfig", "EnableNetworkIsolation", "VpcConfig")
    return {**config, **dict.fromkeys(asked), **said}


@pytest.mark.parametrize(
    ("config", "model", "wanted"),
    [
        ({}, {}, (None, None, False, None, None)),
        ({"KmsKeyId": "k"}, {}, (True, "k", False, None, None)),
        ({"EnableNetworkIsolation": True}, {}, (None, None, True, None, None)),
        ({}, {"EnableNetworkIsolation": True}, (None, None, True, None, None)),
        ({}, {"VpcConfig": {"Subnets": ["s"]}}, (None, None, True, None, None)),
        ({"DataCaptureConfig": CAPTURED}, {}, (None, None, False, True, "s3://acme-logs/churn")),
        (
            {"DataCaptureConfig": {**CAPTURED, "InitialSamplingPercentage": 10}},
            {},
            (None, None, False, False, "s3://acme-logs/churn"),
        ),
        (
            {"DataCaptureConfig": {**CAPTURED, "EnableCapture": False}},
            {},
            (None, None, False, None, None),
        ),
    ],
)
def test_an_endpoint_is_as_safe_as_its_configuration(warehouse, landing, config, model, wanted):
    """Key, network, captured calls; what is not said is not known, and never safe."""
    parts = {"Containers": [{"ModelPackageName": PACKAGE}], "ExecutionRoleArn": "role/sm", **model}
    endpoint = an_endpoint(EndpointConfig=a_configuration(**config), models={"churn-3": parts})
    loaded(warehouse, landing, endpoints=[endpoint])

    columns = "encrypted, kms_key, network_isolated, access_logged, log_destination"
    assert only(warehouse, "registry.deployment", columns) == wanted
    assert only(warehouse, "registry.deployment", "tls, identity, instance_type, gpu_request") == (
        *(True, "role/sm", "ml.p4d.24xlarge", 8),
    )


CANARY = {
    "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "CANARY"}},
    "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}, {"AlarmName": "slow"}]},
}


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({}, (None, None, None)),
        ({"LastDeploymentConfig": None}, ("all-at-once", None, False)),
        ({"LastDeploymentConfig": CANARY}, ("canary", "errors, slow", True)),
        (
            {"LastDeploymentConfig": {"RollingUpdatePolicy": {"MaximumBatchSize": {}}}},
            ("rolling-update", None, False),
        ),
    ],
)
def test_an_endpoint_rolls_out_as_its_last_deployment_did(warehouse, landing, said, wanted):
    """Alarms take it back; what an older look did not ask for is unknown."""
    loaded(warehouse, landing, endpoints=[an_endpoint(**said)])

    columns = "rollout_strategy, rollout_analysis, rolls_back"
    assert only(warehouse, "registry.deployment", columns) == wanted


@pytest.mark.parametrize(
    ("variant", "said", "wanted"),
    [
        ({}, {}, False),
        ({}, {"IsAsynchronous": True}, None),
        ({"ServerlessConfig": {"MemorySizeInMB": 2048}}, {}, True),
        ({"ManagedInstanceScaling": {"MinInstanceCount": 0}}, {}, True),
        ({"ManagedInstanceScaling": {"MinInstanceCount": 1}}, {}, False),
    ],
)
def test_what_scales_to_zero_says_so(warehouse, landing, variant, said, wanted):
    """An asynchronous endpoint may, by a service that is not asked."""
    endpoint = an_endpoint(**said)
    endpoint["EndpointConfig"]["ProductionVariants"][0] |= variant
    loaded(warehouse, landing, endpoints=[endpoint])

    assert only(warehouse, "registry.deployment", "scales_to_zero") == (wanted,)


def test_tags_of_an_endpoint_say_what_aws_does_not_know(warehouse, landing):
    """In the words of the vocabulary; a value that cannot be read is told."""
    tags = {"gov.monitoring": "drift", "gov.drift": "high", "gov.tls": "false"}
    [spot] = loaded(warehouse, landing, endpoints=[an_endpoint(Tags=tags)])

    assert only(warehouse, "registry.deployment", "monitoring, drift, tls") == ("drift", None, True)
    assert (spot.scope, "deployment churn: the value of gov.drift is 'high'" in spot.reason) == (
        *("deployment.drift", True),
    )


@pytest.mark.parametrize(
    ("said", "hours"), [({}, None), ({"StoppingCondition": {"MaxRuntimeInSeconds": 5400}}, 1.5)]
)
def test_a_job_has_the_limit_of_its_stopping_condition(warehouse, landing, said, hours):
    """Of a job that was landed before anybody asked for it, it is unknown."""
    loaded(warehouse, landing, jobs=[a_job(**said)])

    assert only(warehouse, "usage.gpu_job", "time_limit_hours") == (hours,)


@pytest.mark.parametrize(
    ("said", "goes_on"),
    [({}, None), ({"CheckpointConfig": {"S3Uri": "s3://acme/checkpoints"}}, True)],
)
def test_a_job_that_is_told_where_checkpoints_go_can_go_on(warehouse, landing, said, goes_on):
    """One that is not told may write them all the same."""
    loaded(warehouse, landing, jobs=[a_job(**said)])

    assert only(warehouse, "usage.gpu_job", "is_checkpointed") == (goes_on,)
