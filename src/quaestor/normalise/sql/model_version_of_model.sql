-- What versions have of their model.
--
-- grain     one row per version
-- method    a model of the same source speaks, else those of that name together (a version that
--           only a file knows): the strictest tier, and what any of them says
with every as (
    select
        model,
        min(risk_tier) as risk_tier,
        bool_or(affects_people) as affects_people,
        bool_or(is_generative) as is_generative,
        first(eu_ai_act_class order by source) filter (eu_ai_act_class is not null)
            as eu_ai_act_class
    from registry.model
    group by model
)
select
    v.source, v.model, v.version,
    case when m.model is null then e.risk_tier else m.risk_tier end as risk_tier,
    case when m.model is null then e.affects_people else m.affects_people end as affects_people,
    case when m.model is null then e.is_generative else m.is_generative end as is_generative,
    case when m.model is null then e.eu_ai_act_class else m.eu_ai_act_class end as eu_ai_act_class
from registry.model_version as v
left join registry.model as m on m.source = v.source and m.model = v.model
left join every as e on e.model = v.model
