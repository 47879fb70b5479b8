-- What each GPU of a machine did over the last week: how busy it was, and how full its memory.
--
-- grain     one row per machine and GPU; 'all' where only pods tell what their GPUs did
-- input     the window is what ledger.gpu_machine says: its `days`
-- method    devices by the hour (DCGM) count before samples of the host, and these before what pods
--           did. Of a GPU that is cut into slices an hour's use is its busiest slice's, its memory
--           theirs together. By pods alone: an hour is observed where all of them that asked for
--           GPUs have a ratio, its use is the busiest one's, and its memory theirs together, for
--           nobody tells on which GPU it lay; nothing ran where nobody asked. A ratio outside
--           [0, 1] is unobserved. An hour nobody tells of is no idle hour
-- hours     of devices, those in which they were watched; of samples, the part of each hour that
--           the GPU has of the most samples that any of its source has in one
-- source    NVIDIA dcgm-exporter, etc/default-counters.csv; NVML, nvmlUtilization_t
-- rows from usage.gpu_device_hour, usage.gpu_sample, usage.pod_hour
with machine as (
    select * from ledger.gpu_machine
    where present is not null
),
-- A GPU that several pods share is told of once for each of them.
slice as (
    select
        m.subject, d.gpu_uuid, d.hour as moment, any_value(m.gpu_memory_gib) as whole_gib,
        max(case when d.used_ratio between 0 and 1 then d.used_ratio end) as used,
        max(case when d.memory_used_gib between 0 and 100000 then d.memory_used_gib end)
            as memory_used_gib,
        max(d.memory_gib) as memory_gib, bool_or(d.mig_profile is not null) as is_slice,
        least(1, sum(coalesce(d.observed_ratio, 1))) as hours
    from usage.gpu_device_hour as d
    join machine as m
        on m.kind = 'cluster' and m.cluster = d.cluster and m.node = d.node and d.hour > m.since
    group by m.subject, d.gpu_uuid, d.hour
),
device as (
    select
        subject, split_part(gpu_uuid, '/', 1) as gpu, 'devices' as told_by, moment,
        max(used) as used,
        case when count(*) = count(memory_used_gib) then sum(memory_used_gib) end
            as memory_used_gib,
        case when bool_or(is_slice) then any_value(whole_gib) else max(memory_gib) end
            as memory_gib,
        max(hours) as hours,
        case when count(*) = count(memory_used_gib) then sum(memory_used_gib) end as memory_all_gib
    from slice
    group by subject, split_part(gpu_uuid, '/', 1), moment
),
called as (
    select subject, since, node as host, source from machine where kind = 'host'
    union
    select subject, since, node, null from machine where kind = 'cluster'
    union
    select subject, since, machine, null from machine where kind = 'cluster' and machine is not null
),
sample as (
    select
        m.subject, coalesce(s.gpu_uuid, s.gpu_index::varchar, '') as gpu, 'samples' as told_by,
        s.sampled_at as moment,
        case when s.gpu_util_ratio between 0 and 1 then s.gpu_util_ratio end as used,
        case when s.memory_used_gib between 0 and 100000 then s.memory_used_gib
            end as memory_used_gib,
        s.memory_gib, null::double as hours,
        case when s.memory_used_gib between 0 and 100000 then s.memory_used_gib end
            as memory_all_gib
    from usage.gpu_sample as s
    join called as m
        on m.host = s.host and s.sampled_at > m.since and coalesce(m.source, s.source) = s.source
),
sampled_hour as (
    select subject, gpu, date_trunc('hour', moment) as hour, count(*) as samples
    from sample
    group by subject, gpu, date_trunc('hour', moment)
),
most as (
    select m.source, max(h.samples) as samples
    from sampled_hour as h
    join machine as m on m.subject = h.subject
    group by m.source
),
asking as (
    select
        m.subject, p.hour as moment,
        bool_and(p.gpu_used_ratio between 0 and 1) as is_observed, max(p.gpu_used_ratio) as used,
        case when bool_and(p.gpu_memory_used_gib between 0 and 100000)
            then sum(p.gpu_memory_used_gib) end
            as memory_used_gib
    from usage.pod_hour as p
    join machine as m
        on m.kind = 'cluster' and m.cluster = p.cluster and m.node = p.node and p.hour > m.since
    where p.gpu_request > 0
    group by m.subject, p.hour
),
told as (
    select distinct cluster, hour from usage.pod_hour where gpu_request is not null
),
claimed as (
    select distinct cluster, node, day from ledger.pod_claim
),
pod as (
    select
        m.subject, 'all' as gpu, 'pods' as told_by, h.hour as moment,
        case when a.subject is null then 0 when a.is_observed then a.used end as used,
        case when a.subject is null then 0
            when a.memory_used_gib > m.gpu_memory_gib then m.gpu_memory_gib
            else a.memory_used_gib end as memory_used_gib,
        m.gpu_memory_gib as memory_gib, 1.0::double as hours,
        case when a.subject is null then 0 else a.memory_used_gib end as memory_all_gib
    from machine as m
    join usage.node_hour as h on h.cluster = m.cluster and h.node = m.node and h.hour > m.since
    join told as t on t.cluster = h.cluster and t.hour = h.hour
    left join asking as a on a.subject = m.subject and a.moment = h.hour
    left join claimed as c on c.cluster = m.cluster and c.node = m.node and c.day = h.hour::date
    where m.kind = 'cluster' and coalesce(h.up_ratio, 1) > 0 and c.node is null
    qualify row_number() over (partition by m.subject, h.hour order by h.source) = 1
),
-- The best that tells of a machine.
chosen as (
    select * from device
    union all
    select * from sample
    where subject not in (select subject from device where used is not null)
    union all
    select * from pod
    where subject not in (select subject from device where used is not null)
        and subject not in (select subject from sample where used is not null)
)
select
    c.subject, c.gpu, c.told_by, min(c.moment) as first_at, max(c.moment)
        filter (c.used is not null)
        as last_at,
    case when c.told_by = 'samples' then count(c.used) / any_value(t.samples)
        else coalesce(sum(c.hours) filter (c.used is not null), 0) end as observed_hours,
    quantile_cont(c.used, 0.95) as used_p95, max(c.used) as used_max,
    count(distinct date_trunc('hour', c.moment)) filter (c.used >= 0.05) as busy_hours,
    max(c.memory_used_gib) as memory_max_gib, max(c.memory_all_gib) as memory_all_gib,
    coalesce(max(c.memory_gib), any_value(m.gpu_memory_gib)) as memory_gib,
    quantile_cont(c.used, 0.95) filter (c.moment <= m.trained_until) as trained_p95,
    max(c.memory_used_gib) filter (c.moment <= m.trained_until) as trained_memory_max_gib,
    list(c.memory_used_gib) filter (
        c.moment > m.trained_until and c.memory_used_gib is not null
    ) as held_out_memory_gib
from chosen as c
join machine as m on m.subject = c.subject
left join most as t on t.source = m.source
group by c.subject, c.gpu, c.told_by
having count(c.used) > 0
