"""normalise.azure_ml: what Azure Machine Learning ran and knows, joined to the bill."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pytest

from builders import azure_ml as build
from builders.azure_ml import GROUP, SUBSCRIPTION, WORKSPACE
from builders.jobs import landed, lines, settled
from builders.rows import charge
from quaestor.collect import azure_ml_fields as fields
from quaestor.core.sources import AzureMlSource

NOW = datetime(2026, 11, 21, 6)
A100 = "STANDARD_NC24ADS_A100_V4"


@pytest.fixture
def seen(warehouse, tmp_path):
    """Land objects by kind, load and settle; return the blind spots as scope and reason."""

    def look(of_registry: bool = False, **kinds: list[dict[str, Any]]) -> list[tuple[str, str]]:
        place = "registries/shared" if of_registry else "acme"
        workspace = fields.workspace({"id": WORKSPACE, "name": "acme", "location": "westeurope"})
        files = {"acme/workspace": lines([workspace])}
        files |= {f"{place}/{n.replace('_', '-')}": lines(some) for n, some in kinds.items()}
        source = AzureMlSource(
            name="ml", subscription=SUBSCRIPTION, resource_group="ML", workspace="acme"
        )
        return settled(warehouse, landed(tmp_path, source, files, now=NOW))

    return look


def around(**compute: Any) -> dict[str, list[dict[str, Any]]]:
    """The computes and the sizes of machines, as they are landed."""
    return {
        "computes": [fields.compute(build.compute(**compute))],
        "sizes": [fields.size(one) for one in build.SIZES],
    }


def versions(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Versions of churn, as they are landed."""
    return [
        {**fields.model_version(build.version(str(n), **one)), "model": "churn"}
        for n, one in enumerate(changes, 7)
    ]


def test_a_job_has_its_gpus_hours_and_model(warehouse, seen):
    """Two machines with one A100 each for 2.5 hours are 5 GPU-hours, for the version it made."""
    spots = seen(
        jobs=[fields.job(build.job())],
        runs=[fields.run(build.run())],
        model_versions=versions({}),
        **around(),
    )

    assert spots == []
    assert warehouse.records(
        'select job, name, "user", team, gpu_model, gpus, started_at, ended_at, state, gpu_hours, '
        "kind, model, model_version, run_id, instance_type, instances, capacity_type, cpus, "
        "resource_id, sub_account, region, queue, submitted_at from usage.gpu_job"
    ) == [
        {
            "job": "churn-1",
            "name": "train churn",
            "user": "Ada",
            "team": "growth",
            "gpu_model": "A100",
            "gpus": 2,
            "started_at": datetime(2026, 11, 5, 8, 10),
            "ended_at": datetime(2026, 11, 5, 10, 40),
            "state": "completed",
            "gpu_hours": 5,
            "kind": "azure-ml-command",
            "model": "churn",
            "model_version": "7",
            "run_id": "churn-1",
            "instance_type": A100,
            "instances": 2,
            "capacity_type": "on-demand",
            "cpus": 48,
            "resource_id": f"{WORKSPACE}/computes/gpu".lower(),
            "sub_account": SUBSCRIPTION,
            "region": "westeurope",
            "queue": "gpu",
            "submitted_at": datetime(2026, 11, 5, 8, 0, 0, 999000),
        }
    ]


@pytest.mark.parametrize(
    ("compute", "job", "gpus"),
    [
        ({}, {}, 2),
        ({"size": "Standard_DS3_v2"}, {}, 0),
        ({"size": "Standard_of_tomorrow"}, {}, None),
        ({"computeType": "Kubernetes"}, {}, None),
        ({"name": "other"}, {}, None),  # the compute is gone
        ({}, {"computeId": None, "resources": {"instanceType": "Standard_ND96asr_v4"}}, 8),
        ({}, {"computeId": None, "resources": None}, None),  # where it ran is not told
    ],
)
def test_a_number_of_gpus_is_known_or_told_as_unknown(warehouse, seen, compute, job, gpus):
    """Of the compute, or asked for by the job itself; never guessed."""
    spots = seen(
        jobs=[fields.job(build.job(**job))], runs=[fields.run(build.run())], **around(**compute)
    )

    assert warehouse.rows("select gpus from usage.gpu_job") == [(gpus,)]
    assert [scope for scope, _ in spots] == ["gpu_job.gpu_hours"] * (gpus is None)


