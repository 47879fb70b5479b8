"""How the answer of a gate or an audit is shown: `--format`, `--explain`."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct, structs

from quaestor.cli.output import emit, outputs
from quaestor.core.errors import ConfigurationError

if TYPE_CHECKING:
    from quaestor.core.finding import Finding
    from quaestor.core.rule import Basis
    from quaestor.core.run_summary import RunSummary
    from quaestor.warehouse.duckdb import Warehouse

F = TypeVar("F", bound=Callable[..., Any])
Wanted = Sequence[tuple[str, Path | None]]

_SUMMARY = "github-summary"
_SUMMARY_FILE = "GITHUB_STEP_SUMMARY"
FORMAT = click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help="table, json, sarif, markdown, junit, github, github-summary, gitlab, csv, html, ocsf; "
    "repeatable.",
)


class Shown(Struct, frozen=True):
    """The options, as one value."""

    wanted: Wanted
    explain: bool


def showing(function: F) -> F:
    """Give a command `--format` and `--explain`; it receives them as `shown`."""

    @functools.wraps(function)
    def command(*arguments: Any, formats: tuple[str, ...], explain: bool, **options: Any) -> Any:
        return function(*arguments, shown=Shown(wanted(formats), explain), **options)

    explaining = click.option(
        "--explain",
        is_flag=True,
        help="With each violation and each rule without an answer: the values, the rule as it "
        "was asked, the rows behind it, and commands that mend it.",
    )
    schema = click.option(
        "--schema",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_print_schema,
        help="Print the JSON Schema of --format json instead.",
    )
    return explaining(FORMAT(schema(command)))  # type: ignore[return-value] # click reads the wrapper


def wanted(formats: Sequence[str]) -> Wanted:
    """Read `--format`; `github-summary` without a file means the one that the runner names.

    Raises:
        ConfigurationError: No such format, two for one place, or no runner that names a file.
    """
    from quaestor.report.export import FORMATS

    return outputs([_with_file(text) for text in formats], list(FORMATS), "table")


def show(summary: RunSummary, wanted: Wanted) -> int:
    """Write every format where it belongs; return the exit code.

    Where all of them are files, the verdict is said on standard error.
    """
    from quaestor.report.export import formatted
    from quaestor.report.export.sentences import headline
    from quaestor.report.export.table import inert

    summary = structs.replace(
        summary, places={key: relative(at) for key, at in summary.places.items()}
    )
    for name, path in wanted:
        text = formatted(name, summary)
        if name == _SUMMARY and path is not None and os.environ.get(_SUMMARY_FILE) == str(path):
            _append(text, path)  # other commands of the step may have written into it
        else:
            emit(text, path)
    if all(path is not None for _, path in wanted):
        click.echo(inert(headline(summary)), err=True)  # else a failed job would say nothing
    return summary.decision.exit_code


def bases(warehouse: Warehouse, findings: Iterable[Finding]) -> Mapping[str, Basis]:
    """Return what violations and unanswered rules rest on, by fingerprint (`--explain`)."""
    from quaestor.core.verdict import Verdict
    from quaestor.report.explain import bases_of

    explained = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.ERROR)
    return bases_of(warehouse, [one for one in findings if one.verdict in explained])


def relative(place: str | Path) -> str:
    """Return a path, with a line or not, as code scanning wants it: from the working folder."""
    path = Path(place)
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.name


def _print_schema(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from quaestor.report.export.json import SCHEMA_FILE

        emit(SCHEMA_FILE.read_text(encoding="utf-8"), None)
        context.exit()


def _with_file(text: str) -> str:
    if text != _SUMMARY:
        return text
    if file := os.environ.get(_SUMMARY_FILE):
        return f"{_SUMMARY}={file}"
    raise ConfigurationError(
        f"{_SUMMARY} does not know its file",
        where="--format",
        fix=f"Name one, --format {_SUMMARY}=summary.md; on GitHub {_SUMMARY_FILE} names it.",
    )


def _append(text: str, path: Path) -> None:
    from quaestor.core.whole_file import unwritable

    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as problem:
        raise unwritable(path, problem.strerror) from None
