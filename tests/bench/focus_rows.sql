-- A made bill: every column of FOCUS 1.2, with as many different values as real ones have.
--
-- grain     one row per number below $rows; a month of hourly and daily charges, 40 accounts,
--           60 services, 3,000 SKUs, 20,000 resources, 2,400 sets of tags
-- method    every value is a function of the row's number, so that each run makes the same file
with line as (
    select
        i,
        (hash(i) % 20000)::bigint as resource,
        (hash(i * 7 + 1) % 3000)::bigint as sku,
        (hash(i * 11 + 2) % 720)::bigint as hour,
        ((hash(i * 13 + 3) % 10000000000)::decimal(20, 0) * 0.00000001)::decimal(38, 10) as cost,
        (hash(i * 17 + 4) % 1000000) / 1000.0 as quantity
    from range($rows) as numbers(i)
)
select
    'region-' || resource % 12 || chr((97 + resource % 3)::integer) as AvailabilityZone,
    cost as BilledCost,
    'billing-1' as BillingAccountId,
    'Example' as BillingAccountName,
    'Organisation' as BillingAccountType,
    'USD' as BillingCurrency,
    timestamp '2026-11-01' as BillingPeriodEnd,
    timestamp '2026-10-01' as BillingPeriodStart,
    null::varchar as CapacityReservationId,
    null::varchar as CapacityReservationStatus,
    case when sku % 97 = 0 then 'Tax' when sku % 89 = 0 then 'Credit' else 'Usage' end
        as ChargeCategory,
    null::varchar as ChargeClass,
    'Use of SKU ' || sku || ' in region ' || resource % 12 as ChargeDescription,
    'Usage-Based' as ChargeFrequency,
    timestamp '2026-10-01' + (hour + 1) * interval 1 hour as ChargePeriodEnd,
    timestamp '2026-10-01' + hour * interval 1 hour as ChargePeriodStart,
    case when sku % 5 = 0 then 'Spend' end as CommitmentDiscountCategory,
    case when sku % 5 = 0 then 'plan-' || sku % 30 end as CommitmentDiscountId,
    case when sku % 5 = 0 then 'Plan ' || sku % 30 end as CommitmentDiscountName,
    case when sku % 5 = 0 then quantity::decimal(38, 10) end as CommitmentDiscountQuantity,
    case when sku % 5 = 0 then 'Used' end as CommitmentDiscountStatus,
    case when sku % 5 = 0 then 'Savings Plan' end as CommitmentDiscountType,
    case when sku % 5 = 0 then 'USD' end as CommitmentDiscountUnit,
    quantity::decimal(38, 10) as ConsumedQuantity,
    'Hours' as ConsumedUnit,
    (cost * 1.1)::decimal(38, 10) as ContractedCost,
    (1.1 + sku / 1000)::decimal(38, 10) as ContractedUnitPrice,
    (cost * 0.9)::decimal(38, 10) as EffectiveCost,
    'invoice-2026-10' as InvoiceId,
    'Example Cloud' as InvoiceIssuerName,
    (cost * 1.3)::decimal(38, 10) as ListCost,
    (1.3 + sku / 1000)::decimal(38, 10) as ListUnitPrice,
    case when sku % 5 = 0 then 'Committed' else 'Standard' end as PricingCategory,
    'USD' as PricingCurrency,
    (1.1 + sku / 1000)::decimal(38, 10) as PricingCurrencyContractedUnitPrice,
    (cost * 0.9)::decimal(38, 10) as PricingCurrencyEffectiveCost,
    (1.3 + sku / 1000)::decimal(38, 10) as PricingCurrencyListUnitPrice,
    quantity::decimal(38, 10) as PricingQuantity,
    'Hours' as PricingUnit,
    'Example Cloud' as ProviderName,
    'Example Cloud' as PublisherName,
    'region-' || resource % 12 as RegionId,
    'Region ' || resource % 12 as RegionName,
    'arn:example:compute:region-' || resource % 12 || ':instance/i-' || lpad(resource::varchar, 17, '0')
        as ResourceId,
    'worker-' || resource as ResourceName,
    'Instance' as ResourceType,
    'AI and Machine Learning' as ServiceCategory,
    'Service ' || sku % 60 as ServiceName,
    'Subcategory ' || sku % 20 as ServiceSubcategory,
    'sku-' || sku as SkuId,
    'meter-' || sku % 400 as SkuMeter,
    '{"InstanceType":"type-' || sku % 90 || '","GpuCount":"' || sku % 9 || '"}' as SkuPriceDetails,
    'price-' || sku as SkuPriceId,
    'account-' || resource % 40 as SubAccountId,
    'Account ' || resource % 40 as SubAccountName,
    'Account' as SubAccountType,
    case when resource % 10 <> 0 then
        '{"team":"team-' || resource % 24 || '","model":"model-' || resource % 100
        || '","env":"' || case when resource % 2 = 0 then 'prod' else 'dev' end || '"}'
    end as Tags
from line
