"""What a build has to do anew: the days and months that differ from what the last one read.

A SELECT that reads by day asks for `ledger.stale_day` twice: which days, and from when on. The
second becomes a constant (`bounded`), so that what was appended before is left out unread.

The tables `ledger.day_state` and `ledger.row_state` hold fingerprints of what the last build
read; `ledger.stale_day` and `ledger.stale_month` become what this build has to replace.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence

from quaestor.warehouse.duckdb import Warehouse, quoted
from quaestor.warehouse.state import recall, remember

_FIRST = re.compile(r"\(select min\((day|month)\) from ledger\.stale_\1\)")
# What is known hour by hour, with the time that names its day.
_HOURLY = {
    "node_hour": "hour",
    "pod_hour": "hour",
    "gpu_device_hour": "hour",
    "gpu_sample": "sampled_at",
    "endpoint_hour": "hour",
}
# What is known once for a span of days: its table, and the first and the last of them.
_SPANNING = {
    "node": ("created_at", "null"),
    "pod": ("created_at", "ended_at"),
    "volume": ("created_at", "null"),
    "load_balancer": ("created_at", "null"),
    "endpoint": ("created_at", "null"),
    "gpu_job": ("coalesce(submitted_at, started_at)", "ended_at"),
}
# What decides owners wherever it is used; the days themselves need not be read again.
_OWNERS = "select count(*), sum(hash(source, model, team)) from registry.model"
_REGISTERED = """
select sum(digest) from (
    select hash(source, model, team) as digest from registry.model
    union all
    select hash(source, run_id, model, version) from registry.model_version
)
"""
# Which jobs there are decides which samples of hosts are nobody's.
_JOBS = "select count(*), sum(hash(job)) from (select distinct job from usage.gpu_job)"
# Days on which the last build named for a pod or a job another owner than the registries do now:
# the one team that registered a pod's model, the one version that came of a job's run.
_OTHERWISE_OWNED = """
with owner as (
    select coalesce(a.new, m.model) as model, min(coalesce(b.new, m.team)) as team
    from registry.model as m
    left join config.renaming as a on a.field = 'model' and a.old = m.model
    left join config.renaming as b on b.field = 'team' and b.old = m.team
    where m.team is not null
    group by coalesce(a.new, m.model)
    having count(distinct coalesce(b.new, m.team)) = 1
),
version_of_run as (
    select
        v.run_id,
        case when count(distinct coalesce(a.new, v.model)) = 1 then min(coalesce(a.new, v.model))
            end as model,
        case when count(distinct v.model) = 1 and count(distinct v.version) = 1
            then min(v.version) end as version
    from registry.model_version as v
    left join config.renaming as a on a.field = 'model' and a.old = v.model
    where v.run_id is not null
    group by v.run_id
)
select p.day
from ledger.pod_day as p
left join owner as o on o.model = p.model
where p.model is not null and p.pod is not null
    and case when p.team is null then o.team is not null
        else (contains(p.rule, 'registry') or p.rule = 'overhead')
            and o.team is distinct from p.team end
union all
select s.day
from ledger.run_share as s
join usage.gpu_job as j on s.allocated_to = 'job/' || j.source || '/' || j.job
left join version_of_run as r on r.run_id = j.run_id
where j.run_id is not null
    and case when j.model is null then s.model is distinct from r.model
        else j.model_version is null
            and s.model_version is distinct from case when s.model = r.model then r.version end end
