"""Answers of Azure's Cost Management query API, landed as CSV, actual and amortised cost.

One CSV for each dataset and month (`timeframe: Custom`, `granularity: Daily`, aggregation
`{"totalCost": {"name": "Cost", "function": "Sum"}}`, grouped by these dimensions), a leading
column that says which dataset was asked for, and else the columns as the API names them, every
value as the API gave it:

    dataset,Cost,UsageDate,SubscriptionId,ResourceId,ServiceName,ChargeType,PricingModel,Currency
    ActualCost,1.25,20260115,1f2e...,/subscriptions/...,Virtual Machines,Usage,OnDemand,EUR

`dataset`, `Cost` (or `PreTaxCost`), `UsageDate` and `Currency` must be there; the order and the
other dimensions are free, and these are read where they are: SubscriptionName, ResourceGroupName
(or ResourceGroup), ResourceLocation, ResourceType, ServiceFamily, MeterCategory, MeterSubcategory,
Meter, PublisherType, BillingAccountId, BenefitId, ReservationId, BenefitName, ReservationName,
InvoiceId, Frequency, CostUSD. ChargeType and PricingModel are what the two datasets are joined by.
"""

from __future__ import annotations

from functools import partial

from quaestor.normalise.format import LOST_DIGITS, MONEY, TEXT, TIME, Format
from quaestor.normalise.formats import azure_pair
from quaestor.normalise.formats.azure_cost import NO_DAY, spelling

_TEXTS = (
    *("dataset", "Currency", "SubscriptionId", "SubscriptionName", "ResourceId", "ResourceGroup"),
    *("ResourceLocation", "ResourceType", "ServiceName", "ServiceFamily", "MeterCategory"),
    *("MeterSubCategory", "MeterName", "ChargeType", "PricingModel", "PublisherType", "Frequency"),
    *("BillingAccountId", "BenefitId", "BenefitName", "ReservationId", "ReservationName"),
    "InvoiceId",
)
_ACCOUNTS = ("SubscriptionId", "BillingAccountId")
FORMAT = Format(
    name="azure-query",
    title="answers of Azure's Cost Management query API",
    columns={"Cost": MONEY, "Date": TIME, "CostInUsd": MONEY, **dict.fromkeys(_TEXTS, TEXT)},
    required=("Cost", "Date", "dataset"),
    signatures=(frozenset({"dataset", "cost", "date", "currency"}),),
    spelling=spelling,
    readers={"Date": "azure_time", **dict.fromkeys(_ACCOUNTS, "account_id")},
    complaints={"Date": NO_DAY, **dict.fromkeys(_ACCOUNTS, LOST_DIGITS)},
    macros=("azure_macros.sql",),
    select="azure_query.sql",
    control="azure_query_control.sql",
    fix="Land the query API's answers with their `dataset`, cost and UsageDate",
    after=partial(azure_pair.settle, form="azure-query"),
)
