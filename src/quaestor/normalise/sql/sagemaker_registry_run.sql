-- What SageMaker's registry states about the runs that its packages come from.
--
-- grain     one row per run: a training job, a pipeline's execution, or what else GeneratedBy names
-- input     $source: the source's name; `sagemaker_package`
-- method    commit, repository and project are those of the package; of several packages of one
--           run the one registered first speaks. A pipeline is told by the ARN of its execution,
--           else by gov.pipeline. How the run went the registry does not say: `kind: sagemaker`
--           reads jobs
-- source    Amazon SageMaker API, MetadataProperties
select
    $source as source,
    generated_by as run_id,
    regexp_extract(generated_by, '([^/:]+)$', 1) as name,
    null::varchar as experiment,
    null::varchar as status,
    null::varchar as started_by,
    null::timestamp as started_at,
    null::timestamp as ended_at,
    object ->> '$.MetadataProperties.CommitId' as git_commit,
    object ->> '$.MetadataProperties.Repository' as git_repo,
    coalesce(
        nullif(regexp_extract(generated_by, ':pipeline/([^/]+)', 1), ''), gov['pipeline']
    ) as pipeline,
    null::varchar as metrics,
    null::varchar as params,
    json_merge_patch(
        '{}', json_object('sagemaker.ProjectId', object ->> '$.MetadataProperties.ProjectId')
    )::varchar as tags
from sagemaker_package
where generated_by is not null and model is not null
qualify row_number() over (partition by generated_by order by created_at, arn) = 1
order by run_id
