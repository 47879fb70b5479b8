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
    from quaestor.audit.policies import load_policies

    return load_policies(_places(call))


def _places(call: Call) -> tuple[Path, ...]:
    from quaestor.audit.policies import places_of

    return places_of(call.config() if call.config_path.is_file() else Config())


def _of_folder(call: Call, folder: Path) -> list[Policy]:
    """Return the policies of a folder.

    Of one that the configuration names, those too that an earlier place defines and this one
    adjusts: on its own such a file is no policy.
    """
    from quaestor.audit.policies import load_policies, policy_files

    places = [place.resolve() for place in _places(call)]
    here = folder.resolve()
    if here not in places:
        return list(load_policies([folder]))
    names = {path.stem for path in policy_files(folder)}
    known = load_policies(places[: places.index(here) + 1])
    return [policy for policy in known if policy.id in names]


def chosen(call: Call, what: Sequence[str]) -> list[Policy]:
    """Return the policies that arguments name, each once, in order; all where none is named.

    Args:
        call: The command's shared options.
        what: Folders, policy files, ids or aliases.

    Raises:
        ConfigurationError: A folder without policies, no such policy, or a malformed one.
    """
    from quaestor.audit.policies import find_policy, read_policy

    if not what:
        return list(configured(call))
    named: dict[Path, Policy] = {}
    for name in what:
        path = Path(name)
        if path.is_dir():
            found = _of_folder(call, path)
            if not found:
                raise ConfigurationError("holds no policy", where=name, fix="Name its parent?")
        elif path.suffix == ".yaml":
            found = [read_policy(path)]
        else:
            found = [find_policy(configured(call), name)]
        named |= {policy.path: policy for policy in found}
    return list(named.values())
