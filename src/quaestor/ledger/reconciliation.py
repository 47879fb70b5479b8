"""Say where the bill does not add up: what files claim, against what was charged."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.money import exact_text
from quaestor.warehouse.duckdb import Warehouse

_FIX = (
    "Do not rely on these figures. `quaestor report reconciliation` shows what the files state "
    "beside what was read; please report it with the format of the files."
)


def blind_spots(warehouse: Warehouse) -> list[BlindSpot]:
    """Return one blind spot for every line of `ledger.reconciliation` that does not add up."""
    wrong = warehouse.records(
        """
        from ledger.reconciliation
        where rows_difference <> 0 or billed_difference <> 0 or effective_difference <> 0
        order by source, billing_period_start, billing_account_id, sub_account_id, currency
        """
    )
    return [
        BlindSpot(
            source=line["source"],
            scope=f"account {_account(line)}",
            period=_period(line["billing_period_start"]),
            reason="the bill does not add up: " + "; ".join(_complaints(line)),
            fix=_FIX,
            rows=abs(line["rows_difference"]) or None,
            amount=line["billed_difference"] or line["effective_difference"] or None,
            currency=line["currency"],
        )
        for line in wrong
    ]


def _complaints(line: dict[str, Any]) -> Iterator[str]:
    unit = line["currency"] or "of an unnamed currency"
    for basis in ("billed", "effective"):
        difference = line[f"{basis}_difference"]
        if not difference:
            continue
        landed = line[f"landed_{basis}_cost"]
        waiting = line[f"quarantined_{basis}_cost"] or Decimal(0)
        charged = line[f"{basis}_cost"] or Decimal(0)
        claimed = "nothing" if landed is None else f"{exact_text(landed)} {unit}"
        held = f", of which {exact_text(waiting)} wait in quarantine" if waiting else ""
        yield (
            f"the files state {claimed} {basis} cost{held}, and {exact_text(charged)} {unit} "
            f"were charged, a difference of {exact_text(difference)} {unit}"
        )
    if rows := line["rows_difference"]:
        many = "s" if abs(rows) != 1 else ""
        if rows > 0:
            yield f"{rows:,} landed row{many} {'are' if many else 'is'} accounted for nowhere"
        else:
            yield f"{-rows:,} row{many} more than were landed {'are' if many else 'is'} loaded"


def _account(line: dict[str, Any]) -> str:
    names = [line[name] for name in ("billing_account_id", "sub_account_id") if line[name]]
    return " / ".join(names) or "(none)"


def _period(start: Any) -> str | None:
    """Name a billing period by its month, or by its first moment where it begins within one."""
    if start is None:
        return None
    return f"{start:%Y-%m}" if start.day == 1 else f"from {start:%Y-%m-%d}"
