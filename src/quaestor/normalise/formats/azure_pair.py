"""Join Azure's actual and amortised cost, which are two views of one bill and never a sum.

Of a pair, all amortised rows count, and of the actual ones the purchases and refunds of
commitments: what was paid for them, beside what their use is worth. The other actual rows are
left out of `focus.charge`, counted, and read again when the amortised file they gave way to
leaves the source (`in_force.drop_stale`).

A row gives way by day: where the amortised export lags behind, the days it lacks stay actual.
Both give way to a FOCUS export of the same account, subscription and day, which is both in one.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from quaestor.core.blind_spot import BlindSpot

if TYPE_CHECKING:
    from quaestor.normalise.job import Job
    from quaestor.warehouse.duckdb import Warehouse

ACTUAL, AMORTISED = "actual", "amortised"
_WORDS = {
    ACTUAL: re.compile(r"(?<!contr)(?<!f)actual", re.IGNORECASE),
    AMORTISED: re.compile(r"amorti[sz]", re.IGNORECASE),
}
_FORMATS = "('azure-cost', 'azure-query')"


def settle(warehouse: Warehouse, job: Job, new: Collection[str], *, form: str) -> list[BlindSpot]:
    """Leave out the actual rows that amortised ones replace (`Format.after` of `form`).

    Returns:
        What one half of a pair cannot tell without the other.
    """
    del new  # what is settled stays settled; a new file may be the other half of an old one
    source = job.source.name
    _tell_apart(warehouse, source)
    _give_way(warehouse, source, _TO_FOCUS)
    _give_way(warehouse, source, _TO_AMORTISED)
    _share_claims(warehouse, source)
    return _without_other_half(warehouse, source, form) + _day_first(warehouse, source, form)


def _tell_apart(warehouse: Warehouse, source: str) -> None:
    """Write down which dataset a file is, once: by its own words, its path, or its content.

    Content tells where there are commitments: an amortised file has their unused part, or a
    cost for what they covered; an actual one has their purchase, or no cost for what they
    covered. A file without commitments says what the others in its folder are, if they agree.
    """
    column = "x_Dataset" in warehouse.columns("focus.charge")
    found = warehouse.rows(
        f"""
        select f.sha256, any_value({"c.x_Dataset" if column else "null"}), any_value(f.scope),
            coalesce(bool_or(
                c.CommitmentDiscountStatus = 'Unused'
                or c.CommitmentDiscountStatus = 'Used' and c.EffectiveCost <> 0
            ), false),
            coalesce(bool_or(c.CommitmentDiscountCategory is not null), false)
        from focus.file as f
        left join focus.charge as c on c.x_source = f.source and c.x_file_sha256 = f.sha256
        where f.source = $source and f.format in {_FORMATS}
            and not exists (
                from focus.dataset as d where d.source = f.source and d.sha256 = f.sha256
            )
        group by f.sha256 order by f.sha256
        """,
        {"source": source},
    )
    for sha256, stated, scope, amortised, committed in found:
        told = _word(stated or "") or _word(scope)
        told = told or (AMORTISED if amortised else ACTUAL if committed else None)
        if told:
            warehouse.run("insert into focus.dataset values (?, ?, ?, [])", [source, sha256, told])
    warehouse.run(_AS_THE_FOLDER, {"source": source})


def _word(text: str) -> str | None:
    """Return which dataset a path names; the last part that names one, and only one, decides.

    >>> _word("actual/2026/amortised.csv"), _word("ActualCost/part_0.csv"), _word("part_0.csv")
    ('amortised', 'actual', None)
    >>> _word("contractual/part_0.csv"), _word("actual-and-amortised/part_0.csv")
    (None, None)
    """
    for part in reversed(re.split(r"[/\\]", text)):
        named = [dataset for dataset, word in _WORDS.items() if word.search(part)]
        if named:
            return named[0] if len(named) == 1 else None
    return None


_FOLDER = "regexp_replace(scope, '[^/\\\\]*$', '')"
_AS_THE_FOLDER = f"""
insert into focus.dataset
with file as (
    select f.sha256, {_FOLDER} as folder, d.dataset
    from focus.file as f left join focus.dataset as d using (source, sha256)
    where f.source = $source and f.format in {_FORMATS}
),
told as (
    select folder, any_value(dataset) as dataset from file
    group by folder having count(distinct dataset) = 1
)
select $source, f.sha256, told.dataset, [] from file as f join told using (folder)
where f.dataset is null
"""


def _give_way(warehouse: Warehouse, source: str, which: str) -> None:
    """Leave out the rows that a SELECT names, and keep the books of their files."""
    given = {"source": source}
    warehouse.run(f"create or replace temp table giving_way as {which}", given)
    if not warehouse.rows("select 1 from giving_way limit 1"):
        return
    warehouse.run(
        """
        delete from focus.charge where x_source = $source and exists (
            from giving_way as g where g.sha256 = x_file_sha256 and g.x_row = focus.charge.x_row
        )
        """,
        given,
    )
    for statement in _BOOKS:
        warehouse.run(statement, given)


_TO_AMORTISED = f"""
with charge as (
    select
        c.x_file_sha256 as sha256, c.x_row, c.BillingPeriodStart as period,
        coalesce(c.BillingAccountId, '') as account, coalesce(c.SubAccountId, '') as sub_account,
        c.BillingAccountId, c.SubAccountId, c.BillingCurrency,
        coalesce(c.BillingCurrency, '') as currency, c.ChargePeriodStart::date as day, d.dataset,
        c.ChargeCategory = 'Purchase' and c.CommitmentDiscountCategory is not null as is_purchase
    from focus.charge as c
    join focus.dataset as d on d.source = c.x_source and d.sha256 = c.x_file_sha256
    where c.x_source = $source
),
amortised as (
    select period, account, sub_account, currency, day, list(distinct sha256) as files
    from charge where dataset = '{AMORTISED}' group by all
)
select
    c.sha256, c.x_row, c.period, c.BillingAccountId, c.SubAccountId, c.BillingCurrency, c.day,
    a.files
