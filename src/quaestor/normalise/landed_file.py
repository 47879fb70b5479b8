"""Open a landed CSV or Parquet file as a relation, or say why it cannot be read."""

from __future__ import annotations

import csv
import gzip
import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from quaestor.core.errors import IncompleteError, QuaestorError
from quaestor.warehouse.duckdb import Warehouse, literal, quoted
from quaestor.warehouse.errors import UnreadableError

_HEAD = 1 << 20  # bytes in which the header must end
_BLOCK = 1 << 20
_BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
RAW = "raw_rows"
REJECTED = "rejected_rows"


class RefusedError(QuaestorError):
    """A whole file cannot be read; it stays landed, and its rows wait in quarantine."""

    exit_code = 3


@dataclass(frozen=True)
class Relation:
    """A landed file, ready for a SELECT.

    Args:
        columns: Column names as in the file, and their engine types.
        reader: SQL for `from`; a row of it is called `landed_row`.
        row_number: SQL for a row's place in the file, the first is 1.
        rows: How many data rows the file holds, unreadable ones included.
        typed: Its columns have types of their own (Parquet); else all is text (CSV).
    """

    columns: dict[str, str]
    reader: str
    row_number: str
    rows: int
    typed: bool

    def source(self, name: str) -> str:
        """Return SQL for a column; those of a CSV go by number, as a header may say anything."""
        return quoted(name) if self.typed else f"c{list(self.columns).index(name)}"

    @property
    def as_json(self) -> str:
        """Return SQL for a whole row as a JSON object, under the file's own column names."""
        if self.typed:
            return "to_json(landed_row)::varchar"
        pairs = ", ".join(f"{literal(name)}, {self.source(name)}" for name in self.columns)
        return f"json_object({pairs})::varchar"


def open_file(
    warehouse: Warehouse,
    path: Path,
    sha256: str,
    *,
    delimiter: str = ",",
    recognises: Callable[[Sequence[str]], bool],
    careful: bool = False,
) -> Relation:
    """Open a landed file.

    A file that turns out damaged halfway ends the transaction it is read in; `careful` reads
    it to its end aside first (see `pipeline.build`).

    Args:
        warehouse: Where temporary relations are made.
        path: The landed file; CSV, CSV.gz or Parquet by its name.
        sha256: Of the file when it was landed.
        delimiter: What separates CSV columns.
        recognises: Whether these column names are a header, to recognise a wrong delimiter.
        careful: Read the whole file once before it is loaded.

    Raises:
        RefusedError: Empty, damaged, of another encoding or delimiter, or cut short.
        IncompleteError: It is not there any more, or not as it was landed.
    """
    _check_landed(path, sha256)
    if path.stat().st_size == 0:
        raise RefusedError("the file is empty", fix="Export it again, or remove it.")
    if path.name.lower().endswith((".parquet", ".parq")):
        return _open_parquet(warehouse, path, careful=careful)
    return _open_csv(warehouse, path, delimiter, recognises, careful=careful)


def _check_landed(path: Path, sha256: str) -> None:
    """Hold a landed file to its hash: every figure is traced to these very bytes."""
    if not path.is_file():
        what = "a landed file is missing"
    else:
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() == sha256:
                return
        what = "a landed file is not what was landed: its hash has changed"
    raise IncompleteError(what, where=str(path), fix="Run `quaestor collect` again.")


def _open_parquet(warehouse: Warehouse, path: Path, *, careful: bool) -> Relation:
    reader = (
        f"read_parquet({literal(str(path))}, file_row_number = true, hive_partitioning = false)"
    )
    try:
        described = warehouse.probe(f"describe select * from {reader}")
        [(rows,)] = warehouse.probe(
            "select coalesce(sum(num_rows), 0)::bigint from parquet_file_metadata(?)", [str(path)]
        )
        if careful:
            warehouse.probe(f"select max(hash(columns(*))) from {reader}")
    except UnreadableError as problem:
        raise RefusedError(
            f"is no readable Parquet file ({problem})",
            fix="Export it again; a file cut short has lost its footer.",
        ) from None
    columns = {name: kind for name, kind, *_ in described if name != "file_row_number"}
    return Relation(columns, f"{reader} as landed_row", "file_row_number + 1", rows, typed=True)


