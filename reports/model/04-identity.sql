-- What each registry says a model is, and when the model was first and last seen.
--
-- grain     one row per model and registry that knows it; one without a registry where none does
-- method    seen: charges of the bill (first_day, last_day). `labels` are the registry's tags
--           but for those that state the other columns (gov. and mlflow. ones); what looks like a
--           secret is not shown
with seen as (
    select model, min(day) as first_day, max(day) as last_day from ledger.model_day group by model
),
paid as (
    select model, arg_max(team, month) as billed_team
    from ledger.model_month where team is not null group by model
),
label as (
    select
        m.source, m.model,
        list({
            'key': t.key,
            'value': case
                when regexp_matches(
                    lower(t.key), 'password|passwd|secret|token|credential|(api|private|access)_?key'
                ) or regexp_matches(
                    t.value ->> '$',
                    '^(AKIA|ASIA)[A-Z0-9]{16}|^(hf|gh[pousr]|glpat|sk|xox[abprs])[-_][\w-]{16,}'
                    || '|://[^/\s:@]*:[^/\s@]+@|PRIVATE KEY-----'
                ) then '(not shown)'
                else t.value ->> '$'
            end
        } order by t.key) as labels
    from registry.model as m, json_each(m.tags) as t
    where
        m.tags is not null
        and not starts_with(t.key, 'gov.') and not starts_with(t.key, 'mlflow.')
    group by m.source, m.model
),
model as (
    select model from registry.model union select model from seen
    union select model from registry.deployment
)
select
    n.model, m.source, m.owner, m.oncall, m.team, p.billed_team, m.cost_center, m.risk_tier,
    m.eu_ai_act_class, m.data_class, m.description, m.intended_use, m.business_case,
    m.business_value_per_month, m.created_at, m.updated_at, m.retire_by, m.owner_active,
    l.labels, s.first_day, s.last_day
from model as n
left join registry.model as m on m.model = n.model
left join label as l on l.source = m.source and l.model = m.model
left join seen as s on s.model = n.model
left join paid as p on p.model = n.model
where n.model is not null
order by n.model, m.source
