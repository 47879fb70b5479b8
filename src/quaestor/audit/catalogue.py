"""The policies that ship, read and judged beforehand: that takes longer than asking them.

`policies/catalogue.json` holds what came of it, by the hash of what was read. A file or an SQL
text that differs from it in one byte is read and judged anew, and so is everybody else's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct, field, structs

from quaestor.audit.policy_file import PolicyFile
from quaestor.core.shipped import shipped
from quaestor.warehouse.sandbox import Sandbox, SandboxError, Select

NAME = "catalogue.json"
Text = tuple[str, bool]  # SQL, and whether it is a bare expression


class Catalogue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the shipped policies say.

    Args:
        files: What each file says, by `hash_of` its bytes.
        selects: What the sandbox says of each text of SQL, by `hash_of_sql`; without the text.
        models: The columns that hold every model which a SELECT may speak of, by `hash_of_sql`
            (`warehouse/origins.py`).
    """

    files: dict[str, PolicyFile] = field(default_factory=dict)
    selects: dict[str, Select] = field(default_factory=dict)
    models: dict[str, frozenset[str]] = field(default_factory=dict)


def says_of(path: Path) -> PolicyFile | None:
    """Return what a policy file says, if it is one that ships."""
    try:
        content = path.read_bytes()
    except OSError:
        return None  # whoever reads it says why
    return _catalogue().files.get(hash_of(content))


def ships(says: PolicyFile) -> bool:
    """Return whether a policy says what one that ships says, with nothing adjusted."""
    return any(says is one for one in _catalogue().files.values())


def judged_of(sql: str, *, bare: bool) -> Select | None:
    """Return what the sandbox says of a text, if it is one that ships."""
    found = _catalogue().selects.get(hash_of_sql(sql, bare=bare))
    return None if found is None else structs.replace(found, sql=sql)


def models_of(sql: str) -> frozenset[str] | None:
    """Return the columns that hold every model which a SELECT that ships may speak of.

    Such as "registry.deployment.model"; None: it does not ship, or nobody can tell.
    """
    return _catalogue().models.get(hash_of_sql(sql, bare=False))


def judged_all(sandbox: Sandbox, texts: Sequence[Text]) -> dict[Text, Select | SandboxError]:
    """Return what the sandbox says of texts; of those that ship it has said it before."""
    said = {(sql, bare): judged_of(sql, bare=bare) for sql, bare in texts}
    known = {text: select for text, select in said.items() if select is not None}
    new = [text for text in said if text not in known]
    return {**known, **dict(zip(new, sandbox.judge(new), strict=True))} if new else {**known}


def hash_of(content: bytes) -> str:
    """Return the name of a file's content."""
    return sha256(content).hexdigest()


def hash_of_sql(sql: str, *, bare: bool) -> str:
    """Return the name of a text of SQL; `bare` tells an expression from a SELECT."""
    kind = "expression" if bare else "select"
    return hash_of(f"{kind} {sql}".encode("utf-8", "surrogatepass"))


@cache
def _catalogue() -> Catalogue:
    path = shipped("policies") / NAME
    if not path.is_file():
        return Catalogue()  # as before the first one is written
    return msgspec.json.decode(path.read_bytes(), type=Catalogue)
