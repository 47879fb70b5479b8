"""The columns of FOCUS 1.0 to 1.4, by what kind of value they hold.

A column that one of these versions has is here, also where another has dropped it; so it is in
`focus.charge` too, whose types follow from these.
"""

from __future__ import annotations

MONEY_COLUMNS = (
    "BilledCost",
    "CommitmentDiscountQuantity",
    "ConsumedQuantity",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "ListCost",
    "ListUnitPrice",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "PricingQuantity",
)
TIME_COLUMNS = ("BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart")
# JSON objects, as text.
JSON_COLUMNS = ("AllocatedTags", "SkuPriceDetails", "Tags")
TEXT_COLUMNS = (
    *("AllocatedMethodDetails", "AllocatedMethodId", "AllocatedResourceId"),
    *("AllocatedResourceName", "AvailabilityZone", "BillingAccountId", "BillingAccountName"),
    *("BillingAccountType", "BillingCurrency", "CapacityReservationId"),
    *("CapacityReservationStatus", "ChargeCategory", "ChargeClass", "ChargeDescription"),
    *("ChargeFrequency", "CommitmentDiscountCategory", "CommitmentDiscountId"),
    *("CommitmentDiscountName", "CommitmentDiscountStatus", "CommitmentDiscountType"),
    *("CommitmentDiscountUnit", "CommitmentProgramEligibilityDetails", "ConsumedUnit"),
    *("ContractApplied", "HostProviderName", "InvoiceDetailId", "InvoiceId", "InvoiceIssuerName"),
    *("PricingCategory", "PricingCurrency", "PricingUnit", "ProviderName", "PublisherName"),
    *("RegionId", "RegionName", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory"),
    *("ServiceName", "ServiceProviderName", "ServiceSubcategory", "SkuId", "SkuMeter"),
    *("SkuPriceId", "SubAccountId", "SubAccountName", "SubAccountType"),
)
COLUMNS = (*MONEY_COLUMNS, *TIME_COLUMNS, *JSON_COLUMNS, *TEXT_COLUMNS)
