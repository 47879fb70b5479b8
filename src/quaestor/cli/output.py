"""Results on standard output: `--format FORMAT[=FILE]`, repeatable, and tables for people."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from quaestor.core.config import Config
from quaestor.core.errors import ConfigurationError
from quaestor.core.sources.files import FilesSource
from quaestor.core.text import printable
from quaestor.core.whole_file import spare_by_hand, spare_warehouse, write_whole

plain = printable  # the gate's name for it


def outputs(
    requested: Sequence[str], known: Sequence[str], default: str
) -> list[tuple[str, Path | None]]:
    """Read `--format` values: the format, and the file it goes to (None: standard output).

    >>> outputs(["json=out.json", "table"], ["json", "table"], "table")
    [('json', PosixPath('out.json')), ('table', None)]
    """
    pairs = []
    for text in requested or [default]:
        name, _, path = text.partition("=")
        if name not in known:
            raise ConfigurationError(
                f"there is no format '{name}'",
                where="--format",
                fix=f"Choose from {', '.join(known)}; FORMAT=FILE writes to a file.",
            )
        pairs.append((name, Path(path) if path else None))
    if sum(path is None for _, path in pairs) > 1:
        raise ConfigurationError(
            "two formats would share standard output",
            where="--format",
            fix="Give all but one a file, such as --format sarif=gate.sarif.",
        )
    files = [path for _, path in pairs if path is not None]
    if len(set(files)) < len(files):
        raise ConfigurationError(
            "two formats would be written to one file",
            where="--format",
            fix="Give each a file of its own, such as --format json=gate.json.",
        )
    for file in files:
        spare_warehouse(file)
        spare_by_hand(file)
        _spare_asked(file)
    return pairs


def _spare_asked(file: Path) -> None:
    """Refuse to put a result where the same command line names what to read."""
    if file.resolve() in _asked():
        raise ConfigurationError(
            "the same command reads this file; the result would take its place",
            where=str(file),
            fix="Name another file.",
        )


def _asked() -> Iterator[Path]:
    """Yield the files that the command line names; an earlier report (--diff) may be renewed."""
    context = click.get_current_context(silent=True)
    for name, value in context.params.items() if context else ():
        if name in ("formats", "diff"):
            continue
        for one in value if isinstance(value, tuple) else (value,):
            # A text may be a target, a statement or an id as well: only what is there is a file.
            if isinstance(one, Path) or (isinstance(one, str) and os.path.isfile(one)):  # noqa: PTH113 - Path.is_file() raises for a text too long to be a path
                yield Path(one).resolve()


def spare_sources(config: Config) -> None:
    """Refuse to put a result of this command where a source reads its data: a bill, an export.

    Raises:
        ConfigurationError: A file that `--format` names belongs to a source of `kind: files`.
    """
    context = click.get_current_context(silent=True)
    formats = context.params.get("formats", ()) if context else ()
    files = [Path(name) for _, _, name in (str(text).partition("=") for text in formats) if name]
    for file in filter(Path.is_file, files):
        for source in config.sources:
            if isinstance(source, FilesSource) and _reads(config, source, file.resolve()):
                raise ConfigurationError(
                    f"the source '{source.name}' reads this file; the result would take its place",
                    where=str(file),
                    fix="Name another file.",
                )


def _reads(config: Config, source: FilesSource, file: Path) -> bool:
    from quaestor.collect.paths import matching

    path = config.resolve(source.path)
    if path.is_dir():  # what lies beside the configuration is not all data
        return path.resolve() != Path(config.base).resolve() and path.resolve() in file.parents
    return file in {one.resolve() for one in matching(path, bool)}


def columns_of(path: Path | None) -> int | None:
    """Return how wide the terminal is that a result goes to; None: it goes to none."""
    if path is not None or not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def emit(text: str, path: Path | None) -> None:
    """Print a result, or write it to a file, whole or not at all."""
    if path is None:
        click.echo(text.rstrip("\n"))
        return
    write_whole(path, text if text.endswith("\n") else text + "\n")


def where_reports_lie(paths: Sequence[Path]) -> list[str]:
    """Say where reports are: the one to begin with, and what lies beside it.

    >>> where_reports_lie([Path("out/index.html"), Path("out/cost.html"), Path("out/models")])
    ['report: out/index.html', 'beside it: cost.html, models/']
    """
    beside = [f"{path.name}{'' if path.suffix else '/'}" for path in paths[1:]]
    lines = [f"report: {printable(path)}" for path in paths[:1]]
    return [*lines, f"beside it: {printable(', '.join(beside))}"] if beside else lines


def table(rows: Sequence[Mapping[str, Any]], *, right: Sequence[str] = ()) -> str:
    """Set rows as a plain table; columns named in `right` are right-aligned.

    >>> print(table([{"model": "churn", "cost": "12.00"}], right=["cost"]))
    model   cost
    -----  -----
    churn  12.00
    """
    if not rows:
        return "(no rows)"
    names = list(rows[0])
    cells = [[printable(row[name]) for name in names] for row in rows]
    widths = [max(len(name), *(len(line[i]) for line in cells)) for i, name in enumerate(names)]

    def line(values: Sequence[str]) -> str:
        return "  ".join(
            value.rjust(width) if name in right else value.ljust(width)
            for name, value, width in zip(names, values, widths, strict=True)
        ).rstrip()

    rule = ["-" * width for width in widths]
    return "\n".join([line(names), line(rule), *(line(values) for values in cells)])
