"""Tell what a `shared:` rule was to divide and could not: nobody had a share."""

from __future__ import annotations

from quaestor.core.blind_spot import BlindSpot
from quaestor.warehouse.duckdb import Warehouse

# What each driver needs before it can divide anything.
_NEEDS = {
    "requests": "requests of models' endpoints (usage.endpoint_hour)",
    "tokens": "tokens of models' endpoints (usage.endpoint_hour)",
    "execution_seconds": "instances and how busy they were (usage.endpoint_hour)",
    "gpu_hours": "pods with GPUs whose labels name whose they are (ledger.pod_day)",
    "storage": "volumes whose labels name whose they are (usage.volume)",
}
_OTHERWISE = "a model or a team with cost of its own in that month"


def blind_spots(warehouse: Warehouse) -> list[BlindSpot]:
    """Return the cost that rules matched and left where it was, by rule and month."""
    if not warehouse.rows("select rule from config.shared_rule limit 1"):
        return []
    left = warehouse.rows(
        """
        select
            m.shared_rule, r.driver, date_trunc('month', m.day)::date as month, count(*),
            sum(m.effective_cost), (select value from config.setting where name = 'currency')
        from ledger.shared_match as m
        join config.shared_rule as r on r.rule = m.shared_rule
        left join (select distinct month, rule from ledger.shared_share) as s
            on s.rule = m.shared_rule and s.month = date_trunc('month', m.day)::date
        where s.rule is null
        group by all order by all
        """
    )
    return [
        BlindSpot(
            source="shared",
            scope=f"shared rule {rule}",
            period=f"{month:%Y-%m}",
            reason="it divided nothing: there is nobody to divide by "
            f"{driver.replace('_', ' ')} over, so that the cost stays where it was",
            fix=f"It needs {_NEEDS.get(driver, _OTHERWISE)}.",
            rows=rows,
            amount=amount,
            currency=currency,
        )
        for rule, driver, month, rows, amount, currency in left
    ]
