-- What SageMaker's registry itself says of versions in the words of core/governance.py.
--
-- grain     one row per version and field
-- input     $source: the source's name; `sagemaker_package`, `sagemaker_card`, and what tags state
-- method    when the version's card was last changed, and which version of the hub's model it was
--           made from. A tag that says it goes before
-- source    Amazon SageMaker API, DescribeModelCard, DescribeModelPackage (InferenceSpecification,
--           BaseModel)
with card as (
    select p.model, p.version, c.updated_at
    from sagemaker_package as p
    join sagemaker_card as c on c.model = p.model and coalesce(c.version, p.version) = p.version
    where c.content is not null and c.status is distinct from 'Archived'
    qualify row_number() over (
        partition by p.model, p.version order by c.version is null, c.precedence
    ) = 1
),
native as (
    select model, version, 'card_updated_at' as field, updated_at::varchar as value from card
    union all
    select
        model, version, 'base_model_revision',
        list_filter(
            list_transform(containers, lambda c: c ->> '$.BaseModel.HubContentVersion'),
            lambda t: t is not null
        )[1]
    from sagemaker_package
    where model is not null
)
select
    $source as source, 'model_version' as kind, n.model as subject, n.version, n.field, n.value,
    false as from_file
from native as n
where n.value is not null and not exists (
    select 1 from registry.stated_fact as f
    where f.source = $source and f.kind = 'model_version' and f.subject = n.model
        and f.version = n.version and f.field = n.field
)
order by n.model, n.version, n.field
