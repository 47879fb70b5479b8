"""What policies of AWS allow: Allow, Deny, wildcards, NotAction, NotResource, boundaries.

A Deny that covers what is asked always wins. What only the moment of a request decides
(conditions, variables) is not decided here: such a right is `conditional`, never dropped.
Control policies of the organisation and session policies are not read; they can only take away.

Source: AWS IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quaestor.normalise.iam_patterns import covers, opened, overlaps

EVERYBODY = "*"


@dataclass(frozen=True)
class Statement:
    """One statement of a policy.

    Args:
        allows: Whether it allows; else it denies.
        actions: Patterns, lower case; with `but_actions` those that it is not about.
        resources: Patterns; with `but_resources` those that it is not about.
        conditional: It has conditions.
        via: The policy and the statement, for people.
        principals: Whom it is about, where it stands in a resource's own policy.
    """

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    via: str
    but_actions: bool = False
    but_resources: bool = False
    conditional: bool = False
    principals: tuple[str, ...] = ()

    def is_about(self, action: str) -> bool:
        """Whether it is about an action (lower case)."""
        return self.but_actions != any(covers(pattern, action) for pattern in self.actions)


@dataclass(frozen=True)
class Right:
    """That something is allowed.

    Args:
        via: The rule that gives it.
        conditional: Whether only a request's circumstances decide it.
        resource: The pattern of resources it is for.
    """

    via: str
    conditional: bool
    resource: str


def statements(document: Any, name: str) -> list[Statement]:
    """Return the statements of a policy document.

    Raises:
        ValueError: It is none; the message says what is wrong.
    """
    listed = document.get("Statement") if isinstance(document, Mapping) else None
    if listed is None:
        raise ValueError(f"{name} is no policy document")
    return [
        _statement(one, f"{name}, {_named(one, number)}")
        for number, one in enumerate(_several(listed), 1)
    ]


def _named(one: Any, number: int) -> str:
    sid = one.get("Sid") if isinstance(one, Mapping) else None
    return f"statement {sid or number}"


def _statement(one: Any, via: str) -> Statement:
    if not isinstance(one, Mapping) or one.get("Effect") not in ("Allow", "Deny"):
        raise ValueError(f"{via} has no effect Allow or Deny")
    actions = "NotAction" if "NotAction" in one else "Action"
    resources = "NotResource" if "NotResource" in one else "Resource"
    return Statement(
        allows=one["Effect"] == "Allow",
        actions=tuple(str(action).lower() for action in _several(one.get(actions))),
        but_actions=actions == "NotAction",
        # The policy of a trust, which has no resource, is about what it hangs on.
        resources=tuple(map(str, _several(one.get(resources, EVERYBODY)))),
        but_resources=resources == "NotResource",
        conditional=bool(one.get("Condition")) or "NotPrincipal" in one,
        via=via,
        principals=tuple(_principals(one.get("Principal", EVERYBODY))),
    )


def _several(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def _principals(value: Any) -> Iterable[str]:
    """Yield whom a statement is about: an ARN, an account, `*`, or `service:...`."""
    if not isinstance(value, Mapping):
        yield from map(str, _several(value))
        return
    for kind, names in value.items():
        for name in _several(names):
            if kind == "AWS":
                is_account = str(name).isdigit()
                yield f"arn:aws:iam::{name}:root" if is_account else str(name)
            else:
                yield f"{kind.lower()}:{name}"


@dataclass(frozen=True)
class Policies:
    """All that decides what one principal may do.

    Args:
        given: Statements of its own policies, its groups', and those of a resource about it.
        boundary: Statements of its permissions boundary; None without one.
        boundary_unknown: It has a boundary that could not be read.
    """

    given: Sequence[Statement]
    boundary: Sequence[Statement] | None = None
    boundary_unknown: bool = False

    def about(self, action: str) -> Policies:
        """Return what of it is about an action."""
        action = action.lower()
        boundary = self.boundary
        if boundary is not None:
            boundary = [one for one in boundary if one.is_about(action)]
        given = [one for one in self.given if one.is_about(action)]
        return Policies(given, boundary, self.boundary_unknown)

    def right(self, resource: str) -> Right | None:
        """Return the widest right on a resource, or None: what is not allowed is denied.

        To be asked after `about`. A right without conditions goes before one with them.
        """
        denying = [one for one in (*self.given, *(self.boundary or ())) if not one.allows]
        found = []
        for one in self.given:
            for part, is_sure in _parts(one, resource) if one.allows else ():
                if any(_takes(deny, part) for deny in denying):
                    continue
                inside = self._inside_boundary(part)
                if inside is None:
                    continue
                unsure = one.conditional or not is_sure or not inside
                unsure = unsure or any(_may_take(deny, part) for deny in denying)
                found.append(Right(one.via, unsure, part[0]))
        return min(found, key=lambda right: (right.conditional, right.resource != resource,
                                              right.via, right.resource), default=None)  # fmt: skip

    def _inside_boundary(self, part: Part) -> bool | None:
        """Whether the boundary lets through: surely, perhaps (False), or not at all (None)."""
        if self.boundary_unknown:
            return False
        if self.boundary is None:
            return True
        sure = [
            is_sure and not one.conditional
            for one in self.boundary
            if one.allows
            for _, is_sure in _parts(one, part[0])
        ]
        return any(sure) if sure else None


# Both patterns that a resource matches: what is allowed, and what is asked for.
Part = tuple[str, str]


def _parts(one: Statement, resource: str) -> Iterable[tuple[Part, bool]]:
    """Yield what of a resource a statement is about, and whether that is sure."""
    if one.but_resources:
        if not any(covers(opened(pattern)[0], resource) for pattern in one.resources):
            yield (resource, resource), not any("${" in text for text in one.resources)
        return
    for text in one.resources:
        pattern, has_variable = opened(text)
        if overlaps(pattern, resource):
            narrow = resource if covers(pattern, resource) else pattern
            yield (narrow, resource), not has_variable


def _takes(deny: Statement, part: Part) -> bool:
    """Whether a Deny surely takes all of it away."""
    if deny.conditional:
        return False
    if deny.but_resources:
        patterns = [opened(text)[0] for text in deny.resources]
        return not any(all(overlaps(pattern, side) for side in part) for pattern in patterns)
    sure = [text for text in deny.resources if not opened(text)[1]]
    return any(covers(opened(text)[0], side) for text in sure for side in part)


def _may_take(deny: Statement, part: Part) -> bool:
    """Whether a Deny takes it away under circumstances that are not known."""
    unsure = deny.conditional or any(opened(text)[1] for text in deny.resources)
    if not unsure:
        return False
    if deny.but_resources:
        return not any(covers(opened(text)[0], part[1]) for text in deny.resources)
    return any(overlaps(opened(text)[0], side) for text in deny.resources for side in part)
