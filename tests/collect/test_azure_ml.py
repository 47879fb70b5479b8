"""collect.azure_ml: azure-core's pipeline against WireMock, in Microsoft's published shapes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from builders import azure_ml as build
from builders.azure_ml import (
    GROUP,
    HISTORY,
    NOW,
    REGISTRY,
    ROLES,
    SECRET,
    SKUS,
    WORKSPACE,
    Workspace,
    answer,
    error,
    page,
)
from quaestor.cli.main import run
from quaestor.collect import collector
from quaestor.core.config import Config, parse_config
from quaestor.core.errors import ConfigurationError, IncompleteError, PartlyReadError

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("identity", "waits")]


@pytest.fixture
def workspace(wiremock, identity, tmp_path) -> Workspace:
    """A workspace with nothing in it."""
    return Workspace(wiremock, tmp_path)


def test_every_part_is_landed_without_what_may_be_secret(workspace):
    """Jobs, runs, computes, sizes, endpoints, versions, roles; no key, variable, password."""
    workspace.tell("jobs", build.job())
    workspace.ran(build.run())
    workspace.tell("computes", build.compute())
    workspace.serve(build.deployment())
    workspace.tell("models", build.model())
    workspace.tell("models/churn/versions", build.version())
    role = f"{ROLES}/roleDefinitions/reader"
    assigned = {"id": "a1", "properties": {"roleDefinitionId": role, "principalId": "p1",
                "principalType": "User", "scope": GROUP}}  # fmt: skip
    workspace.tell(f"{ROLES[1:]}/roleAssignments", assigned)
    told = {"roleName": "Reader", "permissions": [{"actions": ["*/read"], "notActions": []}]}
    workspace.answer("GET", role, answer(id=role, properties=told))
    workspace.collect()
    kinds = ("jobs", "runs", "computes", "sizes", "endpoints", "deployments", "models",
             "model-versions", "role-assignments", "role-definitions")  # fmt: skip

    assert {kind: len(workspace.landed(kind)) for kind in kinds} == {
        **dict.fromkeys(kinds, 1), "sizes": 3,
    }  # fmt: skip
    files = workspace.landing.folder.glob("files/*")
    assert [path.name for path in files if SECRET in path.read_text()] == []


def test_pages_are_followed_and_none_leads_elsewhere(workspace):
    """A link of the same host; another host must not see our token."""
    path = f"{WORKSPACE}/onlineEndpoints"
    more = {"queryParameters": {"$skip": {"equalTo": "1"}}}
    link = f"{path}?api-version=2024-10-01&$skip=1"
    workspace.answer("GET", path, page(build.endpoint("a"), link=link))
    workspace.answer("GET", path, page(build.endpoint("b")), **more)
    for name in ("a", "b"):
        workspace.tell(f"onlineEndpoints/{name}/deployments")
    workspace.collect()

    assert [one["name"] for one in workspace.landed("endpoints")] == ["a", "b"]
    elsewhere = answer(value=[build.endpoint("a")], nextLink="https://evil.example/?$skip=1")
    workspace.answer("GET", path, elsewhere)
    with pytest.raises(PartlyReadError) as caught:
        workspace.collect()
    assert {gap.scope for gap in caught.value.gaps} == {"acme/endpoints", "acme/hours"}
    assert len(workspace.landed("endpoints")) == 2


def test_a_run_history_elsewhere_does_not_see_our_token(workspace):
    """The workspace names the address of its history; only Azure's own are believed."""
    told = build.resource("x", mlFlowTrackingUri="azureml://evil.example/mlflow")
    workspace.answer("GET", WORKSPACE, answer(**told, location="westeurope"))
    with pytest.raises(PartlyReadError) as caught:
        workspace.collect()

    assert [(gap.scope, gap.reason) for gap in caught.value.gaps] == [
        ("acme/runs", "the workspace does not say where its run history is")
    ]


def test_what_has_ended_is_not_asked_for_again(workspace):
    """Both lists are read from the newest on, until nothing that follows can be new."""
    old = [build.job(f"old-{n}", created=f"2026-10-{20 - n:02d}T00:00:00Z") for n in range(3)]
    path = f"{WORKSPACE}/jobs"
    more = {"queryParameters": {"$skip": {"equalTo": "2"}}}
    first = page(build.job("new"), old[0], link=f"{path}?api-version=2024-10-01&$skip=2")
    workspace.answer("GET", path, first)
    workspace.answer("GET", path, page(*old[1:]), **more)
    workspace.ran(build.run("new"), build.run("old-0", "2026-10-20T00:00:00"))
    workspace.collect()
    asked = len(workspace.wiremock.requests("/jobs?"))
    workspace.collect(NOW + timedelta(hours=1))

    assert asked == 2
    assert len(workspace.wiremock.requests("/jobs?")) == 3  # the first page tells enough
    assert len(workspace.landed("jobs")) == 4


