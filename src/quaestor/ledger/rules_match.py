"""Say in SQL what a rule of quaestor.yaml matches, and whom it names.

A rule matches columns of the bill, `tag.<key>`, `label.<key>`, `cluster`, `namespace` and `pod`
by a value, by text with `*`, or by a regular expression between slashes (RE2). What its groups
find may stand in the names that the rule gives: `{1}` or `{group}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from quaestor.core.config import AttributionRule, Config, SharedRule
from quaestor.core.errors import ConfigurationError
from quaestor.core.money import exact_text
from quaestor.core.nearest import did_you_mean
from quaestor.warehouse.duckdb import literal

FIELDS = ("team", "model", "model_version", "environment", "lifecycle_stage")
POD_KEYS = ("cluster", "namespace", "pod")
# What a part of the ledger has besides the columns of the bill, for `shared:`.
PART_KEYS = ("cost_kind", "allocated_to", "cluster", *FIELDS)
_HOLE = re.compile(r"\{(\w+)\}")
_SANITISED = re.compile(r"[^a-z0-9_]")

# What is called otherwise: field and old name, and the new one.
Names = Mapping[tuple[str, str], str]
Rule = AttributionRule | SharedRule


@dataclass(frozen=True)
class Place:
    """What rules are held against: a charge line, a charge, a pod, a part of the ledger.

    Args:
        left: SQL of what a key of `match:` stands for; None where it stands for nothing here.
        day: SQL of its day.
    """

    left: Callable[[str], str | None]
    day: str = "day"


def applicable(rules: Sequence[AttributionRule], place: Place) -> Iterator[tuple[int, str]]:
    """Give the number, from 1, and the condition of each rule on what is here."""
    for number, rule in enumerate(rules, start=1):
        lefts = [place.left(key) for key in rule.match]
        if None in lefts:
            continue
        parts = [
            comparison(left or "", str(pattern))
            for left, pattern in zip(lefts, rule.match.values(), strict=True)
        ]
        if rule.since:
            parts.append(f"{place.day} >= date '{rule.since}'")
        if rule.until:
            parts.append(f"{place.day} <= date '{rule.until}'")
        yield number, " and ".join(parts)


def ruling(rules: Sequence[AttributionRule], place: Place) -> str:
    """Return the number of the first rule that matches, as SQL."""
    cases = "".join(f" when {condition} then {n}" for n, condition in applicable(rules, place))
    return f"case{cases} end" if cases else "null::integer"


def named(rules: Sequence[AttributionRule], field: str, place: Place, names: Names) -> str:
    """Return what the rule whose number is `ruling` says of a field, as SQL."""
    cases = "".join(
        f" when {number} then {_target(rules[number - 1], field, place, names)}"
        for number, _ in applicable(rules, place)
        if getattr(rules[number - 1], field)
    )
    return f"case ruling{cases} end" if cases else "null::varchar"


def rule_name(rules: Sequence[AttributionRule], place: Place) -> str:
    """Return the name of the rule whose number is `ruling`, as SQL."""
    cases = "".join(
        f" when {number} then {literal(rules[number - 1].name)}"
        for number, _ in applicable(rules, place)
    )
    return f"case ruling{cases} end" if cases else "null::varchar"


def comparison(left: str, pattern: str) -> str:
    """Return whether a text is as a pattern of `match:` has it, as SQL."""
    found = expression(pattern)
    if found is not None:
        return f"regexp_matches({left}, {literal(unnamed(found))})"
    if "*" in pattern:
        like = pattern.replace("!", "!!").replace("%", "!%").replace("_", "!_").replace("*", "%")
        return f"{left} like {literal(like)} escape '!'"
    return f"{left} = {literal(pattern)}"


def expression(pattern: str) -> str | None:
    """Return the regular expression that a pattern between slashes is; None for any other."""
    is_one = len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/")
    return pattern[1:-1] if is_one else None


def groups(found: str) -> list[str | None]:
    r"""Return the names of an expression's groups, in order; None for one without a name.

    >>> groups(r"^(?P<team>[a-z(]+)-(x|(?:y))\(")
    ['team', None]
    """
    return [match["name"] for match in _tokens(found) if match["group"]]


def unnamed(found: str) -> str:
    """Return an expression without its groups' names, which not every engine writes alike.

    >>> unnamed("^(?P<team>[a-z]+)-(?<n>[0-9]+)")
    '^([a-z]+)-([0-9]+)'
    """
    return "".join("(" if match["name"] else match[0] for match in _tokens(found))


def alone(found: str, number: int) -> str:
    """Return an expression of which one group alone is kept: engines count up to nine.

    >>> alone("^(?P<team>[a-z]+)-([0-9]+)", 2)
    '^(?:[a-z]+)-([0-9]+)'
    """
    passed = 0
    text = ""
    for match in _tokens(found):
        passed += match["group"] is not None
        text += match[0] if match["group"] is None else "(" if passed == number else "(?:"
    return text


# In this order: a quoted stretch, an escape, a class of characters, a group, anything else.
_TOKEN = re.compile(
    r"""
    \\Q.*?(?:\\E|$) | \\. | \[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]
    | (?P<group>\((?:\?P?<(?P<name>\w+)>|(?!\?))) | .
    """,
    re.VERBOSE | re.DOTALL,
)


def _tokens(found: str) -> Iterator[re.Match[str]]:
    return _TOKEN.finditer(found)


def holes(target: str) -> list[str]:
    """Return the groups that a name asks for.

    >>> holes("team-{1}/{site}")
    ['1', 'site']
    """
    return _HOLE.findall(target)


def group_of(rule: AttributionRule, hole: str) -> tuple[str, str, int] | None:
    """Return the key, the expression and the number of a group that a rule's name asks for.

    Numbers go on from one expression of the rule to the next, in the order they are written.
    """
    passed = 0
    for key, pattern in rule.match.items():
        found = expression(str(pattern))
        if found is None:
            continue
        names = groups(found)
        if hole in names:
            return key, found, names.index(hole) + 1
        if hole.isdecimal() and passed < int(hole) <= passed + len(names):
            return key, found, int(hole) - passed
        passed += len(names)
    return None


def _target(rule: AttributionRule, field: str, place: Place, names: Names) -> str:
    target: str = getattr(rule, field)
    if field in ("environment", "lifecycle_stage"):
        target = _lowered(target)
    if not holes(target):
        return literal(names.get((field, target), target))
    parts = []
    for index, part in enumerate(_HOLE.split(target)):
        found = group_of(rule, part) if index % 2 else None
        if found:
            key, pattern, number = found
            group = f"regexp_extract({place.left(key)}, {literal(alone(pattern, number))}, 1)"
            parts.append(f"nullif(trim({group}), '')")
        elif part:
            parts.append(literal(part))
    text = " || ".join(parts)
    text = f"lower({text})" if field == "environment" else text
    renamed = "".join(
        f" when {literal(old)} then {literal(new)}"
        for (of, old), new in names.items()
        if of == field
    )
    return f"case {text}{renamed} else {text} end" if renamed else f"({text})"


def _lowered(target: str) -> str:
    """Return a name in small letters, its groups' names as they are."""
    return "".join(
        f"{{{part}}}" if index % 2 else part.lower()
        for index, part in enumerate(_HOLE.split(target))
    )


def tag(pairs: str, key: str) -> str:
    """Return SQL of a tag's value, from a map whose keys are in lower case."""
    return f"{pairs}[{literal(key.lower())}]"


def label(pairs: str, key: str) -> str:
    """Return SQL of a label's value; Prometheus writes `a_b_c` for the label `a.b/c`."""
    lowered = key.lower()
    written = _SANITISED.sub("_", lowered)
    if written == lowered:
        return f"{pairs}[{literal(lowered)}]"
    return f"coalesce({pairs}[{literal(lowered)}], {pairs}[{literal(written)}])"


def check(
    rule: Rule, known: Collection[str], compile_: Callable[[str], str | None], config: Config
) -> None:
    """Refuse a rule that cannot be applied.

    Args:
        rule: One of `attribution:` or of `shared:`.
        known: The columns of a bill.
        compile_: Says what is wrong with a regular expression; None where nothing is.
        config: Whose rule it is; a complaint names its file.

    Raises:
        ConfigurationError: It matches nothing, or on what nobody has; its pattern is no regular
            expression; it names nobody, or by a group that there is not; its days or shares
            cannot be.
    """
    what, where = named = _kind(rule, config)
    if not rule.match:
        raise ConfigurationError(
            f"the {what} '{rule.name}' matches nothing",
            where=where,
            fix="Give it `match:` with a FOCUS column or `tag.<key>`.",
        )
    for key, pattern in rule.match.items():
        _check_key(key, rule, known, named)
        found = expression(str(pattern))
        problem = compile_(found) if found is not None else None
        if problem:
            raise ConfigurationError(
                f"the {what} '{rule.name}' has a pattern that is no regular expression: "
                f"{pattern} ({problem})",
                where=where,
                fix="Correct it: the syntax is RE2's, which has no look-ahead and no "
                "back-references. Text with `*` needs no slashes.",
            )
    if isinstance(rule, AttributionRule):
        _check_names(rule, named)
    else:
        _check_shares(rule, named)


def _kind(rule: Rule, config: Config) -> tuple[str, str]:
    """Return what a rule is called in a complaint, and where it stands."""
    file = config.resolve(config.file)
    if isinstance(rule, AttributionRule):
        return "attribution rule", f"{file} (attribution)"
    return "shared rule", f"{file} (shared)"


def _check_key(key: str, rule: Rule, known: Collection[str], named: tuple[str, str]) -> None:
    what, where = named
    is_owner = isinstance(rule, AttributionRule)
    prefixes = ("tag.", "label.") if is_owner else ("tag.",)
    if key.startswith(prefixes) and key.partition(".")[2]:
        return
    others = POD_KEYS if is_owner else PART_KEYS
    if key not in known and key not in others:
        raise ConfigurationError(
            f"the {what} '{rule.name}' matches on '{key}', which no bill has",
            where=where,
            fix=did_you_mean(
                key,
                [*known, *others],
                otherwise=f"Use a FOCUS column, `tag.<key>`, {', '.join(others)}"
                + (" or `label.<key>`." if is_owner else "."),
            ),
        )


def _check_names(rule: AttributionRule, named: tuple[str, str]) -> None:
    what, where = named
    if not any(getattr(rule, field) for field in FIELDS):
        raise ConfigurationError(
            f"the {what} '{rule.name}' names nobody",
            where=where,
            fix=f"Give it at least one of {', '.join(FIELDS)}.",
        )
    is_charge = any(
        key.startswith("tag.") or (key not in POD_KEYS and not key.startswith("label."))
        for key in rule.match
    )
    of_pods = [key for key in rule.match if key.startswith("label.") or key in POD_KEYS[1:]]
    if is_charge and of_pods:
        raise ConfigurationError(
            f"the {what} '{rule.name}' matches on '{of_pods[0]}', which pods have, and on what "
            "charges have: nothing has both",
            where=where,
            fix="Make it two rules.",
        )
    if rule.since and rule.until and rule.since > rule.until:
        raise ConfigurationError(
            f"the {what} '{rule.name}' ends before it begins: since {rule.since}, "
            f"until {rule.until}",
            where=where,
            fix="Correct one of them; both days are meant.",
        )
    for field in FIELDS:
        for hole in holes(getattr(rule, field) or ""):
            if group_of(rule, hole) is None:
                raise ConfigurationError(
                    f"the {what} '{rule.name}' names {field} '{getattr(rule, field)}', but its "
                    f"patterns have no group '{hole}'",
                    where=where,
                    fix="Groups are numbered from 1, through all regular expressions of the rule, "
                    "or named: /^ml-(?P<name>[a-z]+)/ gives {1} and {name}.",
                )


def _check_shares(rule: SharedRule, named: tuple[str, str]) -> None:
    what, where = named
    total = sum(rule.shares.values())
    problem = None
    if rule.by != "fixed" and rule.shares:
        problem = f"has shares, but is divided by {rule.by}"
    elif rule.by == "fixed" and any(share < 0 for share in rule.shares.values()):
        problem = "has a share below zero"
    elif rule.by == "fixed" and total != 1:
        problem = f"has shares that add up to {exact_text(Decimal(total))}, not to 1"
    if problem:
        raise ConfigurationError(
            f"the {what} '{rule.name}' {problem}",
            where=where,
            fix="Write `by: fixed` with shares such as {churn: 0.6, fraud: 0.4}.",
        )
