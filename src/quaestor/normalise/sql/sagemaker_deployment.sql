-- Where models serve: the endpoints of SageMaker.
--
-- grain     one row per endpoint; one per variant or inference component where it has several
-- input     $source; `sagemaker_serving`, `sagemaker_tag`
-- method    an endpoint answers signed requests only, so it is not public and its callers are known
--           by IAM. The environment is the endpoint's tag. Auto scaling is known where it is the
--           endpoint's own; Application Auto Scaling is not asked, so that only what it alone can
--           send to zero (asynchronous endpoints) is unknown. Encrypted is one with a key; whether
--           its machine encrypts by itself nobody tells. Its network is isolated where its model may
--           call nobody, or is in a network of one's own. Calls are logged where all are captured.
--           How it is rolled out is the configuration of its last deployment; without one,
--           everything at once. What an older look did not ask for is unknown
-- source    Amazon SageMaker API reference, "Common Parameters" of InvokeEndpoint: requests are
--           signed with Signature Version 4, by TLS; DescribeEndpointConfig, DescribeModel,
--           DeploymentConfig
with counted as (
    select *, count(*) over (partition by region, endpoint) as served from sagemaker_serving
)
select
    $source as source,
    case when c.served = 1 then c.endpoint
        else concat_ws('/', c.endpoint, c.variant_name, c.component) end as deployment,
    coalesce(c.package.model, t.model) as model,
    case when c.package.model is not null then c.package.version else t.model_version end
        as version,
    t.environment,
    false as public_access,
    'iam' as authentication,
    'sagemaker-endpoint' as kind,
    c.region,
    c.resource_id,
    c.images,
    c.image_digests,
    c.replicas,
    c.min_instances as min_replicas,
    c.max_instances as max_replicas,
    case when c.scaling = 'ENABLED' then 'native' end as autoscaler,
    true as tls,
    c.identity,
    case when c.kms_key is not null then true end as encrypted,
    c.kms_key,
    case
        when len(list_filter(
            c.placed,
            lambda one: (one ->> 'EnableNetworkIsolation') = 'true'
                or json_type(one -> 'VpcConfig') = 'OBJECT'
        )) > 0 then true
        when c.is_config_told then false
    end as network_isolated,
    case when (c.capture ->> 'EnableCapture') = 'true'
        then try_cast(coalesce(c.capture ->> 'InitialSamplingPercentage', '100') as double) = 100 end
        as access_logged,
    case when (c.capture ->> 'EnableCapture') = 'true'
        then c.capture ->> 'DestinationS3Uri' end as log_destination,
    c.instance_type,
    c.gpu_model,
    c.gpus as gpu_request,
    case
        when (c.rollout -> 'RollingUpdatePolicy') is not null then 'rolling-update'
        when c.is_rollout_told then replace(lower(coalesce(
            c.rollout ->> '$.BlueGreenUpdatePolicy.TrafficRoutingConfiguration.Type',
            'ALL_AT_ONCE'
        )), '_', '-')
    end as rollout_strategy,
    nullif(array_to_string(
        c.rollout ->> '$.AutoRollbackConfiguration.Alarms[*].AlarmName', ', '
    ), '') as rollout_analysis,
    case when c.is_rollout_told
        then coalesce(len(c.rollout ->> '$.AutoRollbackConfiguration.Alarms[*].AlarmName') > 0, false)
        end as rolls_back,
    case
        when c.is_serverless or c.min_instances = 0 then true
        when not c.is_asynchronous then false
    end as scales_to_zero,
    c.status,
    c.created_at,
    c.tags,
    case when coalesce(c.package.model, t.model) is null then c.artifact_uri end as artifact_uri,
    c.file, c.sha256, c.row_number
from counted as c
left join sagemaker_tag as t on t.resource_id = c.resource_id
order by deployment
