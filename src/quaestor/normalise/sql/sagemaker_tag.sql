-- What the tags of SageMaker's jobs and endpoints say about whose they are.
--
-- grain     one row per thing that has one of the tags
-- method    as for charges (ledger/sql/attribute/tag_set.sql): keys without regard to case; of the
--           keys configured for a field the first that is present and not blank wins
with entry as (
    select
        coalesce(
            object ->> 'TrainingJobArn', object ->> 'ProcessingJobArn',
            object ->> 'TransformJobArn', object ->> 'EndpointArn'
        ) as resource_id,
        unnest(map_entries(from_json(object -> 'Tags', '"MAP(VARCHAR, VARCHAR)"'))) as tag
    from landed_object
    where kind in ('training-jobs', 'processing-jobs', 'transform-jobs', 'endpoints')
        and json_type(object -> 'Tags') = 'OBJECT'
),
lone as (
    select resource_id, lower(tag.key) as key, min(trim(tag.value)) as value
    from entry where trim(tag.value) <> '' group by all
),
named as (
    select l.resource_id, k.field, arg_min(l.value, k.position) as value
    from lone as l
    join config.tag_key as k on lower(k.key) = l.key
    group by all
)
select
    resource_id,
    min(value) filter (field = 'team') as team,
    min(value) filter (field = 'model') as model,
    min(value) filter (field = 'model_version') as model_version,
    min(lower(value)) filter (field = 'environment') as environment
from named
group by resource_id
order by resource_id
