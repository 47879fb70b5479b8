-- Every model that anything knows, with what it costs and how it is judged: the way to its page.
--
-- grain     one row per model, in the order in which pages are written: the dearest first
-- money     reporting currency, effective cost; `cost` is that of the latest whole month, or of the
--           running one where no month is whole, as in compliance/05-model-map.sql, and whole_cost
--           that of all its life; null: no cost reaches the model, which is unknown, not zero
-- method    findings are those of the latest audit; failed counts rules
with run as (select * from audit.latest_run),
judged as (
    select
        f.model,
        count(*) filter (where f.verdict <> 'skip') as judged,
        count(distinct f.policy) filter (where f.verdict = 'fail') as failed,
        count(*) filter (where f.verdict in ('unknown', 'error')) as unanswered,
        min(array_position(['critical', 'high', 'medium', 'low'], f.severity))
            filter (where f.verdict = 'fail') as worst_rank
    from audit.finding as f join run using (run_id)
    where f.model is not null
    group by f.model
),
period as (
    select coalesce(max(month) filter (where complete), max(month)) as month
    from ledger.model_month
),
cost as (
    select
        m.model, sum(m.effective_cost) as cost,
        array_to_string(list_sort(list(distinct m.team)), ', ') as teams
    from ledger.model_month as m join period as p using (month)
    group by m.model
),
registered as (
    select model, array_to_string(list_sort(list(distinct team)), ', ') as teams
    from registry.model where team is not null group by model
)
select
    k.model, coalesce(nullif(c.teams, ''), r.teams) as team, p.month, c.cost,
    k.cost as whole_cost, coalesce(j.judged, 0) as judged, j.failed, j.unanswered,
    ['critical', 'high', 'medium', 'low'][j.worst_rank] as worst, l.level
from audit.known_model as k
cross join period as p
left join cost as c on c.model = k.model
left join registered as r on r.model = k.model
left join judged as j on j.model = k.model
left join ledger.maturity as l on l.model = k.model and l.scope = 'model'
order by k.cost desc nulls last, k.model
