-- Cost of GPUs that did nothing in the latest month as far as it is billed, by GPU model and team.
--
-- money     reporting currency, effective cost; absent where a machine has no price
-- labels    (none): the GPU model is not told, or no team had asked for the GPU. The 100 dearest
--           teams have series of their own; (others) is the rest
with idle as (
    select
        left(coalesce(g.gpu_model, '(none)'), 200) as gpu_model,
        left(coalesce(g.team, '(none)'), 200) as team, g.idle_cost, g.idle_gpu_hours
    from ledger.gpu_hour as g
    where date_trunc('month', g.day) = (select date_trunc('month', max(day)) from ledger.cost)
),
ranked as (
    select team, row_number() over (order by sum(idle_cost) desc nulls last, team) as place
    from idle group by team
)
select
    s.value as currency, i.gpu_model,
    case when r.place <= 100 then i.team else '(others)' end as team,
    case
        when bool_and(i.idle_cost is not null or i.idle_gpu_hours = 0)
        then coalesce(sum(i.idle_cost), 0)
    end as value
from idle as i
join ranked as r on r.team = i.team
join config.setting as s on s.name = 'currency'
group by all
order by all
