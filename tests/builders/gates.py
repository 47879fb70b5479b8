"""Builders: what a gate knows beside its findings, with one text wherever a name may stand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from builders.findings import a_finding
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.rule import Basis, Rule
from quaestor.core.run_summary import BudgetOutlook, PricedChange
from quaestor.core.verdict import Severity, Verdict
from quaestor.core.waivers import Waiver, WaiverState, WaiverUse


def a_rule(policy: str = "model-without-owner", **changes) -> Rule:
    """One rule about models, high and blocking, that two frameworks ask for."""
    values = {
        "title": "Every model has an owner",
        "family": "ownership",
        "severity": Severity.HIGH,
        "blocking": True,
        "subject": "registry.model",
        "source": "SR 26-2, model inventory",
        "why": "Nobody answers for a model without an owner.",
        "remedy": "Set gov.owner to a group.",
        "commands": (("mlflow", "set-tag MODEL gov.owner"), ("model-gov", "add `owner:`")),
        "frameworks": (("NIST AI RMF 1.0", "GOVERN 2.1"), ("EU AI Act", "17(1)(m)")),
        "texts": (("when", "risk_tier <= $tier"), ("require", "has_text(owner)")),
        "params": {"tier": 2},
    } | changes
    return Rule(id=policy, **values)


def a_change(**changes) -> PricedChange:
    """One deployment that will cost 400 more a month than it does."""
    values = {
        "target": "deploy/churn.yaml:3",
        "deployment": "prod/Deployment/churn",
        "model": "churn:7",
        "cost_now": Decimal(800),
        "cost_then": Decimal(1200),
        "change": Decimal(400),
        "currency": "USD",
        "is_new": False,
        "basis": "2 x g5.xlarge",
    } | changes
    return PricedChange(**values)


def a_budget(**changes) -> BudgetOutlook:
    """One budget that the change exceeds."""
    values = {
        "budget": "search",
        "amount": Decimal(3000),
        "expected": Decimal(2800),
        "with_change": Decimal(3200),
    } | changes
    return BudgetOutlook(**values)


def a_waiver_use(state: WaiverState = WaiverState.ENDING, **changes) -> WaiverUse:
    """What one waiver of a high rule came to: by default it ends in three days."""
    waiver = {
        "id": "W-7",
        "policy": "model-without-owner",
        "subject": "churn",
        "reason": "The team is being formed until then.",
        "ticket": "ML-12",
        "requested_by": "ada",
        "approved_by": "grace",
        "approved_at": date(2026, 11, 1),
        "expires": date(2026, 11, 24),
        "compensating_control": "The platform team answers pages.",
        "place": "waivers/churn.yaml:1",
        "policies": ("model-without-owner",),
        "severity": Severity.HIGH,
    } | changes
    lapsed = ("a" * 64,) if state is WaiverState.LAPSED else ()
    return WaiverUse(
        waiver=Waiver(**waiver),
        state=state,
        waived=1,
        days_left=3,
        lapsed=lapsed,
    )


def everything(text: str) -> dict:
    """Return findings of every standing and all that stands beside them, `text` in every name."""
    about = {"subject": text, "source": text, "reason": text, "title": text, "model": text}
    about |= {"remedy": text, "why": text, "evidence": {"location": text, text: text}}
    verdicts = {
        "failing": {},
        "open": {"verdict": Verdict.UNKNOWN},
        "broken": {"verdict": Verdict.ERROR},
        "unanswered": {"verdict": Verdict.UNKNOWN, "blocking": False},
        "warning": {"blocking": False, "severity": Severity.LOW},
        "known": {"known": text},
        "waived": {"verdict": Verdict.WAIVED, "waiver": text},
        "passed": {"verdict": Verdict.PASS},
        "skipped": {"verdict": Verdict.SKIP},
    }
    findings = [a_finding(name, **(about | more)) for name, more in verdicts.items()]
    rules = tuple(
        a_rule(
            one.policy,
            title=text,
            why=text,
            remedy=text,
            source=text,
            commands=((text, text),),
            frameworks=((text, text),),
            texts=(("sql", text),),
        )
        for one in findings
    )
    names = ("id", "policy", "subject", "reason", "ticket", "requested_by", "approved_by")
    waiver = dict.fromkeys((*names, "compensating_control", "place"), text)
    return {
        "findings": findings,
        "rules": rules,
        "targets": (text,),
        "configuration": text,
        "left_out": (text,),
        "blind_spots": (BlindSpot(source=text, scope=text, period=text, reason=text, fix=text),),
        "waivers": tuple(a_waiver_use(state, **waiver) for state in WaiverState),
        "priced": (
            a_change(
                target=text,
                deployment=text,
                model=text,
                basis=text,
                budgets=(a_budget(budget=text),),
            ),
            a_change(change=None, cost_then=None, unknown_because=text),
        ),
        "places": {("registry.model", text): text},
        "registries": {text: text},
        "bases": {
            one.fingerprint: Basis(
                registered=({text: text},),
                about=text,
                figure=Decimal(1),
                files=({"source": text, "file": text, "sha256": text, "charges": 1},),
            )
            for one in findings
        },
    }
