"""The books of a landed file: what it claims to cost, and what became of every row and digit."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from quaestor.core.landed import LandedFile
from quaestor.core.sources import BillSource
from quaestor.normalise.format import Format
from quaestor.warehouse.duckdb import Warehouse


def control(
    warehouse: Warehouse, source: BillSource, file: LandedFile, form: Format, rows: int
) -> tuple[int, int]:
    """Write down what the file claims to cost; return its rows in quarantine and left out.

    Of its `rows`, those that could not even be split into columns claim nothing that is known:
    a line of their own.
    """
    warehouse.run(
        f"""
        insert into focus.control
        select
            $source, $sha256, billing_period_start, billing_account_id, sub_account_id,
            coalesce(currency, $stated_currency), count(*),
            count(*) filter (reason is null and left_out is not null),
            count(*) filter (reason is not null),
            sum(billed_cost), sum(effective_cost),
            sum(billed_cost) filter (reason is not null),
            sum(effective_cost) filter (reason is not null),
            day, true, true
        from (
            select null::date as day where false
            union all by name ({form.script(form.control)})
        ) group by all
        """,
        {
            "source": source.name,
            "sha256": file.sha256,
            "stated_currency": source.billing_currency,
        },
    )
    warehouse.run(_UNSPLIT, {"source": source.name, "sha256": file.sha256, "rows": rows})
    quarantined, left_out = warehouse.row(
        "select coalesce(sum(rows_quarantined), 0), coalesce(sum(rows_left_out), 0) "
        "from focus.control where source = ? and sha256 = ?",
        [source.name, file.sha256],
    )
    return quarantined, left_out


def rows_loaded(
    warehouse: Warehouse, source: BillSource, file: LandedFile, charges: int, form: Format
) -> int:
    """Count the rows that became charges; in FOCUS itself each is one."""
    if form.keeps_unknown:
        return charges
    (rows,) = warehouse.row(
        "select count(distinct x_row) from focus.charge where x_source = ? and x_file_sha256 = ?",
        [source.name, file.sha256],
    )
    return int(rows)


@dataclass(frozen=True)
class Rows:
    """What became of a file's rows: landed = loaded + quarantined + left out."""

    landed: int
    loaded: int
    quarantined: int
    left_out: int
    charges: int


def account(
    warehouse: Warehouse,
    source: BillSource,
    file: LandedFile,
    form: Format,
    rows: Rows,
    digits: tuple[int, object],
    read_as: str,
) -> None:
    """Write down what became of every row; `digits`: how many values lost some, and the sum."""
    rounded, cut = digits
    warehouse.run(
        """
        insert into focus.file_period
        select x_source, x_file_sha256, BillingPeriodStart, count(*)
        from focus.charge where x_source = $source and x_file_sha256 = $sha256 group by all
        """,
        {"source": source.name, "sha256": file.sha256},
    )
    warehouse.run(
        _FILE,
        {
            "source": source.name,
            "file": file.path,
            "sha256": file.sha256,
            "scope": file.scope,
            "read_as": read_as,
            "format": form.name,
            "rounded": rounded,
            "cut": cut,
            **asdict(rows),
        },
    )


_UNSPLIT = """
insert into focus.control (source, sha256, rows_landed, rows_left_out, rows_quarantined)
select $source, $sha256, unsplit, 0, unsplit from (
    select $rows - coalesce(sum(rows_landed), 0)::bigint as unsplit
    from focus.control where source = $source and sha256 = $sha256
) where unsplit > 0
"""
_FILE = """
insert into focus.file by name
select
    $source as source, $file as file, $sha256 as sha256, $scope as scope, $read_as as read_as,
    $format as format, $landed as rows_landed, $loaded as rows_loaded,
    $quarantined as rows_quarantined, $left_out as rows_left_out, $charges as charges,
    $rounded as values_rounded, $cut as amount_cut
"""
