-- Which model came of a run, as the registries state it.
--
-- grain     one row per run of one model
-- method    a run that gave several versions of one model names the model alone; one that gave
--           several models names none
select
    run_id,
    min(model) as model,
    case when count(distinct version) = 1 then min(version) end as version
from registry.model_version
where run_id is not null
group by run_id
having count(distinct model) = 1
order by run_id
