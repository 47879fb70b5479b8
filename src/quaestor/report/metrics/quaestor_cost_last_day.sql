-- Cost of the last day that is billed completely, by team, model and lifecycle stage.
--
-- money     reporting currency, effective cost; absent where a charge has no rate
-- labels    (none): the cost reaches no team, model or stage. The 200 dearest pairs of team and
--           model have series of their own; (others) is the rest, so that the sum is the bill's
with spent as (
    select
        left(coalesce(c.team, '(none)'), 200) as team,
        left(coalesce(c.model, '(none)'), 200) as model,
        coalesce(c.lifecycle_stage, '(none)') as lifecycle_stage, c.effective_cost
    from ledger.cost as c
    where c.day = (select max(day) from ledger.billed_day where complete)
),
ranked as (
    select
        team, model,
        row_number() over (order by sum(effective_cost) desc nulls last, team, model) as place
    from spent group by team, model
)
select
    s.value as currency,
    case when r.place <= 200 then c.team else '(others)' end as team,
    case when r.place <= 200 then c.model else '(others)' end as model,
    c.lifecycle_stage,
    case when count(*) = count(c.effective_cost) then sum(c.effective_cost) end as value
from spent as c
join ranked as r on r.team = c.team and r.model = c.model
join config.setting as s on s.name = 'currency'
group by all
order by all
