"""Two audits that differ in every way: rules, findings, advice, windows and their costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

Insert = Callable[..., None]
RULES = (
    *("model-without-owner", "production-without-approval", "version-without-run"),
    *("model-without-card", "endpoint-open-to-all", "drift-not-watched"),
)


def compare_audits(insert: Insert, now: datetime, hostile: str) -> None:
    """Insert what the audits `before` and `now` of a full estate kept, and how they compare."""
    for run, rules in (("before", RULES[:-1]), ("now", (*RULES[1:], "gpu-idle"))):
        for rule in rules:
            insert(
                "audit.policy",
                run_id=run,
                policy=rule,
                family="ownership",
                title=f"The rule {rule} is kept",
                severity="high" if rule != "version-without-run" or run == "now" else "medium",
                blocking=True,
                parameters='{"days": 30}' if run == "now" else '{"days": 90}',
            )
    for run, day, digest in (("before", 18, "a"), ("now", 19, "b")):
        insert(
            "audit.run_window",
            run_id=run,
            first_day=date(2026, 11, day) - timedelta(days=29),
            last_day=date(2026, 11, day),
            billed_days=30,
            currency="EUR",
            configuration=digest,
        )
    for run, source, reason in (("before", "hpc", "no rights"), ("now", "bill", f"{hostile} fell")):
        insert("audit.run_blind_spot", run_id=run, stage="collect", source=source, scope="all",
               reason=reason)  # fmt: skip
    insert(
        "audit.recommendation",
        run_id="before",
        recommendation="feedfeedfeedfeed",
        kind="idle_gpu",
        subject="machine/i-1",
        name="gpu-1",
        action="stop",
        counts_because="best",
        confidence="high",
        state="open",
        first_seen=now - timedelta(days=40),
        advised_at=now - timedelta(days=21),
        state_since=now - timedelta(days=40),
    )
    _costs(insert, hostile)


def _costs(insert: Insert, hostile: str) -> None:
    insert(
        "audit.comparison",
        run_id="now",
        before_run_id="before",
        days=30,
        before_first=date(2026, 10, 20),
        before_last=date(2026, 11, 18),
        after_first=date(2026, 10, 21),
        after_last=date(2026, 11, 19),
        overlap_days=29,
        currency="EUR",
        currency_before="EUR",
        said_cost=Decimal(980),
        restated=Decimal(20),
        before_cost=Decimal(1000),
        after_cost=Decimal("1110.5"),
        after_said_cost=Decimal("1110.5"),
        before_unrated=0,
        after_unrated=3,
    )
    effects = ("price", "volume", "mix", "efficiency", "version", "unmeasured")
    for scope, subject, before, after, parts in (
        ("total", "total", "1000", "1110.5", ("40", "50.25", "-10", "-4.75", "30", "5")),
        ("model", "churn", "400", "440", ("40", 0, 0, 0, 0, 0)),
        ("model", hostile, "300", "365.5", (0, "50.25", "-10", "-4.75", "30", 0)),
        ("model", "unrated", None, None, (None,) * 6),
        ("no model", "no model", "300", "305", (0, 0, 0, 0, 0, "5")),
        ("team", "growth", "1000", "1110.5", ("40", "45.5", "-10", 0, "30", "5")),
        ("service", "Amazon SageMaker", "1000", "1110.5", ("40", "45.5", "-10", 0, "30", "5")),
    ):
        known = before is not None and after is not None
        insert(
            "audit.cost_change",
            run_id="now",
            scope=scope,
            subject=subject,
            before_cost=Decimal(before) if before else None,
            after_cost=Decimal(after) if after else None,
            change=Decimal(after) - Decimal(before) if known else None,
            **{
                f"{name}_effect": None if part is None else Decimal(part)
                for name, part in zip(effects, parts, strict=True)
            },
            service="Amazon SageMaker",
            resource_id=f"arn:aws:sagemaker:eu-west-1:1:endpoint/{subject}",
        )
