"""A landed file as the relation that SELECTs read, and the refusal of one that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass

from quaestor.core.errors import QuaestorError
from quaestor.warehouse.duckdb import literal, quoted

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
        row_number: SQL for a row's place in the file, the first is 1; "": see `rows`.
        rows: How many data rows the file holds, unreadable ones included; -1: nobody knows before
            it is read into a table, nor where a row stands (`landed_text.number_rows`).
        typed: Its columns have types of their own (Parquet); else all is text (CSV, JSON).
        raw: SQL for the row as it stands in the file, where it stands there as JSON.
        plain: Columns whose text can be told to spell no NULL without looking at each value.
    """

    columns: dict[str, str]
    reader: str
    row_number: str
    rows: int
    typed: bool
    raw: str | None = None
    plain: frozenset[str] = frozenset()

    @property
    def is_counted(self) -> bool:
        """Say whether `rows` is known."""
        return self.rows >= 0

    def source(self, name: str) -> str:
        """Return SQL for a column; those of text go by number, as a header may say anything."""
        return quoted(name) if self.typed else f"c{list(self.columns).index(name)}"

    @property
    def as_json(self) -> str:
        """Return SQL for a whole row as a JSON object, under the file's own column names."""
        if self.raw:
            return self.raw
        if self.typed:
            return "to_json(landed_row)::varchar"
        pairs = ", ".join(f"{literal(name)}, {self.source(name)}" for name in self.columns)
        return f"json_object({pairs})::varchar"
