"""Load what accounts are called, and name those that a bill names by number alone.

A landed file is CSV with the columns of `focus.account` less `source`, in any order; one that is
absent is unknown. A line without an id, or a second one of an account, waits in quarantine.

A name that a bill states itself is never touched. One that it leaves blank is
filled, when a build settles, by `SubAccountId`, and `x_sub_account_name_source` says from which
source: so that it is renewed with the account's name, and goes with the source.
"""

from __future__ import annotations

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.landed import LandedFile
from quaestor.normalise.format import SQL
from quaestor.normalise.job import Job
from quaestor.normalise.landed_file import RefusedError
from quaestor.normalise.landed_table import open_table, quarantine
from quaestor.normalise.quarantine import blind_spots, refuse, release
from quaestor.warehouse.duckdb import Warehouse

_REQUIRED = ("provider", "account_id")


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace the source's accounts with those of its files in force."""
    source = job.source.name
    warehouse.run((SQL / "macros.sql").read_text(encoding="utf-8"))
    warehouse.run("delete from focus.account where source = ?", [source])
    release(warehouse, source, keep=())
    for file in job.manifest.files:
        try:
            _load_file(warehouse, job, file)
        except RefusedError as problem:
            refuse(warehouse, source, file, problem)
    return blind_spots(warehouse, source, job.manifest.files)


def _load_file(warehouse: Warehouse, job: Job, file: LandedFile) -> None:
    known = [name for name in warehouse.columns("focus.account") if name != "source"]
    fix = f"Write the columns {', '.join(_REQUIRED)}."
    open_table(warehouse, job, file, columns=known, required=_REQUIRED, fix=fix)
    warehouse.run(f"create or replace temp table landed_account as {_JUDGED}")
    quarantine(
        warehouse,
        job,
        file,
        "select file_row, refused, raw from landed_account where refused is not null",
    )
    warehouse.run(
        "insert or replace into focus.account by name "
        "select $source as source, * exclude (file_row, raw, refused) "
        "from landed_account where refused is null",
        {"source": job.source.name},
    )


# A line that stands there twice, word for word, is no contradiction.
_JUDGED = """
with told as (
    select * exclude (file_row, raw), min(file_row) as file_row, any_value(raw) as raw
    from landed_table group by all
)
select
    *,
    case
        when account_id is null then 'account_id is empty'
        when provider is null then 'provider is empty'
        when row_number() over (partition by account_id order by file_row) > 1
        then 'the account ' || account_id || ' stands twice, and not alike'
    end as refused
from told
"""


def settle(warehouse: Warehouse) -> None:
    """Name the accounts that bills leave blank; a name that nobody states any more goes again."""
    warehouse.run(
        """
        create or replace temp table named_account as
        select account_id, arg_min(account_name, source) as name, min(source) as source
        from focus.account where account_name is not null group by account_id
        """
    )
    warehouse.run(
        """
        update focus.charge
        set SubAccountName = wanted.name, x_sub_account_name_source = wanted.source
        from (
            select c.SubAccountId, n.name, n.source
            from (
                select distinct SubAccountId from focus.charge
                where SubAccountId is not null
                    and (SubAccountName is null or x_sub_account_name_source is not null)
            ) as c
            left join named_account as n on n.account_id = c.SubAccountId
        ) as wanted
        where focus.charge.SubAccountId = wanted.SubAccountId
            and (SubAccountName is null or x_sub_account_name_source is not null)
            and (SubAccountName, x_sub_account_name_source)
                is distinct from (wanted.name, wanted.source)
        """
    )
