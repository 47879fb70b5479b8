"""Ask a program of another party: without a shell, with an end to the patience."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from quaestor.core.errors import IncompleteError
from quaestor.core.text import printable

_SHOWN = 300  # characters of a complaint
_NOT_FOUND = 127  # what env, ssh and shells end with
_SECRETS = re.compile(
    r"(?i)\b([\w-]*(?:password|passwd|pwd|token|secret|(?:api|access|private)[_-]?key)|key)"
    r"(\s*[=:]\s*)[^\s;,|]+"
)


@dataclass(frozen=True)
class Answer:
    """What a program wrote to its standard output."""

    content: bytes

    @property
    def text(self) -> str:
        """Return it as text; what is not UTF-8 is marked."""
        return self.content.decode(errors="replace")

    @property
    def first_line(self) -> str:
        """Return the beginning, fit to be shown."""
        return printable(self.text.lstrip().split("\n", 1)[0][:80])


def ask(command: Sequence[str], *, where: str, timeout: float) -> Answer:
    """Run a program and return its answer; it has nothing to read, so that it cannot wait.

    Raises:
        IncompleteError: It is not there, took too long or failed, with what it complained of.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the words are those of quaestor.yaml, and no shell
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        raise _missing(command[0], where) from None
    except PermissionError:
        raise IncompleteError(
            f"'{command[0]}' may not be run", where=where, fix="Check its permissions."
        ) from None
    except subprocess.TimeoutExpired:
        raise IncompleteError(
            f"no answer within {timeout:g} seconds",
            where=where,
            fix="Run it by hand; raise `timeout_seconds:` where it takes long. ssh must not ask "
            "for a password (BatchMode=yes), and can give up soon (ConnectTimeout=5).",
        ) from None
    if done.returncode == 0:
        return Answer(done.stdout)
    complaint = shown(done.stderr)
    if done.returncode == _NOT_FOUND and ("not found" in complaint or "No such" in complaint):
        raise _missing(_program(command), where)
    said = f": {complaint}" if complaint else " and says nothing"
    raise IncompleteError(
        f"it ended with exit code {done.returncode}{said}",
        where=where,
        fix="Run it by hand as the account that collects, and mend what it complains of.",
    )


def without_secrets(text: str) -> str:
    """Return a text without the values of what is named as a secret.

    >>> without_secrets("model=churn;api_key=hunter2;tokens=512")
    'model=churn;api_key=***;tokens=512'
    """
    return _SECRETS.sub(r"\1\2***", text)


def shown(complaint: bytes) -> str:
    r"""Return what a program complained of in one line, cut, without what may be a secret.

    >>> shown(b"error: login failed\n password=hunter2 refused\n")
    'error: login failed; password=*** refused'
    """
    text = complaint.decode(errors="replace")
    lines = "; ".join(line.strip() for line in text.splitlines() if line.strip())
    cleared = printable(without_secrets(lines))
    return cleared if len(cleared) <= _SHOWN else cleared[:_SHOWN] + "..."


def _program(command: Sequence[str]) -> str:
    return next((word for word in command if word.startswith(("sacct", "sacctmgr"))), command[0])


def _missing(program: str, where: str) -> IncompleteError:
    return IncompleteError(
        f"the program '{program}' is not there",
        where=where,
        fix="Run quaestor where it is installed, go through a host that has it "
        "(`via: [ssh, login1]`), or bring its output as files (`path:`).",
    )
