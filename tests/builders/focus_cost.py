"""Builders: a row of each version of Microsoft's own FOCUS export, FocusCost, all its columns.

Source: Microsoft Learn, "FOCUS cost and usage details file schema" (versions 1.0, 1.0r2 and
1.2-preview; 1.2 has the columns of its preview).
"""

from __future__ import annotations

COSTS = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")
_FOCUS_1_0 = {
    "BilledCost": "0",
    "BillingAccountId": "/providers/Microsoft.Billing/billingAccounts/1234",
    "BillingAccountName": "Example",
    "BillingAccountType": "Billing Account",
    "BillingCurrency": "EUR",
    "BillingPeriodEnd": "2026-11-01T00:00Z",
    "BillingPeriodStart": "2026-10-01T00:00Z",
    "ChargeCategory": "Usage",
    "ChargeClass": "",
    "ChargeDescription": "Virtual Machines NCads - NC24ads - US East",
    "ChargeFrequency": "Usage-Based",
    "ChargePeriodEnd": "2026-10-06T00:00Z",
    "ChargePeriodStart": "2026-10-05T00:00Z",
    "CommitmentDiscountCategory": "Usage",
    "CommitmentDiscountId": "/providers/Microsoft.Capacity/reservationOrders/Order-1",
    "CommitmentDiscountName": "three years",
    "CommitmentDiscountStatus": "Used",
    "CommitmentDiscountType": "Reservation",
    "ConsumedQuantity": "24",
    "ConsumedUnit": "Hours",
    "ContractedCost": "2.4000000000000001",
    "ContractedUnitPrice": "0.1",
    "EffectiveCost": "1.6010100000E-07",
    "InvoiceIssuerName": "Microsoft",
    "ListCost": "0",
    "ListUnitPrice": "0",
    "PricingCategory": "Committed",
    "PricingQuantity": "24",
    "PricingUnit": "Hours",
    "ProviderName": "Microsoft",
    "PublisherName": "Microsoft",
    "RegionId": "eastus",
    "RegionName": "East US",
    "ResourceId": "/subscriptions/1f2e/resourcegroups/g/providers/microsoft.compute/"
    "virtualmachines/gpu-1",
    "ResourceName": "gpu-1",
    "ResourceType": "Virtual machine",
    "ServiceCategory": "Compute",
    "ServiceName": "Virtual Machines",
    "SkuId": "DZH1",
    "SkuPriceId": "DZH1_0001_meter",
    "SubAccountId": "/subscriptions/1f2e",
    "SubAccountName": "research",
    "SubAccountType": "Subscription",
    "Tags": '{"team":"nlp"}',
}
_X_1_0 = {
    "x_AccountId": "a-1",
    "x_AccountName": "account",
    "x_AccountOwnerId": "owner@example.com",
    "x_BilledCostInUsd": "0",
    "x_BilledUnitPrice": "0",
    "x_BillingAccountId": "1234",
    "x_BillingAccountName": "Example",
    "x_BillingExchangeRate": "0.9",
    "x_BillingExchangeRateDate": "2026-10-01T00:00Z",
    "x_BillingProfileId": "1234",
    "x_BillingProfileName": "Example",
    "x_ContractedCostInUsd": "2.6",
    "x_CostAllocationRuleName": "",
    "x_CostCenter": "cc-1",
    "x_CustomerId": "",
    "x_CustomerName": "",
    "x_EffectiveCostInUsd": "1.7E-07",
    "x_EffectiveUnitPrice": "0.0000000066708750",
    "x_InvoiceId": "",
    "x_InvoiceIssuerId": "",
    "x_InvoiceSectionId": "s-1",
    "x_InvoiceSectionName": "Research",
    "x_ListCostInUsd": "0",
    "x_PartnerCreditApplied": "",
    "x_PartnerCreditRate": "",
    "x_PricingBlockSize": "1",
    "x_PricingCurrency": "USD",
    "x_PricingSubcategory": "Committed Usage",
    "x_PricingUnitDescription": "1 Hour",
    "x_PublisherCategory": "Cloud Provider",
    "x_PublisherId": "",
    "x_ResellerId": "",
    "x_ResellerName": "",
    "x_ResourceGroupName": "g",
    "x_ResourceType": "microsoft.compute/virtualmachines",
    "x_ServicePeriodEnd": "",
    "x_ServicePeriodStart": "",
    "x_SkuDescription": "Virtual Machines NCads - NC24ads - US East",
    "x_SkuDetails": '{"UsageType":"ComputeHR","VCPUs":24}',
    "x_SkuIsCreditEligible": "True",
    "x_SkuMeterCategory": "Virtual Machines",
    "x_SkuMeterId": "meter-1",
    "x_SkuMeterName": "NC24ads",
    "x_SkuMeterSubcategory": "NCads",
    "x_SkuOfferId": "MS-AZR-0017P",
    "x_SkuOrderId": "",
    "x_SkuOrderName": "",
    "x_SkuPartNumber": "AAA-1",
    "x_SkuRegion": "US East",
    "x_SkuServiceFamily": "Compute",
    "x_SkuTerm": "36",
    "x_SkuTier": "",
}
_NEW_IN_1_2 = {
    "CapacityReservationId": "",
    "CapacityReservationStatus": "",
    "CommitmentDiscountQuantity": "",
    "CommitmentDiscountUnit": "",
    "InvoiceId": "G0042",
    "PricingCurrency": "USD",
    "ServiceSubcategory": "Virtual Machines",
    "SkuMeter": "NC24ads",
    "SkuPriceDetails": '{"x_VCPUs":24}',
    "x_AmortizationClass": "Amortized Charge",
    "x_ServiceModel": "IaaS",
    "x_SkuPlanName": "",
}
_GONE_IN_1_2 = ("x_InvoiceId", "x_PricingCurrency")  # they are columns of FOCUS now


def _with_seconds(row: dict[str, str]) -> dict[str, str]:
    return {name: value.replace("T00:00Z", "T00:00:00Z") for name, value in row.items()}


def focus_cost(version: str) -> dict[str, str]:
    """A row of one version: '1.0', '1.0r2', '1.2-preview' or '1.2'."""
    if version == "1.0":
        return {**_FOCUS_1_0, **_X_1_0}
    row = _with_seconds({**_FOCUS_1_0, **_X_1_0})
    if version == "1.0r2":
        return row
    kept = {name: value for name, value in row.items() if name not in _GONE_IN_1_2}
    return {**kept, **_NEW_IN_1_2}
