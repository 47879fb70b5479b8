-- Where models serve in clusters: InferenceServices, and Deployments, StatefulSets and Argo's
-- Rollouts that name a model or ask for a GPU and belong to nobody else.
--
-- grain     one row per serving manifest; its name is cluster/namespace/kind/name
-- input     $source: the source's name; usage.pod, usage.node and usage.load_balancer are loaded
--           before; k8s_workload, k8s_rollout
-- method    model, version, environment: labels, else annotations, of the manifest, else of its
--           pods, by the keys listed in `said`; an InferenceService also by its storageUri
--           (models:/churn/7, hf://org/name). Digests are those that run. An autoscaler is KEDA's
--           ScaledObject or a HorizontalPodAutoscaler on it; KServe's serverless mode is knative's.
--           Reachable from outside (public_access) is what an external load balancer without source
--           ranges selects; gateways and ingresses are not looked at, so that beyond this only its
--           owner can say (gov.public_access, gov.authentication). Tags are its labels, and whatever
--           is said in gov.* of it or of its pods. artifact_uri is stated where no
--           model is known: the registries may know whose it is (normalise/artifacts.py). Zones are
--           those its pods run in; where they do not run, two if its manifest spreads them over
--           zones, else one
-- source    KServe, InferenceService v1beta1; keda.sh, ScaledObject; kubernetes.io, HPA v2
with manifest as (
    select
        *,
        case resource
            when 'deployments' then 'Deployment' when 'statefulsets' then 'StatefulSet'
            when 'rollouts.argoproj.io' then 'Rollout'
            else 'InferenceService'
        end as kind,
        as_map(object -> '$.spec.template.metadata.labels') as pod_labels,
        as_map(object -> '$.spec.template.metadata.annotations') as pod_annotations,
        (object -> '$.spec.template.spec.containers[*]')
            || (object -> '$.spec.predictor.containers[*]')
            || (object -> '$.spec.predictor.*') as containers,
        (object ->> '$.spec.predictor.*.storageUri')[1] as uri
    from k8s_object
    where resource = 'inferenceservices.serving.kserve.io'
        or (resource in ('deployments', 'statefulsets') and owner_uid is null)
        or (
            resource = 'rollouts.argoproj.io'
            and (object -> '$.spec.template.spec.containers') is not null
        )
),
said as (
    select
        *,
        [labels, annotations, pod_labels, pod_annotations] as places,
        ['gov.model', 'model', 'model.name', 'model_name', 'model-name'] as model_keys,
        ['gov.model_version', 'gov.version', 'model_version', 'model.version', 'model-version']
            as version_keys,
        ['gov.environment', 'environment', 'env', 'app.kubernetes.io/environment']
            as environment_keys
    from manifest
),
named as (
    select
        * exclude (places, model_keys, version_keys, environment_keys),
        list_filter(list_transform(places, lambda m: first_of(m, model_keys)),
            lambda t: t is not null)[1] as said_model,
        list_filter(list_transform(places, lambda m: first_of(m, version_keys)),
            lambda t: t is not null)[1] as said_version,
        list_filter(list_transform(places, lambda m: first_of(m, environment_keys)),
            lambda t: t is not null)[1] as environment,
        map_from_entries(list_filter(
            map_entries(map_concat(
                coalesce(pod_annotations, map {}), coalesce(pod_labels, map {}),
                coalesce(annotations, map {})
            )),
            lambda one: starts_with(one.key, 'gov.')
        )) as governing,
        coalesce(
            first_of(annotations, ['gov.artifact_digest']),
            first_of(pod_annotations, ['gov.artifact_digest'])
        ) as artifact_digest,
        coalesce(
            first_of(annotations, ['gov.authentication']),
            first_of(pod_annotations, ['gov.authentication'])
        ) as authentication,
        coalesce(
            first_of(annotations, ['gov.public_access']),
            first_of(pod_annotations, ['gov.public_access'])
        ) as said_public,
        coalesce(
            nullif(regexp_extract(uri, '^models:/+([^/@]+)', 1), ''),
            nullif(regexp_extract(uri, '^hf://([^:]+)', 1), '')
        ) as uri_model,
        coalesce(
            nullif(regexp_extract(uri, '^models:/+[^/@]+/([^/@]+)$', 1), ''),
            nullif(regexp_extract(uri, '^hf://[^:]+:(.+)$', 1), '')
        ) as uri_version,
        len(list_filter(
            containers,
            lambda one: len(list_filter(
                coalesce(json_keys(one -> '$.resources.limits'), [])
                || coalesce(json_keys(one -> '$.resources.requests'), []),
                lambda name: is_gpu_resource(name)
            )) > 0
        )) > 0 as asks_gpu
    from said
),
serving as (
    select * from named
    where kind = 'InferenceService' or said_model is not null or asks_gpu
),
running as (
    select
        p.cluster, p.namespace, p.owner_kind, p.owner,
        list_sort(list_distinct(flatten(list(p.image_digests)))) as digests,
        case when count(n.zone) filter (p.phase = 'Running') = count(*) filter (p.phase = 'Running')
            then nullif(count(distinct n.zone) filter (p.phase = 'Running'), 0) end as zones,
        case when count(distinct n.gpu_model) filter (p.gpu_request > 0) = 1
            then any_value(n.gpu_model) filter (p.gpu_request > 0) end as gpu_model
    from usage.pod as p
    left join usage.node as n
        on n.source = p.source and n.cluster = p.cluster and n.node = p.node
    where p.source = $source
    group by all
),
scaler as (
    select
        cluster, namespace,
        coalesce(object ->> '$.spec.scaleTargetRef.kind', 'Deployment') as of_kind,
        object ->> '$.spec.scaleTargetRef.name' as of_name,
        case when resource = 'scaledobjects.keda.sh' then 'keda' else 'hpa' end as autoscaler,
        try_cast(coalesce(
            object ->> '$.spec.minReplicas', object ->> '$.spec.minReplicaCount',
            case when resource = 'scaledobjects.keda.sh' then '0' else '1' end
        ) as integer) as least,
        try_cast(coalesce(
            object ->> '$.spec.maxReplicas', object ->> '$.spec.maxReplicaCount',
            case when resource = 'scaledobjects.keda.sh' then '100' end
        ) as integer) as most
    from k8s_object
    where resource = 'horizontalpodautoscalers' or resource = 'scaledobjects.keda.sh'
    -- KEDA makes an autoscaler of its own for each of its objects.
    qualify row_number() over (
        partition by cluster, namespace, of_kind, of_name order by autoscaler desc, uid
    ) = 1
),
open_door as (
    select
        s.cluster, s.namespace, as_map(s.object -> '$.spec.selector') as selector
    from k8s_object as s
    join usage.load_balancer as l
        on l.source = $source and l.cluster = s.cluster and l.service = s.name
        and l.namespace = coalesce(s.namespace, 'default')
    where s.resource = 'services' and not l.is_internal
        and coalesce(json_array_length(s.object -> '$.spec.loadBalancerSourceRanges'), 0) = 0
        and cardinality(as_map(s.object -> '$.spec.selector')) > 0
)
select
    $source as source,
    concat_ws('/', m.cluster, m.namespace, m.kind, m.name) as deployment,
    coalesce(m.said_model, m.uri_model) as model,
    coalesce(m.said_version, case when m.said_model is null then m.uri_version end) as version,
    m.environment, m.artifact_digest,
    case when exists (
        select 1 from open_door as d
        where d.cluster = m.cluster and d.namespace is not distinct from m.namespace
            and len(list_filter(
                map_entries(d.selector),
                lambda one: m.pod_labels[one.key] is distinct from one.value
            )) = 0
    ) then true else try_cast(m.said_public as boolean) end as public_access,
    m.authentication, m.kind, m.cluster, m.namespace,
    case when coalesce(m.said_model, m.uri_model) is null then m.uri end as artifact_uri,
    list_sort(list_distinct(list_filter(
        list_transform(m.containers, lambda one: one ->> '$.image'), lambda t: t is not null
    ))) as images,
    r.digests as image_digests,
    case when m.kind <> 'InferenceService'
        then coalesce(try_cast(m.object ->> '$.spec.replicas' as integer), 1) end as replicas,
    coalesce(s.least, try_cast(m.object ->> '$.spec.predictor.minReplicas' as integer)) as min_replicas,
    coalesce(s.most, try_cast(m.object ->> '$.spec.predictor.maxReplicas' as integer)) as max_replicas,
    coalesce(s.autoscaler, case
        when lower(m.annotations['serving.kserve.io/deploymentMode']) in ('serverless', 'knative')
        then 'knative' end) as autoscaler,
    case
        when len(list_filter(m.containers, lambda one: (one -> '$.readinessProbe') is not null)) > 0
        then true when m.kind <> 'InferenceService' then false
    end as has_readiness_probe,
    case
        when len(list_filter(m.containers, lambda one: (one -> '$.livenessProbe') is not null)) > 0
        then true when m.kind <> 'InferenceService' then false
    end as has_liveness_probe,
    w.identity, w.identity_is_admin, w.environment_secrets, w.cpu_request_cores, w.cpu_limit_cores,
    w.ram_request_gib, w.ram_limit_gib, w.gpu_request, w.gpu_limit,
    coalesce(w.gpu_model, r.gpu_model) as gpu_model, w.instance_type,
    coalesce(r.zones, w.zones_asked)::integer as zones,
    w.runs_as_non_root, w.is_privileged, w.has_read_only_root,
    try_cast(m.object ->> '$.spec.predictor.timeout' as double) as request_timeout_seconds,
    o.rollout_strategy, o.rollout_analysis, o.rolls_back,
    coalesce(
        s.least, try_cast(m.object ->> '$.spec.predictor.minReplicas' as integer), 1
    ) = 0 as scales_to_zero,
    case
        when m.kind = 'InferenceService' then case list_filter(
            from_json(
                m.object -> '$.status.conditions', '[{"type": "VARCHAR", "status": "VARCHAR"}]'
            ), lambda one: one.type = 'Ready'
        )[1].status when 'True' then 'ready' when 'False' then 'not ready' end
        when try_cast(m.object ->> '$.spec.replicas' as integer) = 0 then 'scaled to zero'
        when coalesce(try_cast(m.object ->> '$.status.readyReplicas' as integer), 0)
            >= coalesce(try_cast(m.object ->> '$.spec.replicas' as integer), 1) then 'ready'
        else 'not ready'
    end as status,
    m.created_at,
    case when m.labels is not null or cardinality(m.governing) > 0
        then to_json(map_concat(m.governing, coalesce(m.labels, map {}))) end::varchar as tags,
    m.file, m.sha256, m.row_number
from serving as m
left join running as r
    on r.cluster = m.cluster and r.namespace = m.namespace and r.owner_kind = m.kind
    and r.owner = m.name
left join k8s_workload as w
    on w.cluster = m.cluster and w.resource = m.resource
    and w.namespace is not distinct from m.namespace and w.name = m.name
left join k8s_rollout as o
    on o.cluster = m.cluster and o.kind = m.kind
    and o.namespace is not distinct from m.namespace and o.name = m.name
left join scaler as s
    on s.cluster = m.cluster and s.namespace is not distinct from m.namespace
    and (
        (s.of_kind = m.kind and s.of_name = m.name)
        or (
            m.kind = 'InferenceService' and s.of_kind = 'Deployment'
            and s.of_name = m.name || '-predictor'
        )
    )
order by deployment
