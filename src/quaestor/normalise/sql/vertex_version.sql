-- Every version of every model of Vertex AI, with what its labels say.
--
-- grain     one row per model version
-- input     landed_object, vertex_name
-- method    a label's key has no dot: gov_owner stands for gov.owner
select
    n.model,
    v.object ->> '$.versionId' as version,
    n.resource,
    n.location,
    tag_map(v.object -> '$.labels') as tags,
    coalesce(from_json(v.object -> '$.versionAliases', '["VARCHAR"]'), []) as aliases,
    coalesce(v.object ->> '$.trainingPipeline', v.object ->> '$.pipelineJob') as run_id,
    v.object,
    v.file,
    v.sha256,
    v.row_number
from landed_object as v
join vertex_name as n on n.resource = split_part(v.object ->> '$.name', '@', 1)
where v.kind = 'model-versions' and (v.object ->> '$.versionId') <> ''
qualify row_number() over (partition by n.model, version order by v.place, v.row_number) = 1
