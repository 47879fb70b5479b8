"""What holds of every format: whatever a name is made of, it is text and nothing else."""

from __future__ import annotations

import re

import pytest

from quaestor.core.run_summary import Outcome
from quaestor.report.export import FORMATS, formatted

DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff\u2028\u2029]")
# What shows a finding that is waived or known before: by its policy's id, in every format.
VISIBLE = ("failing", "open", "known", "waived")


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_names_leave_no_character_that_acts(a_full_gate, hostile, name):
    """No control character, no change of direction; UTF-8 takes all of it."""
    text = formatted(name, a_full_gate(hostile))

    assert CONTROL.search(text) is None
    assert DIRECTION.search(text) is None
    assert text.encode().decode() == text


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_gate_gives_the_same_bytes(a_full_gate, name):
    """Whatever the order in which the engine answered."""
    gate = a_full_gate()
    turned = a_full_gate(findings=gate.findings[::-1])

    assert formatted(name, gate) == formatted(name, turned)


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_gate_can_be_shown_too(a_gate, name, outcome):
    """No finding, no target, no age, no currency known beyond its name."""
    gate = a_gate([], outcome, targets=(), evidence_at=None, kind="audit")

    assert formatted(name, gate).strip()


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_waived_or_known_before_is_visible(a_full_gate, name):
    """Nothing is hidden by being accepted."""
    text = formatted(name, a_full_gate())

    assert [policy for policy in VISIBLE if policy not in text] == []


@pytest.mark.parametrize(
    ("name", "most"),
    [("markdown", 60_000), ("github-summary", 1_000_000), ("github", 150_000), ("html", 1_000_000)],
)
@pytest.mark.parametrize("character", ["x", "*", "\u202e", "\U0001f600"])
def test_names_of_64_kb_make_no_page_that_cannot_be_shown(
    a_full_gate, a_finding, name, most, character
):
    """GitHub refuses comments of 64 kB; 400 findings with such reasons still make one."""
    long = character * 65_536
    gate = a_full_gate(long)
    many = [a_finding(f"rule-{n}", long, reason=long, remedy=long) for n in range(400)]
    text = formatted(name, a_full_gate(long, findings=[*gate.findings, *many]))

    assert len(text.encode()) < most


DIGEST = "sha256:4fd2334b5f3b441060bf90c4c59f507ef6108d51d1f09ae7e71008b0b64468a8"


def _with_digests(a_gate, a_finding, *digests):
    runs = " and ".join(digests)
    return a_gate([a_finding(reason=f"it runs {runs}")])


@pytest.mark.parametrize("name", ["table", "markdown", "github", "github-summary", "gitlab"])
def test_people_read_twelve_digits_of_a_digest(a_gate, a_finding, name):
    """Twelve tell it from any other; sixty-four bury the sentence that they stand in."""
    text = formatted(name, _with_digests(a_gate, a_finding, DIGEST))

    assert "4fd2334b5f3b" in text
    assert "4fd2334b5f3b4" not in text


@pytest.mark.parametrize("name", ["json", "html", "sarif", "csv", "junit", "ocsf"])
def test_programs_get_every_digit_and_so_does_who_hovers(a_gate, a_finding, name):
    """What was shortened for people is there for who needs it."""
    assert DIGEST in formatted(name, _with_digests(a_gate, a_finding, DIGEST))


def test_digests_that_begin_alike_stay_whole(a_gate, a_finding):
    """Else 'runs X, approved was Y' would read as if they were one."""
    other = DIGEST[:-1] + "0"
    text = formatted("table", _with_digests(a_gate, a_finding, DIGEST, other))

    assert f"it runs {DIGEST} and {other}" in text
