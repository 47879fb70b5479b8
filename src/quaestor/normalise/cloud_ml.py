"""Load what a cloud's machine learning service ran and knows, as Vertex AI and Azure ML do.

Both land the same kinds of things, so that one list of tables serves them; how a table is filled is
a SELECT of each cloud, `sql/<prefix>_<table>.sql`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from quaestor.core.blind_spot import BlindSpot
from quaestor.normalise import facts, step
from quaestor.normalise.gpu_hours import unknown_hours
from quaestor.normalise.job import Job
from quaestor.normalise.landed_objects import LANDED, read_objects
from quaestor.normalise.quarantine import blind_spots, release
from quaestor.normalise.registry import columns_of, forget
from quaestor.warehouse.duckdb import Warehouse

_MACROS = ("macros", "usage_macros", "cloud_ml_macros")
_REGISTRY = (
    *("stated_model", "stated_model_version", "run", "stated_dataset", "stated_deployment"),
    "grant",
)
_USAGE = ("gpu_job", "endpoint", "endpoint_hour", "notebook")
_SELECTS = {"gpu_job": "job"}


@dataclass(frozen=True)
class Cloud:
    """What is one cloud's own.

    Args:
        prefix: How the names of its SELECTs begin.
        steps: Those that become a temporary table of their name, less the prefix, in this order.
        named: Kinds of objects that must have a name.
        supplied: Kind of object -> the table of the registry that it fills, and its columns by how
            they are supplied (`registry.evidence`).
        gpus: How an unknown number of GPUs becomes known.
        times: How unknown hours become known.
    """

    prefix: str
    steps: tuple[str, ...]
    named: tuple[str, ...]
    supplied: tuple[tuple[str, str, Mapping[str, tuple[str, ...]]], ...]
    gpus: str
    times: str


def replace(warehouse: Warehouse, job: Job, cloud: Cloud, **given: Any) -> list[BlindSpot]:
    """Replace what the source said before; return what cannot be read, and what is unknown.

    Args:
        warehouse: Where to.
        job: What landed.
        cloud: Whose it is.
        given: Parameters of its SELECTs, beside `source` and `seen_at`.
    """
    source = job.source.name
    given |= {"source": source, "seen_at": job.manifest.fetched_at}
    _begin(warehouse, job)
    for name in cloud.steps:
        step.make(warehouse, f"{cloud.prefix}_{name}", given)
    step.make(warehouse, "governed", query=f"{cloud.prefix}_governed")
    for schema, tables in (("registry", _REGISTRY), ("usage", _USAGE)):
        for table in tables:
            name = f"{cloud.prefix}_{_SELECTS.get(table, table.removeprefix('stated_'))}"
            step.make(warehouse, name, given)
            step.fill(warehouse, f"{schema}.{table}", source, name)
    step.set_aside(warehouse, source, f"{cloud.prefix}_figure")
    _keep_unnamed_aside(warehouse, source, cloud.named)
    _keep_values_aside(warehouse, source)
    set_aside = blind_spots(warehouse, source, job.manifest.files)
    facts.govern_deployments(warehouse, f"{cloud.prefix}_deployment")
    return [
        *set_aside,
        *facts.state(warehouse, source),
        *unknown_hours(warehouse, source, gpus=cloud.gpus, times=cloud.times),
        *_unknown_gpus(warehouse, source, cloud.gpus),
    ]


def landed_kinds(job: Job) -> set[str]:
    """Return the kinds of files in force, empty ones included."""
    return {file.scope.rpartition("/")[2] for file in job.manifest.files}


def supplied(warehouse: Warehouse, cloud: Cloud, kinds: set[str], grants: str) -> dict[str, str]:
    """Return how each field of the registry is supplied, of the parts that could be read.

    Args:
        warehouse: Whose tables they are.
        cloud: Which says it by kind.
        kinds: The kinds of files in force.
        grants: The kind that tells who may do what.
    """
    via: dict[str, str] = {}
    for kind, table, columns in cloud.supplied:
        if kind in kinds:
            via[table] = "native"
            via |= {f"{table}.{name}": how for how, names in columns.items() for name in names}
    if grants in kinds:
        fields = [f"grant.{name}" for name in columns_of(warehouse, "grant")]
        via |= dict.fromkeys(("grant", *fields), "native")
    return via


def _begin(warehouse: Warehouse, job: Job) -> None:
    """Forget what the source said before, and open what it says now as LANDED."""
    source = job.source.name
    step.define(warehouse, *_MACROS)
    forget(warehouse, source)
    for table in _USAGE:
        warehouse.run(f"delete from usage.{table} where source = ?", [source])
    release(warehouse, source, keep=())
    read_objects(warehouse, job)


def _keep_values_aside(warehouse: Warehouse, source: str) -> None:
    """Tell of tags that cannot be read; `governed` says whose tags they are."""
    step.make(warehouse, "cloud_ml_unreadable")
    warehouse.run(
        "insert into quarantine.value select $source, file, sha256, row_number, reason, raw "
        "from cloud_ml_unreadable",
        {"source": source},
    )


def _keep_unnamed_aside(warehouse: Warehouse, source: str, kinds: Iterable[str]) -> None:
    """Put objects without a name into quarantine; the SELECTs leave them out."""
    warehouse.run(
        f"""
        insert into quarantine.row
        select $source, file, sha256, row_number, 'it has no name', object::varchar
        from {LANDED}
        where kind in (select unnest($kinds::varchar[])) and coalesce(object ->> '$.name', '') = ''
        """,
        {"source": source, "kinds": list(kinds)},
    )


def _unknown_gpus(warehouse: Warehouse, source: str, fix: str) -> list[BlindSpot]:
    """Tell how many endpoints have an unknown number of GPUs; published models have none."""
    ((count, first),) = warehouse.rows(
        "select count(*), min(endpoint) from usage.endpoint where source = ? and gpus is null "
        "and kind not like '%published'",
        [source],
    )
    if not count:
        return []
    return [
        BlindSpot(
            source=source,
            scope="endpoint.gpus",
            reason=f"nobody says how many GPUs {count:,} endpoint{'s' if count > 1 else ''} "
            f"ha{'ve' if count > 1 else 's'}; the first: {first}",
            fix=fix,
            rows=count,
        )
    ]