def test_sizes_that_could_not_be_read_leave_every_gpu_unknown(warehouse, seen):
    """No list of sizes is no machine without GPUs."""
    spots = seen(
        jobs=[fields.job(build.job())],
        runs=[fields.run(build.run())],
        computes=[fields.compute(build.compute())],
        endpoints=[fields.endpoint(build.endpoint())],
        deployments=[{**fields.deployment(build.deployment()), "endpoint": "churn-api"}],
    )

    assert warehouse.rows("select gpus from usage.gpu_job") == [(None,)]
    assert warehouse.rows("select gpus from usage.endpoint") == [(None,)]
    assert [scope for scope, _ in spots] == ["gpu_job.gpu_hours", "endpoint.gpus"]


@pytest.mark.parametrize(
    ("status", "run", "state", "hours"),
    [
        ("Completed", {}, "completed", 5),
        ("Failed", {"status": "FAILED"}, "failed", 5),
        ("Canceled", {"status": "KILLED"}, "cancelled", 5),
        ("Running", {"begins": "2026-11-21T04:00:00", "status": "RUNNING"}, "running", 4),
        ("Queued", None, "pending", 0),
        ("Completed", None, "completed", None),  # run history could not be read
        ("Gone", {"status": "RUNNING"}, None, None),
        ("Thinking", {}, None, 5),
    ],
)
def test_a_state_has_one_word_and_hours_are_those_that_ran(
    warehouse, seen, status, run, state, hours
):
    """Azure Resource Manager tells no times; without run history, hours are not known and told."""
    runs = {} if run is None else {"runs": [fields.run(build.run(**run))]}
    spots = seen(jobs=[fields.job(build.job(status=status))], **runs, **around())

    assert warehouse.rows("select state, gpu_hours from usage.gpu_job") == [(state, hours)]
    assert [scope for scope, _ in spots] == ["gpu_job.gpu_hours"] * (hours is None)


def test_a_pipeline_has_the_gpus_of_its_children(warehouse, seen):
    """Itself none; without a child that anybody shows, how many is not known."""
    steps = [fields.job(build.job("step")), {"name": "nested", "isNoJob": True}]
    runs = [build.run("step", parent="pipe"), build.run("nested", parent="step")]
    pipelines = [build.job(name, jobType="Pipeline") for name in ("pipe", "lost")]
    spots = seen(
        jobs=list(map(fields.job, pipelines)),
        child_jobs=steps,
        runs=list(map(fields.run, runs)),
        **around(),
    )

    assert warehouse.rows("select job, gpus, gpu_hours from usage.gpu_job order by 1") == [
        ("lost", None, None), ("pipe", 0, 0), ("step", 2, 5),
    ]  # fmt: skip
    assert warehouse.rows("select run_id, pipeline from registry.run order by 1") == [
        ("lost", None), ("pipe", None), ("step", "pipe"),
    ]  # fmt: skip
    assert [scope for scope, _ in spots] == ["gpu_job.gpu_hours"]


def test_a_job_that_cannot_be_read_is_kept_aside_and_told(warehouse, seen):
    """A name that is none, a time that is none, an end before the start; the others count."""
    odd = fields.run(build.run("odd"))
    odd["info"]["start_time"] = "soon"
    late = fields.run(build.run("late", ends="2026-11-01T00:00:00"))
    jobs = [fields.job(build.job(name)) for name in ("churn-1", "odd", "late")]
    spots = seen(
        jobs=[*jobs, {**jobs[0], "name": ""}], runs=[fields.run(build.run()), odd, late], **around()
    )

    assert warehouse.rows("select job from usage.gpu_job") == [("churn-1",)]
    assert warehouse.rows("select row_number, reason from quarantine.row order by 1") == [
        (2, 'its start "soon" is no time'),
        (3, "it ends before it starts"),
        (4, "it has no name"),
    ]
    assert [scope for scope, _ in spots] == ["acme/jobs"]


