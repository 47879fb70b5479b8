-- What a registry states about the versions of its models, or a model card about one.
--
-- grain     one row per model version
-- input     $source: the source's name; $versions, $runs: rows of registry_rows.Rows, as JSON;
--           $from_file: whether the rows fill the blanks of the same-named version of a registry
-- method    a column is the tag gov.<column> of the version, save those the registry has itself.
--           Lifecycle, the first that speaks: the tag gov.lifecycle; an alias (champion, production,
--           prod: production; challenger, candidate, staging: staging; archived), where several
--           speak production before staging before archived; MLflow's deprecated current_stage;
--           else development, unless a model.gov.yaml says otherwise (registry_model_version.sql).
--           A gov.lifecycle that cannot be read leaves it unknown: no alias overrules it.
--           Metrics are the version's own, else the latest of its run.
-- source    MLflow REST API, ModelVersion: times are milliseconds since 1970, UTC
with version as (
    select unnest(
        from_json($versions, '[{
            "model": "VARCHAR", "version": "VARCHAR", "aliases": ["VARCHAR"], "stage": "VARCHAR",
            "run_id": "VARCHAR", "created_ms": "BIGINT", "updated_ms": "BIGINT",
            "lifecycle": "VARCHAR", "lifecycle_unreadable": "BOOLEAN", "approved_at": "TIMESTAMP",
            "evaluated_at": "TIMESTAMP", "monitored_at": "TIMESTAMP",
            "said": "MAP(VARCHAR, VARCHAR)", "metrics": "JSON",
            "tags": "JSON", "otherwise": "VARCHAR", "every_version": "BOOLEAN"
        }]'),
        max_depth := 2
    )
),
run as (
    select unnest(from_json($runs, '[{"run_id": "VARCHAR", "metrics": "JSON"}]'), max_depth := 2)
),
staged as (
    select
        *,
        list_transform(coalesce(aliases, []), lambda alias: lower(alias)) as names,
        case
            when list_has_any(names, ['champion', 'production', 'prod']) then 'production'
            when list_has_any(names, ['challenger', 'candidate', 'staging']) then 'staging'
            when list_contains(names, 'archived') then 'archived'
        end as alias_lifecycle,
        case lower(stage)
            when 'production' then 'production'
            when 'staging' then 'staging'
            when 'archived' then 'archived'
        end as stage_lifecycle
    from version
)
select
    $source as source,
    v.model,
    v.version,
    case when not v.lifecycle_unreadable
        then coalesce(v.lifecycle, v.alias_lifecycle, v.stage_lifecycle) end as lifecycle,
    coalesce(v.aliases, []) as aliases,
    v.run_id,
    v.said['description'] as description,
    make_timestamp(v.created_ms * 1000) as created_at,
    make_timestamp(v.updated_ms * 1000) as updated_at,
    v.said['created_by'] as created_by,
    v.said['approved_by'] as approved_by,
    v.approved_at,
    v.said['approved_digest'] as approved_digest,
    v.said['artifact_uri'] as artifact_uri,
    v.said['artifact_digest'] as artifact_digest,
    v.said['card_uri'] as card_uri,
    v.said['license'] as license,
    v.said['base_model'] as base_model,
    v.said['rollback_to'] as rollback_to,
    v.evaluated_at,
    v.said['monitoring'] as monitoring,
    v.monitored_at,
    coalesce(v.metrics, run.metrics)::varchar as metrics,
    v.tags::varchar as tags,
    $from_file::boolean as from_file,
    case when not v.lifecycle_unreadable then v.otherwise end as lifecycle_otherwise,
    v.every_version
from staged as v
left join run on run.run_id = v.run_id
order by v.model, v.version
