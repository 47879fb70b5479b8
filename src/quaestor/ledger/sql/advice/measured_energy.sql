-- The electricity of GPUs that counters told, whose work it was, and for how many of their hours.
--
-- grain     one row per day, cluster, node and owner; no owner: nobody's work, or nobody says
-- method    what devices tell counts, by device and hour. Where several rows tell of one device's
--           hour (pods that share it repeat its counter, and so do MIG slices) each has its part;
--           a part of an hour stands for that part. What pods are said to have used counts only
--           where no device of their node is told of in that hour; where devices name no pod, it
--           says whose of it was what, up to what was measured. Power x time where there is no
--           counter. More than 5 kWh of a device in an hour is no measurement
-- rounding  to a billionth of a kWh and of an hour
-- source    NVIDIA dcgm-exporter, DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION, DCGM_FI_DEV_POWER_USAGE
-- rows from usage.gpu_device_hour, usage.pod_hour
with device as (
    select
        hour, coalesce(cluster, '') as cluster, node, namespace, pod, source,
        coalesce(energy_kwh, power_watts / 1000 * coalesce(observed_ratio, 1)) as kwh,
        coalesce(observed_ratio, 1) as hours,
        greatest(1, sum(coalesce(observed_ratio, 1)::decimal(28, 9)) over (
            partition by coalesce(cluster, ''), node, hour, case when mig_profile is null
                then gpu_uuid else regexp_replace(gpu_uuid, '/[^/]*$', '') end
        )) as told
    from usage.gpu_device_hour
    -- A counter that started anew can make up any figure; no device draws 5 kW.
    where coalesce(energy_kwh, power_watts / 1000) between 0 and 5
        and coalesce(observed_ratio, 1) between 0 and 1
),
device_hour as (
    select
        hour, cluster, node, namespace, pod, min(source) as source,
        sum((kwh / told)::decimal(28, 9)) as kwh, sum((hours / told)::decimal(28, 9)) as hours
    from device
    group by hour, cluster, node, namespace, pod
),
pod_hour as (
    select
        hour, cluster, node, namespace, pod, min(source) as source,
        max(gpu_energy_kwh)::decimal(28, 9) as kwh,
        coalesce(max(gpu_request) filter (gpu_request between 0 and 1e6), 0)::decimal(28, 9)
            as hours
    from usage.pod_hour
    where gpu_energy_kwh between 0 and 1000 and node is not null
    group by hour, cluster, node, namespace, pod
),
by_device as (
    select
        hour, cluster, node, sum(kwh) as kwh, sum(hours) as hours, count(pod) > 0 as names_pods
    from device_hour
    group by hour, cluster, node
),
by_pod as (
    select hour, cluster, node, sum(kwh) as kwh, sum(hours) as hours
    from pod_hour
    group by hour, cluster, node
),
told_hour as (
    select d.hour, d.cluster, d.node, d.namespace, d.pod, d.source, d.kwh, d.hours
    from device_hour as d
    join by_device as a using (hour, cluster, node)
    left join by_pod as p using (hour, cluster, node)
    where a.names_pods or p.node is null
    union all
    -- Devices that name no pod: pods say whose it was, and never more than was measured.
    select
        p.hour, p.cluster, p.node, p.namespace, p.pod, p.source,
        p.kwh * least(1, a.kwh / nullif(b.kwh, 0)), p.hours * least(1, a.hours / nullif(b.hours, 0))
    from pod_hour as p
    join by_pod as b using (hour, cluster, node)
    join by_device as a using (hour, cluster, node)
    where not a.names_pods
    union all
    select
        a.hour, a.cluster, a.node, null, null, d.source, greatest(a.kwh - b.kwh, 0),
        greatest(a.hours - b.hours, 0)
    from by_device as a
    join by_pod as b using (hour, cluster, node)
    join (select hour, cluster, node, min(source) as source from device_hour group by all) as d
        using (hour, cluster, node)
    where not a.names_pods
    union all
    select p.hour, p.cluster, p.node, p.namespace, p.pod, p.source, p.kwh, p.hours
    from pod_hour as p
    left join by_device as a using (hour, cluster, node)
    where a.node is null
),
owner as (
    select day, cluster, namespace, pod, min(team) as team, min(model) as model
    from ledger.pod_day
    where pod is not null
    group by day, cluster, namespace, pod
)
select
    t.hour::date as day, min(t.source) as source, t.cluster, t.node, o.team, o.model,
    sum(t.kwh::decimal(28, 9))::decimal(38, 9) as kwh,
    sum(t.hours::decimal(28, 9))::decimal(38, 9) as gpu_hours
from told_hour as t
left join owner as o
    on o.day = t.hour::date and o.cluster = t.cluster and o.namespace = t.namespace
    and o.pod = t.pod
group by t.hour::date, t.cluster, t.node, o.team, o.model
