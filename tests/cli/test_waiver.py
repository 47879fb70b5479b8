"""`quaestor waiver`: what it prints is refused until people have filled it in."""

from __future__ import annotations

import json
import textwrap
from datetime import datetime, timedelta

import pytest
import yaml

from builders.rows import insert

POLICY = """
title: Every model has an accountable owner
severity: {severity}
subject: registry.model
require: has_text(owner)
reason: "{{model}} has no owner"
why: Because somebody has to answer.
remedy: {{text: "Set the tag."}}
source: "House rule"
aliases: [{alias}]
"""
NOW = datetime(2026, 11, 21, 6)
UNUSED = "nothing that it covers is violated"
FILLED = {
    "reason": "The team is being split until the end of the year.",
    "ticket": "GOV-4711",
    "approved_by": "grace",
    "compensating_control": "The head of the department answers for it.",
}


@pytest.fixture
def asked(home, quaestor):
    """Run a verb at a fixed time where there are three policies."""
    for name, severity, alias in (
        ("model-without-owner", "high", "ML-OWN-001"),
        ("model-without-oncall", "low", "ML-OWN-002"),
        ("model-without-lawyer", "critical", "ML-OWN-003"),
    ):
        path = home / "policies" / "ownership" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(POLICY.format(severity=severity, alias=alias)))
    (home / "quaestor.yaml").write_text("policies: [policies/]\n")

    def call(*arguments, now=NOW):
        return quaestor("waiver", *arguments, "--now", now.isoformat())

    return call


@pytest.fixture
def keep(home):
    """Keep a waiver's text as a file, with what people would fill in."""

    def write(text, name="w.yaml", **changes):
        folder = home / "waivers"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(yaml.safe_dump(yaml.safe_load(text) | FILLED | changes))

    return write


@pytest.mark.parametrize(
    ("policy", "name", "expires"),
    [
        ("model-without-owner", "model-without-owner", "2026-12-21"),
        ("ml-own-001", "model-without-owner", "2026-12-21"),
        ("model-without-oncall", "model-without-oncall", "2027-05-20"),
        ("ML-OWN-*", "ML-OWN-*", "2026-12-05"),
    ],
)
def test_a_request_is_a_waiver_with_blanks(asked, keep, policy, name, expires):
    """It ends on the last day allowed; filled in by somebody else, it holds as it is."""
    said = asked("request", policy, "churn", "--by", "ada")
    value = yaml.safe_load(said.out)

    assert (value["policy"], value["subject"], value["requested_by"]) == (name, "churn", "ada")
    assert (str(value["approved_at"]), str(value["expires"])) == ("2026-11-21", expires)
    assert {key for key, each in value.items() if each is None} == set(FILLED)
    keep(said.out)
    assert asked("check").out == "1 waiver, all well-formed\n"


@pytest.mark.parametrize("blank", sorted(FILLED))
def test_a_request_is_refused_until_it_is_filled_in(asked, keep, blank):
    """Each blank alone; a comment is no answer."""
    keep(asked("request", "ML-OWN-001", "churn", "--by", "ada").out, **{blank: None})
    said = asked("check")

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: the key '{blank}' is empty\n  in:  waivers/w.yaml:")


@pytest.mark.parametrize(
    "subject",
    [
        "churn:7",
        "*",
        "churn\x1b[31m",
        "a\n\nid: b",
        "=cmd|'/c calc'!A0",
        "\U0001f600",
        "null",
        "07",
    ],
)
def test_any_subject_comes_back_as_it_was(asked, keep, subject):
    """Names are hostile: quoted where YAML needs it, in ASCII, never a line of their own."""
    said = asked("request", "ML-OWN-001", subject, "--by", subject)
    value = yaml.safe_load(said.out)

    assert (value["subject"], value["requested_by"]) == (subject, subject)
    assert said.out.isascii()
    assert "\x1b" not in said.out
    keep(said.out)
    assert asked("check").code == 0


def test_a_request_for_no_policy_is_refused(asked):
    """With the nearest name, because nobody would review it otherwise."""
    said = asked("request", "model-without-ownr", "churn", "--by", "ada")

    assert (said.code, said.out) == (2, "")
    assert "Did you mean 'model-without-owner'?" in said.err


