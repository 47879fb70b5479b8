-- The nodes of a cluster, hour by hour.
--
-- grain     one row per node and hour in which kube-state-metrics told of it
-- method    a node's capacity is the most it had in the hour, since the machine is paid for whole.
--           gpus are physical: the label nvidia.com/gpu.count where it is exposed; with MIG, the
--           GPUs that DCGM shows; else what the node offers. A name that two machines had in one
--           hour is the one's that was there longer. gpu_sevenths is what all that pods can ask
--           for comes to
-- source    kube-state-metrics, docs/metrics/cluster/node-metrics.md
with fact as (
    select hour, node, kind, labels, value from prometheus_fact
    where starts_with(kind, 'node_')
),
node as (
    select distinct hour, node from fact
),
machine as (
    select
        hour, node, max(value) as samples,
        arg_max(nullif(labels['provider_id'], ''), (value, labels['provider_id'])) as provider_id
    from fact where kind = 'node_info'
    group by hour, node
),
capacity as (
    select
        hour, node,
        max(value) filter (labels['resource'] = 'cpu') as cpu_cores,
        max(value) filter (labels['resource'] = 'memory') / 1073741824 as ram_gib,
        sum(value) filter (gpu_sevenths(labels['resource']) = 7) as whole_gpus,
        sum(value * gpu_sevenths(labels['resource'])) as gpu_sevenths,
        coalesce(bool_or(gpu_sevenths(labels['resource']) < 7 and value > 0), false) as is_mig
    from fact where kind = 'node_capacity'
    group by hour, node
),
described as (
    select
        hour, node,
        max(coalesce(
            nullif(labels['label_node_kubernetes_io_instance_type'], ''),
            nullif(labels['label_beta_kubernetes_io_instance_type'], '')
        )) as instance_type,
        max(coalesce(
            nullif(labels['label_topology_kubernetes_io_region'], ''),
            nullif(labels['label_failure_domain_beta_kubernetes_io_region'], '')
        )) as region,
        max(nullif(labels['label_nvidia_com_gpu_product'], '')) as gpu_model,
        max(try_cast(labels['label_nvidia_com_gpu_count'] as integer)) as gpus
    from fact where kind = 'node_labels'
    group by hour, node
),
device as (
    select
        hour, node, count(distinct split_part(gpu_uuid, '/', 1)) as gpus,
        min(gpu_model) as gpu_model
    from prometheus_gpu_device_hour
    group by hour, node
)
select
    n.node, n.hour,
    coalesce(billed_machine(m.provider_id, null), m.provider_id) as provider_id, d.instance_type, d.region, c.cpu_cores, c.ram_gib,
    coalesce(d.gpu_model, g.gpu_model) as gpu_model,
    case
        when c.gpu_sevenths > 0 and d.gpus is not null then d.gpus
        when c.is_mig then g.gpus
        else round(coalesce(c.whole_gpus, case when c.node is not null then 0 end))
    end::integer as gpus,
    at_most_one(m.samples / nullif(s.scrapes, 0)) as up_ratio,
    c.gpu_sevenths
from node as n
left join machine as m using (hour, node)
left join capacity as c using (hour, node)
left join described as d using (hour, node)
left join device as g using (hour, node)
left join prometheus_scrape as s using (hour)
