"""Ask policies in two threads: most of what a query of one model takes is its planning."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from quaestor.audit.policies import Policy
from quaestor.warehouse.sandbox import Sandbox

_WORTH_IT = 8  # a second sandbox is made in the time of two or three queries

Take = Callable[[Policy, Sandbox], None]


@contextmanager
def helped(sandbox: Sandbox, rest: deque[Policy], take: Take) -> Iterator[None]:
    """Work off policies from their end in a thread and a sandbox of their own, where it pays.

    At the end none of them is left in it. What ends the caller's work ends the helper's, too.

    Args:
        sandbox: The caller's, which is used at the same time; the helper's is its twin.
        rest: What there is to do; the caller takes of it, too, from the other end.
        take: Asks a policy in a sandbox, in either thread; a policy it fails of is left out.
    """
    if len(rest) < _WORTH_IT or (os.cpu_count() or 1) < 2 or not sandbox.read_only:
        yield
        return
    with sandbox.twin() as twin:
        helper = threading.Thread(target=work_off, args=(rest.pop, twin, take), daemon=True)
        helper.start()
        try:
            yield
        except BaseException:
            rest.clear()
            while helper.is_alive():  # it may be between two queries, where nothing hears of it
                twin.interrupt()
                helper.join(0.05)
            raise
        finally:
            helper.join()


def work_off(next_one: Callable[[], Policy], sandbox: Sandbox, take: Take) -> None:
    """Take policies until there is none."""
    while True:
        try:
            policy = next_one()
        except IndexError:
            return
        take(policy, sandbox)
