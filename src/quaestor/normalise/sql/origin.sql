-- Whose an artifact is, and what came of a run, as the registries state it.
--
-- grain     one row per artifact (`what` is artifact) and per run (run) that is of one model
-- method    what is of several versions of one model names the model alone; what is of several
--           models names none
with stated as (
    select 'artifact' as what, artifact_uri as name, model, version from registry.model_version
    union all
    select 'run', run_id, model, version from registry.model_version
)
select
    what,
    name,
    min(model) as model,
    case when count(distinct version) = 1 then min(version) end as version
from stated
where name is not null
group by what, name
having count(distinct model) = 1
order by what, name
