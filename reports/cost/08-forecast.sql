-- What the running month will come to, and the days that lead there.
--
-- grain     of kind 'day' one row per day: the last 60 complete ones, and those ahead to the end
--           of the month; of kind 'month' one row per heading that is forecast, and the month
-- money     reporting currency, effective cost; a month is what was spent on complete days and
--           what is expected of the others
-- method    ledger.forecast says how; day_budget is the smallest budget for everything, divided by
--           the days of its month. left_out counts the teams and models with cost in the last four
--           weeks that have no forecast: only the most expensive have
with running as (
    select min(month) as month from ledger.forecast
),
complete as (
    select max(day) as last_day from ledger.billed_day where complete
),
everything as (
    select min(b.amount) as amount
    from config.budget as b
    where b.team is null and b.model is null and b.environment is null
),
recent as (
    select distinct s.scope, s.subject
    from ledger.spend_day as s, complete as c
    where s.scope in ('team', 'model') and s.cost <> 0 and s.day > c.last_day - 28
),
left_out as (
    select count(*) as left_out
    from recent as r
    left join (select distinct scope, subject from ledger.forecast) as f
        on f.scope = r.scope and f.subject = r.subject
    where f.subject is null
),
shown as (
    select s.day, s.cost, null::decimal(38, 20) as expected, null::decimal(38, 20) as low,
        null::decimal(38, 20) as high
    from ledger.spend_day as s, complete as c
    where s.scope = 'total' and s.day <= c.last_day and s.day > c.last_day - 60
    union all
    select f.day, null::decimal(38, 20) as cost, f.expected, f.low, f.high
    from ledger.forecast as f, running as r
    where f.scope = 'total' and f.day is not null and f.month = r.month
),
spent as (
    select s.scope, s.subject,
        case when count(*) = count(s.cost) then sum(s.cost) end as spent
    from ledger.spend_day as s, running as r, complete as c
    where s.day >= r.month and s.day <= c.last_day
    group by all
)
select
    'day' as kind, 'total' as scope, 'total' as subject, r.month, d.day, d.cost, d.expected, d.low,
    d.high, a.day is not null as is_unusual, null as spent, null as method,
    null as backtest_error_ratio, null as trained_days,
    (e.amount / day(last_day(r.month)))::decimal(38, 2) as day_budget, l.left_out
from shown as d
cross join running as r
cross join everything as e
cross join left_out as l
left join ledger.anomaly as a on a.scope = 'total' and a.day = d.day
where r.month is not null
union all
select
    'month', f.scope, f.subject, f.month, null, null, f.expected, f.low, f.high, false,
    case when s.subject is null then 0 else s.spent end, f.method, f.backtest_error_ratio, f.trained_days, null, l.left_out
from ledger.forecast as f
cross join running as r
cross join left_out as l
left join spent as s on s.scope = f.scope and s.subject = f.subject
where f.month = r.month and f.day is null and f.scope <> 'budget'
order by kind, day, scope = 'total' desc, scope = 'environment', scope desc, expected desc, subject