def test_jobs_whose_landed_file_is_lost_are_asked_for_again(workspace):
    """All of them: what is not known to have been seen is new."""
    workspace.tell("jobs", build.job("a"), build.job("b"))
    workspace.ran(build.run("a"), build.run("b"))
    workspace.collect()
    first = workspace.landing.current()
    for file in first.files:
        (workspace.landing.root / file.path).unlink(missing_ok=True)  # empty ones are one file
    workspace.collect(NOW + timedelta(hours=1))

    assert workspace.landing.current() == first
    assert [one["name"] for one in workspace.landed("jobs")] == ["a", "b"]


def test_a_list_that_is_not_sorted_is_read_to_its_end(workspace):
    """Nobody promises an order: a newer job behind older ones is found."""
    workspace.tell("jobs", build.job("a"))
    workspace.collect()
    path = f"{WORKSPACE}/jobs"
    link = f"{path}?api-version=2024-10-01&$skip=2"
    oldest = build.job("b", created="2026-09-01T00:00:00Z")
    newer = build.job("c", created="2026-09-02T00:00:00Z")
    workspace.answer("GET", path, page(newer, build.job("a"), oldest, link=link))
    newest = page(build.job("d", created="2026-11-20T00:00:00Z"))
    workspace.answer("GET", path, newest, queryParameters={"$skip": {"equalTo": "2"}})
    workspace.collect()

    assert [one["name"] for one in workspace.landed("jobs")] == ["a", "d"]


def test_a_job_that_runs_is_asked_for_until_it_ends(workspace):
    """Its state is renewed; deleted before its end, it stays and the end is unknown."""
    workspace.tell("jobs", build.job("a", status="Running"), build.job("b", status="Running"))
    workspace.collect()
    workspace.tell("jobs", build.job("a"))
    workspace.collect()

    assert [(one["name"], one["properties"]["status"]) for one in workspace.landed("jobs")] == [
        ("a", "Completed"), ("b", "Gone"),
    ]  # fmt: skip


def test_children_of_a_pipeline_are_asked_for_once_by_name(workspace):
    """The workspace does not list them; a run that is no job is noted, and not asked again."""
    workspace.tell("jobs", build.job("pipe", jobType="Pipeline"))
    children = [build.run("step", parent="pipe"), build.run("nested", parent="step")]
    workspace.ran(build.run("pipe"), *children)
    workspace.answer("GET", f"{WORKSPACE}/jobs/step", answer(**build.job("step")))
    workspace.answer("GET", f"{WORKSPACE}/jobs/nested", error(404, "NotFound"))
    workspace.collect()
    workspace.collect(NOW + timedelta(hours=1))

    assert len(workspace.wiremock.requests("/jobs/step")) == 1
    assert len(workspace.wiremock.requests("/jobs/nested")) == 1
    assert [one["name"] for one in workspace.landed("child-jobs")] == ["nested", "step"]


def test_a_second_look_with_nothing_new_lands_nothing(workspace):
    """The manifest stays; sizes are asked for once a month, hours of the open day alone."""
    workspace.tell("jobs", build.job())
    workspace.ran(build.run())
    workspace.serve(build.deployment())
    workspace.tell("models", build.model())
    workspace.tell("models/churn/versions", build.version())
    workspace.collect()
    first = workspace.landing.current()
    before = len(workspace.wiremock.requests("/subscriptions/"))
    workspace.collect(NOW + timedelta(minutes=5))
    asked = [one["url"] for one in workspace.wiremock.requests("/subscriptions/")[before:]]

    assert workspace.landing.current() == first
    assert len(asked) == 12
    assert [url for url in asked if "/skus" in url] == []
    assert {parse_qs(urlsplit(url).query)["timespan"][0] for url in asked if "timespan" in url} == {
        "2026-11-21T00:00:00Z/2026-11-21T06:00:00Z"
    }


