"""An estate as the ledger and the audit would leave it, small and fixed; and a page's reader."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from builders.changes import compare_audits
from builders.pages import advise, hold_clusters, mature, price_units, unmanaged
from builders.passports import STAGED, certify
from builders.plans import PLAN
from builders.rows import insert
from quaestor.warehouse.duckdb import Warehouse

NOW = datetime(2026, 11, 21, 6, 30)
LAST_DAY = date(2026, 11, 20)
HOSTILE = "<img src=x onerror=alert(1)>"
MODELS = (
    "search-ranking",
    "churn",
    "fraud-scoring",
    "llm-assistant",
    HOSTILE,
    "demand-forecast",
    "image-moderation",
    "a-model-with-a-name-so-long-that-no-chart-has-room-for-all-of-it-at-once",
    "price-elasticity",
    "support-routing",
)
_TEAMS = ("search", "growth", "risk", "platform-ml")
_STAGES = ("inference", "training", "data", "experimentation", "evaluation", None)
_SERVICES = (
    ("AWS", "Amazon SageMaker"),
    ("AWS", "Amazon Elastic Compute Cloud"),
    ("Google Cloud", "Vertex AI"),
    ("Microsoft", "Azure Machine Learning"),
)


class Estate:
    """Fill the tables that reports read, a row at a time; what does not matter has a default."""

    def __init__(self, path: str | Path = ":memory:") -> None:
        self.warehouse = Warehouse(path)
        self.set("currency", "EUR")
        self.costs: list[dict] = []

    def set(self, name: str, value: str) -> None:
        self.warehouse.run("insert or replace into config.setting values (?, ?)", [name, value])

    def built(self, at: datetime) -> None:
        self.warehouse.run(
            "insert or replace into meta.property values ('built_at', ?)", [at.isoformat()]
        )

    def cost(
        self,
        day: date,
        amount: str | None,
        *,
        model: str | None = None,
        team: str | None = None,
        stage: str | None = None,
        provider: str | None = "AWS",
        service: str | None = "Amazon SageMaker",
        resource: str | None = None,
        kind: str = "direct",
        currency: str | None = "EUR",
        billed: str | None = None,
    ) -> None:
        as_billed = Decimal(billed or amount or "0")
        known = None if amount is None else Decimal(amount)
        self.costs.append(
            {
                "day": day,
                "source": "bill",
                "provider": provider,
                "service": service,
                "sub_account": "account-1",
                "resource_id": resource,
                "team": team,
                "model": model,
                "lifecycle_stage": stage,
                "cost_kind": kind,
                "rule": "tag",
                "billing_currency": currency,
                "billing_billed_cost": as_billed,
                "billing_effective_cost": as_billed,
                "billed_cost": known,
                "effective_cost": known,
                "charges": 1,
            }
        )

    def finding(
        self,
        policy: str,
        subject: str,
        verdict: str,
        *,
        severity: str = "high",
        family: str = "ownership",
        model: str | None = None,
        reason: str | None = None,
        at_stake: str | None = None,
        first_seen: datetime = NOW,
        run: str = "now",
    ) -> None:
        fingerprint = hashlib.sha256(f"{policy} {subject}".encode()).hexdigest()
        self.insert(
            "audit.finding",
            run_id=run,
            policy=policy,
            title=f"The rule {policy} is kept",
            family=family,
            source="registry",
            subject=subject,
            model=model,
            severity=severity,
            verdict=verdict,
            reason=reason,
            at_stake_per_month=None if at_stake is None else Decimal(at_stake),
            evidence="{}",
            blocking=severity in ("critical", "high"),
            fingerprint=fingerprint,
            first_seen=first_seen,
            remedy=f"Mend {policy}: set the tag that it asks for.",
            why="Nobody answers for what nobody owns.",
        )

    def run(self, name: str, at: datetime, exit_code: int) -> None:
        self.insert(
            "audit.run",
            run_id=name,
            audited_at=at,
            quaestor_version="0.1.0",
            policies=6,
            subjects=10,
            verdicts=60,
            failed=0,
            unanswered=0,
            blind_spots=0,
            fail_on="high",
            exit_code=exit_code,
        )

    def insert(self, table: str, **values: object) -> None:
        insert(self.warehouse, table, **values)

    def settle(self) -> Warehouse:
        """Write the costs, and derive the monthly tables from them as the ledger does."""
        if self.costs:
            names = list(self.costs[0])
            columns = [[row[name] for row in self.costs] for name in names]
            marks = ", ".join("unnest(?)" for _ in names)
            self.warehouse.run(
                f"insert into ledger.cost ({', '.join(names)}) select {marks}", columns
            )
            self.costs = []
        self.warehouse.run(_DERIVED)
        for table in ("billed_day", "spend_day"):
            sql = (PLAN / f"{table}.sql").read_text(encoding="utf-8")
            self.warehouse.run(f"insert into ledger.{table} by name {sql}")
        return self.warehouse


_DERIVED = """
insert into ledger.stale_month
select distinct date_trunc('month', day)::date from ledger.cost;
insert into ledger.coverage
    (month, effective_cost, to_a_model, to_a_team, unattributed, model_ratio, team_ratio)
