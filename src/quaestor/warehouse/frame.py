"""Give a query's rows to pandas, without rounding money on the way.

A column's dtype follows from its type in SQL, whatever is in it, and also where it is empty:

==================  ==============  ====================================================
in SQL              dtype           values; what is unknown
==================  ==============  ====================================================
DECIMAL             object          `decimal.Decimal` with every digit; None
HUGEINT             object          `int`; None
INTEGER, BIGINT     Int64           whole numbers; `pandas.NA`
DOUBLE              float64         ratios and hours; NaN
BOOLEAN             boolean         True and False; `pandas.NA`
VARCHAR             object          `str`; None
DATE, TIMESTAMP     datetime64[us]  UTC without zone, a date as its midnight; NaT
lists               object          `list`; None
MAP                 object          `dict`; None
==================  ==============  ====================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import ModuleType
from typing import TYPE_CHECKING, Any

from quaestor.core.errors import ConfigurationError
from quaestor.warehouse.driver import duckdb
from quaestor.warehouse.duckdb import Warehouse, quoted

if TYPE_CHECKING:
    import pandas

_EXACT: dict[str, Callable[[str], Any]] = {
    "DECIMAL": Decimal,
    "HUGEINT": int,
}  # pandas would make floats
# What else a type becomes, so that a column's dtype does not depend on what is in it.
_DTYPES: dict[str, Any] = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), "Int64"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"), "UInt64"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "float64"),
    **dict.fromkeys(("DATE", "TIMESTAMP"), "datetime64[us]"),
    "BOOLEAN": "boolean",
}


def frame(
    warehouse: Warehouse, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
) -> pandas.DataFrame:
    """Return the rows of one SELECT, in its order.

    Dtypes are as the head of this module says.

    Raises:
        ConfigurationError: The SQL is no valid SELECT, or pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise ConfigurationError(
            "pandas is not installed", fix="Install it: pip install 'quaestor[pandas]'"
        ) from None
    types, result = _asked(warehouse, sql, parameters)
    for name, kind in types.items():
        if dtype := _DTYPES.get(kind):
            result[name] = result[name].astype(dtype)
        else:
            values = [_value(one, kind, pandas) for one in result[name]]
            result[name] = pandas.Series(values, index=result.index, dtype=object)
    return result


def _asked(
    warehouse: Warehouse, sql: str, parameters: Sequence[Any] | Mapping[str, Any]
) -> tuple[dict[str, str], pandas.DataFrame]:
    """Return the columns' types and the rows, with exact numbers as text."""
    query = f"({sql.strip().rstrip(';')}\n)"
    try:
        types = {
            name: kind
            for name, kind, *_ in warehouse.rows(f"describe select * from {query}", parameters)
        }
        texts = [
            f"{quoted(name)}::varchar{'[]' if kind.endswith('[]') else ''} as {quoted(name)}"
            for name, kind in types.items()
            if _exact(kind)
        ]
        star = f"* replace ({', '.join(texts)})" if texts else "*"
        found = warehouse.connection.execute(f"select {star} from {query}", parameters or None)
        result: pandas.DataFrame = found.df()
    except (duckdb.ProgrammingError, duckdb.DataError) as problem:
        raise ConfigurationError(
            f"the query cannot be run ({str(problem).splitlines()[0]})",
            where=warehouse.path,
            fix="Correct the SQL; `quaestor query` takes the same.",
        ) from None
    return types, result


def _exact(kind: str) -> Callable[[str], Any] | None:
    """Return what makes an exact number of text, for a type (or a list) of such numbers."""
    base, _, more = kind.partition("(")
    is_one = base.removesuffix("[]") in _EXACT and more.count("[") < 2
    return _EXACT[base.removesuffix("[]")] if is_one else None


def _value(value: Any, kind: str, pandas: ModuleType) -> Any:
    """Return a value of an object column: None where unknown, a list for an array."""
    exact = _exact(kind) or (lambda one: one)
    if hasattr(value, "tolist") and hasattr(value, "shape") and value.shape:
        return [None if pandas.isna(one) else exact(one) for one in value.tolist()]
    if isinstance(value, list | dict):
        return value
    return None if pandas.isna(value) else exact(value)
