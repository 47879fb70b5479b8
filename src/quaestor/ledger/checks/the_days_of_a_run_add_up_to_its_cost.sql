-- A run costs what its days cost, whatever window it is looked at in. No tolerance.
-- rows from ledger.run_cost, ledger.run_day, registry.run, usage.gpu_job
with job as (
    select
        source, job, case when count(distinct run_id) = 1 then min(run_id) end as run_id
    from usage.gpu_job group by source, job
),
registered as (
    select run_id, min(source) as source from registry.run group by run_id
),
day_of_run as (
    select
        case when d.via = 'pods' then coalesce(p.source, '') else coalesce(r.source, d.source) end
            as source,
        coalesce(r.run_id, d.run) as run, d.cost
    from ledger.run_day as d
    left join job as j on j.source = d.source and j.job = d.run and d.via <> 'pods'
    left join registered as r on r.run_id = j.run_id
    left join registered as p on p.run_id = d.run and d.via = 'pods'
),
daily as (
    select source, run, sum(cost) as cost from day_of_run group by source, run
)
select r.source, r.run, r.cost, d.cost as by_day
from ledger.run_cost as r
left join daily as d on d.source = r.source and d.run = r.run
where starts_with(r.cost_source, 'bill') and r.cost is distinct from d.cost
order by r.source, r.run
