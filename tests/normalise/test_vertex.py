"""normalise.vertex: what Vertex AI ran and knows, in our words, joined to the bill."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pytest

from builders import vertex as build
from builders.jobs import landed, lines, settled
from builders.rows import charge
from builders.vertex import AT
from quaestor.collect import vertex_fields as fields
from quaestor.core.sources import VertexSource

NOW = datetime(2026, 11, 21, 6)
LIFECYCLES = "development, staging, production or archived"
KEY = "projects/acme-ml/locations/us-central1"  # of endpoints, by the project's id
BILLED = "//aiplatform.googleapis.com/projects/7001/locations/us-central1"


@pytest.fixture
def seen(warehouse, tmp_path):
    """Land objects by kind, load and settle; return the blind spots as scope and reason."""

    def look(**kinds: list[dict[str, Any]]) -> list[tuple[str, str]]:
        files = {}
        for name, objects in kinds.items():
            kind = name.replace("_", "-")
            place = "acme-ml" if kind in ("bindings", "roles") else "acme-ml/us-central1"
            files[f"{place}/{kind}"] = lines(objects)
        source = VertexSource(name="vertex", project="acme-ml", locations=("us-central1",))
        return settled(warehouse, landed(tmp_path, source, files, now=NOW))

    return look


def jobs(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Custom jobs as they are landed."""
    return [fields.custom_job(build.custom_job(n, **one)) for n, one in enumerate(changes, 1)]


def spec(**machine: Any) -> dict[str, Any]:
    """A job with one pool of two replicas."""
    return {"jobSpec": {"workerPoolSpecs": [{"machineSpec": machine, "replicaCount": "2"}]}}


