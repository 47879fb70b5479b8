-- The models that break a rule that stops a release: the most expensive first.
--
-- grain     one row per model of the latest audit
-- money     reporting currency, effective cost of the latest whole month, or of the running one
--           where no month is whole, as in compliance/05-model-map.sql; null: no cost reaches the
--           model, which is unknown, not zero
with run as (select * from audit.latest_run),
broken as (
    select
        f.model, f.title, f.severity,
        array_position(['critical', 'high', 'medium', 'low'], f.severity) as severity_rank
    from audit.finding as f join run using (run_id)
    where f.verdict = 'fail' and f.blocking and f.model is not null
),
judged as (
    select
        model, count(*) as failed, min_by(severity, severity_rank) as severity,
        min_by(title, (severity_rank, title)) as title
    from broken group by model
),
period as (
    select coalesce(max(month) filter (where complete), max(month)) as month
    from ledger.model_month
),
cost as (
    select
        p.month, m.model, sum(m.effective_cost) as cost,
        array_to_string(list_sort(list(distinct m.team)), ', ') as teams
    from ledger.model_month as m join period as p using (month)
    group by all
)
select j.*, c.cost, c.teams, p.month
from judged as j cross join period as p left join cost as c on c.model = j.model
order by c.cost desc nulls last, j.failed desc, j.model
