"""Which policies a command of `quaestor policy` is about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from quaestor.core.config import Config
from quaestor.core.errors import ConfigurationError

if TYPE_CHECKING:
    from quaestor.audit.policies import Policy
    from quaestor.cli.options import Call


def configured(call: Call) -> tuple[Policy, ...]:
    """Return the policies of the configuration; without one, the built-in ones."""
    from quaestor.audit.policies import load_policies, places_of

    config = call.config() if call.config_path.is_file() else Config()
    return load_policies(places_of(config))


def chosen(call: Call, what: Sequence[str]) -> list[Policy]:
    """Return the policies that arguments name, each once, in order; all where none is named.

    Args:
        call: The command's shared options.
        what: Folders, policy files, ids or aliases.

    Raises:
        ConfigurationError: A folder without policies, no such policy, or a malformed one.
    """
    from quaestor.audit.policies import find_policy, load_policies, read_policy

    if not what:
        return list(configured(call))
    named: dict[Path, Policy] = {}
    for name in what:
        path = Path(name)
        if path.is_dir():
            found = list(load_policies([path]))
            if not found:
                raise ConfigurationError("holds no policy", where=name, fix="Name its parent?")
        elif path.suffix == ".yaml":
            found = [read_policy(path)]
        else:
            found = [find_policy(configured(call), name)]
        named |= {policy.path: policy for policy in found}
    return list(named.values())
