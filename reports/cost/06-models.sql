-- What each model cost in the latest month.
--
-- grain     one row per model; the row without a model is cost that reached none
-- money     reporting currency, effective cost; the rows add up to the month
-- method    a month that is not over is compared with the same days of the month before;
--           idle_gpu_cost is what the GPUs that this model asked for cost while they did nothing
with period as (
    select
        date_trunc('month', max(day))::date as month, max(day) as last_day,
        max(day) = last_day(max(day)) as is_complete,
        -- Of a month that began before the bill, a part is no month to compare with.
        min(day) <= date_trunc('month', max(day)) - interval 1 month as has_previous
    from ledger.cost
),
compared as (
    select
        p.month, p.is_complete, (p.month - interval 1 month)::date as previous_month,
        date_trunc('month', c.day) = p.month as is_current, c.*
    from ledger.cost as c, period as p
    where
        date_trunc('month', c.day) in (p.month, p.month - interval 1 month)
        and (p.is_complete or day(c.day) <= day(p.last_day))
        and (p.has_previous or c.day >= p.month)
),
model as (
    select
        month, previous_month, is_complete, model,
        array_to_string(list_sort(list(distinct team) filter (where is_current)), ', ') as teams,
        sum(effective_cost) filter (where is_current) as cost,
        sum(effective_cost) filter (where not is_current) as previous_cost,
        sum(effective_cost) filter (where is_current and lifecycle_stage = 'training')
            as training_cost,
        sum(effective_cost) filter (where is_current and lifecycle_stage = 'inference')
            as inference_cost
    from compared
    group by all
),
gpu as (
    select g.model, sum(g.idle_cost) as idle_gpu_cost
    from ledger.gpu_hour as g join period as p on date_trunc('month', g.day) = p.month
    where g.model is not null
    group by g.model
)
select m.*, gpu.idle_gpu_cost
from model as m left join gpu on gpu.model = m.model
order by m.model is null, m.cost desc nulls last, m.model
