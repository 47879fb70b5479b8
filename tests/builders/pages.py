"""What the tests of pages share: which reports there are, and an estate's advice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

REPORTS = (  # in the order in which people read them
    *("index", "executive", "cost", "rightsizing", "compliance", "changes", "maturity"),
    *("cost-of-no-mlops", "reconciliation"),
)
CHARTED = ("executive", "cost", "rightsizing", "compliance", "maturity", "cost-of-no-mlops")

Insert = Callable[..., None]


def advise(insert: Insert, now: datetime, hostile: str) -> None:
    """Insert an estate's advice: of every kind of confidence, with and without a price."""
    _assess(insert, hostile)
    for number, row in enumerate(_ADVICE):
        name, kind, action, saving, counted, basis, confidence, because = row
        told: dict[str, Any] = {
            "subject": f"{kind}/{name}",
            "action": action,
            "kind": kind,
            "current": "2 x ml.g5.xlarge",
            "proposed": None if action == "delete" else "1 x ml.g5.xlarge",
            "saving_per_month": None if saving is None else Decimal(saving),
            "saving_basis": basis,
            "confidence": confidence,
            "risk": "Somebody may call it once a quarter: ask the owner.",
            "evidence": '{"requests": 0}',
            "command": f"aws sagemaker delete-endpoint --endpoint-name '{name}'"
            if action == "delete"
            else None,
            "recommendation": f"{number:016x}"[::-1],
            "name": hostile if name == "hostile" else name,
            "reason": "no call in 14 days, up to 2026-11-20",
            "counted_saving_per_month": None if counted is None else Decimal(counted),
            "stranded_per_month": Decimal(0)
            if counted is None
            else Decimal(saving or 0) - Decimal(counted),
            "counts_because": because,
            "instead_of": f"{0:016x}" if because == "alternative" else None,
            "team": "growth",
            "model": hostile if name == "hostile" else "churn",
        }
        insert("ledger.recommendation", **told)
        insert(
            "audit.recommendation",
            run_id="now",
            recommendation=told["recommendation"],
            kind=kind,
            subject=told["subject"],
            name=told["name"],
            action=action,
            saving_per_month=told["saving_per_month"],
            counted_saving_per_month=told["counted_saving_per_month"],
            stranded_per_month=told["stranded_per_month"],
            instead_of=told["instead_of"],
            counts_because=because,
            confidence=confidence,
            state="reopened" if number == 1 else "dismissed" if number == 2 else "open",
            state_reason="the owner needs it until May" if number == 2 else None,
            first_seen=now - timedelta(days=number),
            advised_at=now,
            state_since=now,
        )
    insert(
        "audit.recommendation",
        run_id="now",
        recommendation="feedfeedfeedfeed",
        kind="idle_gpu",
        subject="machine/i-1",
        name="gpu-1",
        action="stop",
        counts_because="best",
        confidence="high",
        state="taken",
        first_seen=now - timedelta(days=40),
        advised_at=now - timedelta(days=21),
        state_since=now - timedelta(days=20),
        realised_per_month=Decimal("910.5"),
        realised_low=Decimal("840"),
        realised_high=Decimal("990"),
        realised_how="against 12 machines of the same service, over 18 days",
    )


# name, kind, action, saving, counted, basis, confidence, why it counts
_ADVICE: tuple[tuple[str, str, str, str | None, str | None, str | None, str, str], ...] = (
    ("churn-eu", "idle_endpoint", "delete", "1460", "1460", "bill", "high", "best"),
    ("hostile", "endpoint_size", "resize", "730", "500", "effective rate", "medium", "best"),
    ("gpu-a10g-1", "gpu_size", "resize", "2100", "2100", "list", "low", "best"),
    ("gpu-a10g-1 schedule", "schedule", "schedule", "900", None, "bill", "medium", "alternative"),
    ("old-checkpoints", "orphan_artifact", "delete", None, None, None, "medium", "unpriced"),
)


def _assess(insert: Insert, hostile: str) -> None:
    for subject, violations, saved, is_withheld in (
        ("container/prod/serve/ranker", 20, 0.4, False),
        ("container/prod/serve/rising", 700, 0.5, True),
    ):
        insert(
            "ledger.backtest",
            kind="container_size",
            subject=subject,
            trained_from=datetime(2026, 11, 7),
            trained_until=datetime(2026, 11, 18),
            held_out_until=datetime(2026, 11, 21),
            what="cpu",
            current=10.0,
            advised=10 * (1 - saved),
            intervals=800,
            violations=violations,
            violated_ratio=violations / 800,
            expected_ratio=0.05,
            saved_ratio=saved,
            oracle_saved_ratio=0.4 if not is_withheld else 0.1,
            is_withheld=is_withheld,
        )
    for kind, answer, name, reason in (
        ("idle_endpoint", "advise", "churn-eu", "no call in 14 days"),
        ("idle_endpoint", "clean", "search-eu", "1,200 calls in 14 days"),
        ("idle_endpoint", "cannot-say", hostile, "nobody tells how often it is called"),
        ("idle_endpoint", "cannot-say", "ranker", "nobody tells how often it is called"),
        ("container_size", "withheld", "serve/ranker", "4 % of the last days went beyond it"),
        ("gpu_size", "left-alone", "dr-1", "no advice is wanted (standby): For the audit"),
    ):
        insert(
            "ledger.assessment",
            kind=kind,
            subject=f"{kind}/{name}",
            name=name,
            answer=answer,
            reason=reason,
            cost_per_month=Decimal(100) if answer != "cannot-say" else None,
        )


