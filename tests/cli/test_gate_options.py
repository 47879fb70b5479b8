"""What a gate lets stand, and what it never does: waivers, baseline, earlier runs, risk tiers."""

from __future__ import annotations

import json
import textwrap

import pytest
import yaml

from builders.rows import insert

NOW = "2026-11-21T06:00:00"
RULE = """
title: {title}
severity: {severity}
subject: {subject}
{extra}
require: has_text({field})
reason: "{{{key}}} has no {field}"
gate: {{ci: block}}
why: Because somebody has to answer.
remedy: {{text: "Set the tag."}}
source: "House rule"
"""
RULES = (
    ("model-without-owner", "high", "registry.model", "owner", "when: coalesce(risk_tier, 1) <= 2"),
    ("model-without-lawyer", "critical", "registry.model", "intended_use", "aliases: [ML-LAW-1]"),
    ("version-without-notes", "high", "registry.model_version", "description", ""),
    (
        "serving-without-login",
        "high",
        "registry.deployment",
        "authentication",
        "when: coalesce(risk_tier, 1) = 1",
    ),
)
WAIVER = {
    "id": "churn-owner",
    "policy": "model-without-owner",
    "subject": "churn",
    "reason": "The team is being split until the end of the year.",
    "ticket": "GOV-4711",
    "requested_by": "ada",
    "approved_by": "grace",
    "approved_at": "2026-11-10",
    "expires": "2026-12-06",
    "compensating_control": "The head of the department answers for it.",
}


@pytest.fixture
def estate(home, warehouse):
    """Churn has neither owner nor notes, and a login is missing where it serves."""
    for name, severity, subject, field, extra in RULES:
        path = home / "policies" / "rules" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        key = "deployment" if subject.endswith("deployment") else "model"
        path.write_text(
            textwrap.dedent(RULE).format(
                title=name,
                severity=severity,
                subject=subject,
                field=field,
                extra=extra,
                key=key,
            )
        )
    (home / "quaestor.yaml").write_text("policies: [policies/]\n")
    add_model(warehouse, "churn", owner=None)
    add_model(warehouse, "fraud", owner="team-risk")
    insert(
        warehouse,
        "registry.deployment",
        source="reg",
        deployment="churn-api",
        model="churn",
        version="7",
        environment="production",
    )
    warehouse.close()
    return home


def add_model(warehouse, name, **values):
    row = {"source": "reg", "model": name, "intended_use": "Decide."} | values
    insert(warehouse, "registry.model", **row)
    for version in ("7", "8"):
        insert(warehouse, "registry.model_version", source="reg", model=name, version=version)


@pytest.fixture
def change(estate):
    """Change the warehouse between two gates."""
    from quaestor.warehouse.duckdb import Warehouse

    def run(sql, *values):
        with Warehouse(estate / "quaestor.duckdb") as warehouse:
            warehouse.run(sql, list(values))

    return run


@pytest.fixture
def gate(estate, quaestor):
    """Ask offline at a fixed time; return the exit code and the findings, as JSON tells them."""

    def call(*arguments, now=NOW):
        said = quaestor(
            "gate", "--no-collect", "--now", now, "--format", "json=out.json", *arguments
        )
        report = json.loads((estate / "out.json").read_text())
        return (
            said.code,
            {one["policy"]: one for one in report["findings"] if one["verdict"] != "pass"},
            report,
        )

    return call


def verdicts(findings):
    return {name: one["verdict"] for name, one in findings.items()}


def keep(home, name="w.yaml", **changes):
    (home / "waivers").mkdir(exist_ok=True)
    (home / "waivers" / name).write_text(yaml.safe_dump(WAIVER | changes))


def waive_all(home, **changes):
    keep(home, policy="*", subject="*", id="all", approved_at="2026-11-20", **changes)


def test_without_a_waiver_the_gate_is_closed(gate):
    """The estate of these tests: three violations, none critical."""
    code, found, _ = gate("churn:7")

    assert code == 1
    assert verdicts(found) == {
        "model-without-owner": "fail",
        "version-without-notes": "fail",
        "serving-without-login": "fail",
    }


def test_a_waiver_opens_the_gate_and_is_counted(gate, estate):
    """Until its last day; the report names it and when it ends."""
    waive_all(estate, expires="2026-12-04")
    code, found, report = gate("churn:7")

    assert code == 0
    assert set(verdicts(found).values()) == {"waived"}
    assert {one["waiver"] for one in found.values()} == {"all"}
    [use] = report["waivers"]
    assert (use["waived"], use["days_left"]) == (3, 13)


def test_a_waiver_of_one_rule_leaves_the_others(gate, estate):
    """It accepts what it names and no more."""
    keep(estate)
    code, found, _ = gate("churn:7")

    assert code == 1
    assert verdicts(found)["model-without-owner"] == "waived"
    assert verdicts(found)["version-without-notes"] == "fail"


def test_no_waivers_judges_as_if_there_were_none(gate, estate):
    """Offline they are not even read, so that a broken one does not stop the look without."""
    waive_all(estate, expires="2026-12-04")
    keep(estate, name="broken.yaml", reason="short")

    assert gate("churn:7", "--no-waivers")[0] == 1


