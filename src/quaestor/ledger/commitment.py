"""Say of which commitments it is not known whether they are used."""

from __future__ import annotations

from quaestor.core.blind_spot import BlindSpot
from quaestor.warehouse.duckdb import Warehouse


def blind_spots(warehouse: Warehouse) -> list[BlindSpot]:
    """Return the commitments whose use a bill names without saying if it is used or unused."""
    unclear = warehouse.rows(
        """
        select
            source, commitment_id, billing_currency, min(month), max(month), sum(unclear_cost)
        from ledger.commitment
        where unclear_cost is not null and commitment_id is not null
        group by all order by all
        """
    )
    return [
        BlindSpot(
            source=source,
            scope=f"commitment {commitment}",
            period=f"{first:%Y-%m}" if first == last else f"{first:%Y-%m} to {last:%Y-%m}",
            reason="charges of it have no CommitmentDiscountStatus, so that its utilisation and "
            "coverage are not known",
            fix="Ask for an export with CommitmentDiscountStatus (FOCUS 1.0 and later).",
            amount=amount,
            currency=currency or None,
        )
        for source, commitment, currency, first, last, amount in unclear
    ]
