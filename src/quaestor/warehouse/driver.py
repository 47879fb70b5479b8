"""DuckDB's driver without the package around it, which takes four times as long to import.

What `duckdb` offers of connections and errors is what its compiled part holds (a test compares
them); the rest of the package makes dataframes and expressions in Python, and is not needed here.
"""

from __future__ import annotations

try:
    import _duckdb as duckdb
except ImportError:  # a release that keeps its compiled part elsewhere
    import duckdb  # type: ignore[no-redef]  # the same, for whoever asks here

__all__ = ["duckdb"]
