-- Answers of Azure's query API, actual and amortised cost, become charges.
--
-- grain     one row per row of the answer: a day and what it was grouped by
-- money     DECIMAL(38, 20), billed and effective as in azure_cost.sql; the API knows no price,
--           no list cost and no quantity, and none is invented
-- method    the billing period is the calendar month, which is how the answers are asked for
-- source    Microsoft Learn, Cost Management, "Query - Usage"; FOCUS 1.2
with row_of_file as (
    select
        *,
        coalesce(BenefitId, ReservationId) as benefit,
        coalesce(azure_known(MeterCategory), azure_known(ServiceName)) as meter,
        date_trunc('day', Date)::timestamp as day
    from landed where reason is null
),
charge as (
    select
        *,
        azure_is_commitment(PricingModel, ChargeType, benefit) as is_commitment,
        azure_is_covered(PricingModel, ChargeType, benefit) as is_covered,
        azure_is_purchase(PricingModel, ChargeType, benefit) as is_purchase,
        azure_commitment_kind(PricingModel, ChargeType, benefit) as kind,
        azure_service_class(meter, null) as service_class
    from row_of_file
)
select
    x_row,
    case when is_covered then 0::decimal(38, 20) else Cost end as BilledCost,
    case when is_purchase then 0::decimal(38, 20) else Cost end as EffectiveCost,
    azure_pricing_category(PricingModel, ChargeType, benefit) as PricingCategory,
    BillingAccountId,
    SubscriptionId as SubAccountId,
    SubscriptionName as SubAccountName,
    case when SubscriptionId is not null then 'Subscription' end as SubAccountType,
    Currency as BillingCurrency,
    date_trunc('month', day)::timestamp as BillingPeriodStart,
    date_trunc('month', day)::timestamp + interval 1 month as BillingPeriodEnd,
    day as ChargePeriodStart,
    day + interval 1 day as ChargePeriodEnd,
    azure_category(ChargeType) as ChargeCategory,
    case when azure_word(ChargeType) = 'refund' then 'Correction' end as ChargeClass,
    MeterName as ChargeDescription,
    case azure_word(Frequency)
        when 'onetime' then 'One-Time' when 'recurring' then 'Recurring'
        when 'usagebased' then 'Usage-Based'
        else case when azure_category(ChargeType) = 'Usage' then 'Usage-Based'
            else 'One-Time' end
    end as ChargeFrequency,
    case when is_commitment then benefit end as CommitmentDiscountId,
    case when is_commitment then coalesce(BenefitName, ReservationName)
    end as CommitmentDiscountName,
    case when is_commitment then kind end as CommitmentDiscountCategory,
    case when not is_commitment then null
        when kind = 'Spend' then 'Savings Plan' else 'Reservation' end as CommitmentDiscountType,
    case when not is_covered then null
        when azure_word(ChargeType) like 'unused%' then 'Unused' else 'Used'
    end as CommitmentDiscountStatus,
    InvoiceId,
    'Microsoft' as InvoiceIssuerName,
    'Microsoft' as ProviderName,
    'Microsoft' as HostProviderName,
    'Microsoft' as ServiceProviderName,
    -- Who published what a marketplace sold, the API does not say.
    case when coalesce(azure_word(PublisherType) <> 'marketplace', true) then 'Microsoft'
    end as PublisherName,
    split_part(service_class, '|', 1) as ServiceCategory,
    split_part(service_class, '|', 2) as ServiceSubcategory,
    coalesce(azure_known(ServiceName), meter, ServiceName, 'Unassigned') as ServiceName,
    azure_region(ResourceLocation) as RegionId,
    azure_known(ResourceLocation) as RegionName,
    lower(ResourceId) as ResourceId,
    nullif(split_part(ResourceId, '/', -1), '') as ResourceName,
    coalesce(lower(ResourceType), azure_resource_type(ResourceId)) as ResourceType,
    MeterName as SkuMeter,
    lower(ResourceGroup) as x_ResourceGroupName,
    MeterCategory as x_SkuMeterCategory,
    MeterSubCategory as x_SkuMeterSubcategory,
    ServiceFamily as x_SkuServiceFamily,
    ChargeType as x_ChargeType,
    PricingModel as x_PricingModel,
    PublisherType as x_PublisherType,
    dataset as x_Dataset,
    CostInUsd::varchar as x_CostInUsd
from charge
