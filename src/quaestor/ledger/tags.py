"""Tell which charges have tags that cannot be read, so that nobody takes them for untagged."""

from __future__ import annotations

from quaestor.core.blind_spot import BlindSpot
from quaestor.warehouse.duckdb import Warehouse

_ILLEGIBLE = "try_cast(try_cast(Tags as json) as map(varchar, varchar)) is null"


def blind_spots(warehouse: Warehouse) -> list[BlindSpot]:
    """Return the charges whose tags are no JSON object, by source and billing currency."""
    found = warehouse.rows(
        f"""
        with tag_text as (
            select distinct tags from ledger.charge_day where trim(tags) not in ('', 'null')
        ),
        illegible as (
            select tags from tag_text
            where {_ILLEGIBLE}
        )
        select
            c.source, c.billing_currency, sum(c.charges)::bigint, sum(c.billing_billed_cost),
            min(c.day), max(c.day)
        from ledger.charge_day as c join illegible as i on i.tags = c.tags
        group by all order by all
        """
    )
    return [
        BlindSpot(
            source=source,
            scope="tags" if currency is None else f"tags, {currency}",
            period=f"{first:%Y-%m}" if f"{first:%Y-%m}" == f"{last:%Y-%m}" else None,
            reason="tags are no JSON object and say nothing: whose these charges are is found "
            "without them",
            fix='Mend the export; `quaestor query "select distinct Tags from focus.charge where '
            f"x_source = '{source}' and {_ILLEGIBLE}\"` shows them.",
            rows=charges,
            amount=amount,
            currency=currency,
        )
        for source, currency, charges, amount, first, last in found
    ]
