"""The columns of FOCUS, version by version: which must be there, and which may be empty.

Source: FOCUS 1.2 and 1.4, Cost and Usage dataset, "Content constraints" of each column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from quaestor.core.money import MONEY_TYPE

VERSIONS = ("1.2", "1.4")
TEXT, TIME, NUMBER, JSON = "text", "time", "number", "json"
# As the export writes them; JSON is text in Parquet.
ENGINE_TYPES = {
    TEXT: "VARCHAR",
    TIME: "TIMESTAMP WITH TIME ZONE",
    NUMBER: MONEY_TYPE.replace(" ", ""),
    JSON: "VARCHAR",
}


@dataclass(frozen=True)
class FocusColumn:
    """One column of FOCUS.

    Args:
        name: Its id.
        kind: text, time, number or json.
        must: It is mandatory: part of every dataset, whatever the provider.
        nullable: It may be empty.
        versions: The versions that have it.
    """

    name: str
    kind: str
    must: bool
    nullable: bool
    versions: tuple[str, ...] = VERSIONS


def columns_of(version: str) -> list[FocusColumn]:
    """Return the columns of a version, by name."""
    return sorted((one for one in _ALL if version in one.versions), key=lambda one: one.name)


def _columns() -> Iterator[FocusColumn]:
    for line in _TABLE.strip().splitlines():
        kind, names, marks = (part.strip() for part in line.split("|"))
        only = marks.rpartition(" ")[2]
        for name in names.split():
            yield FocusColumn(
                name,
                kind,
                must="mandatory" in marks,
                nullable="not null" not in marks,
                versions=(only,) if only in VERSIONS else VERSIONS,
            )


# kind | columns | level, nullability, and the one version where it is not in both
_TABLE = """
number | BilledCost ContractedCost EffectiveCost ListCost | mandatory, not null
text | BillingAccountId BillingCurrency ChargeCategory InvoiceIssuerName | mandatory, not null
text | ServiceCategory ServiceName | mandatory, not null
text | ProviderName PublisherName | mandatory, not null, 1.2
text | HostProviderName ServiceProviderName | mandatory, not null, 1.4
time | BillingPeriodEnd BillingPeriodStart ChargePeriodEnd ChargePeriodStart | mandatory, not null
text | BillingAccountName ChargeClass ChargeDescription PricingUnit | mandatory
number | PricingQuantity | mandatory
text | ChargeFrequency ServiceSubcategory BillingAccountType PricingCurrency | not null
text | AvailabilityZone CapacityReservationId CapacityReservationStatus |
text | CommitmentDiscountCategory CommitmentDiscountId CommitmentDiscountName |
text | CommitmentDiscountStatus CommitmentDiscountType CommitmentDiscountUnit ConsumedUnit |
text | InvoiceId PricingCategory RegionId RegionName ResourceId ResourceName ResourceType |
text | SkuId SkuMeter SkuPriceId SubAccountId SubAccountName SubAccountType |
number | CommitmentDiscountQuantity ConsumedQuantity ContractedUnitPrice ListUnitPrice |
number | PricingCurrencyContractedUnitPrice PricingCurrencyEffectiveCost |
number | PricingCurrencyListUnitPrice |
json | SkuPriceDetails Tags |
text | AllocatedMethodId AllocatedResourceId AllocatedResourceName InvoiceDetailId | 1.4
json | AllocatedMethodDetails AllocatedTags | 1.4
json | CommitmentProgramEligibilityDetails ContractApplied | 1.4
"""
_ALL = tuple(_columns())
