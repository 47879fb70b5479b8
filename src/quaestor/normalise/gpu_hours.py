"""Tell of the jobs whose GPU-hours nobody can know: unknown is told, never counted as none."""

from __future__ import annotations

from quaestor.core.blind_spot import BlindSpot
from quaestor.warehouse.duckdb import Warehouse

_WHY = {
    "gpus": (
        "nobody says how many GPUs",
        "Have the scheduler record GPUs, and collect again.",
    ),
    "start": ("nobody says when they started", "Give their start, and collect again."),
    "clock": (
        "they run, and started after the source was asked",
        "Set the clock of the machine that collects, and that of the scheduler.",
    ),
    "length": (
        "nobody says how long their machines ran",
        "Collect again when they have ended.",
    ),
    "end": (
        "they have no end and do not run",
        "Have the scheduler close them (in Slurm: `sacctmgr show runawayjobs`), or give their end.",
    ),
}


def unknown_hours(
    warehouse: Warehouse, source: str, *, gpus: str | None = None, times: str | None = None
) -> list[BlindSpot]:
    """Return one blind spot for each reason why GPU-hours of a source's jobs are unknown.

    Args:
        warehouse: Where the jobs are.
        source: The source's name.
        gpus: How its jobs can say how many GPUs they have, where that is known.
        times: How its jobs can say when they ran, where that is known.
    """
    known = {"gpus": gpus, "start": times, "length": times, "end": times}
    found = warehouse.rows(
        """
        select
            case
                when gpus is null then 'gpus'
                when started_at is null then 'start'
                when state = 'running' and started_at > seen_at then 'clock'
                when state = 'running' or ended_at is not null then 'length'
                else 'end'
            end as why,
            count(*), min(job)
        from usage.gpu_job where source = ? and gpu_hours is null
        group by all order by all
        """,
        [source],
    )
    return [
        BlindSpot(
            source=source,
            scope="gpu_job.gpu_hours",
            reason=f"the GPU-hours of {count:,} job{'s' if count > 1 else ''} are unknown, as "
            f"{_WHY[why][0]}; the first: {first}",
            fix=known.get(why) or _WHY[why][1],
            rows=count,
        )
        for why, count, first in found
    ]
