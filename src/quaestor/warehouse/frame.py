"""Give a query's rows to pandas, without rounding money on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb

from quaestor.core.errors import ConfigurationError
from quaestor.warehouse.duckdb import Warehouse, quoted

if TYPE_CHECKING:
    import pandas

_EXACT = {"DECIMAL": Decimal, "HUGEINT": int}  # pandas has no such column: it would make floats


def frame(
    warehouse: Warehouse, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
) -> pandas.DataFrame:
    """Return the rows of one SELECT, in its order.

    DECIMAL becomes a column of `decimal.Decimal` with every digit, None where unknown. Times
    are UTC without zone (datetime64), whole numbers are Int64 where some are unknown, ratios are
    float64 with NaN for unknown, lists are objects.

    Raises:
        ConfigurationError: The SQL is no valid SELECT, or pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise ConfigurationError(
            "pandas is not installed", fix="Install it: pip install 'quaestor[pandas]'"
        ) from None
    query = f"({sql.strip().rstrip(';')}\n)"
    try:
        types = warehouse.rows(f"describe select * from {query}", parameters)
        exact = {
            name: _EXACT[kind.partition("(")[0]]
            for name, kind, *_ in types
            if kind.partition("(")[0] in _EXACT and not kind.endswith("]")
        }
        texts = ", ".join(f"{quoted(name)}::varchar as {quoted(name)}" for name in exact)
        star = f"* replace ({texts})" if exact else "*"
        found = warehouse.connection.execute(f"select {star} from {query}", parameters or None)
        result: pandas.DataFrame = found.df()
    except (duckdb.ProgrammingError, duckdb.DataError) as problem:
        raise ConfigurationError(
            f"the query cannot be run ({str(problem).splitlines()[0]})",
            where=warehouse.path,
            fix="Correct the SQL; `quaestor query` takes the same.",
        ) from None
    for name, kind in exact.items():
        values = [None if pandas.isna(text) else kind(text) for text in result[name]]
        result[name] = pandas.Series(values, index=result.index, dtype=object)
    return result
