-- What has tags that are to be read: the models and versions of Azure Machine Learning.
--
-- grain     one row per model, and one per version
-- input     landed_object, azure_ml_version
-- method    a model's tags are its own, else those of its latest version, as in azure_ml_model.sql
with model as (
    select
        case when starts_with(place, 'registries/') then substr(place, 12) || '/' else '' end
            || (object ->> '$.name') as subject,
        tag_map(object -> '$.properties.tags') as tags,
        object ->> '$.properties.latestVersion' as latest,
        file, sha256, row_number
    from landed_object
    where kind = 'models' and (object ->> '$.name') <> ''
)
select
    m.file, m.sha256, m.row_number, 'model' as kind, m.subject, null::varchar as version,
    map_concat(coalesce(v.tags, tag_map(null)), m.tags) as tags
from model as m
left join azure_ml_version as v on v.model = m.subject and v.version = m.latest
union all by name
select file, sha256, row_number, 'model_version' as kind, model as subject, version, tags
from azure_ml_version
