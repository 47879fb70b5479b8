-- The model cards of SageMaker: those that stand alone, and those inside model packages.
--
-- grain     one row per card
-- input     `landed_object` (normalise/landed_objects.py), `sagemaker_name`, `sagemaker_package`
-- method    a card is about the model package group and version that its content names
--           (model_package_details), the package whose ARN it gives (there or as model_id), or the
--           model of the registry that it names (model_name). One that names none of the registry
--           keeps the name it gives, or its own, and is about every version. Of a card that stands
--           alone the collector lands the approved version, or else the newest; what is no JSON
--           object has no content
-- source    Amazon SageMaker Developer Guide, "Model card JSON schema"
with card as (
    select
        place, file, sha256, row_number,
        object ->> '$.ModelCardArn' as card_uri,
        object ->> '$.ModelCardName' as card_name,
        object ->> '$.ModelCardStatus' as status,
        as_time(coalesce(object ->> '$.LastModifiedTime', object ->> '$.CreationTime')) as updated_at,
        object ->> '$.Content' as raw,
        null as own_model,
        null as own_version
    from landed_object
    where kind = 'model-cards'
    union all
    select
        place, file, sha256, row_number, arn || '#ModelCard', null,
        object ->> '$.ModelCard.ModelCardStatus', coalesce(modified_at, created_at),
        object ->> '$.ModelCard.ModelCardContent', model, version
    from sagemaker_package
    where object ->> '$.ModelCard.ModelCardContent' is not null
),
parsed as (
    select
        *,
        case when json_valid(raw) then case when json_type(raw) = 'OBJECT' then raw::json end end
            as content
    from card
),
named as (
    select
        *,
        regexp_extract(
            coalesce(
                content ->> '$.model_package_details.model_package_arn',
                content ->> '$.model_overview.model_id'
            ),
            ':model-package/([^/]+)(?:/([0-9]+))?$', ['name', 'version']
        ) as of_arn,
        content ->> '$.model_package_details.model_package_group_name' as of_group,
        content ->> '$.model_package_details.model_package_version' as of_version,
        content ->> '$.model_overview.model_name' as of_model
    from parsed
),
placed as (
    select
        c.*, n.model as known_model, n.kind,
        row_number() over (
            partition by c.file, c.row_number, c.card_uri
            order by
                lower(n.name) is not distinct from lower(c.of_group) desc,
                lower(n.name) is not distinct from lower(c.of_arn.name) desc, n.model
        ) as choice
    from named as c
    left join sagemaker_name as n
        on n.place = c.place
        and lower(n.name) in (lower(c.of_group), lower(c.of_arn.name), lower(c.of_model))
)
select
    place, file, sha256, row_number, card_uri, status, updated_at, raw, content,
    coalesce(own_model, known_model, of_model, card_name) as model,
    coalesce(
        own_version,
        case when known_model is not null then coalesce(of_version, nullif(of_arn.version, '')) end,
        case when kind = 'package' then '1' end
    ) as version,
    row_number() over (
        order by
            case status
                when 'Approved' then 0 when 'PendingReview' then 1 when 'Draft' then 2 else 3
            end,
            updated_at desc, card_uri
    ) as precedence
from placed
where choice = 1
order by place, card_uri
