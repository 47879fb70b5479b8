"""Load bills of any format into `focus.charge`, replacing by source and billing period.

What is in force is what the source's newest manifest lists; `in_force.py` says what becomes of
the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import cast

import msgspec

from quaestor import __version__
from quaestor.core.blind_spot import BlindSpot
from quaestor.core.landed import LandedFile
from quaestor.core.progress import counted
from quaestor.core.sources import BillSource
from quaestor.normalise import book, conform, formats, in_force, landed_rows, same_content
from quaestor.normalise.format import Format
from quaestor.normalise.job import Job
from quaestor.normalise.landed_file import REJECTED, RefusedError, Relation, open_file
from quaestor.normalise.quarantine import blind_spots, refuse, release
from quaestor.warehouse.duckdb import Warehouse, quoted

# What is billed before it is used is billed at most so long before.
_FAR_AHEAD = timedelta(days=366)
_SQL = Path(__file__).parent / "sql"


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Load what is new, give up what was replaced, and report what could not be read.

    A bill of any size is loaded in little memory; a `careful` job takes what there is.

    Raises:
        NoRoomError: A file is too wide for that little; load it again, carefully.
    """
    with nullcontext() if job.careful else warehouse.frugal():
        return _load(warehouse, job)


def _load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    bill = cast("BillSource", job.source)  # LOADERS pairs schema and source
    source = bill.name
    warehouse.run((_SQL / "macros.sql").read_text(encoding="utf-8"))
    files = {file.sha256: file for file in reversed(job.manifest.files)}
    first_time = not in_force.held(warehouse, source)
    in_force.drop_stale(warehouse, source, files, _read_as(bill))
    in_force.rename(warehouse, source, files)
    held = in_force.held(warehouse, source)
    release(warehouse, source, keep=held)
    told = _load_new(warehouse, job, bill, files)
    in_force.drop_replaced(warehouse, source, files)
    in_force.give_up(warehouse, source, files)
    _load_history(warehouse, job, bill, set(files), first_time=first_time)
    release(warehouse, source, keep=in_force.held(warehouse, source) | set(files))
    settled = _together(warehouse, job, in_force.held(warehouse, source) - held)
    if twins := same_content.count_once(warehouse, source, files, held):
        settled = _together(warehouse, job, in_force.held(warehouse, source) - held)
    told += twins + settled
    told += _without_rows(warehouse, job)
    return told + blind_spots(warehouse, source, [*job.manifest.files, *job.history])


def _together(warehouse: Warehouse, job: Job, new: Collection[str]) -> list[BlindSpot]:
    """Settle what only several files of a format together can tell (`Format.after`)."""
    used = warehouse.rows(
        "select distinct format from focus.file where source = ? order by format", [job.source.name]
    )
    told: list[BlindSpot] = []
    for (name,) in used:
        if after := formats.named(name).after:
            told += after(warehouse, job, new)
    return told


