"""How long work says where it is: a sentence for each step, counted where the number is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
COUNTED = re.compile(r"(?P<step>.*) \((?P<done>\d+) of (?P<total>\d+)\)")


def counted(
    items: Sequence[T], progress: Callable[[str], None], name: Callable[[T], str]
) -> Iterator[T]:
    """Yield items one by one, saying before each which one it is, and of how many.

    A terminal draws the count as a bar (`COUNTED` takes the sentence apart again).

    >>> for item in counted("ab", print, str.upper):
    ...     pass
    A (1 of 2)
    B (2 of 2)
    """
    for number, item in enumerate(items, start=1):
        progress(f"{name(item)} ({number:d} of {len(items):d})")
        yield item
