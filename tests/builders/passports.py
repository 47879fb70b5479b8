"""What the registries, the ledger and the audit say of single models, for the pages of models."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

Insert = Callable[..., None]

# Names that would be each other's file, leave the folder, or be no file at all.
AWKWARD = ("Churn", "CHURN", "../../etc/passwd", "..", "con", "naïve/modèle", "x" * 300)

STAGED = """
update audit.finding set waiver = 'until-spring' where verdict = 'waived' and model = 'churn';
update ledger.model_month as m set
    data_cost = s.data_cost, training_cost = s.training_cost, unstaged_cost = s.unstaged_cost,
    evaluation_cost = s.evaluation_cost, inference_cost = s.inference_cost,
    experimentation_cost = s.experimentation_cost, platform_cost = s.platform_cost,
    shared_cost = 0, idle_cost = 0, previous_effective_cost = s.previous_cost
from (
    select
        date_trunc('month', day)::date as month, model,
        coalesce(sum(effective_cost) filter (where lifecycle_stage = 'data'), 0) as data_cost,
        coalesce(sum(effective_cost) filter (where lifecycle_stage = 'training'), 0)
            as training_cost,
        coalesce(sum(effective_cost) filter (where lifecycle_stage = 'evaluation'), 0)
            as evaluation_cost,
        coalesce(sum(effective_cost) filter (where lifecycle_stage = 'inference'), 0)
            as inference_cost,
        coalesce(sum(effective_cost) filter (where lifecycle_stage = 'experimentation'), 0)
            as experimentation_cost,
        coalesce(sum(effective_cost) filter (where lifecycle_stage = 'platform'), 0)
            as platform_cost,
        coalesce(sum(effective_cost) filter (where lifecycle_stage is null), 0) as unstaged_cost,
        lag(sum(effective_cost)) over (
            partition by model order by date_trunc('month', day)::date
        ) as previous_cost
    from ledger.cost where model is not null group by date_trunc('month', day)::date, model
) as s
where s.month = m.month and s.model = m.model;
insert into ledger.model_day (day, model, team, lifecycle_stage, cost_kind, effective_cost)
select day, model, team, lifecycle_stage, cost_kind, sum(effective_cost)
from ledger.cost where model is not null group by all;
insert into ledger.version_cost (
    model, model_version, known_cost, lifetime_cost, training_cost, inference_cost, runs,
    failed_runs, unpriced_runs, superseded_cost
)
select
    model, case when lifecycle_stage = 'data' then '(no version)' else '7' end,
    sum(effective_cost), sum(effective_cost),
    sum(effective_cost) filter (where lifecycle_stage = 'training'),
    sum(effective_cost) filter (where lifecycle_stage = 'inference'), 2, 1, 0, 12.5
