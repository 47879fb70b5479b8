"""Findings that are made in bulk are findings like any other."""

from __future__ import annotations

from dataclasses import asdict, replace
from decimal import Decimal

import pytest

from builders.findings import a_finding
from quaestor.core.finding import FindingMaker
from quaestor.core.verdict import Severity, Verdict

SHARED = {
    "policy": "model-without-owner",
    "title": "Every model has an owner",
    "family": "ownership",
    "severity": Severity.HIGH,
    "blocking": True,
    "remedy": "Set gov.owner to a group.",
    "why": "Nobody answers for a model without an owner.",
}


@pytest.fixture
def asked():
    """How often the rest of a finding was asked for."""
    return []


@pytest.fixture
def later(asked):
    """A finding whose reason and evidence are made when asked for."""

    def rest(row):
        asked.append(row)
        return {"reason": f"{row[0]} has no owner", "evidence": {"owner": None}}

    maker = FindingMaker(**SHARED)
    return maker.make_later(
        "registry", "churn", "churn", Verdict.FAIL, Decimal(7), rest, ("churn",)
    )


def test_what_is_made_later_is_the_same(later):
    """Equal, field by field, to one that was made at once."""
    whole = a_finding(
        evidence={"owner": None}, at_stake_per_month=Decimal(7), first_seen=None, waiver=None
    )

    assert later == whole
    assert asdict(later) == asdict(whole)
    assert repr(later) == repr(whole)


def test_the_rest_is_made_once_and_only_when_asked_for(later, asked):
    """Counting verdicts makes no reasons; reading one twice makes it once."""
    assert (later.verdict, later.subject, asked) == (Verdict.FAIL, "churn", [])
    assert later.reason == later.reason == "churn has no owner"
    assert len(later.fingerprint) == 64
    assert asked == [("churn",)]


def test_it_can_be_changed_like_any_other(later):
    """A waiver makes another finding of it, with all it said."""
    waived = replace(later, verdict=Verdict.WAIVED, waiver="w-1")

    assert (waived.reason, waived.waiver) == ("churn has no owner", "w-1")
    assert later.verdict is Verdict.FAIL


def test_a_field_that_does_not_exist_is_an_error(later):
    """A misspelt name is none of the fields."""
    with pytest.raises(AttributeError, match="a finding has no 'reasn'"):
        later.reasn  # noqa: B018 - the access is the test
