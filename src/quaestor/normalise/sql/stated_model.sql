-- What a registry states about its models, or a model card about its model.
--
-- grain     one row per registered model
-- input     $source: the source's name; $models: rows of registry_rows.Rows.models, as JSON;
--           $from_file: whether the rows fill the blanks of the same-named model of a registry
-- method    a column is the tag gov.<column>, read as text; gov.risk_tier and gov.retire_by come
--           checked (registry_values.py), a value that cannot be read is null and in quarantine.
--           What the registry has a field for wins over the tag. Names are Unity Catalog's,
--           catalog.schema.model, where every one of the source has three parts: that catalogue
--           knows no other, and elsewhere a name with two points is a name with two points.
-- source    MLflow REST API, RegisteredModel: times are milliseconds since 1970, UTC;
--           Databricks, "Names": parts hold no point, space or slash
with model as (
    select unnest(
        from_json($models, '[{
            "model": "VARCHAR", "created_ms": "BIGINT", "updated_ms": "BIGINT", "risk_tier": "INTEGER", "retire_by": "DATE",
            "said": "MAP(VARCHAR, VARCHAR)", "tags": "JSON", "definition": "VARCHAR"
        }]'),
        max_depth := 2
    )
),
named as (
    select
        *,
        regexp_extract(model, '^([^./ ]+)\.([^./ ]+)\.[^./ ]+$', ['catalog', 'schema']) as parts,
        bool_and(parts['catalog'] <> '') over () as is_unity
    from model
)
select
    $source as source,
    model,
    said['owner'] as owner,
    said['team'] as team,
    said['cost_center'] as cost_center,
    risk_tier,
    said['description'] as description,
    said['oncall'] as oncall,
    said['intended_use'] as intended_use,
    said['business_case'] as business_case,
    said['eu_ai_act_class'] as eu_ai_act_class,
    retire_by,
    make_timestamp(created_ms * 1000) as created_at,
    make_timestamp(updated_ms * 1000) as updated_at,
    tags::varchar as tags,
    definition,
    case when is_unity then parts['catalog'] end as catalog,
    case when is_unity then parts['schema'] end as "schema",
    $from_file::boolean as from_file
from named
order by model