def _open_csv(
    warehouse: Warehouse,
    path: Path,
    delimiter: str,
    recognises: Callable[[Sequence[str]], bool],
    *,
    careful: bool,
) -> Relation:
    zipped = path.name.lower().endswith(".gz")
    if zipped:
        _check_gzip(path)
    header = _header(path, delimiter, recognises)
    reader = _csv_reader(path, delimiter, len(header), zipped=zipped)
    try:
        warehouse.probe(f"select {'count(*)' if careful else '1'} from {reader} limit 1")
    except UnreadableError as problem:
        if not _splits_evenly(path, delimiter, len(header)):
            raise RefusedError(
                f"is no readable CSV file ({problem})",
                fix="Export it again, with one kind of line end.",
            ) from None
        reader = reader.replace("strict_mode = true", "strict_mode = false")
    for table in ("csv_rejects", "csv_scans"):
        warehouse.run(f"drop table if exists temp.{table}")
    warehouse.run(
        f"create or replace temp table {RAW} as "
        f"select row_number() over () as csv_row, * from {reader}"
    )
    (rejected,) = warehouse.row(_REJECTED)
    (read,) = warehouse.row(f"select count(*) from {RAW}")
    row_number = "csv_row"
    if rejected:
        before = f"select max(place) from {REJECTED} where before < landed_row.csv_row"
        row_number += f" + coalesce(({before}), 0)"
    columns = dict.fromkeys(header, "VARCHAR")
    rows = int(read) + int(rejected)
    return Relation(columns, f"{RAW} as landed_row", row_number, rows, typed=False)


def _csv_reader(path: Path, delimiter: str, columns: int, *, zipped: bool) -> str:
    shape = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(columns))
    return (
        f"read_csv({literal(str(path))}, auto_detect = false, header = true, "
        f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', columns = {{{shape}}}, "
        f"compression = {literal('gzip' if zipped else 'none')}, hive_partitioning = false, "
        "null_padding = false, strict_mode = true, ignore_errors = true, store_rejects = true, "
        "rejects_table = 'csv_rejects', rejects_scan = 'csv_scans', rejects_limit = 0, "
        "max_line_size = 16777216)"
    )


def _splits_evenly(path: Path, delimiter: str, columns: int) -> bool:
    """Say whether every line has so many columns, whatever its end.

    The engine's strict reader refuses a file of two kinds of line end; its other reader takes
    them, and much else that would be a guess. It may read what another strict reader can split.
    """
    zipped = path.name.lower().endswith(".gz")
    opened = gzip.open if zipped else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as stream:
        try:
            return all(
                len(row) in (0, columns)
                for row in csv.reader(stream, delimiter=delimiter, strict=True)
            )
        except (csv.Error, UnicodeDecodeError):
            return False


def _check_gzip(path: Path) -> None:
    """Read an archive to its end: the engine would take one whose check sum is wrong."""
    try:
        with gzip.open(path) as stream:
            while stream.read(_BLOCK):
                pass
    except (EOFError, zlib.error, OSError) as problem:
        raise RefusedError(
            f"is no readable gzip file ({problem})",
            fix="Export it again; it is cut or damaged, and half an archive cannot be trusted.",
        ) from None


# Lines that could not be split, counted and numbered: a row that follows k of them stands k
# places further down the file than among the rows that could be read.
_REJECTED = f"""
create or replace temp table {REJECTED} as
select
    row_number() over (order by line) as place,
    line - 1 as row_number,
    line - 1 - row_number() over (order by line) as before,
    'line ' || line || ': ' || any_value(error_message) as reason,
    any_value(csv_line) as raw
from csv_rejects group by line;
select count(*) from {REJECTED}
"""


def _header(path: Path, delimiter: str, recognises: Callable[[Sequence[str]], bool]) -> list[str]:
    head = _head(path)
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            raise RefusedError(
                f"the file is {encoding}, not UTF-8",
                fix=f"Convert it (iconv -f {encoding} -t UTF-8) or export as UTF-8.",
            )
    try:
        text = head.decode("utf-8-sig", errors="strict" if len(head) < _HEAD else "ignore")
    except UnicodeDecodeError as problem:
        raise RefusedError(
            f"the file is not UTF-8 (byte {problem.start})", fix="Export it as UTF-8."
        ) from None
    header = _split(text, delimiter)
    if not recognises(header):
        for other in (",", ";", "\t", "|"):
            if other != delimiter and recognises(_split(text, other)):
                raise RefusedError(
                    f"the columns are separated by {other!r}, not by {delimiter!r}",
                    fix=f"Set `delimiter: {other!r}` on the source, or export with {delimiter!r}.",
                )
    if not any(header):
        raise RefusedError(
            "the first line is empty",
            fix="Export it again with the column names in the first line.",
        )
    if doubled := [name for name in header if name and header.count(name) > 1]:
        raise RefusedError(
            f"the column {doubled[0]} stands twice in the header",
            fix="Export it again with one column of each name.",
        )
    return [name or f"column_{number}" for number, name in enumerate(header, start=1)]


def _head(path: Path) -> bytes:
    zipped = path.name.lower().endswith(".gz")
    with gzip.open(path) if zipped else path.open("rb") as stream:
        return stream.read(_HEAD)


def _split(text: str, delimiter: str) -> list[str]:
    first = next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter), [])
    return [name.strip() for name in first]
