-- Oracle's cost report becomes charges.
--
-- grain     one row per row of the report
-- money     DECIMAL(38, 20), in the row's currency. Billed and effective: myCost, at the prices
--           of the subscription; what is beyond its commitment (overage) is part of it, and its
--           own columns are kept as x_. There is no list price: list cost is NULL, unknown
-- method    a report names no invoice: it is billed by the calendar month of its hours, in UTC.
--           A correction is an amount beside the row that it corrects, and names it; both count
-- source    Oracle, "Cost and Usage Reports Overview"; FOCUS 1.2
select
    c.x_row,
    c.cost_my_cost as BilledCost,
    c.cost_my_cost as EffectiveCost,
    c.cost_my_cost as ContractedCost,
    c.cost_unit_price as ContractedUnitPrice,
    c.usage_billed_quantity as PricingQuantity,
    c.cost_sku_unit_description as PricingUnit,
    c.usage_billed_quantity as ConsumedQuantity,
    c.cost_sku_unit_description as ConsumedUnit,
    'Standard' as PricingCategory,
    c.line_item_tenant_id as BillingAccountId,
    case when c.line_item_tenant_id is not null then 'Tenancy' end as BillingAccountType,
    c.product_compartment_id as SubAccountId,
    c.product_compartment_name as SubAccountName,
    case when c.product_compartment_id is not null then 'Compartment' end as SubAccountType,
    c.cost_currency_code as BillingCurrency,
    date_trunc('month', c.line_item_interval_usage_start)::timestamp as BillingPeriodStart,
    date_trunc('month', c.line_item_interval_usage_start)::timestamp + interval 1 month
        as BillingPeriodEnd,
    c.line_item_interval_usage_start as ChargePeriodStart,
    c.line_item_interval_usage_end as ChargePeriodEnd,
    'Usage' as ChargeCategory,
    case when lower(c.line_item_is_correction) = 'true' then 'Correction' end as ChargeClass,
    c.product_description as ChargeDescription,
    'Usage-Based' as ChargeFrequency,
    'Oracle' as ProviderName,
    'Oracle' as HostProviderName,
    'Oracle' as ServiceProviderName,
    'Oracle' as PublisherName,
    'Oracle' as InvoiceIssuerName,
    c.product_service as ServiceName,
    coalesce(s.category, 'Other') as ServiceCategory,
    coalesce(s.subcategory, 'Other (Other)') as ServiceSubcategory,
    c.cost_product_sku as SkuId,
    c.product_description as SkuMeter,
    c.product_resource_id as ResourceId,
    nullif(regexp_extract(c.product_resource_id, '^ocid1\.([^.]+)\.', 1), '') as ResourceType,
    c.product_region as RegionId,
    c.product_availability_domain as AvailabilityZone,
    c.tags as Tags,
    c.line_item_reference_no as x_ReferenceNo,
    c.line_item_backreference_no as x_BackreferenceNo,
    c.cost_subscription_id as x_SubscriptionId,
    c.cost_billing_unit_readable as x_BillingUnit,
    c.cost_overage_flag as x_OverageFlag,
    c.cost_my_cost_overage as x_MyCostOverage,
    c.cost_unit_price_overage as x_UnitPriceOverage,
    c.usage_billed_quantity_overage as x_BilledQuantityOverage
from landed as c
left join oci_services() as s on s.code = c.product_service
where c.reason is null
