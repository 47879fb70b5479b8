-- What each model cost in the latest whole month, and whether its rules let it run.
--
-- grain     one row per model that is billed, judged or registered
-- money     reporting currency, effective cost; of the running month where no month is whole, and
--           then against none. Null with is_billed: a charge of it has no rate
-- method    what stops a deploy are violations of blocking policies, and blocking policies without
--           an answer; an exemption lets a model run until the first of them ends
with run as (select * from audit.latest_run),
period as (
    select
        coalesce(max(month) filter (where complete), max(month)) as month,
        bool_or(complete) as is_complete
    from ledger.model_month
),
cost as (
    select
        m.model,
        bool_or(m.month = p.month) as is_billed,
        max(m.effective_cost) filter (where m.month = p.month) as cost,
        max(m.effective_cost) filter (where m.month = p.month - interval 1 month and p.is_complete)
            as previous_cost
    from ledger.model_month as m cross join period as p
    group by m.model
),
judged as (
    select
        f.model,
        count(*) filter (where f.verdict <> 'skip') as judged,
        count(distinct f.policy) filter (where f.verdict = 'fail') as broken,
        count(distinct f.policy) filter (where f.verdict = 'fail' and f.blocking) as stopping,
        count(*) filter (where f.verdict in ('unknown', 'error')) as unanswered,
        count(*) filter (where f.verdict in ('unknown', 'error') and f.blocking) as undecided,
        count(distinct f.policy) filter (where f.verdict = 'waived' and f.blocking) as exempted,
        min(w.expires) filter (where f.verdict = 'waived' and f.blocking) as exempted_until
    from audit.finding as f
    join run using (run_id)
    left join audit.waiver as w on w.run_id = run.run_id and w.waiver = f.waiver
    where f.model is not null
    group by f.model
),
served as (
    select
        model, list_sort(list(distinct version) filter (where version is not null)) as versions
    from registry.deployment
    where environment = 'production' or environment is null
    group by model
),
registered as (
    select
        model, max(owner) as owner, max(team) as team, max(description) as description
    from registry.model group by model
),
model as (
    select model from cost union select model from judged union select model from registered
    union select model from served
)
select
    m.model, p.month, p.is_complete, (p.month - interval 1 month)::date as previous_month,
    c.model is not null as is_ever_billed, coalesce(c.is_billed, false) as is_billed,
    c.cost, c.previous_cost,
    run.audited_at, coalesce(j.judged, 0) as judged, j.broken, j.stopping, j.unanswered,
    j.undecided, j.exempted, j.exempted_until, s.versions, r.owner, r.team, r.description
from model as m
cross join period as p
left join run on true
left join cost as c on c.model = m.model
left join judged as j on j.model = m.model
left join served as s on s.model = m.model
left join registered as r on r.model = m.model
where m.model is not null
order by m.model
