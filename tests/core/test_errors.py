"""An error says what, where and what to do, to people and to programs."""

from __future__ import annotations

import pytest

from quaestor.core.errors import (
    CheckFailedError,
    ConfigurationError,
    IncompleteError,
    NothingEvaluatedError,
    QuaestorError,
)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (QuaestorError, 2),
        (ConfigurationError, 2),
        (IncompleteError, 3),
        (CheckFailedError, 3),
        (NothingEvaluatedError, 4),
    ],
)
def test_each_kind_has_its_exit_code(kind: type[QuaestorError], code: int):
    """A script tells "wrong" from "could not look" without reading the text."""
    assert kind("it broke", where="here", fix="Mend it.").as_dict() == {
        "error": "it broke",
        "in": "here",
        "fix": "Mend it.",
        "exit_code": code,
    }


def test_what_is_not_known_is_left_out():
    """No empty `in:` and no empty `fix:`."""
    assert QuaestorError("it broke").as_text() == "error: it broke"
