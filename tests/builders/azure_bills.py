"""Builders: Azure's exports, of one kind of row or as a matched pair, and its query answers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

Row = Mapping[str, str]
EA: Row = {
    "SubscriptionId": "sub-1",
    "SubscriptionName": "research",
    "ResourceGroup": "Training",
    "ResourceLocation": "EastUS",
    "Date": "10/05/2026",
    "ProductName": "Virtual Machines NCads - NC24ads - US East",
    "MeterCategory": "Virtual Machines",
    "MeterSubCategory": "NCads",
    "MeterId": "meter-1",
    "MeterName": "NC24ads",
    "UnitOfMeasure": "10 Hours",
    "Quantity": "20",
    "CostInBillingCurrency": "1.5",
    "UnitPrice": "0.75",
    "PayGPrice": "1",
    "ConsumedService": "Microsoft.Compute",
    "ResourceId": "/subscriptions/sub-1/resourceGroups/Training/providers/"
    "Microsoft.Compute/virtualMachines/Gpu-1",
    "Tags": '"team": "nlp"',
    "PublisherType": "Azure",
    "PublisherName": "Microsoft",
    "ChargeType": "Usage",
    "Frequency": "UsageBased",
    "PricingModel": "OnDemand",
    "BillingAccountId": "1234",
    "BillingAccountName": "Example",
    "BillingCurrencyCode": "EUR",
    "BillingPeriodStartDate": "10/01/2026",
    "BillingPeriodEndDate": "10/31/2026",
    "PartNumber": "AAA-1",
    "ReservationId": "",
    "benefitId": "",
    "benefitName": "",
}
MCA: Row = {
    "invoiceId": "G001",
    "billingAccountId": "acct:1",
    "billingAccountName": "Example",
    "billingProfileId": "PROF-1",
    "billingProfileName": "Engineering",
    "billingPeriodStartDate": "10/01/2026",
    "billingPeriodEndDate": "10/31/2026",
    "date": "10/05/2026",
    "consumedService": "Microsoft.Storage",
    "meterCategory": "Storage",
    "meterName": "Hot Data Stored",
    "meterId": "meter-2",
    "ProductId": "DZH1",
    "subscriptionId": "sub-1",
    "publisherType": "Microsoft",
    "chargeType": "Usage",
    "pricingModel": "OnDemand",
    "frequency": "UsageBased",
    "quantity": "30000",
    "unitOfMeasure": "10K",
    "billingCurrency": "EUR",
    "pricingCurrency": "USD",
    "costInBillingCurrency": "2.7",
    "costInPricingCurrency": "3",
    "paygCostInBillingCurrency": "5.4",
    "exchangeRatePricingToBilling": "0.9",
    "unitPrice": "1",
    "payGPrice": "2",
}
QUERY: Row = {
    "dataset": "ActualCost",
    "Cost": "1.5",
    "UsageDate": "20261005",
    "SubscriptionId": "sub-1",
    "ResourceId": "/subscriptions/sub-1/resourcegroups/g/providers/Microsoft.Compute/disks/d-1",
    "ServiceName": "Storage",
    "ChargeType": "Usage",
    "PricingModel": "OnDemand",
    "Currency": "EUR",
}


def export(*rows: Row, like: Row = EA) -> str:
    """An export with these rows; what one does not say is as in `like`."""
    filled = [{**like, **row} for row in rows]
    names = list(dict.fromkeys([*like, *(name for row in filled for name in row)]))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(filled)
    return out.getvalue()


def reservation(
    cost: object, *, kind: str = "Usage", day: int = 5, model: str = "Reservation"
) -> Row:
    """A row of a commitment: its use, its unused part, its purchase or a refund."""
    provider = "Microsoft.Capacity/reservationOrders"
    if model == "SavingsPlan":
        provider = "Microsoft.BillingBenefits/savingsPlanOrders"
    return {
        "CostInBillingCurrency": str(cost),
        "ChargeType": kind,
        "PricingModel": model,
        "Date": f"10/{day:02}/2026",
        "benefitId": f"/providers/{provider}/order-1",
        "benefitName": "three years",
        "Frequency": "OneTime" if kind in ("Purchase", "Refund") else "UsageBased",
    }


def usage(cost: object, *, day: int = 5, **more: str) -> Row:
    """A row that no commitment covers."""
    return {"CostInBillingCurrency": str(cost), "Date": f"10/{day:02}/2026", **more}


@dataclass(frozen=True)
class Pair:
    """The actual and the amortised rows of one month."""

    actual: Sequence[Row]
    amortised: Sequence[Row]

    @staticmethod
    def total(rows: Iterable[Row]) -> Decimal:
        """Sum an export's cost."""
        return sum((Decimal(row["CostInBillingCurrency"]) for row in rows), Decimal(0))


def a_pair() -> Pair:
    """Eleven and 28 rows: one upfront purchase, covered and unused by the day, and the rest."""
    plain = [usage(f"0.{day}1", day=day) for day in range(1, 7)]
    covered = [reservation(0, day=day) for day in range(1, 5)]
    used = [reservation("3.3333333333333333", day=day) for day in range(1, 12)]
    unused = [reservation("0.25", kind="UnusedReservation", day=day) for day in range(1, 12)]
    return Pair([*plain, *covered, reservation(365, kind="Purchase")], [*plain, *used, *unused])
