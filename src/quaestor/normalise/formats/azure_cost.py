"""Azure cost details, actual or amortised, of an Enterprise, Customer or pay-as-you-go agreement.

The same columns have many names: by agreement, by age of the export, by language (the English
one then stands in brackets). Dates are ISO or month first, as Microsoft writes them everywhere.
"""

from __future__ import annotations

import re
from functools import partial

from quaestor.normalise.format import LOST_DIGITS, MONEY, TEXT, TIME, Format, fold
from quaestor.normalise.formats import azure_pair

NO_DAY = "is not a day as Azure writes one, year first or month first"
_ALIASES = {
    "cost": ("CostInBillingCurrency", "PreTaxCost"),
    "costinusd": ("CostUsd",),
    "date": ("UsageDateTime", "UsageDate"),
    "currency": ("BillingCurrency", "BillingCurrencyCode"),
    "subscriptionid": ("SubscriptionGuid",),
    "resourcegroup": ("ResourceGroupName",),
    "resourceid": ("InstanceId", "InstanceName"),
    "quantity": ("UsageQuantity",),
    "effectiveprice": ("ResourceRate",),
    "metername": ("Meter",),
    "productname": ("Product",),
    "exchangerate": ("ExchangeRatePricingToBilling",),
    "listcost": ("PaygCostInBillingCurrency",),
}
_NAMES = {fold(alias): name for name, aliases in _ALIASES.items() for alias in aliases}
_ENGLISH = re.compile(r".*\(([^()]+)\)\s*")

_TEXTS = (
    *("Currency", "SubscriptionId", "SubscriptionName", "ResourceGroup", "ResourceLocation"),
    *("ResourceId", "ResourceName", "ResourceType", "ServiceName", "ServiceFamily"),
    *("ConsumedService", "MeterCategory", "MeterSubCategory", "MeterId", "MeterName"),
    *("UnitOfMeasure", "ProductId", "ProductName", "PartNumber", "PlanName", "Tags"),
    *("AdditionalInfo", "ChargeType", "Frequency", "PricingModel", "Term", "AvailabilityZone"),
    *("PublisherType", "PublisherName", "PartnerName", "BillingAccountId", "BillingAccountName"),
    *("BillingProfileId", "BillingProfileName", "InvoiceId", "InvoiceSectionId"),
    *("InvoiceSectionName", "CostCenter", "AccountName", "OfferId", "ProductOrderId"),
    *("ProductOrderName", "BenefitId", "BenefitName", "ReservationId", "ReservationName"),
    *("PricingCurrency", "CostAllocationRuleName"),
)
_AMOUNTS = (
    *("Cost", "CostInPricingCurrency", "CostInUsd", "ListCost", "Quantity", "EffectivePrice"),
    *("UnitPrice", "PayGPrice", "ExchangeRate"),
)
_ACCOUNTS = ("SubscriptionId", "BillingAccountId", "BillingProfileId")
_DAYS = ("Date", "BillingPeriodStartDate", "BillingPeriodEndDate")


def spelling(name: str) -> str:
    """Return what a header's column is called here: in English, one name for all of its names.

    >>> spelling("Maßeinheit (UnitOfMeasure)"), spelling("usageDateTime"), spelling("PreTaxCost")
    ('unitofmeasure', 'date', 'cost')
    """
    found = _ENGLISH.fullmatch(name)
    folded = fold((found[1] if found else name).strip())
    return _NAMES.get(folded, folded)


FORMAT = Format(
    name="azure-cost",
    title="Azure cost details, actual or amortised",
    columns={
        **dict.fromkeys(_TEXTS, TEXT),
        **dict.fromkeys(_AMOUNTS, MONEY),
        **dict.fromkeys(_DAYS, TIME),
    },
    required=("Cost", "Date"),
    vital=("BillingPeriodStartDate", "BillingPeriodEndDate"),
    signatures=(frozenset({"cost", "date", "metercategory"}),),
    spelling=spelling,
    readers={
        **dict.fromkeys(_DAYS, "azure_time"),
        **dict.fromkeys(_ACCOUNTS, "account_id"),
        "Tags": "azure_tags",
    },
    complaints={
        **dict.fromkeys(_DAYS, NO_DAY),
        **dict.fromkeys(_ACCOUNTS, LOST_DIGITS),
        "Tags": "is not a JSON object",
    },
    macros=("azure_macros.sql",),
    select="azure_cost.sql",
    control="azure_cost_control.sql",
    fix="Export cost details, actual and amortised, with all their columns",
    after=partial(azure_pair.settle, form="azure-cost"),
)
