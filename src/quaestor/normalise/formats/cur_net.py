"""Take discounts once where a month's report is of several files, some of them without net costs.

Net costs are less by the discounts already, so that in a report that has them a discount's own
row costs nothing (`cur_billed`). Of a report in several files one may have no net cost in it and
hold the discounts; whether there are net costs is a fact of the payer's month, not of a file.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quaestor.core.blind_spot import BlindSpot
    from quaestor.normalise.job import Job
    from quaestor.warehouse.duckdb import Warehouse

# The first such row ends it: not all are looked at.
NET_IF = (
    "select 'net' as dataset from landed where line_item_net_unblended_cost is not null limit 1"
)


def settle(warehouse: Warehouse, job: Job, new: Collection[str]) -> list[BlindSpot]:
    """Let discounts cost nothing where other files of the month have net costs (`Format.after`).

    A file that has done so is read anew when those leave the source (`in_force.drop_stale`).
    """
    del new  # a new file may be of the same month as an old one
    given = {"source": job.source.name}
    if warehouse.row(_VIEWS, given) != (True, True):
        return []  # spares most people from looking at every charge
    warehouse.run(_FOLDED, given)
    for statement in (_CLAIM, _REMEMBER, _COST_NOTHING):
        warehouse.run(statement, given)
    return []


_VIEWS = """
select
    coalesce(bool_or(d.dataset is not distinct from 'net'), false),
    coalesce(bool_or(d.dataset is distinct from 'net'), false)
from focus.file as f left join focus.dataset as d using (source, sha256)
where f.source = $source and f.format = 'cur'
"""
_FOLDED = """
create or replace temp table folded as
with charge as (
    select
        c.x_file_sha256 as sha256, c.x_row, c.BillingPeriodStart, c.BillingAccountId,
        c.SubAccountId, c.BillingCurrency, c.BilledCost, c.EffectiveCost,
        d.dataset is not distinct from 'net' as is_net,
        c.x_LineItemType like '%Discount' and c.BilledCost <> 0 as is_discount
    from focus.charge as c
    join focus.file as f on f.source = c.x_source and f.sha256 = c.x_file_sha256
    left join focus.dataset as d using (source, sha256)
    where c.x_source = $source and f.format = 'cur'
),
net as (
    select BillingPeriodStart, BillingAccountId, list(distinct sha256) as files
    from charge where is_net group by all
)
select charge.* exclude (is_net, is_discount), net.files
from charge
join net on net.BillingPeriodStart = charge.BillingPeriodStart
    and net.BillingAccountId is not distinct from charge.BillingAccountId
where not charge.is_net and charge.is_discount
"""
_CLAIM = """
update focus.control set
    landed_billed_cost = landed_billed_cost - g.billed_cost,
    landed_effective_cost = landed_effective_cost - g.effective_cost
from (
    select
        sha256, BillingPeriodStart, BillingAccountId, SubAccountId, BillingCurrency,
        sum(BilledCost) as billed_cost, sum(EffectiveCost) as effective_cost
    from folded group by all
) as g
where source = $source and focus.control.sha256 = g.sha256
    and billing_period_start = g.BillingPeriodStart
    and billing_account_id is not distinct from g.BillingAccountId
    and sub_account_id is not distinct from g.SubAccountId
    and currency is not distinct from g.BillingCurrency
"""
_REMEMBER = """
insert into focus.dataset
select $source, sha256, 'gross', list_sort(list_distinct(flatten(list(files))))
from folded group by sha256
on conflict do update set
    gave_way_to = list_sort(list_distinct(gave_way_to || excluded.gave_way_to))
"""
_COST_NOTHING = """
update focus.charge set BilledCost = 0, EffectiveCost = 0, ListCost = 0, ContractedCost = 0
from folded
where x_source = $source and x_file_sha256 = folded.sha256 and focus.charge.x_row = folded.x_row
"""
