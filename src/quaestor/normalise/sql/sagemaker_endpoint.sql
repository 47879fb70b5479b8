-- The endpoints of SageMaker, all variants together.
--
-- grain     one row per endpoint
-- input     $source; $asked_at: when it was read; `sagemaker_serving`
-- method    GPUs and instances are unknown as soon as one variant's are; a serverless variant has
--           no instances; of an endpoint of such variants alone the kind says so, and of one that
--           answers asynchronously. The model is filled in when a build settles
--           (normalise/artifacts.py): where all deployments of the endpoint are of one
with variant as (
    select distinct on (region, endpoint, variant_name)
        region, endpoint, variant_name, instance_type, instances, gpus, gpu_model
    from sagemaker_serving
    order by region, endpoint, variant_name, component
),
machines as (
    select
        region, endpoint,
        nullif(string_agg(distinct instance_type, ', ' order by instance_type), '')
            as instance_type,
        case when bool_and(instances is not null) then sum(instances)::integer end as instances,
        nullif(string_agg(distinct gpu_model, ', ' order by gpu_model), '') as gpu_model,
        case when bool_and(instances * gpus is not null) then sum(instances * gpus) end as gpus
    from variant
    group by all
),
served as (
    select
        region, endpoint,
        min(resource_id) as resource_id, min(status) as status, min(created_at) as created_at,
        min(updated_at) as updated_at, min(tags) as tags,
        case when bool_and(is_serverless) then 'sagemaker-serverless'
            when bool_or(is_asynchronous) then 'sagemaker-async' else 'sagemaker' end as kind
    from sagemaker_serving
    group by all
)
select
    $source as source,
    s.endpoint,
    s.kind,
    s.resource_id,
    split_part(s.resource_id, ':', 5) as sub_account,
    s.region,
    m.instance_type,
    m.instances,
    m.gpu_model,
    m.gpus,
    s.status,
    s.created_at,
    s.updated_at,
    s.tags,
    $asked_at::timestamp as seen_at
from served as s
join machines as m on m.region = s.region and m.endpoint = s.endpoint
order by s.endpoint
