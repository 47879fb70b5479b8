-- The bill by day and charge line: the one cube that everything later is made from.
--
-- grain     one row per day, source, provider, service, account, region, resource, category, tags,
--           facts, currency and rate, and whether it is for data transfer
-- money     as billed, in billing_currency; `rate` is what a unit of it is worth in the reporting
--           currency. A list or contracted cost that one charge of a line has not is not known
-- method    sums only. `facts` holds the columns that rules match on and a line has not itself
--           (ledger.stated_charge); days that are not stale are left as they are
-- source    FOCUS 1.4, BilledCost and EffectiveCost
select
    ChargePeriodStart::date as day, x_source as source,
    coalesce(ServiceProviderName, ProviderName) as provider, ServiceName as service,
    SubAccountId as sub_account, RegionId as region, ResourceId as resource_id,
    ChargeCategory as charge_category, Tags as tags,
    facts,
    BillingCurrency as billing_currency, x_billing_currency_rate as rate,
    sum(BilledCost) as billing_billed_cost, sum(EffectiveCost) as billing_effective_cost,
    case when count(*) = count(ListCost) then sum(ListCost) end as billing_list_cost,
    case when count(*) = count(ContractedCost) then sum(ContractedCost) end
        as billing_contracted_cost,
    count(*) as charges,
    is_transfer
from ledger.stated_charge
where ChargePeriodStart::date in (select day from ledger.stale_day where billed)
    and ChargePeriodStart >= (select min(day) from ledger.stale_day)
group by all
