-- Azure cost details, actual or amortised, become charges.
--
-- grain     one row per row of the file; which of an actual and an amortised file's rows count is
--           settled once both are loaded (normalise/formats/azure_pair.py)
-- money     DECIMAL(38, 20). Billed: 0 for use that a commitment covers and for its unused part,
--           whose money is in the purchase. Effective: 0 for the purchase, whose money is in the
--           use. Unit prices of a Customer Agreement are in the pricing currency and are
--           multiplied by the exchange rate. List cost: as stated, else list price x quantity;
--           NULL where neither is stated, and a price of 0 is none. What no commitment covers is
--           contracted for what it costs; an unused part has neither cost, as nothing was had
-- method    a file that names no billing period is billed by the calendar month of its days;
--           ends are exclusive, the file's are the last day. Resource ids and groups, which Azure
--           writes in several casings, are lower-cased. Quantities are of single units, to be
--           divided by the block of UnitOfMeasure, unless unit price x quantity is the very cost
--           of the row: then they are of blocks, as Customer Agreements have them
-- rounding  products at the fourteenth digit; prices in billing currency at the twentieth
-- source    Microsoft Learn, "Convert Cost Management data to FOCUS"; FOCUS 1.2
with row_of_file as (
    select
        *,
        coalesce(BenefitId, ReservationId) as benefit,
        coalesce(BenefitName, ReservationName) as benefit_name,
        coalesce(azure_word(PublisherType) = 'marketplace', false) as is_marketplace,
        azure_block(UnitOfMeasure) as block,
        split_part(azure_service_class(MeterCategory, ConsumedService), '|', 1) as category,
        split_part(azure_service_class(MeterCategory, ConsumedService), '|', 2) as subcategory,
        -- A comparison, no figure: doubles will do.
        coalesce(
            Cost <> 0
            and abs(UnitPrice::double * Quantity::double
                - coalesce(CostInPricingCurrency, Cost)::double)
            <= 1e-6 * abs(coalesce(CostInPricingCurrency, Cost)::double),
            false
        ) as is_in_blocks,
        date_trunc('day', Date)::timestamp as day
    from landed where reason is null
),
charge as (
    select
        *,
        azure_is_commitment(PricingModel, ChargeType, benefit) as is_commitment,
        azure_is_covered(PricingModel, ChargeType, benefit) as is_covered,
        azure_is_purchase(PricingModel, ChargeType, benefit) as is_purchase,
        azure_category(ChargeType) as charge_category,
        -- What is bought or used has a quantity; a tax or a credit has none.
        azure_category(ChargeType) in ('Usage', 'Purchase') as is_priced,
        azure_word(ChargeType) is not distinct from 'usage' or ChargeType is null as is_use,
        azure_word(ChargeType) in ('unusedreservation', 'unusedsavingsplan') is true as is_unused,
        case when is_in_blocks then Quantity
            else azure_in_blocks(Quantity, coalesce(block, 1)) end as priced_quantity,
        case when is_in_blocks then azure_times(Quantity, coalesce(block, 1))
            else Quantity end as consumed_quantity,
        nullif(
            case when PricingCurrency is null or ExchangeRate is null then UnitPrice
                else azure_times(UnitPrice, ExchangeRate) end,
            0
        ) as unit_price,
        nullif(
            case when PricingCurrency is null or ExchangeRate is null then PayGPrice
                else azure_times(PayGPrice, ExchangeRate) end,
            0
        ) as list_price,
        coalesce(BillingPeriodStartDate, date_trunc('month', day)::timestamp) as period_start
    from row_of_file
)
select
    x_row,
    case when is_covered then 0::decimal(38, 20) else Cost end as BilledCost,
    case when is_purchase then 0::decimal(38, 20) else Cost end as EffectiveCost,
    case
        when is_unused then 0::decimal(38, 20)
        when not is_priced then Cost
        when nullif(ListCost, 0) is not null then ListCost
        when is_use then azure_times(list_price, priced_quantity)
        else coalesce(azure_times(unit_price, priced_quantity), Cost)
    end::decimal(38, 20) as ListCost,
    case
        when is_unused then 0::decimal(38, 20)
        when not is_priced then Cost
        when is_covered then azure_times(unit_price, priced_quantity)
        else coalesce(azure_times(unit_price, priced_quantity), Cost)
    end::decimal(38, 20) as ContractedCost,
    case when is_use then list_price end as ListUnitPrice,
    case when is_priced and not is_unused then unit_price end as ContractedUnitPrice,
    PricingCurrency,
    case when PricingCurrency is not null and is_priced and not is_unused
        then nullif(UnitPrice, 0) end as PricingCurrencyContractedUnitPrice,
    case when PricingCurrency is not null and is_use then nullif(PayGPrice, 0)
    end as PricingCurrencyListUnitPrice,
    case when is_purchase and CostInPricingCurrency is not null then 0::decimal(38, 20)
        else CostInPricingCurrency end as PricingCurrencyEffectiveCost,
    case when is_priced then priced_quantity end as PricingQuantity,
    case when is_priced then azure_unit(UnitOfMeasure) end as PricingUnit,
    case when is_use then consumed_quantity end as ConsumedQuantity,
    case when is_use then azure_unit(UnitOfMeasure) end as ConsumedUnit,
    azure_pricing_category(PricingModel, ChargeType, benefit) as PricingCategory,
    -- An Enterprise Agreement is billed by enrolment, a Customer Agreement by billing profile.
    case when PricingCurrency is null then coalesce(BillingAccountId, BillingProfileId)
        else coalesce(BillingProfileId, BillingAccountId) end as BillingAccountId,
    case when PricingCurrency is null then coalesce(BillingAccountName, BillingProfileName)
        else coalesce(BillingProfileName, BillingAccountName) end as BillingAccountName,
    case when PricingCurrency is not null and BillingProfileId is not null then 'Billing Profile'
        when BillingAccountId is not null then 'Billing Account' end as BillingAccountType,
    SubscriptionId as SubAccountId,
    SubscriptionName as SubAccountName,
    case when SubscriptionId is not null then 'Subscription' end as SubAccountType,
    Currency as BillingCurrency,
    period_start as BillingPeriodStart,
    case
        when BillingPeriodEndDate is null then period_start + interval 1 month
        -- Some exports state the end as FOCUS does.
        when BillingPeriodEndDate = period_start + interval 1 month then BillingPeriodEndDate
        else BillingPeriodEndDate + interval 1 day
    end as BillingPeriodEnd,
    day as ChargePeriodStart,
    day + interval 1 day as ChargePeriodEnd,
    charge_category as ChargeCategory,
    case when azure_word(ChargeType) = 'refund' then 'Correction' end as ChargeClass,
    coalesce(azure_known(ProductName), azure_known(MeterName), PlanName) as ChargeDescription,
    case azure_word(Frequency)
        when 'onetime' then 'One-Time' when 'recurring' then 'Recurring'
        when 'usagebased' then 'Usage-Based'
        else case when charge_category = 'Usage' then 'Usage-Based' else 'One-Time' end
    end as ChargeFrequency,
    case when is_commitment then benefit end as CommitmentDiscountId,
    case when is_commitment then benefit_name end as CommitmentDiscountName,
    case when is_commitment then azure_commitment_kind(PricingModel, ChargeType, benefit)
    end as CommitmentDiscountCategory,
    case
        when not is_commitment then null
        when azure_commitment_kind(PricingModel, ChargeType, benefit) = 'Spend' then 'Savings Plan'
        else 'Reservation'
    end as CommitmentDiscountType,
    case when not is_covered then null
        when azure_word(ChargeType) like 'unused%' then 'Unused' else 'Used'
    end as CommitmentDiscountStatus,
    nullif(InvoiceId, '') as InvoiceId,
    coalesce(PartnerName, 'Microsoft') as InvoiceIssuerName,
    'Microsoft' as ProviderName,
    'Microsoft' as HostProviderName,
    case when is_marketplace then coalesce(PublisherName, 'Microsoft') else 'Microsoft'
    end as ServiceProviderName,
    case when is_marketplace then coalesce(PublisherName, 'Microsoft') else 'Microsoft'
    end as PublisherName,
    category as ServiceCategory,
    subcategory as ServiceSubcategory,
    coalesce(
        azure_known(MeterCategory), azure_known(ServiceName), azure_known(ProductOrderName),
        PlanName, ConsumedService, MeterCategory, 'Unassigned'
    ) as ServiceName,
    azure_region(ResourceLocation) as RegionId,
    azure_known(ResourceLocation) as RegionName,
    AvailabilityZone,
    lower(ResourceId) as ResourceId,
    coalesce(ResourceName, nullif(split_part(ResourceId, '/', -1), '')) as ResourceName,
    coalesce(lower(ResourceType), azure_resource_type(ResourceId)) as ResourceType,
    case when is_priced then coalesce(ProductId, azure_known(MeterId)) end as SkuId,
    case when is_priced then azure_known(MeterName) end as SkuMeter,
    case when is_priced then coalesce(PartNumber, ProductId || '_' || MeterId) end as SkuPriceId,
    Tags,
    lower(ResourceGroup) as x_ResourceGroupName,
    MeterCategory as x_SkuMeterCategory,
    MeterSubCategory as x_SkuMeterSubcategory,
    MeterId as x_SkuMeterId,
    ServiceFamily as x_SkuServiceFamily,
    AdditionalInfo as x_SkuDetails,
    ChargeType as x_ChargeType,
    PricingModel as x_PricingModel,
    PublisherType as x_PublisherType,
    CostCenter as x_CostCenter,
    AccountName as x_AccountName,
    InvoiceSectionId as x_InvoiceSectionId,
    InvoiceSectionName as x_InvoiceSectionName,
    EffectivePrice::varchar as x_EffectiveUnitPrice,
    CostAllocationRuleName as x_CostAllocationRuleName
from charge
