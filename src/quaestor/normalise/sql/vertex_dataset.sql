-- Which datasets of Vertex AI its training pipelines read.
--
-- grain     one row per training pipeline with a managed dataset
-- input     $source; landed_object
-- method    a dataset has an id and no digest: its content may change under the same id
-- source    Vertex AI REST reference, trainingPipelines, InputDataConfig
select
    $source as source,
    object ->> '$.name' as run_id,
    object ->> '$.inputDataConfig.datasetId' as dataset,
    'vertex-dataset' as source_type,
    regexp_extract(object ->> '$.name', '^projects/[^/]+/locations/[^/]+') || '/datasets/'
        || (object ->> '$.inputDataConfig.datasetId') as source_uri,
    'training' as context
from landed_object
where kind = 'training-pipelines' and (object ->> '$.inputDataConfig.datasetId') <> ''
order by run_id
