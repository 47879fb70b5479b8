-- What the registries say about a model, or about one version of it.
select
    m.source, m.model, m.owner, m.team, m.risk_tier, v.version, v.lifecycle,
    list_aggregate(v.aliases, 'string_agg', ', ') as aliases, v.approved_by, v.approved_at,
    v.artifact_digest, v.run_id
from registry.model as m
left join registry.model_version as v
    on v.source = m.source and v.model = m.model
where m.model = $subject or m.model || ':' || v.version = $subject
order by m.source, m.model, v.created_at desc nulls last, v.version desc
limit 20
