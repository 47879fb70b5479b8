-- What each resource of the bill costs a month, at the rate of its last 30 complete days.
--
-- grain     one row per resource that was charged in them
-- money     reporting currency, effective cost; null where a charge has no rate. A month is 730
--           hours: cost / the hours of the days with charges x 730, to a ten-thousandth. What
--           commitments cover is in committed_cost: they are paid whether the resource is there
--           or not. Tax and credits are left out, purchases too
-- method    the days are the last 30 up to the last complete one (ledger.billed_day); of a bill
--           without any, up to its last. Owners are those that tags and lineage name; what it is
--           tagged with is as last billed. `hours` is what was consumed, where each charge of the
--           resource that is not for data or a disc counts hours
-- param     days = 30: how many days of the bill the rate is from
-- source    FOCUS 1.2, PricingCategory, CommitmentDiscountStatus, ConsumedUnit
-- rows from focus.charge
with last_day as (
    select coalesce(max(day) filter (complete), max(day)) as until from ledger.billed_day
),
charge as (
    select
        c.ResourceId as resource_id, c.ChargePeriodStart::date as day, c.x_source as source,
        coalesce(c.ServiceProviderName, c.ProviderName) as provider, c.ServiceName as service,
        c.SubAccountId as sub_account, c.RegionId as region, c.Tags as tags,
        coalesce(c.CommitmentDiscountStatus = 'Used', false) as is_committed,
        c.PricingCategory as pricing, d.until,
        money_at_rate(c.EffectiveCost, c.x_billing_currency_rate) as cost,
        money_at_rate(c.ListCost, c.x_billing_currency_rate) as list_cost,
        case when lower(c.ConsumedUnit) in ('hours', 'hour', 'hrs', '1 hour', 'h')
            then c.ConsumedQuantity end as hours
    from focus.charge as c
    cross join last_day as d
    where c.ResourceId is not null and c.ChargeCategory = 'Usage'
        and coalesce(c.CommitmentDiscountStatus, '') <> 'Unused'
        and c.ChargePeriodStart < d.until + interval 1 day
        and c.ChargePeriodStart >= d.until - ($days - 1)::integer
),
resource as (
    select
        resource_id, min(source) as source, min(provider) as provider,
        arg_max(service, cost) as service, min(sub_account) as sub_account,
        min(region) as region, arg_max(tags, day) as tags,
        min(day) as first_day, max(day) as last_day, any_value(until) as until,
        count(distinct day)::integer as days,
        case when count(*) = count(cost) then sum(cost) end as cost,
        coalesce(sum(cost) filter (is_committed), 0) as committed_cost,
        coalesce(sum(cost) filter (pricing = 'Dynamic'), 0) as spot_cost,
        coalesce(sum(cost) filter (pricing = 'Standard'), 0) as standard_cost,
        case when count(*) = count(list_cost) then sum(list_cost) end as list_cost,
        sum(hours)::decimal(38, 9) as hours
    from charge
    group by resource_id
)
select
    r.resource_id, r.source, r.provider, r.service, r.sub_account, r.region, r.tags,
    coalesce(t.team, l.team) as team, coalesce(t.model, l.model) as model,
    coalesce(t.model_version, l.model_version) as model_version,
    coalesce(t.environment, l.environment) as environment,
    r.first_day, r.last_day, r.until, r.days,
    r.cost::decimal(38, 20) as effective_cost,
    case when r.cost is not null then r.committed_cost end::decimal(38, 20) as committed_cost,
    case when r.cost is not null then r.spot_cost end::decimal(38, 20) as spot_cost,
    case when r.cost is not null then r.standard_cost end::decimal(38, 20) as standard_cost,
    r.list_cost::decimal(38, 20) as list_cost,
    money_estimate(r.cost::double * 730 / (24 * r.days)) as cost_per_month,
    case when r.cost > 0 then least(1, r.committed_cost::double / r.cost::double) end
        as committed_ratio,
    r.hours
from resource as r
left join ledger.tag_set as t on t.tags = r.tags
left join ledger.lineage as l on l.resource_id = r.resource_id