def test_tags_stages_and_jobs_say_where_a_model_is_from(warehouse, seen):
    """Tags gov.*, of the model or its latest version; the stage; the job with commit and data."""
    tags = {"gov.owner": "team-growth", "gov.risk_tier": "1", "fin.cost_center": "4711"}
    spots = seen(
        models=[fields.model(build.model(tags=tags))],
        model_versions=versions(
            {"tags": {"gov.retire_by": "2028-01-31", "gov.approved_by": "grace"}},
            {"isArchived": True, "jobName": None, "tags": {}},
            {"stage": "None", "tags": {}},
            {"tags": {"gov.lifecycle": "staging"}},
        ),
        jobs=[fields.job(build.job())],
        runs=[fields.run(build.run())],
        **around(),
    )

    assert spots == []
    assert warehouse.rows(
        "select model, owner, risk_tier, cost_center, retire_by, description from registry.model"
    ) == [("churn", "team-growth", 1, "4711", date(2028, 1, 31), "Who will leave?")]
    assert warehouse.rows(
        "select version, lifecycle, run_id, created_by, approved_by, artifact_uri, metrics "
        "from registry.model_version order by version::integer limit 1"
    ) == [
        ("7", "production", "churn-1", "Ada", "grace",
         "azureml://jobs/churn-1/outputs/artifacts/model", '{"auc":0.9}'),
    ]  # fmt: skip
    assert warehouse.rows(
        "select lifecycle from registry.model_version order by version::integer"
    ) == [("production",), ("archived",), ("development",), ("staging",)]
    assert warehouse.rows(
        "select run_id, experiment, started_by, git_commit, git_repo, ended_at from registry.run"
    ) == [
        ("churn-1", "churn", "Ada", "4f1c", "https://git.example/churn",
         datetime(2026, 11, 5, 10, 40)),
    ]  # fmt: skip
    assert warehouse.rows("select run_id, dataset, source_type from registry.dataset") == [
        ("churn-1", "calls:3", "uri_folder")
    ]


def test_a_registrys_model_has_its_name(warehouse, seen):
    """So that the workspace may have one of the same name."""
    seen(of_registry=True, models=[fields.model(build.model())], model_versions=versions({}))

    assert warehouse.rows("select model from registry.model_version") == [("shared/churn",)]
    assert warehouse.rows("select model, owner from registry.model") == [
        ("shared/churn", "team-growth")
    ]


def test_a_tag_that_cannot_be_read_is_told_and_never_guessed(warehouse, seen):
    """`high` is no tier, `yesterday` no time."""
    spots = seen(
        models=[fields.model(build.model(tags={"gov.risk_tier": "high"}))],
        model_versions=versions({"tags": {"gov.approved_at": "yesterday"}}),
    )

    assert [reason.partition("row 1: ")[2] for _, reason in spots] == [
        'version churn:7: the value of gov approved_at is "yesterday", not an ISO 8601 time',
        'model churn: the value of gov risk_tier is "high", not 1, 2 or 3',
    ]
    assert warehouse.rows("select risk_tier from registry.model") == [(None,)]
    assert warehouse.rows("select approved_at from registry.model_version") == [(None,)]


def test_hostile_texts_are_kept_as_they_are(warehouse, seen):
    """Names and tags are data: quotes, emoji, HTML, newlines, ten kilobytes."""
    name = "<img src=x onerror=alert(1)> '\"; drop table 🤖\n"
    tags = {"long": "x" * 10_240, "gov.owner": "<b>growth</b>", "nested": {"a": [1]}}
    inputs = {'a"].b': {"jobInputType": "uri_file", "uri": "https://x.example/'\""}}
    job = build.job(name, displayName=name, tags=tags, inputs=inputs, status={"a": 1})
    model = {**build.model(tags=tags), "name": name}
    seen(models=[fields.model(model)], jobs=[fields.job(job)], **around())
    ((shown, owner, kept),) = warehouse.rows("select model, owner, tags from registry.model")

    assert (shown, owner, json.loads(kept)["long"]) == (name, "<b>growth</b>", tags["long"])
    assert warehouse.rows("select job, name, state from usage.gpu_job") == [(name, name, None)]
    assert warehouse.rows("select dataset, source_uri from registry.dataset") == [
        ('a"].b', "https://x.example/'\"")
    ]


