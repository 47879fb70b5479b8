-- The figures of the first screen, each beside the same days of the month before.
--
-- grain     one row
-- money     reporting currency, effective cost
-- method    as in 01-verdict.sql; the shares that reach a model or a team come from
--           ledger.coverage, which holds whole months as far as they are billed
with cost as (
    select
        sum(c.effective_cost) filter (where c.is_current) as cost,
        sum(c.effective_cost) filter (where not c.is_current)
            as previous_cost,
        coalesce(sum(c.effective_cost) filter (
            where c.is_current and c.cost_kind = 'unattributed'
        ), 0) as unattributed,
        sum(c.effective_cost) filter (
            where not c.is_current and c.cost_kind = 'unattributed'
        ) as previous_unattributed,
        count(distinct c.model) filter (where c.is_current) as models
    from ledger.latest_cost as c
),
gpu as (
    select
        sum(g.idle_cost) filter (where g.is_current) as idle_cost,
        sum(g.idle_cost) filter (where not g.is_current)
            as previous_idle_cost,
        sum(g.gpu_hours) filter (where g.is_current) as gpu_hours,
        sum(g.idle_gpu_hours) filter (where g.is_current)
            as idle_gpu_hours
    from ledger.latest_gpu_hour as g
),
budget as (
    select count(*) as budgets, count(*) filter (where b.spent > b.amount) as exceeded,
        count(*) filter (where b.spent is null) as unknown_budgets
    from ledger.budget as b, ledger.latest_month as s where b.month = s.month
)
select
    s.month, s.previous_month, s.is_complete, c.*, u.unrated, u.previous_unrated, g.*, b.*,
    covered.model_ratio, covered.team_ratio, before.model_ratio as previous_model_ratio
from ledger.latest_month as s, cost as c, ledger.latest_unrated as u, gpu as g, budget as b
left join ledger.coverage as covered on covered.month = s.month
left join ledger.coverage as before on before.month = s.previous_month
