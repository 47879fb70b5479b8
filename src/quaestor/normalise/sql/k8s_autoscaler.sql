-- What sizes or counts pods by itself: HorizontalPodAutoscalers, KEDA's ScaledObjects, and
-- VerticalPodAutoscalers.
--
-- grain     one row per object; the HorizontalPodAutoscaler that KEDA makes of a ScaledObject is
--           that ScaledObject
-- input     $source; $seen_at; k8s_object; usage.container is loaded before
-- method    metrics are the resources it scales on (cpu, memory) and the names of others; of KEDA's
--           triggers their types. A HorizontalPodAutoscaler without any scales on cpu. What a
--           VerticalPodAutoscaler controls is what its policies of containers say, both where one
--           says nothing, and both for containers of its target that no policy names; one without
--           a mode recreates pods
-- source    kubernetes.io, API reference, HorizontalPodAutoscaler v2; keda.sh, "ScaledObject
--           specification"; kubernetes/autoscaler, "Vertical Pod Autoscaler API"
with object as (
    select
        cluster, coalesce(namespace, 'default') as namespace, name, owner_kind,
        case resource
            when 'horizontalpodautoscalers' then 'hpa'
            when 'scaledobjects.keda.sh' then 'keda'
            else 'vpa'
        end as kind,
        object -> '$.spec' as spec
    from k8s_object
    where resource in (
        'horizontalpodautoscalers', 'scaledobjects.keda.sh',
        'verticalpodautoscalers.autoscaling.k8s.io'
    )
),
aimed as (
    select
        *,
        coalesce(
            spec ->> '$.scaleTargetRef.kind', spec ->> '$.targetRef.kind',
            case when kind = 'keda' then 'Deployment' end
        ) as target_kind,
        coalesce(spec ->> '$.scaleTargetRef.name', spec ->> '$.targetRef.name') as target
    from object
    where not (kind = 'hpa' and coalesce(owner_kind, '') = 'ScaledObject')
),
policy as (
    select
        cluster, namespace, name,
        unnest(from_json(spec -> '$.resourcePolicy.containerPolicies', '[{
            "containerName": "VARCHAR", "mode": "VARCHAR", "controlledResources": ["VARCHAR"]
        }]')) as one
    from aimed where kind = 'vpa'
),
controlled as (
    select
        cluster, namespace, name,
        flatten(list(case
            when one.mode = 'Off' then []
            else coalesce(one.controlledResources, ['cpu', 'memory'])
        end)) as resources,
        list(one.containerName) as named
    from policy
    group by all
),
unnamed as (
    select
        a.cluster, a.namespace, a.name,
        coalesce(list_contains(any_value(c.named), '*'), false) as has_policy_for_all,
        count(u.container) > 0 as is_running,
        bool_or(not coalesce(list_contains(c.named, u.container), false)) as has_unnamed
    from aimed as a
    left join controlled as c using (cluster, namespace, name)
    left join usage.container as u
        on u.source = $source and u.cluster = a.cluster and u.namespace = a.namespace
        and u.owner_kind = a.target_kind and u.owner = a.target
    where a.kind = 'vpa'
    group by all
),
measured as (
    select
        a.*,
        case a.kind
            when 'hpa' then coalesce(nullif(
                (a.spec ->> '$.metrics[*].resource.name')
                || (a.spec ->> '$.metrics[*].containerResource.name')
                || (a.spec ->> '$.metrics[*].pods.metric.name')
                || (a.spec ->> '$.metrics[*].object.metric.name')
                || (a.spec ->> '$.metrics[*].external.metric.name'), []
            ), ['cpu'])
            when 'keda' then a.spec ->> '$.triggers[*].type'
            else coalesce(c.resources, []) || case
                when u.has_policy_for_all or (u.is_running and not u.has_unnamed) then []
                else ['cpu', 'memory']
            end
        end as metrics
    from aimed as a
    left join controlled as c using (cluster, namespace, name)
    left join unnamed as u using (cluster, namespace, name)
)
select
    $source as source, cluster, namespace, kind, name as autoscaler, target_kind, target,
    list_sort(list_distinct(metrics)) as metrics,
    case when kind = 'vpa' then coalesce(spec ->> '$.updatePolicy.updateMode', 'Recreate') end
        as mode,
    case when kind <> 'vpa' then try_cast(coalesce(
        spec ->> '$.minReplicas', spec ->> '$.minReplicaCount',
        case when kind = 'keda' then '0' else '1' end
    ) as integer) end as min_replicas,
    case when kind <> 'vpa' then try_cast(coalesce(
        spec ->> '$.maxReplicas', spec ->> '$.maxReplicaCount',
        case when kind = 'keda' then '100' end
    ) as integer) end as max_replicas,
    $seen_at::timestamp as seen_at
from measured
order by all