select
    date_trunc('month', day)::date, sum(effective_cost),
    sum(effective_cost) filter (where model is not null),
    sum(effective_cost) filter (where team is not null),
    sum(effective_cost) filter (where cost_kind = 'unattributed'),
    sum(effective_cost) filter (where model is not null) / sum(effective_cost),
    sum(effective_cost) filter (where team is not null) / sum(effective_cost)
from ledger.cost group by 1 having sum(effective_cost) <> 0;
insert into ledger.model_month (month, model, team, effective_cost, idle_ratio, days, complete)
select
    date_trunc('month', day)::date as month, model, max(team), sum(effective_cost), 0,
    count(distinct day), max(day) = last_day(max(day))
from ledger.cost where model is not null group by 1, 2;
create or replace view ledger.line as
select
    day, source, provider, service, sub_account, region, resource_id, charge_category,
    billing_currency, effective_cost
from ledger.cost;
create or replace view ledger.ruled_charge as
select
    day::timestamp as ChargePeriodStart, provider, team, model, environment, lifecycle_stage,
    cost_kind, rule, service as ServiceName, sub_account as SubAccountId, region as RegionId,
    resource_id as ResourceId, charge_category as ChargeCategory,
    billing_currency as BillingCurrency, effective_cost, billing_effective_cost as EffectiveCost,
    source as x_source, strftime(day, 'bills/%Y-%m <b>.csv') as x_file,
    sha256(strftime(day, '%Y-%m')) as x_file_sha256, row_number() over (order by day) as x_row