def test_requests_are_the_sum_of_their_minutes(workspace):
    """By status; a minute that was not told is none, and a day that is over is asked for once."""
    workspace.serve(build.deployment())
    minutes = [("2026-11-20T23:00:00Z", 4.0), ("2026-11-20T23:01:00Z", None),
               ("2026-11-20T23:59:00Z", 5.0), ("2026-11-21T00:00:00Z", 1.0)]  # fmt: skip
    told = build.metric("RequestsPerMinute", *minutes, statusCode="200", deployment="blue")
    window = {"queryParameters": {"timespan": {"contains": "/2026-11-21T06"}}}
    path = f"{WORKSPACE}/onlineEndpoints/churn-api/providers/Microsoft.Insights/metrics"
    workspace.answer("GET", path, answer(value=[told]), **window)
    used = build.metric("GpuUtilizationPercentage", ("2026-11-20T23:00:00Z", 25.0), instanceId="i1")
    path = f"{WORKSPACE}/onlineEndpoints/churn-api/deployments/blue/.*/metrics"
    workspace.answer("GET", path, answer(value=[used]), **window)
    workspace.collect()

    assert [(one["metric"], one["hour"], one["value"]) for one in workspace.landed("hours")] == [
        ("gpu", "2026-11-20T23:00:00Z", 25.0),
        ("requests", "2026-11-20T23:00:00Z", 9.0),
        ("requests", "2026-11-21T00:00:00Z", 1.0),
    ]
    before = len(workspace.wiremock.requests("timespan"))
    workspace.collect(datetime(2026, 11, 22, 2))
    spans = [parse_qs(urlsplit(one["url"]).query)["timespan"][0]
             for one in workspace.wiremock.requests("timespan")[before:]]  # fmt: skip
    assert set(spans) == {"2026-11-21T00:00:00Z/2026-11-22T02:00:00Z"}


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("GET", f"{WORKSPACE}/jobs", {"acme/jobs"}),
        ("POST", f"{HISTORY}/api/2.0/mlflow/runs/search", {"acme/runs"}),
        ("GET", f"{WORKSPACE}/onlineEndpoints", {"acme/endpoints", "acme/hours"}),
        ("GET", f"{WORKSPACE}/models/churn/versions", {"acme/models"}),
        ("GET", SKUS, {"acme/sizes"}),
        ("GET", f"{WORKSPACE}{ROLES}/roleAssignments", {"acme/role-assignments"}),
    ],
)
def test_a_part_that_is_denied_is_a_gap_and_stays_as_it_was(workspace, method, path, scopes):
    """The rest is landed; what was read of that part before stays in force."""
    workspace.tell("jobs", build.job())
    workspace.ran(build.run())
    workspace.serve(build.deployment())
    workspace.tell("models", build.model())
    workspace.tell("models/churn/versions", build.version())
    workspace.collect()
    before = {kind: workspace.landed(kind) for kind in ("jobs", "runs", "endpoints", "models")}
    workspace.answer(method, path, error(403, "AuthorizationFailed"))
    workspace.tell("computes", build.compute())
    with pytest.raises(PartlyReadError) as caught:
        workspace.collect(datetime(2026, 12, 1))

    assert {gap.scope for gap in caught.value.gaps} == scopes
    assert "quaestor permissions ml" in caught.value.gaps[0].fix
    assert SECRET not in caught.value.as_text()
    assert {kind: workspace.landed(kind) for kind in before} == before
    assert len(workspace.landed("computes")) == 1


def test_throttling_is_waited_for_as_long_as_it_says(workspace, waits):
    """429 with Retry-After, then the answer."""
    busy = error(429, "TooManyRequests", **{"Retry-After": "17"})
    workspace.answer("GET", f"{WORKSPACE}/models", busy, busy, page(build.model()))
    workspace.tell("models/churn/versions")
    workspace.collect()

    assert waits == [17, 17]
    assert "Azure asks us to wait 17 s" in workspace.said
    assert len(workspace.landed("models")) == 1


@pytest.mark.parametrize(
    "reply",
    [
        {"body": "<html>Sign in</html>", "headers": {"Content-Type": "text/html"}},
        {"jsonBody": [], "transformers": []},
        {"jsonBody": {"value": {"a": 1}}, "transformers": []},
        {"jsonBody": {"value": [{"name": "x", "properties": 3}]}, "transformers": []},
        {"body": '{"value": [', "headers": {"Content-Type": "application/json"}},
        {"status": 302, "headers": {"Location": "https://login.example/"}},
    ],
)
def test_an_answer_that_is_not_azures_is_a_gap(workspace, reply):
    """A page, a list, a shape that is none, half an answer, a login elsewhere: no empty list."""
    workspace.answer("GET", f"{WORKSPACE}/computes", reply)
    with pytest.raises(PartlyReadError) as caught:
        workspace.collect()

    assert [gap.scope for gap in caught.value.gaps] == ["acme/computes"]
    assert "<html>" not in caught.value.as_text()


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        (error(403, "AuthorizationFailed"), "Azure denies us access (403, AuthorizationFailed)"),
        (error(404, "ResourceNotFound"), "Azure finds nothing here (404, ResourceNotFound)"),
        ({"body": "<html>"}, "what answers does not speak the API of Azure Resource Manager"),
    ],
)
def test_a_workspace_that_cannot_be_read_is_an_error(workspace, reply, what):
    """Nothing is landed, and what to mend is said."""
    workspace.answer("GET", WORKSPACE, reply)
    with pytest.raises(IncompleteError) as caught:
        workspace.collect()

    assert caught.value.what == what
    assert SECRET not in caught.value.as_text()
    assert workspace.landing.current() is None


