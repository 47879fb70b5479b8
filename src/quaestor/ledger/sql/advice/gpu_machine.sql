-- The machines with GPUs that are there, each once, whoever tells of it.
--
-- grain     one row per machine: a node of a cluster, else a host whose GPUs are sampled, else an
--           instance of the bill; what an endpoint, a training job or a notebook runs on is theirs
-- method    there: told of in the last day for which its source tells of anything, or billed on the
--           last complete day. A host is the billed machine that is called so, or ends with its
--           name. The model of its GPUs is that of its type in the price book, else the one whose
--           words its name has, with the size of memory that is told. Hours in which nobody asked
--           for its GPUs are those in which it was up, the cluster's pods are told of, none of them
--           asked for GPUs of the node, no device of it was busy, and no claim holds devices there
-- money     its resources on the bill, by the rate of the last 30 days; else its list price x 730,
--           of on-demand machines, in its region or, where that has none, in any
-- param     days = 7: how many days of a machine's use are looked at
-- param     held_out_days = 2: the last of them, on which the advice of the days before is tried
-- source    FOCUS 1.2 ResourceId; usage.node, usage.node_hour, usage.gpu_sample
-- rows from usage.gpu_sample, usage.node, usage.node_hour, ledger.gpu_instance_day
with hour_end as (
    select cluster, max(hour) as present from usage.node_hour group by cluster
),
day_end as (
    select cluster, max(day) as last_day from ledger.node_day group by cluster
),
counted as (
    select n.*
    from ledger.node_day as n
    join day_end as e on e.cluster = n.cluster and n.day >= e.last_day - 1
    where n.gpus > 0 or n.gpu_hours > 0 or n.gpu_model is not null
    qualify row_number() over (
        partition by n.cluster, n.node order by n.day desc, n.source, n.machine
    ) = 1
),
listed as (
    select *
    from usage.node
    qualify row_number() over (partition by cluster, node order by seen_at desc, source) = 1
),
node as (
    select
        coalesce(c.source, l.source) as source, coalesce(c.cluster, l.cluster) as cluster,
        coalesce(c.node, l.node) as node,
        coalesce(c.machine, l.resource_id, l.provider_id) as machine,
        coalesce(c.instance_type, l.instance_type) as instance_type,
        coalesce(c.region, l.region) as region,
        coalesce(c.capacity_type, l.capacity_type) as capacity_type,
        coalesce(c.gpu_model, l.gpu_model) as told_model,
        coalesce(l.gpus::double, nullif(c.gpus::double, 0)) as gpus,
        coalesce(l.cpu_cores, c.cores::double) as cores, coalesce(l.ram_gib, c.gib::double) as gib,
        l.gpu_memory_gib, coalesce(h.present, l.seen_at) as present, l.created_at, l.labels as tags
    from counted as c
    full join listed as l on l.cluster = c.cluster and l.node = c.node
    left join hour_end as h on h.cluster = coalesce(c.cluster, l.cluster)
    where c.node is not null or l.gpus > 0
),
-- What is billed as a machine with GPUs, and is not somebody else's object.
gpu_resource as (
    select
        i.resource_id, arg_max(i.instance_type, i.day) as instance_type,
        arg_max(i.gpu_model, i.day) as told_model, arg_max(i.capacity_type, i.day) as capacity_type
    from ledger.gpu_instance_day as i
    left join ledger.lineage as l on l.resource_id = i.resource_id
    where not i.is_unused and i.hours > 0 and i.resource_id is not null
        and coalesce(l.kind, 'machine') in ('machine', 'node')
        and not regexp_matches(
            lower(i.resource_id), '^arn:[^:]*:sagemaker:|microsoft[.]machinelearning|aiplatform'
        )
        and i.resource_id not in (
            select resource_id from usage.notebook where resource_id is not null
        )
    group by i.resource_id
),
billed as (
    select
        g.*, r.source, r.provider, r.region, r.until::timestamp + interval 23 hour as present,
        coalesce(regexp_extract(g.resource_id, '[^/]+$', 0), g.resource_id) as last_word
    from gpu_resource as g
    join ledger.resource_rate as r on r.resource_id = g.resource_id
    where r.last_day >= r.until
),
-- The resources of a machine, whatever tells of it.
resource as (
    select l.split_key as machine, r.*
    from ledger.lineage as l
    join ledger.resource_rate as r on r.resource_id = l.resource_id
    where l.kind = 'node' and l.split_key is not null
    union all
    select r.resource_id, r.*
    from billed as b
    join ledger.resource_rate as r on r.resource_id = b.resource_id
    where r.resource_id not in (
        select resource_id from ledger.lineage where kind = 'node' and split_key is not null
    )
),
cost as (
    select
        machine,
        coalesce(
            arg_max(resource_id, (cost_per_month, resource_id))
                filter (cost_per_month is not null),
            min(resource_id)
        ) as resource_id,
        min(provider) as provider, min(region) as region,
        case when count(*) = count(cost_per_month) then sum(cost_per_month) end as cost_per_month,
        case when count(*) = count(effective_cost) and sum(effective_cost) > 0
            then least(1, sum(committed_cost)::double / sum(effective_cost)::double) end
            as committed_ratio,
        arg_max(team, cost_per_month) as team, arg_max(model, cost_per_month) as model,
        arg_max(model_version, cost_per_month) as model_version,
        arg_max(environment, cost_per_month) as environment,
        arg_max(tags, cost_per_month) as tags,
        max(spot_cost) > 0 and max(spot_cost) >= sum(effective_cost) / 2 as is_spot
    from resource
    group by machine
),
-- Endpoints, notebooks and jobs are looked at as what they are, and not as the host they run on.
other_name as (
    select endpoint as name from usage.endpoint
    union
    select notebook from usage.notebook
    union
    select regexp_extract(resource_id, '[^/]+$', 0) from ledger.lineage
    where kind not in ('node', 'machine')
    union
    select regexp_extract(resource_id, '[^/]+$', 0) from ledger.gpu_instance_day
    where regexp_matches(
        lower(resource_id), '^arn:[^:]*:sagemaker:|microsoft[.]machinelearning|aiplatform'
    )
),
host_end as (
    select source, max(sampled_at) as present from usage.gpu_sample group by source
),
host as (
    select
        s.source, s.host, coalesce(min(b.resource_id), s.host) as machine,
        count(distinct b.resource_id) as machines, any_value(e.present) as present,
        min(s.gpu_model) as told_model,
        nullif(count(distinct coalesce(s.gpu_uuid, s.gpu_index::varchar)), 0)::double as gpus,
        min(b.instance_type) as instance_type, min(b.capacity_type) as capacity_type,
        min(b.region) as region
    from usage.gpu_sample as s
    join host_end as e on e.source = s.source
    left join billed as b on b.resource_id = s.host or b.last_word = s.host
    where s.sampled_at > e.present - to_days($days::integer)
        and s.host not in (select node from node)
        and s.host not in (select machine from node where machine is not null)
        and s.host not in (select name from other_name where name is not null)
    group by s.source, s.host
),
machine as (
    select
        'cluster' as kind, source, cluster, node, machine, instance_type, region, capacity_type,
        told_model, gpus, cores, gib, gpu_memory_gib, present, created_at, tags
    from node
    union all
    select
        'host', source, null, host, case when machines < 2 then machine else host end,
        case when machines < 2 then instance_type end, case when machines < 2 then region end,
        case when machines < 2 then capacity_type end, told_model, gpus, null, null, null, present,
        null, null
    from host
    union all
    select
        'instance', source, null, resource_id, resource_id, instance_type, region, capacity_type,
        told_model, null, null, null, null, present, null, null
    from billed
    where resource_id not in (select resource_id from ledger.lineage where kind = 'node')
        and resource_id not in (select machine from host where machines < 2)
),
priced as (
    select
        m.*, p.gpu_model as booked_model, p.gpus as booked_gpus, p.cores as booked_cores,
        p.gib as booked_gib, p.price, p.provider as booked_provider
    from (
        select *
        from machine
        qualify row_number() over (
            partition by coalesce(machine, concat_ws('/', source, cluster, node))
            order by case kind when 'cluster' then 0 when 'host' then 1 else 2 end, source, node
        ) = 1
    ) as m
    left join ledger.listed_machine as p
        on lower(p.instance_type) = lower(m.instance_type)
    qualify row_number() over (
        partition by m.kind, m.source, m.cluster, m.node
        order by
            case when p.region = m.region then 0 when p.region is null then 1 else 2 end, p.region
    ) = 1
),
-- The model by its name; of several sizes the one that is told.
worded as (
    select
        *,
        '-' || regexp_replace(
            regexp_replace(lower(gpu_model), '-?[0-9]+ ?gb$', ''), '[^a-z0-9]+', '-', 'g'
        ) || '-' as words
    from (select gpu_model, memory_gib from config.gpu_model)
),
named as (
    select
        p.kind, p.source, p.cluster, p.node,
        case when count(*) = 1 then min(w.gpu_model) end as only_model,
        case when count(*) filter (contains(n.name, '-' || w.memory_gib::integer || 'gb-')) = 1
            then min(w.gpu_model) filter (
                contains(n.name, '-' || w.memory_gib::integer || 'gb-')
            ) end as sized_model,
        arg_min(w.gpu_model, abs(w.memory_gib - p.gpu_memory_gib)) filter (
            abs(w.memory_gib - p.gpu_memory_gib) < w.memory_gib / 8
        ) as measured_model
    from priced as p
    cross join lateral (
        select '-' || regexp_replace(lower(p.told_model), '[^a-z0-9]+', '-', 'g') || '-' as name
    ) as n
    join worded as w on contains(n.name, replace(w.words, '--', '-'))
    where p.told_model is not null and p.booked_model is null
    group by p.kind, p.source, p.cluster, p.node
),
-- Who asked for its GPUs, by the hour.
told as (
    select distinct cluster, hour from usage.pod_hour
    where gpu_request is not null
        and hour > (select min(present) from priced) - to_days($days::integer)
),
asked as (
    select distinct cluster, node, hour from usage.pod_hour
    where gpu_request > 0
        and hour > (select min(present) from priced) - to_days($days::integer)
),
busy as (
    select distinct cluster, node, hour from usage.gpu_device_hour where used_ratio >= 0.05
),
claimed as (
    select distinct cluster, node, day from ledger.pod_claim
),
free as (
    select
        m.cluster, m.node, h.hour,
        bool_and(a.hour is null and b.hour is null) as is_free
    from priced as m
    join usage.node_hour as h
        on h.cluster = m.cluster and h.node = m.node
        and h.hour > m.present - to_days($days::integer)
    join told as t on t.cluster = h.cluster and t.hour = h.hour
    left join asked as a on a.cluster = h.cluster and a.node = h.node and a.hour = h.hour
    left join busy as b on b.cluster = h.cluster and b.node = h.node and b.hour = h.hour
    left join claimed as c on c.cluster = h.cluster and c.node = h.node and c.day = h.hour::date
    where m.kind = 'cluster' and coalesce(h.up_ratio, 1) > 0 and c.node is null
    group by m.cluster, m.node, h.hour
),
schedule as (
    select
        cluster, node, count(*) as told_hours, count(*) filter (is_free) as unscheduled_hours,
        max(hour) filter (not is_free) as scheduled_at,
        count(*) filter (is_free and hour > coalesce(busy_until, '-infinity')) as free_hours
    from (
        select
            *, max(hour) filter (not is_free) over (partition by cluster, node) as busy_until
        from free
    )
    group by cluster, node
)
select
    'machine/' || coalesce(m.machine, concat_ws('/', m.source, m.cluster, m.node)) as subject,
    m.kind, m.source,
    m.cluster, m.node, m.machine, c.resource_id,
    coalesce(m.booked_provider, c.provider) as provider, coalesce(m.region, c.region) as region,
    m.instance_type, case when c.is_spot then 'spot' else m.capacity_type end as capacity_type,
    coalesce(m.told_model, m.booked_model) as told_model,
    coalesce(
        k.gpu_model, n.only_model, n.sized_model, n.measured_model
    ) as gpu_model,
    coalesce(m.gpus, m.booked_gpus) as gpus, coalesce(m.cores, m.booked_cores) as cores,
    coalesce(m.gib, m.booked_gib) as gib,
    coalesce(
        m.gpu_memory_gib, k.memory_gib,
        (select g.memory_gib from config.gpu_model as g
            where g.gpu_model = coalesce(n.only_model, n.sized_model))
    ) as gpu_memory_gib,
    m.present, m.present - to_days($days::integer) as since,
    m.present - to_days($held_out_days::integer) as trained_until, m.created_at,
    case
        when c.machine is not null then c.cost_per_month
        when coalesce(m.capacity_type, 'on-demand') = 'on-demand'
            then money_estimate(m.price::double * 730)
    end as cost_per_month,
    case
        when c.machine is not null then case when c.cost_per_month is not null then 'bill' end
        when coalesce(m.capacity_type, 'on-demand') = 'on-demand' and m.price is not null
            then 'list'
    end as saving_basis,
    c.committed_ratio, c.team, c.model, c.model_version, c.environment,
    coalesce(m.tags, c.tags) as tags,
    s.told_hours, s.unscheduled_hours, s.scheduled_at, s.free_hours
from priced as m
left join cost as c on c.machine = m.machine
left join named as n
    on n.kind = m.kind and n.source = m.source and n.cluster is not distinct from m.cluster
    and n.node = m.node
left join config.gpu_model as k on k.gpu_model = m.booked_model
left join schedule as s on m.kind = 'cluster' and s.cluster = m.cluster and s.node = m.node
