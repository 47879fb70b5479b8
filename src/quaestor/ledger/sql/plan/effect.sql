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
--             efficiency  zero, unless work is known of both. Then volume is
--                         C0 x (work1 / work0 - 1), and efficiency the rest of the units' effect:
--                         more or fewer units for the same work. Work is that of what the cost is
--                         for, each held against its own cost alone: requests to a model's
--                         endpoints for its serving (an endpoint, or stage inference); else, of
--                         each stage of a model or team, used GPU-hours for the machines that they
--                         ran on. What is not told is no less work: a machine with a GPU-hour that
--                         nobody observed is left to its units, and so is serving with an hour of
--                         unknown requests, or with more of its billed days untold in one of both
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
-- What a charge is for: the stage that all lines of its resource and owner name.
stage as (
    select
        coalesce(resource_id, '') as resource_id, coalesce(team, '') as team,
        coalesce(model, '') as model,
        case when min(coalesce(lifecycle_stage, '')) = max(coalesce(lifecycle_stage, ''))
            then min(lifecycle_stage) end as stage
    from ledger.cost
    where day in (select charged_on from ledger.compared_day)
    group by 1, 2, 3
),
machine as (
    select resource_id, min(split_key) as machine
    from ledger.lineage
    where split_key is not null and kind not in ('volume', 'load-balancer', 'store')
    group by resource_id
),
endpoint as (
    select distinct resource_id, model, name
    from ledger.lineage where kind = 'endpoint'
),
endpoint_resource as (
    select distinct resource_id, model from endpoint
),
staged as (
    select
        p.*, coalesce(m.machine, p.resource_id) as machine,
        case when e.resource_id is not null then 'inference' else s.stage end as stage
    from piece as p
    left join stage as s
        on s.resource_id = coalesce(p.resource_id, '') and s.team = coalesce(p.team, '')
        and s.model = coalesce(p.model, '')
    left join machine as m on m.resource_id = p.resource_id
    left join endpoint_resource as e on e.resource_id = p.resource_id and e.model = p.model
),
endpoint_day as (
    select endpoint, hour::date as day, sum(round(requests, 3)::decimal(38, 3)) as requests,
        count(*) - count(requests) as unknown_hours
    from usage.endpoint_hour
    where hour::date in (select charged_on from ledger.compared_day)
    group by endpoint, hour::date
),
-- Days on which an endpoint is billed, and nobody tells of an hour.
untold as (
    select c.scope, c.subject, c.day, c.is_now, count(*) as days
    from ledger.compared_day as c
    join endpoint as e on e.model = c.subject
    join (select distinct charged_on, resource_id from spent) as b
        on b.resource_id = e.resource_id and b.charged_on = c.charged_on
    left join endpoint_day as d on d.endpoint = e.name and d.day = c.charged_on
    where c.scope = 'model' and d.endpoint is null
    group by c.scope, c.subject, c.day, c.is_now
),
served as (
    select
        c.scope, c.subject, c.day,
        sum(case when c.is_now then d.requests else 0 end) as work1,
        sum(case when c.is_now then 0 else d.requests end) as work0
    from ledger.compared_day as c
    join (select distinct model, name from endpoint) as e on e.model = c.subject
    join endpoint_day as d on d.endpoint = e.name and d.day = c.charged_on
    where c.scope = 'model'
    group by c.scope, c.subject, c.day
    having sum(d.unknown_hours) = 0
),
requested as (
    select s.scope, s.subject, s.day, s.work1::double / s.work0::double as growth
    from served as s
    left join untold as u1
        on u1.scope = s.scope and u1.subject = s.subject and u1.day = s.day and u1.is_now
    left join untold as u0
        on u0.scope = s.scope and u0.subject = s.subject and u0.day = s.day and not u0.is_now
    where s.work1 > 0 and s.work0 > 0 and coalesce(u1.days, 0) = coalesce(u0.days, 0)
),
-- The machines of which every paid GPU-hour was observed; a bill without hours is not.
gpu_machine as (
    select
        c.scope, c.subject, c.day, g.provider_id as machine,
        sum(case when c.is_now then round(g.used_gpu_hours, 9)::decimal(38, 9) else 0 end)
            as work1,
        sum(case when c.is_now then 0 else round(g.used_gpu_hours, 9)::decimal(38, 9) end)
            as work0
    from ledger.compared_day as c
    join ledger.gpu_hour as g
        on g.day = c.charged_on
        and case c.scope when 'model' then g.model = c.subject when 'team' then g.team = c.subject
            else false end
    where g.provider_id is not null
    group by c.scope, c.subject, c.day, g.provider_id
    having max(g.unobserved_gpu_hours) = 0 and min(g.gpu_hours) > 0
),
staged_machine as (
    select
        scope, subject, day, machine,
        case when min(coalesce(stage, '')) = max(coalesce(stage, ''))
            then min(coalesce(stage, '')) else '' end as stage
    from staged where scope in ('model', 'team') and machine is not null
    group by scope, subject, day, machine
),
stage_work as (
    select
        g.scope, g.subject, g.day, s.stage, sum(g.work1)::double / sum(g.work0)::double as growth
    from gpu_machine as g
    join staged_machine as s
        on s.scope = g.scope and s.subject = g.subject and s.day = g.day and s.machine = g.machine
    group by g.scope, g.subject, g.day, s.stage
    having sum(g.work1) > 0 and sum(g.work0) > 0
),
machine_work as (
    select g.scope, g.subject, g.day, g.machine, w.stage, w.growth
    from gpu_machine as g
    join staged_machine as s
        on s.scope = g.scope and s.subject = g.subject and s.day = g.day and s.machine = g.machine
    join stage_work as w
        on w.scope = s.scope and w.subject = s.subject and w.day = s.day and w.stage = s.stage
),
-- `work` names what the work of a charge is counted in: '' where it is not known.
worked as (
    select
        p.scope, p.subject, p.day, p.is_now, p.service, p.sku_id, p.unit, p.model,
        p.model_version, p.cost, p.quantity,
        case
            when p.stage = 'inference' and r.subject is not null then 'requests'
            when g.machine is not null then 'gpu-hours ' || g.stage
            else ''
        end as work,
        case when p.stage = 'inference' and r.subject is not null then r.growth
            else g.growth end as growth
    from staged as p
    left join requested as r
        on r.scope = p.scope and r.subject = p.subject and r.day = p.day
    left join machine_work as g
        on g.scope = p.scope and g.subject = p.subject and g.day = p.day
        and g.machine = p.machine
),
told as (
    select
        p.scope, p.subject, p.day, p.work, p.growth, p.service, p.sku_id, p.unit,
        case
            when o.model is not null then 'version'
            when p.quantity is null then 'unmeasured'
            else 'measured'
        end as kind,
        sum(case when p.is_now then p.cost else 0 end) as c1,
        sum(case when p.is_now then 0 else p.cost end) as c0,
        sum(case when p.is_now then p.quantity else 0 end) as q1,
        sum(case when p.is_now then 0 else p.quantity end) as q0
    from worked as p
    left join other_version as o
        on o.scope = p.scope and o.subject = p.subject and o.day = p.day
        and o.model = p.model and o.model_version = p.model_version
    group by all
),
item as (
    select
        scope, subject, day, work, growth, kind, service, unit, c1, c0, q1, q0,
        case when kind = 'measured' and q1 > 0 and q0 > 0
            then round(c1::double - q1::double * (c0::double / q0::double), 6)::decimal(38, 6)
            else 0 end as price
    from told
),
unit_total as (
    select
        scope, subject, day, work, growth, service, unit, sum(c1) - sum(price) as c1, sum(c0) as c0,
        sum(q1) as q1, sum(q0) as q0
    from item where kind = 'measured'
    group by all
),
unit_volume as (
    select
        scope, subject, day, work, growth, c0,
        case when q0 > 0
            then round(c0::double * (q1::double / q0::double) - c0::double, 6)::decimal(38, 6)
            else round(c1, 6)::decimal(38, 6)
        end as volume
    from unit_total
),
work_volume as (
    select
        scope, subject, day, sum(volume) as volume,
        case when growth is not null
            then round(sum(c0)::double * growth - sum(c0)::double, 6)::decimal(38, 6)
            else sum(volume)
        end as work_volume
    from unit_volume group by scope, subject, day, work, growth
),
volume as (
    select scope, subject, day, sum(volume) as volume, sum(work_volume) as work_volume
    from work_volume group by all
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
        v.subject is not null as is_measured,
        coalesce(v.volume, 0)::decimal(38, 20) as volume,
        coalesce(v.work_volume, 0)::decimal(38, 20) as work_volume
    from effect as e
    left join volume as v on v.scope = e.scope and v.subject = e.subject and v.day = e.day
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
