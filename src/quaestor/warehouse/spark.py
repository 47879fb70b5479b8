"""Compute the ledger's SQL on Apache Spark, for an estate that outgrows one machine.

The SQL is the same (spark_sql.py says it in Spark's dialect), and so are the figures: decimals
keep their digits, halves are rounded away from zero, an overflow is an error, times are UTC. What
a SELECT reads is handed over as Parquet in a folder that both engines see; what it gives comes
back the same way, into the warehouse, where checks, policies and reports read it.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quaestor.core.config import SparkSettings
from quaestor.core.errors import ConfigurationError, IncompleteError
from quaestor.warehouse.duckdb import Warehouse, literal, quoted_table
from quaestor.warehouse.errors import OutOfRangeError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_WORDS = Path(__file__).with_name("spark_words.sql")
# What figures depend on; set in each session, whatever the server's own settings are.
_MEANING = {
    "spark.sql.ansi.enabled": "true",  # an overflow is an error, not null
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",  # sums keep all 20 digits
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.caseSensitive": "false",
    "spark.sql.mapKeyDedupPolicy": "EXCEPTION",
}
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.warehouse.dir": str(Path(tempfile.gettempdir(), "quaestor-spark")),
}
_COMMENT = re.compile(r"--[^\n]*")
_ON_DUCKDB = re.compile(r"^--\s*engine\s+duckdb\b", re.MULTILINE)


class Spark:
    """An engine (engine.py) that computes on Spark.

    Args:
        warehouse: Where tables come from and go to; what is computed belongs to its transaction.
        session: Of Spark, as `session` gives it.
        folder: Empty, seen by both under the same path.
    """

    def __init__(self, warehouse: Warehouse, session: SparkSession, folder: Path) -> None:
        self.warehouse = warehouse
        self.session = session
        self.folder = folder
        self._views: dict[str, str] = {}
        self._handed: set[str] = set()
        self._files = 0

    def define(self, view: str, select: str) -> None:
        """Create or replace a view, in the warehouse too."""
        self.warehouse.run(f"create or replace view {view} as {select}")
        self._views[view] = select

    def fill(self, table: str, select: str) -> None:
        """Add the rows of a SELECT to a table of the warehouse.

        Raises:
            NotPortableError: The SELECT has no saying in Spark's dialect.
            OutOfRangeError: A figure is larger than money can be.
            IncompleteError: Spark gave up.
        """
        if _ON_DUCKDB.search(select):
            self.warehouse.run(f"insert into {table} by name {select}")
        else:
            made = self._new_path(table)
            with _explained():
                _typed(self._frame(select)).write.parquet(made.as_uri())
            if any(made.glob("*.parquet")):
                files = literal(f"{made}/*.parquet")
                self.warehouse.run(f"insert into {table} by name from read_parquet({files})")
        self._handed.discard(table)

    def forget(self, table: str) -> None:
        """Read a table anew when it is read next: somebody else has written to it."""
        self._handed.discard(table)

    def _frame(self, select: str) -> DataFrame:
        from quaestor.warehouse.spark_sql import in_spark, tables

        for table in tables(select):
            if table in self._views:
                self._frame(self._views[table]).createOrReplaceTempView(_name(table))
            elif table not in self._handed:
                self._hand_over(table)
                self._handed.add(table)
        return self.session.sql(in_spark(select, _name))

    def _hand_over(self, table: str) -> None:
        path = self._new_path(table)
        path.mkdir()
        file = literal(str(path / "0.parquet"))
        self.warehouse.run(f"copy (from {quoted_table(table)}) to {file} (format parquet)")
        self.session.read.parquet(path.as_uri()).createOrReplaceTempView(_name(table))

    def _new_path(self, table: str) -> Path:
        self._files += 1
        return self.folder / f"{self._files:04}-{table}"


def _started(settings: SparkSettings, builder: Any) -> SparkSession:
    """Start or reach a session that means by every word what DuckDB means by it."""
    if settings.remote:
        started = builder.remote(settings.remote).create()
    else:
        for name, value in {**_LOCAL, **settings.options}.items():
            builder = builder.config(name, value)
        started = builder.master(settings.master or "local[*]").getOrCreate().newSession()
    for name, value in {**settings.options, **_MEANING}.items():
        if name.startswith("spark.sql."):
            started.conf.set(name, value)
    for statement in _COMMENT.sub("", _WORDS.read_text(encoding="utf-8")).split(";"):
        if statement.strip():
            started.sql(statement)
    found: SparkSession = started
    return found


@contextmanager
def session(settings: SparkSettings) -> Iterator[SparkSession]:
    """Start Spark, or reach a server of Spark Connect, and teach it the words of money.

    Raises:
        ConfigurationError: pyspark, what it needs of Python, or Java is not installed.
        IncompleteError: The server is out of reach.
    """
    if absent := [name for name in ("pyspark", "sqlglot") if find_spec(name) is None]:
        raise ConfigurationError(
            f"{absent[0]} is not installed",
            where="the configuration (spark)",
            fix="pip install 'quaestor[spark]', or remove `spark:`.",
        )
    from pyspark.errors import PySparkException, PySparkRuntimeError
    from pyspark.sql import SparkSession

    try:
        started = _started(settings, SparkSession.builder.appName("quaestor"))
    except PySparkRuntimeError as problem:
        raise ConfigurationError(
            f"Spark cannot be started ({problem})",
            where="the configuration (spark)",
            fix="Spark 4 needs Java 17 or 21: install it, or set JAVA_HOME.",
        ) from None
    except (PySparkException, ImportError) as problem:
        raise _gave_up(problem) from None
    try:
        yield started
    finally:
        started.stop()


@contextmanager
def exchange(folder: Path | None) -> Iterator[Path]:
    """Make a folder for what the engines hand each other, and remove it in the end."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="quaestor-", dir=folder) as made:
        yield Path(made).resolve()


def _name(table: str) -> str:
    """Return what a table is called in Spark's session, where schemas are somebody else's."""
    return "quaestor_" + table.replace(".", "_")


def _typed(frame: DataFrame) -> DataFrame:
    """Give columns that are null throughout a type; Parquet has none for them."""
    untyped = [field.name for field in frame.schema if field.dataType.typeName() == "void"]
    for name in untyped:
        frame = frame.withColumn(name, frame[name].cast("string"))
    return frame


@contextmanager
def _explained() -> Iterator[None]:
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as problem:
        text = str(problem)
        if "NUMERIC_VALUE_OUT_OF_RANGE" in text or "ARITHMETIC_OVERFLOW" in text:
            raise OutOfRangeError(
                f"a figure is larger than its type can hold ({text.splitlines()[0]})",
                where="Spark",
                fix="Money has 18 digits before the point: look for a cost or a rate that is "
                "far too large.",
            ) from None
        raise _gave_up(problem) from problem


def _gave_up(problem: Exception) -> IncompleteError:
    return IncompleteError(
        f"Spark gave up ({str(problem).strip().splitlines()[0]})",
        where="the configuration (spark)",
        fix="Look at Spark's own log; the last good state is kept.",
    )
