"""The ledger finds what is true: of a made estate, whose every cent is.

tests/builders/estate.sql makes bills, usage and registries from the truth. Nothing here is
compared with a figure of the ledger's own.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from builders.estate import CONFIG, estate, rates
from builders.ledgers import build
from quaestor.warehouse.duckdb import Warehouse

SIZES = [
    {"seed": 1},
    {"seed": 2, "models": 3, "days": 5, "clusters": 1, "nodes": 2, "start": date(2026, 2, 26)},
    {"seed": 3, "models": 11, "days": 3, "clusters": 3, "nodes": 3, "start": date(2027, 12, 30)},
]


@pytest.fixture(scope="module", params=SIZES, ids=lambda sizes: f"seed {sizes['seed']}")
def known(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """An estate and the ledger built of it."""
    warehouse = estate(Warehouse(":memory:"), **request.param)
    build(warehouse, CONFIG + rates(tmp_path_factory.mktemp("rates")))
    return warehouse


def differences(warehouse: Warehouse, truth: str, ledger: str) -> list[tuple[object, ...]]:
    """The rows of one SELECT that another has not, either way; all their columns count."""
    return warehouse.rows(
        f"""
        with truth as ({truth}), ledger as ({ledger})
        select 'true' as is_in, * from (from truth except all from ledger)
        union all
        select 'in the ledger' as is_in, * from (from ledger except all from truth)
        order by all
        """
    )


@pytest.mark.parametrize("basis", ["effective_cost", "billed_cost"])
def test_every_cent_is_whose_it_is(known: Warehouse, basis: str):
    """Day by day: of each model and version, of teams, shared, idle, overhead and of nobody."""
    grain = "day, cost_kind, team, model, model_version"
    assert (
        differences(
            known,
            f"select {grain}, {basis} from truth.cost where {basis} <> 0",
            f"""
            select {grain}, round(sum({basis}), 2)::decimal(18, 2) from ledger.cost
            group by {grain} having round(sum({basis}), 2) <> 0
            """,
        )
        == []
    )


def test_a_team_that_was_renamed_is_one_team(known: Warehouse):
    """Half of the days' tags say what it was called before."""
    old = known.row("select count(*) from focus.charge where contains(Tags, 'team-old')")
    named = known.rows("select distinct team from ledger.cost where team is not null order by 1")

    assert old > (0,)
    assert named == [("team-0",), ("team-1",), ("team-2",)]


def test_the_stages_of_a_model_are_what_was_done(known: Warehouse):
    """Tags, a training job, an endpoint and a rule say which; pods here do not."""
    assert (
        differences(
            known,
            """
            select model, stage, sum(effective * rate)::decimal(18, 2) from truth.charge
            where model is not null group by all
            """,
            """
            select model, lifecycle_stage, round(sum(effective_cost), 2)::decimal(18, 2)
            from ledger.cost where lifecycle_stage is not null group by all
            """,
        )
        == []
    )


def test_what_made_a_model_known_is_written_beside_its_cost(known: Warehouse):
    """A tag, the lineage of a resource, a rule, a label; each is asked for what it tells."""
    found = known.rows(
        """
        select distinct t.kind, split_part(c.rule, ' + ', 1) from ledger.cost as c
        join truth.charge as t on t.resource_id = c.resource_id and t.day = c.day
        where t.cost_kind = 'direct' order by all
        """
    )

    assert {kind: rule.partition(":")[0] for kind, rule in found} == {
        "tagged": "tag",
        "credit": "tag",
        "correction": "tag",
        "job": "lineage",
        "endpoint": "lineage",
        "rule": "rule",
    }


def test_a_month_of_a_model_is_the_sum_of_what_is_its_own(known: Warehouse):
    """With its share of the support fee."""
    assert (
        differences(
            known,
            """
            select date_trunc('month', day)::date, model, sum(effective_cost)::decimal(18, 2)
            from truth.cost where model is not null group by all
            """,
            """
            select month, model, round(effective_cost, 2)::decimal(18, 2) from ledger.model_month
            """,
        )
        == []
    )


def test_a_run_costs_what_its_job_was_billed_whatever_day_it_ended(known: Warehouse):
    """Those that run over midnight are billed on two days."""
    assert (
        differences(
            known,
            "select run_id, model, model_version, state, cost from truth.job",
            """
            select run, model, model_version, state, round(cost, 2)::decimal(18, 2)
            from ledger.run_cost where kind = 'training-job'
            """,
        )
        == []
    )


