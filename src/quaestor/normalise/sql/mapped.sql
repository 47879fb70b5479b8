-- An invoice becomes charges, each FOCUS column from where the source's mapping says.
--
-- grain     one row per row of the invoice
-- money     DECIMAL(38, 20), in the row's billing currency, as the invoice states it
-- method    what the mapping leaves open, or a cell leaves empty, is derived where only one
--           answer is sensible: EffectiveCost is BilledCost (nothing was prepaid); list and
--           contracted cost are BilledCost where no unit price is stated and nothing was
--           amortised, as FOCUS has it, else unknown; a charge lasts a day, or the billing period
--           where the invoice knows no days; a billing period is a calendar month; a charge is
--           usage; who provides also publishes and invoices
-- source    FOCUS 1.2: "List Cost", "Contracted Cost" (a charge without a unit price)
with period as (
    select
        * exclude (BillingPeriodStart, BillingPeriodEnd),
        coalesce(BillingPeriodStart, date_trunc('month', ChargePeriodStart))::timestamp
            as BillingPeriodStart,
        BillingPeriodEnd,
        coalesce(ProviderName, ServiceProviderName) as provider
    from landed where reason is null and left_out is null
),
whole as (
    select
        * replace (
            coalesce(BillingPeriodEnd, BillingPeriodStart + interval 1 month) as BillingPeriodEnd,
            coalesce(EffectiveCost, BilledCost) as EffectiveCost
        )
    from period
)
select
    * exclude (reason, note, landed, left_out, provider)
    replace (
        coalesce(
            ChargePeriodEnd,
            case when ChargePeriodStart is null then BillingPeriodEnd
                else ChargePeriodStart + interval 1 day end
        ) as ChargePeriodEnd,
        coalesce(ChargePeriodStart, BillingPeriodStart) as ChargePeriodStart,
        coalesce(
            ListCost,
            case when ListUnitPrice is null and EffectiveCost = BilledCost then BilledCost end
        ) as ListCost,
        coalesce(
            ContractedCost,
            case when ContractedUnitPrice is null and EffectiveCost = BilledCost
                then BilledCost end
        ) as ContractedCost,
        coalesce(ChargeCategory, 'Usage') as ChargeCategory,
        coalesce(ServiceCategory, 'Other') as ServiceCategory,
        coalesce(ServiceSubcategory, coalesce(ServiceCategory, 'Other') || ' (Other)')
            as ServiceSubcategory,
        provider as ProviderName,
        coalesce(ServiceProviderName, provider) as ServiceProviderName,
        coalesce(PublisherName, provider) as PublisherName,
        coalesce(InvoiceIssuerName, provider) as InvoiceIssuerName
    )
from whole
