"""What every source has, and what every source of bills has."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

# A title says in words what the pattern asks for; a complaint repeats it (core/documents.py).
Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$",
        title="a name of small letters, digits, - and _ (63 at most, no sign first)",
    ),
]
Currency = Annotated[
    str, Meta(pattern=r"^[A-Z]{3}$", title="three capital letters of ISO 4217, such as USD")
]
# A bill's format; unset, it is recognised by the header (normalise/formats).
BillSchema = Literal[
    "focus",
    "cur",
    "cur2",
    "cost-explorer",
    "azure-cost",
    "azure-query",
    "gcp-export",
    "oci-cost",
    "mapped",
]


class Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Immutable, and an unknown key is an error."""


class Named(Strict, frozen=True, kw_only=True):
    """What every source has."""

    name: Name


class Bill(Named, frozen=True, kw_only=True):
    """What every source of bills may say.

    `since` leaves out billing periods that ended before that day, `until` those that begin after
    it; what was landed of them before stays in force. `quaestor collect --since D --until D` sets
    both for one look.
    """

    schema: BillSchema | None = None
    billing_currency: Currency | None = None  # for bills that name no currency
    since: date | None = None
    until: date | None = None


class Fault(Struct, frozen=True):
    """What is wrong with a source, told before anything is asked, and in which of its keys."""

    part: tuple[str, ...]
    what: str
    fix: str
