-- What Azure Machine Learning states about the versions of its models.
--
-- grain     one row per model version
-- input     $source; azure_ml_version, azure_ml_every_job
-- method    lifecycle, the first that speaks: the tag gov.lifecycle; that the version is archived;
--           its stage (Development, Production, Archived); else development, unless a
--           model.gov.yaml says otherwise. A gov.lifecycle that cannot be read leaves it unknown.
--           The run is the job that made it; metrics are the latest of that run
-- source    Microsoft, REST reference "Model Versions - List"
select
    $source as source,
    v.model,
    v.version,
    case
        when said(v.tags, 'lifecycle') is not null then as_lifecycle(said(v.tags, 'lifecycle'))
        when v.p ->> '$.isArchived' = 'true' then 'archived'
        else as_lifecycle(v.p ->> '$.stage')
    end as lifecycle,
    []::varchar[] as aliases,
    v.run_id,
    coalesce(filled(v.p ->> '$.description'), said(v.tags, 'description')) as description,
    as_time(v.object ->> '$.systemData.createdAt') as created_at,
    as_time(v.object ->> '$.changed.lastModifiedAt') as updated_at,
    coalesce(filled(v.object ->> '$.systemData.createdBy'), said(v.tags, 'created_by'))
        as created_by,
    said(v.tags, 'approved_by') as approved_by,
    as_time(upper(said(v.tags, 'approved_at'))) as approved_at,
    said(v.tags, 'approved_digest') as approved_digest,
    filled(v.p ->> '$.modelUri') as artifact_uri,
    said(v.tags, 'artifact_digest') as artifact_digest,
    said(v.tags, 'card_uri') as card_uri,
    said(v.tags, 'license') as license,
    said(v.tags, 'base_model') as base_model,
    said(v.tags, 'rollback_to') as rollback_to,
    as_time(upper(said(v.tags, 'evaluated_at'))) as evaluated_at,
    said(v.tags, 'monitoring') as monitoring,
    as_time(upper(said(v.tags, 'monitored_at'))) as monitored_at,
    j.metrics::varchar as metrics,
    (v.p -> '$.tags')::varchar as tags,
    false as from_file,
    case when said(v.tags, 'lifecycle') is null then 'development' end as lifecycle_otherwise
from azure_ml_version as v
left join azure_ml_every_job as j on j.job = v.run_id
order by v.model, v.version