def deployed(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Deployments of churn-api, as they are landed."""
    return [
        {**fields.deployment(build.deployment(f"d{n}", **one)), "endpoint": "churn-api"}
        for n, one in enumerate(changes)
    ]


def test_an_endpoint_has_its_machines_and_what_it_serves(warehouse, seen):
    """Three machines with an A100; who may call it, and how it scales."""
    seen(endpoints=[fields.endpoint(build.endpoint())], deployments=deployed({}), **around())

    assert warehouse.rows(
        "select endpoint, kind, model, model_version, resource_id, region, instance_type, "
        "instances, gpu_model, gpus, status from usage.endpoint"
    ) == [
        ("acme/churn-api", "azure-ml", "churn", "7",
         f"{WORKSPACE}/onlineEndpoints/churn-api".lower(), "westeurope",
         "Standard_NC24ads_A100_v4", 3, "A100", 3, "succeeded"),
    ]  # fmt: skip
    assert warehouse.records(
        "select deployment, model, version, environment, public_access, authentication, kind, "
        "replicas, min_replicas, max_replicas, autoscaler, has_readiness_probe, "
        "has_liveness_probe, created_by from registry.deployment"
    ) == [
        {
            "deployment": "acme/churn-api/d0",
            "model": "churn",
            "version": "7",
            "environment": "production",
            "public_access": False,
            "authentication": "key",
            "kind": "azure-ml-endpoint",
            "replicas": 3,
            "min_replicas": 1,
            "max_replicas": 5,
            "autoscaler": "native",
            "has_readiness_probe": False,
            "has_liveness_probe": True,
            "created_by": "Ada",
        }
    ]


@pytest.mark.parametrize(
    ("model_id", "model", "version"),
    [
        (f"{WORKSPACE}/models/churn/versions/7", "churn", "7"),
        ("azureml:churn:7", "churn", "7"),
        ("azureml://registries/azureml/models/gemma/versions/2", "azureml/gemma", "2"),
        ("azureml://locations/x/workspaces/y/models/churn/versions/7", "churn", "7"),
        ("file:///model", None, None),
        (None, None, None),
    ],
)
def test_a_deployed_model_is_known_by_its_address(warehouse, seen, model_id, model, version):
    """In each of the forms that Azure writes; anything else is not known."""
    seen(
        endpoints=[fields.endpoint(build.endpoint())],
        deployments=deployed({"model": model_id}),
        **around(),
    )

    assert warehouse.rows("select model, version from registry.deployment") == [(model, version)]


def test_an_endpoint_of_kubernetes_has_the_gpus_that_it_asks_for(warehouse, seen):
    """Its limits times its replicas; an endpoint without a deployment has none."""
    limits = {"containerResourceLimits": {"cpu": '"1"', "gpu": '"2"'}}
    asked = {"endpointComputeType": "Kubernetes", "instanceType": "gpu-small",
             "containerResourceRequirements": limits}  # fmt: skip
    seen(
        endpoints=[fields.endpoint(build.endpoint()), fields.endpoint(build.endpoint("empty"))],
        deployments=deployed(asked),
        **around(),
    )

    assert warehouse.rows("select endpoint, gpus, instances from usage.endpoint order by 1") == [
        ("acme/churn-api", 6, 3), ("acme/empty", 0, 0),
    ]  # fmt: skip


def figure(metric: str, value: Any, **about: str) -> dict[str, Any]:
    """A figure of one hour, as it is landed."""
    return {"metric": metric, "endpoint": "churn-api", "hour": "2026-11-20T23:00:00Z",
            "value": value, **about}  # fmt: skip


def test_an_hour_has_what_was_told_and_nothing_else(warehouse, seen):
    """Errors by status, instances that told of themselves; a GPU of 55 is 55 percent."""
    seen(
        hours=[
            figure("requests", 90.0, status="200"),
            figure("requests", 10.0, status="429"),
            figure("cpu", 40.0, deployment="blue", instance="i1"),
            figure("cpu", 60.0, deployment="blue", instance="i2"),
            figure("gpu", 55.0, deployment="blue", instance="i1"),
            {**figure("cpu", 1.0, deployment="blue", instance="i1"),
             "hour": "2026-11-21T00:00:00Z"},
        ]
    )  # fmt: skip

    assert warehouse.rows(
        "select endpoint, hour, requests, errors, instances, cpu_used_ratio, gpu_used_ratio "
        "from usage.endpoint_hour order by hour"
    ) == [
        ("acme/churn-api", datetime(2026, 11, 20, 23), 100, 10, 2, 0.5, 0.55),
        ("acme/churn-api", datetime(2026, 11, 21, 0), None, None, 1, 0.01, None),
    ]


def test_a_figure_that_is_none_is_kept_aside(warehouse, seen):
    """140 percent, requests below zero."""
    spots = seen(hours=[figure("gpu", 140.0, instance="i"), figure("requests", -1)])

    assert warehouse.rows("from usage.endpoint_hour") == []
    assert [reason for _, reason in spots] == [
        "2 rows cannot be read; row 1: gpu 140.0 is no percentage"
    ]


def grant(role: str, kind: str = "User", scope: str = WORKSPACE) -> dict[str, Any]:
    """A role assignment, as it is landed."""
    told = {"roleDefinitionId": f"/roles/{role}", "principalId": "p1", "principalType": kind,
            "scope": scope}  # fmt: skip
    return fields.assignment({"id": f"{role}{kind}", "name": role, "properties": told})


def role(name: str, actions: list[str], without: tuple[str, ...] = ()) -> dict[str, Any]:
    """A role's definition, as it is landed."""
    given = [{"actions": actions, "notActions": list(without), "dataActions": []}]
    return fields.role(
        {"id": f"/roles/{name}", "properties": {"roleName": name, "permissions": given}}
    )


def test_a_role_gives_the_rights_that_its_actions_are(warehouse, seen):
    """Wildcards and exceptions count, also of what a subscription grants from above."""
    ml = "Microsoft.MachineLearningServices/workspaces"
    seen(
        role_assignments=[grant("Contributor", scope="/subscriptions/1"),
                          grant("Scientist", "ServicePrincipal"), grant("Reader", "Group")],
        role_definitions=[
            role("Contributor", ["*"], ("Microsoft.Authorization/*/Write",)),
            role("Scientist", [f"{ml}/models/*", f"{ml}/*/read"]),
            role("Reader", ["*/read"]),
        ],
    )  # fmt: skip

    assert warehouse.rows(
        'select subject, principal, list("right" order by "right"), via from registry.grant '
        "group by all order by via"
    ) == [
        ("acme", "user:p1", ["deploy", "edit", "promote", "read"],
         "Contributor at /subscriptions/1"),
        ("acme", "group:p1", ["read"], f"Reader at {WORKSPACE}"),
        ("acme", "service-principal:p1", ["edit", "promote", "read"],
         f"Scientist at {WORKSPACE}"),
    ]  # fmt: skip


def test_every_field_says_whether_azure_can_supply_it(warehouse, seen):
    """What a part that could not be read would supply, is not supplied."""
    seen(models=[], model_versions=[], jobs=[], endpoints=[])
    before = dict(warehouse.rows("select field, via from registry.evidence where supplied"))
    seen(models=[], model_versions=[], jobs=[], runs=[], role_assignments=[])
    after = dict(warehouse.rows("select field, via from registry.evidence where supplied"))

    asked = ("model.owner", "model_version.created_by", "model_version.artifact_digest",
             "model_version.aliases", "model_version.metrics", "run.git_commit", "run.ended_at",
             "dataset.digest", "deployment.public_access", "grant")  # fmt: skip
    assert [(before.get(field), after.get(field)) for field in asked] == [
        ("tag", "tag"),
        ("native", "native"),
        ("tag", "tag"),
        (None, None),
        (None, "native"),
        ("native", "native"),
        (None, "native"),
        (None, None),
        ("native", None),
        (None, "native"),
    ]


def test_loading_again_replaces_what_was_said(warehouse, seen):
    """A model deleted is gone, nothing doubles, the quarantine is emptied."""
    kinds = {"models": [fields.model(build.model())] * 2, "model_versions": versions({}) * 2,
             "jobs": [fields.job(build.job())] * 2}  # fmt: skip
    seen(**kinds, hours=[figure("gpu", 140.0)])
    seen(**kinds)

    assert warehouse.rows("select count(*) from usage.gpu_job") == [(1,)]
    assert warehouse.rows("select count(*) from registry.model_version") == [(1,)]
    assert warehouse.rows("from quarantine.row") == []
    seen(models=[])
    assert warehouse.rows("from registry.model") == []


def test_a_job_and_an_endpoint_are_joined_to_their_charges(warehouse, seen):
    """The bill names the workspace, never a job: its compute lies inside; an endpoint has a tag.

    Normalised bills have resource ids in lower case, and so has what is joined to them.
    """
    seen(
        jobs=[fields.job(build.job())],
        runs=[fields.run(build.run())],
        endpoints=[fields.endpoint(build.endpoint())],
        deployments=deployed({}),
        **around(),
    )
    azure = {"ProviderName": "Microsoft", "SubAccountId": SUBSCRIPTION,
             "ResourceId": WORKSPACE.lower()}  # fmt: skip
    charge(warehouse, "2026-11-05", "30", **azure)
    tag = json.dumps({"azuremlendpoint": "churn-api"})
    charge(warehouse, "2026-11-05", "7.5", Tags=tag, x_row=2, **azure)

    assert GROUP.lower() in warehouse.rows("select resource_id from usage.gpu_job")[0][0]
    assert warehouse.rows(
        """
        select j.job, sum(c.BilledCost)::varchar
        from usage.gpu_job as j
        join focus.charge as c on starts_with(j.resource_id, c.ResourceId || '/')
            and c.ChargePeriodStart = date_trunc('day', j.started_at)
            and c.Tags is null
        group by all
        """
    ) == [("churn-1", "30.00000000000000000000")]
    assert warehouse.rows(
        """
        select e.endpoint, sum(c.BilledCost)::varchar
        from usage.endpoint as e
        join focus.charge as c on starts_with(e.resource_id, c.ResourceId || '/')
            and c.Tags ->> '$.azuremlendpoint' = split_part(e.endpoint, '/', 2)
        group by all
        """
    ) == [("acme/churn-api", "7.50000000000000000000")]


@pytest.mark.parametrize(
    ("of_endpoint", "of_deployment", "wanted"),
    [
        ({}, {}, (True, True, None, None, None)),
        ({}, {"egressPublicNetworkAccess": "Disabled"}, (True, True, True, None, None)),
        ({}, {"egressPublicNetworkAccess": "Enabled"}, (True, True, False, None, None)),
        ({"publicNetworkAccess": "Enabled"}, {}, (True, True, False, None, None)),
        (
            {"traffic": {"d0": 90, "green": 10}},
            {"requestSettings": {"requestTimeout": "PT1M30S"}},
            (True, True, None, 90, "canary"),
        ),
        ({"mirrorTraffic": {"green": 10}}, {}, (True, True, None, None, "shadow")),
        ({}, {"endpointComputeType": "Kubernetes"}, (None, None, None, None, None)),
    ],
)
def test_an_endpoint_is_as_safe_as_it_is_set(warehouse, seen, of_endpoint, of_deployment, wanted):
    """Managed endpoints answer by TLS; isolated is what goes neither in nor out."""
    one = fields.endpoint(build.endpoint(**of_endpoint))
    seen(endpoints=[one], deployments=deployed(of_deployment), **around())

    assert warehouse.rows(
        "select tls, encrypted, network_isolated, request_timeout_seconds, rollout_strategy "
        "from registry.deployment"
    ) == [wanted]


def test_tags_of_models_versions_and_deployments_are_facts(warehouse, seen):
    """A model's tags are its own, else its latest version's; a deployment's its endpoint's too."""
    one = {**fields.endpoint(build.endpoint()), "tags": {"gov.alert_route": "pager"}}
    [made] = deployed({})
    latest = {"gov.task": "ranking", "gov.seed": "4", "gov.scan_issues": "none"}
    spots = seen(
        models=[fields.model(build.model(tags={"gov.supplier": "none"}))],
        model_versions=versions({"tags": latest}),
        endpoints=[one],
        deployments=[{**made, "tags": {"gov.guardrail": "ours"}}],
        **around(),
    )

    assert warehouse.rows("select task, supplier from registry.model") == [("ranking", "none")]
    assert warehouse.rows("select seed, scan_issues from registry.model_version") == [("4", None)]
    assert warehouse.rows("select alert_route, guardrail from registry.deployment") == [
        ("pager", "ours")
    ]
    assert [scope for scope, _ in spots] == ["model_version.scan_issues"]
    [raw] = warehouse.rows("select raw from quarantine.row")
    assert json.loads(raw[0])["subject"] == "version churn:7"


@pytest.mark.parametrize(
    ("timeout", "hours"),
    [(None, None), ("PT1H30M", 1.5), ("P1D", 24), ("PT90S", 0.025), ("soon", None), ("PT", None)],
)
def test_a_job_has_the_limit_that_it_was_given(warehouse, seen, timeout, hours):
    """A duration as ISO 8601 writes it; what is none is not known."""
    job = build.job(limits={"jobLimitsType": "Command", "timeout": timeout})
    seen(jobs=[fields.job(job)], runs=[fields.run(build.run())], **around())

    assert warehouse.rows("select time_limit_hours from usage.gpu_job") == [(hours,)]