def mature(insert: Insert, hostile: str) -> None:
    """Insert how an estate's models are run: a model of each level, and one of no known level."""
    evidence = (
        '[{"criterion": "data-versioned", "level": 1, "met": true, "met_by": 3, "not_met_by": 1, '
        '"unknown_of": 1, "told_by": "registry.dataset.digest"}, {"criterion": "pipeline", '
        '"level": 2, "met": false, "met_by": 2, "not_met_by": 3, "unknown_of": 0, '
        '"told_by": "registry.run.pipeline"}]'
    )
    for scope, model, team, level, value, cost, pays in (
        ("organisation", None, None, 1, "410", "220", True),
        ("team", None, "growth", 1, "35", "110", False),
        ("model", "churn", "growth", 2, "35", "110", False),
        ("model", hostile, "growth", 1, None, "85", None),
        ("model", "search-ranking", "search", 0, "375", "85", True),
        ("model", "fraud-scoring", None, None, None, None, None),
        ("model", "llm-assistant", "platform-ml", 4, None, None, None),
    ):
        following = None if level in (None, 4) else level + 1
        insert(
            "ledger.maturity",
            scope=scope,
            model=model,
            team=team,
            level=level,
            evidence=evidence,
            missing=None if following is None else f"a pipeline that trains {hostile}",
            unknown="who approved it" if level is None else None,
            next_level=following,
            next_value_per_month=None if value is None else Decimal(value),
            next_cost_per_month=None if cost is None else Decimal(cost),
            is_next_advised=pays,
            advice="level 2 pays",
            models=5 if model is None else 1,
            releases_per_month=2.5 if level is not None else None,
        )


def unmanaged(insert: Insert, hostile: str) -> None:
    """Insert what the absence of MLOps costs: estimates, and a category that cannot be said."""
    for position, (category, title, low, base, high, model) in enumerate(
        (
            ("manual-workflow", "Manual workflow", "0", "900.5", "1800", None),
            ("human-error", "Human error", None, None, None, None),
            ("wasted-resources", "Wasted resources", "200", "200", "450", None),
            ("total", "All categories", "200", "1100.5", "2250", None),
            ("manual-workflow", "Manual workflow", "0", "900.5", "1800", hostile),
            ("total", "All categories", "0", "900.5", "1800", hostile),
            ("manual-workflow", "Manual workflow", "0", "0", "0", "churn"),
            ("human-error", "Human error", None, None, None, "churn"),
            ("total", "All categories", "0", "0", "0", "churn"),
        ),
        start=1,
    ):
        insert(
            "ledger.cost_of_no_mlops",
            category=category,
            position=position,
            title=title,
            model=model,
            low=None if low is None else Decimal(low),
            base=None if base is None else Decimal(base),
            high=None if high is None else Decimal(high),
            formula="hours x rate, a month; hours are assumed",
            inputs='[{"name": "hours of <b>work</b>", "value": 12.5, "unit": "hours", '
            '"source": "advice: params"}, {"name": "spend", "value": 20, "unit": "money a month", '
            '"source": "ledger.model_day"}, {"name": "runs", "value": null, "unit": "runs", '
            '"source": "ledger.run_cost"}]',
            reason="nobody says how deployments ended" if base is None else None,
        )


def hold_clusters(insert: Insert, hostile: str) -> None:
    """Insert what teams asked for on a cluster and used; and what nobody asked for, saw, billed."""
    for month in (10, 11):
        for team, kind, cost, used, price_source in (
            ("search", "direct", "800.25", "520.125", "bill"),
            ("search", "direct", "100", None, "bill"),
            (hostile, "direct", "310", "31.5", "price book: a list"),
            (None, "unattributed", "40", None, "bill"),
            (None, "idle", "450.75", "0", "bill"),
            ("risk", "direct", None, None, None),
        ):
            insert(
                "ledger.pod_day",
                day=date(2026, month, 12),
                cluster="prod",
                node="n" if cost else "unbilled",
                team=team,
                cost_kind=kind,
                rule="label",
                core_hours=100,
                gib_hours=400,
                gpu_hours=24,
                part=24,
                gpu_part=12,
                used_part=None if used is None else 6,
                cost=cost and Decimal(cost),
                used_cost=used and Decimal(used),
                price_source=price_source,
                allocated_to="serve/work" if kind != "idle" else "idle/gpu",
            )


def price_units(insert: Insert, hostile: str) -> None:
    """Insert what a unit of work cost: of two units, with a month that nobody knows."""
    for place, (model, unit) in enumerate(
        (
            ("search-ranking", "1k_requests"),
            (hostile, "1k_requests"),
            ("llm-assistant", "1m_tokens"),
        )
    ):
        for month in range(6, 12):
            price = Decimal(3 + place) + Decimal(month % 3) / 10
            insert(
                "ledger.unit_cost",
                period=date(2026, month, 1),
                model=model,
                unit=unit,
                basis="allocated",
                quantity=1000.0 - place,
                cost=None if (place, month) == (1, 9) else price * 1000,
                unit_cost=None if (place, month) == (1, 9) else price,
                warning="its versions take seconds of 1 to 3" if place == 0 else None,
            )
