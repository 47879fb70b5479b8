"""A policy's parameters: typed, bounded, defaulted, and set in `quaestor.yaml` under `params:`.

    params:
      model-not-revalidated:
        days: 365
        by_tier: {1: {days: 180}}

A value for a risk tier holds for the subjects of models of that tier, before any other value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct, field

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


BY_TIER = "by_tier"
TIERS = (1, 2, 3)
Tiers = Mapping[int, Mapping[str, Any]]


class Values(Struct, frozen=True):
    """What a policy is asked with.

    Args:
        usual: The value of every parameter.
        by_tier: The same for each risk tier that has values of its own.
    """

    usual: Mapping[str, Any]
    by_tier: Tiers = field(default_factory=dict)

    def of_tier(self, tier: int) -> Mapping[str, Any]:
        """Return the values for the subjects of models of a risk tier."""
        return self.by_tier.get(tier, self.usual)

    def shares(self) -> Iterator[tuple[Mapping[str, Any], frozenset[int]]]:
        """Yield the values to ask with, each with the risk tiers that they are for."""
        for tier, said in self.by_tier.items():
            yield said, frozenset({tier})
        yield self.usual, frozenset(TIERS) - frozenset(self.by_tier)

    def told(self) -> dict[str, Any]:
        """Return each value; where tiers differ, a mapping from the tier to its value.

        >>> Values({"days": 30}, {1: {"days": 14}}).told()
        {'days': {'1': 14, '2': 30, '3': 30}}
        """
        found: dict[str, Any] = {}
        for name, value in self.usual.items():
            each = {str(tier): self.of_tier(tier)[name] for tier in TIERS}
            found[name] = value if set(each.values()) == {value} else each
        return found


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
    if (
        not name.isidentifier()
        or name != name.lower()
        or name in ("now", BY_TIER)
        or name[0] == "_"
    ):
        return f"the parameter '{name}' must be a lower-case name, and not `now` or `{BY_TIER}`"
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
    policy: str,
    params: Mapping[str, Param],
    chosen: Mapping[str, Any],
    where: str,
    tiers: Tiers | None = None,
) -> Values:
    """Return the values of every parameter of a policy.

    Args:
        policy: The policy's id.
        params: What it declares.
        chosen: What the user set, by name, and perhaps `by_tier`.
        where: Where the user set it, for the message.
        tiers: What was set for risk tiers before; the user's own values come first.

    Raises:
        ConfigurationError: No such parameter or tier, a wrong type, or out of bounds.
    """
    own = {name: value for name, value in chosen.items() if name != BY_TIER}
    check_values(policy, params, own, where)
    usual = {name: own.get(name, param.default) for name, param in params.items()}
    said = checked_tiers(policy, params, chosen.get(BY_TIER, {}), f"{where}.{BY_TIER}")
    by_tier = {
        tier: {**usual, **(tiers or {}).get(tier, {}), **said.get(tier, {})}
        for tier in TIERS
        if tier in said or tier in (tiers or {})
    }
    return Values(usual, by_tier)


def checked_tiers(policy: str, params: Mapping[str, Param], by_tier: Any, where: str) -> Tiers:
    """Return what stands under `by_tier:`.

    Raises:
        ConfigurationError: No mapping, no such tier or parameter, or a value that does not fit.
    """
    fix = f"Write `{BY_TIER}: {{1: {{NAME: VALUE}}}}`; the tiers are 1, 2 and 3."
    if not isinstance(by_tier, Mapping):
        raise ConfigurationError(f"`{BY_TIER}` is no mapping", where=where, fix=fix)
    for tier, values in by_tier.items():
        if isinstance(tier, bool) or tier not in TIERS or not isinstance(values, Mapping):
            raise ConfigurationError(
                f"`{BY_TIER}` of '{policy}' has no values for a risk tier: {tier!r}",
                where=where,
                fix=fix,
            )
        check_values(policy, params, values, f"{where}.{tier}")
    return by_tier


def check_values(
    policy: str, params: Mapping[str, Param], values: Mapping[str, Any], where: str
) -> None:
    """Refuse values that a policy does not take.

    Raises:
        ConfigurationError: No such parameter, a wrong type, or out of bounds.
    """
    for name, value in values.items():
        if name not in params:
            known = f"It has: {', '.join(sorted(params)) or 'none'}."
            raise ConfigurationError(
                f"the policy '{policy}' has no parameter '{name}'",
                where=where,
                fix=did_you_mean(str(name), params, otherwise=known),
            )
        if wrong := objection(params[name], value):
            raise ConfigurationError(
                f"the parameter '{name}' of '{policy}' {wrong}",
                where=where,
                fix=f"`quaestor policy show {policy}` prints what it takes.",
            )
