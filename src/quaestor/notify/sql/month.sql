-- What the latest month cost, against the same days of the month before, and what of it is owned.
--
-- grain     one row; none where the ledger is empty
-- money     reporting currency, effective cost; null: a charge has no rate
-- method    a month that is not over is compared with the same days of the month before; the
--           shares are ledger.coverage's
with summed as (
    select
        case when count(*) filter (where is_current)
            = count(effective_cost) filter (where is_current)
            then sum(effective_cost) filter (where is_current) end as cost,
        case when count(*) filter (where not is_current)
            = count(effective_cost) filter (where not is_current)
            then sum(effective_cost) filter (where not is_current) end as previous_cost
    from ledger.latest_cost
)
select
    p.month, day(p.last_day) as days, p.is_complete, s.cost, s.previous_cost,
    c.unattributed, c.model_ratio, c.team_ratio,
    (select value from config.setting where name = 'currency') as currency
from ledger.latest_month as p
cross join summed as s
left join ledger.coverage as c on c.month = p.month
where p.month is not null
