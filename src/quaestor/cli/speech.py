"""How commands put what they found into words: blind spots, failures, findings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import click

from quaestor.core.blind_spot import BlindSpot
from quaestor.core.errors import QuaestorError
from quaestor.core.money import amount_text
from quaestor.core.text import printable


def say_failures(failures: Sequence[tuple[str, QuaestorError]], *, as_json: bool) -> None:
    """Print each source's error to standard error, as text or as JSON, a line each."""
    for name, problem in failures:
        if as_json:
            said = json.dumps({"source": name, **problem.as_dict()})
        else:
            said = f"source {name}: {problem.as_text()}"
        click.echo(said, err=True)


def say_blind_spots(spots: Iterable[BlindSpot]) -> None:
    """Print what could not be seen to standard error, before anything else is said."""
    for spot in spots:
        hidden = []
        if spot.rows is not None:
            hidden.append(f"{spot.rows:,} row{'s' if spot.rows != 1 else ''}")
        if spot.amount is not None:
            hidden.append(amount_text(spot.amount, spot.currency or "of no named currency"))
        place = f"{spot.source}, {spot.scope}" + (f", {spot.period}" if spot.period else "")
        tail = f" [{', '.join(hidden)}]" if hidden else ""
        click.echo(f"blind spot: {printable(place)}: {printable(spot.reason)}{tail}", err=True)
        if spot.fix:
            click.echo(f"       fix: {printable(spot.fix)}", err=True)
