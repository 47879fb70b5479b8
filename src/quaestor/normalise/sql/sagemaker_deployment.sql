-- Where models serve: the endpoints of SageMaker.
--
-- grain     one row per endpoint; one per variant or inference component where it has several
-- input     $source; `sagemaker_serving`, `sagemaker_tag`
-- method    an endpoint answers signed requests only, so it is not public and its callers are known
--           by IAM. The environment is the endpoint's tag. Auto scaling is known where it is the
--           endpoint's own; Application Auto Scaling is not asked
-- source    Amazon SageMaker API reference, "Common Parameters" of InvokeEndpoint: requests are
--           signed with Signature Version 4
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
    c.status,
    c.created_at,
    c.tags,
    case when coalesce(c.package.model, t.model) is null then c.artifact_uri end as artifact_uri,
    c.file, c.sha256, c.row_number
from counted as c
left join sagemaker_tag as t on t.resource_id = c.resource_id
order by deployment
