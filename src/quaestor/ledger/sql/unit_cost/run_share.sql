-- Which job had which part of the day of a machine that several jobs run on.
--
-- grain     one row per day, machine (usage.gpu_job, resource_id) and job; the rest of its day is a
--           row of its own: idle/gpu, or `unknown` where a job ended nobody knows when
-- method    between two moments at which a job begins or ends, a machine is divided among the jobs
--           that run by their GPUs, out of the GPUs it has (usage.node, or GpuCount of the bill);
--           what they ask for beyond these is scaled down. Where nobody knows how many it has, the
--           jobs that run at one time carry all of it. Where no job of the day has a GPU, cores
--           stand for them. Machines of a pool (several billed at once, or a job on several) are
--           divided by machines. Hours that no job ran are nobody's: idle
-- hours     of a machine's day: what the bill counts (the meter with most, in hours), else the
--           hours its charges cover; never fewer than its jobs ran
-- rounding  hours to a billionth, ratios to 18 digits; largest first, idle last
-- source    FOCUS 1.4, ConsumedQuantity; FOCUS 1.1, SkuPriceDetails (GpuCount, CoreCount)
-- rows from usage.gpu_job
with machine as (
    select resource_id, split_key from ledger.lineage where kind = 'machine'
),
charge as (
    select
        m.split_key, c.ChargePeriodStart::date as day, coalesce(c.SkuId, c.SkuMeter) as sku,
        case when c.ChargeClass is null
            and lower(trim(c.ConsumedUnit)) in ('hrs', 'hr', 'hours', 'hour')
            and c.ConsumedQuantity between 0 and 1000000
            then c.ConsumedQuantity end as hours,
        date_trunc('hour', c.ChargePeriodStart) as hour,
        coalesce(c.ChargePeriodEnd <= c.ChargePeriodStart + interval 1 hour, false) as is_hourly,
        try_cast(regexp_extract(c.SkuPriceDetails, '"GpuCount" *: *"?([0-9]+)', 1) as integer)
            as gpus,
        try_cast(regexp_extract(c.SkuPriceDetails, '"CoreCount" *: *"?([0-9]+)', 1) as integer)
            as cores
    from focus.charge as c
    join machine as m on m.resource_id = c.ResourceId
    where c.ChargePeriodStart::date in (select day from ledger.stale_day)
        and c.ChargePeriodStart >= (select min(day) from ledger.stale_day)
        and c.ChargeCategory = 'Usage'
),
counted as (
    select split_key, day, sku, sum(hours) as hours from charge group by all
),
counted_day as (
    select split_key, day, max(hours) as hours from counted group by all
),
billed_day as (
    select
        split_key, day, max(gpus) as gpus, max(cores) as cores,
        case when bool_and(is_hourly) then count(distinct hour) else 24 end as covered_hours
    from charge group by all
),
node as (
    select lower(id) as id, max(gpus) as gpus, max(cpu_cores) as cores
    from (
        select resource_id as id, gpus, cpu_cores from usage.node where resource_id is not null
        union all
        select provider_id, gpus, cpu_cores from usage.node where provider_id is not null
        union all
        select node, gpus, cpu_cores from usage.node
    ) as named
    group by all
),
version_of_run as (
    select
        run_id,
        case when count(distinct model) = 1 then min(model) end as model,
        case when count(distinct model) = 1 and count(distinct version) = 1 then min(version) end
            as version
    from ledger.known_version where run_id is not null
    group by run_id
),
job as (
    select
        j.resource_id as split_key, j.source, j.job, j.kind, j.gpus, j.cpus, j.instances,
        coalesce(t.new, j.team) as team,
        coalesce(m.new, j.model, r.model) as model,
        case
            when coalesce(m.new, j.model, r.model) = r.model
                then coalesce(j.model_version, r.version)
            else j.model_version
        end as model_version,
        date_trunc('second', j.started_at) as started_at,
        date_trunc('second', case
            when j.ended_at is not null then j.ended_at
            when j.state = 'running' then j.seen_at
            when j.gpu_hours = 0 then j.started_at
        end) as ended_at
    from usage.gpu_job as j
    left join version_of_run as r on r.run_id = j.run_id
    left join config.renaming as t on t.field = 'team' and t.old = j.team
    left join config.renaming as m on m.field = 'model' and m.old = j.model
    where j.started_at is not null and j.resource_id in (select split_key from machine)
),
-- A job whose end nobody knows may still have run on any later day.
unsure as (
    select split_key, min(started_at)::date as since
    from job where ended_at is null group by split_key
),
stay as (
    select
        j.split_key, b.day, j.source, j.job, j.gpus, j.cpus, j.instances,
        greatest(j.started_at, b.day::timestamp) as from_at,
        least(j.ended_at, b.day::timestamp + interval 1 day) as upto_at
    from job as j
    join billed_day as b on b.split_key = j.split_key
    where j.ended_at > b.day::timestamp and j.started_at < b.day::timestamp + interval 1 day
        and j.ended_at > j.started_at
),
jobs_of_day as (
    select
        split_key, day,
        max(coalesce(gpus, 0)) > 0 as has_gpus,
        coalesce(max(instances), 1) > 1 as has_several_machines
    from stay group by all
),
place as (
    select
        b.split_key, b.day, d.has_gpus,
        coalesce(c.hours, b.covered_hours)::decimal(18, 9) as billed_hours,
        coalesce(d.has_several_machines, false) or coalesce(c.hours, 0) > 24 as is_pool,
        case when d.has_gpus then coalesce(n.gpus, b.gpus)::double
            else coalesce(n.cores, b.cores)::double end as units
    from billed_day as b
    join jobs_of_day as d on d.split_key = b.split_key and d.day = b.day
    join counted_day as c on c.split_key = b.split_key and c.day = b.day
    left join node as n on n.id = lower(b.split_key)
),
claim as (
    select
        s.split_key, s.day, s.source, s.job, s.from_at, s.upto_at,
        case
            when p.is_pool then least(greatest(coalesce(s.instances, 1)::double, 0), 1000000)
            when p.has_gpus then least(greatest(coalesce(s.gpus, 1), 0), 1000000)
            else least(greatest(coalesce(s.cpus, 1), 0), 1000000)
        end as asked
    from stay as s
    join place as p on p.split_key = s.split_key and p.day = s.day
),
edge as (
    select split_key, day, from_at as moment from claim
    union
    select split_key, day, upto_at from claim
),
span as (
    select
        split_key, day, moment as from_at,
        lead(moment) over (partition by split_key, day order by moment) as upto_at
    from edge
),
running as (
    select
        s.split_key, s.day, s.from_at, c.source, c.job, c.asked,
        epoch(s.upto_at) - epoch(s.from_at) as seconds
    from span as s
    join claim as c
        on c.split_key = s.split_key and c.day = s.day
        and c.from_at <= s.from_at and c.upto_at >= s.upto_at
    where s.upto_at is not null
),
asked as (
    select split_key, day, from_at, sum(asked::decimal(18, 9)) as asked
    from running group by all
),
used as (
    select
        r.split_key, r.day, r.source, r.job,
        sum((
            r.seconds / 3600 * case
                when p.is_pool then r.asked
                when a.asked = 0 then 0
                else r.asked / greatest(coalesce(p.units, 0), a.asked::double)
            end
        )::decimal(18, 9)) as hours
    from running as r
    join asked as a on a.split_key = r.split_key and a.day = r.day and a.from_at = r.from_at
    join place as p on p.split_key = r.split_key and p.day = r.day
    group by all
),
busy as (
    select split_key, day, sum(hours) as hours from used group by all
),
portion as (
    select
        u.split_key, u.day, u.source, u.job, u.hours::decimal(38, 9) as hours, 1 as place
    from used as u where u.hours > 0
    union all
    select
        p.split_key, p.day, null, null, (p.billed_hours - b.hours)::decimal(38, 9), 2
    from place as p
    join busy as b on b.split_key = p.split_key and b.day = p.day
    where p.billed_hours > b.hours
),
summed as (
    select
        split_key, day, source, job, hours,
        sum(hours) over (
            partition by split_key, day order by place, hours desc, source, job
            rows between unbounded preceding and current row
        ) as upto,
        sum(hours) over (partition by split_key, day) as whole
    from portion
),
teller as (
    select
        split_key, source, job, min(kind) as kind,
        case when count(distinct team) = 1 then min(team) end as team,
        case when count(distinct model) = 1 then min(model) end as model,
        case when count(distinct model) = 1 and count(distinct model_version) = 1
            then min(model_version) end as model_version
    from job group by all
),
machine_source as (
    select split_key, min(source) as source from job group by split_key
)
select
    s.day, s.split_key, coalesce(s.source, m.source) as cluster,
    case
        when s.job is not null then 'job/' || s.source || '/' || s.job
        when u.since is null then 'idle/gpu'
        else 'unknown'
    end as allocated_to,
    t.team, t.model, t.model_version, null::varchar as environment,
    case
        when s.job is null then null
        when t.kind = 'processing-job' then 'data'
        when t.kind in ('transform-job', 'batch-prediction') then 'inference'
        else 'training'
    end as lifecycle_stage,
    case
        when s.job is null and u.since is null then 'idle'
        when coalesce(t.team, t.model) is null then 'unattributed'
        else 'direct'
    end as cost_kind,
    case
        when s.job is not null then 'lineage:' || coalesce(t.kind, 'job')
        when u.since is null then 'idle'
        else 'unattributed'
    end as rule,
    share_ratio(s.upto - s.hours, s.whole)::decimal(19, 18) as from_ratio,
    share_ratio(s.upto, s.whole)::decimal(19, 18) as upto_ratio
from summed as s
join machine_source as m on m.split_key = s.split_key
left join teller as t on t.split_key = s.split_key and t.source = s.source and t.job = s.job
left join unsure as u on u.split_key = s.split_key and u.since <= s.day
