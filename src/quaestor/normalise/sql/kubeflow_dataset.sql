-- What the versions of Kubeflow's Model Registry were trained on, where they name their run.
--
-- grain     one row per version's run and dataset artifact
-- input     $source: the source's name; landed_object: what the registry answered
-- method    a data set belongs to a run, as everywhere here: the one that the version's first model
--           artifact names as where it is from (modelSourceId of a class with `run` in it)
-- source    Kubeflow Model Registry REST API v1alpha3, DataSet, ModelArtifact
with artifact as (
    select
        object ->> 'modelVersionId' as version_id,
        coalesce(object ->> 'artifactType', 'model-artifact') as type,
        object,
        row_number
    from landed_object
    where
        kind = 'artifacts'
        and coalesce(object ->> 'state', '') not in ('MARKED_FOR_DELETION', 'DELETED')
),
made as (
    select version_id, object ->> 'modelSourceId' as run_id,
        object ->> 'modelSourceClass' as class
    from artifact
    where type = 'model-artifact'
    qualify row_number() over (partition by version_id order by row_number) = 1
)
select distinct
    $source as source,
    made.run_id,
    coalesce(a.object ->> 'name', a.object ->> 'id') as dataset,
    nullif(a.object ->> 'digest', '') as digest,
    a.object ->> 'sourceType' as source_type,
    coalesce(a.object ->> 'source', a.object ->> 'uri') as source_uri
from artifact as a
join made using (version_id)
where
    a.type = 'dataset-artifact'
    and made.class ilike '%run%'
    and trim(coalesce(made.run_id, '')) <> ''
order by run_id, dataset
