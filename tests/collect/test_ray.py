"""collect.ray and normalise.ray: what Ray's dashboard knows of jobs, without their secrets."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from builders.bills import Bill, csv_text
from builders.loaded import load
from quaestor.collect import ray
from quaestor.collect.landing import Landing
from quaestor.core.config import parse_config
from quaestor.core.errors import ConfigurationError, IncompleteError, PartlyReadError, QuaestorError
from quaestor.core.sources.ray import RaySource
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 4, 12)
START = 1793491200000  # 2026-11-01T00:00:00Z
HOUR = 3_600_000
JOB = {
    "type": "SUBMISSION",
    "job_id": "01000000",
    "submission_id": "raysubmit_1",
    "driver_info": {"id": "01000000", "node_ip_address": "10.0.0.1", "pid": "77"},
    "status": "SUCCEEDED",
    "entrypoint": "python train.py --password hunter2",
    "message": "Job finished successfully.",
    "error_type": None,
    "start_time": START,
    "end_time": START + 3 * HOUR,
    "metadata": {"gpus": "8", "gpu_model": "A100", "team": "search", "user": "ada",
                 "model": "ranker", "model_version": "12", "api_key": "hunter2"},
    "runtime_env": {"env_vars": {"TOKEN": "hunter2"}},
    "driver_agent_http_address": "http://10.0.0.1:52365",
    "driver_node_id": "ab",
    "driver_exit_code": 0,
}  # fmt: skip


class Dashboard:
    """A server of one path, which says what a test lets it say."""

    def __init__(self) -> None:
        self.says: Any = []
        self.status = 200
        self.asked: list[tuple[str, str | None]] = []
        told = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                told.asked.append((self.path, self.headers.get("Authorization")))
                body = told.says if isinstance(told.says, bytes) else json.dumps(told.says).encode()
                self.send_response(told.status)
                if told.status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/login")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def dashboard() -> Iterator[Dashboard]:
    """A cluster that no job ran on."""
    found = Dashboard()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def warehouse():
    with Warehouse(":memory:") as open_one:
        yield open_one


def read(
    warehouse: Warehouse, folder: Path, dashboard: Dashboard, now: datetime = NOW
) -> list[tuple[str, str]]:
    source = {"name": "ray", "kind": "ray", "url": dashboard.url + "/", "token": "t1"}
    return [(spot.scope, spot.reason) for spot in load(warehouse, folder, source, now)]


def test_a_job_is_read_whole_and_its_secrets_are_not(warehouse, tmp_path, dashboard):
    """GPUs, team and model as the job's metadata says; no command line, no environment."""
    dashboard.says = [JOB]

    assert read(warehouse, tmp_path, dashboard) == []
    assert dashboard.asked == [("/api/jobs/", "Bearer t1")]
    (row,) = warehouse.records("select * exclude labels from usage.gpu_job")
    assert {name: value for name, value in row.items() if value is not None} == {
        "source": "ray",
        "job": "raysubmit_1",
        "user": "ada",
        "team": "search",
        "gpu_model": "A100",
        "gpus": 8.0,
        "started_at": datetime(2026, 11, 1),
        "ended_at": datetime(2026, 11, 1, 3),
        "state": "completed",
        "gpu_hours": 24.0,
        "kind": "ray-job",
        "model": "ranker",
        "model_version": "12",
        "exit_code": "0",
        "seen_at": NOW,
    }
    landed = [path.read_text() for path in (tmp_path / "landing").rglob("*.jsonl")]
    assert "hunter2" not in "".join(landed)


@pytest.mark.parametrize(
    ("change", "state", "hours"),
    [
        ({"status": "FAILED"}, "failed", 24.0),
        ({"status": "STOPPED"}, "cancelled", 24.0),
        ({"status": "RUNNING", "end_time": None}, "running", 8 * 84.0),
        ({"status": "PENDING", "start_time": None, "end_time": None}, "pending", 0.0),
        ({"status": "STOPPED", "start_time": None}, "cancelled", 0.0),
        ({"metadata": {"num_gpus": "0.5"}}, "completed", 1.5),
    ],
)
def test_gpu_hours_are_gpus_times_hours(warehouse, tmp_path, dashboard, change, state, hours):
    """Up to when Ray was asked while a job runs."""
    dashboard.says = [{**JOB, **change}]

    assert read(warehouse, tmp_path, dashboard) == []
    assert warehouse.rows("select state, gpu_hours from usage.gpu_job") == [(state, hours)]