from ledger.cost;
"""


def _bill(estate: Estate) -> None:
    first = date(2026, 5, 1)
    for number in range((LAST_DAY - first).days + 1):
        day = first + timedelta(days=number)
        months = day.month - first.month
        for place, model in enumerate(MODELS[:-1]):
            provider, service = _SERVICES[place % len(_SERVICES)]
            for rank, stage in enumerate(_STAGES):
                weight = (place * 7 + rank * 5 + number) % 11 + 3
                if (place + rank) % 4 == 3:
                    continue
                amount = Decimal(weight * (20 + months * 2)) / (place + 1) / (rank + 1)
                estate.cost(
                    day,
                    f"{amount:.11f}",
                    model=model,
                    team=_TEAMS[place % len(_TEAMS)],
                    stage=stage,
                    provider=provider,
                    service=service,
                    resource=f"{model}-{rank}",
                )
        estate.cost(
            day, "61.25", team="platform-ml", stage="platform", service="Amazon EKS", kind="shared"
        )
        for place in range(24):
            estate.cost(
                day,
                f"{9.5 / (place + 1) + number % 3:.4f}",
                service="Amazon Simple Storage Service" if place % 2 else None,
                resource=f"arn:aws:s3:::bucket-{place:02}-of-nobody",
                kind="unattributed",
            )
    estate.cost(date(2026, 11, 3), "-250.00", service="Credits", kind="unattributed")
    estate.cost(date(2026, 11, 4), None, currency="CHF", billed="1204.5", kind="unattributed")


def _plans(estate: Estate) -> None:
    budgets = (
        ("llm", "llm-assistant", None, "1500", "0", "2400", "breach"),
        ("search-team", None, "search", "24000", "0", "22100", "ok"),
        ("growth-team", None, "growth", "9000", "0", "10910.5", "warning"),
        ("everything", None, None, "60000", "0", None, None),
    )
    for name, model, team, amount, spent, expected, status in budgets:
        likely = None if expected is None else Decimal(expected)
        estate.insert(
            "ledger.budget",
            month=date(2026, 11, 1),
            budget=name,
            model=model,
            team=team,
            amount=Decimal(amount),
            spent=Decimal(spent),
            spent_ratio=float(Decimal(spent) / Decimal(amount)),
            days=20,
            forecast_cost=likely,
            forecast_low=None if likely is None else likely - 200,
            forecast_high=None if likely is None else likely + 200,
            status=status,
        )
    gpus = (
        ("NVIDIA H200", "search", 960.0, 610.0, 120.5, 40.0, "8640.00"),
        ("NVIDIA H200", "growth", 480.0, 96.0, 300.0, 12.0, "4320.00"),
        ("NVIDIA L4", "risk", 480.0, 400.25, 20.0, 59.75, "384.00"),
        ("NVIDIA L4", None, 240.0, 0.0, 216.0, 24.0, "192.00"),
        ("NVIDIA A10", "platform-ml", 120.0, 0.0, 0.0, 120.0, None),
    )
    for month in (10, 11):
        for place, (gpu, team, paid, used, idle, unseen, cost) in enumerate(gpus):
            price = None if cost is None else Decimal(cost)
            estate.insert(
                "ledger.gpu_hour",
                day=date(2026, month, 12),
                source="prod",
                cluster="prod",
                node=f"node-{place}",
                gpu_model=gpu,
                team=team,
                model={"search": MODELS[0], "growth": MODELS[1]}.get(team or ""),
                gpu_hours=paid,
                observed_gpu_hours=paid - unseen,
                used_gpu_hours=used,
                idle_gpu_hours=idle,
                unobserved_gpu_hours=unseen,
                cost=price,
                idle_cost=None if price is None else price * Decimal(str(idle)) / Decimal(paid),
            )


def _waterfall(estate: Estate) -> None:
    """What those GPUs' hours and money became; the A10s are on no bill."""
    steps = (
        ("paid", 2160.0, "19036.00"),
        ("commitment_unused", 0.0, "0"),
        ("host", None, "5500.00"),
        ("unscheduled", 216.0, "172.80"),
        ("idle", 440.5, "3140.70"),
        ("stalled", 96.0, "612.25"),
        ("failed", 48.0, "410.00"),
        ("unobserved", 135.75, "388.11"),
        ("productive", 1223.75, "8812.14"),
    )
    for position, (step, hours, cost) in enumerate(steps, 1):
        scope = {"source": "prod", "cluster": "prod", "position": position, "step": step}
        for month in (10, 11):
            estate.insert(
                "ledger.gpu_waterfall",
                month=date(2026, month, 1),
                gpu_model="NVIDIA H200",
                gpu_hours=hours,
                cost=Decimal(cost),
                **scope,
            )
        estate.insert(
            "ledger.gpu_waterfall",
            month=date(2026, 11, 1),
            gpu_model="NVIDIA A10",
            gpu_hours={"paid": 120.0, "unobserved": 120.0, "host": None}.get(step, 0.0),
            cost=None,
            **scope,
        )


def _outlook(estate: Estate) -> None:
    estate.insert("config.budget", budget="everything", amount=Decimal(60000))
    told = {
        "month": date(2026, 11, 1),
        "interval_ratio": 0.8,
        "method": "exponential smoothing, weekly season: ETS(A,N,A)",
        "trained_days": 203,
        "backtest_error_ratio": 0.0534,
        "backtest_days": 28,
    }
    for day in range(20, 31):
        middle = Decimal(1300 + day % 7 * 20)
        estate.insert(
            "ledger.forecast",
            **told | {"scope": "total", "subject": "total", "day": date(2026, 11, day)},
            expected=middle,
            low=middle - 12 * (day - 15),
            high=middle + 12 * (day - 15),
        )
    short = {"method": "mean of 9 days", "trained_days": 9, "low": None, "high": None}
    short |= {"backtest_error_ratio": None, "backtest_days": None}
    for scope, subject, expected, more in (
        ("total", "total", 41000, {}),
        ("team", "search", 7800, {}),
        ("model", HOSTILE, 912, short),
        ("environment", "production", 30000, {}),
    ):
        values = told | {"low": Decimal(expected - 400), "high": Decimal(expected + 400)} | more
        estate.insert(
            "ledger.forecast", scope=scope, subject=subject, expected=Decimal(expected), **values
        )


