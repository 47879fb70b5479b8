-- The figures of each model's first screen.
--
-- grain     one row per model that has any of them
-- money     reporting currency, effective cost; lifetime is null where a month of it is unknown,
--           and known_cost what is known. Saving a month is counted once, without what is dismissed
-- method    the latest whole month, or the running one where none is whole; the unit is tokens,
--           else requests, else GPU-hours, else runs, with idle and shared cost
with period as (
    select coalesce(max(month) filter (where complete), max(month)) as month
    from ledger.model_month
),
cost as (
    select
        m.model,
        case when count(*) = count(m.effective_cost) then sum(m.effective_cost) end as lifetime,
        sum(m.effective_cost) as known_cost, min(m.month) as first_month, count(*) as months,
        max(m.shared_cost + m.idle_cost) filter (where m.month = p.month) as shared_idle_cost,
        max(m.effective_cost) filter (where m.month = p.month) as cost
    from ledger.model_month as m cross join period as p
    group by m.model
),
unit as (
    select
        u.model, u.unit, u.unit_cost, before.unit_cost as previous_unit_cost,
        row_number() over (partition by u.model order by array_position(
            ['1m_tokens', '1k_requests', 'gpu_hour', 'training_run'], u.unit
        )) as place
    from ledger.unit_cost as u
    join period as p on u.period = p.month
    left join ledger.unit_cost as before
        on before.model = u.model and before.unit = u.unit and before.basis = u.basis
        and before.model_version is null and before.period = p.month - interval 1 month
    where
        u.model_version is null and u.basis = 'allocated' and u.unit_cost is not null
        and u.unit in ('1m_tokens', '1k_requests', 'gpu_hour', 'training_run')
),
advice as (
    select
        model, count(*) as advised,
        sum(counted_saving_per_month) as saving,
        count(*) filter (where saving_per_month is null) as unpriced
    from audit.standing_recommendation
    where state <> 'dismissed' and model is not null
    group by model
),
run as (select * from audit.latest_run),
judged as (
    select
        f.model,
        count(distinct f.policy) filter (where f.verdict = 'fail') as broken,
        count(*) filter (where f.verdict in ('unknown', 'error')) as unanswered,
        count(distinct f.policy) filter (where f.verdict = 'waived') as waived,
        count(distinct f.policy) as rules
    from audit.finding as f join run using (run_id)
    where f.model is not null and f.verdict <> 'skip'
    group by f.model
),
level as (
    select model, level, next_level, is_next_advised from ledger.maturity where scope = 'model'
),
model as (
    select model from cost union select model from advice union select model from level
    union select model from registry.model union select model from judged
)
select
    m.model, p.month, c.lifetime, c.known_cost, c.first_month, c.months, c.shared_idle_cost, c.cost,
    u.unit, u.unit_cost, u.previous_unit_cost, (p.month - interval 1 month)::date as previous_month,
    coalesce(a.advised, 0) as advised, a.saving, a.unpriced,
    l.model is not null as is_graded, l.level, l.next_level, l.is_next_advised,
    j.rules, j.broken, j.unanswered, j.waived
from model as m
cross join period as p
left join cost as c on c.model = m.model
left join unit as u on u.model = m.model and u.place = 1
left join advice as a on a.model = m.model
left join level as l on l.model = m.model
left join judged as j on j.model = m.model
where m.model is not null
order by m.model
