-- What an engineer would write by hand to turn this one export into the same columns: those of
-- `focus.charge`, with no other spelling, no check, no quarantine, no second row for what nobody
-- used, no books. The baseline of the bench `normalise`.
select
    case line_item_line_item_type
        when 'SavingsPlanCoveredUsage' then 0 when 'DiscountedUsage' then 0
        else line_item_unblended_cost
    end::decimal(38, 20) as BilledCost,
    case line_item_line_item_type
        when 'SavingsPlanCoveredUsage' then savings_plan_savings_plan_effective_cost
        when 'DiscountedUsage' then reservation_effective_cost
        when 'SavingsPlanRecurringFee'
        then savings_plan_total_commitment_to_date - savings_plan_used_commitment
        when 'RIFee'
        then reservation_unused_amortized_upfront_fee_for_billing_period
            + reservation_unused_recurring_fee
        else line_item_unblended_cost
    end::decimal(38, 20) as EffectiveCost,
    coalesce(pricing_public_on_demand_cost, line_item_unblended_cost)::decimal(38, 20) as ListCost,
    line_item_unblended_cost::decimal(38, 20) as ContractedCost,
    pricing_public_on_demand_rate::decimal(38, 20) as ListUnitPrice,
    line_item_currency_code as BillingCurrency,
    bill_billing_period_start_date as BillingPeriodStart,
    bill_billing_period_end_date as BillingPeriodEnd,
    line_item_usage_start_date as ChargePeriodStart,
    line_item_usage_end_date as ChargePeriodEnd,
    bill_payer_account_id as BillingAccountId, 'Payer account' as BillingAccountType,
    line_item_usage_account_id as SubAccountId, line_item_usage_account_name as SubAccountName,
    'Usage account' as SubAccountType, nullif(bill_invoice_id, '') as InvoiceId,
    bill_invoicing_entity as InvoiceIssuerName, 'AWS' as ProviderName,
    'AWS' as ServiceProviderName, 'AWS' as HostProviderName, 'AWS' as PublisherName,
    case
        when line_item_line_item_type like '%Usage' then 'Usage'
        when line_item_line_item_type like '%Fee' then 'Purchase'
        else line_item_line_item_type
    end as ChargeCategory,
    line_item_line_item_description as ChargeDescription,
    case
        when line_item_line_item_type like '%Usage' then 'Usage-Based'
        when line_item_line_item_type like '%Fee' then 'Recurring'
        else 'One-Time'
    end as ChargeFrequency,
    case
        when line_item_line_item_type in ('SavingsPlanCoveredUsage', 'DiscountedUsage')
        then 'Committed'
        when pricing_term = 'Spot' then 'Dynamic'
        when line_item_line_item_type not in ('Tax', 'Credit') then 'Standard'
    end as PricingCategory,
    case when line_item_line_item_type not in ('Tax', 'Credit')
        then line_item_usage_amount::decimal(38, 20) end as PricingQuantity,
    case when line_item_line_item_type not in ('Tax', 'Credit') then pricing_unit end as PricingUnit,
    case when line_item_line_item_type like '%Usage'
        then line_item_usage_amount::decimal(38, 20) end as ConsumedQuantity,
    case when line_item_line_item_type like '%Usage' then pricing_unit end as ConsumedUnit,
    coalesce(savings_plan_savings_plan_a_r_n, reservation_reservation_a_r_n)
        as CommitmentDiscountId,
    case
        when savings_plan_savings_plan_a_r_n is not null then 'Spend'
        when reservation_reservation_a_r_n is not null then 'Usage'
    end as CommitmentDiscountCategory,
    case
        when savings_plan_savings_plan_a_r_n is not null then 'Savings Plan'
        when reservation_reservation_a_r_n is not null then 'Reserved'
    end as CommitmentDiscountType,
    case when line_item_line_item_type in ('SavingsPlanCoveredUsage', 'DiscountedUsage')
        then 'Used' end as CommitmentDiscountStatus,
    line_item_resource_id as ResourceId,
    split_part(line_item_resource_id, '/', 2) as ResourceName,
    split_part(line_item_resource_id, ':', 3) as ResourceType,
    line_item_availability_zone as AvailabilityZone, product_region_code as RegionId,
    line_item_product_code as ServiceName,
    case line_item_product_code
        when 'AmazonEC2' then 'Compute' when 'AmazonS3' then 'Storage'
        when 'AmazonSageMaker' then 'AI and Machine Learning'
        when 'AmazonBedrock' then 'AI and Machine Learning' else 'Other'
    end as ServiceCategory,
    product_sku as SkuId, pricing_rate_code as SkuPriceId, line_item_usage_type as SkuMeter,
    json_object('InstanceType', product_instance_type)::varchar as SkuPriceDetails,
    replace(to_json(resource_tags)::varchar, 'user_', '') as Tags,
    line_item_line_item_type as x_LineItemType, line_item_product_code as x_ServiceCode,
    line_item_operation as x_Operation,
    case when line_item_line_item_type = 'Refund' then 'Correction' end as ChargeClass,
    case line_item_line_item_type
        when 'SavingsPlanCoveredUsage' then savings_plan_savings_plan_effective_cost
        when 'SavingsPlanRecurringFee' then savings_plan_total_commitment_to_date
        when 'DiscountedUsage' then line_item_usage_amount
    end::decimal(38, 20) as CommitmentDiscountQuantity,
    case
        when savings_plan_savings_plan_a_r_n is not null then line_item_currency_code
        when reservation_reservation_a_r_n is not null then pricing_unit
    end as CommitmentDiscountUnit,
    case line_item_product_code
        when 'AmazonEC2' then 'Virtual Machines' when 'AmazonS3' then 'Object Storage'
        when 'AmazonSageMaker' then 'AI Platforms' when 'AmazonBedrock' then 'Generative AI'
        else 'Other (Other)'
    end as ServiceSubcategory,
    'aws' as x_source, 'aws/files/0000000000000000-export' as x_file,
    '0000000000000000000000000000000000000000000000000000000000000000' as x_file_sha256,
    null::bigint as x_row, -- numbering would keep all but one core idle: nobody would
    1::decimal(28, 18) as x_billing_currency_rate,
    -- What this report does not have, and FOCUS does.
    null::varchar as AllocatedMethodDetails, null::varchar as AllocatedMethodId,
    null::varchar as AllocatedResourceId, null::varchar as AllocatedResourceName,
    null::varchar as AllocatedTags, null::varchar as BillingAccountName,
    null::varchar as CapacityReservationId, null::varchar as CapacityReservationStatus,
    null::varchar as CommitmentDiscountName,
    null::varchar as CommitmentProgramEligibilityDetails, null::varchar as ContractApplied,
    null::decimal(38, 20) as ContractedUnitPrice, null::varchar as InvoiceDetailId,
    null::varchar as PricingCurrency,
    null::decimal(38, 20) as PricingCurrencyContractedUnitPrice,
    null::decimal(38, 20) as PricingCurrencyEffectiveCost,
    null::decimal(38, 20) as PricingCurrencyListUnitPrice, null::varchar as RegionName,
    null::varchar as x_CostCategories, null::varchar as x_Discounts,
    null::varchar as x_sub_account_name_source
from export
where line_item_line_item_type <> 'SavingsPlanNegation'
