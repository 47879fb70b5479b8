-- The HorizontalPodAutoscalers that kube-state-metrics tells of, those that KEDA makes, too.
--
-- grain     one row per namespace and autoscaler that was there at the end of some weeks
-- input     prometheus_container_fact
-- method    metrics are the resources and other metrics that it scales on; null where nobody tells
-- source    kube-state-metrics, docs/metrics/workload/horizontalpodautoscaler-metrics.md
with fact as (
    select *, labels['horizontalpodautoscaler'] as name
    from prometheus_container_fact
    where refused is null and coalesce(labels['horizontalpodautoscaler'], '') <> ''
)
select
    namespace, 'hpa' as kind, name as autoscaler,
    max(labels['scaletargetref_kind']) as target_kind,
    max(labels['scaletargetref_name']) as target,
    list_sort(list_distinct(list(labels['metric_name']) filter (fact = 'scales_on'))) as metrics,
    max(value) filter (fact = 'min_replicas')::integer as min_replicas,
    max(value) filter (fact = 'max_replicas')::integer as max_replicas,
    max(until) as seen_at
from fact
group by namespace, name
having bool_or(fact = 'scaler')
