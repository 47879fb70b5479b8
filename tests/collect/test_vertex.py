"""collect.vertex: google-auth's session against WireMock, in the shapes of Google's reference."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import pytest
import yaml

from builders import vertex as build
from builders.vertex import AT, BASE, NOW, SECRET, Vertex, answer, error
from quaestor.cli.main import run
from quaestor.collect import collector
from quaestor.core.config import Config, parse_config
from quaestor.core.errors import ConfigurationError, IncompleteError, PartlyReadError

pytestmark = pytest.mark.real


@pytest.fixture
def vertex(wiremock, tmp_path, monkeypatch) -> Vertex:
    """A project with nothing in it, and no wait between tries."""
    waited: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waited.append)
    project = Vertex(wiremock, tmp_path)
    project.said.clear()
    monkeypatch.setattr(project, "waited", waited, raising=False)
    return project


def test_every_part_is_landed_without_what_may_be_secret(vertex):
    """Jobs, pipelines, endpoints, versions, hours and the policy; no variable, command, shell."""
    vertex.tell("customJobs", build.custom_job())
    vertex.tell("batchPredictionJobs", build.batch_job())
    vertex.tell("trainingPipelines", build.training_pipeline())
    vertex.tell("endpoints", build.endpoint())
    vertex.register(build.model(), build.model(version="2"))
    vertex.bind({"role": "roles/aiplatform.user", "members": ["user:ada@acme.example"]},
                user=["aiplatform.models.update", "storage.objects.get"])  # fmt: skip
    vertex.collect()
    landed = {
        kind: len(vertex.lines(kind))
        for kind in ("custom-jobs", "training-pipelines", "endpoints", "models", "model-versions")
    }

    assert landed == {
        "custom-jobs": 1, "training-pipelines": 1, "endpoints": 1, "models": 1, "model-versions": 2,
    }  # fmt: skip
    assert [json.loads(line)["includedPermissions"] for line in vertex.lines("roles")] == [
        ["aiplatform.models.update"]
    ]
    files = vertex.landing.folder.glob("files/*")
    assert [path.name for path in files if SECRET in path.read_text()] == []


def test_pages_are_followed_by_their_token(vertex):
    """Every page of a list, and a token that repeats itself is no endless loop."""
    first, second = build.endpoint(1), build.endpoint(2)
    path = f"{BASE}/endpoints"
    vertex.answer("GET", path, answer(endpoints=[first], nextPageToken="p2"))
    vertex.answer(
        "GET", path, answer(endpoints=[second]), queryParameters={"pageToken": {"equalTo": "p2"}}
    )
    vertex.collect()

    assert [json.loads(line)["name"] for line in vertex.lines("endpoints")] == [
        f"{AT}/endpoints/1", f"{AT}/endpoints/2",
    ]  # fmt: skip
    vertex.answer("GET", path, answer(endpoints=[first], nextPageToken="p2"))
    with pytest.raises(PartlyReadError) as caught:
        vertex.collect()
    assert [gap.scope for gap in caught.value.gaps] == ["acme-ml/us-central1/endpoints"]


def test_a_job_that_has_ended_is_not_asked_for_again(vertex):
    """The next look begins at the oldest job that had not ended; the older ones stay landed."""
    running = {"state": "JOB_STATE_RUNNING", "endTime": ""}
    vertex.tell(
        "customJobs",
        build.custom_job(1, createTime="2026-09-03T00:00:00Z"),
        build.custom_job(2, createTime="2026-11-10T00:00:00Z", **running),
        build.custom_job(3, createTime="2026-11-12T00:00:00Z"),
    )
    vertex.collect()
    vertex.tell("customJobs", build.custom_job(2, createTime="2026-11-10T00:00:00Z"))
    vertex.collect(NOW + timedelta(hours=1))
    vertex.tell("customJobs")
    vertex.collect(NOW + timedelta(hours=2))
    since = [parse_qs(urlsplit(url).query)["filter"] for url in vertex.asked("customJobs")]

    assert since == [
        ['createTime>="2026-09-01T00:00:00Z"'],
        ['createTime>="2026-11-10T00:00:00Z"'],
        ['createTime>="2026-11-11T23:00:00Z"'],  # an hour before the newest
    ]
    assert [json.loads(line)["state"] for line in vertex.lines("custom-jobs")] == [
        "JOB_STATE_SUCCEEDED"
    ] * 3


def test_a_job_deleted_while_it_ran_stays_and_its_end_is_unknown(vertex):
    """It ran, and nobody says how it ended; it does not hold up the looks that follow."""
    job = build.custom_job(1, state="JOB_STATE_RUNNING", endTime="")
    vertex.tell("customJobs", job)
    vertex.collect()
    vertex.tell("customJobs")
    vertex.collect()

    assert [json.loads(line)["state"] for line in vertex.lines("custom-jobs")] == [
        "JOB_STATE_UNSPECIFIED"
    ]


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b'{"name": ')])
def test_jobs_whose_landed_file_is_lost_are_asked_for_again(vertex, damage):
    """Those that ended, too: as at the first look."""
    vertex.tell("customJobs", build.custom_job(1), build.custom_job(2))
    vertex.collect()
    first = vertex.landing.current()
    for file in first.files:
        if file.scope.endswith("custom-jobs"):
            damage(vertex.landing.root / file.path)
    vertex.collect(NOW + timedelta(hours=1))
    since = [parse_qs(urlsplit(url).query)["filter"] for url in vertex.asked("customJobs")]

    assert since[0] == since[1]
    assert vertex.landing.current() == first
    assert len(list(vertex.lines("custom-jobs"))) == 2


def test_a_second_look_with_nothing_new_lands_nothing(vertex):
    """The manifest stays; of hours only the open day is asked for, in one question a metric."""
    vertex.tell("customJobs", build.custom_job())
    vertex.register(build.model())
    vertex.collect()
    first = vertex.landing.current()
    before = len(vertex.asked())
    vertex.collect(NOW + timedelta(minutes=5))
    asked = [unquote(url) for url in vertex.asked()[before:]]

    assert vertex.landing.current() == first
    assert len(asked) == 19
    assert {
        parse_qs(urlsplit(url).query)["interval.startTime"][0] for url in asked if "/v3/" in url
    } == {"2026-11-21T00:00:00Z"}


def test_hours_are_landed_by_day_and_a_day_that_is_over_once(vertex):
    """An hour is named by its start; what arrives late within six hours still counts."""
    labels = {"location": "us-central1", "endpoint_id": "9"}
    counts = build.series(labels, ("2026-11-21T01:00:00Z", 12), ("2026-11-21T00:00:00Z", 5))
    vertex.measure("prediction/online/prediction_count", counts)
    vertex.collect()

    assert [json.loads(line) for line in vertex.lines("hours")] == [
        {"endpoint_id": "9", "hour": "2026-11-20T23:00:00Z", "location": "us-central1",
         "metric": "requests", "value": "5"},
        {"endpoint_id": "9", "hour": "2026-11-21T00:00:00Z", "location": "us-central1",
         "metric": "requests", "value": "12"},
    ]  # fmt: skip
    before = len(vertex.asked("timeSeries"))
    vertex.collect(datetime(2026, 11, 22, 5))  # the 21st is not settled yet
    started = {
        parse_qs(urlsplit(url).query)["interval.startTime"][0]
        for url in vertex.asked("timeSeries")[before:]
    }
    assert started == {"2026-11-21T00:00:00Z"}


@pytest.mark.parametrize(
    ("path", "method", "scope"),
    [
        (f"{BASE}/endpoints", "GET", "acme-ml/us-central1/endpoints"),
        (f"{BASE}/customJobs", "GET", "acme-ml/us-central1/custom-jobs"),
        ("/v3/projects/acme-ml/timeSeries", "GET", "acme-ml/hours"),
        ("/v1/projects/acme-ml:getIamPolicy", "POST", "acme-ml/bindings"),
    ],
)
def test_a_part_that_is_denied_is_a_gap_and_stays_as_it_was(vertex, path, method, scope):
    """The rest is landed; what was read of that part before stays in force."""
    vertex.tell("customJobs", build.custom_job())
    vertex.tell("endpoints", build.endpoint())
    vertex.bind({"role": "roles/aiplatform.user", "members": ["user:ada@acme.example"]},
                user=["aiplatform.models.get"])  # fmt: skip
    vertex.collect()
    before = vertex.landing.current()
    refusal = error(403, "PERMISSION_DENIED", f"Permission denied on {SECRET[:3]}")
    vertex.answer(method, path, refusal)
    vertex.tell("pipelineJobs", {"name": f"{AT}/pipelineJobs/1", "createTime": "2026-11-01"})
    with pytest.raises(PartlyReadError) as caught:
        vertex.collect(NOW + timedelta(minutes=1))
    (gap,) = caught.value.gaps

    assert (gap.scope, gap.reason[:22]) == (scope, "Google Cloud denies it")
    assert "quaestor permissions vertex" in gap.fix
    after = vertex.landing.current()
    assert {file.sha256 for file in before.files if file.scope.endswith(scope[8:])} <= {
        file.sha256 for file in after.files
    }
    assert len(vertex.lines("pipeline-jobs")) == 1


def test_a_role_that_is_kept_from_us_hides_no_other(vertex):
    """A role of the organisation may be out of reach: it is landed without what it permits."""
    own = {"role": "roles/aiplatform.user", "members": ["user:ada@acme.example"]}
    above = {"role": "organizations/1/roles/ml", "members": ["user:bob@acme.example"]}
    vertex.bind(own, above, user=["aiplatform.models.get"])
    refusal = error(403, "PERMISSION_DENIED", "no")
    vertex.answer("GET", "/v1/organizations/1/roles/ml", refusal)
    vertex.collect()

    assert [json.loads(line) for line in vertex.lines("roles")] == [
        {"name": "organizations/1/roles/ml"},
        {"includedPermissions": ["aiplatform.models.get"], "name": "roles/aiplatform.user"},
    ]


def test_throttling_is_waited_for_as_long_as_it_says(vertex):
    """429 with Retry-After, then the answer."""
    busy = error(429, "RESOURCE_EXHAUSTED", "Quota exceeded", **{"Retry-After": "7"})
    vertex.answer("GET", f"{BASE}/endpoints", busy, busy, answer(endpoints=[build.endpoint()]))
    vertex.collect()

    assert vertex.waited == [7, 7]
    assert len(vertex.lines("endpoints")) == 1


def test_throttling_without_end_is_told(vertex):
    """After six tries, as one gap; two minutes is the most that one wait takes."""
    busy = error(429, "RESOURCE_EXHAUSTED", "Quota exceeded", **{"Retry-After": "3600"})
    vertex.answer("GET", f"{BASE}/endpoints", busy)
    with pytest.raises(PartlyReadError) as caught:
        vertex.collect()

    assert vertex.waited == [120.0] * 6
    assert "asks us to slow down" in caught.value.gaps[0].reason


@pytest.mark.parametrize(
    "reply",
    [
        {"body": "<html>Sign in</html>", "headers": {"Content-Type": "text/html"}},
        {"status": 403, "body": "<html>No</html>", "headers": {"Content-Type": "text/html"}},
        {"jsonBody": [], "transformers": []},
        {"jsonBody": {"endpoints": {"a": 1}}, "transformers": []},
        {"jsonBody": {"endpoints": [{"name": "x", "deployedModels": 3}]}, "transformers": []},
        {"body": '{"endpoints": [', "headers": {"Content-Type": "application/json"}},
    ],
)
def test_an_answer_that_is_not_googles_is_a_gap(vertex, reply):
    """A page, a list, a shape that is none, half an answer: never an empty list of endpoints."""
    vertex.answer("GET", f"{BASE}/endpoints", reply)
    with pytest.raises(PartlyReadError) as caught:
        vertex.collect()
    (gap,) = caught.value.gaps

    assert gap.scope == "acme-ml/us-central1/endpoints"
    assert "<html>" not in gap.reason
    assert vertex.lines("endpoints") == []


def test_a_page_instead_of_everything_is_told_at_once(vertex):
    """A login page answers the first question: nothing is landed."""
    page = {"body": "<html>Sign in</html>", "headers": {"Content-Type": "text/html"}}
    vertex.answer("GET", "/.*", page)
    with pytest.raises(IncompleteError, match="does not speak Google's API"):
        vertex.collect()

    assert vertex.landing.current() is None
    assert len(vertex.asked()) == 1


def test_nobody_there_is_known_within_seconds(vertex):
    """A port where nobody listens."""
    source = msgspec.structs.replace(vertex.source, endpoint="http://127.0.0.1:9")
    with pytest.raises(IncompleteError) as caught:
        collector("vertex").doctor(source, Config())

    assert caught.value.what == "Google Cloud cannot be reached (connection refused)"


def test_a_denied_project_is_an_error_and_no_empty_one(vertex):
    """403 on everything: the source cannot be read at all."""
    vertex.answer("GET", "/v[123]/.*", error(403, "PERMISSION_DENIED", "Vertex AI API is disabled"))
    vertex.answer("POST", "/v1/.*", error(403, "PERMISSION_DENIED", "no"))
    with pytest.raises(IncompleteError) as caught:
        vertex.collect()

    assert not isinstance(caught.value, PartlyReadError)
    assert "Vertex AI API is disabled" in caught.value.what
    assert vertex.landing.current() is None


def test_a_look_killed_in_the_middle_leaves_the_last_good_state(vertex, monkeypatch):
    """The manifest in force is the one before; the next look goes on."""
    vertex.tell("customJobs", build.custom_job())
    vertex.collect()
    before = vertex.landing.current()
    vertex.tell("endpoints", build.endpoint())
    vertex.tell("customJobs", build.custom_job(2))
    with monkeypatch.context() as patch:
        patch.setattr("quaestor.collect.vertex_registry.models", _killed)
        with pytest.raises(KeyboardInterrupt):
            vertex.collect()

    assert vertex.landing.current() == before
    vertex.collect()
    assert (len(vertex.lines("endpoints")), len(vertex.lines("custom-jobs"))) == (1, 2)


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_doctor_says_what_can_be_seen(vertex):
    """By location."""
    vertex.register(build.model())

    told = collector("vertex").doctor(vertex.source, Config())
    assert told == "us-central1: 1 model, 0 endpoints; 0 instances of Workbench"


def test_permissions_are_a_role_that_only_reads(vertex):
    """Valid YAML, no wildcard, nothing that writes or reads data."""
    role = yaml.safe_load(collector("vertex").permissions(vertex.source))
    verbs = {one.rpartition(".")[2] for one in role["includedPermissions"]}

    assert verbs == {"get", "list", "getIamPolicy"}


@pytest.mark.parametrize(
    "keys",
    ["project: Acme/../x, locations: [us-central1]", "project: acme, locations: []",
     "project: acme, locations: [evil.example/]", "project: acme, locations: [a], months: 0"],
)  # fmt: skip
def test_a_place_that_is_none_is_refused_by_the_configuration(tmp_path, keys):
    """What goes into an address is a project's id and a location's name, nothing else."""
    with pytest.raises(ConfigurationError):
        parse_config(f"sources: [{{name: v, kind: vertex, {keys}}}]", tmp_path, {})


@pytest.mark.online
def test_a_real_project_is_read(online, tmp_path):
    """QUAESTOR_ONLINE_VERTEX_PROJECT and _LOCATION, with Google's own sign-in."""
    keys = f"project: {online('VERTEX_PROJECT')}, locations: [{online('VERTEX_LOCATION')}]"
    config = parse_config(f"sources: [{{name: v, kind: vertex, {keys}}}]", tmp_path, {})
    (source,) = config.sources

    assert "endpoint" in collector("vertex").doctor(source, config)


def test_a_gap_is_a_blind_spot_of_the_audit(vertex, tmp_path, monkeypatch, capsys):
    """From the configuration to the warehouse, as a user runs it: exit code 3, and it says why."""
    vertex.tell("customJobs", build.custom_job())
    vertex.register(build.model())
    vertex.answer("GET", f"{BASE}/endpoints", error(403, "PERMISSION_DENIED", "no endpoints"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quaestor.yaml").write_text(
        "sources: [{name: vertex, kind: vertex, project: acme-ml, locations: [us-central1], "
        f"endpoint: '{vertex.source.endpoint}'}}]"
    )
    code = run(["collect", "--now", "2026-11-21T06:30:00Z"])
    built = run(["build", "--now", "2026-11-21T06:30:00Z"])
    capsys.readouterr()
    run(["query", "select scope, reason from audit.blind_spot order by all", "--format", "csv"])
    told = capsys.readouterr().out

    assert (code, built) == (3, 3)
    assert "acme-ml/us-central1/endpoints,Google Cloud denies it" in told
    run(["query", "select count(*) from registry.model_version", "--format", "csv"])
    assert capsys.readouterr().out.split() == ["count_star()", "1"]
