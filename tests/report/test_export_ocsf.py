"""OCSF 1.3.0, Compliance Finding, held to what the standard requires of the class.

`EVENT` writes out, for the objects that we produce, the required attributes, the types and the
enumerations of the class and its objects; other attributes of ours would be an error there.
"""

from __future__ import annotations

import json
from decimal import Decimal

import jsonschema
import pytest

from builders.gates import a_rule
from quaestor.core.period import utc
from quaestor.core.verdict import Severity, Verdict
from quaestor.report.export import formatted


def closed(*required, **properties):
    """Describe an object that has no other attributes than these."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }


TEXT = {"type": "string", "minLength": 1}
TEXTS = {"type": "array", "items": TEXT}
TIME = {"type": "integer", "minimum": 0}  # milliseconds since 1970
PRODUCT = closed("name", "vendor_name", name=TEXT, vendor_name=TEXT, version=TEXT)
EVENT = closed(
    "activity_id",
    "category_uid",
    "class_uid",
    "compliance",
    "finding_info",
    "metadata",
    "severity_id",
    "time",
    "type_uid",
    activity_id={"enum": [1, 2, 3]},
    activity_name={"enum": ["Create", "Update", "Close"]},
    category_uid={"const": 2},
    category_name={"const": "Findings"},
    class_uid={"const": 2003},
    class_name={"const": "Compliance Finding"},
    type_uid={"enum": [200301, 200302, 200303]},
    type_name=TEXT,
    severity_id={"enum": [2, 3, 4, 5]},
    severity={"enum": ["Low", "Medium", "High", "Critical"]},
    status_id={"enum": [1, 2, 3, 4]},
    status={"enum": ["New", "In Progress", "Suppressed", "Resolved"]},
    time=TIME,
    message=TEXT,
    metadata=closed("product", "version", product=PRODUCT, version={"const": "1.3.0"}, uid=TEXT),
    compliance=closed(
        "standards",
        standards={**TEXTS, "minItems": 1},
        requirements=TEXTS,
        control=TEXT,
        status_id={"enum": [1, 2, 3]},
        status={"enum": ["Pass", "Warning", "Fail"]},
        status_code=TEXT,
        status_detail=TEXT,
    ),
    finding_info=closed(
        "uid",
        "title",
        uid=TEXT,
        title=TEXT,
        desc=TEXT,
        types=TEXTS,
        analytic=closed(
            "type_id",
            type_id={"const": 1},
            type={"const": "Rule"},
            uid=TEXT,
            name=TEXT,
            category=TEXT,
        ),
        data_sources=TEXTS,
        first_seen_time=TIME,
        last_seen_time=TIME,
    ),
    resources={
        "type": "array",
        "minItems": 1,
        "items": closed(
            uid=TEXT,
            name=TEXT,
            type=TEXT,
            data={"type": "object"},
            group=closed(name=TEXT, uid=TEXT),
        ),
    },
    remediation=closed("desc", desc=TEXT),
    unmapped={"type": "object"},
)


@pytest.fixture
def events():
    """Render as OCSF, hold it to the standard, and return the events by policy."""

    def check(gate):
        found = json.loads(formatted("ocsf", gate))
        jsonschema.validate(found, {"type": "array", "items": EVENT})
        assert all(one["type_uid"] == 200300 + one["activity_id"] for one in found)
        return {one["compliance"]["control"]: one for one in found}

    return check


def test_a_violation_names_what_was_checked_where_and_how_to_mend_it(a_finding, a_gate, events):
    """Standards and requirements are those that the policy supports."""
    finding = a_finding(
        severity=Severity.CRITICAL, evidence={"owner": None}, at_stake_per_month=Decimal("1.50")
    )
    gate = a_gate([finding], rules=(a_rule(),), registries={"registry": "mlflow"})
    event = events(gate)["model-without-owner"]

    assert event["compliance"] == {
        "standards": ["NIST AI RMF 1.0", "EU AI Act"],
        "requirements": ["NIST AI RMF 1.0: GOVERN 2.1", "EU AI Act: 17(1)(m)"],
        "control": "model-without-owner",
        "status_id": 3,
        "status": "Fail",
        "status_code": "fail",
        "status_detail": "churn has no owner",
    }
    assert event["resources"] == [
        {
            "uid": "churn",
            "name": "churn",
            "type": "model",
            "data": {"owner": None},
            "group": {"name": "registry"},
        }
    ]
    assert event["remediation"] == {
        "desc": "Set gov.owner to a group.; mlflow: set-tag MODEL gov.owner"
    }
    assert (event["severity_id"], event["finding_info"]["uid"]) == (5, finding.fingerprint)
    assert event["unmapped"]["at_stake_per_month"] == "1.5"
    assert event["time"] == 1795240800000


@pytest.mark.parametrize(
    ("changes", "compliance", "status"),
    [
        ({}, "Fail", "New"),
        ({"verdict": Verdict.PASS}, "Pass", "Resolved"),
        ({"verdict": Verdict.UNKNOWN}, "Warning", "New"),
        ({"verdict": Verdict.ERROR}, "Warning", "New"),
        ({"verdict": Verdict.WAIVED}, "Fail", "Suppressed"),
        ({"known": "in the baseline"}, "Fail", "In Progress"),
    ],
)
def test_unknown_is_a_warning_and_never_a_pass(
    a_finding, a_gate, events, changes, compliance, status
):
    """As the standard keeps it for checks that missed information."""
    event = events(a_gate([a_finding(**changes)]))["model-without-owner"]

    assert (event["compliance"]["status"], event["status"]) == (compliance, status)


def test_what_was_seen_before_is_an_update(a_finding, a_gate, events):
    """So that a lake keeps one finding, and its first day."""
    found = events(
        a_gate([a_finding("old", first_seen=utc("2026-11-01")), a_finding("new", first_seen=None)])
    )

    assert {name: one["activity_name"] for name, one in found.items()} == {
        "old": "Update",
        "new": "Create",
    }
    assert found["old"]["finding_info"]["first_seen_time"] == 1793491200000


def test_what_was_not_asked_is_no_event(a_finding, a_gate, events):
    """A rule for others says nothing of this subject."""
    assert events(a_gate([a_finding(verdict=Verdict.SKIP)])) == {}


def test_a_rule_of_no_framework_names_its_own_source(a_finding, a_gate, events):
    """The standard requires a standard; none is invented."""
    event = events(a_gate([a_finding()], rules=(a_rule(frameworks=(), source="House rule"),)))

    assert event["model-without-owner"]["compliance"]["standards"] == ["House rule"]


def test_hostile_names_keep_the_shape(a_full_gate, hostile, events):
    """Eight findings that were asked, with any text in them."""
    assert len(events(a_full_gate(hostile))) == 8
