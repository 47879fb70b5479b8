"""Guess what somebody meant by a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(
    name: str, known: Iterable[str], *, otherwise: str, form: str = "'{}'", most: int = 1
) -> str:
    """Return the remedy for a name that does not exist.

    Args:
        name: As written.
        known: The names that exist.
        otherwise: The remedy where none of them is near.
        form: How a name is shown.
        most: How many are offered.

    >>> did_you_mean("onwer", ["owner", "team"], otherwise="See the list.")
    "Did you mean 'owner'?"
    >>> did_you_mean("x", ["owner", "team"], otherwise="See the list.")
    'See the list.'
    """
    import difflib  # for mistakes only, so that `--help` stays quick

    near = difflib.get_close_matches(name, known, n=most)
    shown = " or ".join(form.format(one) for one in near)
    return f"Did you mean {shown}?" if near else otherwise
