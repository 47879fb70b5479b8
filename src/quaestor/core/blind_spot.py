"""What we could not see. It is data: policies answer `unknown` and reports print it first."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct


class BlindSpot(Struct, frozen=True, kw_only=True):
    """Something that could not be looked at, so that nobody reads its absence as clean.

    Args:
        source: The source's name in quaestor.yaml.
        scope: What of it: "all", a file, a currency, a field.
        period: The time it hides, such as "2026-10", or None for all of it.
        reason: Why, one sentence.
        fix: What the reader can do.
        rows: How many rows are hidden, where that is known.
        amount: The money hidden, in `currency`, as far as it is known: at least so much.
        currency: ISO 4217, or None where the bill names none.
    """

    source: str
    scope: str
    reason: str
    period: str | None = None
    fix: str | None = None
    rows: int | None = None
    amount: Decimal | None = None
    currency: str | None = None
