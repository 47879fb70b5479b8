-- The shares of what is divided lie end to end from 0 to 1: each begins at 0 or where another
-- ends, none ends before it begins, and their widths make up 1. Of a machine's day (FOCUS 1.3,
-- split cost allocation: the ratios of one origin add up to 1) and of a month's `shared:` rule.
-- rows from ledger.resource_share, ledger.shared_share
with share as (
    select
        day, 'resource ' || split_key as origin, from_ratio, upto_ratio
    from ledger.resource_share
    where day in (select day from ledger.stale_day)
    union all
    select month, 'shared ' || rule, from_ratio, upto_ratio
    from ledger.shared_share
    where month in (select month from ledger.stale_month)
),
whole as (
    select
        day, origin, min(from_ratio) as from_ratio, max(upto_ratio) as upto_ratio,
        sum(upto_ratio - from_ratio) as made_up, min(upto_ratio - from_ratio) as least
    from share
    group by all
)
select day, origin, from_ratio, upto_ratio, made_up, least
from whole
where from_ratio <> 0 or upto_ratio <> 1 or made_up <> 1 or least < 0
union all
select s.day, s.origin, s.from_ratio, s.upto_ratio, null, null
from share as s
where s.from_ratio <> 0
    and not exists (
        select 1 from share as o
        where o.day = s.day and o.origin = s.origin and o.upto_ratio = s.from_ratio
    )
order by 1, 2, 3
