"""Open a landed CSV, JSON or Parquet file as a relation, or say why it cannot be read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from quaestor.core.errors import IncompleteError
from quaestor.normalise.landed_csv import open_csv
from quaestor.normalise.landed_json import SUFFIXES as JSON
from quaestor.normalise.landed_json import open_json
from quaestor.normalise.landed_parquet import open_parquet
from quaestor.normalise.relation import RAW, REJECTED, RefusedError, Relation
from quaestor.warehouse.duckdb import Warehouse

__all__ = ["RAW", "REJECTED", "RefusedError", "Relation", "open_file"]


def open_file(
    warehouse: Warehouse,
    path: Path,
    sha256: str,
    *,
    delimiter: str = ",",
    recognises: Callable[[Sequence[str]], bool],
    careful: bool = False,
    once: bool = False,
) -> Relation:
    """Open a landed file.

    A file that turns out damaged halfway ends the transaction it is read in; `careful` reads
    it to its end aside first (see `pipeline.build`).

    Args:
        warehouse: Where temporary relations are made.
        path: The landed file; CSV, JSON (also as .gz) or Parquet by its name.
        sha256: Of the file when it was landed.
        delimiter: What separates CSV columns.
        recognises: Whether these column names are a header, to recognise a wrong delimiter.
        careful: Read the whole file once before it is loaded.
        once: The relation will be read once, in full, and numbered then (`landed_rows`).

    Raises:
        RefusedError: Empty, damaged, of another encoding or delimiter, or cut short.
        IncompleteError: It is not there any more, or not as it was landed.
    """
    check_landed(path, sha256)
    if path.stat().st_size == 0:
        raise RefusedError("the file is empty", fix="Export it again, or remove it.")
    if path.name.lower().endswith((".parquet", ".parq")):
        return open_parquet(warehouse, path, careful=careful)
    if path.name.lower().endswith(JSON):
        return open_json(warehouse, path)
    return open_csv(warehouse, path, delimiter, recognises, careful=careful, once=once)


def check_landed(path: Path, sha256: str) -> None:
    """Hold a landed file to its hash: every figure is traced to these very bytes.

    Raises:
        IncompleteError: It is gone, or not what was landed.
    """
    if not path.is_file():
        what = "a landed file is missing"
    else:
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() == sha256:
                return
        what = "a landed file is not what was landed: its hash has changed"
    raise IncompleteError(what, where=str(path), fix="Run `quaestor collect` again.")