def _unusual(estate: Estate) -> None:
    effects = ("price", "volume", "mix", "efficiency", "version", "unmeasured")
    for scope, subject, day, cost, expected, parts in (
        ("total", "total", 12, "2210.5", "1400.5", (0, "800.25", 0, "9.75", 0, 0)),
        ("model", "churn", 12, "1100.5", "300.5", (0, "790.25", 0, "9.75", 0, 0)),
        ("model", HOSTILE, 9, "80", "400", ("-12.5", "-307.5", 0, 0, 0, 0)),
        ("model", "new-one", 18, "75", "0", (0, 0, 0, 0, 0, 75)),
        ("service", "Amazon EKS", 5, "900", "100", (None,) * 6),
    ):
        change = Decimal(cost) - Decimal(expected)
        estate.insert(
            "ledger.anomaly",
            scope=scope,
            subject=subject,
            day=date(2026, 11, day),
            baseline_day=date(2026, 11, day) - timedelta(days=7),
            cost=Decimal(cost),
            expected=Decimal(expected),
            change=change,
            change_ratio=float(change / Decimal(expected)) if expected != "0" else None,
            **{
                f"{name}_effect": None if part is None else Decimal(part)
                for name, part in zip(effects, parts, strict=True)
            },
            model=subject if scope == "model" else None,
            team="growth" if scope == "model" else None,
            resource_id=None if scope == "service" else f"{subject}-1",
            service="Amazon SageMaker",
            sku_id="gpu-hours" if day == 12 else None,
        )


def _commitments(estate: Estate) -> None:
    for commitment, currency, used, unused, eligible, ends in (
        ("savings-plan-1", "USD", "820.5", "79.5", "1500", date(2027, 3, 31)),
        ("reservation-of-nobody", "CHF", "0", "310", "310", None),
        ("status-unknown", "CHF", None, None, None, None),
        (None, "USD", None, None, "1500", None),
    ):
        spent = None if used is None else Decimal(used)
        whole = None if spent is None else spent + Decimal(unused)
        estate.insert(
            "ledger.commitment",
            month=date(2026, 11, 1),
            source="bill",
            provider="AWS",
            commitment_id=commitment,
            type="Savings Plan" if commitment == "savings-plan-1" else None,
            billing_currency=currency,
            committed_cost=whole,
            used_cost=spent,
            unused_cost=None if unused is None else Decimal(unused),
            utilization_ratio=None if whole is None else float(spent / whole),
            eligible_cost=None if eligible is None else Decimal(eligible),
            coverage_ratio=None if eligible is None else float((spent or 0) / Decimal(eligible)),
            coverage_basis="effective" if currency == "CHF" and spent is not None else None,
            ends=ends,
        )