def test_gpus_that_nobody_names_are_unknown_and_told(warehouse, tmp_path, dashboard):
    """Ray does not know what tasks and actors took; entrypoint_num_gpus is the driver's alone."""
    dashboard.says = [{**JOB, "metadata": None, "entrypoint_num_gpus": 0}]
    source = {"name": "ray", "kind": "ray", "url": dashboard.url}
    (spot,) = load(warehouse, tmp_path, source, NOW)

    assert warehouse.rows("select gpus, gpu_hours from usage.gpu_job") == [(None, None)]
    assert "nobody says how many GPUs" in spot.reason
    assert "--metadata-json" in str(spot.fix)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "ASLEEP"}, 'status "asleep" is no state of a job'),
        ({"end_time": START - 1}, "end_time is before start_time"),
        ({"start_time": "noon"}, 'start_time "noon" is no time'),
        ({"metadata": {"gpus": "many"}}, 'gpus "many" is not a number'),
    ],
)
def test_a_record_that_cannot_be_read_is_kept_aside(warehouse, tmp_path, dashboard, change, reason):
    """With its reason; the others count."""
    dashboard.says = [JOB, {**JOB, "submission_id": "raysubmit_2", **change}]
    ((_, told),) = read(warehouse, tmp_path, dashboard)

    assert reason in told
    assert warehouse.rows("select job from usage.gpu_job") == [("raysubmit_1",)]


def test_what_ray_forgets_is_kept(warehouse, tmp_path, dashboard):
    """A head that starts anew knows nothing; a job that ran then has no known end."""
    runs = {**JOB, "submission_id": "raysubmit_2", "status": "RUNNING", "end_time": None}
    dashboard.says = [JOB, runs]
    read(warehouse, tmp_path, dashboard)
    dashboard.says = []
    told = read(warehouse, tmp_path, dashboard, NOW + timedelta(hours=1))

    assert warehouse.rows("select job, state, gpu_hours from usage.gpu_job order by job") == [
        ("raysubmit_1", "completed", 24.0),
        ("raysubmit_2", None, None),
    ]
    assert [scope for scope, _ in told] == ["gpu_job.gpu_hours"]


@pytest.mark.parametrize("damage", [None, b"half a li"], ids=["gone", "damaged"])
def test_a_landed_file_that_is_lost_is_told(warehouse, tmp_path, dashboard, damage):
    """What Ray says now is landed; what only that file knew is told as lost, once."""
    dashboard.says = [JOB]
    read(warehouse, tmp_path, dashboard)
    (landed,) = (tmp_path / "landing").rglob("*jobs.jsonl")
    landed.unlink() if damage is None else landed.write_bytes(damage)
    dashboard.says = [{**JOB, "submission_id": "raysubmit_2"}]
    with pytest.raises(PartlyReadError, match="gone or damaged"):
        read(warehouse, tmp_path, dashboard)
    read(warehouse, tmp_path, dashboard)

    assert warehouse.rows("select job from usage.gpu_job") == [("raysubmit_2",)]


def test_nothing_new_lands_nothing(warehouse, tmp_path, dashboard):
    """The same answer is the same file, whatever its order."""
    dashboard.says = [JOB, {**JOB, "submission_id": "raysubmit_2"}]
    read(warehouse, tmp_path, dashboard)
    dashboard.says = dashboard.says[::-1]
    read(warehouse, tmp_path, dashboard, NOW + timedelta(hours=1))
    landing = Landing(tmp_path / "landing", "ray")

    assert landing.current().fetched_at == NOW
    assert len(list((tmp_path / "landing" / "ray" / "files").iterdir())) == 1


@pytest.mark.parametrize(
    ("status", "says", "what"),
    [
        (200, b"<html>Sign in</html>", "the answer is a page"),
        (200, {"message": "no"}, "no list of jobs"),
        (200, [{"status": "RUNNING"}], "no list of jobs"),
        (200, b'[{"submission_id": "a", ', "no list of jobs"),
        (403, [], "refuses us (403)"),
        (302, [], "answers (302)"),
        (404, [], "answers (404)"),
        (503, [], "Ray's dashboard answers 503"),
    ],
)
def test_what_is_no_answer_is_refused(warehouse, tmp_path, dashboard, status, says, what):
    """A login page, half an answer, a refusal: never a cluster without jobs."""
    dashboard.says = [JOB]
    read(warehouse, tmp_path, dashboard)
    before = Landing(tmp_path / "landing", "ray").current()
    dashboard.says, dashboard.status = says, status
    with pytest.raises(IncompleteError) as caught:
        read(warehouse, tmp_path, dashboard)

    assert what in caught.value.what
    assert "t1" not in caught.value.as_text()
    assert Landing(tmp_path / "landing", "ray").current() == before