def test_a_look_killed_in_the_middle_leaves_the_last_good_state(workspace, monkeypatch):
    """The manifest in force is the one before; the next look goes on."""
    workspace.tell("jobs", build.job())
    workspace.collect()
    before = workspace.landing.current()
    workspace.tell("jobs", build.job(), build.job("b", created="2026-11-20T00:00:00Z"))
    with monkeypatch.context() as patch:
        patch.setattr("quaestor.collect.azure_ml_registry.grants", _killed)
        with pytest.raises(KeyboardInterrupt):
            workspace.collect()

    assert workspace.landing.current() == before
    workspace.collect()
    assert len(workspace.landed("jobs")) == 2


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_registry_beside_the_workspace_is_read_too(wiremock, identity, tmp_path):
    """Its models, and doctor counts them."""
    workspace = Workspace(wiremock, tmp_path, registry="shared")
    workspace.tell("models", build.model("base"), at=REGISTRY)
    workspace.tell("models/base/versions", build.version("1", of="base"), at=REGISTRY)
    workspace.collect()
    manifest = workspace.landing.current()

    assert "registries/shared/model-versions" in {file.scope for file in manifest.files}
    told = collector("azure-ml").doctor(workspace.source, Config())
    assert told == "acme: 0 models, 0 online endpoints, 1 in the registry shared"


def test_permissions_are_a_role_that_only_reads(workspace):
    """Valid JSON, no wildcard, nothing that writes, no data action, no keys."""
    role = json.loads(collector("azure-ml").permissions(workspace.source))

    assert {action.rpartition("/")[2] for action in role["Actions"]} == {"read"}
    assert [action for action in role["Actions"] if "*" in action] == []
    assert role["DataActions"] == []
    assert role["AssignableScopes"] == [GROUP]


def test_an_address_without_tls_is_refused(workspace):
    """A token is not sent in the clear."""
    source = msgspec.structs.replace(workspace.source, endpoint="http://127.0.0.1:1")
    with pytest.raises(ConfigurationError, match="no https://"):
        collector("azure-ml").doctor(source, Config())


def test_a_name_that_is_none_is_refused_by_the_configuration(tmp_path):
    """What goes into a path is a name, nothing else."""
    keys = "subscription: a, resource_group: ../b, workspace: c"
    with pytest.raises(ConfigurationError):
        parse_config(f"sources: [{{name: v, kind: azure-ml, {keys}}}]", tmp_path, {})


@pytest.mark.online
def test_a_real_workspace_is_read(online, tmp_path):
    """QUAESTOR_ONLINE_AZURE_SUBSCRIPTION, _AZURE_GROUP, _AZURE_WORKSPACE; Azure's own sign-in."""
    keys = (
        f"subscription: {online('AZURE_SUBSCRIPTION')}, "
        f"resource_group: {online('AZURE_GROUP')}, workspace: {online('AZURE_WORKSPACE')}"
    )
    config = parse_config(f"sources: [{{name: v, kind: azure-ml, {keys}}}]", tmp_path, {})
    (source,) = config.sources

    assert "online endpoint" in collector("azure-ml").doctor(source, config)


def test_a_gap_is_a_blind_spot_of_the_audit(workspace, tmp_path, monkeypatch, capsys):
    """From the configuration to the warehouse, as a user runs it: exit code 3, and it says why."""
    workspace.tell("jobs", build.job())
    workspace.ran(build.run())
    workspace.tell("models", build.model())
    workspace.tell("models/churn/versions", build.version())
    workspace.answer("GET", SKUS, error(403, "AuthorizationFailed"))
    monkeypatch.chdir(tmp_path)
    source = workspace.source
    (tmp_path / "quaestor.yaml").write_text(
        f"sources: [{{name: ml, kind: azure-ml, subscription: {source.subscription}, "
        f"resource_group: ML, workspace: acme, endpoint: '{source.endpoint}'}}]"
    )
    code = run(["collect", "--now", "2026-11-21T06:30:00Z"])
    built = run(["build", "--now", "2026-11-21T06:30:00Z"])
    capsys.readouterr()
    run(["query", "select scope, reason from audit.blind_spot order by all", "--format", "csv"])
    told = capsys.readouterr().out

    assert (code, built) == (3, 3)
    assert '"Azure denies us access (403, AuthorizationFailed)"' in told
    assert 'gpu_job.gpu_hours,"the GPU-hours of 1 job are unknown, as nobody says how' in told
    run(["query", "select count(*) from registry.model_version", "--format", "csv"])
    assert capsys.readouterr().out.split() == ["count_star()", "1"]
