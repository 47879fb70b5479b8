"""The action, the templates and the hooks: parsed, and their shell run as a runner runs it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from quaestor.cli.main import run as quaestor

CHECKOUT = Path(__file__).resolve().parents[1]
CI = CHECKOUT / "examples" / "ci"
NOW = "2026-11-21T06:00:00"
# What a shell would act on if an input ever became part of a command.
HOSTILE = "$(touch owned) `touch owned`; touch owned & touch owned\n--help\n'; touch owned; '\"\n*"
INPUT = re.compile(r"\$\{\{ inputs\.([a-z-]+) \}\}")


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The package, built from this checkout: what a runner would fetch."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """The quickstart, audited: `churn` is governed better than `ranker`."""
    folder = tmp_path_factory.mktemp("audited") / "home"
    shutil.copytree(CHECKOUT / "examples" / "quickstart", folder)
    before = Path.cwd()
    os.chdir(folder)
    try:
        quaestor(["audit", "--now", NOW, "--format", "json=audit.json", "--quiet"])
    finally:
        os.chdir(before)
    return folder


@dataclass(frozen=True)
class Runner:
    """A folder to work in, and what a step may count on being in its environment."""

    home: Path
    temp: Path
    environment: dict[str, str]

    def shell(self, script, *, by=("bash", "--noprofile", "--norc", "-eo", "pipefail"), **more):
        path = self.temp / "step.sh"
        path.write_text(script, encoding="utf-8")
        return subprocess.run(
            [*by, path],
            cwd=self.home,
            env=self.environment | more,
            capture_output=True,
            text=True,
            check=False,
        )

    def outputs(self):
        return dict(line.split("=", 1) for line in (self.temp / "output").read_text().splitlines())


@pytest.fixture
def runner(audited, tmp_path):
    """A runner with the audited quickstart as its working folder."""
    home, temp = tmp_path / "home", tmp_path / "temp"
    shutil.copytree(audited, home)
    temp.mkdir()
    for name in ("output", "summary"):
        (temp / name).touch()
    return Runner(
        home,
        temp,
        {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "RUNNER_TEMP": str(temp),
            "GITHUB_ACTION_PATH": str(CHECKOUT),
            "GITHUB_OUTPUT": str(temp / "output"),
            "GITHUB_STEP_SUMMARY": str(temp / "summary"),
        },
    )


def action_steps():
    """Return the composite action's steps that are shell, by name."""
    steps = read(CHECKOUT / "action.yml")["runs"]["steps"]
    return {step["name"]: step for step in steps if "run" in step}


def take(runner, name, **inputs):
    """Run one step of the action with inputs, as GitHub would: by its `env:`."""
    action = read(CHECKOUT / "action.yml")
    given = {key: declared.get("default", "") for key, declared in action["inputs"].items()}
    given |= {key.replace("_", "-"): value for key, value in inputs.items()}
    step = action_steps()[name]
    environment = {key: given[INPUT.fullmatch(value)[1]] for key, value in step["env"].items()}
    return runner.shell(step["run"], **environment)


@pytest.fixture
def installed(runner):
    """A runner on which Quaestor is installed where the action installs it."""
    folder = runner.temp / "quaestor" / "bin"
    folder.mkdir(parents=True)
    (folder / "quaestor").symlink_to(Path(sys.executable).parent / "quaestor")
    (folder / "python").symlink_to(sys.executable)
    return runner


def test_no_input_of_the_action_is_part_of_a_script():
    """They reach the shell by its environment: what is in them is never a command."""
    for step in action_steps().values():
        assert "${{" not in step["run"]
        assert all(INPUT.fullmatch(value) for value in step["env"].values())


def test_every_input_of_the_action_is_used_and_told():
    """None is forgotten, and each says what it is for."""
    action = read(CHECKOUT / "action.yml")
    used = set(INPUT.findall((CHECKOUT / "action.yml").read_text(encoding="utf-8")))
    used |= set(re.findall(r"inputs\.([a-z-]+) ==", (CHECKOUT / "action.yml").read_text()))
    documented = (CI / "README.md").read_text(encoding="utf-8")

    assert used == set(action["inputs"])
    assert all(declared["description"] for declared in action["inputs"].values())
    assert [name for name in action["inputs"] if f"`{name}`" not in documented] == []


