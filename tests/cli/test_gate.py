"""`quaestor gate`: the exit codes that pipelines build on, from the program itself."""

from __future__ import annotations

import json
import textwrap

import pytest
import yaml

from builders.rows import insert

NOW = "2026-11-21T06:00:00"
POLICIES = {
    "ownership/model-without-owner": """
        title: Every model has an accountable owner
        severity: high
        subject: registry.model
        requires: [owner]
        require: has_text(owner)
        reason: "{model} has no owner"
        gate: {ci: block}
        aliases: [ML-OWN-001]
        """,
    "approval/version-without-approval": """
        title: A production version is approved
        severity: critical
        subject: registry.model_version
        when: lifecycle = 'production'
        requires: [approved_by]
        require: has_text(approved_by)
        reason: "{model}:{version} has no approval"
        gate: {ci: block}
        """,
    "ownership/model-without-oncall": """
        title: Somebody is on call
        severity: high
        subject: registry.model
        requires: [oncall]
        require: has_text(oncall)
        reason: "nobody is on call for {model}"
        gate: {ci: warn}
        """,
}
COMMON = """
why: Because somebody has to answer.
remedy: {text: "Set the tag."}
source: "House rule"
"""
FIELDS = ("model.owner", "model.oncall", "model_version.approved_by")


@pytest.fixture
def estate(home, warehouse):
    """One registry of three models, read an hour ago; return a function that changes it."""
    for name, text in POLICIES.items():
        path = home / "policies" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text) + COMMON)
    write_config(home)
    for field in FIELDS:
        insert(warehouse, "registry.evidence", source="reg", field=field, supplied=True, via="tag")
    model(warehouse, "churn", owner="team-growth", oncall="rota-1")
    version(warehouse, "churn", "7", approved_by="bob", aliases=["champion"])
    version(warehouse, "churn", "8", lifecycle="staging")
    model(warehouse, "fraud", owner=None, oncall="rota-1")
    version(warehouse, "fraud", "1", approved_by="bob")
    model(warehouse, "ranking", owner="team-search")
    version(warehouse, "ranking", "1", approved_by="bob", aliases=["champion"])
    told(warehouse, "collected_at:reg", "2026-11-21T05:00:00")
    told(warehouse, "built_at", "2026-11-21T05:00:00")

    def change(action=None):
        if action:
            action(warehouse)
        warehouse.close()

    return change


def write_config(home, **more):
    sources = [
        {"name": "reg", "kind": "mlflow", "uri": "http://127.0.0.1:9"},
        {"name": "bills", "kind": "files", "path": "bills/"},
    ]
    config = {"policies": ["policies/"], "sources": sources} | more
    (home / "quaestor.yaml").write_text(yaml.safe_dump(config))


def model(warehouse, name, **row):
    insert(warehouse, "registry.model", source="reg", model=name, **row)


def version(warehouse, name, number, **row):
    row = {"lifecycle": "production"} | row
    insert(warehouse, "registry.model_version", source="reg", model=name, version=number, **row)


def told(warehouse, name, value):
    warehouse.run("insert or replace into meta.property values (?, ?)", [name, value])


def blind(warehouse, source, scope="all"):
    insert(
        warehouse,
        "audit.blind_spot",
        stage="collect",
        source=source,
        scope=scope,
        reason="the last look failed: connection refused",
        fix="Start the server.",
        seen_at="2026-11-21",
    )


@pytest.fixture
def gate(quaestor):
    """Run the gate at a fixed time; offline, unless the test says `--collect`."""

    def call(*arguments):
        looks = () if "--collect" in arguments else ("--no-collect",)
        return quaestor("gate", "--now", NOW, *looks, *arguments)

    return call


def test_a_version_that_keeps_every_rule_may_run(estate, gate):
    """Exit code 0, the verdict first, and how old the evidence is."""
    estate()
    said = gate("churn:7")

    assert said.code == 0
    assert said.out.splitlines() == [
        "churn:7 in production may run: nothing at or above high is wrong.",
        "",
        "3 passed, 0 failed, 0 unknown, 0 error, 0 waived, 0 skipped",
        "evidence: collected 2026-11-21 05:00 UTC, 60 minutes ago",
    ]


