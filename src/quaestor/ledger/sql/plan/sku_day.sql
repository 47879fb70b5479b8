-- What each SKU cost and how much of it was used, by who owns it: the ground of every effect.
--
-- grain     one row per day, service, resource, team, model, version, SKU and unit, and whether its
--           quantity is stated
-- money     reporting currency, effective cost; NULL without a rate
-- method    what a ledger line cost is told apart by SKU as its charges of that day are
--           (focus.charge, by source, service, account, region, resource and category), and so is
--           what was consumed. A line without such charges, a pool of `shared:` for one, is one of
--           its own without SKU and quantity
-- rounding  each part of a line's cost and quantity to 9 digits
-- source    FOCUS 1.4, ConsumedQuantity, ConsumedUnit, SkuId
-- rows from ledger.cost
with spent as (
    select
        day, coalesce(source, '') as source, coalesce(service, '') as service,
        coalesce(sub_account, '') as sub_account, coalesce(region, '') as region,
        coalesce(resource_id, '') as resource_id, coalesce(charge_category, '') as category,
        team, model, model_version,
        sum(effective_cost) as cost, sum(billing_effective_cost) as billing_cost
    from ledger.cost
    where date_trunc('month', day)::date in (select month from ledger.stale_month)
        and day >= (select min(month) from ledger.stale_month)
    group by all
),
priced as (
    select
        ChargePeriodStart::date as day, x_source as source,
        coalesce(ServiceName, '') as service, coalesce(SubAccountId, '') as sub_account,
        coalesce(RegionId, '') as region, coalesce(ResourceId, '') as resource_id,
        coalesce(ChargeCategory, '') as category,
        coalesce(SkuId, SkuMeter, '') as sku_id, coalesce(ConsumedUnit, '') as unit,
        sum(EffectiveCost) as cost,
        case when count(*) = count(ConsumedQuantity) then sum(ConsumedQuantity) end as quantity
    from focus.charge
    where date_trunc('month', ChargePeriodStart)::date in (select month from ledger.stale_month)
        and ChargePeriodStart >= (select min(month) from ledger.stale_month)
    group by all
),
origin as (
    select
        day, source, service, sub_account, region, resource_id, category, sum(cost) as cost
    from priced
    group by all
),
piece as (
    select
        l.day, l.service, l.resource_id, l.team, l.model, l.model_version,
        coalesce(p.sku_id, '') as sku_id, coalesce(p.unit, '') as unit,
        case
            when coalesce(o.cost, 0) = 0 then l.cost::decimal(38, 9)
            else round(l.cost::double * (p.cost::double / o.cost::double), 9)::decimal(38, 9)
        end as cost,
        case when coalesce(o.cost, 0) <> 0 and p.quantity > 0
            then round(
                p.quantity::double * (l.billing_cost::double / o.cost::double), 9
            )::decimal(38, 9)
        end as quantity
    from spent as l
    left join origin as o
        on o.day = l.day and o.source = l.source and o.service = l.service
        and o.sub_account = l.sub_account and o.region = l.region
        and o.resource_id = l.resource_id and o.category = l.category
    left join priced as p
        on o.cost <> 0
        and p.day = l.day and p.source = l.source and p.service = l.service
        and p.sub_account = l.sub_account and p.region = l.region
        and p.resource_id = l.resource_id and p.category = l.category
),
kind as (
    select *, quantity is not null as is_measured from piece
)
select
    day, nullif(service, '') as service, nullif(resource_id, '') as resource_id, team, model,
    model_version, nullif(sku_id, '') as sku_id, nullif(unit, '') as unit,
    sum(cost) as cost, sum(quantity) as quantity
from kind
group by
    day, service, resource_id, team, model, model_version, sku_id, unit, is_measured
