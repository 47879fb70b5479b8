"""collect.slurm: what sacct says, a day at a time, asked of a program that is not ours."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from builders.slurm import Accounting, a_job, table
from quaestor.collect import slurm
from quaestor.collect.landing import Landing
from quaestor.core.config import parse_config
from quaestor.core.errors import ConfigurationError, IncompleteError, PartlyReadError, QuaestorError
from quaestor.core.landed import Manifest

NOW = datetime(2026, 11, 4, 12)


@pytest.fixture
def accounting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Accounting:
    """A cluster without jobs."""
    found = Accounting(tmp_path / "slurm")
    found.install()
    monkeypatch.setenv("PATH", f"{found.programs}{os.pathsep}{os.environ['PATH']}")
    return found


def collect(tmp_path: Path, keys: str = "since: 2026-11-01", now: datetime = NOW) -> Manifest:
    """Collect a source `hpc` and return what is in force."""
    config = parse_config(f"sources: [{{name: hpc, kind: slurm, {keys}}}]", tmp_path, {})
    landing = Landing(tmp_path / "landing", "hpc")
    slurm.collect(config.sources[0], config, landing, now=now, progress=lambda _: None)
    manifest = landing.current()
    assert manifest is not None
    return manifest


def scopes(manifest: Manifest) -> list[str]:
    return [file.scope for file in manifest.files]


def days(asked: list[list[str]]) -> list[str]:
    return [word[12:22] for words in asked for word in words if word.startswith("--starttime=")]


def test_a_day_is_one_question_in_utc(tmp_path: Path, accounting: Accounting):
    """So that no clock change hides an hour, whatever the cluster's zone is."""
    accounting.say(a_job())
    manifest = collect(tmp_path)
    asked = accounting.asked()

    assert scopes(manifest) == [f"sacct/2026-11-0{day}" for day in "1234"]
    assert days(asked) == [f"2026-11-0{day}" for day in "1234"]
    assert {tuple(words[:2]) for words in asked} == {("UTC", "%Y-%m-%dT%H:%M:%SZ")}
    assert {"--allusers", "--duplicates", "--allocations"} <= set(asked[0])


def test_a_day_that_is_over_is_not_asked_again(tmp_path: Path, accounting: Accounting):
    """Only the present one and the one before it, whose jobs may be written down late."""
    accounting.say(a_job())
    first = collect(tmp_path)
    accounting.asked()
    second = collect(tmp_path)

    assert days(accounting.asked()) == ["2026-11-03", "2026-11-04"]
    assert second == first, "nothing new lands nothing"


def test_a_job_that_runs_is_news_each_time(tmp_path: Path, accounting: Accounting):
    """The answer is the same, and the job has run for longer."""
    accounting.say(a_job(State="RUNNING", End="Unknown", Submit="2026-11-04T01:00:00Z"))
    collect(tmp_path)
    later = collect(tmp_path, now=NOW + timedelta(hours=1))

    assert later.fetched_at == NOW + timedelta(hours=1)


def test_a_kill_loses_no_day(tmp_path: Path, accounting: Accounting, monkeypatch):
    """What was landed before it need not be asked again, and what was in force stays."""
    asked = slurm.ask

    def dies(command: Any, **options: Any) -> Any:
        if "--starttime=2026-11-03T00:00:00" in command:
            raise KeyboardInterrupt
        return asked(command, **options)

    monkeypatch.setattr(slurm, "ask", dies)
    with pytest.raises(KeyboardInterrupt):
        collect(tmp_path)
    monkeypatch.undo()
    monkeypatch.setenv("PATH", f"{accounting.programs}{os.pathsep}{os.environ['PATH']}")
    accounting.asked()
    collect(tmp_path)

    assert days(accounting.asked()) == ["2026-11-03", "2026-11-04"]


def test_days_outside_the_window_stay(tmp_path: Path, accounting: Accounting):
    """History grows: a later `since` forgets nothing."""
    collect(tmp_path)

    assert scopes(collect(tmp_path, "since: 2026-11-04")) == [
        f"sacct/2026-11-0{day}" for day in "1234"
    ]


def test_another_host_is_asked_through_words(tmp_path: Path, accounting: Accounting):
    """A list, and no shell that would read them."""
    collect(tmp_path, "since: 2026-11-04, via: [ssh, 'login1; touch gone'], cluster: mlhpc")

    assert (accounting.folder / "hosts").read_text() == "login1; touch gone\n"
    assert "--clusters=mlhpc" in accounting.asked()[0]
    with pytest.raises(ConfigurationError):
        collect(tmp_path, "via: ssh login1")


