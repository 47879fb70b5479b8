-- The latest month in one row: what it cost, what reaches a model, and the month before.
--
-- grain     one row, with nulls where the ledger is empty
-- money     reporting currency, effective cost; charges in a currency without a rate are not in it
-- method    a month that is not over is compared with the same days of the month before
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
        p.month, c.effective_cost, c.model, date_trunc('month', c.day) = p.month as is_current
    from ledger.cost as c, period as p
    where
        date_trunc('month', c.day) in (p.month, p.month - interval 1 month)
        and (p.is_complete or day(c.day) <= day(p.last_day))
        and (p.has_previous or c.day >= p.month)
)
select
    p.month, p.is_complete, day(p.last_day) as days_billed, day(last_day(p.month)) as days_of_month,
    (p.month - interval 1 month)::date as previous_month,
    sum(c.effective_cost) filter (where c.is_current) as cost,
    sum(c.effective_cost) filter (where not c.is_current) as previous_cost,
    sum(c.effective_cost) filter (where c.is_current and c.model is not null) as model_cost,
    count(distinct c.model) filter (where c.is_current) as models
from period as p left join compared as c using (month)
group by all