def test_a_custom_job_has_its_gpus_hours_and_model(warehouse, seen):
    """4 A100 on 2 machines for 2.5 hours are 20 GPU-hours, for what its pipeline made."""
    version = fields.model(build.model())
    spots = seen(
        custom_jobs=jobs({}),
        training_pipelines=[fields.training_pipeline(build.training_pipeline())],
        models=[version],
        model_versions=[version],
    )

    assert spots == []
    assert warehouse.records(
        "select job, name, team, gpu_model, gpus, started_at, ended_at, state, gpu_hours, kind, "
        "model, model_version, run_id, instance_type, instances, capacity_type, resource_id, "
        "sub_account, region, submitted_at from usage.gpu_job"
    ) == [
        {
            "job": f"{AT}/customJobs/1",
            "name": "churn-1",
            "team": "growth",
            "gpu_model": "NVIDIA_TESLA_A100",
            "gpus": 8,
            "started_at": datetime(2026, 11, 5, 8, 10),
            "ended_at": datetime(2026, 11, 5, 10, 40),
            "state": "completed",
            "gpu_hours": 20,
            "kind": "custom-job",
            "model": "churn",
            "model_version": "1",
            "run_id": f"{AT}/trainingPipelines/31",
            "instance_type": "a2-highgpu-4g",
            "instances": 3,
            "capacity_type": "spot",
            "resource_id": f"{BILLED}/customJobs/1",
            "sub_account": "acme-ml",
            "region": "us-central1",
            "submitted_at": datetime(2026, 11, 5, 8, 0, 0, 123456),
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("machine", "gpus", "told"),
    [
        ({"machineType": "n1-standard-8"}, 0, 0),
        ({"machineType": "n1-standard-8", "acceleratorType": "NVIDIA_TESLA_T4",
          "acceleratorCount": 2}, 4, 0),
        ({"machineType": "a3-highgpu-8g"}, None, 1),  # has GPUs, and nobody says how many
        ({"machineType": "n1-standard-8", "acceleratorType": "NVIDIA_TESLA_T4"}, None, 1),
        ({"machineType": "cloud-tpu", "acceleratorType": "TPU_V3", "acceleratorCount": 32}, 0, 0),
    ],
)  # fmt: skip
def test_a_number_of_gpus_is_known_or_told_as_unknown(warehouse, seen, machine, gpus, told):
    """Never guessed, never zero where a machine has some."""
    spots = seen(custom_jobs=jobs(spec(**machine)))

    assert warehouse.rows("select gpus, gpu_hours is null from usage.gpu_job") == [
        (gpus, gpus is None)
    ]
    assert [scope for scope, _ in spots] == ["gpu_job.gpu_hours"] * told


@pytest.mark.parametrize(
    ("changes", "state", "hours"),
    [
        ({"state": "JOB_STATE_FAILED", "error": {"code": 3, "message": "oom"}}, "failed", 20),
        ({"state": "JOB_STATE_EXPIRED"}, "failed", 20),
        ({"state": "JOB_STATE_CANCELLED"}, "cancelled", 20),
        ({"state": "JOB_STATE_PENDING", "startTime": None, "endTime": None}, "pending", 0),
        ({"state": "JOB_STATE_FAILED", "startTime": None}, "failed", 0),
        ({"state": "JOB_STATE_RUNNING", "startTime": "2026-11-21T04:00:00Z", "endTime": None},
         "running", 16),
        ({"state": "JOB_STATE_UNSPECIFIED", "endTime": None}, None, None),
        ({"state": "JOB_STATE_SUCCEEDED", "endTime": None}, "completed", None),
        ({"state": "JOB_STATE_OF_TOMORROW"}, None, 20),
    ],
)  # fmt: skip
def test_a_state_has_one_word_and_hours_are_those_that_ran(warehouse, seen, changes, state, hours):
    """Up to the end, or to the look while it runs; unknown where nobody says the end."""
    seen(custom_jobs=jobs(changes))

    assert warehouse.rows("select state, gpu_hours from usage.gpu_job") == [(state, hours)]


def test_a_trial_counts_once(warehouse, seen):
    """A tuning job's trials run as custom jobs; those that are listed are not counted again."""
    tuning = build.custom_job(7)
    tuning = {**tuning, "name": f"{AT}/hyperparameterTuningJobs/7", "displayName": "tune",
              "trialJobSpec": tuning["jobSpec"]}  # fmt: skip
    trials = [
        {"id": "1", "state": "SUCCEEDED", "customJob": f"{AT}/customJobs/1",
         "startTime": "2026-11-05T08:00:00Z", "endTime": "2026-11-05T09:00:00Z"},
        {"id": "2", "state": "INFEASIBLE",
         "startTime": "2026-11-05T08:00:00Z", "endTime": "2026-11-05T08:30:00Z"},
    ]  # fmt: skip
    seen(custom_jobs=jobs({}), tuning_jobs=[fields.tuning_job({**tuning, "trials": trials})])

    assert warehouse.rows("select name, kind, state, gpu_hours from usage.gpu_job order by 1") == [
        ("churn-1", "custom-job", "completed", 20),
        ("tune trial 2", "tuning-trial", "failed", 4),
    ]


def test_a_batch_prediction_has_the_hours_that_vertex_counts(warehouse, seen):
    """Replicas come and go: 1.5 replica hours with two L4 are 3 GPU-hours, of the model it asks."""
    automatic = build.batch_job(71, dedicatedResources=None, resourcesConsumed=None)
    one = fields.model(build.model())
    jobs_of_batch = [fields.batch_job(told) for told in (build.batch_job(), automatic)]
    spots = seen(batch_jobs=jobs_of_batch, models=[one], model_versions=[one])

    assert warehouse.rows(
        "select kind, gpu_model, gpus, gpu_hours, model, model_version from usage.gpu_job "
        "order by job"
    ) == [
        ("batch-prediction", "NVIDIA_L4", 2, 3, "churn", "1"),
        ("batch-prediction", None, None, None, "churn", "1"),
    ]
    assert [scope for scope, _ in spots] == ["gpu_job.gpu_hours"]


def test_a_job_that_cannot_be_read_is_kept_aside_and_told(warehouse, seen):
    """No name, a time that is none, an end before the start; the others count."""
    spots = seen(
        custom_jobs=jobs(
            {}, {"name": ""}, {"startTime": "soon"}, {"endTime": "2026-11-01T00:00:00Z"}
        )
    )

    assert warehouse.rows("select name from usage.gpu_job") == [("churn-1",)]
    assert warehouse.rows("select row_number, reason from quarantine.row order by 1") == [
        (2, "it has no name"),
        (3, 'its start "soon" is no time'),
        (4, "it ends before it starts"),
    ]
    assert [scope for scope, _ in spots] == ["acme-ml/us-central1/custom-jobs"]


def test_labels_and_aliases_say_what_a_registry_cannot(warehouse, seen):
    """A label's key has no dot: gov_owner. The alias says production; the evaluation, metrics."""
    labels = {"gov_owner": "team-growth", "gov_risk_tier": "1", "fin_cost_center": "4711",
              "gov_retire_by": "2028-01-31", "gov_approved_by": "grace",
              "gov_approved_at": "2026-11-01"}  # fmt: skip
    garden = {"modelGardenSource": {"publicModelName": "publishers/google/models/gemma3"}}
    first = fields.model(build.model(labels=labels, baseModelSource=garden))
    second = fields.model(build.model(version="2", labels={"gov_lifecycle": "archived"}))
    evaluation = {
        "name": f"{AT}/models/456/evaluations/1", "metrics": {"auPrc": 0.9},
        "createTime": "2026-10-02T00:00:00Z", "modelVersion": f"{AT}/models/456@1",
    }  # fmt: skip

    assert seen(models=[first], model_versions=[first, second], evaluations=[evaluation]) == []
    assert warehouse.rows(
        "select model, owner, risk_tier, cost_center, retire_by, description from registry.model"
    ) == [("churn", "team-growth", 1, "4711", date(2028, 1, 31), "Who will leave?")]
    assert warehouse.rows(
        "select version, lifecycle, aliases, run_id, artifact_uri, base_model, approved_by, "
        "approved_at, evaluated_at, metrics, description from registry.model_version order by 1"
    ) == [
        ("1", "production", ["default", "champion"], f"{AT}/trainingPipelines/31",
         "gs://acme-models/churn/1", "publishers/google/models/gemma3", "grace",
         datetime(2026, 11, 1), datetime(2026, 10, 2), '{"auPrc":0.9}', "number 1"),
        ("2", "archived", [], "", "gs://acme-models/churn/2", None, None, None, None, None,
         "number 2"),
    ]  # fmt: skip


def test_a_label_that_cannot_be_read_is_told_and_never_guessed(warehouse, seen):
    """`high` is no tier, `live` no lifecycle: empty columns, and both are told."""
    one = fields.model(build.model(labels={"gov_risk_tier": "high", "gov_lifecycle": "live"}))
    spots = seen(models=[one], model_versions=[one])

    assert [reason.partition("row 1: ")[2] for _, reason in spots] == [
        'version churn:1: the value of gov lifecycle is "live", not ' + LIFECYCLES,
        'model churn: the value of gov risk_tier is "high", not 1, 2 or 3',
    ]
    assert warehouse.rows("select risk_tier from registry.model") == [(None,)]
    assert warehouse.rows("select lifecycle from registry.model_version") == [(None,)]


def test_models_of_one_name_are_kept_apart(warehouse, seen):
    """A display name is not unique: those that several have get place and id."""
    both = [fields.model(build.model(n)) for n in (456, 457)]
    seen(models=both, model_versions=both)

    assert warehouse.rows("select model from registry.model order by 1") == [
        ("churn (us-central1/456)",), ("churn (us-central1/457)",),
    ]  # fmt: skip


def test_hostile_texts_are_kept_as_they_are(warehouse, seen):
    """Names and labels are data: quotes, emoji, HTML, newlines, ten kilobytes."""
    name = "<img src=x onerror=alert(1)> '\"; drop table 🤖\n"
    labels = {"long": "x" * 10_240, "gov_owner": "<b>growth</b>", "nested": {"a": [1]}}
    one = fields.model(build.model(displayName=name, labels=labels))
    job = {"displayName": name, "labels": labels, "state": [1], "error": "no object"}
    seen(models=[one], model_versions=[one], custom_jobs=jobs(job))
    ((model, owner, tags),) = warehouse.rows("select model, owner, tags from registry.model")

    assert (model, owner, json.loads(tags)) == (name, "<b>growth</b>", labels)
    assert warehouse.rows("select name, state from usage.gpu_job") == [(name, None)]


def test_an_endpoint_has_its_machines_and_what_it_serves(warehouse, seen):
    """Two replicas of a T4; who may call it, by which image, scaled by Vertex AI itself."""
    one = fields.model(build.model())
    seen(endpoints=[fields.endpoint(build.endpoint())], models=[one], model_versions=[one],
         bindings=[], roles=[])  # fmt: skip

    assert warehouse.rows(
        "select endpoint, kind, model, model_version, resource_id, instances, gpu_model, gpus, "
        "status from usage.endpoint"
    ) == [
        (f"{KEY}/endpoints/9", "vertex", "churn", "1", f"{BILLED}/endpoints/9", 2,
         "NVIDIA_TESLA_T4", 2, "deployed"),
    ]  # fmt: skip
    assert warehouse.records(
        "select deployment, model, version, environment, public_access, authentication, kind, "
        "region, resource_id, images, replicas, min_replicas, max_replicas, autoscaler, "
        "created_at from registry.deployment"
    ) == [
        {
            "deployment": f"{KEY}/endpoints/9/deployedModels/55",
            "model": "churn",
            "version": "1",
            "environment": "production",
            "public_access": False,
            "authentication": "iam",
            "kind": "vertex-endpoint",
            "region": "us-central1",
            "resource_id": f"{BILLED}/endpoints/9",
            "images": ["us-docker.pkg.dev/acme/serve:7"],
            "replicas": 2,
            "min_replicas": 1,
            "max_replicas": 4,
            "autoscaler": "native",
            "created_at": datetime(2026, 10, 3),
        }
    ]


def test_who_chooses_the_machines_keeps_their_gpus(warehouse, seen):
    """Automatic resources: how many GPUs is not known, and told; an empty endpoint has none."""
    automatic = build.endpoint()
    automatic["deployedModels"][0] = {
        "id": "1", "model": f"{AT}/models/1",
        "automaticResources": {"minReplicaCount": 1, "maxReplicaCount": 2},
    }  # fmt: skip
    spots = seen(endpoints=[fields.endpoint(automatic),
                            fields.endpoint(build.endpoint(10, deployedModels=[]))])  # fmt: skip

    assert warehouse.rows("select gpus, instances, status from usage.endpoint order by 1") == [
        (0, 0, "empty"), (None, None, "deployed"),
    ]  # fmt: skip
    assert [scope for scope, _ in spots] == ["endpoint.gpus"]


def hours(*rows: tuple[str, Any], **about: str) -> list[dict[str, Any]]:
    """Figures of one hour of an endpoint, as they are landed."""
    where = about or {"endpoint_id": "9"}
    return [{"metric": metric, "hour": "2026-11-20T23:00:00Z", "value": value,
             "location": "us-central1", **where} for metric, value in rows]  # fmt: skip


def test_an_hour_has_what_was_told_and_nothing_else(warehouse, seen):
    """CPU is a part of one CPU and is divided by those of the machine; silence is not zero."""
    told = hours(("requests", "12"), ("gpu", 0.25), ("cpu", 4.0), ("instances", 1.5))
    seen(hours=told, endpoints=[fields.endpoint(build.endpoint())])

    assert warehouse.rows(
        "select endpoint, hour, requests, errors, instances, gpu_used_ratio, cpu_used_ratio, "
        "input_tokens from usage.endpoint_hour"
    ) == [(f"{KEY}/endpoints/9", datetime(2026, 11, 20, 23), 12, None, 1.5, 0.25, 0.5, None)]


def test_a_published_model_has_requests_and_tokens(warehouse, seen):
    """Gemini and others have no endpoint of their own: the model is the endpoint."""
    about = {"publisher": "google", "model_user_id": "gemini-3-pro"}
    told = [
        *hours(("requests", "3"), **about),
        *hours(("tokens", "900"), **about, metric_type="input"),
        *hours(("tokens", "80"), **about, metric_type="output"),
    ]

    assert seen(hours=told) == []
    key = f"{KEY}/publishers/google/models/gemini-3-pro"
    assert warehouse.rows(
        "select endpoint, requests, input_tokens, output_tokens from usage.endpoint_hour"
    ) == [(key, 3, 900, 80)]
    assert warehouse.rows("select endpoint, kind, model from usage.endpoint") == [
        (key, "vertex-published", "gemini-3-pro")
    ]


def test_a_figure_that_is_none_is_kept_aside(warehouse, seen):
    """A duty cycle of 55 is a percentage, no ratio; -1 requests are none."""
    spots = seen(hours=hours(("gpu", 55), ("requests", -1), ("requests", None), ("errors", 2)))

    assert warehouse.rows("select requests, errors, gpu_used_ratio from usage.endpoint_hour") == [
        (None, 2, None)
    ]
    assert [reason for _, reason in spots] == [
        "3 rows cannot be read; row 1: the duty cycle 55.0 is no ratio in [0, 1]"
    ]


def test_a_role_gives_the_rights_that_its_permissions_are(warehouse, seen):
    """Custom roles too; a condition is named, and who was deleted has no right."""
    seen(
        bindings=[
            {"role": "roles/aiplatform.user",
             "members": ["user:ada@acme.example", "deleted:user:bob@acme.example?uid=1"]},
            {"role": "projects/acme-ml/roles/reader", "members": ["allUsers"],
             "condition": {"title": "until friday"}},
        ],
        roles=[
            {"name": "roles/aiplatform.user", "includedPermissions": [
                "aiplatform.endpoints.deploy", "aiplatform.models.get", "aiplatform.models.update"
            ]},
            {"name": "projects/acme-ml/roles/reader",
             "includedPermissions": ["aiplatform.models.get"]},
        ],
    )  # fmt: skip

    assert warehouse.rows(
        'select subject, principal, "right", via from registry.grant order by all'
    ) == [
        ("projects/acme-ml", "*", "read", "projects/acme-ml/roles/reader (if until friday)"),
        ("projects/acme-ml", "user:ada@acme.example", "deploy", "roles/aiplatform.user"),
        ("projects/acme-ml", "user:ada@acme.example", "edit", "roles/aiplatform.user"),
        ("projects/acme-ml", "user:ada@acme.example", "promote", "roles/aiplatform.user"),
        ("projects/acme-ml", "user:ada@acme.example", "read", "roles/aiplatform.user"),
    ]


def test_a_role_that_was_not_shown_is_told(warehouse, seen):
    """What it grants is not known, and others count."""
    spots = seen(
        bindings=[{"role": "organizations/1/roles/ml", "members": ["user:bob@acme.example"]}],
        roles=[{"name": "organizations/1/roles/ml"}],
    )

    reason = "what 1 role of the project's policy permits is not shown to us; the first: "
    assert spots == [("grant", f"{reason}organizations/1/roles/ml")]
    assert warehouse.rows("from registry.grant") == []


def test_every_field_says_whether_vertex_can_supply_it(warehouse, seen):
    """A label holds no digest and no address; grants are supplied where the policy was read."""
    seen(models=[], model_versions=[], endpoints=[])
    how = dict(warehouse.rows("select field, via from registry.evidence where supplied"))

    assert {
        field: how.get(field)
        for field in (
            "model.description", "model.owner", "model_version.artifact_digest",
            "model_version.approved_by", "model_version.run_id", "deployment.authentication",
            "deployment.public_access", "grant", "run",
        )
    } == {
        "model.description": "native",
        "model.owner": "tag",
        "model_version.artifact_digest": None,
        "model_version.approved_by": "tag",
        "model_version.run_id": "native",
        "deployment.authentication": "native",
        "deployment.public_access": None,
        "grant": None,
        "run": None,
    }  # fmt: skip
    seen(models=[], training_pipelines=[], endpoints=[], bindings=[], roles=[])
    how = dict(warehouse.rows("select field, via from registry.evidence where supplied"))
    assert (how.get("grant"), how.get("run"), how["deployment.public_access"]) == (
        "native", "native", "native",
    )  # fmt: skip


def test_loading_again_replaces_what_was_said(warehouse, seen):
    """A model deleted at Vertex AI is gone, nothing doubles, the quarantine is emptied."""
    one = fields.model(build.model())
    kinds = {"models": [one, one], "model_versions": [one, one], "custom_jobs": jobs({}, {})}
    seen(**kinds, hours=hours(("gpu", 7)))
    seen(**kinds)

    assert warehouse.rows("select count(*) from usage.gpu_job") == [(2,)]
    assert warehouse.rows("select count(*) from registry.model_version") == [(1,)]
    assert warehouse.rows("from quarantine.row") == []
    seen(models=[])
    assert warehouse.rows("from registry.model") == []


def test_an_endpoint_and_a_job_are_joined_to_their_charges(warehouse, seen):
    """By the full resource name where the detailed export has one; else by the labels it shares.

    Pipelines label all they start, and the bill, with vertex-ai-pipelines-run-billing-id.
    """
    run = {"vertex-ai-pipelines-run-billing-id": "4711"}
    seen(endpoints=[fields.endpoint(build.endpoint())], custom_jobs=jobs({"labels": run}))
    google = {"ProviderName": "Google Cloud", "SubAccountId": "acme-ml", "ServiceName": "Vertex AI"}
    charge(warehouse, "2026-11-05", "7.5", ResourceId=f"{BILLED}/endpoints/9", **google)
    charge(warehouse, "2026-11-05", "30", Tags=json.dumps({**run, "team": "x"}), x_row=2, **google)

    assert warehouse.rows(
        "select e.endpoint, sum(c.BilledCost)::varchar from usage.endpoint as e "
        "join focus.charge as c on c.ResourceId = e.resource_id group by all"
    ) == [(f"{KEY}/endpoints/9", "7.50000000000000000000")]
    assert warehouse.rows(
        """
        select j.name, sum(c.BilledCost)::varchar
        from usage.gpu_job as j
        join focus.charge as c
            on c.SubAccountId = j.sub_account
            and c.Tags ->> '$."vertex-ai-pipelines-run-billing-id"'
                = j.labels ->> '$."vertex-ai-pipelines-run-billing-id"'
        group by all
        """
    ) == [("churn-1", "30.00000000000000000000")]


@pytest.mark.parametrize(
    ("said", "deployed", "wanted"),
    [
        ({}, {}, (True, None, True, False, None)),
        ({"network": ""}, {"serviceAccount": ""}, (True, None, False, False, None)),
        (
            {"network": None, "encryptionSpec": {"kmsKeyName": "k"}},
            {"enableAccessLogging": True},
            (True, "k", False, True, "cloud-logging"),
        ),
        (
            {
                "predictRequestResponseLoggingConfig": {
                    "enabled": True,
                    "samplingRate": 1.0,
                    "bigqueryDestination": {"outputUri": "bq://acme.logs"},
                }
            },
            {},
            (True, None, True, True, "bq://acme.logs"),
        ),
        (
            {"predictRequestResponseLoggingConfig": {"enabled": True, "samplingRate": 0.1}},
            {},
            (True, None, True, False, None),
        ),
    ],
)
def test_an_endpoint_is_as_safe_as_it_is_set(warehouse, seen, said, deployed, wanted):
    """Google encrypts all it stores; a tenth of the calls in BigQuery is no log of them."""
    one = build.endpoint(**{"network": "projects/1/global/networks/n", **said})
    one["deployedModels"] = [{**each, **deployed} for each in one["deployedModels"]]
    seen(endpoints=[fields.endpoint(one)])

    assert warehouse.rows(
        "select encrypted, kms_key, network_isolated, access_logged, log_destination "
        "from registry.deployment"
    ) == [wanted]
    assert warehouse.rows("select tls, gpu_request, scales_to_zero from registry.deployment") == [
        (True, 1, False)
    ]


def test_labels_of_vertex_hold_facts_that_labels_can_hold(warehouse, seen):
    """gov_<field>, without a point; addresses, digests and fractions are no label's to say."""
    labels = {"gov_task": "ranking", "gov_validated_at": "2026-11-01", "gov_affects_people": "soon"}
    one = {**fields.model(build.model(labels=labels)), "versionId": "1"}
    spots = seen(models=[one], model_versions=[{**one, "labels": {"gov_seed": "4"}}])

    assert warehouse.rows("select task, validated_at, affects_people from registry.model") == [
        ("ranking", datetime(2026, 11, 1), None)
    ]
    assert warehouse.rows("select seed from registry.model_version") == [("4",)]
    assert [scope for scope, _ in spots] == ["model.affects_people"]
    via = dict(warehouse.rows("select field, via from registry.evidence where source = 'vertex'"))
    assert {via[f"model.{name}"] for name in ("task", "validated_at")} == {"tag"}
    assert {via[f"model.{name}"] for name in ("risk_file_uri", "primary_metric_threshold")} == {
        None
    }
    assert {via[f"model_version.{name}"] for name in ("signed_digest", "energy_kwh")} == {None}


def test_a_custom_job_has_the_limit_of_its_scheduling(warehouse, seen):
    """604800 seconds are a week; where nothing is said, the limit is not known."""
    told = build.custom_job(2)
    told["jobSpec"]["scheduling"] = {"strategy": "SPOT"}
    seen(custom_jobs=[*jobs({}), fields.custom_job(told)])

    assert warehouse.rows("select time_limit_hours from usage.gpu_job order by job") == [
        (168,),
        (None,),
    ]
