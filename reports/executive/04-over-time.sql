-- What each month cost, by the stage of a model's life it served.
--
-- grain     one row per month, oldest first
-- money     reporting currency, effective cost; a month's stages add up to its cost
-- method    unstaged is cost that no tag or rule gave a stage, unattributed cost included; the
--           share that reaches a model is ledger.coverage's
with staged as (
    select
        date_trunc('month', day)::date as month,
        sum(effective_cost) as cost,
        sum(effective_cost) filter (where lifecycle_stage = 'data') as data_cost,
        sum(effective_cost) filter (where lifecycle_stage = 'training') as training_cost,
        sum(effective_cost) filter (where lifecycle_stage = 'evaluation') as evaluation_cost,
        sum(effective_cost) filter (where lifecycle_stage = 'inference') as inference_cost,
        sum(effective_cost) filter (where lifecycle_stage = 'experimentation')
            as experimentation_cost,
        sum(effective_cost) filter (where lifecycle_stage = 'platform') as platform_cost,
        sum(effective_cost) filter (
            where lifecycle_stage is null or lifecycle_stage not in (
                'data', 'training', 'evaluation', 'inference', 'experimentation', 'platform'
            )
        ) as unstaged_cost,
        max(day) = last_day(max(day)) as is_complete,
        day(max(day)) as days_billed
    from ledger.cost
    group by all
)
select s.*, c.model_ratio
from staged as s left join ledger.coverage as c using (month)
order by s.month