"""


def find(warehouse: Warehouse, settings: bytes, facts: Sequence[str]) -> None:
    """Fill `ledger.stale_day` and `ledger.stale_month`, and remember what was read.

    Args:
        warehouse: Its open transaction takes it back if the build fails.
        settings: The configuration; with another one everything is stale.
        facts: The columns of the bill that the rules match on, besides those of every line.
    """
    digest = hashlib.sha256(settings).hexdigest()
    everything = recall(warehouse, "ledger_settings") != digest
    remember(warehouse, "ledger_settings", digest)
    warehouse.run("delete from ledger.stale_day")
    warehouse.run("delete from ledger.stale_month")
    _compare_days(warehouse, facts, everything=everything)
    _compare_rows(warehouse)
    owners = str(warehouse.row(_OWNERS))
    if recall(warehouse, "ledger_owners") != owners:
        warehouse.run(
            "insert or ignore into ledger.stale_month "
            "select distinct date_trunc('month', day)::date from ledger.day_state"
        )
    remember(warehouse, "ledger_owners", owners)
    registered = str(warehouse.row(_REGISTERED))
    if recall(warehouse, "ledger_registered") != registered:
        warehouse.run(
            "insert or ignore into ledger.stale_day (day, billed) "
            f"select day, false from ({_OTHERWISE_OWNED}) group by day"
        )
    remember(warehouse, "ledger_registered", registered)
    jobs = str(warehouse.row(_JOBS))
    if recall(warehouse, "ledger_jobs") != jobs:
        _add_months(warehouse, "select day from ledger.gpu_sample_day where job is not null")
    if everything:  # months that jobs and endpoints alone know too
        _add_months(warehouse, "select day from ledger.gpu_hour")
    remember(warehouse, "ledger_jobs", jobs)
    _add_months(warehouse, "select day from ledger.stale_day")


def bounded(warehouse: Warehouse, select: str) -> str:
    """Put the first stale day or month where a SELECT asks for it: only a constant is pushed down.

    Args:
        warehouse: After `find`.
        select: With `(select min(day) from ledger.stale_day)`, or the same of months, or neither.
    """

    def first(found: re.Match[str]) -> str:
        (value,) = warehouse.row(found[0][1:-1])
        return "null::date" if value is None else f"date '{value}'"

    return _FIRST.sub(first, select)


def is_built_with(warehouse: Warehouse, settings: bytes) -> bool:
    """Return whether the last build had these settings."""
    return recall(warehouse, "ledger_settings") == hashlib.sha256(settings).hexdigest()


def of_other_lineage(warehouse: Warehouse, table: str, before: str) -> None:
    """Add the months of resources whose lineage is not what it was."""
    _add_months(
        warehouse,
        f"""
        with changed as (
            (from ledger.{table} except from {before})
            union all
            (from {before} except from ledger.{table})
        ),
        workspace as (
            select regexp_extract(resource_id, '^(.*)/onlineendpoints/[^/]+$', 1) as resource_id
            from changed where resource_id like '%/onlineendpoints/%'
        )
        select day from ledger.charge_day
        where resource_id in (select resource_id from changed)
            or lower(resource_id) in (select resource_id from workspace)
        """,
    )


def of_other_days(warehouse: Warehouse, table: str, before: str) -> None:
    """Add the months of the days of which a table that is built whole tells otherwise."""
    told = "select day, count(*) as rows, sum(hash(t)) as digest from {} as t group by day"
    now, then = told.format(f"ledger.{table}"), told.format(before)
    _add_months(
        warehouse,
        f"""
        select coalesce(now.day, before.day) as day
        from ({now}) as now full join ({then}) as before on before.day = now.day
        where (before.rows, before.digest) is distinct from (now.rows, now.digest)
        """,
    )


# Tables that are built whole and read by days or months: what follows from their new rows.
WATCHED: Mapping[str, Callable[[Warehouse, str, str], None]] = {
    "lineage": of_other_lineage,
    "gpu_job_day": of_other_days,
    "gpu_endpoint_day": of_other_days,
}


def _compare_days(warehouse: Warehouse, facts: Sequence[str], *, everything: bool) -> None:
    """Mark the days of which more, less or something else is known than at the last build."""
    more = "".join(f", {quoted(name)}" for name in facts)
    selects = [
        f"""
        select 'charge' as kind, ChargePeriodStart::date as day, concat_ws(' ', count(*), sum(hash(
            x_file_sha256, x_row, BilledCost, EffectiveCost, x_billing_currency_rate{more}
        ))) as fingerprint
        from focus.charge group by all
        """
    ]
    for table, time in _HOURLY.items():
        columns = ", ".join(warehouse.columns(f"usage.{table}"))
        selects.append(
            f"""
            select '{table}', {time}::date, concat_ws(' ', count(*), sum(hash({columns})))
            from usage.{table} group by all
            """
        )
    warehouse.run(f"create or replace temp table day_now as {' union all '.join(selects)}")
    warehouse.run(
        """
        insert into ledger.stale_day
        select day, bool_or(kind = 'charge' or $everything)
        from ledger.day_state as before
        full join day_now as now using (kind, day)
        where $everything or before.fingerprint is distinct from now.fingerprint
        group by day
        """,
        {"everything": everything},
    )
    warehouse.run("delete from ledger.day_state")
    warehouse.run("insert into ledger.day_state by name select * from day_now")
    warehouse.run("drop table day_now")


def _compare_rows(warehouse: Warehouse) -> None:
    """Mark the days of which something that spans days tells otherwise than at the last build."""
    selects = []
    for table, (first, last) in _SPANNING.items():
        columns = ", ".join(
            quoted(name) for name in warehouse.columns(f"usage.{table}") if name != "seen_at"
        )
        selects.append(
            f"select '{table}' as kind, hash({columns})::hugeint as fingerprint, "
            f"({first})::date as first_day, ({last})::date as last_day from usage.{table}"
        )
    warehouse.run(f"create or replace temp table row_now as {' union all '.join(selects)}")
    warehouse.run(
        """
        insert or ignore into ledger.stale_day
        select distinct d.day, false
        from (select distinct day from ledger.day_state) as d
        join (
            (from row_now except from ledger.row_state)
            union all
            (from ledger.row_state except from row_now)
        ) as r
            on (r.first_day is null or d.day >= r.first_day)
            and (r.last_day is null or d.day <= r.last_day)
        """
    )
    warehouse.run("delete from ledger.row_state")
    warehouse.run("insert into ledger.row_state by name select * from row_now")
    warehouse.run("drop table row_now")


def _add_months(warehouse: Warehouse, days: str) -> None:
    warehouse.run(
        "insert or ignore into ledger.stale_month "
        f"select distinct date_trunc('month', day)::date from ({days})"
    )