def _audit(estate: Estate) -> None:
    rules = (
        ("model-without-owner", "ownership", "high"),
        ("production-without-approval", "approval", "critical"),
        ("version-without-run", "lineage", "medium"),
        ("model-without-card", "documentation", "low"),
        ("endpoint-open-to-all", "access", "critical"),
        ("drift-not-watched", "monitoring", "medium"),
    )
    estate.run("before", NOW - timedelta(days=1), 1)
    estate.run("now", NOW, 1)
    for run in ("before", "now"):
        for place, model in enumerate(MODELS):
            for rank, (policy, family, severity) in enumerate(rules):
                answer = (place * 3 + rank * 5 + (run == "before")) % 13
                verdict = {0: "fail", 5: "fail", 7: "unknown", 9: "waived", 11: "skip"}.get(answer)
                if policy == "drift-not-watched" and place == 3:
                    verdict = "error"
                estate.finding(
                    policy,
                    model if rank % 2 else f"{model}:{place}",
                    verdict or "pass",
                    severity=severity,
                    family=family,
                    model=model,
                    reason=f"{model} does not keep it" if verdict else None,
                    at_stake=f"{4200 / (place + 1):.2f}" if place % 3 else None,
                    first_seen=NOW if place == 4 else NOW - timedelta(days=3 * place + 1),
                    run=run,
                )
    estate.finding("gpu-idle", "prod/node-1", "fail", family="cost", severity="medium",
                   reason="300 of 480 GPU hours were idle", at_stake="2700")  # fmt: skip
    estate.warehouse.run(_COUNTED)
    for supplied, field in pairwise((False, "model.owner", False, "grant", True, "model_version")):
        if isinstance(supplied, bool):
            estate.insert("registry.evidence", source="registry", field=field, supplied=supplied)


def _frameworks(estate: Estate) -> None:
    stands = (
        ("violated", ["model-without-owner"], 4, "critical", ["churn", HOSTILE], None),
        ("loosened", ["logs-kept"], 0, None, [], "days of logs-kept is 90, at least 183"),
        ("unknown", ["drift-not-watched"], 0, None, [], None),
        ("attested", [], 0, None, [], f"attested by {HOSTILE} until 2027-09-30: signed.pdf"),
        ("supported", ["version-without-run", "model-without-card"], 0, None, [], None),
        ("not-applicable", ["endpoint-open-to-all"], 0, None, [], None),
        ("not-automated", [], 0, None, [], None),
        ("not-automated", [], 0, None, [], "the attestation by ada expired on 2026-10-31"),
    )
    for pack, title, count in (("law", "The law", 8), ("house", f"Rules of {HOSTILE}", 5)):
        estate.insert("audit.pack", run_id="now", pack=pack, title=title, edition="First edition",
                      published=None, url="https://law.example/1", about=None)  # fmt: skip
        for place, (state, policies, violated, severity, subjects, note) in enumerate(stands):
            estate.insert(
                "audit.requirement", run_id="now" if place < count else "before", pack=pack,
                requirement=f"{place + 1}(2)", place=place + 1, title=f"What {pack} asks {place}",
                state=state, policies=policies, violated=violated, waived=0,
                unanswered=3 if state == "unknown" else 0, passed=7 if policies else 0, skipped=0,
                severity=severity, subjects=subjects, note=note, attest="The signed paper.",
            )  # fmt: skip
    for day in (date(2026, 8, 2), date(2027, 12, 2)):
        estate.insert("audit.application", run_id="now", pack="law", what=f"Part {day.year}",
                      applies_from=day, source="Official journal",
                      verified=date(2026, 11, 21))  # fmt: skip


def _blind_spots(estate: Estate) -> None:
    spots = (
        ("bill", "currency CHF", "2026-11", "CHF has no rate", "Add it to `rates`.", 1, "1204.5"),
        ("registry", "grant", None, "MLflow knows no access rights", None, None, None),
        ("prod", "node-4", "2026-11", "its exporter was silent", "Restart it.", 120, None),
        ("bill", "part-3.csv", "2026-10", "5 rows have text in a cost", "Export again.", 5, None),
    )
    for source, scope, period, reason, fix, rows, amount in spots:
        estate.insert(
            "audit.blind_spot",
            stage="collect",
            source=source,
            scope=scope,
            period=period,
            reason=reason,
            fix=fix,
            rows=rows,
            amount=None if amount is None else Decimal(amount),
            currency=None if amount is None else "CHF",
            seen_at=NOW,
        )


