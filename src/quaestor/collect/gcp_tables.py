"""Read a billing export table of BigQuery, one Parquet file for each of its partitions.

The export only grows: rows of a day, corrections of older ones among them, arrive in the
partition of the day on which they were exported. So every partition is in force, and only those
that are new or have changed are queried, after a dry run has told what that reads.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, cast

from quaestor.collect import gcp
from quaestor.collect.gcp_partitions import (
    Column,
    Months,
    Partition,
    by_column,
    day_column,
    month_condition,
    of_catalogue,
    partition_column,
)
from quaestor.core.errors import IncompleteError
from quaestor.core.landed import LandedFile
from quaestor.core.sources.gcp import TABLE
from quaestor.core.text import size_text

if TYPE_CHECKING:
    from quaestor.collect.landing import Landing
    from quaestor.core.sources import GcpExportSource

_PAGE = 10_000  # rows of one answer
_GROUP = 100_000  # rows of one row group
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Table:
    """A table or view of BigQuery, and the client that asks for it."""

    source: GcpExportSource
    project: str
    dataset: str
    name: str
    client: Any

    @classmethod
    def opened(cls, source: GcpExportSource) -> Table:
        """Make the client; nothing is asked yet.

        Raises:
            QuaestorError: No SDK, or no sign-in.
        """
        parts = cast("re.Match[str]", TABLE.fullmatch(source.table or ""))  # no `fault()`
        found = gcp.credentials(source)
        try:
            import pyarrow as pa  # noqa: F401 - BigQuery's client needs it to make columns
            from google.cloud import bigquery
        except ImportError:
            raise gcp.not_installed(source) from None
        client = bigquery.Client(
            project=source.project or parts[1],
            credentials=found,
            location=source.location,
            client_options={"api_endpoint": source.endpoint} if source.endpoint else None,
        )
        return cls(source, parts[1], parts[2], parts[3], client)

    @property
    def address(self) -> str:
        """Return what is read, as people write it."""
        return f"bigquery://{self.project}.{self.dataset}.{self.name}"

    @cached_property
    def told(self) -> Any:
        """What BigQuery says of the table: its columns, its partitioning, its size."""
        with gcp.explained(self.source, self.address):
            return self.client.get_table(
                f"{self.project}.{self.dataset}.{self.name}",
                **gcp.first_question(),
            )

    def state(self) -> str:
        """Say how large the table is and how new."""
        told = self.told
        if told.table_type != "TABLE":
            return f"a {str(told.table_type).lower().replace('_', ' ')}, {len(told.schema)} columns"
        partitions = "by partition" if told.time_partitioning else "not partitioned"
        text = f"{told.num_rows:,} rows, {size_text(told.num_bytes or 0)}, {partitions}"
        return text + (f", changed {told.modified:%Y-%m-%d %H:%M}" if told.modified else "")

    def land(
        self, landing: Landing, progress: Callable[[str], None]
    ) -> tuple[list[LandedFile], list[LandedFile]]:
        """Query the partitions that are not landed yet; return all in force, and empty ones."""
        months = Months.of(self.source)
        listed = self._partitions(progress)
        known = _by_scope(landing.known())
        current = landing.current()
        before = {file.scope: file for file in (*current.files, *current.beside)} if current else {}
        kept: list[LandedFile] = []
        wanted: list[tuple[Partition, Months]] = []
        for partition in listed:
            scope = self._scope(partition)
            if not partition.may_hold(months):
                kept += [before[scope]] if scope in before else []
                continue
            held = before.get(scope)
            in_force = [held] if held else []  # goes first
            if file := _same([*in_force, *known.get(scope, ())], partition, months):
                kept.append(file)
            else:
                asked = months.wider(Months.read(held.version)) if held else months
                wanted.append((partition, asked))
        self._ask_first(wanted, len(listed), progress)
        landed = gcp.in_threads(
            wanted,
            lambda one: self._fetched(*one, landing),
            progress,
            lambda one: f"{self.source.name}: {one[0].name}",
        )
        return _with_rows([*kept, *landed, *self._expired(listed, before)], landing)

    def _partitions(self, progress: Callable[[str], None]) -> list[Partition]:
        """List the partitions, from BigQuery's catalogue or else by counting rows by day."""
        from google.api_core.exceptions import BadRequest, Forbidden, NotFound

        column = partition_column(self.told)
        with gcp.explained(self.source, self.address):
            if column:
                try:
                    rows = self._rows(
                        "select partition_id, total_rows, last_modified_time from "
                        f"`{self.project}.{self.dataset}.INFORMATION_SCHEMA.PARTITIONS` "
                        f"where table_name = '{self.name}'"
                    )
                except (BadRequest, Forbidden, NotFound):
                    progress(f"{self.source.name}: partitions cannot be listed")
                else:
                    found = [of_catalogue(row, column) for row in rows]
                    return sorted((one for one in found if one), key=lambda one: one.name)
            return self._by_day(column or day_column(self.told), progress)

    def _by_day(self, column: Column | None, progress: Callable[[str], None]) -> list[Partition]:
        """Count the rows of each day; the whole table is one partition where it has no days."""
        if column is None:
            sql = f"select count(*) as total_rows from {self._quoted}"
        else:
            newest = day_column(self.told) or column  # when the last row came, if that is told
            sql = (
                f"select date(`{column.name}`) as day, count(*) as total_rows, "
                f"max(`{newest.name}`) as newest from {self._quoted} group by day"
            )
        size = self._dry_run(sql)
        progress(f"{self.source.name}: to count the rows of each day reads {_size(size)}")
        self._refuse_beyond(size)
        rows = self._rows(sql)
        if column is None:
            counted = [int(row["total_rows"]) for row in rows]
            return [Partition("all", "true", str(count)) for count in counted if count]
        return sorted((by_column(row, column) for row in rows), key=lambda one: one.name)

    def _ask_first(
        self,
        wanted: Sequence[tuple[Partition, Months]],
        partitions: int,
        progress: Callable[[str], None],
    ) -> None:
        """Say what the queries are going to read, and refuse to read more than `max_bytes`."""
        told = f"{self.source.name}: {partitions:,} partitions, {len(wanted):,} new or changed"
        if not wanted:
            progress(told)
            return
        parts = " or ".join(f"({self._condition(*one)})" for one in wanted)
        with gcp.explained(self.source, self.address):
            size = self._dry_run(f"select * from {self._quoted} where {parts}")
        progress(f"{told}; the queries read {_size(size)}")
        self._refuse_beyond(size)

    def _refuse_beyond(self, size: int) -> None:
        allowed = self.source.max_bytes
        if allowed is not None and size > allowed:
            raise IncompleteError(
                f"the queries would read {size:,} bytes, and `max_bytes` is {allowed:,}; "
                "none was run",
                where=f"{self.address} (source {self.source.name})",
                fix="Raise `max_bytes:`, or set `since:` to read fewer partitions.",
            )

    @property
    def _quoted(self) -> str:
        return f"`{self.project}.{self.dataset}.{self.name}`"

    def _scope(self, partition: Partition) -> str:
        return f"{self.address}/{partition.name}"

    def _condition(self, partition: Partition, months: Months) -> str:
        return f"{partition.condition} and {month_condition(self.told, months)}"

    def _dry_run(self, sql: str) -> int:
        return int(self._asked(sql, dry_run=True).total_bytes_processed or 0)

    def _rows(self, sql: str) -> list[Any]:
        return list(self._result(sql))

    def _result(self, sql: str) -> Any:
        from google.cloud import bigquery

        limits = (
            {} if self.source.max_bytes is None else {"maximum_bytes_billed": self.source.max_bytes}
        )
        return self._asked(sql, **limits).result(
            page_size=_PAGE,
            retry=bigquery.DEFAULT_RETRY.with_timeout(gcp.PATIENCE),
            timeout=None,
        )

    def _asked(self, sql: str, **options: Any) -> Any:
        from google.cloud import bigquery

        return self.client.query(
            sql,
            job_config=bigquery.QueryJobConfig(use_query_cache=False, **options),
            retry=bigquery.DEFAULT_RETRY.with_timeout(gcp.PATIENCE),
            job_retry=None,  # it would wait ten minutes, whatever it is told; we run again
            timeout=gcp.WAIT,
        )

    def _fetched(self, partition: Partition, months: Months, landing: Landing) -> LandedFile:
        return landing.land_blocks(
            self._blocks(partition, months, landing),
            f"{self.name}-{partition.name.replace(':', '')}.parquet",
            self._scope(partition),
            f"{partition.changed} {months}",
        )

    def _blocks(self, partition: Partition, months: Months, landing: Landing) -> Iterator[bytes]:
        """Query into a file without a name, and hand it over when it is whole."""
        sql = f"select * from {self._quoted} where {self._condition(partition, months)}"
        with tempfile.TemporaryFile(dir=landing.folder / "files") as part:
            with gcp.explained(self.source, self._scope(partition)):
                rows = self._result(sql)
                written = _write(rows.to_arrow_iterable(), part)
            if rows.total_rows is not None and written != rows.total_rows:
                raise IncompleteError(
                    f"{written:,} of {rows.total_rows:,} rows arrived",
                    where=f"{self._scope(partition)} (source {self.source.name})",
                    fix="Run again; what was fetched is kept and not fetched again.",
                )
            part.seek(0)
            while block := part.read(_BLOCK):
                yield block

    def _expired(
        self, listed: Sequence[Partition], before: Mapping[str, LandedFile]
    ) -> list[LandedFile]:
        """Return partitions that have left the table because they are old: what was, was.

        Others that are gone were taken back, or belong to a table that was made anew.
        """
        scopes = {self._scope(partition) for partition in listed}
        made = self.told.created if self.told.table_type == "TABLE" else None
        start = made.astimezone(UTC).replace(tzinfo=None).isoformat() if made else ""
        return [
            file
            for scope, file in before.items()
            if scope.startswith(f"{self.address}/")
            and scope < min(scopes, default="")
            and (file.version or "") >= start
        ]