def test_a_violation_closes_the_gate(estate, gate):
    """Exit code 1, with the reason and the remedy."""
    estate()
    said = gate("fraud:1")

    assert said.code == 1
    assert said.out.splitlines()[:5] == [
        "fraud:1 in production may not run: 1 rule is broken at or above high.",
        "",
        "FAIL  high  model-without-owner  fraud",
        "      fraud has no owner (owner is blank in reg)",
        "      fix: Set the tag.",
    ]


def test_a_policy_that_only_warns_is_said_and_does_not_close(estate, gate):
    """`gate: {ci: warn}`: nobody is on call for ranking."""
    estate()
    said = gate("ranking:1")

    assert said.code == 0
    assert "warn  high  model-without-oncall  ranking" in said.out


def test_the_rules_of_the_stage_apply_before_the_version_is_there(estate, gate):
    """A staging version asked about for production needs the approval that production needs."""
    estate()

    assert gate("churn:8").code == 1
    assert gate("churn:8", "--env", "staging").code == 0


def test_an_alias_means_its_version(estate, gate):
    """The answer names the version, so that the log can be read next year."""
    estate()
    said = gate("churn@champion")

    assert (said.code, said.out.startswith("churn:7 in production may run")) == (0, True)


def test_an_alias_of_two_versions_is_not_guessed(estate, gate):
    """Two registries disagree: the user says which."""
    estate(
        lambda w: insert(
            w,
            "registry.model_version",
            source="other",
            model="churn",
            version="9",
            aliases=["champion"],
        )
    )
    said = gate("churn@champion")

    assert (said.code, "several versions: 7, 9" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("chrun:7", "Did you mean churn?"),
        ("churn:9", "The registries have 8, 7, @champion of churn."),
        ("churn@chmpion", "@champion"),
        ("nothing-like-it:1", "The registries have 3 models"),
    ],
)
def test_an_unknown_version_is_nothing_evaluated(estate, gate, target, hint):
    """Exit code 4, and what may have been meant. Never a pass."""
    estate()
    said = gate(target)

    assert (said.code, said.out) == (4, "")
    assert hint in said.err


@pytest.mark.parametrize("target", ["churn", ":7", "churn:", "@x", "churn@", "", " : "])
def test_a_malformed_target_is_wrong_usage(estate, gate, target):
    """Exit code 2, with the two forms."""
    estate()
    said = gate(target)

    assert (said.code, "MODEL:VERSION" in said.err) == (2, True)


def test_a_registry_that_is_down_leaves_it_open(estate, gate):
    """Exit code 3: what could not be seen may be what matters."""
    estate(lambda w: blind(w, "reg"))
    said = gate("churn:7")

    assert said.code == 3
    assert said.out.startswith(
        "churn:7 in production cannot be cleared: 1 blind spot hides evidence."
    )
    assert "fix: Start the server." in said.out


def test_a_certain_violation_outranks_a_registry_that_is_down(estate, gate):
    """Exit code 1 before 3."""
    estate(lambda w: blind(w, "reg"))

    assert gate("fraud:1").code == 1


def test_an_unknown_version_may_be_in_the_registry_that_is_down(estate, gate):
    """Exit code 3, not 4: nobody can say that it does not exist."""
    estate(lambda w: blind(w, "reg"))
    said = gate("new:1")

    assert (said.code, "not every registry could be seen" in said.err) == (3, True)


@pytest.mark.parametrize(
    ("scope", "code"), [("us-east-1/model-packages", 3), ("models", 3), ("iam/principals", 4)]
)
def test_an_unknown_version_may_be_in_the_part_that_was_denied(estate, gate, scope, code):
    """A registry that answers 403 for half its models may have it; who may do what has none."""
    estate(lambda w: blind(w, "reg", scope))

    assert gate("new:1").code == code


@pytest.mark.parametrize(
    ("source", "scope", "code"),
    [("reg", "us-east-1/model-packages", 3), ("reg", "iam/principals", 0), ("aws", "models", 0)],
)
def test_a_version_whose_registry_was_denied_is_as_it_was_at_an_earlier_look(
    estate, gate, source, scope, code
):
    """An approval withdrawn since would not be seen; what another registry denied is not of it."""
    estate(lambda w: blind(w, source, scope))

    assert gate("churn:7").code == code


