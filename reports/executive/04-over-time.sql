-- What each month cost, by the stage of a model's life it served.
--
-- grain     one row per month, oldest first
-- money     reporting currency, effective cost; a month's stages add up to its cost
-- method    unstaged is cost that no tag or rule gave a stage, unattributed cost included; the
--           share that reaches a model is ledger.coverage's. Of a month that is not over, `expected`
--           with `low` and `high` is what all of it is likely to come to (ledger.forecast), and
--           `ahead_cost` what of that is not billed yet; `budget` is the smallest for everything
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
),
ahead as (
    select month, expected, low, high
    from ledger.forecast
    where scope = 'total' and day is null
),
budget as (
    select min(amount) as amount
    from config.budget
    where team is null and model is null and environment is null
)
select
    s.*, c.model_ratio, a.expected, a.low, a.high,
    case when a.expected > s.cost then a.expected - s.cost end as ahead_cost, b.amount as budget
from staged as s
cross join budget as b
left join ledger.coverage as c on c.month = s.month
left join ahead as a on a.month = s.month and not s.is_complete
order by s.month
