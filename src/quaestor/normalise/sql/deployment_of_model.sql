-- What deployments have of the model they serve.
--
-- grain     one row per deployment
-- method    a model of the same source speaks, else those of that name together, for a cluster
--           serves models of registries: the strictest tier, and what any of them says
with every as (
    select
        model,
        min(risk_tier) as risk_tier,
        bool_or(is_generative) as is_generative,
        first(eu_ai_act_class order by source) filter (eu_ai_act_class is not null)
            as eu_ai_act_class,
        first(data_class order by source) filter (data_class is not null) as data_class
    from registry.model
    group by model
)
select
    d.source, d.deployment,
    case when m.model is null then e.risk_tier else m.risk_tier end as risk_tier,
    case when m.model is null then e.is_generative else m.is_generative end as is_generative,
    case when m.model is null then e.eu_ai_act_class else m.eu_ai_act_class end as eu_ai_act_class,
    case when m.model is null then e.data_class else m.data_class end as data_class
from registry.deployment as d
left join registry.model as m on m.source = d.source and m.model = d.model
left join every as e on e.model = d.model
