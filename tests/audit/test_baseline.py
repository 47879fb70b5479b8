"""A baseline lets a team start today: what is in it is known, and it can only get shorter."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from builders.rows import insert
from quaestor.audit.baseline import read_baseline, renewed, still_recorded, write_baseline
from quaestor.audit.gate import decide
from quaestor.audit.known import mark_known
from quaestor.core.errors import ConfigurationError
from quaestor.core.period import utc
from quaestor.core.verdict import Severity, Verdict
from quaestor.warehouse.duckdb import Warehouse

NOW = utc("2026-11-21T06:00")
LATER = utc("2026-12-01T06:00")
ALL = ("model-without-owner", "model-without-card")


def of(findings, before=None, policies=ALL, recorded=(), lapsed=(), only_prune=False, now=NOW):
    return renewed(
        before,
        findings,
        policies=policies,
        recorded=recorded,
        lapsed=frozenset(lapsed),
        only_prune=only_prune,
        now=now,
    )


def subjects(baseline):
    return [one.subject for one in baseline.findings]


def known(findings, baseline, lapsed=()):
    return [one.known for one in mark_known(findings, baseline.since(), lapsed=frozenset(lapsed))]


def test_what_is_in_it_is_known_and_does_not_close_the_gate(a_finding):
    """The new violation does; both are shown."""
    old, new = a_finding(), a_finding(subject="fraud", model="fraud")
    marked = mark_known([old, new], of([old]).since(), lapsed=frozenset())
    decision = decide(marked, fail_on=Severity.HIGH)

    assert [one.known for one in marked] == ["in the baseline since 2026-11-21", None]
    assert [one.verdict for one in marked] == [Verdict.FAIL, Verdict.FAIL]
    assert [one.subject for one in decision.failing] == ["fraud"]
    assert decide(marked[:1], fail_on=Severity.HIGH).exit_code == 0


def test_a_critical_gets_in_neither_by_writing_nor_by_hand(a_finding):
    """A rule that became critical since counts as what it is today."""
    critical = a_finding(severity=Severity.CRITICAL)

    assert of([critical]).findings == ()
    assert known([critical], of([a_finding()])) == [None]


@pytest.mark.parametrize("verdict", ["pass", "skip", "unknown", "error", "waived"])
def test_only_violations_get_in(a_finding, verdict):
    """A waived one is the waiver's: it would outlive it here."""
    assert of([a_finding(verdict=Verdict(verdict))]).findings == ()


def test_a_violation_whose_waiver_lapsed_is_never_known(a_finding):
    """The waiver gave it an end; a baseline must not take that away."""
    one = a_finding()
    baseline = of([one])

    assert known([one], baseline, lapsed=[one.fingerprint]) == [None]
    assert of([one], baseline, lapsed=[one.fingerprint]).findings == ()


def test_an_entry_covers_what_it_says_and_not_what_its_fingerprint_hides(a_finding):
    """Whoever reviews the file reads policy and subject, not 64 hex digits."""
    one = a_finding()
    baseline = of([replace(one, policy="model-without-card")])

    assert known([one], baseline) == [None]


@pytest.mark.parametrize(
    ("verdict", "kept"),
    [("fail", True), ("unknown", True), ("error", True), ("pass", False), ("waived", False)],
)
def test_writing_prunes_what_no_longer_stands(a_finding, verdict, kept):
    """What nobody can tell of is not mended; what is waived is the waiver's."""
    baseline = of([a_finding()])
    after = of([a_finding(verdict=Verdict(verdict))], baseline, now=LATER)

    assert subjects(after) == (["churn"] if kept else [])


def test_a_mended_violation_that_returns_is_new(a_finding):
    """That is what pruning is for."""
    pruned = of([a_finding(verdict=Verdict.PASS)], of([a_finding()]))

    assert known([a_finding()], pruned) == [None]


def test_a_subject_that_is_gone_is_pruned(a_finding):
    """A deployment that comes back with the same fault is seen."""
    other = a_finding("model-without-card", verdict=Verdict.PASS)

    assert of([other], of([a_finding()])).findings == ()


def test_a_subject_that_is_there_and_was_not_judged_stays(a_finding):
    """A gate of one version, or of one deployment, says nothing of the model's others."""
    baseline = of([a_finding(subject="churn:7")])
    there = [one.key for one in baseline.findings]
    other = a_finding(subject="churn:8", verdict=Verdict.PASS)

    assert subjects(of([other], baseline, recorded=there)) == ["churn:7"]
    mended = a_finding(subject="churn:7", verdict=Verdict.PASS)
    assert subjects(of([mended], baseline, recorded=there)) == []


