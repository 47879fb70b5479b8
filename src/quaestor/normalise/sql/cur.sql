-- An AWS Cost and Usage Report becomes charges.
--
-- grain     one row per line item, without Savings Plan negations; a fee whose commitment was not
--           used up gives a second row, of what nobody used
-- money     DECIMAL(38, 20), in the row's currency. Billed: net unblended, else unblended; 0 for
--           use that a Savings Plan or a reservation covers. Effective: the amortised cost of
--           covered use; 0 for a fee that covers later use, and its unused part on the row of
--           that; else as billed. List: public on-demand, of use alone; where AWS states none,
--           and on all else, as billed, which is what FOCUS asks for. Contracted: as stated
--           before commitments, list where a reservation hides it. Blended costs are not read
-- method    a capacity reservation is no commitment discount. A line item type that nobody knows
--           yet is an Adjustment, or a Usage or a Purchase by its last word
-- source    AWS Data Exports user guide, CUR 2.0; FOCUS 1.2
with line as (
    select
        *,
        line_item_line_item_type as kind,
        coalesce(savings_plan_savings_plan_a_r_n, savings_plan_savings_plan_arn) as plan,
        coalesce(reservation_reservation_a_r_n, reservation_reservation_arn) as reservation,
        case when not is_capacity(reservation) then reservation end as reserved,
        coalesce(
            capacity_reservation_capacity_reservation_arn,
            case when is_capacity(reservation) then reservation end
        ) as capacity,
        cur_billed(
            line_item_line_item_type,
            line_item_net_unblended_cost,
            line_item_unblended_cost,
            exists (from landed where line_item_net_unblended_cost is not null)
        ) as stated,
        coalesce(
            cur_unused_plan(
                line_item_line_item_type,
                savings_plan_total_commitment_to_date,
                savings_plan_used_commitment
            ),
            cur_unused_reservation(
                line_item_line_item_type,
                reservation_net_unused_amortized_upfront_fee_for_billing_period,
                reservation_unused_amortized_upfront_fee_for_billing_period,
                reservation_net_unused_recurring_fee,
                reservation_unused_recurring_fee
            )
        ) as unused_cost
    from landed
    where reason is null and line_item_line_item_type is distinct from 'SavingsPlanNegation'
),
part as (
    select *, unnest(case when unused_cost <> 0 then [false, true] else [false] end) as unused
    from line
),
known as (
    select
        *,
        case
            when unused or kind = 'Usage' then 'Usage'
            when kind in ('SavingsPlanCoveredUsage', 'DiscountedUsage') then 'Usage'
            when kind = 'Tax' then 'Tax'
            when kind = 'Credit' then 'Credit'
            when kind = 'Refund' and plan is null and reserved is null then 'Usage'
            when kind = 'Refund' or kind like '%Fee' then 'Purchase'
            when kind like '%Discount' then 'Usage'
            when kind is not null then 'Adjustment'
        end as category,
        kind in ('SavingsPlanCoveredUsage', 'DiscountedUsage') as covered,
        -- A fee, or covered use, names its commitment; other rows may name one that did not help.
        coalesce(unused or kind in (
            'SavingsPlanCoveredUsage', 'DiscountedUsage', 'SavingsPlanRecurringFee',
            'SavingsPlanUpfrontFee', 'RIFee', 'Fee', 'Refund'
        ), false) as committing
    from part
),
charge as (
    select
        *,
        case when committing then coalesce(plan, reserved) end as commitment,
        case
            when unused or covered then 0::decimal(38, 20)
            else stated
        end as billed,
        case
            when unused then unused_cost
            when kind = 'SavingsPlanCoveredUsage'
            then cur_plan_cost(
                savings_plan_net_savings_plan_effective_cost,
                savings_plan_savings_plan_effective_cost
            )
            when kind = 'DiscountedUsage'
            then cur_reservation_cost(
                reservation_net_effective_cost,
                reservation_effective_cost,
                reservation_amortized_upfront_cost_for_usage,
                reservation_recurring_fee_for_usage
            )
            when kind in ('SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee', 'RIFee')
            then 0::decimal(38, 20)
            when kind = 'Fee' and coalesce(plan, reserved) is not null then 0::decimal(38, 20)
            else stated
        end as effective,
        -- AWS writes 0 where it has no public price.
        case when kind in ('Usage', 'SavingsPlanCoveredUsage', 'DiscountedUsage') and not unused
            and (pricing_public_on_demand_cost <> 0 or stated = 0)
            then pricing_public_on_demand_cost
        end as list
    from known
)
select
    c.x_row,
    c.billed as BilledCost,
    c.effective as EffectiveCost,
    case
        when c.unused then 0::decimal(38, 20)
        else coalesce(c.list, c.stated)
    end as ListCost,
    case
        when c.unused then 0::decimal(38, 20)
        when c.kind = 'DiscountedUsage' then coalesce(c.list, c.stated)
        else c.stated
    end as ContractedCost,
    case when c.list is not null then nullif(c.pricing_public_on_demand_rate, 0) end
        as ListUnitPrice,
    c.line_item_currency_code as BillingCurrency,
    c.pricing_currency as PricingCurrency,
    c.bill_billing_period_start_date as BillingPeriodStart,
    c.bill_billing_period_end_date as BillingPeriodEnd,
    c.line_item_usage_start_date as ChargePeriodStart,
    c.line_item_usage_end_date as ChargePeriodEnd,
    c.bill_payer_account_id as BillingAccountId,
    c.bill_payer_account_name as BillingAccountName,
    case when c.bill_payer_account_id is not null then 'Payer account' end
        as BillingAccountType,
    c.line_item_usage_account_id as SubAccountId,
    c.line_item_usage_account_name as SubAccountName,
    case when c.line_item_usage_account_id is not null then 'Usage account' end
        as SubAccountType,
    c.bill_invoice_id as InvoiceId,
    coalesce(c.bill_invoicing_entity, 'AWS') as InvoiceIssuerName,
    'AWS' as ProviderName,
    'AWS' as ServiceProviderName,
    'AWS' as HostProviderName,
    case when c.bill_billing_entity = 'AWS Marketplace'
        then coalesce(c.line_item_legal_entity, c.bill_billing_entity)
        else 'AWS'
    end as PublisherName,
    c.category as ChargeCategory,
    case when c.kind = 'Refund' then 'Correction' end as ChargeClass,
    c.line_item_line_item_description as ChargeDescription,
    case
        when c.category = 'Usage' and c.kind not like '%Discount' and c.kind <> 'Refund'
        then 'Usage-Based'
        when c.kind in ('SavingsPlanRecurringFee', 'RIFee') then 'Recurring'
        when c.kind is not null then 'One-Time'
    end as ChargeFrequency,
    case
        when c.unused or c.covered then 'Committed'
        when c.category not in ('Usage', 'Purchase') then null
        when c.pricing_term = 'Spot' or contains(c.line_item_usage_type, 'SpotUsage')
        then 'Dynamic'
        when c.category is not null then 'Standard'
    end as PricingCategory,
    case
        when coalesce(c.category, '') not in ('Usage', 'Purchase') then null
        -- What was not used of a reservation is counted; of a plan only its cost is told.
        when c.unused then case when c.plan is null then c.reservation_unused_quantity end
        else c.line_item_usage_amount
    end as PricingQuantity,
    case
        when coalesce(c.category, '') not in ('Usage', 'Purchase') then null
        when not c.unused or (c.plan is null and c.reservation_unused_quantity is not null)
        then c.pricing_unit
    end as PricingUnit,
    case when c.category = 'Usage' and not c.unused then c.line_item_usage_amount end
        as ConsumedQuantity,
    case when c.category = 'Usage' and not c.unused then c.pricing_unit end as ConsumedUnit,
    c.commitment as CommitmentDiscountId,
    case
        when c.commitment is null then null
        when c.plan is not null then 'Spend'
        else 'Usage'
    end as CommitmentDiscountCategory,
    case
        when c.commitment is null then null
        when c.plan is not null then coalesce(c.savings_plan_offering_type, 'Savings Plan')
        else 'Reserved'
    end as CommitmentDiscountType,
    case
        when c.commitment is null then null
        when c.unused then 'Unused'
        when c.covered then 'Used'
    end as CommitmentDiscountStatus,
    case
        when c.commitment is null then null
        when c.category not in ('Usage', 'Purchase') then null
        when c.unused and c.plan is null then c.reservation_unused_quantity
        when c.plan is not null and (c.unused or c.covered) then c.effective
        when c.kind = 'SavingsPlanRecurringFee' then c.savings_plan_total_commitment_to_date
        when c.kind = 'RIFee' then c.reservation_total_reserved_units
        when c.plan is not null then c.stated
        else c.line_item_usage_amount
    end as CommitmentDiscountQuantity,
    case
        when CommitmentDiscountQuantity is null then null
        when c.plan is not null then c.line_item_currency_code
        else c.pricing_unit
    end as CommitmentDiscountUnit,
    c.capacity as CapacityReservationId,
    case
        when c.capacity is null then null
        when
            c.capacity_reservation_capacity_reservation_status = 'Unused'
            or contains(c.line_item_usage_type, 'UnusedBox')
        then 'Unused'
        else 'Used'
    end as CapacityReservationStatus,
    coalesce(c.line_item_resource_id, case when c.unused then c.commitment end) as ResourceId,
    aws_resource_name(c.line_item_resource_id) as ResourceName,
    coalesce(
        aws_resource_type(c.line_item_resource_id),
        case when c.unused then 'commitment' end
    ) as ResourceType,
    c.line_item_availability_zone as AvailabilityZone,
    coalesce(c.product_region_code, c.product_region) as RegionId,
    case when c.product_region_code is not null or c.product_region is not null
        then c.product_location
    end as RegionName,
    coalesce(
        s.name, c.product_product_name, c.product_servicecode, c.line_item_product_code
    ) as ServiceName,
    case
        when s.category is not null then s.category
        when is_bedrock(c.product_product_name) then 'AI and Machine Learning'
        else 'Other'
    end as ServiceCategory,
    case
        when s.subcategory is not null then s.subcategory
        when is_bedrock(c.product_product_name) then 'Generative AI'
        else 'Other (Other)'
    end as ServiceSubcategory,
    case when c.category is distinct from 'Tax' then c.product_sku end as SkuId,
    case when c.category is distinct from 'Tax' then c.pricing_rate_code end as SkuPriceId,
    case when c.category is distinct from 'Tax' then c.line_item_usage_type end as SkuMeter,
    '{"InstanceType":"' || c.product_instance_type || '"}' as SkuPriceDetails,
    cur_tags(coalesce(nullif(c.resource_tags, '{}'), c.legacy_resource_tags)) as Tags,
    c.line_item_line_item_type as x_LineItemType,
    c.line_item_product_code as x_ServiceCode,
    c.line_item_operation as x_Operation,
    nullif(c.discount, '{}') as x_Discounts,
    coalesce(nullif(c.cost_category, '{}'), c.legacy_cost_category) as x_CostCategories
from charge as c
left join aws_services() as s on s.code = c.line_item_product_code
