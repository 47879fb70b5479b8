-- What Vertex AI's Model Registry states about the versions of its models.
--
-- grain     one row per model version
-- input     $source; landed_object, vertex_version
-- method    lifecycle, the first that speaks: the label gov_lifecycle; an alias (champion,
--           production, prod; challenger, candidate, staging; archived); else development, unless a
--           model.gov.yaml says otherwise. A gov_lifecycle that cannot be read leaves it unknown.
--           The run is the training pipeline or the pipeline job that made it. Metrics and the time
--           of evaluation are those of its newest evaluation.
-- source    Vertex AI REST reference, models and models.evaluations
with evaluation as (
    select
        object ->> '$.modelVersion' as version_name,
        max(as_time(object ->> '$.createTime')) as evaluated_at,
        arg_max(object -> '$.metrics', as_time(object ->> '$.createTime')) as metrics
    from landed_object
    where kind = 'evaluations'
    group by all
)
select
    $source as source,
    v.model,
    v.version,
    case when said(v.tags, 'lifecycle') is not null then as_lifecycle(said(v.tags, 'lifecycle'))
        else alias_lifecycle(list_transform(v.aliases, lambda alias: lower(alias)))
    end as lifecycle,
    v.aliases,
    v.run_id,
    coalesce(filled(v.object ->> '$.versionDescription'), filled(v.object ->> '$.description'))
        as description,
    as_time(coalesce(v.object ->> '$.versionCreateTime', v.object ->> '$.createTime'))
        as created_at,
    as_time(coalesce(v.object ->> '$.versionUpdateTime', v.object ->> '$.updateTime'))
        as updated_at,
    said(v.tags, 'created_by') as created_by,
    said(v.tags, 'approved_by') as approved_by,
    as_time(upper(said(v.tags, 'approved_at'))) as approved_at,
    said(v.tags, 'approved_digest') as approved_digest,
    filled(v.object ->> '$.artifactUri') as artifact_uri,
    said(v.tags, 'artifact_digest') as artifact_digest,
    said(v.tags, 'card_uri') as card_uri,
    said(v.tags, 'license') as license,
    coalesce(
        v.object ->> '$.baseModelSource.modelGardenSource.publicModelName',
        v.object ->> '$.baseModelSource.genieSource.baseModelUri',
        said(v.tags, 'base_model')
    ) as base_model,
    said(v.tags, 'rollback_to') as rollback_to,
    coalesce(e.evaluated_at, as_time(upper(said(v.tags, 'evaluated_at')))) as evaluated_at,
    said(v.tags, 'monitoring') as monitoring,
    as_time(upper(said(v.tags, 'monitored_at'))) as monitored_at,
    e.metrics::varchar as metrics,
    (v.object -> '$.labels')::varchar as tags,
    false as from_file,
    case when said(v.tags, 'lifecycle') is null then 'development' end as lifecycle_otherwise
from vertex_version as v
left join evaluation as e
    on regexp_extract(e.version_name, '[^/]+/[^/]+/[^/]+/[^/]+$')
        = 'locations/' || v.location || '/models/' || regexp_extract(v.resource, '[^/]+$')
            || '@' || v.version
order by v.model, v.version
