-- What each resource of the bill costs a month, at the rate of its last 30 complete days.
--
-- grain     one row per resource that was charged in them
-- money     reporting currency, effective cost: after negotiated and commitment discounts, where a
--           bill has them on the charge or as a charge of Usage beside it. Tax, credits and
--           purchases are left out; corrections of these days count. Null where a charge has no
--           rate; never below zero. A month is 730 hours. What commitments cover is in
--           committed_cost: they are paid whether the resource is there or not
-- method    the days are the last 30 up to the last complete one (ledger.billed_day); of a bill
--           without any, up to its last; of a source that stopped delivering, up to its own last.
--           A month's cost is cost / hours x 730 over the hours from the first charge of these days
--           to the last of them, not over days with charges: what runs one day a week costs a
--           seventh. An hourly bill tells the hour in which a resource came; of a daily one its
--           first day counts whole, so that a new resource's rate is rather too low. What was not
--           charged in the last $gone_days of the days is gone and costs nothing any more. A charge
--           of more than a day counts by the part of it that lies in the days
--           Committed is also a charge that names a commitment and does not say whether it used it
--           Owners are whom the ledger gives it, where that is one, else as tags and lineage name
--           them; what it is tagged with is as last billed. `hours` are consumed hours of the meter
--           that cost most of those that count hours
-- param     days = 30: how many days of the bill the rate is from
-- param     gone_days = 7: days without a charge after which a resource costs nothing any more
-- source    FOCUS 1.2, PricingCategory, CommitmentDiscountStatus, ConsumedUnit, ChargeClass
-- rows from focus.charge
with last_day as (
    select coalesce(max(day) filter (complete), max(day)) as until from ledger.billed_day
),
looked_at as (
    select until, until - ($days - 1)::integer as since, until + 1 as ends from last_day
),
-- Charges of these days by resource and what may differ among them; costs still to be added up.
billed as (
    select
        c.ResourceId as resource_id, c.x_source as source,
        coalesce(c.ServiceProviderName, c.ProviderName) as provider, c.ServiceName as service,
        c.SubAccountId as sub_account, c.RegionId as region, c.Tags as tags,
        case
            when c.CommitmentDiscountStatus = 'Used' or c.CommitmentDiscountId is not null
                or c.PricingCategory = 'Committed' then 'committed'
            when c.PricingCategory = 'Dynamic' then 'spot'
            when c.PricingCategory = 'Standard' then 'standard'
        end as pricing,
        case when lower(c.ConsumedUnit) in ('hours', 'hour', 'hrs', '1 hour', 'h')
            then coalesce(c.SkuMeter, '') end as hour_meter,
        greatest(c.ChargePeriodStart, d.since::timestamp) as starts,
        -- A charge that says no end, or one before it starts, is of a day.
        case when c.ChargePeriodEnd > c.ChargePeriodStart then c.ChargePeriodEnd
            else c.ChargePeriodStart + interval 1 day end as charge_ends,
        least(charge_ends, d.ends::timestamp) as ends,
        c.ChargePeriodStart as charge_starts,
        c.ConsumedQuantity as quantity,
        money_at_rate(c.EffectiveCost, c.x_billing_currency_rate) as cost,
        money_at_rate(c.ListCost, c.x_billing_currency_rate) as list_cost
    from focus.charge as c
    cross join looked_at as d
    where c.ResourceId is not null and c.ChargeCategory = 'Usage'
        and coalesce(c.CommitmentDiscountStatus, '') <> 'Unused'
        and c.ChargePeriodStart < d.ends
        and c.ChargePeriodStart >= d.since - 31
        and (c.ChargePeriodStart >= d.since or c.ChargePeriodEnd > d.since)
),
charge as (
    select
        * exclude (cost, list_cost),
        -- The hour by which a day of summer time is longer makes no long charge.
        case when charge_ends > charge_starts + interval 25 hours then money_estimate(
            cost::double * epoch(ends - starts) / epoch(charge_ends - charge_starts)
        ) else cost end as cost,
        case when charge_ends > charge_starts + interval 25 hours then money_estimate(
            list_cost::double * epoch(ends - starts) / epoch(charge_ends - charge_starts)
        ) else list_cost end as list_cost
    from billed
),
line as (
    select
        resource_id, source, provider, service, sub_account, region, tags, pricing, hour_meter,
        starts::date as day, min(starts) as starts, max(ends) as ends, count(*) as charges,
        count(cost) as priced, sum(cost) as cost,
        count(list_cost) as listed, sum(list_cost) as list_cost,
        sum(quantity) as quantity
    from charge
    group by all
),
delivered as (
    select source, max(ends) as ends from line group by source
),
resource as (
    select
        l.resource_id, arg_max(l.source, (l.cost, l.source)) as source,
        arg_max(l.provider, (l.cost, l.provider)) as provider,
        arg_max(l.service, (l.cost, l.service)) as service,
        arg_max(l.sub_account, (l.cost, l.sub_account)) as sub_account,
        arg_max(l.region, (l.cost, l.region)) as region,
        arg_max(l.tags, (l.ends, l.tags)) as tags,
        min(l.starts) as starts, max(l.ends) as last_ends, max(d.ends) as delivered_until,
        greatest(
            count(distinct l.day),
            max(date_diff('day', l.day, (l.ends - interval 1 second)::date)) + 1
        )::integer as days,
        case when sum(l.charges) = sum(l.priced) then sum(l.cost) end as cost,
        coalesce(sum(l.cost) filter (l.pricing = 'committed'), 0) as committed_cost,
        coalesce(sum(l.cost) filter (l.pricing = 'spot'), 0) as spot_cost,
        coalesce(sum(l.cost) filter (l.pricing = 'standard'), 0) as standard_cost,
        case when sum(l.charges) = sum(l.listed) then sum(l.list_cost) end as list_cost
    from line as l
    join delivered as d on d.source = l.source
    group by l.resource_id
),
metered as (
    select resource_id, hour_meter, sum(cost) as cost, sum(quantity) as hours
    from line where hour_meter is not null
    group by resource_id, hour_meter
),
counted as (
    select resource_id, arg_max(hours, (cost, hour_meter)) as hours
    from metered group by resource_id
),
owned as (
    select
        p.resource_id,
        case when count(distinct p.team) = 1 and count(p.team) = count(*) then min(p.team) end
            as team,
        case when count(distinct p.model) = 1 and count(p.model) = count(*) then min(p.model) end
            as model,
        case when count(distinct (p.model, p.model_version)) = 1
            and count(p.model_version) = count(*) then min(p.model_version) end as model_version,
        case when count(distinct p.environment) = 1 and count(p.environment) = count(*)
            then min(p.environment) end as environment
    from ledger.part as p
    cross join looked_at as d
    where p.resource_id is not null and p.charge_category = 'Usage'
        and p.day between d.since and d.until
    group by p.resource_id
    having count(p.allocated_to) = 0
)
select
    r.resource_id, r.source, r.provider, r.service, r.sub_account, r.region, r.tags,
    coalesce(o.team, t.team, l.team) as team, coalesce(o.model, t.model, l.model) as model,
    case when o.model is not null and o.model is distinct from coalesce(t.model, l.model, o.model)
        then o.model_version
        else coalesce(o.model_version, t.model_version, l.model_version) end as model_version,
    coalesce(o.environment, t.environment, l.environment) as environment,
    r.starts::date as first_day, (r.last_ends - interval 1 second)::date as last_day,
    (r.delivered_until - interval 1 second)::date as until, r.days,
    r.cost::decimal(38, 20) as effective_cost,
    case when r.cost is not null then r.committed_cost end::decimal(38, 20) as committed_cost,
    case when r.cost is not null then r.spot_cost end::decimal(38, 20) as spot_cost,
    case when r.cost is not null then r.standard_cost end::decimal(38, 20) as standard_cost,
    r.list_cost::decimal(38, 20) as list_cost,
    case
        when r.cost is null then null
        when r.delivered_until - r.last_ends >= to_days($gone_days::integer)
            then 0::decimal(38, 20)
        else money_estimate(
            greatest(r.cost::double, 0) * 730 * 3600 / epoch(r.delivered_until - r.starts)
        )
    end as cost_per_month,
    case when r.cost > 0
        then greatest(0, least(1, r.committed_cost::double / r.cost::double)) end
        as committed_ratio,
    m.hours::decimal(38, 9) as hours
from resource as r
left join owned as o on o.resource_id = r.resource_id
left join ledger.tag_set as t on t.tags = r.tags
left join ledger.lineage as l on l.resource_id = r.resource_id
left join counted as m on m.resource_id = r.resource_id
