-- What Cost Explorer answered becomes charges: use by account, or a tag, and service; all else by
-- account, or a tag, and charge type.
--
-- grain     one row per period and group
-- money     DECIMAL(38, 20), in the row's currency. Billed is what is owed after discounts (net
--           unblended, where AWS gives it), effective spreads commitments (net amortized). There
--           is no list price: list and contracted cost are null, unknown
-- method    what is no use is of no service that Cost Explorer names; it goes by its charge type.
--           A group without charge type mixes all kinds, unless its service is Tax: then the
--           category is null rather than guessed. An organisation's bill belongs to its payer,
--           whom Cost Explorer does not name
-- source    AWS Billing and Cost Management API, GetCostAndUsage
with charge as (
    select
        *,
        coalesce(net_unblended_cost, unblended_cost) as billed,
        coalesce(net_amortized_cost, amortized_cost) as effective,
        date_trunc('month', time_period_start) as month,
        case
            when record_type = 'Tax' or (record_type is null and service = 'Tax') then 'Tax'
            when record_type = 'Credit' then 'Credit'
            when
                record_type in (
                    'Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', 'SavingsPlanNegation',
                    'Refund'
                )
                or record_type like '%Discount'
            then 'Usage'
            when
                record_type in ('Recurring', 'Upfront', 'Fee', 'RIFee', 'Support')
                or record_type like 'SavingsPlan%Fee'
            then 'Purchase'
        end as category
    from landed
    where reason is null
)
select
    c.x_row,
    c.billed as BilledCost,
    c.effective as EffectiveCost,
    c.currency as BillingCurrency,
    c.month as BillingPeriodStart,
    c.month + interval 1 month as BillingPeriodEnd,
    c.time_period_start as ChargePeriodStart,
    c.time_period_end as ChargePeriodEnd,
    c.category as ChargeCategory,
    case when c.record_type = 'Refund' then 'Correction' end as ChargeClass,
    concat_ws(', ', c.service, c.record_type) as ChargeDescription,
    case
        when c.record_type in ('Recurring', 'RIFee', 'SavingsPlanRecurringFee', 'Support')
        then 'Recurring'
        when c.category = 'Usage' and c.record_type not like '%Discount'
        then 'Usage-Based'
        when c.category is not null then 'One-Time'
    end as ChargeFrequency,
    c.linked_account as SubAccountId,
    c.linked_account_name as SubAccountName,
    'AWS' as ProviderName,
    'AWS' as ServiceProviderName,
    'AWS' as HostProviderName,
    'AWS' as PublisherName,
    'AWS' as InvoiceIssuerName,
    coalesce(s.name, c.service, c.record_type) as ServiceName,
    coalesce(s.category, 'Other') as ServiceCategory,
    coalesce(s.subcategory, 'Other (Other)') as ServiceSubcategory,
    case when c.usage_unit is not null and c.usage_unit <> 'N/A'
        and coalesce(c.category = 'Usage', true) then c.usage_quantity
    end as ConsumedQuantity,
    case when coalesce(c.category = 'Usage', true) then nullif(c.usage_unit, 'N/A') end
        as ConsumedUnit,
    case when c.tag_key is not null and c.tag_value is not null
        then json_object(c.tag_key, c.tag_value)::varchar
    end as Tags,
    c.record_type as x_LineItemType,
    c.estimated as x_Estimated
from charge as c
left join aws_services() as s on s.name = aws_service_billed(c.service)
