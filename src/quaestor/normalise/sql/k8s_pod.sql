-- The pods of clusters: whose they are, what they ask for, and what they run.
--
-- grain     one row per cluster, namespace and pod
-- input     $source; $seen_at: when the cluster was looked at
-- method    k8s_owner.sql says whose, k8s_request.sql how much. What a pod does not ask for is 0; a
--           limit it does not have is null. gpu_request counts devices of all accelerator
--           resources, slices included; null where a device comes by a resource claim instead.
--           Digests are those of the images that run
with asked as (
    select
        cluster, namespace, pod,
        max(request) filter (resource = 'cpu') as cpu_request,
        max(most) filter (resource = 'cpu') as cpu_limit,
        bool_or(resource = 'cpu' and request is null) as is_cpu_unknown,
        max(request) filter (resource = 'memory') as ram_request,
        max(most) filter (resource = 'memory') as ram_limit,
        bool_or(resource = 'memory' and request is null) as is_ram_unknown,
        string_agg(resource, ', ' order by resource)
            filter (is_gpu_resource(resource) and request is distinct from 0) as gpu_resource,
        sum(request) filter (is_gpu_resource(resource)) as gpu_request,
        bool_or(is_gpu_resource(resource) and request is null) as is_gpu_unknown
    from k8s_request group by all
),
pod as (
    select
        *,
        from_json(object -> '$.status.containerStatuses', '[{
            "imageID": "VARCHAR", "state": {"terminated": {"finishedAt": "VARCHAR"}}
        }]') as statuses
    from k8s_object where resource = 'pods'
)
select
    $source as source, p.cluster, coalesce(p.namespace, 'default') as namespace, p.name as pod,
    p.uid,
    p.object ->> '$.spec.nodeName' as node,
    o.owner_kind, o.owner,
    p.object ->> '$.spec.serviceAccountName' as service_account,
    o.queue,
    p.object ->> '$.status.phase' as phase,
    case when not coalesce(a.is_cpu_unknown, false) then coalesce(a.cpu_request, 0) end::double
        as cpu_request_cores,
    a.cpu_limit::double as cpu_limit_cores,
    case when not coalesce(a.is_ram_unknown, false) then as_gib(coalesce(a.ram_request, 0)) end
        as ram_request_gib,
    as_gib(a.ram_limit) as ram_limit_gib,
    a.gpu_resource,
    case
        when coalesce(a.is_gpu_unknown, false) then null
        when a.gpu_request is null and len(p.object -> '$.spec.resourceClaims[*]') > 0 then null
        else coalesce(a.gpu_request, 0)
    end::double as gpu_request,
    coalesce(len(p.object -> '$.spec.resourceClaims[*]'), 0)::integer as resource_claims,
    list_sort(list_distinct(
        (p.object ->> '$.spec.containers[*].image') || (p.object ->> '$.spec.initContainers[*].image')
    )) as images,
    list_sort(list_distinct(list_filter(
        list_transform(
            statuses, lambda one: nullif(regexp_extract(one.imageID, 'sha256:[0-9a-f]{64}'), '')
        ),
        lambda digest: digest is not null
    ))) as image_digests,
    to_json(p.labels)::varchar as labels, p.created_at,
    as_time(p.object ->> '$.status.startTime') as started_at,
    case when (p.object ->> '$.status.phase') in ('Succeeded', 'Failed') then list_max(
        list_transform(statuses, lambda one: as_time(one.state.terminated.finishedAt))
    ) end as ended_at,
    $seen_at::timestamp as seen_at
from pod as p
left join k8s_owner as o
    on o.cluster = p.cluster and o.namespace is not distinct from p.namespace and o.pod = p.name
left join asked as a
    on a.cluster = p.cluster and a.namespace is not distinct from p.namespace and a.pod = p.name
order by p.cluster, p.namespace, p.name
