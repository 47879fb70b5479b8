"""What a query costs, told by the rows that its plan makes and not by a clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from quaestor.warehouse.duckdb import Warehouse


def rows_made(warehouse: Warehouse, sql: str) -> int:
    """Run a query; return how many rows the steps of its plan made, all together."""
    (_, plan) = warehouse.row(f"explain (analyze, format json) {sql}")
    return sum(map(_rows_of, json.loads(plan)["operator"]))


def _rows_of(step: Mapping[str, Any]) -> int:
    made: int = step.get("intermediate_rows", 0)
    return made + sum(map(_rows_of, step.get("children", [])))