@pytest.mark.parametrize(("source", "scope"), [("bills", "all"), ("reg", "currency EUR")])
def test_a_bill_that_is_down_does_not_close_the_gate(estate, gate, source, scope):
    """What the gate judges comes from registries; policies that need money answer unknown."""
    estate(lambda w: blind(w, source, scope))

    assert gate("churn:7").code == 0


def unread(warehouse, source, *, row=None, raw=None, file="gov/files/ab-model.gov.yaml"):
    insert(
        warehouse,
        "quarantine.row",
        source=source,
        file=file,
        file_sha256="ab" * 32,
        row_number=row,
        reason="unknown key 'owners'",
        raw=raw,
    )


def test_a_registry_file_that_cannot_be_read_leaves_it_open(estate, gate):
    """Nobody knows which models a file was about: exit code 3 for all, and the file is named."""
    estate(lambda w: unread(w, "reg"))
    said = gate("churn:7")

    assert said.code == 3
    assert "BLIND reg: gov/files/ab-model.gov.yaml" in said.out
    assert "the file cannot be read: unknown key 'owners'" in said.out
    assert gate("fraud:1").code == 1
    assert gate("new:1").code == 3
    assert gate("churn:7", "--on-missing", "warn").code == 0


def test_a_bill_that_cannot_be_read_does_not_close_the_gate(estate, gate):
    """Files in quarantine count where a registry's source landed them."""
    estate(lambda w: unread(w, "bills"))

    assert gate("churn:7").code == 0


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ({"subject": "model churn", "key": "gov.risk_tier", "value": "high"}, 3),
        ({"subject": "version churn:7", "key": "gov.approved_at", "value": "soon"}, 3),
        ({"subject": "version churn:8", "key": "gov.approved_at", "value": "soon"}, 0),
        ({"subject": "model fraud", "key": "gov.risk_tier", "value": "version churn:7"}, 0),
        ({"row": 2, "model": "churn", "tags": {}}, 3),
        ({"row": 2, "model": "churn", "version": "7"}, 3),
        ({"row": 2, "model": "churn", "version": "8"}, 0),
        ({"row": 2, "run_id": "4f"}, 0),
        (["churn"], 0),
        (None, 0),
    ],
)
def test_a_value_that_cannot_be_read_closes_the_gate_for_its_own_model(estate, gate, raw, code):
    """It is missing evidence about the model or version that the quarantine names, and no other."""
    estate(lambda w: unread(w, "reg", row=1, raw=json.dumps(raw) if raw else "no, {JSON"))
    said = gate("churn:7")

    assert said.code == code
    assert ("BLIND reg: churn:7" in said.out) == (code == 3)


def test_an_unread_value_of_one_target_is_not_held_against_the_other(estate, gate):
    """Yet the two are one decision, and the worse one counts."""
    raw = json.dumps({"subject": "model ranking", "key": "gov.risk_tier", "value": "high"})
    estate(lambda w: unread(w, "reg", row=1, raw=raw))

    assert gate("churn:7").code == 0
    assert gate("churn:7", "ranking:1").code == 3
    assert gate("ranking:1", "--on-missing", "warn").code == 0


def test_evidence_that_no_source_supplies_leaves_it_open(estate, gate):
    """Exit code 3: blank, and the registry could not have said it. `--on-missing warn` relaxes."""
    estate(
        lambda w: w.run("update registry.evidence set supplied = false where field = 'model.owner'")
    )
    said = gate("fraud:1")

    assert said.code == 3
    assert "OPEN  high  model-without-owner  fraud" in said.out
    relaxed = gate("fraud:1", "--on-missing", "warn")
    assert relaxed.code == 0
    assert relaxed.out.startswith("fraud:1 in production may run, on incomplete evidence:")


def test_evidence_can_be_too_old(estate, gate):
    """`--max-age` in hours; without it age is said and not judged."""
    estate()

    assert gate("churn:7", "--max-age", "1").code == 0
    said = gate("churn:7", "--max-age", "0.5")
    assert (said.code, "--max-age is 0.5" in said.out) == (3, True)
    assert gate("fraud:1", "--max-age", "0.5").code == 1


