"""Progress on standard error, for people; silent when nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from quaestor.cli.options import Call
from quaestor.core.progress import COUNTED
from quaestor.core.text import printable

_AFTER_SECONDS = 1.0


@contextmanager
def steps(call: Call) -> Iterator[Callable[[str], None]]:
    """Yield a function that takes what is being done now.

    On a terminal one line is rewritten once the work has taken a second, with a bar where the
    step is counted; with --verbose every step is a line; with --quiet, or into a file, nothing
    is said.
    """
    started = time.monotonic()
    shown = False

    def say(step: str) -> None:
        nonlocal shown
        elapsed = time.monotonic() - started
        if call.verbose and not call.quiet:
            click.echo(f"{elapsed:7.1f} s  {printable(step)}", err=True)
        elif sys.stderr.isatty() and not call.quiet and elapsed > _AFTER_SECONDS:
            click.echo(f"\r\x1b[K{elapsed:5.0f} s  {drawn(printable(step))}", err=True, nl=False)
            shown = True

    try:
        yield say
    finally:
        if shown:
            click.echo("\r\x1b[K", err=True, nl=False)


def drawn(step: str, width: int = 20) -> str:
    """Draw a counted step as a bar, another as it is.

    >>> drawn("load bills/a.csv (3 of 4)", width=8)
    '[======  ] 3/4  load bills/a.csv'
    >>> drawn("evaluate policies")
    'evaluate policies'
    """
    if not (match := COUNTED.fullmatch(step)):
        return step[:100]
    done, total = int(match["done"]), int(match["total"])
    bar = "=" * (width * done // max(total, 1))
    return f"[{bar:<{width}}] {done:,}/{total:,}  {match['step'][:70]}"