def test_a_lapsed_waiver_closes_the_gate_and_says_so(gate, estate):
    """The reason names waiver and day."""
    keep(estate)
    _, found, report = gate("churn:7", now="2026-12-07T00:00:00")
    one = found["model-without-owner"]

    assert (one["verdict"], one["waiver"]) == ("fail", None)
    assert one["reason"] == "churn has no owner; waiver churn-owner lapsed on 2026-12-06"
    assert [use["waived"] for use in report["waivers"]] == [0]


@pytest.mark.parametrize(
    "changes",
    [
        {"approved_by": "Ada"},
        {"expires": "2026-12-11"},
        {"reason": "because"},
        {"policy": None},
        {"until": "2026-12-06"},
    ],
)
def test_a_malformed_waiver_stops_the_gate(quaestor, estate, changes):
    """Exit code 2 with the place: nobody gets a verdict that rests on half a file."""
    keep(estate, **changes)
    said = quaestor("gate", "--no-collect", "--now", NOW, "churn:7")

    assert (said.code, said.out) == (2, "")
    assert "waivers/w.yaml:" in said.err


def test_a_waiver_for_a_policy_that_does_not_exist_is_told(gate, estate):
    """Stale, in every gate; one for another model is not."""
    keep(estate, policy="gone")
    keep(estate, name="x.yaml", id="other", subject="ranking")
    code, _, report = gate("churn:7")

    assert code == 1
    assert [(use["id"], use["state"]) for use in report["waivers"]] == [("churn-owner", "stale")]


def test_a_baseline_lets_a_team_start_today(gate, estate, change):
    """Written once; afterwards what is in it is known, and what is new fails."""
    code, found, _ = gate("churn:7", "--write-baseline", "base.json")
    assert code == 0
    assert {one["known"] for one in found.values()} == {"in the baseline since 2026-11-21"}

    later = ("--baseline", "base.json")
    assert gate("churn:7", *later, now="2026-11-25T06:00:00")[0] == 0
    change("update registry.model set owner = '' where model = 'fraud'")
    assert gate("fraud:7", *later)[0] == 1


def test_a_new_version_is_judged_on_its_own(gate):
    """What is about the model is known; what is about version 7 says nothing of 8."""
    gate("churn:7", "--write-baseline", "base.json")
    code, found, _ = gate("churn:8", "--baseline", "base.json")

    assert code == 1
    assert found["model-without-owner"]["known"] is not None
    assert found["version-without-notes"]["known"] is None


@pytest.mark.parametrize("option", ["--baseline", "--write-baseline"])
def test_a_report_never_takes_the_place_of_the_baseline(quaestor, home, gate, option):
    """Else what was known is lost without a word."""
    gate("churn:7", "--write-baseline", "base.json")
    before = (home / "base.json").read_bytes()
    told = ("--now", NOW, "--no-collect", "churn:7", option, "base.json")
    refused = quaestor("gate", *told, "--format", "json=./base.json")

    assert (refused.code, refused.out) == (2, "")
    assert "the same command reads this file" in refused.err
    assert (home / "base.json").read_bytes() == before


def test_a_critical_closes_the_gate_in_spite_of_a_baseline(gate, change):
    """It cannot be written into one."""
    change("update registry.model set intended_use = null where model = 'churn'")
    code, found, _ = gate("churn:7", "--write-baseline", "base.json")

    assert code == 1
    assert found["model-without-lawyer"]["known"] is None
    assert "model-without-lawyer" not in open_text("base.json")


def open_text(name):
    from pathlib import Path

    return Path(name).read_text()


def test_what_was_mended_is_dropped_and_fails_when_it_returns(gate, change):
    """A nightly job prunes; nothing new gets in by it."""
    both = ("--baseline", "base.json", "--write-baseline", "base.json")
    gate("churn:7", "--write-baseline", "base.json")
    change("update registry.model set owner = 'team' where model = 'churn'")
    change("update registry.model set owner = '' where model = 'fraud'")

    assert gate("churn:7", "fraud:7", *both)[0] == 1
    change("update registry.model set owner = '' where model = 'churn'")
    code, found, _ = gate("churn:7", *both)
    assert code == 1
    assert found["model-without-owner"]["known"] is None
    assert held() == {"churn:7", "churn-api"}


def test_a_version_that_is_gone_is_dropped_and_one_that_was_not_asked_stays(gate, change):
    """Writing for version 8 says nothing of 7, as long as there is a 7."""
    gate("churn:7", "--write-baseline", "base.json")
    gate("churn:8", "--write-baseline", "base.json")
    assert {"churn:7", "churn:8"} <= held()

    change("delete from registry.model_version where model = 'churn' and version = '7'")
    gate("churn:8", "--write-baseline", "base.json")
    assert "churn:7" not in held()
    assert "churn:8" in held()


def held():
    return {one["subject"] for one in json.loads(open_text("base.json"))["findings"]}


