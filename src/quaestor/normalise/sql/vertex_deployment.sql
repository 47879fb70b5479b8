-- Which models Vertex AI's endpoints serve.
--
-- grain     one row per endpoint and deployed model
-- input     $source; landed_object, vertex_deployed, vertex_version
-- method    every call needs a Google identity. Public is an endpoint that is in no private network
--           and that the project's policy opens to everybody; where the policy could not be read,
--           that is not known. The image is that of the model's version. Google encrypts all that
--           it stores; kms_key is a key of one's own. Isolated is one in a private network, or
--           reached by Private Service Connect. Calls are logged where access logging is on, or all
--           requests go to BigQuery. Traffic that is split is a canary
-- source    Vertex AI REST reference, endpoints; Google Cloud, "Default encryption at rest"
with everybody as (
    select count(*) > 0 as may_call
    from landed_object as b
    join landed_object as r
        on r.kind = 'roles' and (r.object ->> '$.name') = (b.object ->> '$.role')
    where b.kind = 'bindings'
        and list_contains(
            from_json(r.object -> '$.includedPermissions', '["VARCHAR"]'),
            'aiplatform.endpoints.predict'
        )
        and list_has_any(
            from_json(b.object -> '$.members', '["VARCHAR"]'), ['allUsers', 'allAuthenticatedUsers']
        )
)
select
    $source as source,
    d.endpoint || '/deployedModels/' || d.deployed_id as deployment,
    d.model,
    d.version,
    coalesce(said(d.tags, 'environment'), filled(d.tags['environment']), filled(d.tags['env']))
        as environment,
    case
        when filled(d.object ->> '$.network') is not null then false
        when (d.object ->> '$.privateServiceConnectConfig.enablePrivateServiceConnect') = 'true'
        then false
        when $bindings_known then everybody.may_call
    end as public_access,
    'iam' as authentication,
    'vertex-endpoint' as kind,
    d.location as region,
    '//aiplatform.googleapis.com/' || d.resource as resource_id,
    case when (v.object ->> '$.containerSpec.imageUri') <> ''
        then [v.object ->> '$.containerSpec.imageUri'] end as images,
    true as tls,
    filled(d.one ->> '$.serviceAccount') as identity,
    true as encrypted,
    filled(d.object ->> '$.encryptionSpec.kmsKeyName') as kms_key,
    filled(d.object ->> '$.network') is not null
        or coalesce(
            d.object ->> '$.privateServiceConnectConfig.enablePrivateServiceConnect', 'false'
        ) = 'true' as network_isolated,
    logs_all or coalesce(d.one ->> '$.enableAccessLogging', 'false') = 'true' as access_logged,
    case
        when d.one ->> '$.enableAccessLogging' = 'true' then 'cloud-logging'
        when logs_all then coalesce(
            d.object ->> '$.requestLogging.bigqueryDestination.outputUri', 'bigquery'
        )
    end as log_destination,
    d.machine_type as instance_type,
    d.gpu_model,
    d.accelerators as gpu_request,
    d.min_replicas = 0 as scales_to_zero,
    case when len(list_filter(
        map_values(tag_map(d.object -> '$.trafficSplit')),
        lambda share: try_cast(share as integer) between 1 and 99
    )) > 1 then 'canary' end as rollout_strategy,
    d.replicas,
    d.min_replicas,
    d.max_replicas,
    case when d.max_replicas > d.min_replicas then 'native' end as autoscaler,
    d.one ->> '$.status.message' as status,
    as_time(coalesce(d.one ->> '$.createTime', d.object ->> '$.createTime')) as created_at,
    (d.object -> '$.labels')::varchar as tags,
    d.file, d.sha256, d.row_number
from (
    select
        *,
        coalesce(object ->> '$.requestLogging.enabled', 'false') = 'true'
            and try_cast(coalesce(object ->> '$.requestLogging.samplingRate', '1') as double) = 1
            as logs_all
    from vertex_deployed
) as d
cross join everybody
left join vertex_version as v on v.resource = d.model_resource and v.version = d.version
where d.deployed_id is not null
qualify row_number() over (partition by deployment order by d.resource) = 1
order by deployment
