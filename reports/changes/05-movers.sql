-- The largest changes of models, teams and services.
--
-- grain     one row per model, team and service whose cost changed, and per what names none; the
--           largest changes of each kind first
-- money     reporting currency, effective cost; null: no charge has a rate
-- method    effects as in ledger.effect; `most` is the resource or SKU with the largest part
with run as (
    select run_id, run_before(run_id) as before_run_id
    from audit.latest_run
),
moved as (
    select
        replace(t.scope, 'no ', '') as heading,
        case when not starts_with(t.scope, 'no ') then t.subject end as name,
        t.before_cost, t.after_cost, t.change, t.price_effect, t.volume_effect, t.mix_effect,
        t.efficiency_effect, t.version_effect, t.unmeasured_effect,
        coalesce(t.resource_id, t.sku_id, t.service) as most, t.service, t.restated
    from run
    join audit.comparison as c on c.run_id = run.run_id and c.before_run_id = run.before_run_id
    join audit.cost_change as t on t.run_id = run.run_id
    where t.scope <> 'total' and (t.change <> 0 or t.change is null)
)
select
    *, coalesce(nullif(split_part(most, '/', -1), ''), most) as most_name,
    row_number() over (
        partition by heading order by abs(change) desc nulls last, name nulls last
    ) as place,
    count(*) over (partition by heading) as moved
from moved
qualify place <= 10
order by array_position(['model', 'team', 'service'], heading), place
