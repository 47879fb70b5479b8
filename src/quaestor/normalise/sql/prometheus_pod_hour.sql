-- The pods of a cluster, hour by hour.
--
-- grain     one row per pod, node and hour in which the pod held its request or used anything
-- method    up_ratio is the part of the hour, as far as kube-state-metrics was heard, in which the
--           pod was placed and neither done nor failed: one that has ended is still listed, and
--           holds nothing. Cores and GiB are averages over that time. What cAdvisor and DCGM tell
--           of a pod that was on two nodes in one hour goes to where it was longer. gpu_request is
--           in physical GPUs: a share of what the node offers (MIG, time slices). Network of pods
--           on the machine's own network is the machine's: unknown. Where DCGM names no pod, its
--           GPUs' work is that of the one pod that held all GPUs of the node for the whole hour
-- source    kube-state-metrics, docs/metrics/workload/pod-metrics.md; cAdvisor,
--           docs/storage/prometheus.md
with fact as (
    select hour, namespace, pod, kind, labels, value from prometheus_fact
    where starts_with(kind, 'pod_')
),
info as (
    select
        hour, namespace, pod, labels['node'] as node, sum(value) as samples,
        bool_or(labels['host_network'] = 'true') as is_on_host_network
    from fact
    where kind = 'pod_info' and coalesce(labels['node'], '') <> ''
    group by all
),
request as (
    select
        hour, namespace, pod, labels['node'] as node,
        max(value) filter (labels['resource'] = 'cpu') as cpu_request_cores,
        max(value) filter (labels['resource'] = 'memory') / 1073741824 as ram_request_gib,
        sum(value * gpu_sevenths(labels['resource'])) as gpu_sevenths
    from fact
    where kind = 'pod_requests' and coalesce(labels['node'], '') <> ''
    group by all
),
listed as (
    select
        hour, namespace, pod, node, i.samples, coalesce(i.is_on_host_network, false) as on_host,
        r.cpu_request_cores, r.ram_request_gib, r.gpu_sevenths, r.node is not null as is_asking
    from info as i
    full join request as r using (hour, namespace, pod, node)
),
measured as (
    select
        hour, namespace, pod,
        max(value) filter (kind = 'pod_cpu') as cpu_cores,
        max(value) filter (kind = 'pod_ram') / 1073741824 as ram_gib,
        max(value) filter (kind = 'pod_received') / 1073741824 as received_gib,
        max(value) filter (kind = 'pod_sent') / 1073741824 as sent_gib,
        max(value) filter (kind = 'pod_active') as active_samples,
        max(shown_labels(labels)) filter (kind = 'pod_labels') as labels
    from fact
    where kind not in ('pod_info', 'pod_requests')
    group by all
),
device as (
    select
        hour, namespace, pod,
        sum(used_ratio * observed_ratio) / nullif(
            sum(observed_ratio) filter (used_ratio is not null), 0
        ) as used_ratio,
        sum(tensor_ratio * observed_ratio) / nullif(
            sum(observed_ratio) filter (tensor_ratio is not null), 0
        ) as tensor_ratio,
        sum(memory_used_gib) as memory_used_gib, sum(energy_kwh) as energy_kwh
    from prometheus_gpu_device_hour
    where pod is not null
    group by all
),
used as (
    select * from measured full join device using (hour, namespace, pod)
),
placed as (
    select
        *,
        row_number() over (
            partition by hour, namespace, pod order by samples desc nulls last, node
        ) = 1 as is_longest
    from listed
    full join used using (hour, namespace, pod)
),
known as (
    select
        p.*, n.gpus as node_gpus,
        case
            when p.gpu_sevenths is null then case when p.is_asking then 0 end
            else coalesce(p.gpu_sevenths * n.gpus / nullif(n.gpu_sevenths, 0), p.gpu_sevenths / 7)
        end as gpu_request,
        at_most_one(least(p.samples, p.active_samples) / nullif(s.scrapes, 0)) as up_ratio
    from placed as p
    left join prometheus_scrape as s using (hour)
    left join prometheus_node_hour as n on n.hour = p.hour and n.node = p.node
),
lived as (
    select
        *,
        at_most_one(sum(up_ratio) over (partition by hour, namespace, pod)) as pod_up_ratio
    from known
),
bare as (
    select
        hour, node, avg(used_ratio) as used_ratio, avg(tensor_ratio) as tensor_ratio,
        sum(memory_used_gib) as memory_used_gib, sum(energy_kwh) as energy_kwh
    from prometheus_gpu_device_hour
    group by hour, node
    having count(pod) = 0
),
alone as (
    select l.hour, l.node, min(l.namespace) as namespace, min(l.pod) as pod
    from lived as l
    where l.gpu_request > 0
    group by l.hour, l.node
    having count(*) = 1 and min(l.gpu_request) = min(l.node_gpus) and min(l.up_ratio) = 1
),
whole as (
    select
        l.* exclude (used_ratio, tensor_ratio, memory_used_gib, energy_kwh),
        coalesce(l.used_ratio, b.used_ratio) as used_ratio,
        coalesce(l.tensor_ratio, b.tensor_ratio) as tensor_ratio,
        coalesce(l.memory_used_gib, b.memory_used_gib) as memory_used_gib,
        coalesce(l.energy_kwh, b.energy_kwh) as energy_kwh
    from lived as l
    left join alone as a
        on a.hour = l.hour and a.node = l.node and a.namespace = l.namespace and a.pod = l.pod
    left join bare as b on b.hour = a.hour and b.node = a.node
)
select
    namespace, pod, node, hour, cpu_request_cores,
    case when is_longest then cpu_cores / coalesce(nullif(pod_up_ratio, 0), 1) end
        as cpu_used_cores,
    ram_request_gib,
    case when is_longest then ram_gib end as ram_used_gib,
    gpu_request,
    case when is_longest then at_most_one(used_ratio) end as gpu_used_ratio,
    up_ratio, labels,
    case when is_longest then at_most_one(tensor_ratio) end as gpu_tensor_ratio,
    case when is_longest then memory_used_gib end as gpu_memory_used_gib,
    case when is_longest then energy_kwh end as gpu_energy_kwh,
    case when is_longest and not coalesce(on_host, false) then received_gib end
        as network_received_gib,
    case when is_longest and not coalesce(on_host, false) then sent_gib end as network_sent_gib
from whole
where
    (node is not null and up_ratio is distinct from 0)
    or cpu_cores > 0
    or (samples is null and coalesce(cpu_cores, ram_gib, used_ratio) is not null)