def test_without_a_folder_there_is_nothing_to_check(asked):
    """The default folder is optional; one that is named is not."""
    assert asked("check").out == "0 waivers, all well-formed\n"
    assert asked("list").out == "There is no waiver.\n"
    assert asked("check", "waiver").code == 2


def test_a_configured_folder_has_to_be_there(asked, home):
    """`waivers:` with a typing mistake must not read as no waiver."""
    (home / "quaestor.yaml").write_text("policies: [policies/]\nwaivers: wavers/\n")

    assert asked("list").code == 2


def test_check_tells_what_is_of_no_use(asked, keep):
    """On standard error, with the place; it is no mistake in the file."""
    text = asked("request", "ML-OWN-001", "churn", "--by", "ada").out
    keep(text, name="a.yaml", policy="gone", id="a")
    keep(text, name="b.yaml", id="b")
    said = asked("check", now=NOW + timedelta(days=31))

    assert (said.code, said.out) == (0, "2 waivers, all well-formed\n")
    assert said.err.splitlines() == [
        "lapsed: waivers/a.yaml:5: a: it lapsed on 2026-12-21",
        "lapsed: waivers/b.yaml:5: b: it lapsed on 2026-12-21",
    ]
    assert "there is no policy 'gone'" in asked("check").err


def test_list_holds_waivers_against_the_latest_audit(asked, keep, warehouse):
    """The latest audit knows what is violated; what it waived is a violation too."""
    text = asked("request", "ML-OWN-001", "churn", "--by", "ada").out
    keep(text, name="a.yaml", id="a")
    keep(text, name="b.yaml", id="b", subject="fraud", expires="2026-12-01")
    keep(text, name="c.yaml", id="c", subject="ranking")
    for run, subject, verdict, at in (
        ("old", "ranking", "fail", "2026-11-19"),
        ("new", "churn", "waived", "2026-11-20"),
        ("new", "fraud", "unknown", "2026-11-20"),
    ):
        recorded(warehouse, run, subject, verdict, at)
    warehouse.close()

    found = json.loads(asked("list", "--format", "json").out)
    assert found["schema_version"] == "1"
    assert [(one["id"], one["state"], one["waived"]) for one in found["waivers"]] == [
        ("a", "in force", 1),
        ("b", "ending soon", 0),
        ("c", "stale", 0),
    ]
    assert asked("list").out.splitlines()[2:] == [
        "a   in force     2026-12-21  model-without-owner  churn         1",
        "b   ending soon  2026-12-01  model-without-owner  fraud         0",
        f"c   stale        2026-12-21  model-without-owner  ranking       0  {UNUSED}",
    ]


def test_without_an_audit_nobody_knows_what_a_waiver_covers(asked, keep):
    """Unknown is not zero."""
    keep(asked("request", "ML-OWN-001", "churn", "--by", "ada").out)
    said = asked("list", "--format", "json")

    [one] = json.loads(said.out)["waivers"]
    assert (one["state"], one["waived"], one["lapsed"]) == ("in force", None, None)
    assert "no audit is recorded" in said.err


def recorded(warehouse, run, subject, verdict, at):
    if not warehouse.rows("select 1 from audit.run where run_id = ?", [run]):
        insert(
            warehouse,
            "audit.run",
            run_id=run,
            audited_at=at,
            quaestor_version="0.1.0",
            policies=1,
            subjects=1,
            verdicts=1,
            failed=1,
            unanswered=0,
            blind_spots=0,
            fail_on="high",
            exit_code=1,
        )
    insert(
        warehouse,
        "audit.finding",
        run_id=run,
        policy="model-without-owner",
        title="t",
        family="ownership",
        source="reg",
        subject=subject,
        severity="high",
        verdict=verdict,
        blocking=True,
        fingerprint=f"{subject:0<64}",
        first_seen=at,
    )


@pytest.mark.parametrize(
    ("subject", "who", "place"), [(" ", "ada", "SUBJECT"), ("churn", "", "--by")]
)
def test_a_request_for_nothing_or_by_nobody_is_refused(asked, subject, who, place):
    """Else a page is reviewed that can cover nothing, or that nobody asked for."""
    said = asked("request", "model-without-owner", subject, "--by", who)

    assert (said.code, said.out) == (2, "")
    assert f"in:  {place}" in said.err