def test_the_action_installs_quaestor_into_a_place_of_its_own(runner, wheel):
    """The runner's own Python is left as it is."""
    said = take(
        Runner(runner.home, runner.temp, runner.environment | {"PIP_NO_DEPS": "1"}),
        "Install Quaestor",
        requirement=str(wheel),
    )
    asked = subprocess.run(
        [runner.temp / "quaestor" / "bin" / "python", "-m", "pip", "show", "quaestor"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.returncode == 0, said.stderr
    assert "Name: quaestor" in asked.stdout


def test_extras_that_are_no_names_are_refused(runner):
    """Before anything is fetched."""
    said = take(runner, "Install Quaestor", extras="mlflow] @ https://example.invalid/x; [")

    assert said.returncode == 2
    assert "::error title=Quaestor::" in said.stdout
    assert not (runner.temp / "quaestor").exists()


def test_the_action_answers_with_verdict_summary_and_files(installed):
    """The exit code is the gate's; the answer is in the log, the summary and the outputs."""
    said = take(
        installed,
        "Ask the gate",
        target="ranker:12",
        collect="false",
        formats="junit=gate.xml\ncsv=gate.csv\n",
    )
    outputs = installed.outputs()
    log = said.stdout.splitlines()

    assert (said.returncode, outputs["exit-code"], outputs["verdict"]) == (1, "1", "failed")
    assert log[0].startswith("::notice title=Quaestor gate::ranker:12 in production may not run")
    assert (log.count("::endgroup::"), log.count("::group::The gate's answer")) == (1, 1)
    assert (installed.temp / "summary").read_text().startswith("## Quaestor gate: failed\n")
    assert json.loads((installed.home / outputs["sarif"]).read_text())["version"] == "2.1.0"
    assert json.loads(Path(outputs["json"]).read_text())["exit_code"] == 1
    assert Path(outputs["comment"]).read_text().startswith("<!-- quaestor:gate:production -->\n")
    assert (installed.home / "gate.xml").is_file()
    assert (installed.home / "gate.csv").is_file()


def test_the_summary_of_a_step_is_added_to(installed):
    """What other commands of the step wrote is kept."""
    (installed.temp / "summary").write_text("# Tests\n")
    take(installed, "Ask the gate", target="ranker:12", collect="false")

    assert (installed.temp / "summary").read_text().startswith("# Tests\n## Quaestor gate")


def test_several_targets_and_a_baseline_reach_the_gate(installed):
    """One target a line; what the baseline holds does not close the gate."""
    environment = {"PATH": installed.environment["PATH"], "HOME": str(installed.temp)}
    gate = ["quaestor", "gate", "--no-collect", "churn:7", "ranker:12", "--fail-on", "high"]
    subprocess.run(
        [*gate, "--write-baseline", "base.json", "--quiet"],
        cwd=installed.home,
        env=environment,
        check=False,
        capture_output=True,
    )
    take(
        installed,
        "Ask the gate",
        target="churn:7\nranker:12\n",
        baseline="base.json",
        collect="false",
    )
    answer = json.loads(Path(installed.outputs()["json"]).read_text())

    assert sorted(answer["targets"]) == ["churn:7", "ranker:12"]
    assert answer["known"] != []


@pytest.mark.parametrize(
    "name",
    ["target", "env", "fail_on", "config", "baseline", "collect", "formats", "sarif"],
)
def test_an_input_is_never_a_command(installed, name):
    """Nothing is run, nothing is added to the outputs, and there is no verdict."""
    given = {"target": "ranker:12", "collect": "false"} | {name: HOSTILE}
    said = take(installed, "Ask the gate", **given)

    assert list(installed.home.rglob("owned")) == []
    assert not (installed.temp / "owned").exists()
    if name == "sarif":  # a strange name of a file is one all the same
        assert set(installed.outputs()) == {"verdict", "exit-code", "sarif", "comment", "json"}
    else:
        assert said.returncode == 2
        assert installed.outputs().get("verdict", "error") == "error"


def fake_gh(runner, comments):
    """Put a `gh` on the path that answers with these comments and writes down what it is asked."""
    folder = runner.temp / "bin"
    folder.mkdir()
    (runner.temp / "comments.json").write_text(json.dumps(comments))
    script = (
        "#!/bin/bash\n"
        'printf "%s\\n" "$*" >> "$RUNNER_TEMP/asked"\n'
        '[[ "$*" == *--paginate* ]] && cat "$RUNNER_TEMP/comments.json"\n'
        "exit 0\n"
    )
    (folder / "gh").write_text(script)
    (folder / "gh").chmod(0o755)
    return {"PATH": f"{folder}:{runner.environment['PATH']}"}


@pytest.mark.skipif(shutil.which("jq") is None, reason="runners of GitHub have jq")
@pytest.mark.parametrize(
    ("comments", "method", "path"),
    [
        ([], "POST", "repos/acme/ml/issues/7/comments"),
        (
            [
                {"id": 1, "user": {"type": "User"}, "body": "<!-- quaestor:gate:production -->"},
                {"id": 2, "user": {"type": "Bot"}, "body": "<!-- quaestor:gate:staging -->\nx"},
                {"id": 3, "user": {"type": "Bot"}, "body": "<!-- quaestor:gate:production -->\nx"},
            ],
            "PATCH",
            "repos/acme/ml/issues/comments/3",
        ),
    ],
)
def test_the_workflow_edits_its_own_comment_and_no_other(runner, comments, method, path):
    """Of a person's text that begins alike it keeps its hands off."""
    [step] = [
        one
        for one in read(CI / "github" / "quaestor.yml")["jobs"]["gate"]["steps"]
        if one.get("name", "").startswith("Comment")
    ]
    body = runner.temp / "comment.md"
    body.write_text("<!-- quaestor:gate:production -->\nnew\n")
    said = runner.shell(
        step["run"],
        **fake_gh(runner, comments),
        COMMENT=str(body),
        PULL="7",
        GITHUB_REPOSITORY="acme/ml",
    )
    asked = (runner.temp / "asked").read_text().splitlines()

    assert said.returncode == 0, said.stderr
    assert asked[-1] == f"api --method {method} {path} --field body=@{body}"


def test_the_workflow_uses_inputs_that_the_action_has():
    """And outputs that it gives."""
    text = (CI / "github" / "quaestor.yml").read_text(encoding="utf-8")
    action = read(CHECKOUT / "action.yml")
    [step] = [
        one
        for one in read(CI / "github" / "quaestor.yml")["jobs"]["gate"]["steps"]
        if one.get("id") == "quaestor"
    ]

    assert set(step["with"]) <= set(action["inputs"])
    assert set(re.findall(r"steps\.quaestor\.outputs\.([a-z-]+)", text)) <= set(action["outputs"])
    assert not any(
        "${{" in one.get("run", "")
        for one in read(CI / "github" / "quaestor.yml")["jobs"]["gate"]["steps"]
    )


def gitlab(job):
    """Return a job of the template with what it extends, and the template's variables."""
    template = read(CI / "gitlab" / "quaestor.gitlab-ci.yml")
    return template[".quaestor"] | template[job], template["variables"]


def with_program(runner):
    """Return lines that put the program where the template installs it."""
    folder = runner.home / ".quaestor-venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "quaestor").symlink_to(Path(sys.executable).parent / "quaestor")


def test_the_gitlab_template_installs_what_it_is_told(runner, wheel):
    """In a virtual environment of the job's own."""
    job, variables = gitlab("quaestor-gate")
    given = variables | {"QUAESTOR_REQUIREMENT": str(wheel), "PIP_NO_DEPS": "1"}
    said = runner.shell("\n".join(job["before_script"]), by=("sh", "-e"), **given)

    assert said.returncode == 0, said.stderr
    assert (runner.home / ".quaestor-venv" / "bin" / "quaestor").is_file()


def test_the_gitlab_gate_leaves_every_artifact_that_it_names(runner):
    """The exit code is the gate's, and artifacts are kept whatever it is."""
    job, variables = gitlab("quaestor-gate")
    with_program(runner)
    said = runner.shell(
        "\n".join(job["script"]),
        by=("sh", "-e"),
        **(variables | {"QUAESTOR_TARGETS": "ranker:12 churn:7", "QUAESTOR_ENV": "staging"}),
    )
    artifacts = [*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()]

    assert said.returncode == 1, said.stderr
    assert said.stdout.startswith("ranker:12, churn:7 in staging may not run")
    assert [name for name in artifacts if not (runner.home / name).is_file()] == []
    assert job["artifacts"]["when"] == "always"


@pytest.mark.parametrize("name", ["TARGETS", "ENV", "FAIL_ON", "CONFIG", "BASELINE"])
def test_a_variable_of_gitlab_is_never_a_command(runner, name):
    """Nothing is run, and there is no verdict."""
    job, variables = gitlab("quaestor-gate")
    with_program(runner)
    given = variables | {"QUAESTOR_TARGETS": "ranker:12"} | {f"QUAESTOR_{name}": HOSTILE}
    said = runner.shell("\n".join(job["script"]), by=("sh", "-e"), **given)

    assert said.returncode == 2
    assert list(runner.home.rglob("owned")) == []


def a_policy(runner, *, sound=True):
    """Copy one policy that ships, with its cases, into the repository's own folder."""
    folder = runner.home / "policies" / "ownership"
    folder.mkdir(parents=True)
    for name in ("model-without-owner.yaml", "model-without-owner.cases.yaml"):
        shutil.copy(CHECKOUT / "policies" / "ownership" / name, folder / name)
    if not sound:
        (folder / "model-without-owner.cases.yaml").unlink()


def a_waiver(runner, **changes):
    said = {
        "id": "W-1",
        "policy": "model-without-owner",
        "subject": "ranker",
        "reason": "The team is being formed until then.",
        "ticket": "ML-12",
        "requested_by": "ada",
        "approved_by": "grace",
        "approved_at": "2026-11-20",
        "expires": "2026-12-01",
        "compensating_control": "The platform team answers pages.",
    } | changes
    folder = runner.home / "waivers"
    folder.mkdir()
    (folder / "ranker.yaml").write_text(yaml.safe_dump(said))


def test_the_gitlab_policies_job_holds_policies_and_waivers(runner):
    """One script: it stops at the first that is wrong."""
    job, variables = gitlab("quaestor-policies")
    with_program(runner)
    a_policy(runner)
    a_waiver(runner)
    said = runner.shell("\n".join(job["script"]), by=("sh", "-e"), **variables)

    assert said.returncode == 0, said.stdout + said.stderr
    assert "1 waiver, all well-formed" in said.stdout


def hooks():
    return {hook["id"]: hook for hook in read(CHECKOUT / ".pre-commit-hooks.yaml")}


def hooked(runner, name, *files):
    """Run a hook as pre-commit does: its entry, its arguments, and the files unless it has none."""
    hook = hooks()[name]
    arguments = [*hook["entry"].split(), *hook.get("args", [])]
    return subprocess.run(
        [*arguments, *(files if hook.get("pass_filenames", True) else ())],
        cwd=runner.home,
        env={"PATH": runner.environment["PATH"], "HOME": str(runner.temp)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("quaestor-policy-lint", "policies/ownership/model-without-owner.yaml"),
        ("quaestor-policy-test", "policies/ownership/model-without-owner.cases.yaml"),
        ("quaestor-model-gov", "models/churn/model.gov.yaml"),
        ("quaestor-model-gov", "model.gov.yaml"),
        ("quaestor-waiver-check", "waivers/churn.yaml"),
    ],
)
def test_a_hook_looks_at_its_own_files(name, path):
    """And at no other's."""
    hook = hooks()[name]

    assert {"id", "name", "description", "entry", "language", "files"} <= set(hook)
    assert re.search(hook["files"], path)
    assert not re.search(hook["files"], "src/train.py")


@pytest.mark.parametrize(("sound", "code"), [(True, 0), (False, 1)])
@pytest.mark.parametrize("name", ["quaestor-policy-lint", "quaestor-policy-test"])
def test_the_hooks_of_policies_see_a_policy_without_cases(runner, name, sound, code):
    """And let a sound one pass."""
    a_policy(runner, sound=sound)
    said = hooked(runner, name, "policies/ownership/model-without-owner.yaml")

    assert said.returncode == code, said.stdout + said.stderr


@pytest.mark.parametrize("name", ["quaestor-policy-lint", "quaestor-policy-test"])
def test_the_hooks_of_policies_take_a_folder_that_adjusts_built_in_ones(runner, name):
    """A file that sets a severity and nothing else is no policy on its own."""
    folder = runner.home / "policies" / "ownership"
    folder.mkdir(parents=True)
    (folder / "model-without-owner.yaml").write_text("severity: critical\n")
    config = runner.home / "quaestor.yaml"
    config.write_text(config.read_text() + "\npolicies: [builtin, policies/]\n")
    said = hooked(runner, name)

    assert said.returncode == 0, said.stdout + said.stderr
    assert "1 polic" in said.stdout


@pytest.mark.parametrize(("changes", "code"), [({}, 0), ({"approved_by": "ada"}, 2)])
def test_the_hook_of_waivers_sees_one_that_its_requester_approved(runner, changes, code):
    """Four eyes, before it is committed."""
    a_waiver(runner, **changes)
    said = hooked(runner, "quaestor-waiver-check", "waivers/ranker.yaml")

    assert said.returncode == code, said.stdout + said.stderr


def test_the_hook_of_models_judges_the_file_as_it_is_now(runner):
    """Offline: a key that does not exist, and a model that may not run."""
    path = runner.home / "models" / "churn" / "model.gov.yaml"
    sound = hooked(runner, "quaestor-model-gov", "models/ranker/model.gov.yaml")
    path.write_text(path.read_text() + "\nowners: somebody\n")
    misspelt = hooked(runner, "quaestor-model-gov", "models/churn/model.gov.yaml")

    assert (sound.returncode, "may not run" in sound.stdout) == (1, True)
    assert (misspelt.returncode, "owners" in misspelt.stderr) == (2, True)


def test_the_example_of_pre_commit_names_hooks_that_exist():
    """Every one of them, so that the example shows all."""
    [repository] = read(CI / "pre-commit" / ".pre-commit-config.yaml")["repos"]

    assert {hook["id"] for hook in repository["hooks"]} == set(hooks())
