-- What each run and job cost on each day, by the bill.
--
-- grain     one row per day, job (or run that the labels of pods name) and way it is billed
-- money     the reporting currency, effective cost; null where a charge has no rate. Nothing here
--           knows of a window: what a run costs is the same wherever it is listed
-- method    own:     the charges of a resource that is the job (a SageMaker training job), of the
--                    days from its start to its end (UTC), where those are told. A name that is
--                    used again is billed on other days too: they are the model's, and no run's
--           machine: its part of the machine that it ran on (ledger.run_share)
--           pods:    the parts of nodes, volumes and load balancers of pods with its label
--           `shared:` rules come later and change nothing of it
-- source    FOCUS 1.4, EffectiveCost
-- rows from ledger.lineage, ledger.pod_day, ledger.run_share
with job as (
    select resource_id, source, name
    from ledger.lineage
    where kind not in
        ('node', 'volume', 'load-balancer', 'endpoint', 'deployment', 'machine', 'store')
),
-- The days of each attempt, without a bound that is not told; midnight is of the day before.
attempt as (
    select
        source, job, coalesce(started_at::date, date '0001-01-01') as first_day,
        case when started_at is not null and ended_at is not null
            then greatest(ended_at - interval 1 second, started_at)::date
            else date '9999-12-31'
        end as last_day
    from usage.gpu_job
),
part as (
    select
        p.day, p.resource_id, p.allocated_to, p.cluster, p.billing_currency,
        sum(p.billing_effective_cost) as billing_effective_cost,
        case when count(*) = count(p.effective_cost) then sum(p.effective_cost) end as cost
    from ledger.part as p
    where date_trunc('month', p.day)::date in (select month from ledger.stale_month)
        and p.day >= (select min(month) from ledger.stale_month)
        and (
            p.resource_id in (select resource_id from job)
            or starts_with(p.allocated_to, 'job/')
            or contains(p.allocated_to, '/run/')
        )
    group by all
),
own_day as (
    select distinct p.day, j.resource_id, j.source, j.name
    from (select distinct day, resource_id from part) as p
    join job as j on j.resource_id = p.resource_id
    left join attempt as a on a.source = j.source and a.job = j.name
    where a.job is null or p.day between a.first_day and a.last_day
),
theirs as (
    select
        p.day, j.source, j.name as run, 'own' as via, p.cost, p.billing_effective_cost,
        p.billing_currency
    from part as p
    join own_day as j on j.resource_id = p.resource_id and j.day = p.day
    union all
    select
        p.day, p.cluster, substr(p.allocated_to, length('job/' || p.cluster || '/') + 1), 'machine',
        p.cost, p.billing_effective_cost, p.billing_currency
    from part as p
    where starts_with(p.allocated_to, 'job/')
        and coalesce(p.resource_id, '') not in (select resource_id from job)
    union all
    select
        p.day, '', regexp_extract(p.allocated_to, '^[^/]*/run/(.*)$', 1), 'pods',
        p.cost, p.billing_effective_cost, p.billing_currency
    from part as p
    where contains(p.allocated_to, '/run/') and not starts_with(p.allocated_to, 'job/')
        and coalesce(p.resource_id, '') not in (select resource_id from job)
)
select
    day, source, run, via,
    case when count(*) = count(cost) then sum(cost) end as cost,
    case when count(distinct billing_currency) = 1 then sum(billing_effective_cost) end
        as billing_effective_cost,
    case when count(distinct billing_currency) = 1 then min(billing_currency) end
        as billing_currency
from theirs
group by day, source, run, via
