"""Hold two windows of the bill against each other: what changed, by effects that add up.

The method is that of unusual days (sql/plan/effect.sql): here are only other days and subjects.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Any

from quaestor.ledger.model_file import read
from quaestor.warehouse.duckdb import Warehouse

Days = tuple[date, date]  # the first and the last
_EFFECT = "plan/effect.sql"
_SETUP = """
create or replace temp table window_day as
select unnest(generate_series($since_0::date, $until_0::date, interval 1 day))::date as day,
    false as is_now
union all
select unnest(generate_series($since_1::date, $until_1::date, interval 1 day))::date, true
"""
# What is known of the cost: a subject without a charge cost nothing, one whose charges all lack a
# rate cost nobody knows what.
_COSTS = """
create or replace temp table window_cost as
with line as (
    select c.team, c.model, c.service, w.is_now, c.effective_cost
    from ledger.cost as c join window_day as w on w.day = c.day
),
headed as (
    select case when model is null then 'no model' else 'model' end as scope,
        coalesce(model, 'no model') as subject, is_now, effective_cost from line
    union all
    select case when team is null then 'no team' else 'team' end, coalesce(team, 'no team'),
        is_now, effective_cost from line
    union all
    select case when service is null then 'no service' else 'service' end,
        coalesce(service, 'no service'), is_now, effective_cost from line
)
select
    scope, subject,
    case when count(*) filter (where is_now) = 0 then 0
        else sum(effective_cost) filter (where is_now) end::decimal(38, 20) as after_cost,
    case when count(*) filter (where not is_now) = 0 then 0
        else sum(effective_cost) filter (where not is_now) end::decimal(38, 20) as before_cost
from headed
group by scope, subject
"""
_COMPARED = """
create or replace temp table window_compared as
select scope, subject, $until_1::date as day, (after_cost - before_cost)::decimal(38, 20) as change
from window_cost where after_cost is not null and before_cost is not null
"""
_COMPARED_DAYS = """
create or replace temp table window_compared_day as
select c.scope, c.subject, c.day, w.day as charged_on, w.is_now
from window_compared as c cross join window_day as w
"""
_EFFECTS = (
    *("price_effect", "volume_effect", "mix_effect", "efficiency_effect", "version_effect"),
    "unmeasured_effect",
)
# All of it is the sum of the models and what is no model's, so that it has their effects. Of a team
# or a service no work is known that all its cost is for: there its units are the volume.
_RESULT = f"""
with row_of as (
    select
        c.scope, c.subject, c.before_cost, c.after_cost,
        (c.after_cost - c.before_cost)::decimal(38, 20) as change,
        e.price_effect,
        case when c.scope in ('model', 'no model') then e.volume_effect
            else e.volume_effect + e.efficiency_effect end as volume_effect,
        e.mix_effect,
        case when c.scope in ('model', 'no model') then e.efficiency_effect
            else 0 end::decimal(38, 20) as efficiency_effect,
        e.version_effect, e.unmeasured_effect, e.service,
        e.resource_id, e.team, e.model, e.sku_id
    from window_cost as c
    left join window_effect as e on e.scope = c.scope and e.subject = c.subject
),
total as (
    select
        'total' as scope, 'total' as subject, sum(before_cost) as before_cost,
        sum(after_cost) as after_cost, sum(after_cost) - sum(before_cost) as change,
        {", ".join(f"sum({name}) as {name}" for name in _EFFECTS)}
    from row_of where scope in ('model', 'no model') and change is not null
)
select * from total
union all by name
select * from row_of
order by scope, abs(change) desc nulls last, subject
"""


def compare(warehouse: Warehouse, before: Days, after: Days) -> list[dict[str, Any]]:
    """Return what each subject cost in two windows of one length, and why it changed.

    Args:
        warehouse: A built one; read-only will do.
        before: The earlier window, its first and last day.
        after: The later one; they may overlap.

    Returns:
        A row for all of it (scope 'total'), each model, team and service, and for what names
        none ('no model', ...): `before_cost`, `after_cost`, `change`, its effects, and what
        changed most. A cost is None where no charge of it has a rate; it is not in the total.
    """
    days = {
        "since_0": before[0],
        "until_0": before[1],
        "since_1": after[0],
        "until_1": after[1],
    }
    warehouse.run(_SETUP, days)
    warehouse.run(_COSTS)
    warehouse.run(_COMPARED, {"until_1": after[1]})
    warehouse.run(_COMPARED_DAYS)
    warehouse.run(f"create or replace temp table window_effect as {_effect()}")
    rows = warehouse.records(_RESULT)
    for name in ("day", "cost", "compared", "compared_day", "effect"):
        warehouse.run(f"drop table window_{name}")
    return rows


@cache
def _effect() -> str:
    """Return the SELECT of effects, asked of these windows instead of unusual days."""
    from quaestor.ledger import SQL

    sql = read(SQL / _EFFECT).sql
    return re.sub(r"\bledger\.(compared(?:_day)?)\b", r"window_\1", sql)