@pytest.mark.parametrize("age", ["nan", "inf", "1e300"])
def test_an_age_that_is_no_number_is_wrong_usage(gate, age):
    """Nothing is older than `nan`, and no clock goes back so far: neither is judged by."""
    said = gate("churn:7", "--max-age", age)

    assert (said.code, said.out) == (2, "")
    assert f"'{age}' is no number up to 1,000,000" in said.err


def test_evidence_from_the_future_has_no_age(estate, gate):
    """A clock is wrong: `--max-age` cannot be vouched for, exit code 3."""
    estate(lambda w: told(w, "collected_at:reg", "2026-11-21T06:00:01"))
    said = gate("churn:7", "--max-age", "24")

    assert (said.code, "a clock is wrong" in said.out) == (3, True)
    assert gate("churn:7").code == 0


def test_a_registry_that_was_never_read_is_missing(estate, gate, home):
    """It is configured, and the warehouse knows nothing of it: fail closed."""
    sources = [{"name": "new-registry", "kind": "model-gov", "path": "."}]
    write_config(home, sources=sources)
    estate()
    said = gate("churn:7")

    assert (said.code, "it was never read into this warehouse" in said.out) == (3, True)


def test_a_registry_that_never_gave_all_of_it_says_why(estate, gate, home):
    """To collect again would not help: the right that it lacks is named."""
    sources = [{"name": "new-registry", "kind": "model-gov", "path": "."}]
    write_config(home, sources=sources)
    estate(lambda w: blind(w, "new-registry", "us-east-1/model-packages"))
    said = gate("churn:7")

    assert (said.code, "add --collect" in said.out) == (3, False)
    assert "it was never read as a whole: the last look failed" in said.out


def test_the_threshold_is_the_users(estate, gate):
    """`--fail-on critical` lets a high violation pass."""
    estate()

    assert gate("fraud:1", "--fail-on", "critical").code == 0


def test_policies_can_be_chosen_and_left_out(estate, gate, home):
    """By id or alias; parameters of the others do not matter."""
    estate()

    assert gate("fraud:1", "--exclude", "ML-OWN-001").code == 0
    assert gate("fraud:1", "--policy", "version-without-approval").code == 0
    everything = [f"--exclude={name.partition('/')[2]}" for name in POLICIES]
    assert gate("fraud:1", *everything).code == 4
    said = gate("fraud:1", "--policy", "model-without-ownr")
    assert (said.code, "Did you mean model-without-owner?" in said.err) == (2, True)


def test_several_versions_are_one_decision(estate, gate):
    """The worst decides; what two versions share is said once."""
    estate()
    said = gate("churn:7", "fraud:1", "churn:8")

    assert said.code == 1
    assert said.out.startswith("churn:7, fraud:1, churn:8 in production may not run: 2 rules")
    assert gate("churn:7", "ranking:1").code == 0


def test_one_unknown_version_among_several_is_never_a_pass(estate, gate):
    """A violation still outranks it."""
    estate()

    assert gate("churn:7", "nope:1").code == 4
    said = gate("fraud:1", "nope:1")
    assert (said.code, "no registry has nope:1" in said.err) == (1, True)


@pytest.fixture
def one_served(home, warehouse):
    """A policy about deployments; churn:7 has one, and ranking:1 has none."""
    text = """
        title: An endpoint is not public
        severity: high
        subject: registry.deployment
        requires: [public_access]
        require: not public_access
        reason: "{deployment} is public"
        gate: {ci: block}
        """
    path = home / "policies" / "serving/public.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(textwrap.dedent(text) + COMMON)
    insert(
        warehouse,
        "registry.deployment",
        source="reg",
        deployment="churn-api",
        model="churn",
        version="7",
        public_access=False,
    )
    field = "deployment.public_access"
    insert(warehouse, "registry.evidence", source="reg", field=field, supplied=True, via="tag")


@pytest.mark.parametrize("targets", [("ranking:1", "churn:7"), ("churn:7", "ranking:1")])
def test_a_target_that_was_evaluated_does_not_cover_for_one_that_was_not(
    estate, one_served, gate, targets
):
    """Exit code 4 names the target without a verdict; the two alone are 0 and 4."""
    estate()
    said = gate(*targets, "--policy", "public")

    assert gate("churn:7", "--policy", "public").code == 0
    assert gate("ranking:1", "--policy", "public").code == 4
    assert said.code == 4
    assert "no policy gave a verdict on ranking:1" in said.err
    assert "churn:7" not in said.err


