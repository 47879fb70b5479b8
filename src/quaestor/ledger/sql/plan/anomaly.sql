-- Why an unusual day cost more or less: effects that add up to the change, and what changed most.
--
-- grain     one row per unusual day (ledger.unusual_day)
-- money     reporting currency, effective cost
-- method    the day is held against its baseline day, line by line. What a ledger line cost is
--           told apart by SKU as its charges of that day are (focus.charge, by source, service,
--           account, region, resource and category). With C cost, Q consumed quantity, 1 the day
--           and 0 its baseline, k a SKU and g the SKUs of one service and unit:
--             version     C1 of model versions that had no cost where the model had another
--                         version, less C0 of those that such a one replaced; in no other effect
--             unmeasured  C1 - C0 of what states no quantity
--             price       sum over k with Q1 and Q0 of C1 - Q1 x C0 / Q0: dearer or cheaper per
--                         unit, commitments and exchange rates included
--             volume      sum over g of C0 x (Q1 / Q0 - 1): more or fewer units at the old mix; of
--                         a g without Q0 all of C1 less its price effect
--             mix         what is left, C1 - C0 of g less its price and volume: dearer or cheaper
--                         SKUs of one g
--             efficiency  zero, unless work is known of both days: requests to the model's
--                         endpoints, else used GPU-hours of the model or team. Then volume is
--                         C0 x (work1 / work0 - 1), and efficiency the rest of the units' effect:
--                         more or fewer units for the same work
--           What changed most is the resource and SKU with the largest part in the change's
--           direction. Effects are NULL beyond the 100 largest changes
-- rounding  each cost and quantity of a SKU to 9 digits, each effect to 6; mix is the change less
--           the others, so that they always add up. Where that is under 0.0001 it is nothing but
--           rounding, and goes to the volume, or to what is not measured where nothing else is
-- source    price, volume and mix as in management accounting's variance analysis (Laspeyres
--           volumes at old prices, Paasche prices at new volumes)
-- rows from ledger.unusual_day
with unusual as (
    select * from ledger.unusual_day where place <= 100
),
moment as (
    select scope, subject, day, day as charged_on, true as is_now from unusual
    union all
    select scope, subject, day, baseline_day as charged_on, false as is_now from unusual
),
spent as (
    select
        day as charged_on, coalesce(source, '') as source, coalesce(service, '') as service,
        coalesce(sub_account, '') as sub_account, coalesce(region, '') as region,
        coalesce(resource_id, '') as resource_id, coalesce(charge_category, '') as category,
        team, model, model_version,
        sum(effective_cost) as cost, sum(billing_effective_cost) as billing_cost
    from ledger.cost
    where day in (select charged_on from moment)
    group by all
),
line as (
    select m.scope, m.subject, m.day, m.is_now, s.*
    from moment as m join spent as s on s.charged_on = m.charged_on
    where m.scope = 'total'
    union all
    select m.scope, m.subject, m.day, m.is_now, s.*
    from moment as m join spent as s on s.charged_on = m.charged_on and s.team = m.subject
    where m.scope = 'team'
    union all
    select m.scope, m.subject, m.day, m.is_now, s.*
    from moment as m join spent as s on s.charged_on = m.charged_on and s.model = m.subject
    where m.scope = 'model'
    union all
    select m.scope, m.subject, m.day, m.is_now, s.*
    from moment as m join spent as s on s.charged_on = m.charged_on and s.service = m.subject
    where m.scope = 'service'
),
priced as (
    select
        ChargePeriodStart::date as charged_on, x_source as source,
        coalesce(ServiceName, '') as service, coalesce(SubAccountId, '') as sub_account,
        coalesce(RegionId, '') as region, coalesce(ResourceId, '') as resource_id,
        coalesce(ChargeCategory, '') as category,
        coalesce(SkuId, SkuMeter, '') as sku_id, coalesce(ConsumedUnit, '') as unit,
        sum(EffectiveCost) as cost,
        case when count(*) = count(ConsumedQuantity) then sum(ConsumedQuantity) end as quantity
    from focus.charge
    where ChargePeriodStart::date in (select charged_on from moment)
    group by all
),
origin as (
    select
        charged_on, source, service, sub_account, region, resource_id, category,
        sum(cost) as cost
    from priced
    group by all
),
piece as (
    select
        l.scope, l.subject, l.day, l.is_now, l.service, l.resource_id, l.team, l.model,
        l.model_version, coalesce(p.sku_id, '') as sku_id, coalesce(p.unit, '') as unit,
        case
            when coalesce(o.cost, 0) = 0 then l.cost::decimal(38, 9)
            else round(l.cost::double * (p.cost::double / o.cost::double), 9)::decimal(38, 9)
        end as cost,
        case when coalesce(o.cost, 0) <> 0 and p.quantity > 0
            then round(
                p.quantity::double * (l.billing_cost::double / o.cost::double), 9
            )::decimal(38, 9)
        end as quantity
    from line as l
    left join origin as o
        on o.charged_on = l.charged_on and o.source = l.source and o.service = l.service
        and o.sub_account = l.sub_account and o.region = l.region
        and o.resource_id = l.resource_id and o.category = l.category
    left join priced as p
        on o.cost <> 0
        and p.charged_on = l.charged_on and p.source = l.source and p.service = l.service
        and p.sub_account = l.sub_account and p.region = l.region
        and p.resource_id = l.resource_id and p.category = l.category
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
    select l.model, u.hour::date as day, sum(round(u.requests, 3)::decimal(38, 3)) as work
    from usage.endpoint_hour as u
    join ledger.lineage as l on l.kind = 'endpoint' and l.name = u.endpoint
    where l.model is not null and u.hour::date in (select charged_on from moment)
    group by all
),
gpu_work as (
    select 'model' as scope, model as subject, day,
        sum(round(used_gpu_hours, 9)::decimal(38, 9)) as work
    from ledger.gpu_hour
    where model is not null and day in (select charged_on from moment)
    group by all
    union all
    select 'team' as scope, team as subject, day,
        sum(round(used_gpu_hours, 9)::decimal(38, 9)) as work
    from ledger.gpu_hour
    where team is not null and day in (select charged_on from moment)
    group by all
),
work as (
    select
        u.scope, u.subject, u.day,
        case
            when r1.work > 0 and r0.work > 0 then r1.work::double / r0.work::double
            when g1.work > 0 and g0.work > 0 then g1.work::double / g0.work::double
        end as growth
    from unusual as u
    left join served as r1 on u.scope = 'model' and r1.model = u.subject and r1.day = u.day
    left join served as r0
        on u.scope = 'model' and r0.model = u.subject and r0.day = u.baseline_day
    left join gpu_work as g1
        on g1.scope = u.scope and g1.subject = u.subject and g1.day = u.day
    left join gpu_work as g0
        on g0.scope = u.scope and g0.subject = u.subject and g0.day = u.baseline_day
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
            order by m.part * sign(u.change) desc, m.service, m.resource_id, m.sku_id,
                m.team nulls last, m.model nulls last
        ) as position
    from moved as m
    join unusual as u on u.scope = m.scope and u.subject = m.subject and u.day = m.day
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
    join unusual as u on u.scope = a.scope and u.subject = a.subject and u.day = a.day
)
select
    u.scope, u.subject, u.day, u.cost, u.expected, u.change, u.change_ratio,
    r.price as price_effect,
    r.work_volume + case when r.is_rounding and r.is_measured then r.rest else 0 end
        as volume_effect,
    case when r.is_rounding then 0 else r.rest end as mix_effect,
    r.efficiency as efficiency_effect, r.version as version_effect,
    nullif(m.service, '') as service, nullif(m.resource_id, '') as resource_id, m.team, m.model,
    u.baseline_day,
    r.unmeasured + case when r.is_rounding and not r.is_measured then r.rest else 0 end
        as unmeasured_effect, nullif(m.sku_id, '') as sku_id
from ledger.unusual_day as u
left join rest as r on r.scope = u.scope and r.subject = u.subject and r.day = u.day
left join most as m
    on m.scope = u.scope and m.subject = u.subject and m.day = u.day and m.position = 1
