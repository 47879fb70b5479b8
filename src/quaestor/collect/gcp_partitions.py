"""Partitions of a billing export table: which there are, what they may hold, how to ask for one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from quaestor.core.period import month_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quaestor.core.sources import GcpExportSource

# When a row was exported, in the exports and in the FOCUS view; it is never exported again.
_ARRIVALS = ("export_time", "x_ExportTime", "x_export_time")
_DAYS = (*_ARRIVALS, "usage_start_time", "ChargePeriodStart")
_PSEUDO = "_PARTITIONTIME"
_FORMATS = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H"}
_EARLY = timedelta(days=7)  # no row of a month is exported longer than this before it begins


@dataclass(frozen=True)
class Months:
    """The invoice months asked for, such as 202610; both are included, empty is without end."""

    low: str = ""
    high: str = ""

    @classmethod
    def of(cls, source: GcpExportSource) -> Months:
        """Return the months with a day between a source's `since` and `until`."""
        return cls(
            f"{source.since:%Y%m}" if source.since else "",
            f"{source.until:%Y%m}" if source.until else "",
        )

    @classmethod
    def read(cls, version: str | None) -> Months:
        """Return the months that a landed file was asked for, from its version."""
        low, _, high = (version or "..").rpartition(" ")[2].partition("..")
        return cls(low, high)

    def __str__(self) -> str:
        return f"{self.low}..{self.high}"

    def cover(self, other: Months) -> bool:
        """Return whether all of the other's months are among these.

        >>> Months(low="202609").cover(Months("202610", "202611")), Months("202609").cover(Months())
        (True, False)
        """
        return self == self.wider(other)

    def wider(self, other: Months) -> Months:
        """Return these months, the other's and those in between.

        >>> str(Months("202610", "202611").wider(Months("202609", "")))
        '202609..'
        """
        low = min(self.low, other.low)  # the empty text comes first
        high = max(self.high, other.high) if self.high and other.high else ""
        return Months(low, high)


@dataclass(frozen=True)
class Column:
    """What tells partitions apart; `arrival` if it says when a row came, not what it is about."""

    name: str
    kind: str
    arrival: bool

    def between(self, first: datetime, end: datetime) -> str:
        """Return the condition that it lies in a half-open interval of UTC."""
        written = "%Y-%m-%d" if self.kind == "DATE" else "%Y-%m-%d %H:%M:%S"
        zone = "+00" if self.kind == "TIMESTAMP" else ""
        kind, name = self.kind.lower(), self.name if self.name == _PSEUDO else f"`{self.name}`"
        low, high = (f"{kind} '{moment.strftime(written)}{zone}'" for moment in (first, end))
        return f"{name} >= {low} and {name} < {high}"


@dataclass(frozen=True)
class Partition:
    """A part of a table: how it is called, how to ask for it, what tells that it changed."""

    name: str
    condition: str
    changed: str  # when, and how many rows it has
    last: datetime | None = None  # when its last rows may have come, if that is known

    def may_hold(self, months: Months) -> bool:
        """Return whether rows of these months may be in it: none comes before its month."""
        if self.last is None or not months.low:
            return True
        return self.last.date() >= _first(months.low) - _EARLY


def partition_column(table: Any) -> Column | None:
    """Return what a table is partitioned by, where that is a time; None for a view."""
    parted = table.time_partitioning
    if not parted or table.table_type != "TABLE":
        return None
    if not parted.field:
        return Column(_PSEUDO, "TIMESTAMP", arrival=True)
    return Column(parted.field, _kinds(table)[parted.field], arrival=parted.field in _ARRIVALS)


def day_column(table: Any) -> Column | None:
    """Return the column whose days take a table without partitions apart."""
    kinds = _kinds(table)
    for name in _DAYS:
        if kinds.get(name) in ("TIMESTAMP", "DATETIME", "DATE"):
            return Column(name, kinds[name], arrival=name in _ARRIVALS)
    return None


def _kinds(table: Any) -> dict[str, str]:
    return {field.name: field.field_type for field in table.schema}


def month_condition(table: Any, months: Months) -> str:
    """Return the condition that a row is of the months; true where the table has no months."""
    kinds = _kinds(table)
    tests = []
    name = "invoice.month"
    if "invoice" in kinds:
        if months.low:
            tests.append(f"{name} >= '{months.low}'")
        if months.high:
            tests.append(f"{name} <= '{months.high}'")
    elif kinds.get("BillingPeriodStart") in ("TIMESTAMP", "DATETIME", "DATE"):
        name = "BillingPeriodStart"
        if months.low:
            tests.append(f"date({name}) >= date '{_first(months.low)}'")
        if months.high:
            tests.append(f"date({name}) < date '{month_after(_first(months.high))}'")
    return f"({' and '.join(tests)} or {name} is null)" if tests else "true"


def _first(month: str) -> date:
    return date(int(month[:4]), int(month[4:]), 1)


def of_catalogue(row: Mapping[str, Any], column: Column) -> Partition | None:
    """Return a partition as INFORMATION_SCHEMA.PARTITIONS lists it.

    None for one that is empty, and for rows that arrived just now and are in no partition yet:
    they are found in one at the next look.
    """
    name, rows = str(row["partition_id"]), int(row["total_rows"] or 0)
    modified = row["last_modified_time"]
    changed = f"{_moment(modified)} {rows}" if modified else str(rows)
    if name == "__NULL__" and column.name != _PSEUDO and rows:
        return Partition("none", f"`{column.name}` is null", changed)
    form = _FORMATS.get(len(name)) if name.isdigit() else None
    if not rows or not form:
        return None
    first = datetime.strptime(name, form)  # noqa: DTZ007 - UTC, as everywhere
    end = {
        "%Y": datetime(first.year + 1, 1, 1),  # noqa: DTZ001 - UTC, as everywhere
        "%Y%m": datetime.combine(month_after(first.date()), first.time()),
        "%Y%m%d": first + timedelta(days=1),
        "%Y%m%d%H": first + timedelta(hours=1),
    }[form]
    said = first.strftime(
        {"%Y": "%Y", "%Y%m": "%Y-%m", "%Y%m%d": "%Y-%m-%d"}.get(form, "%Y-%m-%dT%H")
    )
    # The end is what counts: a partition of a month may hold rows that came on its last day.
    return Partition(said, column.between(first, end), changed, end if column.arrival else None)


def by_column(row: Mapping[str, Any], column: Column) -> Partition:
    """Return the rows of a day, of a table or view that lists no partitions."""
    changed = f"{_moment(row['newest'])} {int(row['total_rows'])}"
    if row["day"] is None:
        return Partition("none", f"`{column.name}` is null", changed)
    first = datetime.combine(row["day"], datetime.min.time())
    end = first + timedelta(days=1)
    condition = column.between(first, end)
    return Partition(f"{first:%Y-%m-%d}", condition, changed, end if column.arrival else None)


def _moment(value: Any) -> str:
    """Return a time of BigQuery as text without spaces, UTC."""
    if isinstance(value, datetime):
        moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return moment.isoformat()
    return str(value if value is not None else "-").replace(" ", "T")
