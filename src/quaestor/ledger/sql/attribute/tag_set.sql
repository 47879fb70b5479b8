-- What the tags of a charge say about whose it is, once for each distinct set of tags.
--
-- grain     one row per distinct Tags text
-- method    keys are compared without regard to case (of the values of such equal keys the first
--           by name counts); of the keys configured for a field
--           (`tags:` in quaestor.yaml) the first that is present and not blank wins. A lifecycle
--           stage that is none of the six is no stage. What is called otherwise (`names:`) has its
--           new name. Text that is no JSON object says nothing
-- source    FOCUS 1.4, Tags; FinOps Framework, "Allocation" capability
with tag_text as (
    select distinct tags from ledger.charge_day where tags is not null
),
object as (
    select tags, try_cast(try_cast(tags as json) as map(varchar, varchar)) as pairs from tag_text
),
pair as (
    select tags, lower(entry.key) as key, trim(entry.value) as value
    from (select tags, unnest(map_entries(pairs)) as entry from object)
    where trim(entry.value) <> ''
),
lone as (
    select tags, key, min(value) as value from pair group by all
),
lowered as (
    select tags, map_from_entries(list((key, value) order by key)) as pairs from lone group by tags
),
named as (
    select p.tags, k.field, arg_min(p.value, k.position) as value
    from lone as p
    join config.tag_key as k on lower(k.key) = p.key
    group by all
),
told as (
    select
        n.tags, n.field,
        coalesce(
            r.new,
            case when n.field in ('environment', 'lifecycle_stage') then lower(n.value)
                else n.value end
        ) as value
    from named as n
    left join config.renaming as r
        on r.field = n.field
        and (r.old = n.value or (n.field = 'environment' and lower(r.old) = lower(n.value)))
),
owner as (
    select
        tags,
        min(value) filter (field = 'team') as team,
        min(value) filter (field = 'model') as model,
        min(value) filter (field = 'model_version') as model_version,
        min(value) filter (field = 'environment') as environment,
        min(value) filter (
            field = 'lifecycle_stage' and value in (
                'data', 'training', 'evaluation', 'inference', 'experimentation', 'platform'
            )
        ) as lifecycle_stage
    from told group by tags
)
select
    l.tags, o.team, o.model, o.model_version, o.environment, o.lifecycle_stage, l.pairs,
    e.value as endpoint
from lowered as l
left join owner as o on o.tags = l.tags
left join lone as e on e.tags = l.tags and e.key = 'azuremlendpoint'
