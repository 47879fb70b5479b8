"""What FOCUS asks of a charge: rules with a sentence, and SQL that is true where one is broken.

A rule reads the columns it names and nothing else; a column that a dataset lacks is NULL. MUST
and SHOULD are the specification's own words. Sentences are ours.

Source: FOCUS 1.2 and 1.4, Cost and Usage dataset, "Requirements" of each column; the attributes
Currency Format, Key-Value Format, Null Handling, Unit Format and Column Naming.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from quaestor.normalise.focus_columns import JSON, TEXT, VERSIONS, columns_of
from quaestor.normalise.focus_values import CURRENCIES, SERVICE_SUBCATEGORIES

MUST, SHOULD = "MUST", "SHOULD"


@dataclass(frozen=True)
class Rule:
    """One requirement.

    Args:
        name: Its id, in the words of what it asks for.
        severity: MUST or SHOULD.
        asks: The requirement, one sentence.
        broken: SQL over the columns; true for a charge that breaks it. NULL counts as kept.
        reads: The columns it is about, shown in an example.
        versions: The versions of FOCUS that ask for it.
    """

    name: str
    severity: str
    asks: str
    broken: str
    reads: tuple[str, ...]
    versions: tuple[str, ...] = VERSIONS


def rules_of(version: str) -> list[Rule]:
    """Return every rule of a version: MUST first, each in a fixed order."""
    found = [*_filled(version), *_formats(version), *_RULES]
    return sorted(
        (rule for rule in found if version in rule.versions), key=lambda rule: rule.severity
    )


def _filled(version: str) -> Iterator[Rule]:
    """Yield a rule for each column that may not be empty."""
    for column in columns_of(version):
        if not column.nullable:
            yield Rule(
                f"{column.name}-is-there",
                MUST if column.must else SHOULD,
                f"{column.name} is never empty",
                f"{column.name} is null",
                (column.name,),
            )


def _formats(version: str) -> Iterator[Rule]:
    """Yield the rules that every column of a kind has."""
    texts = [one.name for one in columns_of(version) if one.kind in (TEXT, JSON)]
    yield Rule(
        "empty-text-is-null",
        MUST,
        "What has no value is NULL, not an empty text",
        " or ".join(f"{name} = ''" for name in texts),
        ("ChargeDescription",),
    )
    for column in columns_of(version):
        if column.kind == JSON:
            yield Rule(
                f"{column.name}-is-an-object",
                MUST,
                f"{column.name} is a JSON object",
                # An object begins with a brace; that alone spares most texts the parser's types.
                f"not json_valid({column.name}) or not starts_with(ltrim({column.name}), '{{')",
                (column.name,),
            )
    for name in ("Tags", "SkuPriceDetails", "AllocatedTags"):
        if name in texts:
            yield Rule(
                f"{name}-are-plain",
                MUST,
                f"Values of {name} are texts, numbers, true, false or null: nothing nested",
                # Only a text with a second opening can hold something nested.
                f"case when ({name} like '%[%' or {name} like '%{{%{{%') "
                f"and json_valid({name}) then {_nested(name)} end",
                (name,),
            )


def _nested(name: str) -> str:
    return f"list_has_any(json_type({name}, '$.*'), ['OBJECT', 'ARRAY'])"


def _one_of(column: str, *values: str) -> str:
    allowed = ", ".join(f"'{value}'" for value in values)
    return f"{column} not in ({allowed})"


def _values(column: str, *values: str, severity: str = MUST) -> Rule:
    said = ", ".join(values[:-1]) + f" or {values[-1]}" if len(values) > 1 else values[0]
    return Rule(
        f"{column}-is-known", severity, f"{column} is {said}", _one_of(column, *values), (column,)
    )


def _needs(column: str, owner: str, *, severity: str = MUST) -> Rule:
    """A column says something about another one, and is empty without it."""
    return Rule(
        f"{column}-needs-{owner}",
        severity,
        f"{column} is empty where {owner} is",
        f"{column} is not null and {owner} is null",
        (column, owner),
    )


def _comes_with(column: str, owner: str, *, only: str = "", severity: str = MUST) -> Rule:
    where = f" of a charge of {only}" if only else ""
    when = f" and ChargeCategory = '{only}'" if only else ""
    return Rule(
        f"{column}-comes-with-{owner}",
        severity,
        f"{column} is there where {owner}{where} is",
        f"{column} is null and {owner} is not null{when}",
        (column, owner, *(("ChargeCategory",) if only else ())),
    )


def _priced(column: str) -> Iterator[Rule]:
    """Yield the rules of what prices a charge: there for usage and purchases, not for tax."""
    yield Rule(
        f"{column}-of-usage-and-purchases",
        MUST,
        f"{column} is there for Usage and Purchase that are no Correction",
        f"{column} is null and ChargeCategory in ('Usage', 'Purchase') and ChargeClass is null",
        (column, "ChargeCategory"),
    )
    yield _not_of_tax(column)


def _not_of_tax(column: str) -> Rule:
    return Rule(
        f"{column}-not-of-tax",
        MUST,
        f"{column} is empty for Tax",
        f"{column} is not null and ChargeCategory = 'Tax'",
        (column, "ChargeCategory"),
    )


def _product(cost: str, price: str) -> Rule:
    """A cost is its price times the quantity, as far as rounding lets it be."""
    # A double is near enough to compare. The average of one amount is that amount as a double,
    # for a tenth of what the engine takes to cast a DECIMAL(38, 20).
    amount, each, many = (f"list_avg([{name}])" for name in (cost, price, "PricingQuantity"))
    return Rule(
        f"{cost}-is-price-times-quantity",
        MUST,
        f"{cost} is {price} x PricingQuantity, to a millionth of the cost",
        f"abs({each} * {many} - {amount}) > 1e-6 * greatest(abs({amount}), 1e-4)",
        (cost, price, "PricingQuantity"),
    )


def _unit(column: str) -> Rule:
    name = "([A-Z][A-Za-z0-9]*( [A-Z][A-Za-z0-9]*)*|b)"
    return Rule(
        f"{column}-format",
        SHOULD,
        f"{column} is written as FOCUS writes units: Hours, GB-Hours, GB/Hour, 1000 Requests",
        # Most are one of these, which spares them the pattern.
        f"case when {column} not in ('Hours', 'GB', 'GB-Hours', 'GB-Months', 'Requests', 'Units') "
        f"then not regexp_full_match({column}, "
        f"'([1-9][0-9]* )?{name}(-{name})?(/([1-9][0-9]* )?{name})?') end",
        (column,),
    )


def _pairs() -> str:
    """True for a subcategory that is not of its category."""
    of_category = " ".join(
        f"when '{category}' then {_one_of('ServiceSubcategory', *names)}"
        for category, names in SERVICE_SUBCATEGORIES.items()
    )
    return f"case ServiceCategory {of_category} end"


_IN_COMMITMENT = "ChargeCategory = 'Usage' and CommitmentDiscountId is not null"
_RULES = (
    _values("ChargeCategory", "Usage", "Purchase", "Tax", "Credit", "Adjustment"),
    _values("ChargeClass", "Correction"),
    _values("ChargeFrequency", "One-Time", "Recurring", "Usage-Based"),
    _values("PricingCategory", "Standard", "Dynamic", "Committed", "Other"),
    _values("CommitmentDiscountCategory", "Spend", "Usage"),
    _values("CommitmentDiscountStatus", "Used", "Unused"),
    _values("CapacityReservationStatus", "Used", "Unused"),
    _values("ServiceCategory", *SERVICE_SUBCATEGORIES),
    Rule(
        "ServiceSubcategory-of-its-category",
        MUST,
        "ServiceSubcategory is one that FOCUS names under the charge's ServiceCategory",
        _pairs(),
        ("ServiceCategory", "ServiceSubcategory"),
    ),
    Rule(
        "BillingCurrency-is-a-currency",
        MUST,
        "BillingCurrency is a code of ISO 4217",
        _one_of("BillingCurrency", *CURRENCIES),
        ("BillingCurrency",),
    ),
    Rule(
        "BillingPeriod-ends-after-its-start",
        MUST,
        "BillingPeriodEnd is after BillingPeriodStart; the end is not part of the period",
        "BillingPeriodEnd <= BillingPeriodStart",
        ("BillingPeriodStart", "BillingPeriodEnd"),
    ),
    Rule(
        "ChargePeriod-ends-after-its-start",
        MUST,
        "ChargePeriodEnd is after ChargePeriodStart; the end is not part of the period",
        "ChargePeriodEnd <= ChargePeriodStart",
        ("ChargePeriodStart", "ChargePeriodEnd"),
    ),
    Rule(
        "ChargePeriod-within-the-billing-period",
        SHOULD,
        "Usage that is no Correction lies within its billing period",
        "ChargeCategory = 'Usage' and ChargeClass is null "
        "and (ChargePeriodStart < BillingPeriodStart or ChargePeriodEnd > BillingPeriodEnd)",
        ("ChargePeriodStart", "ChargePeriodEnd", "BillingPeriodStart", "BillingPeriodEnd"),
    ),
    Rule(
        "EffectiveCost-of-a-covering-purchase",
        MUST,
        "The EffectiveCost of a purchase of a commitment is 0: what it covers has the cost",
        "ChargeCategory = 'Purchase' and CommitmentDiscountId is not null and EffectiveCost <> 0",
        ("ChargeCategory", "CommitmentDiscountId", "EffectiveCost"),
    ),
    Rule(
        "EffectiveCost-of-what-nothing-covers",
        SHOULD,
        "Usage and Credit that no commitment covers have an EffectiveCost equal to BilledCost",
        "ChargeCategory in ('Usage', 'Credit') and CommitmentDiscountId is null "
        "and EffectiveCost <> BilledCost",
        ("ChargeCategory", "BilledCost", "EffectiveCost"),
    ),
    Rule(
        "BilledCost-of-what-a-commitment-covers",
        SHOULD,
        "The part of a commitment that nothing used bills nothing: its purchase was billed",
        "ChargeCategory = 'Usage' and CommitmentDiscountStatus = 'Unused' and BilledCost <> 0",
        ("CommitmentDiscountStatus", "BilledCost"),
    ),
    _product("ListCost", "ListUnitPrice"),
    _product("ContractedCost", "ContractedUnitPrice"),
    *(
        Rule(
            f"{cost}-of-a-credit",
            MUST,
            f"The {cost} of a Credit without a unit price is its BilledCost",
            f"ChargeCategory = 'Credit' and {price} is null and {cost} <> BilledCost",
            ("ChargeCategory", cost, "BilledCost"),
        )
        for cost, price in (
            ("ListCost", "ListUnitPrice"),
            ("ContractedCost", "ContractedUnitPrice"),
        )
    ),
    *(
        Rule(
            f"{price}-is-not-negative",
            MUST,
            f"{price} is 0 or more; what is given back has a negative cost or quantity",
            f"{price} < 0",
            (price,),
        )
        for price in ("ListUnitPrice", "ContractedUnitPrice")
    ),
    *(
        rule
        for name in ("PricingCategory", "PricingQuantity", "PricingUnit")
        for rule in _priced(name)
    ),
    *(rule for name in ("SkuId", "SkuPriceId") for rule in _priced(name)),
    _not_of_tax("ListUnitPrice"),
    _not_of_tax("ContractedUnitPrice"),
    _needs("PricingUnit", "PricingQuantity"),
    _comes_with("PricingUnit", "PricingQuantity"),
    Rule(
        "ConsumedQuantity-of-usage",
        MUST,
        "ConsumedQuantity is there for Usage that is neither unused commitment nor Correction",
        "ConsumedQuantity is null and ChargeCategory = 'Usage' and ChargeClass is null "
        "and CommitmentDiscountStatus is distinct from 'Unused'",
        ("ChargeCategory", "CommitmentDiscountStatus", "ConsumedQuantity"),
    ),
    Rule(
        "ConsumedQuantity-only-of-usage",
        MUST,
        "ConsumedQuantity is empty where nothing was consumed: no Usage, or unused commitment",
        "ConsumedQuantity is not null "
        "and (ChargeCategory <> 'Usage' or CommitmentDiscountStatus = 'Unused')",
        ("ChargeCategory", "CommitmentDiscountStatus", "ConsumedQuantity"),
    ),
    _needs("ConsumedUnit", "ConsumedQuantity"),
    _comes_with("ConsumedUnit", "ConsumedQuantity"),
    _unit("PricingUnit"),
    _unit("ConsumedUnit"),
    Rule(
        "ChargeFrequency-of-a-purchase",
        MUST,
        "A Purchase is One-Time or Recurring, never Usage-Based",
        "ChargeCategory = 'Purchase' and ChargeFrequency = 'Usage-Based'",
        ("ChargeCategory", "ChargeFrequency"),
    ),
    _needs("CommitmentDiscountCategory", "CommitmentDiscountId"),
    _comes_with("CommitmentDiscountCategory", "CommitmentDiscountId"),
    _needs("CommitmentDiscountType", "CommitmentDiscountId"),
    _comes_with("CommitmentDiscountType", "CommitmentDiscountId"),
    _needs("CommitmentDiscountName", "CommitmentDiscountId"),
    _needs("CommitmentDiscountStatus", "CommitmentDiscountId"),
    _comes_with("CommitmentDiscountStatus", "CommitmentDiscountId", only="Usage"),
    Rule(
        "CommitmentDiscountStatus-only-of-usage",
        MUST,
        "CommitmentDiscountStatus is empty where the charge is no Usage",
        "CommitmentDiscountStatus is not null and ChargeCategory <> 'Usage'",
        ("CommitmentDiscountStatus", "ChargeCategory"),
    ),
    Rule(
        "CommitmentDiscountQuantity-comes-with-CommitmentDiscountId",
        MUST,
        "CommitmentDiscountQuantity is there for Usage and Purchase of a commitment that are no "
        "Correction",
        "CommitmentDiscountQuantity is null and CommitmentDiscountId is not null "
        "and ChargeCategory in ('Usage', 'Purchase') and ChargeClass is null",
        ("CommitmentDiscountId", "CommitmentDiscountQuantity"),
    ),
    _needs("CommitmentDiscountQuantity", "CommitmentDiscountId"),
    _needs("CommitmentDiscountUnit", "CommitmentDiscountQuantity"),
    _comes_with("CommitmentDiscountUnit", "CommitmentDiscountQuantity"),
    Rule(
        "PricingCategory-of-covered-usage",
        MUST,
        "Usage under a commitment has the PricingCategory Committed",
        f"{_IN_COMMITMENT} and PricingCategory <> 'Committed'",
        ("CommitmentDiscountId", "PricingCategory"),
    ),
    Rule(
        "PricingCategory-Committed-names-its-commitment",
        MUST,
        "A charge with the PricingCategory Committed names its CommitmentDiscountId",
        "PricingCategory = 'Committed' and CommitmentDiscountId is null",
        ("PricingCategory", "CommitmentDiscountId"),
    ),
    _needs("CapacityReservationStatus", "CapacityReservationId"),
    _comes_with("CapacityReservationStatus", "CapacityReservationId", only="Usage"),
    _needs("SubAccountName", "SubAccountId"),
    _needs("SubAccountType", "SubAccountId"),
    _comes_with("SubAccountType", "SubAccountId", severity=SHOULD),
    _needs("ResourceName", "ResourceId"),
    _needs("ResourceType", "ResourceId"),
    _comes_with("ResourceType", "ResourceId", severity=SHOULD),
    _needs("RegionName", "RegionId"),
    _comes_with("RegionName", "RegionId", severity=SHOULD),
    _needs("AvailabilityZone", "RegionId", severity=SHOULD),
    _needs("SkuMeter", "SkuId"),
    _needs("SkuPriceDetails", "SkuPriceId"),
    _comes_with("PricingCurrencyEffectiveCost", "PricingCurrency", severity=SHOULD),
    Rule(
        "AllocatedMethodId-comes-with-AllocatedResourceId",
        MUST,
        "What was allocated says by which method, and what has a method was allocated",
        "(AllocatedMethodId is null) <> (AllocatedResourceId is null)",
        ("AllocatedMethodId", "AllocatedResourceId"),
        ("1.4",),
    ),
)
