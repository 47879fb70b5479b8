-- The months that people look at: the latest of the bill, beside what it is held against.

-- The latest month of the bill, in one row; nulls where there is no cost.
create or replace view ledger.latest_month as
select
    date_trunc('month', max(day))::date as month,
    (date_trunc('month', max(day)) - interval 1 month)::date as previous_month,
    max(day) as last_day,
    max(day) = last_day(max(day)) as is_complete,
    -- Of a month that began before the bill, a part is no month to compare with.
    min(day) <= date_trunc('month', max(day)) - interval 1 month as has_previous
from ledger.cost;

-- What it cost, and what the month before did: of a month that is not over, on the same days.
create or replace view ledger.latest_cost as
select
    m.month, m.previous_month, m.is_complete,
    date_trunc('month', c.day) = m.month as is_current, c.*
from ledger.cost as c, ledger.latest_month as m
where
    date_trunc('month', c.day) in (m.month, m.previous_month)
    and (m.is_complete or day(c.day) <= day(m.last_day))
    and (m.has_previous or c.day >= m.month);

-- The charges of both that no sum has in it, by the currency that has no exchange rate; one row,
-- null where there are none. What costs nothing is missed by no sum.
create or replace view ledger.latest_unrated as
with unrated as (
    select
        is_current, billing_currency as currency, greatest(sum(charges), 1)::bigint as charges,
        sum(billing_effective_cost) as cost
    from ledger.latest_cost
    where effective_cost is null and billing_effective_cost <> 0
    group by all
)
select
    list(
        struct_pack(currency := currency, charges := charges, cost := cost)
        order by charges desc, currency
    ) filter (where is_current) as unrated,
    list(
        struct_pack(currency := currency, charges := charges, cost := cost)
        order by charges desc, currency
    ) filter (where not is_current) as previous_unrated
from unrated;

-- What its GPUs did, and what they did in the month before, on the same days.
create or replace view ledger.latest_gpu_hour as
select m.month, m.previous_month, date_trunc('month', g.day) = m.month as is_current, g.*
from ledger.gpu_hour as g, ledger.latest_month as m
where
    date_trunc('month', g.day) in (m.month, m.previous_month)
    and (m.is_complete or day(g.day) <= day(m.last_day))
    and (m.has_previous or g.day >= m.month);

-- What each month cost by lifecycle stage, in the reporting currency, effective cost: the stages
-- add up to it. unstaged is cost that no tag or rule gave a stage, unattributed cost included. Of a
-- month that is not over, `expected` with `low` and `high` is what all of it is likely to come to
-- (ledger.forecast), `ahead_cost` what of that is not billed yet. `budget` is the smallest of those
-- that hold everything.
create or replace view ledger.cost_month as
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
left join ledger.forecast as a
    on a.month = s.month and a.scope = 'total' and a.day is null and not s.is_complete;
