"""What every command takes: configuration, warehouse, clock, and how to speak."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec import Struct

from quaestor.cli.output import spare_sources
from quaestor.core.config import Config, read_config
from quaestor.core.period import utc

F = TypeVar("F", bound=Callable[..., Any])


class Call(Struct, frozen=True):
    """The options all commands share, as one value."""

    config_path: Path
    warehouse_path: str | None
    now: datetime
    quiet: bool
    verbose: bool
    color: bool
    json_errors: bool = False

    def config(self) -> Config:
        """Read the configuration file.

        Raises:
            ConfigurationError: It is missing or wrong, or a result would replace what it reads.
        """
        config = read_config(self.config_path, os.environ)
        spare_sources(config)
        return config

    def config_or_default(self) -> Config:
        """Read the configuration; without the default file everything is at its default.

        Raises:
            ConfigurationError: It is wrong, or another file that is named is missing.
        """
        if self.config_path == Path("quaestor.yaml") and not self.config_path.is_file():
            return Config()
        return self.config()

    def warehouse(self, config: Config | None = None) -> Path:
        """Return the warehouse file: --warehouse, else the configuration's, else the default."""
        if self.warehouse_path:
            return Path(self.warehouse_path)
        if config is None and not self.config_path.is_file():
            return Path("quaestor.duckdb")
        settled = config or self.config()
        return settled.resolve(settled.warehouse)


class _Moment(click.ParamType[datetime]):
    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return utc(value)
        except ValueError:
            self.fail(f"'{value}' is no ISO 8601 time, such as 2026-11-21T06:00:00Z", param, ctx)


class Positive(click.FloatRange):
    """A number above zero and not past `most`; `nan`, which is neither, is no number."""

    def __init__(self, most: int) -> None:
        super().__init__(min=0, min_open=True)
        self.most = most

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the number, or refuse it."""
        number: float = super().convert(value, param, ctx)
        if not number <= self.most:  # so that nan, which is not above it either, is refused
            self.fail(f"'{value}' is no number up to {self.most:,}", param, ctx)
        return number


_OPTIONS = (
    click.option(
        "--config",
        "-c",
        "config_path",
        type=click.Path(path_type=Path),
        default=Path("quaestor.yaml"),
        envvar="QUAESTOR_CONFIG",
        show_default=True,
        help="The configuration file.",
    ),
    click.option(
        "--warehouse", "warehouse_path", help="The warehouse file, instead of the configured."
    ),
    click.option(
        "--now", type=_Moment(), help="A fixed clock (ISO 8601, UTC), for repeatable runs."
    ),
    click.option("--quiet", "-q", is_flag=True, help="Results and errors only."),
    click.option("--verbose", "-v", is_flag=True, help="Say each step."),
    click.option("--no-color", is_flag=True, help="Plain text; NO_COLOR does the same."),
    click.option("--json-errors", is_flag=True, help="Errors as JSON, a line each."),
)


def shared(function: F) -> F:
    """Give a command the shared options; it receives them as its first argument, a `Call`."""

    @functools.wraps(function)
    def command(
        *arguments: Any,
        config_path: Path,
        warehouse_path: str | None,
        now: datetime | None,
        quiet: bool,
        verbose: bool,
        no_color: bool,
        json_errors: bool,
        **options: Any,
    ) -> Any:
        call = Call(
            config_path=config_path,
            warehouse_path=warehouse_path,
            now=now or datetime.now(UTC).replace(tzinfo=None),  # noqa: TID251 - cli owns the clock
            quiet=quiet,
            verbose=verbose,
            color=not no_color and "NO_COLOR" not in os.environ,
            json_errors=json_errors,
        )
        return function(call, *arguments, **options)

    for option in reversed(_OPTIONS):  # as decorators stand: the last one is applied first
        command = option(command)
    return command  # type: ignore[return-value] # click reads the wrapper's options, not its type
