-- What each model and version cost on each day, by stage and kind: ledger.cost without the rest.
--
-- grain     one row per day, model, version, team, stage, kind of cost, and where it is kept apart
-- money     reporting currency; null where a charge has no rate
-- kept      run      it is the cost of a run or job on a day that it ran, and in ledger.run_day
--           idle     nobody used it
--           storage  of a store of which a registry says whose it is
-- source    FinOps Framework, "Allocation" capability
with job_day as (
    select distinct r.day, l.resource_id
    from ledger.run_day as r
    join ledger.lineage as l on l.source = r.source and l.name = r.run
    where r.via = 'own' and l.kind not in
        ('node', 'volume', 'load-balancer', 'endpoint', 'deployment', 'machine', 'store')
),
store as (
    select resource_id from ledger.lineage where kind = 'store'
),
line as (
    select
        c.day, c.model, c.model_version, c.team, c.lifecycle_stage, c.cost_kind,
        case
            when c.cost_kind = 'idle' or starts_with(c.allocated_to, 'idle') then 'idle'
            when c.cost_kind <> 'shared' and (
                j.resource_id is not null or starts_with(c.allocated_to, 'job/')
                or contains(c.allocated_to, '/run/')
            ) then 'run'
            when s.resource_id is not null then 'storage'
        end as kept,
        c.billed_cost, c.effective_cost
    from ledger.cost as c
    left join job_day as j on j.resource_id = c.resource_id and j.day = c.day
    left join store as s on s.resource_id = c.resource_id
    where c.model is not null
        and date_trunc('month', c.day)::date in (select month from ledger.stale_month)
        and c.day >= (select min(month) from ledger.stale_month)
)
select
    day, model, model_version, team, lifecycle_stage, cost_kind, kept,
    case when count(*) = count(billed_cost) then sum(billed_cost) end as billed_cost,
    case when count(*) = count(effective_cost) then sum(effective_cost) end as effective_cost
from line
group by day, model, model_version, team, lifecycle_stage, cost_kind, kept
