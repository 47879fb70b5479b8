-- What was spent of each budget in each month that the bill knows, and what it will come to.
--
-- grain     one row per budget and month, from the month the budget starts
-- money     reporting currency, effective cost; `spent` is month to date, zero where nothing was
--           charged, and NULL where any charge of the budget has no rate; `overspent` is what is
--           above the amount. `forecast_*` is the whole month: spent on complete days, and the
--           forecast for the rest of it with its interval (ledger.forecast); of a month whose
--           every day is complete it is what was spent. NULL: too short a past for a forecast
-- method    a budget holds the charges of its team, model and environment; what it does not name
--           it does not ask. breach: more than the amount is spent. warning, while the month
--           runs: 80 % of it is spent, or more than all of it is expected. NULL: not known
-- source    FinOps Framework, "Budgeting" capability
with billed_month as (
    select
        date_trunc('month', day)::date as month, count(*) as days,
        max(day) filter (where complete) = last_day(max(day)) as is_over
    from ledger.billed_day group by all
),
spent_month as (
    select
        date_trunc('month', day)::date as month, subject as budget,
        case when count(*) = count(cost) then sum(cost) end as cost, count(*) as charged_days
    from ledger.spend_day where scope = 'budget' group by all
),
told as (
    select
        m.month, b.budget, b.team, b.model, b.environment, b.amount, m.days,
        coalesce(m.is_over, false) as is_over,
        case when s.charged_days is null then 0::decimal(38, 20) else s.cost end as spent
    from config.budget as b
    join billed_month as m on b.starts is null or last_day(m.month) >= b.starts
    left join spent_month as s on s.budget = b.budget and s.month = m.month
),
expected as (
    select subject as budget, month, expected, low, high
    from ledger.forecast where scope = 'budget' and day is null
)
select
    t.month, t.budget, t.team, t.model, t.environment, t.amount, t.spent,
    case when t.spent > t.amount then t.spent - t.amount when t.spent is not null then 0 end
        as overspent,
    t.spent::double / t.amount::double as spent_ratio,
    t.days,
    case when t.is_over then t.spent else e.expected end as forecast_cost,
    case when t.is_over then t.spent else e.low end as forecast_low,
    case when t.is_over then t.spent else e.high end as forecast_high,
    case
        when t.spent is null then null
        when t.spent > t.amount then 'breach'
        when t.is_over then 'ok'
        when t.spent::double / t.amount::double >= 0.8 or e.expected > t.amount then 'warning'
        else 'ok'
    end as status
from told as t
left join expected as e on e.budget = t.budget and e.month = t.month
