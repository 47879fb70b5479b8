"""What happens in the demo estate between its two audits, each with where it must show.

One list feeds the estate, its README.md, its faults.json, and the test that holds the page of
changes to telling exactly these. Violations that begin and end are in `faults`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from quaestor.core.period import utc

EARLIER = utc("2026-11-14T06:00:00Z")  # two Saturdays, as a weekly job has them
LATEST = utc("2026-11-21T06:00:00Z")

ROLLED_MODEL = "upsell"
ROLLED_FROM = "4"
ROLLED_ENDPOINT = "upsell-api"
ROLLED_ON = date(2026, 11, 16)
ROLLED_GROWTH = Decimal("1.5")  # three machines instead of two, for as many calls
CHEAPER_SERVICE = "Azure OpenAI"
CHEAPER_FROM = date(2026, 11, 16)
CHEAPER_DISCOUNT = Decimal("0.20")  # was 0.08
TWICE_KIND = "openai-out"
TWICE_NAME = "acme-openai"
TWICE_ON = date(2026, 11, 9)
CORRECTED_ON = date(2026, 11, 17)
STOPPED_NOTEBOOK = "nb-course"
WAIVED_ON = date(2026, 11, 16)


@dataclass(frozen=True)
class Change:
    """One thing that changes what the estate costs.

    Args:
        what: The effect it is told as, "largest" (of all effects), "restated" or "advice taken".
        scope: "model", "team", "service"; or the kind of advice.
        names: All that this effect is told of in that scope, and no other.
        story: What happened, for people.
    """

    what: str
    scope: str
    names: tuple[str, ...]
    story: str


CHANGES: tuple[Change, ...] = (
    Change(
        what="largest",
        scope="model",
        names=("damage-detect",),
        story="Its sweep, started on 2026-11-06, ran on: a week more of it is in the thirty days.",
    ),
    Change(
        what="version",
        scope="model",
        names=(ROLLED_MODEL,),
        story=f"{ROLLED_MODEL}:5 took the place of version {ROLLED_FROM} on {ROLLED_ON}; "
        "it needs three machines where two were enough.",
    ),
    Change(
        what="price",
        scope="service",
        names=(CHEAPER_SERVICE,),
        story=f"The contract was renewed on {CHEAPER_FROM}: the discount is 20 % instead of 8 %.",
    ),
    Change(
        what="restated",
        scope="service",
        names=(CHEAPER_SERVICE,),
        story=f"The output tokens of {TWICE_ON} were billed twice; a new bill of {CORRECTED_ON} "
        "has them once.",
    ),
    Change(
        what="advice taken",
        scope="idle_notebook",
        names=(STOPPED_NOTEBOOK,),
        story="Six notebooks of a course that ended on 2026-10-02 were deleted on 2026-11-16.",
    ),
)