def _reconciliation(estate: Estate) -> None:
    lines = (
        ("bill", 10, "111122223333", "444455556666", "USD", 120, 120, "1204.5", None, "1204.5"),
        ("bill", 11, "111122223333", "444455556666", "USD", 90, 88, "901.123456789", "3.5", None),
        ("bill", 11, "111122223333", HOSTILE, "USD", 7, 7, "70", None, "60"),
        ("azure", 11, "enrolment-7", "subscription-with-a-name-that-is-rather-long", "CHF", 12, 10,
         "-40.00000000000000000001", None, "-40.00000000000000000001"),
        ("saas", 11, None, None, None, 3, 3, None, None, "12"),
    )  # fmt: skip
    for source, month, account, sub, currency, landed, loaded, claims, waits, charged in lines:
        claim, wait = (None if one is None else Decimal(one) for one in (claims, waits))
        cost = claim - (wait or 0) if charged is None else Decimal(charged)
        difference = None if claim is None else claim - (wait or 0) - cost
        costs = {"landed": claim, "quarantined": wait}
        estate.insert(
            "ledger.reconciliation",
            source=source,
            billing_period_start=datetime(2026, month, 1, 7 if source == "azure" else 0),
            billing_account_id=account,
            sub_account_id=sub,
            currency=currency,
            rows_landed=landed,
            rows_loaded=loaded,
            rows_left_out=landed - loaded if source == "azure" else 0,
            rows_quarantined=0 if source == "azure" else landed - loaded,
            rows_difference=0,
            charges=loaded + 1,
            files_refused=0,
            **{
                f"{name}_{basis}_cost": cost
                for name, cost in costs.items()
                for basis in ("billed", "effective")
            },
            billed_cost=cost,
            billed_difference=difference,
            effective_cost=cost,
            effective_difference=difference,
        )
    nothing = dict.fromkeys(("landed", "loaded", "left_out", "quarantined", "difference"), 0)
    rows = {f"rows_{name}": count for name, count in nothing.items()}
    estate.insert("ledger.reconciliation", source="azure", charges=0, files_refused=1, **rows)


def _landed(estate: Estate) -> None:
    """Files of the bill, and of a registry that keeps one for each model."""
    for number in range(8):
        estate.insert("meta.landed_file", source="bill", scope=f"bills/{number}.csv",
                      path=f"bill/files/{number}.csv", sha256=f"{number:064x}", size=7)  # fmt: skip
    for model in MODELS[1:4]:
        digest = hashlib.sha256(model.encode()).hexdigest()
        estate.insert("meta.landed_file", source="registry", scope=f"gov/{model}/model.gov.yaml",
                      path=f"registry/files/{digest[:16]}-{model}.yaml", sha256=digest,
                      size=7)  # fmt: skip
    estate.warehouse.run(
        "insert into meta.property values ('collected_at:bill', '2026-11-21T03:00:00')"
    )


def full_estate() -> Warehouse:
    """Return an estate with something in every section of every report."""
    estate = Estate()
    estate.built(datetime(2026, 11, 21, 3, 5))
    _bill(estate)
    _plans(estate)
    _waterfall(estate)
    _outlook(estate)
    _unusual(estate)
    _commitments(estate)
    _audit(estate)
    _frameworks(estate)
    _blind_spots(estate)
    _reconciliation(estate)
    _landed(estate)
    advise(estate.insert, NOW, HOSTILE)
    compare_audits(estate.insert, NOW, HOSTILE)
    mature(estate.insert, HOSTILE)
    unmanaged(estate.insert, HOSTILE)
    hold_clusters(estate.insert, HOSTILE)
    price_units(estate.insert, HOSTILE)
    warehouse = estate.settle()
    warehouse.run(_SPENT)
    return warehouse


