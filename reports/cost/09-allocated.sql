-- What teams asked for on shared clusters in the latest month, and what of it they used, in money.
--
-- grain     one row per team; of those without a team one for capacity that nobody asked for
--           (is_idle), and one for pods of nobody
-- money     reporting currency, effective cost of the clusters' machines without data transfer:
--           used_cost, unused_cost and unseen_cost make up cost; listed_cost is what of it is by
--           list prices: days on which a machine is on no bill, or not yet
-- method    ledger.pod_day: what of the cost of cores, memory and GPUs was used is told of days
--           of pods on which all three were observed; the cost of the others is unseen, never
--           unused. A day of a machine without any price is in no sum; unpriced_days of all teams
--           says how many there are
with period as (
    select date_trunc('month', max(day))::date as month from ledger.pod_day
),
held as (
    select
        p.month, d.day, d.cluster, d.node, d.machine, d.team, d.cost, d.used_cost,
        d.used_part is not null as is_observed,
        d.price_source is distinct from 'bill' as is_listed,
        coalesce(d.cost_kind = 'idle' and d.team is null, false) as is_idle
    from ledger.pod_day as d
    join period as p on d.day >= p.month
),
unpriced as (
    select count(*) as days
    from (select distinct day, cluster, node, machine from held where cost is null)
),
team as (
    select
        month, team, is_idle, sum(cost) as cost,
        sum(cost) filter (where is_observed) as observed_cost,
        sum(used_cost) filter (where is_observed) as used_cost,
        sum(cost) filter (where is_listed) as listed_cost
    from held
    where cost is not null
    group by all
)
select
    t.month, t.team, t.is_idle,
    case when t.is_idle then 'asked for by nobody' else coalesce(t.team, 'pods of no team') end
        as label,
    t.cost, t.used_cost,
    case when not t.is_idle then t.observed_cost - t.used_cost end as unused_cost,
    case when t.is_idle then t.cost end as idle_cost,
    case when not t.is_idle then nullif(t.cost - coalesce(t.observed_cost, 0), 0) end
        as unseen_cost,
    t.used_cost::double / nullif(t.observed_cost, 0)::double as used_ratio,
    t.listed_cost, u.days as unpriced_days
from team as t cross join unpriced as u
where t.cost <> 0
order by t.is_idle, t.cost desc, label
