-- The latest month in one row: what it cost, what reaches a model, and the month before.
--
-- grain     one row, with nulls where the ledger is empty
-- money     reporting currency, effective cost; charges in a currency without a rate are not in it,
--           and are in unrated and previous_unrated
-- method    a month that is not over is compared with the same days of the month before
select
    m.month, m.is_complete, day(m.last_day) as days_billed, day(last_day(m.month)) as days_of_month,
    m.previous_month,
    sum(c.effective_cost) filter (where c.is_current) as cost,
    sum(c.effective_cost) filter (where not c.is_current) as previous_cost,
    sum(c.effective_cost) filter (where c.is_current and c.model is not null) as model_cost,
    count(distinct c.model) filter (where c.is_current) as models,
    u.unrated, u.previous_unrated
from ledger.latest_month as m cross join ledger.latest_unrated as u
left join ledger.latest_cost as c on true
group by all
