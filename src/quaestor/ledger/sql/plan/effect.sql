-- Why something cost more or less than before: effects that add up to the change.
--
-- grain     one row per subject of ledger.compared: everything ('total'), a team, a model or a
--           service; 'no team', 'no model' and 'no service' are what names none
-- money     reporting currency, effective cost; what has no rate is in no effect
-- method    the days of now are held against those of before (ledger.compared_day), by the SKUs that
--           each line was charged by (ledger.sku_day). With C cost, Q consumed quantity, 1 now and
--           0 before, k a SKU and g the SKUs of one service and unit:
--             version     C1 of model versions that had no cost where the model had another
--                         version, less C0 of those that such a one replaced; in no other effect
--             unmeasured  C1 - C0 of what states no quantity
--             price       sum over k with Q1 and Q0 of C1 - Q1 x C0 / Q0: dearer or cheaper per
--                         unit, commitments and exchange rates included
--             volume      sum over g of C0 x (Q1 / Q0 - 1): more or fewer units at the old mix; of
--                         a g without Q0 all of C1 less its price effect
--             mix         what is left, C1 - C0 of g less its price and volume: dearer or cheaper
--                         SKUs of one g
--             efficiency  zero, unless work is known of both: requests to the model's endpoints,
--                         else used GPU-hours of the model or team. Then volume is
--                         C0 x (work1 / work0 - 1), and efficiency the rest of the units' effect:
--                         more or fewer units for the same work
--           What changed most is the resource and SKU with the largest part in the change's
--           direction
-- rounding  each effect to 6 digits; mix is the change less the others, so that they always add up.
--           Where that is under 0.0001 it is nothing but rounding, and goes to the volume, or to
--           what is not measured where nothing else is
-- source    price, volume and mix as in management accounting's variance analysis (Laspeyres
--           volumes at old prices, Paasche prices at new volumes)
-- rows from ledger.compared
with spent as (
    select
        day as charged_on, service, resource_id, team, model, model_version, sku_id, unit, cost,
        quantity
    from ledger.sku_day
    where cost is not null and day in (select charged_on from ledger.compared_day)
),
piece as (
    select c.scope, c.subject, c.day, c.is_now, s.*
    from ledger.compared_day as c join spent as s on s.charged_on = c.charged_on
    where c.scope = 'total'
    union all
    select c.scope, c.subject, c.day, c.is_now, s.*
    from ledger.compared_day as c join spent as s on s.charged_on = c.charged_on and s.team = c.subject
    where c.scope = 'team'
    union all
    select c.scope, c.subject, c.day, c.is_now, s.*
    from ledger.compared_day as c join spent as s on s.charged_on = c.charged_on and s.team is null
    where c.scope = 'no team'
    union all
    select c.scope, c.subject, c.day, c.is_now, s.*
    from ledger.compared_day as c join spent as s on s.charged_on = c.charged_on and s.model = c.subject
    where c.scope = 'model'
    union all
    select c.scope, c.subject, c.day, c.is_now, s.*
    from ledger.compared_day as c join spent as s on s.charged_on = c.charged_on and s.model is null
    where c.scope = 'no model'
    union all
    select c.scope, c.subject, c.day, c.is_now, s.*
    from ledger.compared_day as c join spent as s on s.charged_on = c.charged_on and s.service = c.subject
    where c.scope = 'service'
    union all
    select c.scope, c.subject, c.day, c.is_now, s.*
    from ledger.compared_day as c join spent as s on s.charged_on = c.charged_on and s.service is null
    where c.scope = 'no service'
),
version as (
    select
        scope, subject, day, model, model_version,
        sum(case when is_now then cost else 0 end) <> 0 as is_now,
        sum(case when is_now then 0 else cost end) <> 0 as was_before
    from piece where model is not null and model_version is not null
    group by scope, subject, day, model, model_version
),
replaced as (
    select scope, subject, day, model
    from version
    group by scope, subject, day, model
    having bool_or(was_before) and bool_or(is_now and not was_before)
),
other_version as (
    select v.scope, v.subject, v.day, v.model, v.model_version
    from version as v
    join replaced as r
        on r.scope = v.scope and r.subject = v.subject and r.day = v.day and r.model = v.model
    where v.is_now <> v.was_before
),
told as (
    select
        p.scope, p.subject, p.day, p.service, p.sku_id, p.unit,
        case
            when o.model is not null then 'version'
            when p.quantity is null then 'unmeasured'
            else 'measured'
        end as kind,
        sum(case when p.is_now then p.cost else 0 end) as c1,
        sum(case when p.is_now then 0 else p.cost end) as c0,
        sum(case when p.is_now then p.quantity else 0 end) as q1,
        sum(case when p.is_now then 0 else p.quantity end) as q0
    from piece as p
    left join other_version as o
        on o.scope = p.scope and o.subject = p.subject and o.day = p.day
        and o.model = p.model and o.model_version = p.model_version
    group by all
),
item as (
    select
        scope, subject, day, kind, service, unit, c1, c0, q1, q0,
        case when kind = 'measured' and q1 > 0 and q0 > 0
            then round(c1::double - q1::double * (c0::double / q0::double), 6)::decimal(38, 6)
            else 0 end as price
    from told
),
unit_total as (
    select
        scope, subject, day, service, unit, sum(c1) - sum(price) as c1, sum(c0) as c0,
        sum(q1) as q1, sum(q0) as q0
    from item where kind = 'measured'
    group by all
),
unit_volume as (
    select
        scope, subject, day, c0,
        case when q0 > 0
            then round(c0::double * (q1::double / q0::double) - c0::double, 6)::decimal(38, 6)
            else round(c1, 6)::decimal(38, 6)
        end as volume
    from unit_total
),
volume as (
    select scope, subject, day, sum(c0) as c0, sum(volume) as volume
    from unit_volume group by all
),
effect as (
    select
        scope, subject, day,
        sum(price)::decimal(38, 20) as price,
        round(sum(case when kind = 'version' then c1 - c0 else 0 end), 6)::decimal(38, 20)
            as version,
        round(sum(case when kind = 'unmeasured' then c1 - c0 else 0 end), 6)::decimal(38, 20)
            as unmeasured
    from item group by all
),
served as (
    select c.scope, c.subject, c.day, c.is_now, sum(round(u.requests, 3)::decimal(38, 3)) as work
    from ledger.compared_day as c
    join ledger.lineage as l on l.kind = 'endpoint' and l.model = c.subject
    join usage.endpoint_hour as u on u.endpoint = l.name and u.hour::date = c.charged_on
    where c.scope = 'model'
    group by all
),
gpu_work as (
    select
        c.scope, c.subject, c.day, c.is_now,
        sum(round(g.used_gpu_hours, 9)::decimal(38, 9)) as work
    from ledger.compared_day as c
    join ledger.gpu_hour as g
        on g.day = c.charged_on
        and case c.scope when 'model' then g.model = c.subject when 'team' then g.team = c.subject
            else false end
    group by all
),
work as (
    select
        u.scope, u.subject, u.day,
        case
            when r1.work > 0 and r0.work > 0 then r1.work::double / r0.work::double
            when g1.work > 0 and g0.work > 0 then g1.work::double / g0.work::double
        end as growth
    from ledger.compared as u
    left join served as r1
        on r1.scope = u.scope and r1.subject = u.subject and r1.day = u.day and r1.is_now
    left join served as r0
        on r0.scope = u.scope and r0.subject = u.subject and r0.day = u.day and not r0.is_now
    left join gpu_work as g1
        on g1.scope = u.scope and g1.subject = u.subject and g1.day = u.day and g1.is_now
    left join gpu_work as g0
        on g0.scope = u.scope and g0.subject = u.subject and g0.day = u.day and not g0.is_now
),
moved as (
    select
        scope, subject, day, service, resource_id, team, model, sku_id,
        sum(case when is_now then cost else -cost end) as part
    from piece group by all
),
most as (
    select
        m.scope, m.subject, m.day, m.service, m.resource_id, m.team, m.model, m.sku_id,
        row_number() over (
            partition by m.scope, m.subject, m.day
            order by m.part * sign(u.change) desc, m.service nulls first,
                m.resource_id nulls first, m.sku_id nulls first, m.team nulls last,
                m.model nulls last
        ) as position
    from moved as m
    join ledger.compared as u on u.scope = m.scope and u.subject = m.subject and u.day = m.day
),
added_up as (
    select
        e.scope, e.subject, e.day, e.price, e.version, e.unmeasured,
        v.c0 is not null as is_measured,
        coalesce(v.volume, 0)::decimal(38, 20) as volume,
        case when w.growth is not null and v.c0 is not null
            then round(v.c0::double * w.growth - v.c0::double, 6)::decimal(38, 6)
            else coalesce(v.volume, 0)::decimal(38, 20)
        end as work_volume
    from effect as e
    left join volume as v on v.scope = e.scope and v.subject = e.subject and v.day = e.day
    left join work as w on w.scope = e.scope and w.subject = e.subject and w.day = e.day
),
rest as (
    select
        a.scope, a.subject, a.day, a.price, a.version, a.unmeasured, a.work_volume,
        a.volume - a.work_volume as efficiency,
        u.change - a.price - a.volume - a.version - a.unmeasured as rest,
        abs(u.change - a.price - a.volume - a.version - a.unmeasured) < 0.0001 as is_rounding,
        a.is_measured
    from added_up as a
    join ledger.compared as u on u.scope = a.scope and u.subject = a.subject and u.day = a.day
)
select
    u.scope, u.subject, u.day, u.change,
    r.price as price_effect,
    r.work_volume + case when r.is_rounding and r.is_measured then r.rest else 0 end
        as volume_effect,
    case when r.is_rounding then 0 else r.rest end as mix_effect,
    r.efficiency as efficiency_effect, r.version as version_effect,
    r.unmeasured + case when r.is_rounding and not r.is_measured then r.rest else 0 end
        as unmeasured_effect,
    m.service, m.resource_id, m.team, m.model, m.sku_id
from ledger.compared as u
join rest as r on r.scope = u.scope and r.subject = u.subject and r.day = u.day
left join most as m
    on m.scope = u.scope and m.subject = u.subject and m.day = u.day and m.position = 1
