-- The way from what the audit before said to what the window of the latest one cost.
--
-- grain     one row per step and total, in order; none where nothing can be compared
-- money     reporting currency, effective cost
-- method    what was said + restated = what the same days cost now; that + the effects = what the
--           days before the latest audit cost. The total's effects are the sum of the models'
with run as (
    select run_id, run_before(run_id) as before_run_id
    from audit.latest_run
),
compared as (
    select
        c.*, t.price_effect, t.volume_effect, t.mix_effect, t.efficiency_effect, t.version_effect,
        t.unmeasured_effect, b.audited_at as before_audited_at
    from run
    join audit.comparison as c on c.run_id = run.run_id and c.before_run_id = run.before_run_id
    join audit.cost_change as t on t.run_id = run.run_id and t.scope = 'total'
    join audit.run as b on b.run_id = run.before_run_id
    where c.before_cost is not null and c.after_cost is not null
),
step as (
    select 1 as place, 'said' as step, said_cost as amount, true as is_total from compared
    union all
    select 2, 'restated', restated, false from compared
    union all
    select 3, 'before', before_cost, true from compared
    union all
    select 4, 'price', price_effect, false from compared
    union all
    select 5, 'volume', volume_effect, false from compared
    union all
    select 6, 'mix', mix_effect, false from compared
    union all
    select 7, 'efficiency', efficiency_effect, false from compared
    union all
    select 8, 'version', version_effect, false from compared
    union all
    select 9, 'unmeasured', unmeasured_effect, false from compared
    union all
    select 10, 'after', after_cost, true from compared
)
select
    s.step,
    case s.step
        when 'said' then 'Said on ' || strftime(c.before_audited_at, '%-d %b')
        when 'restated' then 'Restated since'
        when 'before' then c.days::varchar || ' days to ' || strftime(c.before_last, '%-d %b')
        when 'unmeasured' then 'Not measured'
        when 'after' then c.days::varchar || ' days to ' || strftime(c.after_last, '%-d %b')
        else upper(left(s.step, 1)) || substr(s.step, 2)
    end as label,
    case s.step
        when 'said' then 'what the audit before said of these days'
        when 'restated' then 'what the bill says otherwise of the same days now'
        when 'before' then 'what they cost by the bill of now'
        when 'price' then 'the same units, dearer or cheaper'
        when 'volume' then 'more or fewer units, or more or less work where it is known'
        when 'mix' then 'dearer or cheaper units in the place of others'
        when 'efficiency' then 'more or fewer units for the same requests or used GPU-hours'
        when 'version' then 'another model version in the place of one'
        when 'unmeasured' then 'charges that state no quantity'
        when 'after' then 'what the days before the latest audit cost'
    end as meaning,
    s.amount, s.is_total, c.restated is not null and c.restated <> 0 as is_restated,
    coalesce(c.before_unrated + c.after_unrated, 0) > 0 as is_partial,
    case when s.step in ('price', 'volume', 'mix', 'efficiency', 'version', 'unmeasured')
        then s.amount end as effect,
    c.after_cost - c.before_cost as change
from step as s
cross join compared as c
where s.amount is not null
    and (s.is_total or s.amount <> 0)
    and (s.step <> 'said' or (c.restated is not null and c.restated <> 0))
order by s.place
