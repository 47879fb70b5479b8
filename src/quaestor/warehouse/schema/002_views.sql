-- The bill in the words of one FOCUS version. ProviderName and PublisherName left FOCUS with 1.4;
-- ServiceProviderName took the first one's place in 1.3 (FOCUS 1.3, "Service Provider Name").
create or replace view focus.focus_1_2 as
select
    AvailabilityZone, BilledCost, BillingAccountId, BillingAccountName, BillingAccountType,
    BillingCurrency, BillingPeriodEnd, BillingPeriodStart, CapacityReservationId,
    CapacityReservationStatus, ChargeCategory, ChargeClass, ChargeDescription, ChargeFrequency,
    ChargePeriodEnd, ChargePeriodStart, CommitmentDiscountCategory, CommitmentDiscountId,
    CommitmentDiscountName, CommitmentDiscountQuantity, CommitmentDiscountStatus,
    CommitmentDiscountType, CommitmentDiscountUnit, ConsumedQuantity, ConsumedUnit,
    ContractedCost, ContractedUnitPrice, EffectiveCost, InvoiceId, InvoiceIssuerName, ListCost,
    ListUnitPrice, PricingCategory, PricingCurrency, PricingCurrencyContractedUnitPrice,
    PricingCurrencyEffectiveCost, PricingCurrencyListUnitPrice, PricingQuantity, PricingUnit,
    coalesce(ProviderName, ServiceProviderName) as ProviderName, PublisherName, RegionId,
    RegionName, ResourceId, ResourceName, ResourceType, ServiceCategory, ServiceName,
    ServiceSubcategory, SkuId, SkuMeter, SkuPriceDetails, SkuPriceId, SubAccountId,
    SubAccountName, SubAccountType, Tags
from focus.charge;

create or replace view focus.focus_1_4 as
select
    AllocatedMethodDetails, AllocatedMethodId, AllocatedResourceId, AllocatedResourceName,
    AllocatedTags, AvailabilityZone, BilledCost, BillingAccountId, BillingAccountName,
    BillingAccountType, BillingCurrency, BillingPeriodEnd, BillingPeriodStart,
    CapacityReservationId, CapacityReservationStatus, ChargeCategory, ChargeClass,
    ChargeDescription, ChargeFrequency, ChargePeriodEnd, ChargePeriodStart,
    CommitmentDiscountCategory, CommitmentDiscountId, CommitmentDiscountName,
    CommitmentDiscountQuantity, CommitmentDiscountStatus, CommitmentDiscountType,
    CommitmentDiscountUnit, CommitmentProgramEligibilityDetails, ConsumedQuantity, ConsumedUnit,
    ContractApplied, ContractedCost, ContractedUnitPrice, EffectiveCost, HostProviderName,
    InvoiceDetailId, InvoiceId, InvoiceIssuerName, ListCost, ListUnitPrice, PricingCategory,
    PricingCurrency, PricingCurrencyContractedUnitPrice, PricingCurrencyEffectiveCost,
    PricingCurrencyListUnitPrice, PricingQuantity, PricingUnit, RegionId, RegionName, ResourceId,
    ResourceName, ResourceType, ServiceCategory, ServiceName,
    coalesce(ServiceProviderName, ProviderName) as ServiceProviderName, ServiceSubcategory,
    SkuId, SkuMeter, SkuPriceDetails, SkuPriceId, SubAccountId, SubAccountName, SubAccountType,
    Tags
from focus.charge;
