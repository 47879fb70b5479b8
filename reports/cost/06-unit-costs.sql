-- What one unit of the most expensive models' work cost, month by month.
--
-- grain     one row per model and month, of the ten models whose work cost most in the latest month
--           that is billed to its end (where there is none, the latest) and of six months up to
--           it: in a month that goes on, work is counted up to now, and cost as far as it is billed.
--           Nothing where nobody counts any work
-- money     reporting currency, effective cost, with idle capacity and what `shared:` gave the
--           model; unit_cost is null where a cost has no rate or the bill does not part it
-- method    ledger.unit_cost, basis allocated, all versions together. A model is shown by the unit
--           that its work is mostly paid by: requests, else tokens
with period as (
    select
        coalesce(
            max(period) filter (
                where period <= (select max(month) from ledger.model_month where complete)
            ),
            max(period)
        ) as month
    from ledger.unit_cost
),
told as (
    select u.period, u.model, u.unit, u.quantity, u.cost, u.unit_cost, u.warning, p.month
    from ledger.unit_cost as u join period as p
        on u.period > p.month - interval 6 month and u.period <= p.month
    where
        u.model_version is null and u.basis = 'allocated'
        and u.unit in ('1k_requests', '1m_tokens')
),
chosen as (
    select
        model, unit, cost,
        row_number() over (partition by model order by cost desc nulls last, unit) as choice
    from told where period = month and unit_cost is not null
),
ranked as (
    select model, unit, row_number() over (order by cost desc, model) as place
    from chosen where choice = 1
)
select
    t.month, t.period, t.model, t.unit, t.quantity, t.unit_cost, t.warning, r.place,
    lag(t.unit_cost) over (partition by t.model order by t.period) as previous_unit_cost
from told as t join ranked as r on r.model = t.model and r.unit = t.unit
where r.place <= 10
order by r.place, t.period
