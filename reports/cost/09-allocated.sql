-- What teams asked for on shared clusters in the latest month, and what of it they used, in money.
--
-- grain     one row per team; of those without a team one for capacity that nobody asked for
--           (is_idle), and one for pods of nobody
-- money     reporting currency, effective cost of the clusters' machines without data transfer:
--           used_cost, unused_cost and unseen_cost make up cost; null where a machine has no price
-- method    ledger.efficiency: what of the cost of cores, memory and GPUs was used is told of days
--           on which all three were observed; the cost of the other days is unseen, never unused
with period as (
    select max(month) as month from ledger.efficiency
),
team as (
    select
        p.month, e.team, coalesce(e.cost_kind = 'idle' and e.team is null, false) as is_idle,
        sum(e.cost) as cost, sum(e.observed_cost) as observed_cost,
        sum(e.used_cost) as used_cost
    from ledger.efficiency as e join period as p on p.month = e.month
    where e.cost is not null
    group by all
)
select
    month, team, is_idle,
    case when is_idle then 'asked for by nobody' else coalesce(team, 'pods of no team') end
        as label,
    cost, used_cost,
    case when not is_idle then observed_cost - used_cost end as unused_cost,
    case when is_idle then cost end as idle_cost,
    case when not is_idle then nullif(cost - coalesce(observed_cost, 0), 0) end as unseen_cost,
    used_cost::double / nullif(observed_cost, 0)::double as used_ratio
from team
where cost <> 0
order by is_idle, cost desc, label