def _by_scope(known: Mapping[tuple[str, str], LandedFile]) -> dict[str, list[LandedFile]]:
    found: dict[str, list[LandedFile]] = {}
    for (scope, _), file in known.items():
        found.setdefault(scope, []).append(file)
    return found


def _same(files: Iterable[LandedFile], partition: Partition, months: Months) -> LandedFile | None:
    """Return a landed file of this very partition that holds all months asked for, or more."""
    for file in files:
        changed, _, _ = (file.version or "").rpartition(" ")
        if changed == partition.changed and Months.read(file.version).cover(months):
            return file
    return None


def _with_rows(
    files: Iterable[LandedFile], landing: Landing
) -> tuple[list[LandedFile], list[LandedFile]]:
    """Tell files from those without a row, as of a partition that has none of the months."""
    import pyarrow.parquet as pq

    full: list[LandedFile] = []
    empty: list[LandedFile] = []
    for file in files:
        rows = (
            1
            if str(Months.read(file.version)) == str(Months())
            else (pq.read_metadata(landing.root / file.path).num_rows)
        )
        (full if rows else empty).append(file)
    return full, empty


def _write(batches: Iterable[Any], out: IO[bytes]) -> int:
    """Write what arrives as Parquet, some pages to a row group; return how many rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: Any = None
    waiting: list[Any] = []
    rows = held = 0
    for batch in batches:
        exact = _exact(batch)
        writer = writer or pq.ParquetWriter(out, exact.schema, compression="zstd")
        waiting.append(exact)
        held += exact.num_rows
        rows += exact.num_rows
        if held >= _GROUP:
            writer.write_table(pa.Table.from_batches(waiting))
            waiting, held = [], 0
    if writer is None:
        pq.write_table(pa.table({}), out)
        return 0
    if held or not rows:
        writer.write_table(pa.Table.from_batches(waiting))
    writer.close()
    return rows


def _exact(batch: Any) -> Any:
    """Write BIGNUMERIC as text: no reader of Parquet has 76 digits, and none may be lost."""
    import pyarrow as pa

    columns = [
        column.cast(pa.string()) if pa.types.is_decimal256(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _size(count: int) -> str:
    """Write a number of bytes as people read it, and exactly.

    >>> _size(1536), _size(10)
    ('1.5 KiB (1,536 bytes)', '10 bytes')
    """
    for unit, power in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if count >= 1 << power:
            return f"{count / (1 << power):,.1f} {unit} ({count:,} bytes)"
    return f"{count:,} bytes"