# What each audit found, as the run keeps it beside its findings.
_COUNTED = """
update audit.run as r set (failed, unanswered) = (f.failed, f.unanswered)
from (
    select
        run_id, count(*) filter (verdict = 'fail') as failed,
        count(*) filter (verdict in ('unknown', 'error')) as unanswered
    from audit.finding group by run_id
) as f
where f.run_id = r.run_id
"""
# What each budget spent, as the ledger says it: charges without a rate make it unknown.
_SPENT = """
update ledger.budget as b set (spent, spent_ratio) = (s.spent, s.spent / b.amount)
from (
    select
        o.budget,
        case when count(*) = count(c.effective_cost) then sum(c.effective_cost) end as spent
    from ledger.budget as o
    join ledger.cost as c
        on date_trunc('month', c.day) = o.month
        and (o.team is null or c.team = o.team) and (o.model is null or c.model = o.model)
    group by o.budget
) as s
where s.budget = b.budget
"""
_VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Collect what the tests ask about, while the page is read once.

    Attributes:
        text: All visible text, joined by blanks.
        tags: Every element's name and attributes, in order.
        sums: Section and column -> the exact figures of its cells, what small print adds left out.
        totals: Section and column -> the exact figure of its total.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.source = path.read_text(encoding="utf-8")
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.sums: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
        self.totals: dict[tuple[str, str], Decimal] = {}
        self.open: list[str] = []
        self._words: list[str] = []
        self._section = ""
        self._cell: tuple[str, str] | None = None
        self.feed(self.source)
        self.close()
        self.text = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "section":
            self._section = attributes.get("id") or ""
        for kind in ("data-sum", "data-total"):
            if column := attributes.get(kind):
                self._cell = (kind, column)
        if attributes.get("class") == "sub":
            self._cell = None  # as the page's own script reads a cell
        if self._cell and "data-exact" in attributes:
            kind, column = self._cell
            amount = Decimal(attributes["data-exact"] or "")
            if kind == "data-sum":
                self.sums[self._section, column].append(amount)
            else:
                self.totals[self._section, column] = amount

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element at {self.getpos()}"
        if tag == "td":
            self._cell = None

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self._words.append(data)


@pytest.fixture(scope="session")
def now() -> datetime:
    """The clock of every report in these tests."""
    return NOW


@pytest.fixture(scope="session")
def hostile_model() -> str:
    """A model's name that would be an element, if a page let it."""
    return HOSTILE


@pytest.fixture
def an_estate() -> Iterator[Estate]:
    """An empty estate to fill."""
    estate = Estate()
    yield estate
    estate.warehouse.close()


@pytest.fixture
def warehouse_file(tmp_path: Path) -> Path:
    """A warehouse on disk with one charge in it."""
    path = tmp_path / "estate.duckdb"
    estate = Estate(path)
    estate.cost(date(2026, 11, 1), "12.5", model="churn", team="growth")
    estate.settle().close()
    return path


@pytest.fixture(scope="session")
def read_page() -> type[Page]:
    """The reader of pages: give it a path."""
    return Page


@pytest.fixture(scope="session")
def estate() -> Iterator[Warehouse]:
    """A full estate; read it, do not write to it."""
    with full_estate() as warehouse:
        yield warehouse


@pytest.fixture(scope="session")
def models_estate() -> Iterator[Warehouse]:
    """A full estate with what registries and ledger say of single models; do not write to it."""
    with full_estate() as warehouse:
        certify(partial(insert, warehouse), NOW, HOSTILE)
        warehouse.run(STAGED)
        yield warehouse


@pytest.fixture(scope="session")
def passports(models_estate: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of every page of that estate, rendered at once."""
    from quaestor.report.html import render

    folder = tmp_path_factory.mktemp("passports")
    render(models_estate, [], folder, now=NOW, progress=lambda _: None)
    return folder


@pytest.fixture(scope="session")
def pages(estate: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every report of the full estate, as files."""
    from quaestor.report.html import render

    folder = tmp_path_factory.mktemp("pages")
    written = render(estate, [], folder, now=NOW, progress=lambda _: None)
    return {path.stem: path for path in written if path.is_file()}


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """A Chromium, driven by playwright."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page from disk without network; return it, and the list of what it complains of.

    The list holds what the page says to the console, errors, dialogs and requests but for itself;
    it grows while the page is used.
    """
    contexts = []

    def open_it(path: Path, *, width: int = 1180, scheme: str = "light", script: bool = True):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",
            offline=True,
            java_script_enabled=script,
        )
        contexts.append(context)
        page, noted = context.new_page(), []

        def requested(request: Any) -> None:
            if request.url != path.as_uri() and not request.url.startswith(("data:", "blob:")):
                noted.append(f"request: {request.url}")

        page.on("console", lambda message: noted.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: noted.append(f"error: {error}"))
        page.on("dialog", lambda dialog: noted.append(f"dialog: {dialog.message}"))
        page.on("request", requested)
        page.goto(path.as_uri())
        return page, noted

    yield open_it
    for context in contexts:
        context.close()
