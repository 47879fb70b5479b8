-- What has tags that are to be read: the models and versions of Vertex AI.
--
-- grain     one row per model, and one per version
-- input     landed_object, vertex_name, vertex_version
select
    m.file, m.sha256, m.row_number, 'model' as kind, n.model as subject, null::varchar as version,
    tag_map(m.object -> '$.labels') as tags
from landed_object as m
join vertex_name as n on n.resource = split_part(m.object ->> '$.name', '@', 1)
where m.kind = 'models'
union all by name
select file, sha256, row_number, 'model_version' as kind, model as subject, version, tags
from vertex_version
