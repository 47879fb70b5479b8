"""The rows that a finding rests on, in words: what is registered, when it was read, which files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from quaestor.cli.output import table
from quaestor.core.text import printable

if TYPE_CHECKING:
    from datetime import datetime

    from quaestor.report.explain import Explained

_VERSIONS = "registry.model_version"
_WAIVERS = "registry.waiver"  # their source is a file of the configuration


def resting(explained: Explained) -> Iterator[str]:
    """Yield the lines that say what a finding or a subject rests on.

    A name that no row carries is said to have none, with what to do about it.
    """
    versions = [_dense(row) for row in explained.registered if row["table"] == _VERSIONS]
    if versions:
        yield from ("In the registries", "", table(versions))
    others = [row for row in explained.registered if row["table"] != _VERSIONS]
    for number, row in enumerate(others):
        if number or versions:
            yield ""
        yield from _row(row)
    if explained.more:
        yield from ("", f"and {explained.more:,} more of that name")
    if not explained.registered:
        yield from _none(explained)
    yield from _read(explained)


def pairs(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield names and values in two columns, safe to print."""
    from quaestor.core.text import json_value

    width = max(len(printable(key)) for key in values)
    for key, value in values.items():
        shown = json_value(value)
        text = shown.strip() if isinstance(shown, str) else str(shown)
        yield f"{printable(key).ljust(width)}  {printable(text)}"


def _row(row: Mapping[str, Any]) -> Iterator[str]:
    of = f" of {printable(row['source'])}" if row.get("source") else ""
    yield from (f"As it stands in {row['table']}{of}", "")
    shown = {key: value for key, value in row.items() if key not in ("table", "source")}
    yield from pairs({key: "unknown" if it is None else it for key, it in shown.items()})


def _none(explained: Explained) -> Iterator[str]:
    yield "No row of the warehouse carries this name now."
    if explained.findings:
        audited = explained.findings[0]["audited_at"]
        yield (
            f"The audit of {audited:%Y-%m-%d %H:%M} UTC judged it. Either it is gone since, and "
            "`quaestor audit` closes the finding; or its rule makes the name of several rows: "
            "see the evidence, and `quaestor policy show`."
        )


def _read(explained: Explained) -> Iterator[str]:
    waivers = [row["source"] for row in explained.registered if row["table"] == _WAIVERS]
    for file in dict.fromkeys(waivers):
        yield from ("", f"{printable(file)} is not landed: every build reads it anew.")
    read = {name: at for name, at in explained.read.items() if name not in waivers}
    if read:
        yield from ("", "Last read", "")
        yield from pairs({name: _when(at) for name, at in read.items()})
    if explained.files:
        shown = len(explained.files)
        some = f", {shown} of {explained.file_count:,}" if shown < explained.file_count else ""
        yield from ("", f"Those rows are from these landed files{some}", "")
        yield table(list(explained.files))


def _when(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "not known; run `quaestor collect`"


def _dense(row: Mapping[str, Any]) -> dict[str, Any]:
    digest = row["artifact_digest"]
    kept = {key: value for key, value in row.items() if key != "table"}
    return kept | {"artifact_digest": digest and digest[:19]}
