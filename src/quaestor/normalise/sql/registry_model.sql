-- The models as everyone sees them: what registries state, blanks filled from files in git.
--
-- grain     one row per source and model; a model that only a file (model.gov.yaml, a model
--           card, an ML-BOM) knows is a row of its own
-- method    what a registry says is never overwritten; of several files about one model the one
--           of the source first in alphabetical order speaks, column by column; what defines a
--           model is its model.gov.yaml, before a card
with file as (
    select
        model,
        first(owner order by source) filter (owner is not null) as owner,
        first(team order by source) filter (team is not null) as team,
        first(cost_center order by source) filter (cost_center is not null) as cost_center,
        first(risk_tier order by source) filter (risk_tier is not null) as risk_tier,
        first(description order by source) filter (description is not null) as description,
        first(oncall order by source) filter (oncall is not null) as oncall,
        first(intended_use order by source) filter (intended_use is not null) as intended_use,
        first(business_case order by source) filter (business_case is not null) as business_case,
        first(eu_ai_act_class order by source) filter (eu_ai_act_class is not null)
            as eu_ai_act_class,
        first(retire_by order by source) filter (retire_by is not null) as retire_by,
        first(created_at order by source) filter (created_at is not null) as created_at,
        first(updated_at order by source) filter (updated_at is not null) as updated_at,
        first(tags order by source) filter (tags <> '{}') as tags,
        first(definition order by definition not like '%model.gov.yaml:%', source)
            filter (definition is not null) as definition
    from registry.stated_model
    where from_file
    group by model
),
registered as (
    select * from registry.stated_model where not from_file
),
filled as (
    select
        r.source,
        r.model,
        coalesce(r.owner, f.owner) as owner,
        coalesce(r.team, f.team) as team,
        coalesce(r.cost_center, f.cost_center) as cost_center,
        coalesce(r.risk_tier, f.risk_tier) as risk_tier,
        coalesce(r.description, f.description) as description,
        coalesce(r.oncall, f.oncall) as oncall,
        coalesce(r.intended_use, f.intended_use) as intended_use,
        coalesce(r.business_case, f.business_case) as business_case,
        coalesce(r.eu_ai_act_class, f.eu_ai_act_class) as eu_ai_act_class,
        coalesce(r.retire_by, f.retire_by) as retire_by,
        coalesce(r.created_at, f.created_at) as created_at,
        coalesce(r.updated_at, f.updated_at) as updated_at,
        coalesce(nullif(r.tags, '{}'), f.tags, r.tags) as tags,
        coalesce(r.definition, f.definition) as definition,
        r.catalog,
        r."schema"
    from registered as r
    left join file as f using (model)
)
select * from filled
union all
select s.* exclude (from_file)
from registry.stated_model as s
where s.from_file and s.model not in (select model from registered)
order by source, model
