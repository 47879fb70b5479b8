-- How much electricity each team's and model's work took, and what was emitted for it.
--
-- grain     one row per month, source, cluster, region, team and model; no owner: idle capacity,
--           and work that names nobody
-- input     hours of GPUs as ledger.gpu_hour counts them, so that no machine counts twice; cores
--           and memory of clusters (ledger.pod_day), of jobs (usage.gpu_job) and of endpoints
--           (usage.endpoint_hour); of the last two by the price book where they state none
-- method    measured: what counters of devices and pods say (ledger.measured_energy); of jobs what
--           their scheduler measured, which is all that they took, cores and memory too; of
--           sampled hosts their mean power. No hour of a GPU is measured and estimated, too
--           estimated: the hours that nobody measured x watts, idle + use x (busy - idle), with
--           $use_ratio where use is not known; idle capacity is not used
--           kwh is with the overhead of the data centre (PUE), kg_co2e that x its grid. A region
--           without a factor is not known: no average stands in for it. Neither is work that
--           tells of no GPU, core or memory. embodied: what making the hardware emitted, by the
--           part of its life that these hours are
--           Storage and networks are left out, and so are machines that only a bill tells of,
--           but for their GPUs
-- param     use_ratio = 0.5: how busy cores and GPUs are taken to be where nobody tells, 0 to 1
-- source    cloud-carbon-footprint.org, "Methodology", "Embodied Emissions"; config.carbon_factor
-- rows from ledger.gpu_hour, ledger.pod_day, usage.gpu_job, usage.endpoint_hour,
--           ledger.measured_energy
with gpu as (
    select
        date_trunc('month', day)::date as month, day, source, cluster, node,
        provider_id as machine, kind, team, model, gpu_model,
        sum(gpu_hours::decimal(28, 9)) as hours,
        sum(observed_gpu_hours::decimal(28, 9)) as observed,
        sum(used_gpu_hours::decimal(28, 9)) as used
    from ledger.gpu_hour
    where kind <> 'commitment' and gpu_hours > 0
    group by day, source, cluster, node, provider_id, kind, team, model, gpu_model
),
seat as (
    select day, cluster, node, min(source) as source, min(region) as region
    from ledger.node_day
    group by day, cluster, node
),
-- Jobs, month by month. A machine of SageMaker has the cores of the one it is named after.
listed as (
    select instance_type, max(cores) as cores, max(gib) as gib
    from config.price where instance_type is not null group by instance_type
),
job as (
    select
        j.source, j.job, coalesce(j.queue, j.sub_account, '') as cluster, j.team, j.model,
        j.region, j.gpu_model,
        nullif(regexp_extract(j.resource_id, '[^/]+$', 0), '') as node,
        case when j.gpus between 0 and 1e6 then j.gpus else 0 end as gpus, j.energy_kwh,
        j.started_at,
        coalesce(j.ended_at, case when j.state = 'running' then j.seen_at end) as stopped_at,
        coalesce(
            case when j.cpus between 0 and 1e6 then j.cpus end,
            l.cores::double * coalesce(j.instances, 1)
        ) as cores,
        coalesce(
            case when j.ram_gib between 0 and 1e8 then j.ram_gib end,
            l.gib::double * coalesce(j.instances, 1)
        ) as gib
    from usage.gpu_job as j
    left join listed as l on l.instance_type = regexp_replace(j.instance_type, '^ml[.]', '')
    left join (select distinct node from ledger.node_day) as n
        on n.node = regexp_extract(j.resource_id, '[^/]+$', 0)
    where n.node is null and j.started_at is not null
        and not (j.kind = 'ray-job' and exists (
            from usage.pod where owner_kind in ('RayCluster', 'RayJob', 'RayService')
        ))
),
job_month as (
    select
        m.month, j.*,
        date_diff('second', greatest(j.started_at, m.month::timestamp),
            least(j.stopped_at, m.month::timestamp + interval 1 month)) / 3600 as hours,
        date_diff('second', j.started_at, j.stopped_at) / 3600 as all_hours
    from job as j
    cross join lateral (
        select unnest(generate_series(
            date_trunc('month', j.started_at), j.stopped_at - interval 1 second, interval 1 month
        ))::date as month
    ) as m
    where j.stopped_at > j.started_at and isfinite(j.started_at) and isfinite(j.stopped_at)
),
measured_job as (
    select
        month, source, cluster, team, model, gpu_model, node, min(region) as region,
        sum((energy_kwh * hours / all_hours)::decimal(28, 9)) as kwh,
        sum((gpus * hours)::decimal(28, 9)) as hours
    from job_month
    where energy_kwh > 0 and energy_kwh < 1e9
    group by month, source, cluster, team, model, gpu_model, node
),
measured as (
    select
        t.day, s.node is not null as is_node, t.cluster, t.node,
        coalesce(s.source, t.source) as source, s.region, t.team, t.model,
        t.kwh, t.gpu_hours as hours
    from ledger.measured_energy as t
    left join seat as s on s.day = t.day and s.cluster = t.cluster and s.node = t.node
    where s.node is not null or not exists (
        from measured_job as j
        where j.month = date_trunc('month', t.day) and coalesce(j.node, t.node) = t.node
    )
),
sampled as (
    select
        source, host, sampled_at::date as day,
        sum(power_watts::decimal(28, 9)) / count(*) as watts
    from usage.gpu_sample
    where power_watts between 0 and 5000
    group by source, host, sampled_at::date
),
-- GPU-hours with the part of them that nobody measured.
region_of_job as (
    select source, resource_id, min(region) as region
    from usage.gpu_job where resource_id is not null group by source, resource_id
),
region_of_source as (
    select source, min(region) as region
    from usage.gpu_job group by source
    having count(distinct region) = 1 and count(*) = count(region)
),
region_of_bill as (
    select resource_id, min(region) as region
    from ledger.charge_day where resource_id in (select machine from gpu) group by resource_id
),
node_measured as (
    select day, case when is_node then cluster else '' end as cluster, node, sum(hours) as hours
    from measured group by all
),
-- Of nodes and owners of which something is measured, all that they had.
node_gpu as (
    select
        n.day, n.cluster, n.node, n.hours as measured, sum(g.hours) as hours
    from gpu as g
    join node_measured as n
        on n.day = g.day and n.node = g.node
        and n.cluster = case when g.kind = 'cluster' then g.cluster else '' end
    group by n.day, n.cluster, n.node, n.hours
),
owner_measured as (
    select month, source, cluster, team, model, gpu_model, sum(hours) as hours
    from measured_job group by all
),
owner_gpu as (
    select
        j.month, j.source, j.cluster, j.team, j.model, j.gpu_model, j.hours as measured,
        sum(g.hours) as hours
    from gpu as g
    join owner_measured as j
        on j.month = g.month and j.source = g.source and j.cluster = g.cluster
        and j.team is not distinct from g.team and j.model is not distinct from g.model
        and j.gpu_model is not distinct from g.gpu_model
    where g.kind not in ('cluster', 'endpoint', 'host', 'instance')
    group by j.month, j.source, j.cluster, j.team, j.model, j.gpu_model, j.hours
),
placed as (
    select
        g.*, coalesce(s.region, e.region, j.region, b.region, r.region) as region,
        case when g.kind = 'host' then h.watts end as watts
    from gpu as g
    left join seat as s
        on g.kind = 'cluster' and s.day = g.day and s.cluster = g.cluster and s.node = g.node
    left join usage.endpoint as e
        on g.kind = 'endpoint' and e.source = g.source and e.endpoint = g.node
    left join region_of_job as j on j.source = g.source and j.resource_id = g.machine
    left join region_of_bill as b on b.resource_id = g.machine
    left join region_of_source as r on r.source = g.source
    left join sampled as h on h.source = g.source and h.host = g.node and h.day = g.day
),
left_over as (
    select
        p.*,
        greatest(1 - coalesce(n.measured / nullif(n.hours, 0), 0), 0) * case
            when p.watts is not null then 1 - least(p.observed / p.hours, 1)
            when p.kind in ('cluster', 'endpoint', 'host', 'instance') then 1
            else greatest(1 - coalesce(j.measured / nullif(j.hours, 0), 0), 0)
        end as left_ratio
    from placed as p
    left join node_gpu as n
        on n.day = p.day and n.node = p.node
        and n.cluster = case when p.kind = 'cluster' then p.cluster else '' end
    left join owner_gpu as j
        on j.month = p.month and j.source = p.source and j.cluster = p.cluster
        and j.team is not distinct from p.team and j.model is not distinct from p.model
        and j.gpu_model is not distinct from p.gpu_model
),
-- Cores and memory.
held as (
    select
        day, cluster, node, sum(core_hours::decimal(28, 9)) as core_hours,
        sum(gib_hours::decimal(28, 9)) as gib_hours
    from ledger.pod_day
    group by day, cluster, node
),
capacity as (
    select day, cluster, node, sum(core_hours) as core_hours, sum(gib_hours) as gib_hours
    from ledger.node_day group by day, cluster, node
),
fit as (
    select
        date_trunc('month', h.day)::date as month, h.day, h.cluster, h.node, s.source, s.region,
        least(1, c.core_hours::double / nullif(h.core_hours, 0)) as cores,
        least(1, c.gib_hours::double / nullif(h.gib_hours, 0)) as gib
    from held as h
    join seat as s on s.day = h.day and s.cluster = h.cluster and s.node = h.node
    join capacity as c on c.day = h.day and c.cluster = h.cluster and c.node = h.node
),
machine as (
    select
        f.month, f.source, p.cluster, f.region, p.team, p.model,
        p.core_hours * f.cores as core_hours,
        case when p.cost_kind = 'idle' then 0
            else coalesce(p.used_core_hours, p.core_hours * $use_ratio) end
            * f.cores as used_core_hours,
        p.gib_hours * f.gib as gib_hours,
        0 as without_cores
    from ledger.pod_day as p
    join fit as f on f.day = p.day and f.cluster = p.cluster and f.node = p.node
    union all
    select
        month, source, cluster, region, team, model, cores * hours, cores * hours * $use_ratio,
        gib * hours, (cores is null)::integer
    from job_month
    where energy_kwh is null or not (energy_kwh > 0 and energy_kwh < 1e9)
    union all
    select
        date_trunc('month', h.hour)::date, e.source, coalesce(e.region, ''), e.region, null,
        e.model, l.cores::double * n.instances,
        l.cores::double * n.instances * coalesce(
            case when h.cpu_used_ratio between 0 and 1 then h.cpu_used_ratio end, $use_ratio
        ),
        l.gib::double * n.instances, (l.cores is null)::integer
    from usage.endpoint_hour as h
    join usage.endpoint as e on e.source = h.source and e.endpoint = h.endpoint
    left join listed as l on l.instance_type = regexp_replace(e.instance_type, '^ml[.]', '')
    cross join lateral (
        select case when h.instances between 0 and 1e6 then h.instances
            when h.variant is null then e.instances end as instances
    ) as n
    where n.instances > 0 and e.source not in (select source from usage.pod)
        and e.source not in (select source from usage.node)
),
line as (
    select
        month, source, cluster, region, team, model, gpu_model, hours * left_ratio as gpu_hours,
        hours * left_ratio * case
            when observed > 0 then (used + $use_ratio * greatest(hours - observed, 0)) / hours
            else $use_ratio
        end as used_gpu_hours,
        hours as all_gpu_hours, coalesce(watts / 1000 * least(observed, hours), 0) as measured_kwh,
        0 as core_hours, 0 as used_core_hours, 0 as gib_hours, 0 as without_cores
    from left_over
    union all
    select
        date_trunc('month', day)::date, source, cluster, region, team, model, null, 0, 0, 0,
        kwh::double, 0, 0, 0, 0
    from measured
    union all
    select month, source, cluster, region, team, model, null, 0, 0, 0, kwh, 0, 0, 0, 0
    from measured_job
    union all
    select
        month, source, cluster, region, team, model, null, 0, 0, 0, 0, coalesce(core_hours, 0),
        coalesce(used_core_hours, 0), coalesce(gib_hours, 0), without_cores
    from machine
),
-- The factors in force: a user's before the shipped, the nearest place first.
spot as (
    select
        s.*, f.provider
    from (
        select distinct source, cluster, region, lower(replace(region, ' ', '')) as place from line
    ) as s
    left join (
        select place, min(provider) as provider
        from config.carbon_factor where factor in ('grid', 'pue') and provider is not null
        group by place
    ) as f on f.place = s.place
),
chosen as (
    select
        s.source, s.cluster, s.region, f.factor,
        {value: f.value, unit: f.unit, source: f.factor_source, dated: f.dated_on} as said
    from spot as s
    join config.carbon_factor as f
        on f.model is null and not starts_with(f.factor, 'gpu-')
        and (f.place is null or f.place in (s.source, s.cluster)
            or lower(replace(f.place, ' ', '')) = s.place)
        and (f.provider is null or f.provider = s.provider)
    qualify row_number() over (
        partition by s.source, s.cluster, s.region, f.factor
        order by
            f.origin = 'carbon' desc,
            case when f.place is null then 3 when f.place = s.cluster then 0
                when f.place = s.source then 1 else 2 end,
            f.provider is null, f.dated_on desc
    ) = 1
),
factor as (
    select
        source, cluster, region,
        any_value(said) filter (factor = 'grid') as grid,
        any_value(said) filter (factor = 'pue') as pue,
        any_value(said) filter (factor = 'core-idle') as core_idle,
        any_value(said) filter (factor = 'core-busy') as core_busy,
        any_value(said) filter (factor = 'gib') as gib,
        any_value(said) filter (factor = 'core-embodied') as core_embodied,
        any_value(said) filter (factor = 'gib-embodied') as gib_embodied,
        any_value(said) filter (factor = 'life') as life
    from chosen
    group by source, cluster, region
),
gpu_chosen as (
    select
        g.gpu_model, f.factor,
        {value: f.value, unit: f.unit, source: f.factor_source, dated: f.dated_on} as said
    from (
        select distinct
            gpu_model, '-' || regexp_replace(lower(gpu_model), '[^a-z0-9]+', '-', 'g') || '-'
                as words
        from line where gpu_model is not null
    ) as g
    join config.carbon_factor as f
        on starts_with(f.factor, 'gpu-') and (f.model is null or contains(
            g.words, '-' || regexp_replace(lower(f.model), '[^a-z0-9]+', '-', 'g') || '-'
        ))
    qualify row_number() over (
        partition by g.gpu_model, f.factor
        order by
            length(coalesce(f.model, '')) desc, f.origin = 'carbon' desc, f.dated_on desc, f.model
    ) = 1
),
gpu_factor as (
    select
        gpu_model,
        any_value(said) filter (factor = 'gpu-idle') as idle,
        any_value(said) filter (factor = 'gpu-busy') as busy,
        any_value(said) filter (factor = 'gpu-embodied') as embodied
    from gpu_chosen group by gpu_model
),
-- Their values alone: there are many lines, and each carries what it is multiplied by.
gpu_value as (
    select gpu_model, idle.value as idle, busy.value as busy, embodied.value as embodied
    from gpu_factor
),
value as (
    select
        source, cluster, region, core_idle.value as core_idle, core_busy.value as core_busy,
        gib.value as gib, core_embodied.value as core_embodied,
        gib_embodied.value as gib_embodied, life.value as life
    from factor
),
powered as (
    select
        l.*,
        case when l.gpu_hours > 0 then (
            l.gpu_hours * w.idle + l.used_gpu_hours * (w.busy - w.idle)
        ) / 1000 else 0 end as gpu_kwh,
        (
            l.core_hours * f.core_idle + l.used_core_hours * (f.core_busy - f.core_idle)
            + l.gib_hours * f.gib
        ) / 1000 as machine_kwh,
        (
            l.core_hours * f.core_embodied + l.gib_hours * f.gib_embodied
            + case when l.all_gpu_hours > 0 then l.all_gpu_hours * w.embodied else 0 end
        ) / f.life as embodied
    from line as l
    left join gpu_value as w on w.gpu_model = l.gpu_model
    left join value as f
        on f.source = l.source and f.cluster = l.cluster and f.region is not distinct from l.region
),
summed as (
    select
        month, source, cluster, region, team, model,
        -- work of which nobody tells a GPU, a core or a joule took electricity that is not known
        sum(without_cores) = 0 or sum(measured_kwh) > 0 or sum(all_gpu_hours) > 0
        or sum(core_hours) > 0 or sum(gib_hours) > 0 as is_told,
        sum(measured_kwh::decimal(28, 9)) as measured,
        case when count(*) = count(gpu_kwh) and is_told
            then sum(gpu_kwh::decimal(28, 9)) + sum(machine_kwh::decimal(28, 9)) end as estimated,
        case when count(*) = count(embodied) and is_told
            then sum(embodied::decimal(28, 9)) end as embodied,
        sum(all_gpu_hours::decimal(28, 9)) as gpu_hours,
        sum(core_hours::decimal(28, 9)) as core_hours,
        sum(gib_hours::decimal(28, 9)) as gib_hours,
        sum(without_cores) as without_cores,
        count(*) filter (all_gpu_hours > 0) < count(*) as has_more,
        array_to_string(list_sort(list(distinct coalesce(gpu_model, 'a GPU of no name'))
            filter (gpu_kwh is null)), ', ') as unknown_gpus
    from powered
    group by month, source, cluster, region, team, model
),
said as (
    select
        g.month, g.source, g.cluster, g.region, g.team, g.model,
        list({gpu: g.gpu_model, idle: w.idle, busy: w.busy, embodied: w.embodied}) as gpus
    from (
        select distinct month, source, cluster, region, team, model, gpu_model
        from line where all_gpu_hours > 0
    ) as g
    left join gpu_factor as w on w.gpu_model = g.gpu_model
    group by g.month, g.source, g.cluster, g.region, g.team, g.model
)
select
    s.month, s.source, s.model, s.team, s.region,
    (s.measured + s.estimated) * f.pue.value as kwh,
    case when s.measured > 0 then s.measured end::double as measured_kwh,
    (s.measured + s.estimated) * f.pue.value * f.grid.value as kg_co2e,
    s.embodied::double as embodied_kg_co2e,
    case when s.measured > 0 and s.estimated = 0 then 'measured'
        when s.measured > 0 then 'mixed' else 'estimated' end as grade,
    s.gpu_hours::double as gpu_hours, s.core_hours::double as core_hours,
    s.gib_hours::double as gib_hours,
    to_json({
        grid: f.grid, pue: f.pue, core_idle: f.core_idle, core_busy: f.core_busy, gib: f.gib,
        gpus: list_sort(coalesce(g.gpus, []) || case when s.has_more then [null] else [] end),
        core_embodied: f.core_embodied, gib_embodied: f.gib_embodied, life: f.life,
        use_ratio: $use_ratio::double
    })::varchar as factors,
    s.cluster, (s.measured + s.estimated)::double as it_kwh,
    nullif(concat_ws(
        '; ',
        case when s.unknown_gpus is not null
            then 'nobody says what power ' || s.unknown_gpus || ' draws' end,
        case when f.pue is null then 'the overhead (pue) of ' || coalesce(
            'the region ' || s.region, nullif(s.cluster, ''), s.source
        ) || ' is not known' end,
        case when f.grid is null then 'the grid of ' || coalesce(
            'the region ' || s.region, nullif(s.cluster, ''), s.source
        ) || ' is not known: name its factor in the file of carbon:' end,
        case when s.without_cores > 0
            then 'without cores and memory of ' || s.without_cores
            || ' jobs or hours of endpoints that do not tell of them' end
    ), '') as reason
from summed as s
left join said as g
    on g.month = s.month and g.source = s.source and g.cluster = s.cluster
    and g.region is not distinct from s.region and g.team is not distinct from s.team
    and g.model is not distinct from s.model
left join factor as f
    on f.source = s.source and f.cluster = s.cluster and f.region is not distinct from s.region
