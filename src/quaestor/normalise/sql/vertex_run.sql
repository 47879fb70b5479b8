-- What Vertex AI ran to make models: training pipelines and pipeline jobs.
--
-- grain     one row per pipeline
-- input     $source; landed_object
-- source    Vertex AI REST reference, trainingPipelines and pipelineJobs
select
    $source as source,
    object ->> '$.name' as run_id,
    object ->> '$.displayName' as name,
    lower(regexp_extract(object ->> '$.state', '[A-Z]+$')) as status,
    object ->> '$.serviceAccount' as started_by,
    as_time(coalesce(object ->> '$.startTime', object ->> '$.createTime')) as started_at,
    as_time(object ->> '$.endTime') as ended_at,
    said(tags, 'git_commit') as git_commit,
    coalesce(
        object ->> '$.templateUri',
        regexp_extract(object ->> '$.trainingTaskDefinition', '[^/]+$')
    ) as pipeline,
    (object -> '$.labels')::varchar as tags
from (select *, tag_map(object -> '$.labels') as tags from landed_object)
where kind in ('training-pipelines', 'pipeline-jobs') and (object ->> '$.name') <> ''
qualify row_number() over (partition by run_id order by place, row_number) = 1
order by run_id
