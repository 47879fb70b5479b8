-- The values that can be read, with the labels that say what they are about.
--
-- grain     one row per series and hour
-- method    whose work a GPU does stands in exported_pod where Prometheus has renamed it, and then
--           `pod` is the exporter's own; elsewhere in `pod`, save for a pod or container that is
--           the exporter itself. A GPU is on the first label that names a node
-- source    Prometheus documentation, honor_labels; names in NVIDIA's dcgm-exporter chart
with spelling as (
    select bool_or(coalesce(labels['exported_pod'], '') <> '') as is_exported
    from prometheus_series where starts_with(kind, 'gpu_')
),
told as (
    select
        series,
        kind, labels,
        case
            when not starts_with(kind, 'gpu_') or not is_exported
            then nullif(labels['pod'], '')
            else nullif(labels['exported_pod'], '')
        end as pod,
        case
            when not starts_with(kind, 'gpu_') or not is_exported
            then nullif(labels['namespace'], '')
            else nullif(labels['exported_namespace'], '')
        end as namespace,
        coalesce(
            nullif(labels['node'], ''), nullif(labels['kubernetes_node'], ''),
            nullif(labels['Hostname'], ''), nullif(split_part(labels['instance'], ':', 1), '')
        ) as node
    from prometheus_series, spelling
    where refused is null
),
placed as (
    select
        * exclude (pod, namespace),
        starts_with(kind, 'gpu_') and coalesce(
            contains(pod, 'dcgm-exporter') or contains(labels['container'], 'dcgm-exporter'), false
        ) as is_exporter,
        pod, namespace
    from told
)
select
    p.kind, p.hour, p.value, s.labels, s.node,
    case when not s.is_exporter then s.pod end as pod,
    case when not s.is_exporter then s.namespace end as namespace
from prometheus_point as p
join placed as s on s.series = p.series
where p.refused is null