def test_a_violation_of_no_model_stays_until_it_is_judged(a_finding):
    """A team's budget belongs to no target; only its own answer drops it."""
    baseline = of([a_finding(subject="team", model=None)])

    assert subjects(of([a_finding(model=None)], baseline)) == ["churn", "team"]


def test_what_is_still_there_is_read_from_the_warehouse(a_finding):
    """By source and name; of a policy in free SQL nothing is known."""
    policies = [
        SimpleNamespace(id=name, says=SimpleNamespace(subject=subject))
        for name, subject in (
            ("version-without-run", "registry.model_version"),
            ("budget-gone", "ledger.budget"),
            ("free", None),
        )
    ]
    with Warehouse(":memory:") as warehouse:
        insert(warehouse, "registry.model_version", source="registry", model="churn", version="7")
        baseline = of(
            [
                a_finding("version-without-run", "churn:7"),
                a_finding("version-without-run", "churn:8"),
                a_finding("version-without-run", "churn:7", source="other"),
                a_finding("budget-gone", "team", source=None),
                a_finding("free", "churn:7"),
            ]
        )
        found = still_recorded(warehouse, baseline, policies)

    there = [one for one in baseline.findings if one.key in found]
    assert [(one.policy, one.source, one.subject) for one in there] == [
        ("version-without-run", "registry", "churn:7")
    ]


def test_pruning_lets_nothing_new_in(a_finding):
    """A job may prune every night without ever accepting anything."""
    old, new = a_finding(), a_finding(subject="churn:7")

    assert subjects(of([old, new], of([old]), only_prune=True)) == ["churn"]
    assert subjects(of([old, new], of([old]))) == ["churn", "churn:7"]


def test_what_was_not_judged_stays(a_finding):
    """Another model, a policy left out, and a policy that broke say nothing of the entry."""
    baseline = of([a_finding()])
    fraud = a_finding(subject="fraud", model="fraud", verdict=Verdict.PASS)
    card = a_finding("model-without-card", verdict=Verdict.PASS)
    broken = a_finding(source=None, subject="*", verdict=Verdict.ERROR)

    assert subjects(of([fraud], baseline)) == ["churn"]
    assert subjects(of([card], baseline, policies=["model-without-card"])) == ["churn"]
    assert subjects(of([broken], baseline)) == ["churn"]


def test_the_first_day_stays(a_finding, tmp_path):
    """The file round-trips byte for byte, and an old entry keeps its day."""
    path = tmp_path / "baseline.json"
    first = of([a_finding(subject="churn \ud83d<b>", first_seen=utc("2026-10-02T06:00"))])
    write_baseline(path, first)
    read = read_baseline(path)
    again = of([a_finding(subject="churn \ud83d<b>")], read, now=LATER)

    assert read == first == again
    assert list(read.since().values()) == ["in the baseline since 2026-10-02"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"schema_version": "1"', '"schema_version": "2"'),
        ('"schema_version": "1",', ""),
        ('"kind"', '"kynd"'),
        ('"subject"', '"subjects"'),
        ('"high"', '"huge"'),
        ('"fingerprint": "', '"fingerprint": "x'),
        ('"source"', '"source": null, "source"'),
        ('"source"', "source"),
    ],
)
def test_a_malformed_file_is_refused(a_finding, tmp_path, old, new):
    """A half-read list would let the rest fail, or worse, pass."""
    path = tmp_path / "baseline.json"
    write_baseline(path, of([a_finding()]))
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))

    assert refused(path) == (2, str(path))


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 100_000, b"\xff"])
def test_what_is_no_baseline_is_refused(tmp_path, content):
    """Neither an empty file nor an endless one is an empty baseline."""
    path = tmp_path / "baseline.json"
    path.write_bytes(content)

    assert refused(path) == (2, str(path))


def test_a_violation_twice_is_refused(a_finding, tmp_path):
    """Two first days of one violation are a merge gone wrong."""
    path = tmp_path / "baseline.json"
    write_baseline(path, of([a_finding()]))
    value = json.loads(path.read_text())
    path.write_text(json.dumps(value | {"findings": value["findings"] * 2}))

    assert refused(path) == (2, str(path))


def refused(path):
    with pytest.raises(ConfigurationError) as problem:
        read_baseline(path)
    return problem.value.exit_code, problem.value.where


def test_a_baseline_that_is_not_there_is_refused(tmp_path):
    """A typing mistake must not read as an empty one."""
    with pytest.raises(ConfigurationError, match="no such baseline"):
        read_baseline(tmp_path / "baseline.json")
