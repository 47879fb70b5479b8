-- What was spent of each budget in each month that the bill knows.
--
-- grain     one row per budget and month, from the month the budget starts
-- money     reporting currency, effective cost; `spent` is zero where nothing was charged, and
--           NULL where any charge of the budget has no rate; `overspent` is what is above the amount
-- method    a budget holds the charges of its team, model and environment; what it does not name
--           it does not ask. No forecast: spent so far, of the days billed so far
-- source    FinOps Framework, "Budgeting" capability
with billed_month as (
    select date_trunc('month', day)::date as month, count(distinct day) as days
    from ledger.cost group by all
)
select
    m.month, b.budget, b.team, b.model, b.environment, b.amount,
    case when count(c.day) = count(c.effective_cost) then coalesce(sum(c.effective_cost), 0) end
        as spent,
    greatest(spent - b.amount, 0) as overspent,
    spent::double / b.amount::double as spent_ratio,
    m.days
from config.budget as b
join billed_month as m on b.starts is null or last_day(m.month) >= b.starts
left join ledger.cost as c
    on date_trunc('month', c.day)::date = m.month
    and (b.team is null or c.team = b.team)
    and (b.model is null or c.model = b.model)
    and (b.environment is null or c.environment = b.environment)
group by m.month, m.days, b.budget, b.team, b.model, b.environment, b.amount