from charge as c
join amortised as a using (period, account, sub_account, currency, day)
where c.dataset = '{ACTUAL}' and not c.is_purchase
"""
# FOCUS names accounts by their path; the cost details by its last part.
_TO_FOCUS = f"""
with charge as (
    select
        c.x_file_sha256 as sha256, c.x_row, c.BillingPeriodStart as period, f.format,
        lower(regexp_extract(coalesce(c.BillingAccountId, ''), '[^/]*$')) as account,
        lower(regexp_extract(coalesce(c.SubAccountId, ''), '[^/]*$')) as sub_account,
        c.BillingAccountId, c.SubAccountId, c.BillingCurrency, c.ChargePeriodStart::date as day
    from focus.charge as c
    join focus.file as f on f.source = c.x_source and f.sha256 = c.x_file_sha256
    where c.x_source = $source and f.format in ('focus', 'azure-cost', 'azure-query')
),
whole as (
    select period, account, sub_account, day, list(distinct sha256) as files
    from charge where format = 'focus' and sub_account || account <> '' group by all
)
select
    c.sha256, c.x_row, c.period, c.BillingAccountId, c.SubAccountId, c.BillingCurrency, c.day,
    list_sort(list_distinct(flatten(list(w.files)))) as files
from charge as c
join whole as w on w.period = c.period and w.sub_account = c.sub_account and w.day = c.day
    and (w.account = c.account or c.account = '' and c.sub_account <> '')
where c.format in {_FORMATS}
group by all
"""
# One row of these formats is one charge. A file that is neither actual nor amortised remembers,
# too, to what it gave way.
_BOOKS = (
    """
    update focus.file set
        rows_loaded = rows_loaded - g.rows, charges = charges - g.rows,
        rows_left_out = rows_left_out + g.rows
    from (select sha256, count(*) as rows from giving_way group by all) as g
    where source = $source and focus.file.sha256 = g.sha256
    """,
    """
    update focus.file_period set charges = charges - g.rows
    from (select sha256, period, count(*) as rows from giving_way group by all) as g
    where source = $source and focus.file_period.sha256 = g.sha256
        and billing_period_start = g.period
    """,
    """
    update focus.control set
        rows_left_out = rows_left_out + g.rows
    from (
        select
            sha256, period, BillingAccountId, SubAccountId, BillingCurrency, day, count(*) as rows
        from giving_way group by all
    ) as g
    where source = $source and focus.control.sha256 = g.sha256
        and billing_period_start = g.period
        and billing_account_id is not distinct from g.BillingAccountId
        and sub_account_id is not distinct from g.SubAccountId
        and currency is not distinct from g.BillingCurrency
        and focus.control.day is not distinct from g.day
    """,
    """
    insert or ignore into focus.dataset
    select distinct $source, sha256, 'neither', [] from giving_way
    """,
    """
    update focus.dataset set gave_way_to = list_sort(list_distinct(gave_way_to || g.files))
    from (
        select sha256, list(distinct file) as files
        from (select sha256, unnest(files) as file from giving_way) group by all
    ) as g
    where source = $source and focus.dataset.sha256 = g.sha256
    """,
)


# By day, as charges give way. What is all in quarantine takes nothing from the other half; and
# beside a FOCUS export of the same day neither half claims anything.
_SHARE_CLAIMS = f"""
with whole as (
    select distinct
        c.BillingPeriodStart as period, c.ChargePeriodStart::date as day,
        lower(regexp_extract(coalesce(c.BillingAccountId, ''), '[^/]*$')) as account,
        lower(regexp_extract(coalesce(c.SubAccountId, ''), '[^/]*$')) as sub_account
    from focus.charge as c
    join focus.file as f on f.source = c.x_source and f.sha256 = c.x_file_sha256
    where c.x_source = $source and f.format = 'focus'
        and coalesce(c.BillingAccountId, c.SubAccountId, '') <> ''
),
claim as (
    select
        k.rowid as id, k.billing_period_start as period, k.day, k.currency, d.dataset,
        coalesce(k.billing_account_id, '') as account,
        coalesce(k.sub_account_id, '') as sub_account,
        k.rows_landed > k.rows_quarantined as is_read
    from focus.control as k
    join focus.file as f using (source, sha256)
    join focus.dataset as d using (source, sha256)
    where k.source = $source and f.format in {_FORMATS}
),
shared as (
    select
        *, dataset = '{AMORTISED}' and coalesce(bool_or(dataset = '{ACTUAL}' and is_read) over day,
            false) as beside_actual,
        dataset = '{ACTUAL}' and coalesce(bool_or(dataset = '{AMORTISED}' and is_read) over day,
            false) as beside_amortised,
        exists (
            from whole as w where w.period = claim.period and w.day = claim.day
                and w.sub_account = lower(regexp_extract(claim.sub_account, '[^/]*$'))
                and (
                    w.account = lower(regexp_extract(claim.account, '[^/]*$'))
                    or claim.account = '' and claim.sub_account <> ''
                )
        ) as beside_focus
    from claim
    window day as (partition by period, account, sub_account, currency, day)
)
update focus.control set
    counts_billed = not (beside_actual or beside_focus),
    counts_effective = not (beside_amortised or beside_focus)
