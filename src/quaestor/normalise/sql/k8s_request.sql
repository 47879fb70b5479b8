-- What each pod asks for and may use at most, resource by resource.
--
-- grain     one row per pod and resource that it names (cpu, memory, nvidia.com/gpu, ...)
-- method    Kubernetes' own rule: the greater of what runs together (containers and sidecars, which
--           are init containers that are always restarted) and what each init container needs
--           beside the sidecars started before it; plus the pod's overhead. A request that is left
--           out is the limit. What is stated for the pod as a whole counts instead. A limit is null
--           where a container has none: nothing bounds the pod. A quantity that cannot be read
--           makes the sum unknown
-- source    kubernetes.io, "Sidecar Containers", "Resource sharing within containers"; "Pod Overhead"
with pod as (
    select cluster, namespace, name as pod, object -> '$.spec' as spec
    from k8s_object where resource = 'pods'
),
listed as (
    select cluster, namespace, pod, false as is_init, spec -> '$.containers[*]' as found from pod
    union all
    select cluster, namespace, pod, true, spec -> '$.initContainers[*]' from pod
),
container as (
    select
        cluster, namespace, pod, is_init, unnest(range(len(found))) as place,
        unnest(found) as one
    from listed
),
described as (
    select
        * exclude (one),
        is_init and coalesce(one ->> '$.restartPolicy', '') = 'Always' as is_sidecar,
        coalesce(as_map(one -> '$.resources.requests'), map {}) as requests,
        coalesce(as_map(one -> '$.resources.limits'), map {}) as limits
    from container
),
together as (
    select
        cluster, namespace, pod,
        count(*) filter (not is_init or is_sidecar)::integer as containers
    from described group by all
),
named as (
    select *, unnest(list_distinct(map_keys(requests) || map_keys(limits))) as resource
    from described
),
amount as (
    select
        cluster, namespace, pod, resource, is_init, is_sidecar, place,
        quantity(coalesce(requests[resource], limits[resource])) as request,
        quantity(limits[resource]) as most,
        limits[resource] is not null as has_limit
    from named
),
started as (
    select
        *,
        sum(request) filter (is_sidecar) over before as sidecar_request,
        sum(most) filter (is_sidecar) over before as sidecar_most
    from amount
    window before as (
        partition by cluster, namespace, pod, resource, is_init order by place
        rows between unbounded preceding and current row
    )
),
summed as (
    select
        cluster, namespace, pod, resource,
        greatest(
            coalesce(sum(request) filter (not is_init or is_sidecar), 0),
            coalesce(max(
                coalesce(sidecar_request, 0) + case when is_sidecar then 0 else request end
            ) filter (is_init), 0)
        ) as request,
        greatest(
            coalesce(sum(most) filter (not is_init or is_sidecar), 0),
            coalesce(max(
                coalesce(sidecar_most, 0) + case when is_sidecar then 0 else most end
            ) filter (is_init), 0)
        ) as most,
        count(*) filter (has_limit and (not is_init or is_sidecar)) as bounded,
        bool_or(request is null) as is_unreadable,
        bool_or(has_limit and most is null) as is_limit_unreadable
    from started group by all
),
of_pod as (
    select
        cluster, namespace, pod,
        coalesce(as_map(spec -> '$.resources.requests'), map {}) as requests,
        coalesce(as_map(spec -> '$.resources.limits'), map {}) as limits,
        coalesce(as_map(spec -> '$.overhead'), map {}) as overhead
    from pod
),
every as (
    select cluster, namespace, pod, resource from summed
    union
    select cluster, namespace, pod, unnest(
        map_keys(requests) || map_keys(limits) || map_keys(overhead)
    ) from of_pod
),
whole as (
    select
        e.*, s.request, s.most, s.is_unreadable, s.is_limit_unreadable,
        s.bounded = t.containers as is_bounded,
        coalesce(o.requests[e.resource], o.limits[e.resource]) as pod_request,
        o.limits[e.resource] as pod_limit,
        o.overhead[e.resource] as overhead
    from every as e
    join of_pod as o using (cluster, namespace, pod)
    left join together as t using (cluster, namespace, pod)
    left join summed as s using (cluster, namespace, pod, resource)
)
select
    cluster, namespace, pod, resource,
    case
        when overhead is not null and quantity(overhead) is null then null
        when pod_request is not null then quantity(pod_request) + coalesce(quantity(overhead), 0)
        when not coalesce(is_unreadable, false)
        then coalesce(request, 0) + coalesce(quantity(overhead), 0)
    end as request,
    case
        when overhead is not null and quantity(overhead) is null then null
        when pod_limit is not null then quantity(pod_limit) + coalesce(quantity(overhead), 0)
        when is_bounded and not is_limit_unreadable then most + coalesce(quantity(overhead), 0)
    end as most,
    coalesce(is_unreadable, false) or coalesce(is_limit_unreadable, false)
    or (pod_request is not null and quantity(pod_request) is null)
    or (pod_limit is not null and quantity(pod_limit) is null)
    or (overhead is not null and quantity(overhead) is null) as is_unreadable
from whole