from ledger.cost where model is not null
group by model, case when lifecycle_stage = 'data' then '(no version)' else '7' end;
"""


def certify(insert: Insert, now: datetime, hostile: str) -> None:
    """Insert what a page of a model shows: of a model in two registries, and of a hostile one."""
    for source, model, owner in (
        ("registry", "churn", "team-growth"),
        ("mlflow-eu", "churn", None),
        ("registry", hostile, hostile),
    ):
        insert(
            "registry.model",
            source=source,
            model=model,
            owner=owner,
            owner_active=None if owner is None else model == "churn",
            team="growth" if owner else None,
            cost_center="CC-4100",
            risk_tier=1 if owner else None,
            description=f"Tells who leaves {hostile}" if owner else None,
            created_at=now - timedelta(days=320),
            retire_by=date(2026, 11, 1) if model == hostile else date(2027, 1, 28),
            tags=f'{{"gov.owner": "x", "{hostile}": "{hostile}", "app": "shop", '
            '"hf_token": "hf_0123456789abcdef0"}',
        )
        _versions(insert, now, hostile, source, model)
    _served(insert, now, hostile)
    _units(insert, hostile)


def _versions(insert: Insert, now: datetime, hostile: str, source: str, model: str) -> None:
    for number, lifecycle in ((7, "production"), (6, "archived")):
        if source == "mlflow-eu" and number == 6:
            continue
        run = f"{source}-run-{number}"
        insert(
            "registry.model_version",
            source=source,
            model=model,
            version=str(number),
            lifecycle=lifecycle,
            aliases=["champion", hostile] if number == 7 else [],
            run_id=run,
            created_at=now - timedelta(days=30 * (8 - number)),
            created_by="ada@acme.example",
            approved_by="grace@acme.example" if number == 7 else None,
            approved_at=now - timedelta(days=28) if number == 7 else None,
            approved_digest=f"sha256:{number:064x}",
            artifact_digest=f"sha256:{number + (model == hostile):064x}",
        )
        if model == "churn" and source == "registry":
            insert("registry.run", source=source, run_id=run, name=f"churn-{number}",
                   started_by="ci", started_at=now - timedelta(days=31), git_commit="ab" * 20,
                   git_repo="https://git.acme.example/churn.git")  # fmt: skip
            insert("registry.dataset", source=source, run_id=run, dataset=f"subscribers {hostile}",
                   digest="5ca1ab1e", context="train")  # fmt: skip


def _served(insert: Insert, now: datetime, hostile: str) -> None:
    for model, requests in (("churn", 204486.0), (hostile, None)):
        place = f"{model}-api"
        insert("registry.deployment", source="registry", deployment=place, model=model,
               version="7", environment="production", region="eu-west-1")  # fmt: skip
        insert("ledger.served_version", source="registry", place=place, model=model,
               model_version="7", environment="production", requests=requests,
               window_days=23, versions_beside=1, days_seen=23, hours_seen=552,
               saves_on=place, is_free_while_idle=False)  # fmt: skip
    for kind, answer, saving in (
        ("zombie_version", "advise", "85.5"),
        ("superseded_version", "clean", None),
        ("duplicate_version", "cannot-say", None),
    ):
        insert("ledger.assessment", kind=kind, subject=f"{kind}/passport", name=f"{hostile}:6",
               answer=answer, reason="nobody tells", model="churn",
               saving_per_month=None if saving is None else Decimal(saving))  # fmt: skip
    insert("ledger.budget", month=date(2026, 11, 1), budget=f"only {hostile}", model=hostile,
           amount=Decimal(800), spent=Decimal(850), spent_ratio=1.0625, days=20,
           status="breach")  # fmt: skip
    exempt(insert, "until-spring", approved_by=hostile, reason=f"Moves to {hostile}")


def exempt(insert: Insert, waiver: str, **told: str) -> None:
    """Insert a waiver that ends on the last day of March."""
    texts = dict.fromkeys(
        ("policy", "subject", "reason", "ticket", "requested_by", "approved_by", "place"), "x"
    )
    insert("audit.waiver", run_id="now", waiver=waiver, state="in force", waived=1, lapsed=0,
           expires=date(2027, 3, 31), approved_at=date(2026, 11, 1), days_left=130,
           compensating_control="x", **texts | told)  # fmt: skip


def _units(insert: Insert, hostile: str) -> None:
    for month, unit_cost in ((9, "4.718"), (10, "4.725"), (11, None)):
        for model, unit in (("churn", "1k_requests"), (hostile, "training_run")):
            told: dict[str, Any] = {
                "period": date(2026, month, 1),
                "model": model,
                "unit": unit,
                "quantity": 276.0 + month,
                "cost": None if unit_cost is None else Decimal(unit_cost) * 276,
                "unit_cost": None if unit_cost is None else Decimal(unit_cost),
                "warning": None if unit_cost else "the cost of a run is not known",
            }
            insert("ledger.unit_cost", basis="allocated", **told)
            insert("ledger.unit_cost", basis="used", **told)
    for month, kwh in ((10, 40.5), (11, 0.0)):
        insert("ledger.carbon", month=date(2026, month, 1), source="nodes", model="churn",
               region="eu-west-1", kwh=kwh, measured_kwh=0.0, kg_co2e=kwh * 0.4,
               embodied_kg_co2e=kwh * 0.05, grade="estimated", gpu_hours=kwh, core_hours=0.0,
               gib_hours=0.0, factors="{}", cluster="prod", it_kwh=kwh,
               reason=None if kwh else f"no hours of {hostile}")  # fmt: skip