from shared where focus.control.rowid = shared.id
"""


def _share_claims(warehouse: Warehouse, source: str) -> None:
    """Let the actual half of a pair claim what was billed, the amortised one what it is worth."""
    warehouse.run(_SHARE_CLAIMS, {"source": source})


def _without_other_half(warehouse: Warehouse, source: str, form: str) -> list[BlindSpot]:
    found = warehouse.rows(_WITHOUT_OTHER_HALF, {"source": source, "form": form})
    return [
        BlindSpot(
            source=source,
            scope=f"billing account {account}" if account else "commitments",
            period=period,
            reason="EffectiveCost of commitments is not known: only their actual cost is there"
            if dataset == ACTUAL
            else "BilledCost lacks the purchases of commitments: only amortised cost is there",
            fix="Add the export of amortised cost beside it."
            if dataset == ACTUAL
            else "Add the export of actual cost beside it.",
        )
        for period, account, dataset in found
    ]


_WITHOUT_OTHER_HALF = f"""
with half as (
    select distinct
        coalesce(k.billing_period_start, p.billing_period_start) as period,
        k.billing_account_id as account, d.dataset
    from focus.dataset as d
    join focus.file_period as p using (source, sha256)
    left join focus.control as k on k.source = d.source and k.sha256 = d.sha256
        and k.billing_period_start = p.billing_period_start
    where d.source = $source
),
committed as (
    select distinct c.BillingPeriodStart as period, c.BillingAccountId as account, d.dataset
    from focus.charge as c
    join focus.dataset as d on d.source = c.x_source and d.sha256 = c.x_file_sha256
    join focus.file as f on f.source = c.x_source and f.sha256 = c.x_file_sha256
    where c.x_source = $source and f.format = $form
        and c.CommitmentDiscountCategory is not null
        and (d.dataset = '{ACTUAL}' or c.EffectiveCost <> 0)
)
select strftime(c.period, '%Y-%m'), c.account, c.dataset
from committed as c
where not exists (
    from half as h where h.period = c.period and h.account is not distinct from c.account
        and h.dataset <> c.dataset
)
order by all
"""


def _day_first(warehouse: Warehouse, source: str, form: str) -> list[BlindSpot]:
    """Tell of files with a day that only day first makes sense of: what of the others?"""
    found = warehouse.rows(
        """
        select f.scope, count(*) from quarantine.row as q
        join focus.file as f on f.source = q.source and f.sha256 = q.file_sha256
        where q.source = $source and f.format = $form
            and regexp_matches(q.reason, 'Date ''(1[3-9]|2[0-9]|3[01])/(0?[1-9]|1[0-2])/')
        group by all order by all
        """,
        {"source": source, "form": form},
    )
    return [
        BlindSpot(
            source=source,
            scope=scope,
            reason=f"{rows:,} day{'s are' if rows > 1 else ' is'} written day first; the file's "
            "other days are read month first and may stand in a wrong month",
            fix="Export it again and do not save it with another program, or write days as "
            "2026-10-05.",
        )
        for scope, rows in found
    ]
