-- Google Cloud's billing export, standard or detailed, becomes charges.
--
-- grain     one row per row of the export; one more for each credit that is no discount of the
--           charge itself, and one more for the use that a commitment's fee pays
-- money     DECIMAL(38, 20), in the row's billing currency. Billed is cost + discounts
--           (committed and sustained use, free tier, reseller's margin ...); promotions and
--           credits of a type that is not known are charges of category Credit. So the sum of
--           BilledCost is the sum of cost and credits, in every invoice month. List cost as
--           stated (cost_at_list), else NULL; a tax, credit or adjustment has no other price
-- method    effective cost equals billed cost, but for the fee of a commitment: it is billed
--           with the purchase, and effective in a row of its own, in the very hours that the
--           fee is for, as Google bills fees by the hour. What the export tells about its use:
--           since 2025 use is billed at its discounted price and the fee less what was used
--           (FEE_UTILIZATION_OFFSET), so what remains of it is the unused part. Of any other fee
--           it does not tell which resources it paid for, nor whether it was used: the row says
--           no status, and is attributed to no resource. A commitment has an id where the row
--           names its subscription. The export only grows: two equal rows are two charges, and a
--           row that arrives late belongs to the invoice that it names
-- rounding  the twentieth digit
-- source    Google Cloud, "Structure of Detailed data export" and "Spend-based CUDs data model
--           updates"; FOCUS 1.2
with row_of_file as (
    select
        *,
        gcp_credit_list(credits) as credit_list,
        lower(replace(coalesce(cost_type, 'regular'), ' ', '_')) as kind,
        coalesce(consumption_model_description not ilike 'default%', false) as is_discounted,
        gcp_month_start(invoice_month, 0) as period_start,
        gcp_month_start(invoice_month, 1) as period_end
    from landed where reason is null
),
priced as (
    select
        *,
        (cost + gcp_sum(list_filter(
            credit_list, lambda credit: gcp_is_discount(credit.type)
        )))::decimal(38, 20) as billed,
        coalesce(gcp_has(credit_list, 'FEE_UTILIZATION_OFFSET'), false) as has_offset,
        coalesce(gcp_has(credit_list, 'COMMITTED_USAGE_DISCOUNT%'), false) as has_commitment_credit
    from row_of_file
),
charge as (
    select
        *,
        kind = 'regular' and not is_discounted and not has_commitment_credit and (
            has_offset or subscription_instance_id is not null
            or coalesce(sku_description ilike 'commitment%', false)
        ) as is_fee
    from priced
),
part as (
    select
        x_row,
        case
            when kind = 'tax' then 'Tax'
            when kind <> 'regular' then 'Adjustment'
            when is_fee then 'Purchase'
            else 'Usage'
        end as category,
        is_fee,
        billed,
        case when is_fee then 0::decimal(38, 20) else billed end as effective,
        cost as cost_before_credits,
        {'name': null::varchar, 'amount': null::varchar, 'full_name': null::varchar,
            'id': null::varchar, 'type': null::varchar} as credit
    from charge
    union all
    -- What a fee paid for, in the hours that it is for.
    select
        x_row, 'Usage', true, 0::decimal(38, 20), billed, null, null
    from charge
    where is_fee and billed <> 0
    union all
    select
        x_row, 'Credit', false,
        as_number(credit.amount), as_number(credit.amount), null, credit
    from (
        select x_row, unnest(list_filter(
            credit_list, lambda credit: not gcp_is_discount(credit.type)
        )) as credit
        from charge
    )
)
select
    c.x_row,
    p.billed as BilledCost,
    p.effective as EffectiveCost,
    case
        when p.category in ('Tax', 'Credit', 'Adjustment') then p.billed
        when p.is_fee and p.category = 'Usage' then 0::decimal(38, 20)
        else c.cost_at_list
    end as ListCost,
    case
        when p.category in ('Tax', 'Credit', 'Adjustment') then p.billed
        when p.is_fee and p.category = 'Usage' then 0::decimal(38, 20)
        else coalesce(c.cost_at_effective_price_default, c.cost)
    end as ContractedCost,
    case when p.category = 'Usage' and not p.is_fee then c.price_list_price end as ListUnitPrice,
    case when p.category = 'Usage' and not p.is_fee
        then coalesce(c.price_effective_price_default, c.price_effective_price)
    end as ContractedUnitPrice,
    case when p.category = 'Purchase' or (p.category = 'Usage' and not p.is_fee)
        then c.usage_amount_in_pricing_units end as PricingQuantity,
    case when p.category = 'Purchase' or (p.category = 'Usage' and not p.is_fee)
        then c.usage_pricing_unit end as PricingUnit,
    case when p.category = 'Usage' and not p.is_fee then c.usage_amount end as ConsumedQuantity,
    case when p.category = 'Usage' and not p.is_fee then c.usage_unit end as ConsumedUnit,
    case
        when p.category not in ('Usage', 'Purchase') then null
        when p.category = 'Purchase' then 'Standard'
        when p.is_fee or c.is_discounted or c.has_commitment_credit then 'Committed'
        when c.sku_description ilike '%spot preemptible%'
            or c.sku_description ilike 'preemptible%'
        then 'Dynamic'
        else 'Standard'
    end as PricingCategory,
    c.billing_account_id as BillingAccountId,
    'Billing Account' as BillingAccountType,
    c.project_id as SubAccountId,
    c.project_name as SubAccountName,
    case when c.project_id is not null then 'Project' end as SubAccountType,
    c.currency as BillingCurrency,
    c.period_start as BillingPeriodStart,
    c.period_end as BillingPeriodEnd,
    c.usage_start_time as ChargePeriodStart,
    c.usage_end_time as ChargePeriodEnd,
    p.category as ChargeCategory,
    case
        when c.adjustment_info_type ilike '%correction%'
            or c.adjustment_info_mode ilike '%correction%'
            or c.adjustment_info_mode ilike '%negation%'
        then 'Correction'
    end as ChargeClass,
    case
        when p.category = 'Credit'
        then coalesce(p.credit.full_name, p.credit.name, p.credit.id, p.credit.type)
        when p.category = 'Usage' and p.is_fee
        then concat_ws(': ', c.sku_description, case when c.has_offset then 'the unused part'
            else 'the fee, spread; its use is not told by the export' end)
        else coalesce(c.sku_description, c.adjustment_info_description)
    end as ChargeDescription,
    case
        when p.category = 'Usage' then 'Usage-Based'
        when p.category = 'Purchase' then 'Recurring'
        else 'One-Time'
    end as ChargeFrequency,
    -- An id asks for a status, so that use nobody knows about has neither.
    case when p.category = 'Purchase' or (p.category = 'Usage' and (
        c.has_offset or c.is_discounted or c.has_commitment_credit
    )) then c.subscription_instance_id end as CommitmentDiscountId,
    case when c.subscription_instance_id is not null and (
        p.category = 'Purchase' or (p.category = 'Usage' and (
            c.has_offset or c.is_discounted or c.has_commitment_credit
        ))
    ) then case
        when c.has_offset or c.is_discounted or c.sku_description ilike '%dollar%'
            or gcp_has(c.credit_list, 'COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE')
        then 'Spend' else 'Usage' end
    end as CommitmentDiscountCategory,
    case when c.subscription_instance_id is not null and (
        p.category = 'Purchase' or (p.category = 'Usage' and (
            c.has_offset or c.is_discounted or c.has_commitment_credit
        ))
    ) then 'Committed use discount' end as CommitmentDiscountType,
    case
        when p.category <> 'Usage' or c.subscription_instance_id is null then null
        when p.is_fee and c.has_offset then 'Unused'
        when c.is_discounted or c.has_commitment_credit then 'Used'
    end as CommitmentDiscountStatus,
    'Google Cloud' as ProviderName,
    'Google Cloud' as HostProviderName,
    coalesce(c.seller_name, 'Google Cloud') as ServiceProviderName,
    coalesce(c.seller_name, 'Google Cloud') as PublisherName,
    'Google Cloud' as InvoiceIssuerName,
    c.service_description as ServiceName,
    coalesce(s.category, 'Other') as ServiceCategory,
    coalesce(s.subcategory, 'Other (Other)') as ServiceSubcategory,
    case when p.category <> 'Tax' then c.sku_id end as SkuId,
    case when p.category <> 'Tax' and c.sku_id is not null then c.sku_description end as SkuMeter,
    case when p.category in ('Usage', 'Purchase')
        then gcp_object(list_transform(
            gcp_pairs(c.system_labels, ''),
            lambda pair: {'key': gcp_sku_detail(pair.key), 'value': pair.value}
        )) end as SkuPriceDetails,
    c.resource_global_name as ResourceId,
    case when c.resource_global_name is not null then c.resource_name end as ResourceName,
    case when c.resource_global_name is not null
        then nullif(gcp_resource_type(c.resource_global_name), '/') end as ResourceType,
    c.location_region as RegionId,
    case when c.location_region is not null then c.location_location end as RegionName,
    c.location_zone as AvailabilityZone,
    gcp_object(list_concat(
        gcp_pairs(c.labels, ''), gcp_pairs(c.tags, 'tag:'), gcp_pairs(c.project_labels, 'project:')
    )) as Tags,
    c.service_id as x_ServiceId,
    c.cost_type as x_CostType,
    p.cost_before_credits as x_CostBeforeCredits,
    case when p.category <> 'Credit' and not (p.is_fee and p.category = 'Usage')
        then nullif(c.credits, '[]') end as x_Credits,
    p.credit.id as x_CreditId,
    p.credit.name as x_CreditName,
    p.credit.type as x_CreditType,
    c.currency_conversion_rate as x_CurrencyConversionRate,
    c.export_time as x_ExportTime,
    c.location_country as x_Country,
    c.project_number as x_ProjectNumber,
    c.project_ancestry_numbers as x_ProjectAncestryNumbers,
    c.project_ancestors as x_ProjectAncestors,
    c.resource_name as x_ResourceName,
    c.subscription_instance_id as x_SubscriptionInstanceId,
    c.consumption_model_id as x_ConsumptionModelId,
    c.consumption_model_description as x_ConsumptionModel,
    c.cost_at_list_consumption_model as x_CostAtListConsumptionModel,
    c.price_tier_start_amount as x_PriceTierStartAmount,
    c.transaction_type as x_TransactionType,
    c.invoice_publisher_type as x_InvoicePublisherType,
    c.adjustment_info_id as x_AdjustmentId,
    c.adjustment_info_mode as x_AdjustmentMode,
    c.adjustment_info_type as x_AdjustmentType,
    c.adjustment_info_description as x_AdjustmentDescription
from part as p
join charge as c using (x_row)
left join gcp_services() as s on s.name = c.service_description
