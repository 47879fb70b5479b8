-- What a replica of each serving manifest asks for and may do, all its containers together.
--
-- grain     one row per manifest
-- input     k8s_container, k8s_object, k8s_listed
-- method    containers and sidecars add up; what runs before them does not. A sum is null where one
--           of them says nothing, or no quantity. What an InferenceService runs without naming an
--           image is its runtime's to secure, so that it is unknown. An identity is an admin where a
--           binding in the cluster or the namespace gives it the role cluster-admin or admin, or
--           every verb on every resource; unknown where the rules may not be listed
-- source    kubernetes.io, "Using RBAC Authorization", user-facing roles and wildcards
with summed as (
    select
        cluster, resource, namespace, name,
        case when count(cpu_request) filter (not is_passing) = count(*) filter (not is_passing)
            then sum(cpu_request) filter (not is_passing) end as cpu_request_cores,
        case when count(cpu_limit) filter (not is_passing) = count(*) filter (not is_passing)
            then sum(cpu_limit) filter (not is_passing) end as cpu_limit_cores,
        case when count(ram_request) filter (not is_passing) = count(*) filter (not is_passing)
            then sum(ram_request) filter (not is_passing) end as ram_request_gib,
        case when count(ram_limit) filter (not is_passing) = count(*) filter (not is_passing)
            then sum(ram_limit) filter (not is_passing) end as ram_limit_gib,
        flatten(list(gpu_requests) filter (not is_passing)) as gpu_requests,
        flatten(list(gpu_limits) filter (not is_passing)) as gpu_limits,
        bool_or(has_image) as has_image,
        bool_and(runs_as_non_root) as runs_as_non_root,
        bool_or(is_privileged) as is_privileged,
        bool_and(has_read_only_root) as has_read_only_root,
        list_sort(list_distinct(flatten(list(secrets) filter (secrets is not null)))) as secrets
    from k8s_container
    group by all
),
manifest as (
    select
        cluster, resource, namespace, name,
        coalesce(object -> '$.spec.template.spec', object -> '$.spec.predictor') as spec,
        coalesce(namespace, 'default') as home,
        coalesce(
            nullif(object ->> '$.spec.template.spec.serviceAccountName', ''),
            nullif(object ->> '$.spec.predictor.serviceAccountName', ''), 'default'
        ) as account
    from k8s_object
    where resource in (
        'deployments', 'statefulsets', 'rollouts.argoproj.io',
        'inferenceservices.serving.kserve.io'
    )
),
power as (
    select
        cluster, namespace, name as role,
        case resource when 'roles' then 'Role' else 'ClusterRole' end as role_kind
    from k8s_object
    where resource = 'clusterroles' and name in ('cluster-admin', 'admin')
    union
    select
        cluster, namespace, name,
        case resource when 'roles' then 'Role' else 'ClusterRole' end
    from (
        select *, unnest(from_json(
            object -> '$.rules', '[{"resources": ["VARCHAR"], "verbs": ["VARCHAR"]}]'
        )) as rule
        from k8s_object
        where resource = 'roles' or resource = 'clusterroles'
    )
    where list_contains(rule.verbs, '*') and list_contains(rule.resources, '*')
),
bound as (
    select
        b.cluster,
        case when b.resource = 'rolebindings' then b.namespace end as namespace,
        unnest(from_json(b.object -> '$.subjects', '[{
            "kind": "VARCHAR", "name": "VARCHAR", "namespace": "VARCHAR"
        }]')) as subject
    from k8s_object as b
    join power as p
        on p.cluster = b.cluster and p.role = b.object ->> '$.roleRef.name'
        and p.role_kind = b.object ->> '$.roleRef.kind'
        and (p.namespace is null or p.namespace = b.namespace)
    where b.resource = 'rolebindings' or b.resource = 'clusterrolebindings'
),
ruled as (
    select cluster
    from k8s_listed
    where resource in ('roles', 'rolebindings', 'clusterroles', 'clusterrolebindings')
    group by cluster
    having count(distinct resource) = 4
)
select
    m.cluster, m.resource, m.namespace, m.name,
    s.has_image or m.resource <> 'inferenceservices.serving.kserve.io' as is_secured_here,
    'service_account:' || m.home || '/' || m.account as identity,
    case
        when exists (
            select 1 from bound as b
            where b.cluster = m.cluster and (b.namespace is null or b.namespace = m.home)
                and case b.subject.kind
                    when 'ServiceAccount' then b.subject.name = m.account
                        and coalesce(b.subject.namespace, b.namespace) = m.home
                    when 'Group' then b.subject.name in (
                        'system:serviceaccounts', 'system:serviceaccounts:' || m.home,
                        'system:authenticated'
                    )
                    else b.subject.name = 'system:serviceaccount:' || m.home || ':' || m.account
                end
        ) then true
        when m.cluster in (select cluster from ruled) then false
    end as identity_is_admin,
    coalesce(s.secrets, []) as environment_secrets,
    s.cpu_request_cores, s.cpu_limit_cores, s.ram_request_gib, s.ram_limit_gib,
    case when s.name is not null and len(list_filter(s.gpu_requests, lambda q: q is null)) = 0
        then coalesce(list_sum(s.gpu_requests), 0) end as gpu_request,
    case when s.name is not null and len(list_filter(s.gpu_limits, lambda q: q is null)) = 0
        then coalesce(list_sum(s.gpu_limits), 0) end as gpu_limit,
    first_of(as_map(m.spec -> '$.nodeSelector'), [
        'nvidia.com/gpu.product', 'cloud.google.com/gke-accelerator',
        'karpenter.k8s.aws/instance-gpu-name', 'amd.com/gpu.product-name',
        'kubernetes.azure.com/accelerator'
    ]) as gpu_model,
    first_of(as_map(m.spec -> '$.nodeSelector'), [
        'node.kubernetes.io/instance-type', 'beta.kubernetes.io/instance-type'
    ]) as instance_type,
    case
        when len(list_filter(
            from_json(m.spec -> '$.topologySpreadConstraints', '[{
                "topologyKey": "VARCHAR", "minDomains": "INTEGER"
            }]'),
            lambda one: one.topologyKey like '%/zone'
        )) > 0
        or len(list_filter(
            m.spec ->> '$.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[*].topologyKey',
            lambda key: key like '%/zone'
        )) > 0
        or len(list_filter(
            m.spec ->> '$.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[*].podAffinityTerm.topologyKey',
            lambda key: key like '%/zone'
        )) > 0
        then 2 else 1
    end as zones_asked,
    case when is_secured_here then s.runs_as_non_root end as runs_as_non_root,
    case when is_secured_here then s.is_privileged end as is_privileged,
    case when is_secured_here then s.has_read_only_root end as has_read_only_root
from manifest as m
left join summed as s
    on s.cluster = m.cluster and s.resource = m.resource
    and s.namespace is not distinct from m.namespace and s.name = m.name
