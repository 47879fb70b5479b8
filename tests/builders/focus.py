"""Charges that keep every rule of FOCUS, one of each kind, to break one thing at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping

USAGE: Mapping[str, str] = {
    "AvailabilityZone": "eu-1a",
    "BilledCost": "10",
    "BillingAccountId": "111122223333",
    "BillingAccountName": "Example",
    "BillingAccountType": "Organisation",
    "BillingCurrency": "USD",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "ChargeCategory": "Usage",
    "ChargeDescription": "GPU hours",
    "ChargeFrequency": "Usage-Based",
    "ChargePeriodEnd": "2026-10-05T02:00:00Z",
    "ChargePeriodStart": "2026-10-05T00:00:00Z",
    "ConsumedQuantity": "2",
    "ConsumedUnit": "Hours",
    "ContractedCost": "10",
    "ContractedUnitPrice": "5",
    "EffectiveCost": "10",
    "HostProviderName": "Example Cloud",
    "InvoiceId": "2026-10-1",
    "InvoiceIssuerName": "Example Cloud, Inc.",
    "ListCost": "12.5",
    "ListUnitPrice": "6.25",
    "PricingCategory": "Standard",
    "PricingCurrency": "USD",
    "PricingCurrencyContractedUnitPrice": "5",
    "PricingCurrencyEffectiveCost": "10",
    "PricingCurrencyListUnitPrice": "6.25",
    "PricingQuantity": "2",
    "PricingUnit": "Hours",
    "ProviderName": "Example Cloud",
    "PublisherName": "Example Cloud",
    "RegionId": "eu-1",
    "RegionName": "Europe 1",
    "ResourceId": "gpu-1",
    "ResourceName": "trainer",
    "ResourceType": "Instance",
    "ServiceCategory": "Compute",
    "ServiceName": "Machines",
    "ServiceProviderName": "Example Cloud",
    "ServiceSubcategory": "Virtual Machines",
    "SkuId": "gpu",
    "SkuMeter": "Hours of a GPU",
    "SkuPriceDetails": json.dumps({"GpuCount": 8}),
    "SkuPriceId": "gpu.1",
    "SubAccountId": "444455556666",
    "SubAccountName": "ml",
    "SubAccountType": "Account",
    "Tags": json.dumps({"team": "nlp", "cost-centre": 4711, "spot": False, "note": "a [b] {c}"}),
}
_COMMITMENT = {
    "CommitmentDiscountCategory": "Spend",
    "CommitmentDiscountId": "plan-1",
    "CommitmentDiscountName": "The plan",
    "CommitmentDiscountQuantity": "7",
    "CommitmentDiscountType": "Savings Plan",
    "CommitmentDiscountUnit": "USD",
}
_CONSUMED_NOTHING = {"ConsumedQuantity": "", "ConsumedUnit": ""}
_NO_PRICE = dict.fromkeys(
    (
        *("ContractedUnitPrice", "ListUnitPrice", "PricingCategory", "PricingQuantity"),
        *("PricingCurrencyContractedUnitPrice", "PricingCurrencyListUnitPrice", "PricingUnit"),
        *("SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId"),
    ),
    "",
)
COVERED = {
    **USAGE,
    **_COMMITMENT,
    "BilledCost": "0",
    "EffectiveCost": "7",
    "PricingCurrencyEffectiveCost": "7",
    "CommitmentDiscountStatus": "Used",
    "PricingCategory": "Committed",
    "CapacityReservationId": "capacity-1",
    "CapacityReservationStatus": "Used",
}
UNUSED = {**COVERED, **_CONSUMED_NOTHING, "CommitmentDiscountStatus": "Unused"}
PURCHASE = {
    **USAGE,
    **_COMMITMENT,
    **_CONSUMED_NOTHING,
    "ChargeCategory": "Purchase",
    "ChargeFrequency": "Recurring",
    "EffectiveCost": "0",
    "PricingCurrencyEffectiveCost": "0",
}
TAX = {**USAGE, **_NO_PRICE, **_CONSUMED_NOTHING, "ChargeCategory": "Tax"}
CREDIT = {
    **TAX,
    "ChargeCategory": "Credit",
    "BilledCost": "-3",
    "EffectiveCost": "-3",
    "PricingCurrencyEffectiveCost": "-3",
    "ListCost": "-3",
    "ContractedCost": "-3",
}
REFUND = {
    **USAGE,
    **_NO_PRICE,
    **_CONSUMED_NOTHING,
    "ChargeClass": "Correction",
    "BilledCost": "-10",
}
REFUND |= {"EffectiveCost": "-10", "ListCost": "-10", "ContractedCost": "-10"}
KINDS: tuple[Mapping[str, str], ...] = (USAGE, COVERED, UNUSED, PURCHASE, TAX, CREDIT, REFUND)
