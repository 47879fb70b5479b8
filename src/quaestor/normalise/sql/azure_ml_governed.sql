-- Whose tags are to be read: the models and versions of Azure Machine Learning.
--
-- grain     one row per model, and one per version
-- input     landed_object, azure_ml_version
select
    file, sha256, row_number, 'model ' || (object ->> '$.name') as subject,
    tag_map(object -> '$.properties.tags') as tags, false as of_version
from landed_object
where kind = 'models' and (object ->> '$.name') <> ''
union all
select file, sha256, row_number, 'version ' || model || ':' || version, tags, true
from azure_ml_version
