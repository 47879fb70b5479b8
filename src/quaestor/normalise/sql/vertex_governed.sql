-- Whose tags are to be read: the models and versions of Vertex AI.
--
-- grain     one row per model, and one per version
-- input     landed_object, vertex_name, vertex_version
select
    m.file, m.sha256, m.row_number, 'model ' || n.model as subject,
    tag_map(m.object -> '$.labels') as tags, false as of_version
from landed_object as m
join vertex_name as n on n.resource = split_part(m.object ->> '$.name', '@', 1)
where m.kind = 'models'
union all
select file, sha256, row_number, 'version ' || model || ':' || version, tags, true
from vertex_version
