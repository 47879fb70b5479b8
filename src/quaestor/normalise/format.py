"""What a bill's format is: how it is recognised, what its columns mean, and its one SELECT.

A landed file passes three doors. `conform.py` gives its columns the format's own names and
types, as the view `landed`. The format's SELECT in `sql/` makes FOCUS charges of `landed`. Its
control SELECT says, from the same rows and by itself, what the file claims to cost, so that
`ledger.reconciliation` can hold one against the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from quaestor.core.money import MONEY_TYPE

if TYPE_CHECKING:
    from quaestor.core.blind_spot import BlindSpot
    from quaestor.normalise.conform import Column
    from quaestor.normalise.job import Job
    from quaestor.normalise.landed_file import Relation
    from quaestor.warehouse.duckdb import Warehouse

SQL = Path(__file__).parent / "sql"
# What is said of an account id that the macro `account_id` cannot read.
LOST_DIGITS = "is a number that a spreadsheet made of an account id; its digits are lost"
TEXT, TIME, MONEY = "VARCHAR", "TIMESTAMP", MONEY_TYPE.replace(" ", "")


def fold(name: str) -> str:
    """Return a column's name as FOCUS, and most formats, tell columns apart: by letters alone."""
    return name.casefold()


@dataclass(frozen=True)
class Format:
    """One way in which a provider writes a bill.

    Args:
        name: As `schema:` in quaestor.yaml says it.
        title: As people say it.
        columns: The columns its SELECTs may read, and their types; one that a file lacks is NULL.
        required: Of these, what a row must have, readable, or it goes to quarantine.
        vital: Of these, what a row may lack; where it is there and unreadable, quarantine too.
        signatures: A file whose columns include all of one of these is of this format.
        spelling: A header's column -> its name in `columns` (or whatever is no such name).
        gathered: A column of `columns` -> prefixes of headers; it becomes a JSON object, as text,
            of every column with one of them, under the header's name without the prefix (the
            first that fits), or with the text beside it instead, where a prefix is a pair.
        inside: A column of `columns` -> (column, key): where to find it if the file does not
            have it by itself: inside a MAP, a STRUCT, or a JSON object as text.
        readers: A column of `columns` -> the SQL macro that reads its text, where that is not
            the one of its type (macros.sql); NULL from it means that the text cannot be read.
        complaints: What is said of text that a reader cannot read, "is not a number" if it is
            to be one.
        period: The columns of `columns`, or of `focus.charge`, in which a charge begins and ends;
            a row that ends before it begins goes to quarantine. (): a row has no two.
        doubt: SQL over `columns` that says why a row whose values can all be read cannot be
            charged all the same (NULL: it can); it goes to quarantine.
        ignored: SQL over `columns` that says why a row is no charge whatever it holds, such as a
            line of totals (NULL: it may be one); its control says so too, as `left_out`.
        macros: More scripts of `sql/` with macros that its SELECTs and readers use.
        keeps_unknown: Columns that are none of `columns` are kept, as `x_` text (FOCUS itself).
        select: The script of `sql/` that makes charges of `landed`. Its rows have FOCUS columns
            and `x_row`; several may come from one row of the file.
        control: The script of `sql/` that says what each row of `landed` claims: x_row, reason,
            billing_period_start, billing_account_id, sub_account_id, currency, billed_cost and
            effective_cost (NULL where the file does not state it), and left_out: why, by rule,
            the row makes no charge of its own. Over a period, an account and a currency the
            claims of all rows that could be read are what the charges must sum to.
        fix: How to export it, for a file that lacks something.
        match: Finds its columns in a file, where that is not done by their names (a mapping).
        dataset: A SELECT of `landed` whose one row, `dataset`, says which of several views of one
            bill a file is (focus.dataset); no row: it says nothing.
        after: Called once all files of the format and a source are loaded, with their sha256,
            new ones first named; for what only several files together can tell.
    """

    name: str
    title: str
    columns: Mapping[str, str]
    required: tuple[str, ...]
    signatures: tuple[frozenset[str], ...]
    select: str
    control: str
    fix: str
    vital: tuple[str, ...] = ()
    spelling: Callable[[str], str] = fold
    gathered: Mapping[str, tuple[str | tuple[str, str], ...]] = field(default_factory=dict)
    inside: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    readers: Mapping[str, str] = field(default_factory=dict)
    complaints: Mapping[str, str] = field(default_factory=dict)
    period: tuple[str, ...] = ()
    doubt: str | None = None
    ignored: str | None = None
    macros: tuple[str, ...] = ()
    keeps_unknown: bool = False
    match: Callable[[Relation], list[Column]] | None = None
    dataset: str | None = None
    after: Callable[[Warehouse, Job, Collection[str]], list[BlindSpot]] | None = None

    def recognises(self, header: Sequence[str]) -> bool:
        """Say whether a file with these columns is of this format."""
        spelt = {self.spelling(name) for name in header}
        return any(signature <= spelt for signature in self.signatures)

    def script(self, name: str) -> str:
        """Return one of its SQL scripts."""
        return (SQL / name).read_text(encoding="utf-8")
