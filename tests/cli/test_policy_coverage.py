"""`quaestor policy coverage`: what the last audit shows of each framework."""

from __future__ import annotations

import csv
import io
import json

import pytest

from builders.findings import a_finding
from quaestor.audit.coverage import load_frameworks
from quaestor.audit.policies import load_policies, places_of
from quaestor.audit.record import record
from quaestor.audit.record_coverage import record_coverage
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.config import Config
from quaestor.core.period import utc
from quaestor.core.run_summary import Decision, Outcome, RunSummary
from quaestor.core.verdict import Severity, Verdict

NOW = "2026-11-21T06:00:00"
HOSTILE = "=cmd|'/c calc'!A0 <script>alert(1)</script>\x1b[31m"
POLICY = """
title: Every model has an owner
severity: high
subject: registry.model
require: has_text(owner)
reason: "{model} has no owner"
why: Because.
remedy: {text: Set it.}
source: House rule
frameworks: [{pack: house, ref: "1"}]
"""
PACK = """
title: House | rules
edition: First
url: https://acme.example/rules
dates: [{what: All of it, applies_from: 2026-01-01, source: The board, verified: 2026-11-21}]
requirements:
  - {id: "1", title: Owners are named}
  - {id: "2", title: Somebody signs, attest: The signature.}
"""


@pytest.fixture
def audited(home, warehouse):
    """One audit of one policy and one pack; return a function that records its findings."""
    (home / "rules" / "ownership").mkdir(parents=True)
    (home / "rules" / "ownership" / "owner.yaml").write_text(POLICY)
    (home / "rules" / "packs").mkdir()
    (home / "rules" / "packs" / "house.yaml").write_text(PACK)
    (home / "quaestor.yaml").write_text("policies: [rules]\n")

    def run(*findings, blind_spots=()):
        config = Config(policies=("rules",), base=str(home))
        policies = load_policies(places_of(config))
        summary = RunSummary(
            kind="audit",
            targets=(),
            decision=Decision(Outcome.FAILED, 1, (), ()),
            findings=tuple(findings),
            blind_spots=tuple(blind_spots),
            fail_on=Severity.HIGH,
            audited_at=utc(NOW),
            evidence_at=None,
            currency="USD",
            configuration="quaestor.yaml",
            version="0.1.0",
        )
        run_id = record(warehouse, summary, config_digest="c")
        frameworks = load_frameworks(config, policies)
        record_coverage(warehouse, summary, frameworks, run_id=run_id, params={})
        warehouse.close()

    return run


def test_the_table_says_where_each_requirement_stands(quaestor, audited):
    """Who violates it, what a person has to show, and from when the framework applies."""
    audited(
        a_finding("owner", "churn"),
        blind_spots=[BlindSpot(source="registry", scope="all", reason="refused")],
    )
    said = quaestor("policy", "coverage", "--now", NOW)

    assert said.code == 0
    assert said.out.splitlines()[0] == (
        "Audit of 2026-11-21 06:00 UTC; 1 blind spot: what could not be looked at is not in it"
    )
    for part in (
        "from 2026-01-01: All of it",
        "1            violated                 1  high   Owners are named",
        "to attest: The signature.",
        "2 requirements: 1 violated, 1 not-automated",
        "whether it is satisfied, people decide",
    ):
        assert part in said.out


def test_json_is_for_programs(quaestor, audited):
    """With a version of its schema, every state counted, every requirement listed."""
    audited(a_finding("owner", "churn", verdict=Verdict.PASS))
    said = quaestor("policy", "coverage", "--pack", "house", "--format", "json", "--now", NOW)
    told = json.loads(said.out)
    [pack] = told["packs"]

    assert told["schema_version"] == 1
    assert pack["dates"][0]["applies_from"] == "2026-01-01"
    assert sum(pack["counts"].values()) == len(pack["requirements"]) == 2
    assert [(one["requirement"], one["state"]) for one in pack["requirements"]] == [
        ("1", "supported"),
        ("2", "not-automated"),
    ]


