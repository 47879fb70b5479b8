-- What Vertex AI's Model Registry states about models: by the default version's labels.
--
-- grain     one row per model
-- input     $source; landed_object, vertex_name
-- method    a column is the label gov_<column>; values that cannot be read are null and in
--           quarantine (cloud_ml_unreadable.sql)
-- source    Vertex AI REST reference, models
select
    $source as source,
    n.model,
    said(tags, 'owner') as owner,
    said(tags, 'team') as team,
    said_cost_center(tags) as cost_center,
    as_tier(said(tags, 'risk_tier')) as risk_tier,
    coalesce(filled(m.object ->> '$.description'), said(tags, 'description')) as description,
    said(tags, 'oncall') as oncall,
    said(tags, 'intended_use') as intended_use,
    said(tags, 'business_case') as business_case,
    said(tags, 'eu_ai_act_class') as eu_ai_act_class,
    as_day(said(tags, 'retire_by')) as retire_by,
    as_time(m.object ->> '$.createTime') as created_at,
    as_time(m.object ->> '$.updateTime') as updated_at,
    (m.object -> '$.labels')::varchar as tags,
    null::varchar as definition,
    false as from_file
from (
    select *, tag_map(object -> '$.labels') as tags from landed_object where kind = 'models'
) as m
join vertex_name as n on n.resource = split_part(m.object ->> '$.name', '@', 1)
qualify row_number() over (partition by n.model order by m.place, m.row_number) = 1
order by n.model
