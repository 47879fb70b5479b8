"""Say which machines, pods and volumes could not be brought together, with their money or hours."""

from __future__ import annotations

from collections.abc import Iterator

from quaestor.core.blind_spot import BlindSpot
from quaestor.warehouse.duckdb import Warehouse

# Each SELECT gives source, scope, period, reason, rows and amount; each reason has one remedy.
_UNPLACED = """
select min(source) as source, 'cluster ' || cluster as scope, strftime(day, '%Y-%m') as period,
    sum(samples)::bigint as rows, null as amount,
    case when node is null then 'hours of pods name no node, so that no machine is divided by them'
        else 'hours of pods are on nodes that nobody tells of at that time: such a node is '
            || min(node) end as reason
from ledger.pod_use where not is_placed
group by cluster, strftime(day, '%Y-%m'), node is null
"""
_UNPRICED = """
select min(n.source) as source, 'cluster ' || n.cluster as scope,
    strftime(n.day, '%Y-%m') as period, count(*) as rows, null as amount,
    case when n.machine is null then 'nodes have no provider id that a bill could name'
        else 'nodes are on no bill, and the price book has no price of their machine' end
        || ', so that they have no cost: such a one is ' || min(n.node) as reason
from ledger.node_day as n
left join ledger.machine_day as m on m.day = n.day and m.machine = n.machine
where m.day is null
group by n.cluster, strftime(n.day, '%Y-%m'), n.machine is null
"""
_LISTED = """
select min(n.source) as source, 'cluster ' || n.cluster as scope,
    strftime(m.day, '%Y-%m') as period, count(*) as rows, sum(m.cost) as amount,
    'nodes are on no bill; by list they cost this, and no charge stands behind it: such a one is '
        || min(n.node) as reason
from ledger.machine_day as m
join ledger.node_day as n on n.day = m.day and n.machine = m.machine
where m.price_source <> 'bill'
group by n.cluster, strftime(m.day, '%Y-%m')
"""
_UNDIVIDED = """
with divided as (
    select distinct day, coalesce(machine, cluster || '/' || node) as machine from ledger.pod_day
),
told as (
    select distinct day, cluster from ledger.pod_use
)
select min(n.source) as source, 'cluster ' || n.cluster as scope,
    strftime(n.day, '%Y-%m') as period, count(*) as rows, sum(m.cost) as amount,
    case
        when t.day is null then 'no pod of the cluster is told of on whole days, so that its '
            || 'machines are divided over nobody, and nothing of them is called idle'
        when n.gpu_hours > 0 and w.gpu_model is null
            then 'the price book has no price of the GPU model '
            || coalesce(n.gpu_model, '(unknown)') || ', so that its machines are not divided'
        else 'what nodes have is unknown, so that they are not divided'
    end as reason
from ledger.node_day as n
left join told as t on t.day = n.day and t.cluster = n.cluster
left join ledger.unit_weight as w on w.gpu_model = n.gpu_model
left join ledger.machine_day as m on m.day = n.day and m.machine = n.machine
left join divided as d
    on d.day = n.day and d.machine = coalesce(n.machine, n.cluster || '/' || n.node)
where d.day is null and n.hours > 0
group by n.cluster, strftime(n.day, '%Y-%m'), 6
"""
_UNOBSERVED = """
select min(n.source) as source, 'cluster ' || p.cluster as scope,
    strftime(p.day, '%Y-%m') as period, count(*) as rows, sum(p.cost) as amount,
    'parts of machines are unobserved: nobody tells in some hours who used them, or whether '
        || 'they were up' as reason
from ledger.pod_day as p
join ledger.node_day as n
    on n.day = p.day and n.cluster = p.cluster and n.node = p.node
    and n.machine is not distinct from p.machine
where p.allocated_to = 'unobserved'
group by p.cluster, strftime(p.day, '%Y-%m')
"""
_TWICE = """
with told as (
    select cluster, count(*) as rows from usage.pod_hour group by cluster
),
counted as (
    select
        cluster, min(source) as source, sum(samples) as rows,
        sum(samples - case when is_placed then bit_count(hours_seen) else samples end) as copies
    from ledger.pod_use group by cluster
)
select c.source, 'cluster ' || c.cluster as scope, null as period,
    (t.rows - c.rows + c.copies)::bigint as rows, null as amount,
    'hours of pods are told more than once; of two sources the first by name counts, of two rows '
        || 'the greater figures' as reason
from counted as c
join told as t on t.cluster = c.cluster
where t.rows > c.rows or c.copies > 0
union all
select min(source), 'cluster ' || cluster, null, count(*), null,
    'days of nodes have two sources, two machines of one name or two rows of an hour; the first '
        || 'source by name counts, and each machine is divided by its own hours'
from ledger.node_day where not is_even
group by cluster
"""
_UNMOUNTED = """
select l.source, l.kind || 's of ' || l.cluster as scope, strftime(c.day, '%Y-%m') as period,
    count(*) as rows,
    case when count(*) = count(c.rate)
        then sum(money_at_rate(c.billing_effective_cost, c.rate)) end as amount,
    'nobody tells which pods used them on these days, so that they are not divided' as reason
from ledger.charge_day as c
join ledger.lineage as l on l.resource_id = c.resource_id
left join (select distinct day, split_key from ledger.resource_share) as s
    on s.day = c.day and s.split_key = l.split_key
where l.kind in ('volume', 'load-balancer') and s.day is null
group by l.source, l.kind, l.cluster, strftime(c.day, '%Y-%m')
"""
_CLAIMED = """
select min(n.source) as source, 'cluster ' || c.cluster as scope,
    strftime(c.day, '%Y-%m') as period, count(*) as rows, null as amount,
    'pods on nodes with GPUs have devices by resource claims, and nobody tells how many GPUs they '
        || 'hold; what is left of those GPUs is unobserved, not idle: such a pod is '
        || min(c.namespace || '/' || c.pod) as reason
from ledger.pod_claim as c
join ledger.node_day as n on n.day = c.day and n.cluster = c.cluster and n.node = c.node
where n.gpu_hours > 0
group by c.cluster, strftime(c.day, '%Y-%m')
"""
_FIXES = {
    _UNPLACED: "Let the nodes and the pods be told of by sources of the same clock, and names.",
    _UNPRICED: "Add the bill of that account, or a price of the machine's type under `prices:`.",
    _LISTED: "Add the bill of that account; until then the figures are list prices.",
    _UNDIVIDED: "Add a source of that cluster's pods; add the GPU model to a file of `prices:`.",
    _UNOBSERVED: "Look why the monitoring of that cluster was silent.",
    _TWICE: "Leave one source per cluster, or let each tell of other pods.",
    _CLAIMED: "Request GPUs by their resource name, or state gpu_request in a file of pod-hours.",
    _UNMOUNTED: "Add the cluster as a source of kind kubernetes, so that its pods are known.",
}


def blind_spots(warehouse: Warehouse) -> list[BlindSpot]:
    """Return what stands in the way of dividing clusters over those who use them."""
    [(currency,)] = warehouse.rows(
        "select coalesce(max(value), '') from config.setting where name = 'currency'"
    )
    return [spot for sql, fix in _FIXES.items() for spot in _told(warehouse, sql, fix, currency)]


def _told(warehouse: Warehouse, sql: str, fix: str, currency: str) -> Iterator[BlindSpot]:
    for line in warehouse.records(f"select * from ({sql}) as told order by all"):
        amount = line["amount"]
        yield BlindSpot(
            source=line["source"],
            scope=line["scope"],
            period=line["period"],
            reason=line["reason"],
            fix=fix,
            rows=line["rows"],
            amount=amount,
            currency=currency if amount is not None else None,
        )