def test_a_target_without_a_verdict_is_named_beside_a_worse_one(estate, one_served, gate):
    """Exit code 1 outranks it, and it is said all the same."""
    estate(lambda w: w.run("update registry.deployment set public_access = true"))
    said = gate("churn:7", "ranking:1", "--policy", "public")

    assert said.code == 1
    assert "no policy gave a verdict on ranking:1" in said.err


def test_where_nothing_was_evaluated_for_any_target_the_result_says_so(estate, one_served, gate):
    """Both are named in the one sentence."""
    estate()
    said = gate("ranking:1", "fraud:1", "--policy", "public")

    assert (said.code, said.err) == (4, "")
    assert said.out.startswith("ranking:1, fraud:1 in production was not evaluated")


def test_what_is_missing_outranks_a_version_that_does_not_exist(estate, gate):
    """Exit code 3 before 4, with both said."""
    raw = json.dumps({"subject": "model churn", "key": "gov.risk_tier", "value": "high"})
    estate(lambda w: unread(w, "reg", row=1, raw=raw))
    said = gate("churn:7", "nope:1")

    assert said.code == 3
    assert said.out.startswith("churn:7 in production cannot be cleared")
    assert "no registry has nope:1" in said.err


def test_formats_go_to_files_and_say_the_same(estate, gate, home):
    """Table to the log, JSON and SARIF beside it, with the exit code of the process."""
    estate()
    said = gate(
        "fraud:1", "--format", "table", "--format", "json=g.json", "--format", "sarif=g.sarif"
    )
    told_json = json.loads((home / "g.json").read_text())
    [run] = json.loads((home / "g.sarif").read_text())["runs"]

    assert said.out.startswith("fraud:1 in production may not run")
    assert (said.code, told_json["exit_code"], run["invocations"][0]["exitCode"]) == (1, 1, 1)
    assert told_json["targets"] == ["fraud:1"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (
        "quaestor.yaml"
    )


def test_the_same_question_gives_the_same_bytes(estate, gate):
    """With a fixed clock."""
    estate()

    assert gate("fraud:1", "--format", "json").out == gate("fraud:1", "--format", "json").out


def test_the_gate_changes_nothing(estate, gate, home):
    """Read-only: the warehouse file keeps its bytes."""
    estate()
    before = (home / "quaestor.duckdb").read_bytes()
    gate("fraud:1")

    assert (home / "quaestor.duckdb").read_bytes() == before
    assert [p.name for p in home.glob("quaestor.duckdb*")] == ["quaestor.duckdb"]


def test_hostile_names_pass_through_harmless(estate, gate):
    """A model may be called anything; the log stays a log."""
    name = "<script>\x1b[2Jalert('1')</script>"

    def register(warehouse):
        model(warehouse, name, owner=None)
        version(warehouse, name, "1")

    estate(register)
    for format_ in ("table", "json", "sarif"):
        said = gate(f"{name}:1", "--format", format_)

        assert (said.code, "\x1b" in said.out) == (1, False)
        assert format_ == "table" or "<script>" not in said.out


def test_without_a_warehouse_nobody_can_tell(gate):
    """Exit code 3 with the way out; no warehouse is created."""
    said = gate("churn:7")

    assert (said.code, "there is no warehouse yet" in said.err) == (3, True)


def test_a_broken_policy_closes_the_gate_and_names_itself(estate, gate, home):
    """Verdict `error`: never a missing finding, never a pass."""
    path = home / "policies/ownership/model-without-owner.yaml"
    path.write_text(path.read_text().replace("has_text(owner)", "has_text(ownr)"))
    estate()
    said = gate("churn:7")

    assert said.code == 3
    assert "OPEN  high  model-without-owner" in said.out


MODEL = """
model: churn
owner: team-growth
oncall: rota-1
versions:
  "7": {lifecycle: staging, approved_by: bob}
"""


def test_the_registries_can_be_read_first(estate, gate, home):
    """`--collect` on a machine that has no warehouse yet: lands, builds, judges; bills stay out."""
    estate()
    (home / "quaestor.duckdb").unlink()
    put_model(home, MODEL)
    said = gate("churn:7", "--collect")

    assert (said.code, said.out.startswith("churn:7 in production may run")) == (0, True)
    assert "collected 2026-11-21 06:00 UTC, 0 minutes ago" in said.out
    put_model(home, MODEL.replace("approved_by: bob", "approved_by: ''"))
    assert gate("churn:7").code == 0
    assert gate("churn:7", "--collect").code == 1


def test_a_registry_that_cannot_be_read_first_leaves_it_open(estate, gate, home):
    """The answer of yesterday is not the answer of today: exit code 3, with the remedy."""
    estate()
    (home / "quaestor.duckdb").unlink()
    put_model(home, MODEL)
    gate("churn:7", "--collect")
    (home / "gov/churn/model.gov.yaml").unlink()
    said = gate("churn:7", "--collect")

    assert said.code == 3
    assert "the last look failed" in said.out
    assert gate("churn:7").code == 3


def test_a_typo_in_a_model_file_does_not_open_the_gate(estate, gate, home):
    """The file that said no is unreadable: exit code 3, naming the file and the way out."""
    estate()
    (home / "quaestor.duckdb").unlink()
    put_model(home, MODEL.replace("approved_by: bob", "approved_by: ''"))
    other = home / "gov/ranking/model.gov.yaml"
    other.parent.mkdir()
    other.write_text(MODEL.replace("churn", "ranking"))
    assert gate("churn:7", "--collect").code == 1
    assert gate("ranking:7", "--collect").code == 0

    put_model(home, MODEL + "owners: x\n")
    said = gate("ranking:7", "--collect")
    assert said.code == 3
    assert "BLIND gov: gov/churn/model.gov.yaml" in said.out
    assert "Did you mean 'owner'?" in said.out
    assert gate("churn:7").code == 3


def test_an_unreadable_tag_closes_the_gate_for_its_own_model_alone(estate, gate, home):
    """As the loader of MLflow exports keeps it: for the model, for the version, for no other."""
    estate()
    (home / "quaestor.duckdb").unlink()
    source = {"name": "reg", "kind": "files", "schema": "mlflow", "path": "export.json"}
    write_config(home, sources=[source])
    good = {"gov.owner": "team", "gov.oncall": "rota"}
    approved = {"gov.approved_by": "bob"}
    models = {"churn": good, "fraud": good | {"gov.risk_tier": "high"}}
    versions = {"churn:7": approved, "churn:8": approved | {"gov.approved_at": "soon"}}
    export = {
        "registered_models": [{"name": name, "tags": pairs(tags)} for name, tags in models.items()],
        "model_versions": [
            {"name": name.partition(":")[0], "version": name.partition(":")[2], "tags": pairs(tags)}
            for name, tags in (versions | {"fraud:1": approved}).items()
        ],
    }
    (home / "export.json").write_text(json.dumps(export))

    assert gate("churn:7", "--collect").code == 0
    assert gate("churn:8").code == 3
    said = gate("fraud:1")
    assert said.code == 3
    assert "gov.risk_tier is 'high', not 1, 2 or 3" in said.out


def pairs(tags):
    """Write tags as MLflow does."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def put_model(home, text):
    """Describe churn in git, and let that be the registry."""
    path = home / "gov/churn/model.gov.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    sources = [
        {"name": "gov", "kind": "model-gov", "path": "gov/"},
        {"name": "bills", "kind": "files", "path": "bills/"},
    ]
    write_config(home, sources=sources)


def test_a_registry_on_the_network_is_read_unless_told_not_to(estate, quaestor):
    """An approval withdrawn since the last audit counts: what does not answer leaves it open."""
    estate()

    assert quaestor("gate", "churn:7", "--now", NOW, "--no-collect").code == 0
    assert quaestor("gate", "churn:7", "--now", NOW).code == 3


def test_what_was_left_out_is_said(estate, gate):
    """A yes to fewer questions must not read like a yes to all of them."""
    estate()
    names = [
        one["policy"] for one in json.loads(gate("churn:7", "--format", "json").out)["findings"]
    ]
    said = gate("churn:7", "--exclude", names[0])

    assert "1 policy left out" in said.out.splitlines()[0]
    assert f"left out, as asked: {names[0]}" in said.out
