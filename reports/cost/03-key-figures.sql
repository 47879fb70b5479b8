-- The figures of the first screen, each beside the same days of the month before.
--
-- grain     one row
-- money     reporting currency, effective cost
-- method    as in 01-verdict.sql; the shares that reach a model or a team come from
--           ledger.coverage, which holds whole months as far as they are billed
with period as (
    select
        date_trunc('month', max(day))::date as month, max(day) as last_day,
        max(day) = last_day(max(day)) as is_complete,
        -- Of a month that began before the bill, a part is no month to compare with.
        min(day) <= date_trunc('month', max(day)) - interval 1 month as has_previous
    from ledger.cost
),
span as (
    select month, (month - interval 1 month)::date as previous_month, is_complete,
        has_previous, day(last_day) as days
    from period
),
cost as (
    select
        sum(c.effective_cost) filter (where date_trunc('month', c.day) = s.month) as cost,
        sum(c.effective_cost) filter (where date_trunc('month', c.day) = s.previous_month)
            as previous_cost,
        coalesce(sum(c.effective_cost) filter (
            where date_trunc('month', c.day) = s.month and c.cost_kind = 'unattributed'
        ), 0) as unattributed,
        sum(c.effective_cost) filter (
            where date_trunc('month', c.day) = s.previous_month and c.cost_kind = 'unattributed'
        ) as previous_unattributed,
        count(distinct c.model) filter (where date_trunc('month', c.day) = s.month) as models
    from ledger.cost as c, span as s
    where (s.is_complete or day(c.day) <= s.days) and (s.has_previous or c.day >= s.month)
),
gpu as (
    select
        sum(g.idle_cost) filter (where date_trunc('month', g.day) = s.month) as idle_cost,
        sum(g.idle_cost) filter (where date_trunc('month', g.day) = s.previous_month)
            as previous_idle_cost,
        sum(g.gpu_hours) filter (where date_trunc('month', g.day) = s.month) as gpu_hours,
        sum(g.idle_gpu_hours) filter (where date_trunc('month', g.day) = s.month)
            as idle_gpu_hours
    from ledger.gpu_hour as g, span as s
    where (s.is_complete or day(g.day) <= s.days) and (s.has_previous or g.day >= s.month)
),
budget as (
    select count(*) as budgets, count(*) filter (where b.spent > b.amount) as exceeded,
        count(*) filter (where b.spent is null) as unknown_budgets
    from ledger.budget as b, span as s where b.month = s.month
)
select
    s.month, s.previous_month, s.is_complete, c.*, g.*, b.*,
    covered.model_ratio, covered.team_ratio, before.model_ratio as previous_model_ratio
from span as s, cost as c, gpu as g, budget as b
left join ledger.coverage as covered on covered.month = s.month
left join ledger.coverage as before on before.month = s.previous_month
