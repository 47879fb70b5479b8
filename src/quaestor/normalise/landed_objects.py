"""Open what an API answered, landed as JSON objects one a line, as one relation.

`collect/objects.py` writes such files. A file's scope says what it holds and from where:
`<place>/<kind>`, such as `prod/pods` or `eu-west-1/training-jobs`.
"""

from __future__ import annotations

from quaestor.core.landed import LandedFile
from quaestor.normalise.job import Job
from quaestor.normalise.landed_file import check_landed
from quaestor.normalise.landed_text import check_gzip, is_zipped, number_rejects
from quaestor.normalise.quarantine import refuse
from quaestor.normalise.relation import REJECTED, RefusedError
from quaestor.warehouse.duckdb import Warehouse, literal

LANDED = "landed_object"


def read_objects(warehouse: Warehouse, job: Job) -> None:
    """Make the temporary table LANDED of every file in force.

    Its columns: `place`, `kind` (from the scope), `file`, `sha256`, `row_number` (the line) and
    `object` (JSON). Lines that are no object go to `quarantine.row`, and so do whole files that
    cannot be read; the caller has emptied the source's quarantine before, and tells of it
    (`quarantine.blind_spots`) when its own rows are there too.
    """
    warehouse.run(
        f"create or replace temp table {LANDED} (place varchar, kind varchar, "
        "file varchar, sha256 varchar, row_number bigint, object json)"
    )
    for file in job.manifest.files:
        job.progress(f"{job.source.name}: {file.scope}")
        try:
            _read(warehouse, job, file)
        except RefusedError as problem:
            refuse(warehouse, job.source.name, file, problem)


def read_lines(warehouse: Warehouse, job: Job, file: LandedFile) -> None:
    """Make the temporary table `landed_line` (row_number, line) of a landed text file.

    Lines that are no UTF-8 go to `quarantine.row`.

    Raises:
        RefusedError: It is damaged.
        IncompleteError: It is not there any more, or not as it was landed.
    """
    path = job.path(file)
    check_landed(path, file.sha256)
    if is_zipped(path):
        check_gzip(path)
    for table in ("csv_rejects", "csv_scans"):
        warehouse.run(f"drop table if exists temp.{table}")
    warehouse.run(
        _LINES.format(path=literal(str(path)), zipped="gzip" if is_zipped(path) else "none")
    )
    number_rejects(warehouse, header=0)
    warehouse.run(
        "insert into quarantine.row "
        f"select $source, $file, $sha256, row_number, reason, raw from {REJECTED}",
        {"source": job.source.name, "file": file.path, "sha256": file.sha256},
    )


def _read(warehouse: Warehouse, job: Job, file: LandedFile) -> None:
    read_lines(warehouse, job, file)
    place, _, kind = file.scope.rpartition("/")
    given = {"file": file.path, "sha256": file.sha256}
    warehouse.run(
        f"insert into {LANDED} select $place, $kind, $file, $sha256, row_number, line::json "
        f"from landed_line where {_IS_OBJECT}",
        {**given, "place": place, "kind": kind},
    )
    warehouse.run(
        "insert into quarantine.row select $source, $file, $sha256, row_number, "
        "'is no JSON object', line from landed_line "
        f"where not {_IS_OBJECT} and trim(coalesce(line, '')) <> ''",
        {**given, "source": job.source.name},
    )


# A table of one column, which no character separates from another.
_LINES = """
create or replace temp table landed_line as
select row_number() over () as row_number, line
from read_csv({path}, auto_detect = false, header = false,
    delim = chr(1), quote = '', escape = '', columns = {{'line': 'VARCHAR'}},
    compression = '{zipped}', hive_partitioning = false, ignore_errors = true,
    store_rejects = true, rejects_table = 'csv_rejects', rejects_scan = 'csv_scans',
    rejects_limit = 0, max_line_size = 67108864, buffer_size = 67108864)
"""
_IS_OBJECT = "case when json_valid(line) then json_type(line) = 'OBJECT' else false end"
