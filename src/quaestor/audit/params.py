"""A policy's parameters: typed, bounded, defaulted, and set in `quaestor.yaml` under `params:`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean


class Param(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One parameter, as a policy file declares it.

    Args:
        type: What values it takes.
        default: Its value where nobody sets another.
        min: The smallest number allowed; numbers must have one.
        max: The largest number allowed; numbers must have one.
        choices: The only texts allowed, if given.
        description: What it means, with its unit.
    """

    type: Literal["integer", "number", "text", "boolean"]
    default: int | float | str | bool
    min: int | float | None = None
    max: int | float | None = None
    choices: tuple[str, ...] = ()
    description: str = ""


_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "text": (str,),
    "boolean": (bool,),
}


def objection(param: Param, value: Any) -> str | None:
    """Return why a value does not fit a parameter, or None where it does.

    >>> objection(Param(type="integer", default=14, min=1, max=365), 400)
    'must be at most 365, got 400'
    """
    fits = isinstance(value, _TYPES[param.type])
    if not fits or (isinstance(value, bool) and param.type != "boolean"):
        return f"must be of type {param.type}, got {value!r}"
    if isinstance(value, float) and value != value:  # only NaN
        return "must be a number, got nan"
    if param.min is not None and value < param.min:
        return f"must be at least {param.min:g}, got {value:g}"
    if param.max is not None and value > param.max:
        return f"must be at most {param.max:g}, got {value:g}"
    if param.choices and value not in param.choices:
        return f"must be one of {', '.join(param.choices)}, got {value!r}"
    return None


def declaration_objection(name: str, param: Param) -> str | None:
    """Return what is wrong with a parameter's declaration, or None."""
    if not name.isidentifier() or name != name.lower() or name == "now" or name[0] == "_":
        return f"the parameter '{name}' must be a lower-case name, and not `now`"
    if name.startswith("quaestor"):
        return f"the parameter '{name}' begins with 'quaestor', which is ours"
    numeric = param.type in ("integer", "number")
    if numeric and (param.min is None or param.max is None):
        return f"the parameter '{name}' has no bounds (min and max)"
    if not numeric and (param.min is not None or param.max is not None):
        return f"the parameter '{name}' is no number, and has bounds"
    wrong = objection(param, param.default)
    return f"the default of '{name}' {wrong}" if wrong else None


def settled(
    policy: str, params: Mapping[str, Param], chosen: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """Return the value of every parameter of a policy.

    Args:
        policy: The policy's id.
        params: What it declares.
        chosen: What the user set, by name.
        where: Where the user set it, for the message.

    Raises:
        ConfigurationError: No such parameter, a wrong type, or out of bounds.
    """
    for name, value in chosen.items():
        if name not in params:
            known = f"It has: {', '.join(sorted(params)) or 'none'}."
            raise ConfigurationError(
                f"the policy '{policy}' has no parameter '{name}'",
                where=where,
                fix=did_you_mean(name, params, otherwise=known),
            )
        if wrong := objection(params[name], value):
            raise ConfigurationError(
                f"the parameter '{name}' of '{policy}' {wrong}",
                where=where,
                fix=f"`quaestor policy show {policy}` prints what it takes.",
            )
    return {name: chosen.get(name, param.default) for name, param in params.items()}