@pytest.mark.parametrize(
    ("fails", "what"),
    [
        (
            (1, "sacct: error: slurmdbd: no\nsacct: fatal: password=hunter2 wrong"),
            "exit code 1: sacct: error: slurmdbd: no; sacct: fatal: password=*** wrong",
        ),
        ((3, ""), "exit code 3 and says nothing"),
        ((1, "x" * 9_000), "exit code 1: " + "x" * 300 + "..."),
    ],
)
def test_a_failure_is_told_in_its_own_words(tmp_path, accounting: Accounting, fails, what):
    """Its exit code and complaint, cut, without secrets; what was landed stays in force."""
    before = collect(tmp_path)
    accounting.say(fails=fails)
    with pytest.raises(IncompleteError) as caught:
        collect(tmp_path)

    assert caught.value.what == f"it ended with {what}"
    assert Landing(tmp_path / "landing", "hpc").current() == before


@pytest.mark.parametrize(
    ("program", "what"),
    [
        ("#!/bin/sh\necho '<html>Sign in</html>'\n", "is no table of jobs: '<html>Sign in</html>'"),
        ("#!/bin/sh\nprintf 'JobID|State\\n7|COMPL'\n", "ends within a line"),
        ("#!/bin/sh\nexec sleep 30\n", "no answer within 1 seconds"),
        ("#!/bin/sh\nexec nothing-of-that-name\n", "the program 'sacct' is not there"),
    ],
)
def test_what_is_no_answer_is_refused(tmp_path: Path, accounting: Accounting, program, what):
    """A banner, a broken connection, silence: never read as a day without jobs."""
    accounting.program("sacct", program)
    with pytest.raises(IncompleteError) as caught:
        collect(tmp_path, "since: 2026-11-04, timeout_seconds: 1")

    assert what in caught.value.what
    assert caught.value.fix


def test_without_sacct_one_is_told_how_to_do_without(tmp_path: Path, monkeypatch):
    """Through another host, or by files."""
    monkeypatch.setenv("PATH", "/usr/bin/none:/bin/none")
    with pytest.raises(IncompleteError) as caught:
        collect(tmp_path)

    assert "is not there" in caught.value.what
    assert "via:" in str(caught.value.fix)
    assert "path:" in str(caught.value.fix)


def test_teams_that_cannot_be_read_are_a_gap(tmp_path: Path, accounting: Accounting):
    """The jobs land all the same, and the accounts that were known stay."""
    accounting.program("sacctmgr", "#!/bin/sh\necho 'Account|Descr|Org'\necho 'nlp|x|language'\n")
    first = collect(tmp_path, "since: 2026-11-03, team: organization")
    accounting.program("sacctmgr", "#!/bin/sh\necho 'Access denied' >&2; exit 1\n")
    with pytest.raises(PartlyReadError) as caught:
        collect(tmp_path, "since: 2026-11-03, team: organization")

    assert "sacct/accounts" in scopes(first)
    assert caught.value.gaps[0].scope == "teams"
    assert Landing(tmp_path / "landing", "hpc").current() == first


def test_doctor_tells_that_teams_cannot_be_read(tmp_path: Path, accounting: Accounting):
    """Before the first look, and with what can be read."""
    accounting.program("sacctmgr", "#!/bin/sh\necho 'Access denied' >&2; exit 1\n")
    config = parse_config("sources: [{name: hpc, kind: slurm, team: top-account}]", tmp_path, {})
    with pytest.raises(PartlyReadError, match="Access denied") as caught:
        slurm.doctor(config.sources[0], config)

    assert caught.value.read.startswith("slurm 22.05.8: 0 jobs")


@pytest.mark.parametrize("keys", ["", ", json: true"])
def test_secrets_in_comments_are_not_landed(tmp_path: Path, accounting: Accounting, keys: str):
    """What is named as one loses its value; what names the model stays."""
    comment = "model=churn;api_key=hunter2; password: hunter2,run_id=4"
    if keys:
        job = {"job_id": 7, "state": {"current": "COMPLETED"}, "time": {}, "tres": {}}
        document = {"meta": {"x": 1}, "jobs": [{**job, "comment": {"job": comment}}]}
        accounting.program("sacct", f"#!/bin/sh\ncat <<'E'\n{json.dumps(document)}\nE\n")
    else:
        accounting.say(a_job(Comment=comment, Submit="2026-11-04T00:00:00Z", End="Unknown"))
    (file,) = collect(tmp_path, "since: 2026-11-04" + keys).files
    landed = (tmp_path / "landing" / file.path).read_text()

    assert "model=churn;api_key=***; password: ***,run_id=4" in landed
    assert "hunter2" not in landed


