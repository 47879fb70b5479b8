"""Slurm: its accounting, asked through `sacct` or brought as files."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from quaestor.core.sources.common import Named

_Word = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]+$")]  # ssh hands it to a shell


class SlurmSource(Named, frozen=True, kw_only=True, tag_field="kind", tag="slurm"):
    """Jobs of a Slurm cluster: what `sacct` answers here or elsewhere, or files of its output."""

    path: str | None = None  # files of `sacct --parsable2` or `sacct --json`; unset, it is asked
    via: tuple[str, ...] = ()  # what the command goes through: [ssh, login1]
    cluster: _Word | None = None  # of several in one accounting database
    json: bool = False  # ask for `sacct --json`
    since: date | None = None  # unset: the last 90 days
    until: date | None = None
    team: Literal["account", "top-account", "organization"] = "account"  # what a job's account says
    time_zone: str = "UTC"  # of times in files that name none
    timeout_seconds: Annotated[int, Meta(ge=1)] = 120  # for one answer