def test_what_failed_and_what_was_superseded_is_part_of_a_versions_cost(known: Warehouse):
    """The winning run is one of three; rework is all of them against it."""
    assert (
        differences(
            known,
            """
            select model, model_version, sum(cost)::decimal(18, 2),
                (sum(cost) filter (attempt = 2))::decimal(18, 2), 3, 1,
                round((sum(cost) / sum(cost) filter (attempt = 2))::double, 9)
            from truth.job group by all
            """,
            """
            select model, model_version, round(training_cost, 2)::decimal(18, 2),
                round(winning_run_cost, 2)::decimal(18, 2), runs, failed_runs,
                round(rework_ratio, 9)
            from ledger.version_cost where model_version in ('1', '2')
            """,
        )
        == []
    )


def test_every_gpu_hour_did_what_it_did(known: Warehouse):
    """Nobody's, idle, unobserved, at work: by day and node. What is not observed is not idle."""
    assert (
        differences(
            known,
            """
            select day, node, count(*)::double, count(*) filter (gpu_state = 'unscheduled')::double,
                count(*) filter (gpu_state = 'idle')::double,
                count(*) filter (gpu_state = 'unobserved')::double,
                count(*) filter (gpu_state = 'productive')::double
            from truth.slot_hour where has_gpu group by all
            """,
            """
            select day, node, round(sum(gpu_hours), 6), round(sum(unscheduled_gpu_hours), 6),
                round(sum(idle_gpu_hours) - sum(unscheduled_gpu_hours), 6),
                round(sum(unobserved_gpu_hours), 6), round(sum(used_gpu_hours), 6)
            from ledger.gpu_hour where cluster like 'cluster-%' group by all
            """,
        )
        == []
    )


def test_what_was_trained_in_vain_is_a_step_of_the_waterfall(known: Warehouse):
    """Of training jobs: paid = failed + productive, in money and in hours."""
    assert (
        differences(
            known,
            """
            select unnest(['failed', 'paid', 'productive']) as step,
                unnest([sum(cost) filter (state = 'failed'), sum(cost),
                    sum(cost) filter (state <> 'failed')])::decimal(18, 2) as cost,
                unnest([sum(gpu_hours) filter (state = 'failed'), sum(gpu_hours),
                    sum(gpu_hours) filter (state <> 'failed')])::double as hours
            from truth.job
            """,
            """
            select step, round(sum(cost), 2)::decimal(18, 2), round(sum(gpu_hours), 6)
            from ledger.gpu_waterfall where source = 'sagemaker'
            group by step having sum(cost) <> 0
            """,
        )
        == []
    )


def test_coverage_is_what_is_known_of_all(known: Warehouse):
    """To models, to teams, to nobody."""
    assert (
        differences(
            known,
            """
            select date_trunc('month', day)::date, sum(effective_cost)::decimal(18, 2),
                (sum(effective_cost) filter (model is not null))::decimal(18, 2),
                (sum(effective_cost) filter (team is not null))::decimal(18, 2),
                (sum(effective_cost) filter (cost_kind = 'unattributed'))::decimal(18, 2)
            from truth.cost group by all
            """,
            """
            select month, round(effective_cost, 2)::decimal(18, 2),
                round(to_a_model, 2)::decimal(18, 2), round(to_a_team, 2)::decimal(18, 2),
                round(unattributed, 2)::decimal(18, 2)
            from ledger.coverage
            """,
        )
        == []
    )


def test_the_same_seed_gives_the_same_estate_and_another_one_another():
    """There is no chance in it."""
    bills = [
        estate(Warehouse(":memory:"), seed=seed, models=3, days=2, clusters=1, nodes=2).row(
            "select sum(EffectiveCost), sum(md5_number(concat(ResourceId, EffectiveCost))) "
            "from focus.charge"
        )
        for seed in (5, 5, 6)
    ]

    assert bills[0] == bills[1]
    assert bills[0] != bills[2]


def test_the_truth_is_all_that_was_billed(known: Warehouse):
    """Else the tests above would prove nothing."""
    (billed,) = known.row(
        "select sum(EffectiveCost * x_billing_currency_rate::decimal(9, 4)) from focus.charge"
    )
    (true,) = known.row("select sum(effective_cost) from truth.cost")

    assert (billed, billed > Decimal(1000)) == (true, True)