def test_files_are_taken_as_they_are(tmp_path: Path):
    """Of a folder, those that may be sacct's; JSON without what holds secrets."""
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "a.txt").write_text(table(a_job()))
    (folder / "b.json").write_text(
        '{"meta": {"x": 1}, "errors": [], "jobs": [{"job_id": 7, "submit_line": "train --token=s3"'
        ', "state": {"current": "COMPLETED"}, "time": {"start": 1}, "tres": {"allocated": []}}]}'
    )
    (folder / "notes.md").write_text("none of ours")
    manifest = collect(tmp_path, "path: exports")
    landed = [(tmp_path / "landing" / file.path).read_text() for file in manifest.files]

    assert scopes(manifest) == ["exports/a.txt", "exports/b.json"]
    assert landed[0] == table(a_job())
    assert "s3" not in landed[1]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "<html>",
        '{"jobs": 3}',
        '{"meta": {}, "errors": [{"error": "denied"}]}',
        '{"a":1}',
    ],
)
def test_json_that_is_none_of_sacct_is_refused(tmp_path: Path, text: str):
    """Cut short, of something else, or a complaint: never a day without jobs."""
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(QuaestorError):
        collect(tmp_path, "path: a.json")


def test_a_day_without_jobs_is_no_failure_in_json(tmp_path: Path, accounting: Accounting):
    """Slurm 22.05 calls it error 9003."""
    text = '{"meta": {"plugin": {}}, "errors": [{"error_number": 9003}], "jobs": []}'
    accounting.program("sacct", f"#!/bin/sh\necho '{text}'\n")

    assert len(collect(tmp_path, "since: 2026-11-04, json: true").files) == 1


def test_doctor_counts(tmp_path: Path, accounting: Accounting):
    """Version, jobs, users; and that Slurm may not record GPUs."""
    accounting.say(a_job(), a_job(User="bob", State="RUNNING", End="Unknown"))
    config = parse_config("sources: [{name: hpc, kind: slurm}]", tmp_path, {})

    assert slurm.doctor(config.sources[0], config) == (
        "slurm 22.05.8: 2 jobs of 2 users in a day, 1 running"
    )
    accounting.say(a_job(AllocTRES="cpu=1,mem=1G,node=1"))
    assert "none has a GPU" in slurm.doctor(config.sources[0], config)


def test_days_that_do_not_exist_are_a_mistake(tmp_path: Path, accounting: Accounting):
    """Not a cluster without jobs."""
    for keys in ("since: 2026-11-05", "since: 2026-11-03, until: 2026-11-02"):
        with pytest.raises(ConfigurationError, match="no day between"):
            collect(tmp_path, keys)


def test_a_cluster_is_a_word(tmp_path: Path, accounting: Accounting):
    """A shell of the other host reads it."""
    with pytest.raises(ConfigurationError):
        collect(tmp_path, "cluster: 'a; touch gone'")


def test_an_unknown_time_zone_is_a_mistake(tmp_path: Path):
    """Not UTC by silence."""
    with pytest.raises(ConfigurationError, match="no time zone 'CET1'"):
        collect(tmp_path, "path: a.txt, time_zone: CET1")


def test_permissions_say_what_an_operator_exports(tmp_path: Path):
    """Who may see all jobs, and the command for where one may not."""
    config = parse_config("sources: [{name: hpc, kind: slurm}]", tmp_path, {})
    told = slurm.permissions(config.sources[0])

    assert "PrivateData=jobs" in told
    assert "TZ=UTC sacct --allusers" in told
    config = parse_config("sources: [{name: hpc, kind: slurm, path: hpc}]", tmp_path, {})
    told = slurm.permissions(config.sources[0])
    assert "needs to read hpc" in told
    assert "TZ=UTC sacct --allusers" in told


def test_a_name_that_is_not_utf_8_hides_no_day(tmp_path: Path, accounting: Accounting):
    """Somebody's terminal wrote Latin-1: the name is marked, and all jobs land."""
    latin = "#!/bin/sh\nprintf 'JobID|JobName\\n7|caf\\351\\n8|ok\\n'\n"
    accounting.program("sacct", latin)
    (file,) = collect(tmp_path, "since: 2026-11-04").files

    assert (tmp_path / "landing" / file.path).read_text() == "JobID|JobName\n7|caf\ufffd\n8|ok\n"


@pytest.mark.online
def test_a_real_cluster_answers(tmp_path: Path, online):
    """With the settings of whoever runs it: QUAESTOR_ONLINE_SLURM_VIA and _NOW."""
    via, now = online("SLURM_VIA").split(), datetime.fromisoformat(online("SLURM_NOW"))
    manifest = collect(tmp_path, f"via: {via}, since: {now:%Y-%m-%d}", now)

    assert manifest.files
