-- What each endpoint of SageMaker serves, and with which machines.
--
-- grain     one row per endpoint, variant and what it serves: the variant's model, or each of its
--           inference components
-- input     `sagemaker_type`; $several: whether the source has several regions, whose endpoints
--           may have the same name
-- method    the model is the model package of the containers where they name exactly one; where
--           they name none and have one artifact, that is told instead, and the registry is asked
--           whose it is (normalise/artifacts.py). A container that takes many models tells none.
--           What runs is known by digest only where SageMaker resolved the image
-- source    Amazon SageMaker API reference, DescribeEndpoint, DescribeEndpointConfig,
--           DescribeModel, DescribeInferenceComponent
with endpoint as (
    select
        place as region, object,
        case when $several then place || '/' else '' end || (object ->> 'EndpointName') as endpoint,
        object ->> 'EndpointArn' as resource_id,
        from_json(coalesce(object -> 'ProductionVariants', '[]'), '["JSON"]')
            || from_json(coalesce(object -> 'ShadowProductionVariants', '[]'), '["JSON"]') as states,
        coalesce(nullif(object -> 'EndpointConfig', 'null'), object) as config,
        file, sha256, row_number
    from landed_object
    where kind = 'endpoints' and (object ->> 'EndpointArn') is not null
        and (object ->> 'EndpointName') is not null
),
configured as (
    select *, unnest(
        from_json(coalesce(config -> 'ProductionVariants', '[]'), '["JSON"]')
        || from_json(coalesce(config -> 'ShadowProductionVariants', '[]'), '["JSON"]')
    ) as variant
    from endpoint
),
stated as (
    select
        *,
        variant ->> 'VariantName' as variant_name,
        variant ->> 'InstanceType' as instance_type,
        list_filter(states, lambda one: (one ->> 'VariantName') = (variant ->> 'VariantName'))[1]
            as state,
        list_filter(
            from_json(coalesce(object -> 'Components', '[]'), '["JSON"]'),
            lambda one: (one ->> 'VariantName') = (variant ->> 'VariantName')
        ) as components
    from configured
),
served as (
    select
        *,
        unnest(case when len(components) > 0 then components else [variant] end) as item
    from stated
),
modelled as (
    select
        *,
        item ->> 'InferenceComponentName' as component,
        item ->> 'ModelName' as model_name,
        from_json(object -> 'Models', '"MAP(VARCHAR, JSON)"')[item ->> 'ModelName'] as model
    from served
),
contained as (
    select
        *,
        from_json(coalesce(model -> 'Containers', '[]'), '[{
            "Image": "VARCHAR", "Mode": "VARCHAR", "ModelDataUrl": "VARCHAR",
            "ModelPackageName": "VARCHAR",
            "ModelDataSource": {"S3DataSource": {"S3Uri": "VARCHAR"}}
        }]') as containers,
        list_distinct(list_filter(
            list_transform(containers, lambda one: one.ModelPackageName),
            lambda one: one is not null
        )) as packages,
        list_distinct(list_filter(
            list_transform(
                containers,
                lambda one: coalesce(one.ModelDataUrl, one.ModelDataSource.S3DataSource.S3Uri)
            ),
            lambda one: one is not null
        )) as artifacts,
        list_contains(list_transform(containers, lambda one: one.Mode), 'MultiModel') as takes_many
    from modelled
)
select
    c.file, c.sha256, c.row_number, c.region, c.endpoint, c.resource_id, c.variant_name, c.component, c.instance_type,
    try_cast(c.state ->> 'CurrentInstanceCount' as double) as instances,
    case when len(c.packages) = 1 then package_of(c.packages[1]) end as package,
    case when len(c.packages) = 0 and not coalesce(c.takes_many, false)
        and len(c.artifacts) = 1 then c.artifacts[1]
        when c.model is null then c.item ->> 'ModelDataUrl' end as artifact_uri,
    len(c.packages) > 1 as serves_several,
    c.model_name is not null and coalesce(json_type(c.model), 'NULL') = 'NULL' as is_model_gone,
    list_filter(
        list_transform(c.containers, lambda one: one.Image) || [c.item ->> 'Image'],
        lambda one: one is not null
    ) as images,
    list_transform(
        list_filter(
            from_json(coalesce(c.state -> 'DeployedImages', '[]'), '[{"ResolvedImage": "VARCHAR"}]'),
            lambda one: contains(one.ResolvedImage, '@sha256:')
        ),
        lambda one: one.ResolvedImage
    ) as image_digests,
    try_cast(c.variant ->> '$.ManagedInstanceScaling.MinInstanceCount' as integer) as min_instances,
    try_cast(c.variant ->> '$.ManagedInstanceScaling.MaxInstanceCount' as integer) as max_instances,
    c.variant ->> '$.ManagedInstanceScaling.Status' as scaling,
    coalesce(
        try_cast(c.item ->> '$.RuntimeConfig.CurrentCopyCount' as integer),
        try_cast(c.state ->> 'CurrentInstanceCount' as integer)
    ) as replicas,
    c.object ->> 'EndpointStatus' as status,
    as_time(c.object ->> 'CreationTime') as created_at,
    as_time(c.object ->> 'LastModifiedTime') as updated_at,
    nullif(c.object ->> 'Tags', 'null') as tags,
    coalesce((c.object ->> 'IsAsynchronous') = 'true', false) as is_asynchronous,
    coalesce(try_cast(c.object ->> '$.MetricsConfig.MetricPublishFrequencyInSeconds' as double), 60)
        as sample_seconds,
    (c.variant ->> 'ModelName') is null as has_components,
    (c.variant -> 'ServerlessConfig') is not null as is_serverless,
    coalesce(c.model ->> 'ExecutionRoleArn', c.config ->> 'ExecutionRoleArn') as identity,
    c.config ->> 'KmsKeyId' as kms_key,
    c.config -> 'DataCaptureConfig' as capture,
    json_exists(c.config, 'DataCaptureConfig') as is_config_told,
    [c.model, c.config] as placed,
    nullif(c.object -> 'LastDeploymentConfig', 'null') as rollout,
    json_exists(c.object, 'LastDeploymentConfig') as is_rollout_told,
    t.cpus, t.gpus, t.gpu_model
from contained as c
left join sagemaker_type as t on t.region = c.region and t.instance_type = c.instance_type
order by c.region, c.endpoint, c.variant_name, c.component
