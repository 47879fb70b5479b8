"""Patterns of IAM: what they match, whether two can match the same, whether one holds another.

`*` stands for any characters, `?` for one. A question may be a pattern too: "any version of
this group".
"""

from __future__ import annotations

import re
from functools import lru_cache

VARIABLE = re.compile(r"\$\{[^}]*\}")
_LITERAL = {"${*}": "*", "${?}": "?", "${$}": "$"}


def opened(pattern: str) -> tuple[str, bool]:
    """Return a pattern whose variables stand for anything, and whether it had one.

    >>> opened("arn:aws:s3:::home/${aws:username}/*")
    ('arn:aws:s3:::home/*/*', True)
    """
    if "${" not in pattern:
        return pattern, False
    return VARIABLE.sub(lambda found: _LITERAL.get(found[0], "*"), pattern), any(
        found not in _LITERAL for found in VARIABLE.findall(pattern)
    )


@lru_cache(maxsize=100_000)
def covers(wide: str, narrow: str) -> bool:
    """Whether a pattern matches everything that another one matches.

    It is sure where it says yes. `*` of the narrow one is only covered by `*`.

    >>> covers("a*", "ab*"), covers("ab*", "a*"), covers("a?", "a*")
    (True, False, False)
    """
    parts = [{"*": ".*", "?": r"[^*]"}.get(sign) or re.escape(sign) for sign in wide]
    return re.fullmatch("".join(parts), narrow, re.DOTALL) is not None


@lru_cache(maxsize=100_000)
def overlaps(one: str, other: str) -> bool:
    """Whether some text is matched by both patterns.

    No part of an ARN but the last holds a colon: two patterns with all six are compared part by
    part.

    >>> overlaps("a*c", "ab*"), overlaps("a*", "b*")
    (True, False)
    >>> overlaps("arn:aws:sagemaker:*:1:endpoint/a", "arn:aws:sagemaker:eu-west-1:1:endpoint/b*")
    False
    """
    parts = [pattern.split(":", 5) for pattern in (one, other)]
    if all(len(part) == 6 for part in parts):
        return all(map(_overlap, *parts))
    return _overlap(one, other)


def _overlap(one: str, other: str) -> bool:
    if not _begin_alike(one, other):
        return False
    reached = _behind_stars(one, other, {(0, 0)})
    while reached:
        if (len(one), len(other)) in reached:
            return True
        reached = _behind_stars(one, other, _step(one, other, reached))
    return False


def _begin_alike(one: str, other: str) -> bool:
    """Whether the texts before the first wildcard of each can be the same; most differ here."""
    heads = (re.split(r"[*?]", pattern, maxsplit=1)[0] for pattern in (one, other))
    first, second = heads
    shorter = min(len(first), len(second))
    return first[:shorter] == second[:shorter]


def _behind_stars(one: str, other: str, places: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Add the places that are reached where stars stand for nothing."""
    found, fresh = set(places), list(places)
    while fresh:
        i, j = fresh.pop()
        for place, is_star in (
            ((i + 1, j), one[i : i + 1] == "*"),
            ((i, j + 1), other[j : j + 1] == "*"),
        ):
            if is_star and place not in found:
                found.add(place)
                fresh.append(place)
    return found


def _step(one: str, other: str, places: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return where one more character of a common text leads."""
    found = set()
    for i, j in places:
        left, right = one[i : i + 1], other[j : j + 1]
        if not left or not right or (left != right and not {left, right} & {"*", "?"}):
            continue
        if left == right == "*":
            continue  # both go on without a character
        found.add((i + (left != "*"), j + (right != "*")))
    return found
