"""Load a central bank's table of exchange rates; `currency.settle` puts them on the charges."""

from __future__ import annotations

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.landed import LandedFile
from quaestor.normalise import currency, ecb
from quaestor.normalise.job import Job
from quaestor.normalise.landed_file import RefusedError
from quaestor.normalise.quarantine import blind_spots, refuse, release
from quaestor.warehouse.duckdb import Warehouse


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Put the landed table in the place of the one before; an unreadable one changes nothing."""
    source = job.source.name
    release(warehouse, source, keep=())
    for file in job.manifest.files:
        try:
            currency.replace_table(warehouse, source, _table(job, file))
        except RefusedError as problem:
            refuse(warehouse, source, file, problem)
    return blind_spots(warehouse, source, job.manifest.files)


def _table(job: Job, file: LandedFile) -> list[ecb.Rate]:
    job.progress(f"load {file.scope}")
    try:
        return ecb.read(job.path(file).read_bytes())
    except (OSError, ecb.TableError) as problem:
        raise RefusedError(
            f"is no table of exchange rates: {problem}",
            fix="Correct `url:` and collect again; the rates before it stay in force.",
        ) from None