def test_writing_for_one_model_keeps_what_it_holds_of_others(gate, change):
    """A repository has one file, and a pull request judges one model."""
    gate("churn:7", "--write-baseline", "base.json")
    gate("fraud:7", "--write-baseline", "base.json")

    models = {one["model"] for one in json.loads(open_text("base.json"))["findings"]}
    assert models == {"churn", "fraud"}


@pytest.mark.parametrize("option", ["--baseline", "--write-baseline"])
def test_a_malformed_baseline_stops_the_gate(quaestor, estate, option):
    """Exit code 2; it is not overwritten either."""
    (estate / "base.json").write_text("{}")
    said = quaestor("gate", "--no-collect", "churn:7", option, "base.json")

    assert (said.code, said.out) == (2, "")
    assert "base.json" in said.err
    assert open_text("base.json") == "{}"


def test_a_baseline_that_is_not_there_stops_the_gate(quaestor, estate):
    """A typing mistake is not an empty baseline."""
    assert quaestor("gate", "--no-collect", "churn:7", "--baseline", "bsae.json").code == 2


@pytest.fixture
def audited(estate, quaestor):
    """Record an audit by the program's own functions; return its id."""
    from quaestor.audit.evaluate import evaluate
    from quaestor.audit.gate import decide
    from quaestor.audit.policies import load_policies
    from quaestor.audit.record import record
    from quaestor.core.period import utc
    from quaestor.core.run_summary import RunSummary
    from quaestor.core.verdict import Severity
    from quaestor.warehouse.duckdb import Warehouse

    path = estate / "quaestor.duckdb"
    at = utc("2026-11-20T06:00")
    with Warehouse(path, read_only=True) as warehouse:
        policies = load_policies([estate / "policies"])
        findings = evaluate(warehouse, policies, params={}, now=at)
    summary = RunSummary(
        kind="audit",
        targets=(),
        decision=decide(findings, fail_on=Severity.HIGH),
        findings=findings,
        blind_spots=(),
        fail_on=Severity.HIGH,
        audited_at=at,
        evidence_at=None,
        currency="USD",
        configuration="quaestor.yaml",
        version="0.1.0",
    )
    with Warehouse(path) as warehouse:
        return record(warehouse, summary, config_digest="c")


@pytest.mark.parametrize("ref", ["last", "ID", "report"])
def test_only_what_an_earlier_run_did_not_find_fails(gate, estate, change, audited, ref):
    """The latest audit, one by its id, or the JSON report of an earlier gate."""
    if ref == "report":
        gate("churn:7", "fraud:7", "--format", "json=before.json")
    diff = ("--diff", {"ID": audited, "report": "before.json"}.get(ref, ref))
    code, found, _ = gate("churn:7", *diff)

    assert code == 0
    assert all(one["known"].startswith("in the run of 2026-11-2") for one in found.values())
    change("update registry.model set owner = '' where model = 'fraud'")
    assert gate("fraud:7", *diff)[0] == 1


def test_a_critical_fails_however_old_it_is(gate, change, quaestor):
    """Neither a baseline nor an earlier run makes it acceptable."""
    change("update registry.model set intended_use = null where model = 'churn'")
    gate("churn:7")

    assert gate("churn:7", "--diff", "out.json")[0] == 1


@pytest.mark.parametrize(
    "ref", ["last", "20261120T060000-0123456789ab", "nothing.json", "quaestor.yaml", "."]
)
def test_an_unknown_reference_stops_the_gate(quaestor, estate, ref):
    """Nothing to compare with is not the same as nothing new."""
    said = quaestor("gate", "--no-collect", "--now", NOW, "churn:7", "--diff", ref)

    assert (said.code, said.out) == (2, "")


def test_an_audit_of_the_future_is_not_the_last_one(quaestor, audited):
    """`--now` is the clock of everything."""
    said = quaestor(
        "gate", "--no-collect", "--now", "2026-11-19T06:00:00", "churn:7", "--diff", "last"
    )

    assert said.code == 2


@pytest.mark.parametrize(
    ("tier", "skipped"),
    [
        ("1", set()),
        ("2", {"serving-without-login"}),
        ("3", {"serving-without-login", "model-without-owner"}),
    ],
)
def test_a_tier_is_assumed_of_the_model_and_all_that_is_its(gate, change, tier, skipped):
    """What is recorded does not matter, whatever it is; nor what another target was taken for."""
    change("update registry.model set risk_tier = 2 where model = 'churn'")
    code, found, report = gate("churn:7", "--tier", tier)

    assert (code, report["tier"]) == (1, int(tier))
    assert {name for name, verdict in verdicts(found).items() if verdict == "skip"} == skipped


def test_the_verdict_says_which_tier_was_assumed(quaestor, estate):
    """Nobody takes the answer about a sandbox for the answer about the model."""
    said = quaestor("gate", "--no-collect", "--now", NOW, "churn:7", "--tier", "3")

    assert said.out.startswith("churn:7 in production, taken for risk tier 3, may not run: ")


@pytest.mark.parametrize("tier", ["0", "4", "high"])
def test_a_tier_is_1_to_3(quaestor, estate, tier):
    """Anything else is wrong usage."""
    assert quaestor("gate", "churn:7", "--tier", tier).code == 2
