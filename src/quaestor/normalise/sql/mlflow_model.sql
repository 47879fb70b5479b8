-- What an MLflow registry states about its models.
--
-- grain     one row per registered model
-- input     $source: the source's name; $models: rows of registry_export.Rows.models, as JSON
-- method    a column is the tag gov.<column>, read as text; gov.risk_tier and gov.retire_by come
--           checked (registry_values.py), a value that cannot be read is null and in quarantine.
--           The description is MLflow's own, the tag gov.description where that is blank.
-- source    MLflow REST API, RegisteredModel: times are milliseconds since 1970, UTC
with model as (
    select unnest(
        from_json($models, '[{
            "model": "VARCHAR", "description": "VARCHAR", "created_ms": "BIGINT",
            "updated_ms": "BIGINT", "risk_tier": "INTEGER", "retire_by": "DATE",
            "said": "MAP(VARCHAR, VARCHAR)", "tags": "JSON"
        }]'),
        max_depth := 2
    )
)
select
    $source as source,
    model,
    said['owner'] as owner,
    said['team'] as team,
    said['cost_center'] as cost_center,
    risk_tier,
    coalesce(description, said['description']) as description,
    said['oncall'] as oncall,
    said['intended_use'] as intended_use,
    said['business_case'] as business_case,
    said['eu_ai_act_class'] as eu_ai_act_class,
    retire_by,
    make_timestamp(created_ms * 1000) as created_at,
    make_timestamp(updated_ms * 1000) as updated_at,
    tags::varchar as tags,
    null::varchar as definition,
    false as from_file
from model
order by model
