-- The sources that say anything of something, whatever row it became: registries, files, cards.
--
-- input     $subject: its name; $model: the model whose row is its own, or NULL
select distinct source
from (
    select source, subject as name from registry.stated_fact
    union all
    select source, deployment from registry.stated_deployment
    union all
    select source, model from registry.stated_model
    union all
    select source, model from registry.stated_model_version
    union all
    select source, model from registry.card_section
)
where name = $subject or name = $model
order by source
