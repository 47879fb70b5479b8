-- How many models are at which level, by team.
--
-- grain     one row per level that a model can be at, and one for those of which none can be said
with model as (
    select level, model, team from ledger.maturity where scope = 'model'
),
level as (
    select unnest([0, 1, 2, 3, 4]) as level
)
select
    l.level, case l.level
        when 0 then '0 manual' when 1 then '1 continuous data' when 2 then '2 continuous training'
        when 3 then '3 continuous integration' else '4 continuous deployment' end as label,
    count(m.model) as models,
    list_sort(list(m.model) filter (where m.model is not null))[:6] as names
from level as l left join model as m on m.level = l.level
group by l.level
union all
select null, 'cannot be said', count(*), list_sort(list(model))[:6]
from model where level is null
having count(*) > 0
order by level nulls last
