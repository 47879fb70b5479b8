"""SARIF 2.1.0 for code scanning, held to the standard's own rules.

`LOG` writes out, for the objects that we produce, what the official schema asks: which keys
there are at all (the objects are closed), which are required, and which words are allowed.
"""

from __future__ import annotations

import json
from decimal import Decimal

import jsonschema
import pytest

from builders.gates import a_change, a_rule, a_waiver_use
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.run_summary import Outcome
from quaestor.core.verdict import Severity, Verdict
from quaestor.report.export import formatted


def closed(required=(), **properties):
    """Describe an object that has no other keys than these."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": {"properties": {"type": "object"}, **properties},
    }


def many(items, **rules):
    return {"type": "array", "items": items, **rules}


TEXT = {"type": "string"}
MESSAGE = closed(["text"], text=TEXT, markdown=TEXT, id=TEXT, arguments=many(TEXT))
MULTIFORMAT = closed(["text"], text=TEXT, markdown=TEXT)
LEVEL = {"enum": ["none", "note", "warning", "error"]}
INDEX = {"type": "integer", "minimum": -1}
REFERENCE = closed(["id"], id=TEXT, index=INDEX, guid=TEXT)
URI = {"type": "string", "pattern": r"^[A-Za-z0-9._~!$&'()*+,;=:@/?#%-]+$"}
ARTIFACT = closed(uri=URI, uriBaseId=TEXT, index=INDEX, description=MESSAGE)
LOCATION = closed(
    ["physicalLocation"],  # the standard leaves it open; GitHub drops a result without one
    physicalLocation=closed(
        ["artifactLocation", "region"],
        artifactLocation=ARTIFACT,
        region=closed(["startLine"], startLine={"type": "integer", "minimum": 1}),
    ),
    logicalLocations=many(
        closed(["name"], name=TEXT, fullyQualifiedName=TEXT, kind=TEXT), uniqueItems=True
    ),
)
RULE = closed(
    ["id", "name", "shortDescription", "fullDescription", "help", "defaultConfiguration"],
    id=TEXT,
    name=TEXT,
    shortDescription=MULTIFORMAT,
    fullDescription=MULTIFORMAT,
    help=MULTIFORMAT,
    defaultConfiguration=closed(level=LEVEL),
    properties=closed(
        ["tags", "security-severity"],
        tags=many(TEXT, uniqueItems=True, maxItems=20),
        precision={"enum": ["very-high", "high", "medium", "low"]},
        **{"security-severity": {"type": "string", "pattern": r"^\d+\.\d$"}},
    ),
)
SUPPRESSION = closed(
    ["kind"],
    kind={"enum": ["inSource", "external"]},
    status={"enum": ["accepted", "underReview", "rejected"]},
    justification=TEXT,
)
RESULT = closed(
    ["message", "ruleId", "ruleIndex", "locations", "partialFingerprints"],
    ruleId=TEXT,
    ruleIndex=INDEX,
    kind={"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
    level=LEVEL,
    message=MESSAGE,
    locations=many(LOCATION, minItems=1, maxItems=1),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    suppressions=many(SUPPRESSION, uniqueItems=True),
    baselineState={"enum": ["new", "unchanged", "updated", "absent"]},
)
NOTIFICATION = closed(
    ["message"], message=MESSAGE, level=LEVEL, descriptor=REFERENCE, associatedRule=REFERENCE
)
INVOCATION = closed(
    ["executionSuccessful"],
    executionSuccessful={"type": "boolean"},
    exitCode={"type": "integer"},
    exitCodeDescription=TEXT,
    endTimeUtc={"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"},
    toolExecutionNotifications=many(NOTIFICATION),
)
DRIVER = closed(
    ["name"],
    name=TEXT,
    version=TEXT,
    semanticVersion=TEXT,
    rules=many(RULE, uniqueItems=True),
)
RUN = closed(
    ["tool", "results", "invocations"],
    tool=closed(["driver"], driver=DRIVER),
    automationDetails=closed(id=TEXT),
    originalUriBaseIds={"type": "object", "additionalProperties": ARTIFACT},
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    invocations=many(INVOCATION),
    results=many(RESULT),
)
LOG = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "runs"],
    "properties": {"$schema": URI, "version": {"enum": ["2.1.0"]}, "runs": many(RUN)},
}


@pytest.fixture
def sarif():
    """Render as SARIF, hold it to the standard, and return its one run."""

    def check(summary):
        log = json.loads(formatted("sarif", summary))
        jsonschema.Draft202012Validator(LOG).validate(log)
        [run] = log["runs"]
        ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        assert len(ids) == len(set(ids))
        for result in run["results"]:
            assert ids[result["ruleIndex"]] == result["ruleId"]
            place = result["locations"][0]["physicalLocation"]["artifactLocation"]
            assert place["uriBaseId"] in run["originalUriBaseIds"]
            assert not place["uri"].startswith("/")
            assert ".." not in place["uri"].split("/")
        return run

    return check


def test_a_violation_is_a_result_with_its_rule_and_its_subject(a_finding, a_gate, sarif):
    """The place is a line of a file, the true subject is a logical location."""
    finding = a_finding(
        "version-without-approval",
        "churn:7",
        severity=Severity.CRITICAL,
        reason="churn:7 runs without approval",
        at_stake_per_month=Decimal(1200),
    )
    run = sarif(a_gate([finding]))

    assert run["tool"]["driver"]["rules"] == [
        {
            "id": "version-without-approval",
            "name": "VersionWithoutApproval",
            "shortDescription": {"text": "Every model has an owner"},
            "fullDescription": {"text": "Nobody answers for a model without an owner."},
            "help": {
                "text": "Nobody answers for a model without an owner.\n\nSet gov.owner to a group."
            },
            "defaultConfiguration": {"level": "error"},
            "properties": {
                "tags": ["security", "governance", "ownership"],
                "security-severity": "9.5",
                "precision": "very-high",
            },
        }
    ]
    assert run["results"] == [
        {
            "ruleId": "version-without-approval",
            "ruleIndex": 0,
            "kind": "fail",
            "level": "error",
            "message": {"text": "churn:7 runs without approval (at stake: 1,200.00 USD a month)"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "quaestor.yaml", "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": 1},
                    },
                    "logicalLocations": [
                        {
                            "name": "churn:7",
                            "fullyQualifiedName": "registry/churn:7",
                            "kind": "resource",
                        }
                    ],
                }
            ],
            "partialFingerprints": {
                "primaryLocationLineHash": finding.fingerprint,
                "quaestorFinding/v1": finding.fingerprint,
            },
            "properties": {"severity": "critical", "blocking": True},
        }
    ]


@pytest.mark.parametrize(
    ("severity", "level", "score"),
    [
        ("critical", "error", "9.5"),
        ("high", "error", "8.0"),
        ("medium", "warning", "5.5"),
        ("low", "note", "3.0"),
    ],
)
def test_severities_read_in_code_scanning_as_they_read_here(
    a_finding, a_gate, sarif, severity, level, score
):
    """GitHub: above 9.0 critical, from 7.0 high, from 4.0 medium, else low."""
    run = sarif(a_gate([a_finding(severity=Severity(severity))]))

    assert run["results"][0]["level"] == level
    assert run["tool"]["driver"]["rules"][0]["properties"]["security-severity"] == score


def test_passes_are_rules_without_results_and_waivers_are_suppressed(a_finding, a_gate, sarif):
    """The list of rules says what was asked; only what is broken is a result."""
    run = sarif(
        a_gate(
            [
                a_finding("kept", verdict=Verdict.PASS),
                a_finding("not-asked", verdict=Verdict.SKIP),
                a_finding("let-off", verdict=Verdict.WAIVED, waiver="W-7"),
            ],
            Outcome.PASSED,
        )
    )

    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        "kept",
        "let-off",
        "not-asked",
    ]
    assert [(r["ruleId"], r["suppressions"]) for r in run["results"]] == [
        ("let-off", [{"kind": "external", "status": "accepted", "justification": "waiver W-7"}])
    ]
    assert run["invocations"][0]["executionSuccessful"] is True


def test_what_is_missing_is_a_notification_and_the_run_is_not_successful(a_finding, a_gate, sarif):
    """Unknown is no result: nobody shall close an alert that was never a violation."""
    spot = BlindSpot(source="registry", scope="all", reason="connection refused")
    unknown = a_finding(verdict=Verdict.UNKNOWN, reason="owner is not supplied")
    run = sarif(a_gate([unknown], Outcome.INCOMPLETE, blind_spots=(spot,)))

    assert run["results"] == []
    assert run["invocations"] == [
        {
            "executionSuccessful": False,
            "exitCode": 3,
            "exitCodeDescription": (
                "churn:7 cannot be cleared: 1 rule has no answer and 1 blind spot hides evidence."
            ),
            "endTimeUtc": "2026-11-21T06:00:00Z",
            "toolExecutionNotifications": [
                {
                    "descriptor": {"id": "blind-spot"},
                    "level": "error",
                    "message": {"text": "registry: all: connection refused"},
                },
                {
                    "descriptor": {"id": "verdict-unknown"},
                    "associatedRule": {"id": "model-without-owner", "index": 0},
                    "level": "error",
                    "message": {"text": "churn: unknown: owner is not supplied"},
                },
            ],
        }
    ]


@pytest.mark.parametrize(
    ("location", "uri", "line"),
    [
        ("models/churn/model.gov.yaml:12", "models/churn/model.gov.yaml", 12),
        ("models/my model.yaml", "models/my%20model.yaml", 1),
        ("a:0", "a%3A0", 1),
        ("/etc/passwd:1", "ci/quaestor.yaml", 1),
        ("../other/file.yaml:3", "ci/quaestor.yaml", 1),
        ("C:\\models\\a.yaml:3", "ci/quaestor.yaml", 1),
        (None, "ci/quaestor.yaml", 1),
    ],
)
def test_the_place_is_the_evidences_own_where_it_lies_in_the_repository(
    a_finding, a_gate, sarif, location, uri, line
):
    """A path that leaves the repository is not followed; the configuration stands for it."""
    evidence = {"location": location}
    run = sarif(a_gate([a_finding(evidence=evidence)], configuration="ci/quaestor.yaml"))
    place = run["results"][0]["locations"][0]["physicalLocation"]

    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == (uri, line)


def test_a_configuration_outside_the_repository_is_named_without_its_folder(
    a_finding, a_gate, sarif
):
    """No absolute path of a build machine gets into an alert."""
    run = sarif(a_gate([a_finding()], configuration="/home/ci/secret/quaestor.yaml"))
    place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]

    assert place["uri"] == "quaestor.yaml"


def test_hostile_names_make_no_link_and_no_control_character(a_finding, a_gate, sarif, hostile):
    """Every text is printable; brackets and braces are escaped as the standard says."""
    finding = a_finding(subject=hostile, reason=hostile, source=hostile, title=hostile)
    summary = a_gate([finding], targets=(hostile,), configuration=hostile)
    run = sarif(summary)
    message = run["results"][0]["message"]["text"]

    assert message.isprintable()
    assert "](" not in message.replace("\\]", "")
    assert "{0}" not in message.replace("{{0}}", "")
    assert not set("<>&") & set(formatted("sarif", summary))


def test_two_gates_of_one_pipeline_are_two_categories(a_gate, sarif):
    """Else uploading the second would close the alerts of the first."""
    first, second = (sarif(a_gate([], targets=(t,))) for t in ("churn:7", "fraud:1"))

    assert first["automationDetails"] == {"id": "quaestor/gate/churn%3A7/"}
    assert second["automationDetails"] == {"id": "quaestor/gate/fraud%3A1/"}


GOV = {("registry.model", "churn"): "models/churn/model.gov.yaml:4"}
MANIFEST = {("registry.deployment", "prod/Deployment/churn"): "deploy/churn.yaml:9"}


@pytest.mark.parametrize(
    ("subject", "given", "expected"),
    [
        ("churn", {"places": GOV}, "models/churn/model.gov.yaml:4"),
        ("churn:7", {"places": GOV, "priced": (a_change(),)}, "models/churn/model.gov.yaml:4"),
        ("churn:7", {"priced": (a_change(),)}, "deploy/churn.yaml:3"),
        ("prod/Deployment/churn", {"places": GOV | MANIFEST}, "deploy/churn.yaml:9"),
        ("prod/Deployment/churn", {"priced": (a_change(),)}, "deploy/churn.yaml:3"),
        ("prod/Deployment/churn", {"places": GOV}, "models/churn/model.gov.yaml:4"),
        ("churn", {"places": {("registry.model", "churn"): "/srv/x.yaml:4"}}, "quaestor.yaml:1"),
        ("churn", {"places": {("registry.model", "fraud"): "fraud.yaml:4"}}, "quaestor.yaml:1"),
    ],
)
def test_the_place_is_where_the_subject_is_stated(
    a_finding, a_gate, sarif, subject, given, expected
):
    """A file about the model, else the manifest, else the configuration.

    Of a deployment its own manifest comes first.
    """
    run = sarif(a_gate([a_finding("rule", subject)], **given))
    place = run["results"][0]["locations"][0]["physicalLocation"]

    assert f"{place['artifactLocation']['uri']}:{place['region']['startLine']}" == expected


def test_every_rule_that_was_asked_is_listed_with_its_frameworks_and_commands(a_gate, sarif):
    """Also one that found nothing to judge."""
    [rule] = sarif(a_gate([], Outcome.NOTHING_EVALUATED, rules=(a_rule(),)))["tool"]["driver"][
        "rules"
    ]

    assert rule["properties"]["tags"] == [
        "security",
        "governance",
        "ownership",
        "NIST AI RMF 1.0: GOVERN 2.1",
        "EU AI Act: 17(1)(m)",
    ]
    assert rule["help"]["text"].splitlines()[2:] == [
        "Set gov.owner to a group.",
        "",
        "mlflow: set-tag MODEL gov.owner",
        "",
        "model-gov: add `owner:`",
        "",
        "Source: SR 26-2, model inventory",
    ]


def test_a_rule_has_no_more_tags_than_github_reads(a_gate, sarif):
    """Twenty; the rest would make it refuse the file."""
    frameworks = tuple(("ISO", f"A.{n}") for n in range(40))
    [rule] = sarif(a_gate([], rules=(a_rule(frameworks=frameworks),)))["tool"]["driver"]["rules"]

    assert len(rule["properties"]["tags"]) == 20


def test_what_is_known_before_is_suppressed_and_unchanged(a_finding, a_gate, sarif):
    """It is visible, and no alert."""
    known = a_finding(known="in the baseline since 2026-11-01")
    [result] = sarif(a_gate([known], Outcome.PASSED))["results"]

    assert result["baselineState"] == "unchanged"
    assert result["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "known before: in the baseline since 2026-11-01",
        }
    ]


def test_a_message_of_64_kb_is_cut(a_finding, a_gate, sarif):
    """A log of a thousand of them would be refused."""
    [result] = sarif(a_gate([a_finding(reason="x" * 65_536)]))["results"]

    assert len(result["message"]["text"]) == 2_000


def test_whatever_is_in_a_gate_the_log_keeps_the_standard(a_full_gate, hostile, sarif):
    """Rules, results, suppressions, notifications and places with any text in them."""
    run = sarif(a_full_gate(hostile))

    assert len(run["results"]) == 4
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 4


def test_a_suppression_says_who_accepted_what_until_when(a_finding, a_gate, sarif):
    """Whoever reads the alert's history need not look for the file."""
    waived = a_finding(verdict=Verdict.WAIVED, waiver="W-7")
    [result] = sarif(a_gate([waived], Outcome.PASSED, waivers=(a_waiver_use(),)))["results"]

    assert result["suppressions"][0]["justification"] == (
        "waiver W-7 until 2026-11-24, approved by grace: The team is being formed until then."
    )
