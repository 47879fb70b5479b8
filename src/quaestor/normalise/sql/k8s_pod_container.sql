-- The containers of pods: what each asks for and may use, and when its memory ran out.
--
-- grain     one row per cluster, namespace, pod and container; sidecars, which are init containers
--           that are always restarted, are containers, others that run before them are not
-- input     $source; $seen_at: when the cluster was looked at; k8s_object, k8s_line, k8s_owner
-- method    a request that is left out is the limit; null where there is neither. The kernel killed
--           a container where it ended, now or the last time, for OOMKilled: at its own limit, else
--           at its pod's, else (null) at the machine's. What guides advice is said by labels and
--           annotations of the pod and of its owners, gov.* and those of other sizers; the nearest
--           counts, and gov.advice of all of them adds up
-- source    kubernetes.io, API reference, Container, ContainerStatus
with pod as (
    select
        cluster, namespace, name as pod, uid,
        object ->> '$.spec.resources.limits.memory' as pod_memory,
        object -> '$.spec.containers[*]' as containers,
        object -> '$.spec.initContainers[*]' as before_them,
        (object -> '$.status.containerStatuses[*]')
            || (object -> '$.status.initContainerStatuses[*]') as statuses
    from k8s_object where resource = 'pods'
),
listed as (
    select *, unnest(containers) as one, unnest(range(len(containers))) as place,
        true as is_lasting
    from pod
    union all
    select *, unnest(before_them), unnest(range(len(before_them))), false from pod
),
named as (
    select
        cluster, namespace, pod, uid, pod_memory, one ->> '$.name' as container,
        coalesce(as_map(one -> '$.resources.requests'), map {}) as requests,
        coalesce(as_map(one -> '$.resources.limits'), map {}) as limits
    from listed
    where (is_lasting or coalesce(one ->> '$.restartPolicy', '') = 'Always')
        and coalesce(one ->> '$.name', '') <> ''
    qualify row_number() over (
        partition by cluster, namespace, pod, container order by is_lasting desc, place
    ) = 1
),
told as (
    select cluster, namespace, pod, unnest(statuses) as one from pod
),
ran as (
    select
        cluster, namespace, pod, one ->> '$.name' as container,
        max(try_cast(one ->> '$.restartCount' as integer)) as restarts,
        max(case when (one ->> '$.state.terminated.reason') = 'OOMKilled'
            then as_time(one ->> '$.state.terminated.finishedAt')
            when (one ->> '$.lastState.terminated.reason') = 'OOMKilled'
            then as_time(one ->> '$.lastState.terminated.finishedAt')
        end) as oom_killed_at
    from told
    group by all
),
said as (
    select cluster, pod_uid, height, unnest(map_entries(
        map_concat(coalesce(labels, map {}), coalesce(annotations, map {}))
    )) as one
    from k8s_line
),
guided as (
    select
        cluster, pod_uid, one.key as key,
        case one.key
            when 'gov.advice' then string_agg(distinct one.value, ', ' order by one.value)
            else arg_min(one.value, height)
        end as value
    from said
    where regexp_full_match(
        one.key,
        'gov\..+|vpa(Updates|ObservedContainers)|goldilocks\.fairwinds\.com/.+'
        || '|autoscaling\.(keda\.sh|knative\.dev)/.+|karpenter\.sh/do-not-(disrupt|evict)'
        || '|cluster-autoscaler\.kubernetes\.io/safe-to-evict'
    )
    group by cluster, pod_uid, one.key
),
guidance as (
    select
        cluster, pod_uid,
        to_json(map_from_entries(list((key, value) order by key)))::varchar as annotations
    from guided
    group by all
)
select
    $source as source, k.cluster, coalesce(k.namespace, 'default') as namespace, k.pod,
    k.container, o.owner_kind, o.owner,
    quantity(coalesce(k.requests['cpu'], k.limits['cpu']))::double as cpu_request_cores,
    quantity(k.limits['cpu'])::double as cpu_limit_cores,
    as_gib(quantity(coalesce(k.requests['memory'], k.limits['memory']))) as ram_request_gib,
    as_gib(quantity(k.limits['memory'])) as ram_limit_gib,
    r.restarts, r.oom_killed_at,
    case when r.oom_killed_at is not null
        then as_gib(quantity(coalesce(k.limits['memory'], k.pod_memory))) end as oom_limit_gib,
    g.annotations,
    $seen_at::timestamp as seen_at
from named as k
left join ran as r
    on r.cluster = k.cluster and r.namespace is not distinct from k.namespace
    and r.pod = k.pod and r.container = k.container
left join k8s_owner as o
    on o.cluster = k.cluster and o.namespace is not distinct from k.namespace and o.pod = k.pod
left join guidance as g on g.cluster = k.cluster and g.pod_uid = k.uid
order by all
