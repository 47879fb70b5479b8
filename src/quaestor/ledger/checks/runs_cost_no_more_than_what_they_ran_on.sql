-- The runs on a machine owe no more of a day than the machine cost, and its parts make it up: what
-- is not a run's is idle or unknown, and a line of its own. No tolerance.
-- rows from ledger.lineage, ledger.part
with part as (
    select day, resource_id, allocated_to, allocated_ratio, effective_cost as cost
    from ledger.part
    where resource_id in (select resource_id from ledger.lineage where kind = 'machine')
        and allocated_to is not null
),
divided as (
    select
        day, resource_id, sum(cost) as whole,
        coalesce(sum(cost) filter (where starts_with(allocated_to, 'job/')), 0) as runs,
        sum(greatest(cost, 0)) as above
    from part group by day, resource_id
)
select day, resource_id, whole, runs
from divided
where runs > above
order by day, resource_id
