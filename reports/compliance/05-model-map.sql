-- The model map: what each judged model costs a month, against how many rules it breaks.
--
-- grain     one row per model of the latest audit
-- money     reporting currency, effective cost of the latest whole month, or of the running one
--           where no month is whole; null: no cost reaches the model, which is unknown, not zero
with run as (select * from audit.latest_run),
judged as (
    select
        f.model,
        count(distinct f.policy) filter (where f.verdict = 'fail') as failed,
        count(*) filter (where f.verdict in ('unknown', 'error')) as unanswered,
        min(array_position(['critical', 'high', 'medium', 'low'], f.severity))
            filter (where f.verdict = 'fail') as worst_rank
    from audit.finding as f join run using (run_id)
    where f.model is not null
    group by f.model
    having count(*) filter (where f.verdict <> 'skip') > 0
),
period as (
    select coalesce(max(month) filter (where complete), max(month)) as month
    from ledger.model_month
),
cost as (
    select p.month, m.model, sum(m.effective_cost) as cost
    from ledger.model_month as m join period as p using (month)
    group by all
)
select
    j.model, c.cost, j.failed, j.unanswered, p.month,
    ['critical', 'high', 'medium', 'low'][j.worst_rank] as worst,
    case
        when j.worst_rank <= 2 then 'red'
        when j.worst_rank > 2 then 'orange'
        when j.unanswered > 0 then 'grey'
        else 'blue'
    end as colour
from judged as j cross join period as p left join cost as c on c.model = j.model
order by j.failed desc, c.cost desc nulls last, j.model