def test_an_attestation_counts_at_once(quaestor, audited, home):
    """It needs no new audit, and by `--now` it expires."""
    audited(a_finding("owner", "churn", verdict=Verdict.PASS))
    (home / "attestations.yaml").write_text(
        'pack: house\nrequirement: "2"\nby: grace\nat: 2026-11-01\n'
        "document: signed.pdf\nvalid_until: 2026-11-30\n"
    )
    told = [
        quaestor("policy", "coverage", "--now", now, "--format", "csv").out.splitlines()[2]
        for now in (NOW, "2026-12-01T00:00:00")
    ]

    assert told[0].startswith("house,2,Somebody signs,attested,")
    assert told[1].startswith("house,2,Somebody signs,not-automated,")
    assert "expired on 2026-11-30" in told[1]


@pytest.mark.parametrize("name", ["table", "markdown", "csv"])
def test_a_hostile_name_is_text(quaestor, audited, name):
    """No terminal escape, no HTML, no cell of another column, no formula."""
    audited(a_finding("owner", HOSTILE))
    out = quaestor("policy", "coverage", "--format", name, "--now", NOW).out

    assert "\x1b" not in out
    assert name != "markdown" or "<script>" not in out
    if name == "markdown":
        assert {line.count("|") for line in out.splitlines() if line.startswith("| **")} == {6}
    if name == "csv":
        rows = list(csv.DictReader(io.StringIO(out)))
        assert rows[0]["subjects"].startswith("'=cmd|")


def test_several_formats_go_to_their_files(quaestor, audited, home):
    """As with every command."""
    audited(a_finding("owner", "churn"))
    said = quaestor("policy", "coverage", "--format", "json=c.json", "--format", "table")

    assert said.code == 0
    assert json.loads((home / "c.json").read_text())["packs"][0]["pack"] == "house"
    assert "House | rules (house)" in said.out


@pytest.fixture
def registry(home):
    """A configuration with one model in a file, without owner, and the rule and pack above."""
    (home / "models").mkdir()
    (home / "models" / "model.gov.yaml").write_text("model: churn\n")
    for name, text in (("ownership/owner", POLICY), ("packs/house", PACK)):
        path = home / "rules" / f"{name}.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(text.replace("subject:", "requires: [owner]\nsubject:"))
    (home / "quaestor.yaml").write_text(
        "sources: [{name: registry, kind: model-gov, path: models}]\npolicies: [rules]\n"
    )
    return home


def test_an_audit_records_it_for_the_report(quaestor, registry):
    """What the command prints and what the report shows are one."""
    assert quaestor("audit", "--now", NOW).code == 1
    said = quaestor("policy", "coverage", "--now", NOW)
    page = (registry / "quaestor-reports" / "compliance.html").read_text()

    assert "1            violated                 1  high   Owners are named" in said.out
    assert "House | rules" in page
    assert "Owners are named" in page


def test_a_malformed_attestation_stops_the_audit_before_anything_is_asked(quaestor, registry):
    """Exit code 2, and nothing was collected."""
    (registry / "attestations.yaml").write_text("pack: house\n")
    said = quaestor("audit", "--now", NOW)

    assert said.code == 2
    assert "attestations.yaml:1" in said.err
    assert not (registry / "landing").exists()


def test_without_a_warehouse_it_is_incomplete(quaestor):
    """Exit code 3, and what to do."""
    said = quaestor("policy", "coverage")

    assert said.code == 3
    assert "quaestor audit" in said.err


def test_without_an_audit_nothing_was_evaluated(quaestor, warehouse):
    """Exit code 4, and what to do."""
    warehouse.close()
    said = quaestor("policy", "coverage")

    assert said.code == 4
    assert "nothing was audited yet" in said.err
    assert "quaestor audit" in said.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--pack", "huose"), "Did you mean 'house'?"),
        (("--format", "pdf"), "there is no format 'pdf'"),
    ],
)
def test_wrong_usage_is_exit_code_2(quaestor, audited, options, message):
    """With the nearest name."""
    audited()
    said = quaestor("policy", "coverage", *options)

    assert said.code == 2
    assert message in said.err
