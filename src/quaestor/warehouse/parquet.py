"""Write rows as one Parquet file with a table's columns: whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from quaestor.core.whole_file import whole
from quaestor.warehouse.duckdb import Warehouse, literal, quoted


def write_rows(rows: Sequence[Mapping[str, Any]], table: str, path: Path) -> None:
    """Write rows in their order, with the types of a warehouse's table less its `source`.

    Args:
        rows: Values by column, as JSON holds them; what a row lacks is null.
        table: Such as usage.gpu_sample.
        path: The file; one of that name is replaced.

    Raises:
        IncompleteError: It cannot be written; nothing is left behind.
    """
    with Warehouse(":memory:") as warehouse:
        columns = {n: kind for n, kind in warehouse.columns(table).items() if n != "source"}
        shape = json.dumps([columns])
        names = ", ".join(f"row.{quoted(name)}" for name in columns)
        warehouse.run(
            f"create temp table written as select {names} from "
            f"(select unnest(from_json($rows, {literal(shape)})) as row)",
            {"rows": json.dumps(list(rows))},
        )
        with whole(path) as part:
            warehouse.run(f"copy written to {literal(str(part))} (format parquet)")
