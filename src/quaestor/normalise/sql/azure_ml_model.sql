-- What Azure Machine Learning states about models.
--
-- grain     one row per model
-- input     $source; landed_object
-- method    a column is the tag gov.<column> of the model, else of its latest version; values that
--           cannot be read are null and in quarantine (cloud_ml_unreadable.sql)
-- source    Microsoft, REST reference "Model Containers - List"
with model as (
    select
        case when starts_with(place, 'registries/') then substr(place, 12) || '/' else '' end
            || (object ->> '$.name') as model,
        object,
        object -> '$.properties' as p
    from landed_object
    where kind = 'models' and (object ->> '$.name') <> ''
    qualify row_number() over (partition by model order by row_number) = 1
),
tagged as (
    select
        m.*,
        map_concat(
            coalesce(v.tags, tag_map(null)), tag_map(m.p -> '$.tags')
        ) as tags
    from model as m
    left join azure_ml_version as v on v.model = m.model and v.version = m.p ->> '$.latestVersion'
)
select
    $source as source,
    model,
    said(tags, 'owner') as owner,
    said(tags, 'team') as team,
    said_cost_center(tags) as cost_center,
    as_tier(said(tags, 'risk_tier')) as risk_tier,
    coalesce(filled(p ->> '$.description'), said(tags, 'description')) as description,
    said(tags, 'oncall') as oncall,
    said(tags, 'intended_use') as intended_use,
    said(tags, 'business_case') as business_case,
    said(tags, 'eu_ai_act_class') as eu_ai_act_class,
    as_day(said(tags, 'retire_by')) as retire_by,
    as_time(object ->> '$.systemData.createdAt') as created_at,
    as_time(object ->> '$.changed.lastModifiedAt') as updated_at,
    to_json(tags)::varchar as tags,
    null::varchar as definition,
    false as from_file
from tagged
order by model
