-- Whose artifact an address is, as the registries state it.
--
-- grain     one row per artifact that is one model's
-- method    an artifact of several versions of one model names the model alone; one of several
--           models names none
select
    artifact_uri,
    min(model) as model,
    case when count(distinct version) = 1 then min(version) end as version
from registry.model_version
where artifact_uri is not null
group by artifact_uri
having count(distinct model) = 1
order by artifact_uri
