"""What people read in a terminal or a CI log."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec import structs

from builders.gates import a_budget, a_change, a_rule, a_waiver_use
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.period import utc
from quaestor.core.rule import Basis
from quaestor.core.run_summary import AdviceCount, Outcome
from quaestor.core.verdict import Severity, Verdict
from quaestor.core.waivers import WaiverState
from quaestor.report.export import formatted


def test_the_verdict_comes_first_and_then_what_to_mend(a_finding, a_gate):
    """One sentence, the violations worst first with money and remedy, then the rest."""
    text = formatted(
        "table",
        a_gate(
            [
                a_finding(at_stake_per_month=Decimal("1234.5")),
                a_finding(
                    "version-without-approval",
                    "churn:7",
                    severity=Severity.CRITICAL,
                    reason="churn:7 runs without approval",
                    remedy="Ask for a review.",
                ),
                a_finding(
                    "version-without-digest",
                    "churn:7",
                    verdict=Verdict.UNKNOWN,
                    reason="the registry cannot tell the digest",
                    remedy=None,
                ),
                a_finding("card-incomplete", blocking=False, severity=Severity.LOW),
                a_finding("version-without-run", verdict=Verdict.WAIVED, waiver="W-7"),
                a_finding("version-latest", verdict=Verdict.PASS),
                a_finding("version-archived", verdict=Verdict.SKIP),
            ]
        ),
    )

    assert text == (
        "churn:7 may not run: 2 rules are broken at or above high.\n"
        "\n"
        "FAIL  critical  version-without-approval  churn:7\n"
        "      churn:7 runs without approval\n"
        "      fix: Ask for a review.\n"
        "FAIL  high  model-without-owner  churn\n"
        "      churn has no owner\n"
        "      at stake: 1,234.50 USD a month\n"
        "      fix: Set gov.owner to a group.\n"
        "OPEN  high  version-without-digest  churn:7\n"
        "      the registry cannot tell the digest\n"
        "warn  low  card-incomplete  churn\n"
        "      churn has no owner\n"
        "      fix: Set gov.owner to a group.\n"
        "waived high  version-without-run  churn\n"
        "      churn has no owner\n"
        "      waiver: W-7\n"
        "      fix: Set gov.owner to a group.\n"
        "\n"
        "1 passed, 3 failed, 1 unknown, 0 error, 1 waived, 1 skipped\n"
        "evidence: collected 2026-11-21 01:00 UTC, 5 hours ago\n"
    )


@pytest.mark.parametrize(
    ("outcome", "targets", "first"),
    [
        (Outcome.PASSED, ("churn:7",), "churn:7 may run: nothing at or above high is wrong."),
        (Outcome.PASSED, (), "The gate passed: nothing at or above high is wrong."),
        (
            Outcome.INCOMPLETE,
            ("churn:7",),
            "churn:7 cannot be cleared: 1 blind spot hides evidence.",
        ),
        (
            Outcome.NOTHING_EVALUATED,
            ("a:1", "b:2"),
            "a:1, b:2 was not evaluated: no policy gave a verdict.",
        ),
    ],
)
def test_each_outcome_has_its_sentence(a_gate, outcome, targets, first):
    """The first line alone says whether it may run."""
    spots = [BlindSpot(source="registry", scope="all", reason="refused", fix="Start it.")]
    seen = spots if outcome is Outcome.INCOMPLETE else []
    text = formatted("table", a_gate([], outcome, targets=targets, blind_spots=tuple(seen)))

    assert text.splitlines()[0] == first


def test_a_broken_rule_that_stops_nothing_is_in_the_first_line(a_gate, a_finding):
    """`may run` is not said as if all were well; what is less severe is shown and not counted."""
    told = [a_finding(blocking=False), a_finding("card-incomplete", severity=Severity.LOW)]
    text = formatted("table", a_gate(told, Outcome.PASSED, targets=("churn:7",)))

    assert text.splitlines()[0] == (
        "churn:7 may run: nothing that stops it is wrong; 1 rule is broken at or above high."
    )


def test_a_blind_spot_is_shown_with_its_remedy(a_gate):
    """What could not be seen comes before what was."""
    spot = BlindSpot(source="registry", scope="all", reason="connection refused", fix="Start it.")
    text = formatted("table", a_gate([], Outcome.INCOMPLETE, blind_spots=(spot,)))

    assert text.splitlines()[2:5] == [
        "BLIND registry: all",
        "      connection refused",
        "      fix: Start it.",
    ]


def test_a_blind_spot_is_shown_with_its_month_and_the_money_it_hides(a_gate):
    """So that two months of one cluster are told apart."""
    spot = BlindSpot(
        source="bill", scope="currency XTS", reason="there is no rate", period="2026-10",
        amount=Decimal(1234), currency="XTS",
    )  # fmt: skip
    text = formatted("table", a_gate([], Outcome.INCOMPLETE, blind_spots=(spot,)))

    assert text.splitlines()[2:5] == [
        "BLIND bill: currency XTS, 2026-10",
        "      there is no rate",
        "      money: 1,234.00 XTS",
    ]


def test_a_remedy_of_several_lines_is_one_line(a_finding, a_gate):
    """As a policy file folds it."""
    text = formatted("table", a_gate([a_finding(remedy="Set the tag,\n  then ask again.\n")]))

    assert "      fix: Set the tag, then ask again.\n" in text


def test_evidence_of_unknown_age_is_said_to_be_so(a_gate):
    """Never an age of zero for want of a date."""
    assert formatted("table", a_gate([], evidence_at=None)).endswith("evidence: of unknown age\n")


def test_hostile_names_cannot_act_on_a_terminal(a_finding, a_gate, hostile):
    """No control character, no forged line: every line starts with a mark or an indent of ours."""
    finding = a_finding(
        subject=hostile, reason=hostile, source=hostile, remedy=hostile, waiver=hostile
    )
    text = formatted("table", a_gate([finding], targets=(hostile,), currency=hostile))

    assert all(line.isprintable() for line in text.split("\n"))
    assert len(text.split("\n")) == 10
    assert text.encode("utf-8")


def test_what_is_known_before_stands_apart(a_finding, a_gate):
    """Shown with its reason, and neither a failure nor a warning."""
    known = a_finding(known="in the baseline since 2026-11-01", remedy=None)
    text = formatted("table", a_gate([known], Outcome.PASSED))

    assert text.splitlines()[:5] == [
        "churn:7 may run: nothing new at or above high is wrong, 1 known before.",
        "",
        "known high  model-without-owner  churn",
        "      churn has no owner",
        "      known: in the baseline since 2026-11-01",
    ]
    assert "1 of the failed known before" in text


def test_money_and_waivers_come_last_and_whole(a_gate):
    """What it would cost, what that does to the budget, and which waiver needs somebody."""
    gate = a_gate(
        [],
        Outcome.PASSED,
        priced=(
            a_change(budgets=(a_budget(), a_budget(with_change=None))),
            a_change(cost_now=None, change=None, unknown_because="no price is known"),
            a_change(is_new=True, change=Decimal(1200)),
        ),
        waivers=tuple(a_waiver_use(state) for state in WaiverState),
    )
    lines = formatted("table", gate).splitlines()

    name, spec = "prod/Deployment/churn", "2 x g5.xlarge"
    about = "(model-without-owner on churn)"

    assert [line for line in lines if line.startswith(("cost:", "waiver:"))] == [
        f"cost: {name}: +400.00 USD a month (800.00 USD now, then 1,200.00 USD; {spec})",
        "cost: budget search, 3,000.00 USD a month: exceeded, 3,200.00 USD with the change",
        "cost: budget search, 3,000.00 USD a month: whether the change fits is unknown",
        "cost: prod/Deployment/churn: the change of its cost is unknown (no price is known)",
        f"cost: prod/Deployment/churn: +1,200.00 USD a month (new, then 1,200.00 USD; {spec})",
        f"waiver: W-7 lapsed on 2026-11-24: 1 violation is active again {about}",
        f"waiver: W-7 ends in 3 days, on 2026-11-24 {about}",
        f"waiver: W-7 is stale: it matches nothing {about}",
        f"waiver: W-7 is not yet in force, but from 2026-11-01 on {about}",
    ]


def test_explained_a_violation_shows_rule_values_rows_and_commands(a_finding, a_gate):
    """Parameters stand in the rule; the command is for the registry that the model is in."""
    finding = a_finding(evidence={"owner": None, "aliases": ["champion"], "public": True})
    basis = Basis(
        registered=({"source": "registry", "model": "churn", "owner": None},),
        about="churn in 2026-10",
        figure=Decimal("1200.5"),
        files=(
            {"source": "registry", "file": "reg/1.json", "sha256": "cd" * 32, "charges": None},
            {"source": "aws", "file": "aws/1.csv", "sha256": "ab" * 32, "charges": 4},
        ),
        collected_at=utc("2026-11-21T05:00"),
    )
    gate = a_gate(
        [finding],
        rules=(a_rule(texts=(("when", "tier <= $tier"), ("require", "at <= $now\nand a"))),),
        registries={"registry": "mlflow"},
        places={("registry.model", "churn"): "models/churn/model.gov.yaml:4"},
        bases={finding.fingerprint: basis},
    )

    assert formatted("table", gate).splitlines()[3:-3] == [
        "      churn has no owner",
        "      fix: Set gov.owner to a group.",
        "      when: tier <= 2",
        "      require:",
        "        at <= timestamp '2026-11-21 06:00:00'",
        "        and a",
        "      evidence: owner = unknown",
        '      evidence: aliases = ["champion"]',
        "      evidence: public = true",
        "      source: registry, read 2026-11-21 05:00 UTC",
        "      stated in: models/churn/model.gov.yaml:4",
        "      registered: source registry, model churn",
        "      money: churn in 2026-10, 1,200.50 USD",
        f"      landed: reg/1.json (sha256 {'cd' * 6}…)",
        f"      landed: aws/1.csv (4 charges, sha256 {'ab' * 6}…)",
        "      do (mlflow): set-tag MODEL gov.owner",
    ]


@pytest.mark.parametrize(
    ("evidence", "shown"),
    [
        ({"risk_tier": 1}, ["      when: age < 14"]),
        ({"risk_tier": None}, ["      when: age < 14"]),
        ({"risk_tier": 3}, ["      when: age < 30"]),
        ({}, ["      when: age < $days", "      $days: 14 in tier 1, 30 in tier 3"]),
    ],
)
def test_a_parameter_that_differs_by_tier_is_that_of_the_subject(
    a_finding, a_gate, evidence, shown
):
    """A blank tier counts as 1; of an unknown one every value is said."""
    rule = a_rule(texts=(("when", "age < $days"),), params={"days": {"1": 14, "3": 30}})
    lines = formatted("table", a_gate([a_finding(evidence=evidence)], rules=(rule,), bases={}))

    assert [line for line in lines.splitlines() if "age <" in line or "$days:" in line] == shown


def test_rules_are_counted_once_however_many_subjects_they_meet(a_finding, a_gate):
    """One rule that two models break is one rule, twice."""
    broken = [a_finding(subject="churn"), a_finding(subject="fraud"), a_finding("other-rule")]
    silent = [
        a_finding("no-word", name, verdict=Verdict.UNKNOWN, reason="nobody says") for name in "ab"
    ]

    assert formatted("table", a_gate(broken)).startswith(
        "churn:7 may not run: 2 rules are broken (3 times) at or above high.\n"
    )
    assert formatted("table", a_gate(silent, Outcome.INCOMPLETE)).startswith(
        "churn:7 cannot be cleared: 1 rule has no answer (2 times).\n"
    )


@pytest.mark.parametrize("name", ["table", "markdown"])
def test_of_many_policies_left_out_the_first_are_named_and_the_rest_counted(a_gate, name):
    """`--policy` leaves out all but one; their names would bury the verdict."""
    few = formatted(name, a_gate([], left_out=("a-rule", "b-rule")))
    many = formatted(name, a_gate([], left_out=tuple(f"rule{n:03}" for n in range(121))))

    assert "out, as asked: a" in few
    assert "more" not in few
    assert "rule007 and 113 more" in many
    assert "rule008" not in many


def test_a_lapsed_waiver_that_nothing_needs_any_more_says_only_that(a_gate):
    """That no violations are active again would read as an alarm."""
    lapsed = structs.replace(a_waiver_use(WaiverState.LAPSED), lapsed=())
    lines = formatted("table", a_gate([], waivers=(lapsed,))).splitlines()

    assert "waiver: W-7 lapsed on 2026-11-24 (model-without-owner on churn)" in lines


def test_of_many_targets_the_first_are_named_and_the_rest_counted(a_gate):
    """A folder of forty models leaves room for the verdict."""
    targets = tuple(f"model{n:02}:1" for n in range(40))
    first = formatted("table", a_gate([], Outcome.PASSED, targets=targets)).splitlines()[0]

    assert first.startswith("model00:1, ")
    assert "model07:1 and 32 more may run: " in first


@pytest.mark.parametrize(
    ("advice", "line"),
    [
        (None, None),
        (AdviceCount(), "advice: 0 open, 0.00 USD a month"),
        (
            AdviceCount(open=1, saving_per_month=Decimal(5), realised_per_month=Decimal(730)),
            "advice: 1 open, 5.00 USD a month; what was taken saves 730.00 USD a month on the bill",
        ),
        (
            AdviceCount(open=12, saving_per_month=Decimal("3210"), taken=2, reopened=1),
            "advice: 12 open, 3,210.00 USD a month; since the audit before: 2 taken, 1 reopened",
        ),
        (
            AdviceCount(open=2, unpriced=1, saving_per_month=Decimal(10), dismissed=3),
            "advice: 2 open, 10.00 USD a month, 1 whose saving is not known, 3 dismissed",
        ),
    ],
)
def test_an_audit_says_in_one_line_what_there_is_to_save(a_gate, advice, line):
    """What is open and what changed; nothing where nobody was ever advised of anything."""
    lines = formatted("table", structs.replace(a_gate([]), advice=advice)).splitlines()

    assert [one for one in lines if one.startswith("advice:")] == ([line] if line else [])
