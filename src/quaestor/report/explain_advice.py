"""What is behind advice: how its saving was worked out, its tests, its history, its charges."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quaestor.core.errors import ConfigurationError
from quaestor.warehouse.duckdb import Warehouse

Row = dict[str, Any]
_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True, kw_only=True)
class AdviceBehind:
    """One piece of advice, or an object that got none.

    Args:
        said: What is said of it, with `evidence` parsed; `state` is that of the latest audit.
        others: Other advice about the same money.
        backtest: How it would have done on days that it was not made from; empty: not replayed.
        states: How it stood, audit by audit, wherever that changed.
        rate: What its resource costs on the bill, and by which days; None: the bill does not say.
        charges: The charges behind that, the dearest first.
        files: The landed files that hold them.
    """

    said: Row
    others: Sequence[Row]
    backtest: Sequence[Row]
    states: Sequence[Row]
    rate: Row | None
    charges: Sequence[Row]
    files: Sequence[Row]


def advice_named(warehouse: Warehouse, name: str) -> list[AdviceBehind]:
    """Return the advice that an id, its first 6 digits or more, or a subject names; else none.

    Raises:
        ConfigurationError: More than one id begins with these digits.
    """
    prefix = name if len(name) >= 6 and set(name) <= set("0123456789abcdef") else "no id"
    rows = _records(warehouse, "advice", prefix=prefix, subject=name)
    begun = [one for row in rows if (one := row["recommendation"]).startswith(prefix)]
    if len(begun) > 1:
        raise ConfigurationError(
            f"{len(begun)} pieces of advice begin with {name}",
            where="ID",
            fix=f"Write more digits: {', '.join(begun[:3])}.",
        )
    return [_behind(warehouse, row) for row in rows]


def _behind(warehouse: Warehouse, row: Row) -> AdviceBehind:
    evidence: Mapping[str, Any] = json.loads(row["evidence"] or "{}")
    resource = row["resource_id"]
    rates = warehouse.records(
        "select * exclude (tags) from ledger.resource_rate where resource_id = ?", [resource]
    )
    about = {"kind": row["kind"], "subject": row["subject"]}
    return AdviceBehind(
        said={**row, "evidence": evidence},
        others=_records(
            warehouse,
            "advice_others",
            recommendation=row["recommendation"],
            saves_on=row["saves_on"],
            inside=row["inside"],
        ),
        backtest=_records(warehouse, "advice_backtest", **about),
        states=_records(warehouse, "advice_states", recommendation=row["recommendation"]),
        rate=rates[0] if rates else None,
        charges=_records(warehouse, "resource", resource=resource) if rates else [],
        files=_records(warehouse, "resource_files", resource=resource) if rates else [],
    )


def _records(warehouse: Warehouse, sql: str, **parameters: Any) -> list[Row]:
    text = (_SQL / f"explain_{sql}.sql").read_text(encoding="utf-8")
    return warehouse.records(text, parameters)
