-- What SageMaker's registry states about the versions of its models.
--
-- grain     one row per model package
-- input     $source: the source's name; `sagemaker_package`, `sagemaker_card`
-- method    lifecycle, the first that speaks: gov.lifecycle; ModelLifeCycle, whose Stage is read by
--           its word (a stage of production whose status is pending, draft or rejected still waits
--           in staging; a word that is not known leaves it unknown). Where neither is there, and no
--           model.gov.yaml says otherwise, ModelApprovalStatus: Approved is cleared for production
--           and counts as such, PendingManualApproval is a candidate (staging), Rejected is
--           archived; a package that was only logged is in development.
--           SageMaker keeps no approver. Of an Approved version whose approval is not in gov.*
--           the last modification is read as the approval, or its creation where nothing was
--           modified since: whoever touched it last stands for it. Of others no approval is read.
--           Which digest was approved, only gov.approved_digest says.
--           Digest, the first that is there: gov.artifact_digest; the ETag that SageMaker keeps of
--           the artifact (etag:..., an MD5 only of uploads in one part); of a package that is an
--           image alone, the image's digest.
--           Metrics are the numbers of the card's evaluations; addresses of ModelMetrics,
--           DriftCheckBaselines, images, SourceUri and lineage stand in tags as sagemaker.*.
-- source    Amazon SageMaker API, DescribeModelPackage; Developer Guide, "Update the approval status"
--           and "Model lifecycle"
with card as (
    select model, version, card_uri, content, status, precedence
    from sagemaker_card
    where content is not null and status is distinct from 'Archived'
),
number as (
    select
        model, version, precedence,
        unnest(content -> '$.evaluation_details[*].metric_groups[*].metric_data[*]') as said
    from card
    where version is not null
),
measured as (
    select
        model, version, said ->> '$.name' as name,
        arg_min(try_cast(said ->> '$.value' as double), precedence) as value
    from number
    where said ->> '$.name' is not null and isfinite(try_cast(said ->> '$.value' as double))
    group by all
),
metric as (
    select
        model, version,
        to_json(
            map_from_entries(list({'key': name, 'value': value} order by name))
        )::varchar as metrics
    from measured
    group by model, version
),
carded as (
    select p.arn, c.card_uri
    from sagemaker_package as p
    join card as c on c.model = p.model and coalesce(c.version, p.version) = p.version
    qualify row_number() over (
        partition by p.arn order by c.version is null, c.precedence
    ) = 1
),
read as (
    select
        *,
        case
            when regexp_full_match(stage, 'prod(uction)?|live') then case
                when regexp_matches(coalesce(stage_status, ''), 'pend|draft|reject|review|fail')
                    then 'staging'
                else 'production'
            end
            when regexp_full_match(stage, 'stag(e|ing)|pre-?prod(uction)?|qa|uat|test(ing)?|validation')
                then 'staging'
            when regexp_full_match(stage, 'dev(elopment)?|experiment(al|ation)?') then 'development'
            when regexp_full_match(stage, 'archived?|retired?|deprecated|decommissioned')
                then 'archived'
        end as stage_lifecycle,
        coalesce(gov['approved_by'], gov['approved_at']) is not null as says_approval,
        approval = 'Approved' as is_approved,
        coalesce(modified_at > created_at, false) as was_modified
    from sagemaker_package
)
select
    $source as source,
    p.model,
    p.version,
    case
        when gov['lifecycle'] is not null then as_lifecycle(gov['lifecycle'])
        when stage is not null then stage_lifecycle
    end as lifecycle,
    []::varchar[] as aliases,
    coalesce(p.generated_by, gov['run_id']) as run_id,
    coalesce(filled(p.object ->> '$.ModelPackageDescription'), gov['description']) as description,
    p.created_at,
    p.modified_at as updated_at,
    coalesce(p.created_by, gov['created_by']) as created_by,
    case
        when says_approval then gov['approved_by']
        when is_approved and was_modified then modified_by
        when is_approved then p.created_by
    end as approved_by,
    case
        when says_approval then as_moment(gov['approved_at'])
        when is_approved and was_modified then modified_at
        when is_approved then p.created_at
    end as approved_at,
    gov['approved_digest'] as approved_digest,
    coalesce(p.data_uri, gov['artifact_uri'], p.image) as artifact_uri,
    coalesce(
        gov['artifact_digest'],
        'etag:' || trim(p.data_etag, '"'),
        case when p.data_uri is null then p.image_digest end
    ) as artifact_digest,
    coalesce(gov['card_uri'], carded.card_uri) as card_uri,
    gov['license'] as license,
    coalesce(gov['base_model'], p.base_model) as base_model,
    gov['rollback_to'] as rollback_to,
    as_moment(gov['evaluated_at']) as evaluated_at,
    gov['monitoring'] as monitoring,
    as_moment(gov['monitored_at']) as monitored_at,
    metric.metrics,
    json_merge_patch(
        to_json(p.said),
        json_object(
            'sagemaker.ModelApprovalStatus', p.approval,
            'sagemaker.ApprovalDescription', p.object ->> '$.ApprovalDescription',
            'sagemaker.ModelPackageStatus', p.object ->> '$.ModelPackageStatus',
            'sagemaker.ModelLifeCycle', p.object ->> '$.ModelLifeCycle',
            'sagemaker.SourceUri', p.object ->> '$.SourceUri',
            'sagemaker.MetadataProperties', p.object ->> '$.MetadataProperties',
            'sagemaker.ModelMetrics', p.object ->> '$.ModelMetrics',
            'sagemaker.DriftCheckBaselines', p.object ->> '$.DriftCheckBaselines',
            'sagemaker.images', nullif(
                array_to_string(
                    list_transform(
                        p.containers,
                        lambda c: concat(c ->> '$.Image', ' ', c ->> '$.ImageDigest')
                    ), ', '
                ), ''
            )
        )
    )::varchar as tags,
    false as from_file,
    case when gov['lifecycle'] is null and stage is null then case
        when p.object ->> '$.ModelPackageRegistrationType' = 'Logged' then 'development'
        when approval = 'Approved' then 'production'
        when approval = 'PendingManualApproval' then 'staging'
        when approval = 'Rejected' then 'archived'
    end end as lifecycle_otherwise
from read as p
left join metric on metric.model = p.model and metric.version = p.version
left join carded on carded.arn = p.arn
where p.model is not null
order by p.model, p.version
