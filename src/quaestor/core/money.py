"""Money: one exact type from the bill to the report.

Every cost is DECIMAL(38, 20): 20 digits after the point, 18 before it, so that a sum in
rupiah or won has room beside the digits that meters really print. Digits beyond the
twentieth, which only quotients of decimals have (Azure prints up to 28), are rounded half
away from zero when a bill is read; what was cut is counted and summed per file in
`focus.file`, so that landed = loaded + cut, exactly.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

MONEY_DIGITS = 20
MONEY_TYPE = f"DECIMAL(38, {MONEY_DIGITS})"


def rounded(amount: Decimal, digits: int) -> Decimal:
    """Round half away from zero, as invoices do.

    >>> rounded(Decimal("-0.005"), 2)
    Decimal('-0.01')
    """
    with localcontext() as context:
        context.prec = 60
        return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def amount_text(amount: Decimal | None, currency: str | None = None) -> str:
    """Show an amount to people: two digits, or as many as its first two significant ones need.

    A cost of 0.0004 must not read as nothing; None is unknown and reads so.

    >>> amount_text(Decimal("1234567.891"), "USD")
    '1,234,567.89 USD'
    >>> amount_text(Decimal("0.000412")), amount_text(None)
    ('0.00041', 'unknown')
    """
    if amount is None:
        return "unknown"
    digits = 2
    if 0 < abs(amount) < Decimal("0.01"):
        digits = -amount.adjusted() + 1
    text = f"{rounded(amount, digits):,f}"
    return f"{text} {currency}" if currency else text


def exact_text(amount: Decimal) -> str:
    """Show every digit an amount has, and no trailing zero.

    >>> exact_text(Decimal("14.66598547521000000000")), exact_text(Decimal("0E-20"))
    ('14.66598547521', '0')
    """
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
