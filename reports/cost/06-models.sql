-- What each model cost in the latest month.
--
-- grain     one row per model; the row without a model is cost that reached none
-- money     reporting currency, effective cost; the rows add up to the month
-- method    a month that is not over is compared with the same days of the month before;
--           idle_gpu_cost is what the GPUs that this model asked for cost while they did nothing
with model as (
    select
        month, previous_month, is_complete, model,
        array_to_string(list_sort(list(distinct team) filter (where is_current)), ', ') as teams,
        sum(effective_cost) filter (where is_current) as cost,
        sum(effective_cost) filter (where not is_current) as previous_cost,
        sum(effective_cost) filter (where is_current and lifecycle_stage = 'training')
            as training_cost,
        sum(effective_cost) filter (where is_current and lifecycle_stage = 'inference')
            as inference_cost
    from ledger.latest_cost
    group by all
),
gpu as (
    select g.model, sum(g.idle_cost) as idle_gpu_cost
    from ledger.latest_gpu_hour as g
    where g.is_current and g.model is not null
    group by g.model
)
select m.*, gpu.idle_gpu_cost
from model as m left join gpu on gpu.model = m.model
order by m.model is null, m.cost desc nulls last, m.model
