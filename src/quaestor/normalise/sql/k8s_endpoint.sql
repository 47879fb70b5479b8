-- What answers in clusters, as endpoints: who serves which model, on how many pods and GPUs.
--
-- grain     one row per serving manifest, named as in registry.deployment and in the hours that
--           Prometheus tells of it
-- input     $source; $seen_at: when the cluster was looked at; registry.stated_deployment, usage.pod
--           and usage.node are loaded before
-- method    instances are its running pods, gpus what they ask for, a share of a GPU where it is
--           time-sliced; unknown for slices (MIG) and on nodes that may not be listed. An instance
--           type, region or GPU model is stated where all its nodes have the same. What its pods
--           cost: usage.pod by owner, and their nodes' resource_id
with pod as (
    select
        p.cluster, p.namespace, p.owner_kind, p.owner, n.instance_type, n.region, n.gpu_model,
        case
            when p.gpu_request = 0 then 0
            when p.gpu_resource like '%mig-%' or n.node is null then null
            else p.gpu_request / coalesce(n.gpu_replicas, 1)
        end as gpus
    from usage.pod as p
    left join usage.node as n
        on n.source = p.source and n.cluster = p.cluster and n.node = p.node
    where p.source = $source and p.phase = 'Running'
),
running as (
    select
        cluster, namespace, owner_kind, owner, count(*) as pods,
        case when count(gpus) = count(*) then sum(gpus) end as gpus,
        case when count(distinct instance_type) = 1 and count(instance_type) = count(*)
            then any_value(instance_type) end as instance_type,
        case when count(distinct region) = 1 and count(region) = count(*)
            then any_value(region) end as region,
        case when count(distinct gpu_model) = 1 and count(gpu_model) = count(*)
            then any_value(gpu_model) end as gpu_model
    from pod
    group by all
),
served as (
    select
        *,
        split_part(deployment, '/', -1) as name,
        exists (
            select 1 from k8s_listed as l
            where l.cluster = d.cluster and l.resource = 'pods'
                and (l.namespace is null or l.namespace = d.namespace)
        ) as are_pods_listed
    from registry.stated_deployment as d
    where source = $source
)
select
    $source as source,
    d.deployment as endpoint,
    case d.kind when 'InferenceService' then 'kserve' else lower(d.kind) end as kind,
    d.model, d.version as model_version, r.region, r.instance_type,
    coalesce(r.pods, case when d.are_pods_listed then 0 end)::integer as instances,
    r.gpu_model,
    case when r.pods is not null then r.gpus when d.are_pods_listed then 0 end as gpus,
    d.status, d.created_at, d.tags, $seen_at::timestamp as seen_at
from served as d
left join running as r
    on r.cluster = d.cluster and r.namespace = d.namespace and r.owner_kind = d.kind
    and r.owner = d.name
order by endpoint