def test_files_of_any_version_are_read(warehouse, tmp_path):
    """Old ones are an object by id; a job that is in two files counts once, by its end."""
    (tmp_path / "in").mkdir()
    runs = {**JOB, "status": "RUNNING", "end_time": None}
    for name, said in {"a.json": [JOB], "b.json": {"raysubmit_1": runs}}.items():
        (tmp_path / "in" / name).write_text(json.dumps(said))

    assert load(warehouse, tmp_path, {"name": "ray", "kind": "ray", "path": "in"}, NOW) == []
    assert warehouse.rows("select job, gpu_hours from usage.gpu_job") == [("raysubmit_1", 24.0)]


def test_hostile_names_stay_text(warehouse, tmp_path, dashboard):
    """10 kB, emoji, HTML, quotes, line breaks."""
    name = '<img src=x onerror="alert(1)">\n\U0001f600\'' + "x" * 10_000
    dashboard.says = [{**JOB, "metadata": {"name": name, "gpus": "1"}}]
    read(warehouse, tmp_path, dashboard)

    assert warehouse.rows("select name, labels ->> 'name' from usage.gpu_job") == [(name, name)]


def test_doctor_counts_and_an_address_that_is_none_is_a_mistake(tmp_path, dashboard):
    """In seconds, and with a fix; a dead endpoint too."""
    dashboard.says = [JOB]

    def doctor(url: str) -> str:
        config = parse_config(f"sources: [{{name: ray, kind: ray, url: '{url}'}}]", tmp_path, {})
        assert "/api/jobs/" in ray.permissions(config.sources[0])
        assert "pw" not in ray.permissions(config.sources[0])
        return ray.doctor(config.sources[0], config)

    assert doctor(dashboard.url) == "1 job, 0 running"
    for wrong in ("ray-head:8265", "http://user:pw@ray-head", "http://127.0.0.1:1"):
        with pytest.raises(QuaestorError) as caught:
            doctor(wrong)
        assert caught.value.fix
        assert "pw" not in caught.value.what


def test_permissions_can_be_asked_of_the_kind_alone():
    """Before there is a source: an address stands in."""
    assert ray.permissions(RaySource(name="r")).startswith("GET http://YOUR-HEAD:8265/api/jobs/ ")


def test_a_token_that_no_header_carries_is_a_mistake(tmp_path, dashboard):
    """Such as a secret of two lines; nobody is asked, and it is not repeated."""
    text = f"sources: [{{name: ray, kind: ray, url: '{dashboard.url}', token: '${{TOKEN}}'}}]"
    config = parse_config(text, tmp_path, {"TOKEN": "s3cret\nX: y"})
    with pytest.raises(ConfigurationError) as caught:
        ray.doctor(config.sources[0], config)

    assert "s3cret" not in caught.value.as_text()
    assert dashboard.asked == []


def test_a_job_finds_what_its_team_pays(warehouse, tmp_path, dashboard):
    """Ray names no machine: the job's team is what it shares with the bill."""
    dashboard.says = [JOB]
    read(warehouse, tmp_path, dashboard)
    bill = Bill(tmp_path, warehouse=warehouse)
    bill.write("a.csv", csv_text({"ResourceId": "i-1", "Tags": '{"team": "search"}'}))
    bill.load()

    assert warehouse.rows(
        "select j.job, c.EffectiveCost::double from usage.gpu_job as j "
        "join focus.charge as c on c.Tags::varchar::json ->> 'team' = j.team"
    ) == [("raysubmit_1", 1.5)]


@pytest.mark.online
def test_a_real_dashboard_answers(tmp_path, warehouse, online):
    """With the setting of whoever runs it: QUAESTOR_ONLINE_RAY_URL."""
    load(warehouse, tmp_path, {"name": "ray", "kind": "ray", "url": online("RAY_URL")}, NOW)

    assert warehouse.rows("from usage.gpu_job")
