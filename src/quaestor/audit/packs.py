"""Framework packs: what a regulation or standard asks for, and which policies give evidence.

A policy names the requirements it supports in its own `frameworks:`; a pack lists the
requirements, so that those without a policy stay visible. A requirement names policies itself
only where they do not name it. A mapping says "this evidence supports", never "satisfies".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from msgspec import Struct

from quaestor.audit.policies import Policy, pack_files
from quaestor.audit.policy_file import Reference, Text
from quaestor.core.documents import Document, convert, read_document
from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean


class Limit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a policy's parameter may go before it no longer shows what the framework asks.

    Args:
        policy: The policy's id.
        param: Its parameter.
        at_least: The smallest number that still shows it.
        at_most: The largest.
        includes: What a text of several parts, with commas between them, has to name.
    """

    policy: Text
    param: Text
    at_least: int | float | None = None
    at_most: int | float | None = None
    includes: tuple[Text, ...] = ()


class Application(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From which day a part of a framework applies, who says so, and when that was checked."""

    what: Text
    applies_from: date
    source: Text
    verified: date


class Requirement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One requirement, in our own words.

    Args:
        id: As the framework numbers it; unique in its pack.
        title: What it asks for.
        policies: Ids of policies that give evidence and do not name it themselves.
        limits: Parameters that must not be loosened past what the framework asks.
        attest: What a person has to show where no policy can.
    """

    id: Text
    title: Text
    policies: tuple[Text, ...] = ()
    limits: tuple[Limit, ...] = ()
    attest: Text | None = None


class PackFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every key that a pack may have."""

    title: Text
    edition: Text
    published: date | None = None
    url: Text
    about: Text | None = None
    dates: tuple[Application, ...] = ()
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True)
class Pack:
    """One framework, with the policies that give evidence for each requirement.

    Args:
        name: Its file's name.
        path: Its file.
        says: What the file says.
        document: The file as parsed, for the line of each key.
        evidence: The ids of the policies, by requirement; () where nothing is automated.
    """

    name: str
    path: Path
    says: PackFile
    document: Document
    evidence: Mapping[str, tuple[str, ...]]

    def where(self, *part: str) -> str:
        """Return the place of a key in the file, as `path:line`."""
        return f"{self.path}:{self.document.line_of(part)}"


def load_packs(
    places: Sequence[Path], policies: Sequence[Policy], names: Sequence[str] = ()
) -> tuple[Pack, ...]:
    """Read framework packs, and join them with the policies.

    Args:
        places: The folders of policies, in load order; packs lie in their `packs/`.
        policies: Every policy of these places.
        names: Which packs; all of them where there is none.

    Returns:
        The packs, by name.

    Raises:
        ConfigurationError: No such pack, a malformed one, one name twice, or a reference to a
            requirement, policy or parameter that does not exist.
    """
    files = _files(places)
    for name in names:
        if name not in files:
            otherwise = f"Choose from {', '.join(sorted(files)) or 'none: no place has packs'}."
            raise ConfigurationError(
                f"there is no framework pack '{name}'",
                where="--pack",
                fix=did_you_mean(name, files, otherwise=otherwise),
            )
    return tuple(_read(files[name], policies) for name in sorted(set(names) or files))


def policies_of(
    names: Sequence[str], places: Sequence[Path], policies: Sequence[Policy]
) -> tuple[Policy, ...]:
    """Return the policies that give evidence for any requirement of some packs, in their order.

    Raises:
        ConfigurationError: As `load_packs`.
    """
    packs = load_packs(places, policies, names)
    wanted = {policy for pack in packs for ids in pack.evidence.values() for policy in ids}
    return tuple(policy for policy in policies if policy.id in wanted)


def requirements_of(reference: Reference) -> tuple[str, ...]:
    """Return the requirements that a reference names; commas stand between several.

    >>> requirements_of(Reference(pack="eu-ai-act", ref="26(5), 72"))
    ('26(5)', '72')
    """
    return tuple(part.strip() for part in reference.ref.split(","))


def _files(places: Sequence[Path]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for place in dict.fromkeys(places):
        for path in pack_files(place):
            other = files.setdefault(path.stem, path)
            if other != path:
                raise ConfigurationError(
                    f"the framework pack '{path.stem}' stands twice",
                    where=f"{other} and {path}",
                    fix="Rename one; a policy supports the other by its `frameworks:`.",
                )
    return files


def _read(path: Path, policies: Sequence[Policy]) -> Pack:
    document = read_document(path)
    says = convert(document, PackFile)
    pack = Pack(path.stem, path, says, document, {})
    _check_ids(pack)
    known = {policy.id: policy for policy in policies}
    evidence = _supporting(pack, policies)
    for number, requirement in enumerate(says.requirements):
        for place, name in enumerate(requirement.policies):
            _check_policy(pack, name, known, "requirements", str(number), "policies", str(place))
            if name not in evidence[requirement.id]:
                evidence[requirement.id].append(name)
        for place, limit in enumerate(requirement.limits):
            part = ("requirements", str(number), "limits", str(place))
            _check_policy(pack, limit.policy, known, *part, "policy")
            _check_limit(pack, limit, known[limit.policy], evidence[requirement.id], part)
    return Pack(pack.name, path, says, document, {key: tuple(ids) for key, ids in evidence.items()})


def _check_ids(pack: Pack) -> None:
    seen: set[str] = set()
    for number, requirement in enumerate(pack.says.requirements):
        if requirement.id in seen:
            raise ConfigurationError(
                f"the requirement '{requirement.id}' stands twice",
                where=pack.where("requirements", str(number), "id"),
                fix="Keep one of the two.",
            )
        seen.add(requirement.id)


def _supporting(pack: Pack, policies: Sequence[Policy]) -> dict[str, list[str]]:
    """Return the policies that name each requirement of a pack."""
    evidence: dict[str, list[str]] = {one.id: [] for one in pack.says.requirements}
    for policy in policies:
        for number, reference in enumerate(policy.says.frameworks):
            for ref in requirements_of(reference) if reference.pack == pack.name else ():
                if ref not in evidence:
                    raise ConfigurationError(
                        f"the pack '{pack.name}' has no requirement '{ref}'",
                        where=policy.where("frameworks", str(number), "ref"),
                        fix=did_you_mean(ref, evidence, otherwise=f"{pack.path} lists them."),
                    )
                if policy.id not in evidence[ref]:
                    evidence[ref].append(policy.id)
    return evidence


def _check_policy(pack: Pack, name: str, known: Mapping[str, Policy], *part: str) -> None:
    if name not in known:
        raise ConfigurationError(
            f"there is no policy '{name}'",
            where=pack.where(*part),
            fix=did_you_mean(name, known, otherwise="See `quaestor policy list`."),
        )


def _check_limit(
    pack: Pack, limit: Limit, policy: Policy, evidence: Sequence[str], part: tuple[str, ...]
) -> None:
    kinds = ("text",) if limit.includes else ("integer", "number")
    names = sorted(name for name, one in policy.says.params.items() if one.type in kinds)
    bounds = (limit.at_least is not None, limit.at_most is not None, bool(limit.includes))
    what = fix = ""
    if policy.id not in evidence:
        what = f"'{policy.id}' has a limit here and gives no evidence"
        fix = "Add it to `policies:`, or the requirement to its `frameworks:`."
    elif sum(bounds) != 1:
        what, fix = "a limit needs one bound", "Write `at_least:`, `at_most:` or `includes:`."
    elif limit.param not in names:
        kind = "text" if limit.includes else "number"
        what = f"the policy '{policy.id}' has no {kind} called '{limit.param}'"
        otherwise = f"It has: {', '.join(names) or 'none'}."
        fix = did_you_mean(limit.param, names, otherwise=otherwise)
    if what:
        raise ConfigurationError(what, where=pack.where(*part), fix=fix)
