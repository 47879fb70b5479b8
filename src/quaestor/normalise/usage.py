"""Load what ran, from files: hours of nodes and pods, samples of containers and GPUs, GPU jobs.

Columns are those of the table that the rows go to (`_SHAPES`), in any order and letter case. A
column that is absent is unobserved (NULL); only the ones that say what the row is about are
required.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.config import FilesSource
from quaestor.core.landed import LandedFile
from quaestor.normalise import sound_rows
from quaestor.normalise.gpu_hours import unknown_hours
from quaestor.normalise.job import Job
from quaestor.normalise.landed_file import REJECTED, RefusedError, Relation, open_file
from quaestor.normalise.quarantine import blind_spots, refuse, release
from quaestor.warehouse import container_series
from quaestor.warehouse.duckdb import Warehouse, literal, quoted

_SQL = Path(__file__).parent / "sql"
_NESTED = ("MAP", "STRUCT", "JSON")


@dataclass(frozen=True)
class _Shape:
    """One schema of usage files.

    Args:
        table: Where its rows go.
        model: Its SELECT in `sql/`.
        required: The columns that say what a row is about.
        once: SQL for what only one row of the source may say; a row with a null is one of many.
        twice: The complaint about the second one.
        passing: SQL for a row that what is said of the same later takes the place of.
        ours: Columns of the table that no file states.
        unused: SQL for what nothing used: its name as in `usage.look`, and whether that is so. Each
            row is a look; of the table itself the last one counts.
        at_once: Whether a file without a fault is loaded whole, as there are many millions of rows.
        numbered: Whether the rows are told apart by numbers (`container_series`).
    """

    table: str
    model: str
    required: tuple[str, ...]
    once: tuple[str, ...]
    twice: str
    passing: str = ""
    ours: tuple[str, ...] = ("source",)
    unused: tuple[str, str] | None = None
    at_once: bool = False
    numbered: bool = False


_SHAPES = {
    "node-hours": _Shape(
        "usage.node_hour",
        "node_hours.sql",
        ("cluster", "node", "hour"),
        once=("cluster", "node", "hour"),
        twice="the cluster, node and hour stand twice",
    ),
    "pod-hours": _Shape(
        "usage.pod_hour",
        "pod_hours.sql",
        ("cluster", "namespace", "pod", "hour"),
        once=("cluster", "namespace", "pod", "coalesce(node, '')", "hour"),
        twice="the cluster, namespace, pod, node and hour stand twice",
    ),
    "gpu-jobs": _Shape(
        "usage.gpu_job",
        "gpu_jobs.sql",
        ("job", "gpus"),
        once=("job", "coalesce(attempt, 1)"),
        twice="the job stands twice (with the same attempt)",
        passing="state in ('running', 'pending') and ended_at is null",
        ours=("source", "seen_at", "util_samples"),
    ),
    "gpu-samples": _Shape(
        "usage.gpu_sample",
        "gpu_samples.sql",
        ("host", "sampled_at"),
        once=("host", "coalesce(gpu_uuid, gpu_index::varchar)", "sampled_at"),
        twice="the host, GPU and time stand twice",
    ),
    "container-samples": _Shape(
        "usage.container_sample",
        "container_samples.sql",
        ("cluster", "namespace", "pod", "container", "sampled_at"),
        once=("cluster", "namespace", "pod", "container", "sampled_at"),
        twice="the cluster, namespace, pod, container and time stand twice",
        ours=("source", "series"),
        at_once=True,
        numbered=True,
    ),
    "containers": _Shape(
        "usage.container",
        "containers.sql",
        ("cluster", "namespace", "pod", "container"),
        once=("cluster", "namespace", "pod", "container"),
        twice="the cluster, namespace, pod and container stand twice",
        passing="true",
    ),
    "endpoints": _Shape(
        "usage.endpoint",
        "endpoints.sql",
        ("endpoint",),
        once=("endpoint",),
        twice="the endpoint stands twice",
        passing="true",
    ),
    "notebooks": _Shape(
        "usage.notebook",
        "notebooks.sql",
        ("notebook",),
        once=("notebook",),
        twice="the notebook stands twice",
        passing="true",
    ),
    "disks": _Shape(
        "usage.disk",
        "disks.sql",
        ("disk",),
        once=("disk",),
        twice="the disk stands twice",
        passing="true",
        unused=("'disk/' || disk", "not is_attached"),
    ),
}

# Files of `endpoints` that have an `hour`: what they answered.
_ENDPOINT_HOURS = _Shape(
    "usage.endpoint_hour",
    "endpoint_hours.sql",
    ("endpoint", "hour"),
    once=("endpoint", "coalesce(variant, '')", "hour"),
    twice="the endpoint, variant and hour stand twice",
)


def load(warehouse: Warehouse, job: Job) -> list[BlindSpot]:
    """Replace what the source said ran with what its files in force say.

    Args:
        warehouse: Where to; the caller's transaction is open.
        job: A source whose manifest is of a schema in `_SHAPES`.

    Returns:
        What could not be seen: files refused, rows in quarantine, columns that look misspelt,
        jobs whose GPU-hours nobody can tell.
    """
    assert isinstance(job.source, FilesSource)  # noqa: S101 - LOADERS pairs schema and source
    for script in ("macros.sql", "k8s_macros.sql", "usage_macros.sql"):
        warehouse.run((_SQL / script).read_text(encoding="utf-8"))
    source = job.source
    # A source whose schema changed leaves nothing behind.
    tables = [shape.table for shape in (*_SHAPES.values(), _ENDPOINT_HOURS)]
    for table in (*tables, "usage.container_series", "usage.look"):
        warehouse.run(f"delete from {table} where source = ?", [source.name])
    release(warehouse, source.name, keep=())
    misspelt: list[BlindSpot] = []
    for file in job.manifest.files:
        job.progress(f"{source.name}: {Path(file.scope).name}")
        shape = _SHAPES[job.manifest.schema]
        try:
            misspelt += _load_file(warehouse, job, source, file, shape)
        except RefusedError as problem:
            refuse(warehouse, source.name, file, problem)
    unknown = unknown_hours(warehouse, source.name)
    return blind_spots(warehouse, source.name, job.manifest.files) + misspelt + unknown


def _load_file(
    warehouse: Warehouse, job: Job, source: FilesSource, file: LandedFile, shape: _Shape
) -> list[BlindSpot]:
    relation = open_file(
        warehouse,
        job.path(file),
        file.sha256,
        delimiter=source.delimiter,
        recognises=lambda header: bool({n.casefold() for n in header} & set(shape.required)),
        careful=job.careful,
    )
    found = {name.casefold(): name for name in relation.columns}
    if shape.table == "usage.endpoint" and "hour" in found:
        shape = _ENDPOINT_HOURS
    known = [name for name in warehouse.columns(shape.table) if name not in shape.ours]
    if absent := [name for name in shape.required if name not in found]:
        plural = "s" if len(absent) > 1 else ""
        raise RefusedError(
            f"column{plural} {', '.join(absent)} {'are' if plural else 'is'} missing",
            fix=f"Write the columns {', '.join(known)}; only {', '.join(shape.required)} "
            "must be there.",
        )
    seen_at = job.manifest.fetched_at
    there = {name: found[name] for name in known if name in found}
    if shape.at_once and sound_rows.are_sound(
        warehouse, shape.table, shape.once, relation, there, source=source.name, seen_at=seen_at
    ):
        _insert(warehouse, source.name, shape, "* from sample")
    else:
        warehouse.run("create or replace temp view landed as " + _as_text(relation, found, known))
        _insert_rows(warehouse, source.name, shape, seen_at)
        _quarantine(warehouse, source.name, file, relation)
    return _misspelt(source.name, file, found, known)


def _insert_rows(warehouse: Warehouse, source: str, shape: _Shape, seen_at: datetime) -> None:
    """Insert the rows of `landed` that can be read; the others stay in `usage_row`, refused."""
    model = (_SQL / shape.model).read_text(encoding="utf-8")
    given = {"source": source, "seen_at": seen_at}
    asked = {name: value for name, value in given.items() if f"${name}" in model}
    warehouse.run(f"create or replace temp table usage_row as {model}", asked)
    if shape.unused:
        _note_looks(warehouse, source, *shape.unused)
    if shape.passing:
        _drop_passing(warehouse, source, shape)
    _refuse_seconds(warehouse, source, shape)
    sound = "* exclude (file_row, raw, refused) from usage_row where refused is null"
    _insert(warehouse, source, shape, sound)


def _insert(warehouse: Warehouse, source: str, shape: _Shape, rows: str) -> None:
    """Insert what a SELECT, less that word, gives of a source."""
    select = f"select {literal(source)} as source, {rows}"
    if shape.numbered:
        container_series.insert(warehouse, select)
    else:
        warehouse.run(f"insert into {shape.table} by name {select}")


def _note_looks(warehouse: Warehouse, source: str, thing: str, is_unused: str) -> None:
    """Note what each row says was used or not, when it was seen; what was used once was used."""
    warehouse.run(
        f"""
        insert into usage.look by name
        select $source as source, seen_at as look, {thing} as thing, seen_at,
            bool_and({is_unused}) as is_unused
        from usage_row where refused is null
        group by seen_at, thing
        on conflict do update set is_unused = is_unused and excluded.is_unused
        """,
        {"source": source},
    )


def _drop_passing(warehouse: Warehouse, source: str, shape: _Shape) -> None:
    """Drop what an earlier row of this file, or an earlier file, said of what went on then."""
    key = ", ".join(shape.once)
    later = f"select {key}, max(file_row) from usage_row where refused is null group by all"
    warehouse.run(
        f"""
        delete from usage_row where refused is null and {shape.passing}
            and ({key}, file_row) not in ({later})
        """
    )
    warehouse.run(
        f"""
        delete from {shape.table} where source = $source and {shape.passing}
            and ({key}) in (select ({key}) from usage_row where refused is null)
        """,
        {"source": source},
    )


def _refuse_seconds(warehouse: Warehouse, source: str, shape: _Shape) -> None:
    """Refuse what an earlier row of this file, or an earlier file, has said already."""
    keys = {f"key_{number}": part for number, part in enumerate(shape.once)}
    named = ", ".join(f"{part} as {name}" for name, part in keys.items())
    known = " and ".join(f"({part}) is not null" for part in shape.once)
    warehouse.run(
        f"""
        create or replace temp table usage_twice as
        select {named}, min(file_row) as first_row from usage_row
        where refused is null and {known} group by {", ".join(keys)} having count(*) > 1
        union all
        select distinct {named}, 0 from {shape.table}
        where source = $source and {known}
        """,
        {"source": source},
    )
    if warehouse.rows("select 1 from usage_twice limit 1"):
        same = " and ".join(f"t.{name} = ({part})" for name, part in keys.items())
        warehouse.run(
            f"""
            update usage_row set refused = $twice from usage_twice as t
            where refused is null and {same} and file_row > t.first_row
            """,
            {"twice": shape.twice},
        )


def _as_text(relation: Relation, found: dict[str, str], known: list[str]) -> str:
    """Return the SELECT that gives the file's known columns as text, absent ones as NULL."""
    columns = []
    for name in known:
        if name not in found:
            columns.append(f"null::varchar as {quoted(name)}")
            continue
        raw = relation.source(found[name])
        nested = relation.columns[found[name]].startswith(_NESTED)
        text = f"to_json({raw})::varchar" if nested else f"{raw}::varchar"
        columns.append(f"spelled(trim({text})) as {quoted(name)}")
    return (
        f"select {', '.join(columns)}, {relation.row_number} as file_row, "
        f"{relation.as_json} as raw from {relation.reader}"
    )


def _quarantine(warehouse: Warehouse, source: str, file: LandedFile, relation: Relation) -> None:
    relations = [("file_row, refused", "usage_row where refused is not null")]
    if not relation.typed:
        relations.append(("row_number, reason", REJECTED))
    for place_and_reason, rows in relations:
        warehouse.run(
            "insert into quarantine.row "
            f"select $source, $file, $sha256, {place_and_reason}, raw from {rows}",
            {"source": source, "file": file.path, "sha256": file.sha256},
        )


def _misspelt(
    source: str, file: LandedFile, found: dict[str, str], known: list[str]
) -> list[BlindSpot]:
    """Tell of columns that look like one that is absent; other unknown ones are nobody's loss."""
    absent = [name for name in known if name not in found]
    spots = []
    for name in sorted(set(found) - set(known)):
        for near in difflib.get_close_matches(name, absent, n=1, cutoff=0.7):
            spots.append(
                BlindSpot(
                    source=source,
                    scope=file.scope,
                    reason=f"the column {found[name]} is not known and {near} is absent, "
                    "so what it holds is unobserved",
                    fix=f"Name it {near}, in that unit, and collect again.",
                )
            )
    return spots
