-- What the latest month cost, against the same days of the month before, and what of it is owned.
--
-- grain     one row; none where the ledger is empty
-- money     reporting currency, effective cost; null: a charge has no rate
-- method    a month that is not over is compared with the same days of the month before; the
--           shares are ledger.coverage's
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
        p.month, date_trunc('month', c.day) = p.month as is_current, c.effective_cost
    from ledger.cost as c, period as p
    where
        date_trunc('month', c.day) in (p.month, p.month - interval 1 month)
        and (p.is_complete or day(c.day) <= day(p.last_day))
        and (p.has_previous or c.day >= p.month)
),
summed as (
    select
        case when count(*) filter (where is_current)
            = count(effective_cost) filter (where is_current)
            then sum(effective_cost) filter (where is_current) end as cost,
        case when count(*) filter (where not is_current)
            = count(effective_cost) filter (where not is_current)
            then sum(effective_cost) filter (where not is_current) end as previous_cost
    from compared
)
select
    p.month, day(p.last_day) as days, p.is_complete, s.cost, s.previous_cost,
    c.unattributed, c.model_ratio, c.team_ratio,
    (select value from config.setting where name = 'currency') as currency
from period as p
cross join summed as s
left join ledger.coverage as c on c.month = p.month
where p.month is not null
