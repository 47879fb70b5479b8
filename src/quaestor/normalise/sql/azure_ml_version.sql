-- Every version of every model of a workspace and of a registry, with what its tags say.
--
-- grain     one row per model version
-- input     landed_object
-- method    a model of a registry is called <registry>/<name>, so that the workspace may have one
--           of the same name
select
    case when starts_with(place, 'registries/') then substr(place, 12) || '/' else '' end
        || (object ->> '$.model') as model,
    object ->> '$.name' as version,
    object -> '$.properties' as p,
    tag_map(object -> '$.properties.tags') as tags,
    filled(object ->> '$.properties.jobName') as run_id,
    object,
    file,
    sha256,
    row_number
from landed_object
where kind = 'model-versions' and (object ->> '$.name') <> ''
qualify row_number() over (partition by model, version order by row_number) = 1
