-- What each model and version cost on each day, by stage and kind: ledger.cost without the rest.
--
-- grain     one row per day, model, version, team, stage, kind of cost, and where it is kept apart
-- money     reporting currency; null where a charge has no rate
-- kept      run      it is the cost of a run or job, and in ledger.run_day
--           idle     nobody used it
--           storage  of a store of which a registry says whose it is
-- source    FinOps Framework, "Allocation" capability
with job_resource as (
    select resource_id from ledger.lineage
    where kind not in
        ('node', 'volume', 'load-balancer', 'endpoint', 'deployment', 'machine', 'store')
),
store as (
    select resource_id from ledger.lineage where kind = 'store'
),
line as (
    select
        c.day, c.model, c.model_version, c.team, c.lifecycle_stage, c.cost_kind, c.resource_id,
        case
            when c.cost_kind = 'idle' or starts_with(c.allocated_to, 'idle') then 'idle'
            when c.cost_kind = 'shared' then null
            when starts_with(c.allocated_to, 'job/') or contains(c.allocated_to, '/run/')
                then 'run'
        end as part,
        count(*) = count(c.billed_cost) as is_billed_known,
        count(*) = count(c.effective_cost) as is_known,
        sum(c.billed_cost) as billed_cost, sum(c.effective_cost) as effective_cost
    from ledger.cost as c
    where c.model is not null
        and date_trunc('month', c.day)::date in (select month from ledger.stale_month)
    group by all
),
known as (
    select
        l.day, l.model, l.model_version, l.team, l.lifecycle_stage, l.cost_kind,
        case
            when l.part is not null then l.part
            when j.resource_id is not null and l.cost_kind <> 'shared' then 'run'
            when s.resource_id is not null then 'storage'
        end as kept,
        l.is_billed_known, l.is_known, l.billed_cost, l.effective_cost
    from line as l
    left join job_resource as j on j.resource_id = l.resource_id
    left join store as s on s.resource_id = l.resource_id
)
select
    day, model, model_version, team, lifecycle_stage, cost_kind, kept,
    case when bool_and(is_billed_known) then sum(billed_cost) end as billed_cost,
    case when bool_and(is_known) then sum(effective_cost) end as effective_cost
from known
group by day, model, model_version, team, lifecycle_stage, cost_kind, kept