def _without_rows(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Tell of files in force that hold no row: an empty bill is no proof that nothing was spent."""
    empty = warehouse.rows(
        "select sha256 from focus.file where source = ? and rows_landed = 0", [job.source.name]
    )
    return [
        BlindSpot(
            source=job.source.name,
            scope=file.scope,
            reason="the file has a header and no row",
            fix="Export it again, or remove it if nothing was charged.",
            rows=0,
        )
        for file in job.manifest.files
        if (file.sha256,) in empty
    ]


def _load_new(
    warehouse: Warehouse, job: Job, source: BillSource, files: Mapping[str, LandedFile]
) -> list[BlindSpot]:
    """Load the files in force that are not loaded yet."""
    held = in_force.held(warehouse, source.name)
    new = sorted(
        (file for file in files.values() if file.sha256 not in held), key=lambda file: file.scope
    )
    told = []
    for file in counted(new, job.progress, lambda file: f"load {file.scope}"):
        if spot := in_force.take_over(warehouse, source.name, file, job.elsewhere):
            told.append(spot)
            continue
        try:
            _load_file(warehouse, job, source, file)
        except RefusedError as problem:
            refuse(warehouse, source.name, file, problem)
    return told


def _load_history(
    warehouse: Warehouse, job: Job, source: BillSource, newer: set[str], *, first_time: bool
) -> None:
    """Load what only files know that have left the source, newest first.

    All that is landed of them, into a warehouse that is new; else those that are loaded and were
    read in another way. One that cannot be read anew stays as it is.
    """
    stale = in_force.stale(warehouse, source.name, _read_as(source))
    files = [file for file in job.history if first_time or file.sha256 in stale]
    for file in counted(files, job.progress, lambda file: f"load {file.scope}, kept"):
        if file.sha256 in stale and not job.path(file).is_file():
            continue
        try:
            _load_file(warehouse, job, source, file, again=file.sha256 in stale)
        except RefusedError as problem:
            if file.sha256 not in stale:
                refuse(warehouse, source.name, file, problem)
        in_force.give_up(warehouse, source.name, newer)
        newer.add(file.sha256)


def _read_as(source: BillSource) -> str:
    """Return what decides how a file is read: options, and the release that reads it."""
    told = {
        name: getattr(source, name, None)
        for name in ("schema", "delimiter", "billing_currency", "mapping", "leave_out")
    }
    return f"quaestor {__version__} {msgspec.json.encode(told).decode()}"


def _load_file(
    warehouse: Warehouse, job: Job, source: BillSource, file: LandedFile, *, again: bool = False
) -> None:
    relation = open_file(
        warehouse,
        job.path(file),
        file.sha256,
        delimiter=getattr(source, "delimiter", ","),
        recognises=lambda header: formats.is_known(source, header),
        careful=job.careful,
        once=True,
    )
    form = formats.of(source, list(relation.columns))
    columns = conform.conform(relation, form, warehouse.columns("focus.charge"))
    _require(warehouse, columns, relation, form)
    _define_macros(warehouse, form)
    latest = job.manifest.fetched_at + _FAR_AHEAD
    relation = landed_rows.read(warehouse, columns, relation, form, latest)
    warehouse.run(f"create or replace temp view charge_of_file as {form.script(form.select)}")
    _make_room(warehouse, source.name, file, again=again)
    (charges,) = warehouse.row(
        _INSERT,
        {
            "source": source.name,
            "file": file.path,
            "sha256": file.sha256,
            "currency": job.currency,
            "stated_currency": source.billing_currency,
        },
    )
    _tell_dataset(warehouse, source.name, file, form)
    quarantined, left_out = book.control(warehouse, source, file, form, relation.rows)
    loaded = book.rows_loaded(warehouse, source, file, charges, form)
    if loaded + left_out < relation.rows:
        quarantined = _quarantine(warehouse, source.name, file, relation)
    _note(warehouse, source.name, file, columns)
    rows = book.Rows(relation.rows, loaded, quarantined, left_out, charges)
    digits = landed_rows.digits(warehouse, columns, relation)
    book.account(warehouse, source, file, form, rows, digits, _read_as(source))


def _define_macros(warehouse: Warehouse, form: Format) -> None:
    for script in form.macros:
        warehouse.run(form.script(script))


def _tell_dataset(warehouse: Warehouse, source: str, file: LandedFile, form: Format) -> None:
    """Write down which of several views of one bill a file is, where its format tells."""
    if form.dataset:
        warehouse.run(_DATASET.format(told=form.dataset), [source, file.sha256])


def _require(
    warehouse: Warehouse, columns: list[conform.Column], relation: Relation, form: Format
) -> None:
    present = {column.name for column in columns}
    absent = [name for name in form.required if name not in present]
    if absent:
        plural = "s" if len(absent) > 1 else ""
        rows = relation.rows
        if not relation.is_counted:
            (rows,) = warehouse.row(f"select count(*) from {relation.reader}")
        raise RefusedError(
            f"column{plural} {', '.join(absent)} {'are' if plural else 'is'} missing",
            fix=f"{form.fix}; {rows:,} row"
            f"{'s are' if rows != 1 else ' is'} kept, landed and unread.",
        )


def _make_room(warehouse: Warehouse, source: str, file: LandedFile, *, again: bool) -> None:
    """Make room in `focus.charge` for the `x_` columns of a file, and drop what it gave before."""
    if again:
        in_force.drop(warehouse, source, [file.sha256])
    known = {name.casefold() for name in warehouse.columns("focus.charge")}
    for name, *_ in warehouse.rows("describe charge_of_file"):
        if name.casefold() not in known:
            warehouse.run(f"alter table focus.charge add column {quoted(name)} varchar")


_INSERT = """
insert into focus.charge by name
select
    charge.* replace (coalesce(charge.BillingCurrency, $stated_currency) as BillingCurrency),
    $source as x_source, $file as x_file, $sha256 as x_file_sha256,
    case when coalesce(charge.BillingCurrency, $stated_currency) = $currency then 1
    end as x_billing_currency_rate
from charge_of_file as charge
"""


_DATASET = "insert into focus.dataset select ?, ?, dataset, [] from ({told})"


def _quarantine(warehouse: Warehouse, source: str, file: LandedFile, relation: Relation) -> int:
    """Keep what could not be read, with the reason; return how many rows that are."""
    given = {"source": source, "file": file.path, "sha256": file.sha256}
    relations = ["select x_row, reason, landed from landed where reason is not null"]
    if not relation.typed:
        relations.append(f"select row_number, reason, raw from {REJECTED}")
    for select in relations:
        warehouse.run(
            f"insert into quarantine.row select $source, $file, $sha256, * from ({select})", given
        )
    (rows,) = warehouse.row(
        "select count(*) from quarantine.row where source = ? and file_sha256 = ?",
        [source, file.sha256],
    )
    return int(rows)


def _note(
    warehouse: Warehouse, source: str, file: LandedFile, columns: Collection[conform.Column]
) -> None:
    if not any(column.bad for column in columns):
        return
    told = "landed where reason is null and note is not null"
    if not warehouse.rows("select 1 from landed where note is not null limit 1"):
        return  # spares the engine from looking at the rest, and writing every row as JSON
    warehouse.run(
        "insert into quarantine.value "
        f"select $source, $file, $sha256, x_row, note, landed from {told}",
        {"source": source, "file": file.path, "sha256": file.sha256},
    )
