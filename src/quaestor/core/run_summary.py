"""One gate or audit, finished: what was decided, on what evidence, for every format to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct, field

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.finding import Finding
from quaestor.core.rule import Basis, Rule
from quaestor.core.verdict import Severity, Verdict
from quaestor.core.waivers import WaiverState, WaiverUse

OPEN = ("open", "reopened")  # the states of advice that is given and not turned down


class Outcome(StrEnum):
    """What a gate or an audit ends with, one word for each exit code that is a verdict."""

    PASSED = "passed"
    FAILED = "failed"
    INCOMPLETE = "incomplete"
    NOTHING_EVALUATED = "nothing-evaluated"

    @property
    def exit_code(self) -> int:
        """Return the exit code that `quaestor --help` promises for it.

        >>> Outcome.INCOMPLETE.exit_code
        3
        """
        return {"passed": 0, "failed": 1, "incomplete": 3, "nothing-evaluated": 4}[self]


class Decision(Struct, frozen=True):
    """What the findings come to.

    Args:
        verdict: The outcome; `exit_code` follows from it, except that `relaxed` says 0.
        exit_code: What the process ends with.
        failing: The findings that make it fail, worst first.
        unanswered: The findings that leave it open, worst first.
        relaxed: It is incomplete and passes all the same (`--on-missing warn`).
    """

    verdict: Outcome
    exit_code: int
    failing: tuple[Finding, ...]
    unanswered: tuple[Finding, ...]
    relaxed: bool = False


class BudgetOutlook(Struct, frozen=True, kw_only=True):
    """What a budget's month comes to once a deploy's change is in it, in its currency.

    Args:
        budget: Its name.
        amount: What may be spent in a month.
        expected: What this month was expected to come to without the change; None: not known.
        with_change: A whole month at that pace, the change in it; None: not known.
    """

    budget: str
    amount: Decimal
    expected: Decimal | None
    with_change: Decimal | None

    @property
    def exceeded(self) -> bool | None:
        """Return whether the change takes the month over the budget; None: not known."""
        return None if self.with_change is None else self.with_change > self.amount


class PricedChange(Struct, frozen=True, kw_only=True):
    """What a deploy changes of the cost of one deployment, before it ships.

    Every amount is of a month of 730 hours, by list price. None is unknown, never zero.

    Args:
        target: The file it stands in, with the line, such as "deploy/churn.yaml:1".
        deployment: What it deploys, such as "prod/Deployment/churn".
        model: The model it serves, as `model` or `model:version`; None: not said.
        cost_now: What runs now costs; zero where nothing does.
        cost_then: What will run costs.
        change: `cost_then - cost_now`; None where either is.
        currency: Of every amount, ISO 4217.
        is_new: Nothing of this name was found running.
        basis: How `cost_then` was worked out, in words.
        unknown_because: Why `change` is None; else None.
        budgets: The budgets that the model's cost counts against.
    """

    target: str
    deployment: str
    model: str | None
    cost_now: Decimal | None
    cost_then: Decimal | None
    change: Decimal | None
    currency: str
    is_new: bool
    basis: str
    unknown_because: str | None = None
    budgets: tuple[BudgetOutlook, ...] = ()


class AdviceCount(Struct, frozen=True, kw_only=True):
    """How much advice an audit found in which state, and what changed since the one before.

    Args:
        open: How much is given, reopened included, dismissed not.
        saving_per_month: What it comes to, alternatives counted once, in the reporting currency.
        ending_per_month: Of it, what jobs that run now cost: that may end by itself.
        unpriced: How much of `open` has no known saving.
        dismissed: How much is dismissed.
        new: How much is advised for the first time.
        taken: How much was taken.
        gone: How much is given no more for another reason.
        reopened: How much is given again.
        realised_per_month: What taken advice was measured to save on the bill; None: not measured.
    """

    open: int = 0
    saving_per_month: Decimal = Decimal(0)
    ending_per_month: Decimal = Decimal(0)
    unpriced: int = 0
    dismissed: int = 0
    new: int = 0
    taken: int = 0
    gone: int = 0
    reopened: int = 0
    realised_per_month: Decimal | None = None


class RunSummary(Struct, frozen=True, kw_only=True):
    """One gate or audit, with everything a format may need.

    Args:
        kind: "gate" or "audit".
        targets: What was asked about, such as ("churn:7",); () for everything.
        environment: Where the targets are to run, or None.
        tier: The risk tier that was assumed of their models, or None: as recorded.
        decision: What the findings come to.
        findings: Every finding, in any order; `ordered` sorts them for readers.
        blind_spots: What could not be looked at and counts against the decision.
        fail_on: From which severity on a violation fails.
        audited_at: The clock of the run, UTC.
        evidence_at: When the oldest evidence was collected, UTC; None: not known.
        currency: Of every amount at stake, ISO 4217.
        configuration: The configuration file, relative to where the run was started, with "/".
        version: Of Quaestor.
        left_out: The policies that the caller asked to leave out; nothing is said of them.
        waivers: What each waiver came to that has something to say here, by id.
        priced: What the deploys asked about would change of their cost, in the order asked.
        rules: The policies that were asked, by id; for what findings do not carry.
        registries: What kind of registry each source is ("mlflow"), by the source's name.
        places: Where a thing is stated in a file, as "file:line", by table and name, such as
            ("registry.model", "churn").
        bases: What the warehouse has behind failing and unanswered findings, by fingerprint;
            None: nobody asked (`--explain`).
        advice: Of an audit, what there is to save; None: nothing was ever looked at for it.
    """

    kind: str
    targets: tuple[str, ...]
    environment: str | None = None
    tier: int | None = None
    decision: Decision
    findings: tuple[Finding, ...]
    blind_spots: tuple[BlindSpot, ...]
    fail_on: Severity
    audited_at: datetime
    evidence_at: datetime | None
    currency: str
    configuration: str
    version: str
    left_out: tuple[str, ...] = ()
    waivers: tuple[WaiverUse, ...] = ()
    priced: tuple[PricedChange, ...] = ()
    rules: tuple[Rule, ...] = ()
    registries: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[tuple[str, str], str] = field(default_factory=dict)
    bases: Mapping[str, Basis] | None = None
    advice: AdviceCount | None = None

    def counts(self) -> dict[str, int]:
        """Return how many findings gave each verdict, every verdict named."""
        seen = Counter(finding.verdict for finding in self.findings)
        return {verdict.value: seen[verdict] for verdict in Verdict}

    def waivers_in(self, *states: WaiverState) -> list[WaiverUse]:
        """Return the waivers in these states, by id."""
        return [use for use in self.waivers if use.state in states]

    def known(self) -> list[Finding]:
        """Return the violations that were there before and do not close the gate, worst first."""
        return worst_first([one for one in self.findings if one.known is not None])

    def told(self) -> list[Finding]:
        """Return the violations as severe as those that fail, of rules that stop nothing."""
        return [
            one
            for one in self.findings
            if one.verdict is Verdict.FAIL
            and one.known is None
            and not one.blocking
            and one.severity.reaches(self.fail_on)
        ]

    def ordered(self, *verdicts: Verdict) -> list[Finding]:
        """Return the findings of these verdicts, worst first."""
        return worst_first([one for one in self.findings if one.verdict in verdicts])


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """Sort by severity, then by money (unknown last), then by names: the same order each run."""
    return sorted(
        findings,
        key=lambda one: (
            one.severity.rank,
            one.at_stake_per_month is None,
            -(one.at_stake_per_month or 0),
            one.policy,
            one.source or "",
            one.subject,
        ),
    )
