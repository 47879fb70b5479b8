"""Give the ledger as FOCUS: whose each cost is, for tools that read FOCUS and know no ledger.

What FOCUS has no column for is in `x_ml_*`. What a line of the ledger cannot say of a mandatory
column is NULL, and the manifest lists those columns: nothing is made up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from quaestor.core.errors import NothingEvaluatedError
from quaestor.core.period import Window
from quaestor.warehouse.duckdb import Warehouse, literal, quoted
from quaestor.warehouse.focus_folder import Charges, Exported, check_sources, write_folder

_SQL = Path(__file__).parent / "sql" / "focus_ledger.sql"
# Columns of one version only: who sold it was renamed with FOCUS 1.3.
_ONLY = {
    "1.2": frozenset({"ProviderName", "PublisherName"}),
    "1.4": frozenset({"HostProviderName", "ServiceProviderName"}),
}
_MOMENTS = frozenset(
    {"BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart"}
)
# Mandatory in FOCUS, and nothing that a line of the ledger has (sql/focus_ledger.sql says why).
_NOT_SAID = (
    "BillingAccountId",
    "BillingAccountName",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeClass",
    "ChargeDescription",
    "HostProviderName",
    "InvoiceIssuerName",
    "PricingQuantity",
    "PricingUnit",
    "PublisherName",
    "ServiceCategory",
)


@dataclass(frozen=True)
class Lines:
    """Which lines of the ledger to export, and how.

    Args:
        version: Of FOCUS.
        sources: Only these; none: all.
        window: Whole months that have one of these days.
    """

    version: str
    sources: tuple[str, ...] = ()
    window: Window = field(default_factory=Window)

    @property
    def where(self) -> str:
        """Return the condition on a line, as SQL."""
        conditions = ["true"]
        if self.sources:
            conditions.append(f"x_ml_source in ({', '.join(map(literal, self.sources))})")
        if self.window.since:
            conditions.append(f"last_day(ChargePeriodStart::date) >= '{self.window.since}'::date")
        if self.window.until:
            conditions.append(
                f"date_trunc('month', ChargePeriodStart) <= '{self.window.until}'::timestamp"
            )
        return " and ".join(conditions)


def export_ledger(
    warehouse: Warehouse, lines: Lines, folder: Path, *, progress: Callable[[str], None]
) -> Exported:
    """Write `focus-<version>-ledger/` into a folder, whole or not at all.

    Args:
        warehouse: Where the ledger is; it is only read.
        lines: Which of them, and how.
        folder: Made if need be; an earlier export of the version in it is replaced.
        progress: Takes what is being done now.

    Raises:
        ConfigurationError: A source without costs, or a folder in the way that is no export.
        NothingEvaluatedError: There is no line to export.
        IncompleteError: It cannot be written.
    """
    check_sources(warehouse, "ledger.cost", "source", lines.sources)
    reader = f"({_SQL.read_text(encoding='utf-8')}) as line where {lines.where}"
    if not warehouse.rows(f"select 1 from {reader} limit 1"):
        raise NothingEvaluatedError(
            "the ledger has no cost to export",
            where=warehouse.path,
            fix="Run `quaestor audit` (or `quaestor build`) first, or ask for other days.",
        )
    names = _columns(warehouse, reader, lines.version)
    charges = Charges(
        reader=reader,
        columns={name: quoted(name) for name in names},
        moments=_MOMENTS,
        month="strftime(ChargePeriodStart, '%Y-%m')",
        source="x_ml_source",
        head={
            "version": lines.version,
            "of": "ledger.cost",
            "filed_by": "ChargePeriodStart",
            "not_said": [name for name in _NOT_SAID if name in names],
        },
    )
    return write_folder(warehouse, charges, folder / f"focus-{lines.version}-ledger", progress)


def _columns(warehouse: Warehouse, reader: str, version: str) -> list[str]:
    """Return the columns of a version, in the query's order."""
    others = {name for one, some in _ONLY.items() if one != version for name in some}
    found = warehouse.rows(f"describe select * from {reader}")
    return [name for name, *_ in found if name not in others]
