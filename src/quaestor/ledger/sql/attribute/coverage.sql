-- How much of each month's cost reaches a model, a team, or nobody.
--
-- grain     one row per month
-- money     reporting currency, effective cost
-- method    a month of which any charge has no rate is not known: neither its cost nor its parts.
--           The ratios are of the month's cost, NULL where that is not above zero
-- source    FinOps Framework, "Allocation" capability, percentage of cost allocated
with billed as (
    select
        date_trunc('month', day)::date as month,
        count(*) = count(effective_cost) as is_known,
        sum(effective_cost) as effective_cost,
        coalesce(sum(effective_cost) filter (model is not null), 0) as to_a_model,
        coalesce(sum(effective_cost) filter (team is not null), 0) as to_a_team,
        coalesce(sum(effective_cost) filter (cost_kind = 'unattributed'), 0) as unattributed
    from ledger.cost
    group by all
)
select
    month,
    case when is_known then effective_cost end as effective_cost,
    case when is_known then to_a_model end as to_a_model,
    case when is_known then to_a_team end as to_a_team,
    case when is_known then unattributed end as unattributed,
    case when is_known and effective_cost > 0 then (to_a_model / effective_cost)::double end
        as model_ratio,
    case when is_known and effective_cost > 0 then (to_a_team / effective_cost)::double end
        as team_ratio
from billed
