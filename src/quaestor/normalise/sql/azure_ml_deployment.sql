-- Which models a workspace's online endpoints serve.
--
-- grain     one row per endpoint and deployment
-- input     $source; azure_ml_served
-- method    public is an endpoint whose public network access is enabled; what it asks its callers
--           for is its authMode (key, amltoken, aadtoken). Managed endpoints answer by TLS and
--           Azure encrypts their disks; of those on Kubernetes the cluster decides. Isolated is one
--           that neither the internet reaches nor that reaches it. Traffic that is split is a canary,
--           mirrored a shadow
-- source    Microsoft, REST reference "Online Endpoints - List", "Online Deployments - List"
select
    $source as source,
    endpoint || '/' || deployed as deployment,
    model,
    version,
    coalesce(said(tags, 'environment'), filled(tags['environment']), filled(tags['env']))
        as environment,
    case lower(object ->> '$.properties.publicNetworkAccess')
        when 'enabled' then true when 'disabled' then false end as public_access,
    lower(object ->> '$.properties.authMode') as authentication,
    'azure-ml-endpoint' as kind,
    object ->> '$.location' as region,
    lower(object ->> '$.id') as resource_id,
    case when not coalesce(on_kubernetes, false) then true end as tls,
    case when not coalesce(on_kubernetes, false) then true end as encrypted,
    case
        when lower(object ->> '$.properties.publicNetworkAccess') = 'enabled'
            or lower(one ->> '$.properties.egressPublicNetworkAccess') = 'enabled' then false
        when lower(object ->> '$.properties.publicNetworkAccess') = 'disabled'
            and lower(one ->> '$.properties.egressPublicNetworkAccess') = 'disabled' then true
    end as network_isolated,
    iso_hours(one ->> '$.properties.requestSettings.requestTimeout') * 3600
        as request_timeout_seconds,
    instance_type,
    gpu_model,
    gpus / nullif(capacity, 0) as gpu_request,
    case
        when len(map_keys(tag_map(object -> '$.properties.mirrorTraffic'))) > 0 then 'shadow'
        when len(list_filter(
            map_values(tag_map(object -> '$.properties.traffic')),
            lambda share: try_cast(share as integer) between 1 and 99
        )) > 1 then 'canary'
    end as rollout_strategy,
    try_cast(one ->> '$.properties.scaleSettings.minInstances' as integer) = 0 as scales_to_zero,
    capacity as replicas,
    try_cast(one ->> '$.properties.scaleSettings.minInstances' as integer) as min_replicas,
    try_cast(one ->> '$.properties.scaleSettings.maxInstances' as integer) as max_replicas,
    case when one ->> '$.properties.scaleSettings.scaleType' = 'TargetUtilization'
        then 'native' end as autoscaler,
    (one -> '$.properties.readinessProbe') is not null as has_readiness_probe,
    (one -> '$.properties.livenessProbe') is not null as has_liveness_probe,
    lower(one ->> '$.properties.provisioningState') as status,
    as_time(one ->> '$.systemData.createdAt') as created_at,
    one ->> '$.systemData.createdBy' as created_by,
    to_json(map_concat(tags, tag_map(one -> '$.tags')))::varchar as tags,
    file, sha256, row_number
from azure_ml_served
where deployed is not null
order by deployment
