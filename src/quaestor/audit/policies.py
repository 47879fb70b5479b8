"""Policies are files: find them, read them, and let later places adjust earlier ones.

A place is a folder `<family>/<id>.yaml`. The first place to hold an id says what the policy
is; a file of the same id in a later place may set its params, severity and gate, and nothing
else, so that nobody can weaken a rule's SQL under its old name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field, structs

from quaestor.audit.catalogue import says_of
from quaestor.audit.params import (
    BY_TIER,
    Tiers,
    Values,
    check_values,
    checked_tiers,
    declaration_objection,
    settled,
)
from quaestor.audit.policy_file import Adjustment, PolicyFile
from quaestor.audit.subjects import SUBJECTS
from quaestor.core.config import Config
from quaestor.core.documents import convert, read_document
from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean
from quaestor.core.shipped import shipped

# The titles of the shipped packs, so that the gate need not read them.
FRAMEWORKS = {
    "eu-ai-act": "EU AI Act (Regulation 2024/1689)",
    "finops": "FinOps Framework",
    "iso-42001": "ISO/IEC 42001:2023",
    "nist-ai-rmf": "NIST AI RMF 1.0",
    "soc2": "SOC 2 Trust Services Criteria",
    "sr-26-2": "SR 26-2",
}
STAKES = "ledger.model_month"
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
TEMPLATE = re.compile(r"\{(\w+)(:%)?\}")  # a column or parameter in a reason


class Policy(Struct, frozen=True):
    """One policy, ready to be evaluated.

    Args:
        id: The file's name: the violation, in kebab-case.
        family: Its folder.
        path: Its file.
        says: What the file says.
        by_tier: Values of its parameters for models of a risk tier, set by a later file.
    """

    id: str
    family: str
    path: Path
    says: PolicyFile
    by_tier: Tiers = field(default_factory=dict)

    @property
    def blocking(self) -> bool:
        """Return whether a violation stops a deploy."""
        return self.says.gate.ci == "block"

    @property
    def cases_path(self) -> Path:
        """Return where its cases stand."""
        return self.path.with_name(f"{self.id}.cases.yaml")

    def where(self, *part: str) -> str:
        """Return the place of a key in the file, as `path:line`."""
        return f"{self.path}:{read_document(self.path).line_of(part)}"


def places_of(config: Config) -> tuple[Path, ...]:
    """Return the folders that a configuration's `policies:` names, in load order."""
    return tuple(
        shipped("policies") if place == "builtin" else config.resolve(place)
        for place in config.policies
    )


def load_policies(places: Sequence[Path]) -> tuple[Policy, ...]:
    """Read every policy of every place.

    Args:
        places: Folders; built-in first, then the organisation's, then the repository's.

    Returns:
        The policies, by family and id.

    Raises:
        ConfigurationError: A missing folder, a malformed policy, an id or alias twice.
    """
    found: dict[str, Policy] = {}
    for place in places:
        here: dict[str, Path] = {}
        for path in policy_files(place):
            name = path.stem
            if name in here:
                raise ConfigurationError(
                    f"the policy '{name}' stands twice",
                    where=f"{here[name]} and {path}",
                    fix="Rename or remove one; an id is unique within a place.",
                )
            here[name] = path
            known = found.get(name)
            found[name] = read_policy(path) if known is None else _adjusted(known, path)
    policies = tuple(sorted(found.values(), key=lambda one: (one.family, one.id)))
    _check_aliases(policies)
    _check_packs(policies, places)
    return policies


def policy_files(place: Path) -> list[Path]:
    """Return the policy files of a place, sorted; cases and packs are none.

    Raises:
        ConfigurationError: No such folder, or a file outside a family's folder.
    """
    if not place.is_dir():
        raise ConfigurationError(
            "there is no such folder of policies",
            where=str(place),
            fix="Correct `policies:` in the configuration; `builtin` names the shipped ones.",
        )
    if stray := sorted(place.glob("*.yaml")):
        raise ConfigurationError(
            "a policy stands outside a family's folder",
            where=str(stray[0]),
            fix=f"Move it to {place / '<family>' / stray[0].name}.",
        )
    return sorted(
        path
        for path in place.glob("*/*.yaml")
        if not path.name.endswith(".cases.yaml") and path.parent.name != "packs"
    )


def pack_files(place: Path) -> list[Path]:
    """Return the framework packs of a place, sorted; a pack is named like its file."""
    return sorted(place.glob("packs/*.yaml"))


def framework_title(pack: str) -> str:
    """Return what a framework is called; an organisation's own by the name of its pack."""
    return FRAMEWORKS.get(pack, pack)


def is_id(name: str) -> bool:
    """Return whether a policy may have this name.

    >>> is_id("model-without-owner"), is_id("Model without owner")
    (True, False)
    """
    return _ID.fullmatch(name) is not None


def read_policy(path: Path) -> Policy:
    """Read one policy file.

    Raises:
        ConfigurationError: It is malformed; says the line and what to do.
    """
    says = says_of(path) or convert(read_document(path), PolicyFile)
    policy = Policy(path.stem, path.parent.name, path, says)
    for part, what, fix in _objections(policy):
        raise ConfigurationError(what, where=policy.where(*part), fix=fix)
    return policy


def find_policy(policies: Sequence[Policy], name: str) -> Policy:
    """Return the policy of an id or alias; upper and lower case are the same.

    Raises:
        ConfigurationError: There is none; names the nearest.
    """
    names = {n.lower(): one for one in policies for n in (one.id, *one.says.aliases)}
    if found := names.get(name.lower()):
        return found
    raise ConfigurationError(
        f"there is no policy '{name}'",
        fix=did_you_mean(name.lower(), names, otherwise="See `quaestor policy list`."),
    )


def _adjusted(policy: Policy, path: Path) -> Policy:
    document = read_document(path)
    allowed = set(Adjustment.__struct_fields__)
    keys = document.value if isinstance(document.value, dict) else {}
    for key in keys:
        if key not in allowed:
            raise ConfigurationError(
                f"'{policy.id}' is defined in {policy.path}; `{key}` cannot be changed here",
                where=f"{path}:{document.line_of((str(key),))}",
                fix="Keep params, severity and gate, or give the policy an id of its own.",
            )
    wish = convert(document, Adjustment)
    params = dict(policy.says.params)
    for name, value in wish.params.items():
        if name != BY_TIER:
            where = f"{path}:{document.line_of(('params', name))}"
            check_values(policy.id, params, {name: value}, where)
            params[name] = _with(params[name], default=value)
    where = f"{path}:{document.line_of(('params', BY_TIER))}"
    said = checked_tiers(policy.id, params, wish.params.get(BY_TIER, {}), where)
    by_tier = {
        tier: {**policy.by_tier.get(tier, {}), **said.get(tier, {})}
        for tier in sorted({*policy.by_tier, *said})
    }
    says = _with(
        policy.says,
        params=params,
        severity=wish.severity or policy.says.severity,
        gate=wish.gate or policy.says.gate,
    )
    return structs.replace(policy, says=says, by_tier=by_tier)


def _with(struct: Any, **changes: Any) -> Any:
    return structs.replace(struct, **changes)


def _check_aliases(policies: Sequence[Policy]) -> None:
    owners: dict[str, Policy] = {}
    for policy in policies:
        for name in (policy.id, *policy.says.aliases):
            other = owners.setdefault(name.lower(), policy)
            if other is not policy:
                raise ConfigurationError(
                    f"'{name}' names two policies",
                    where=f"{other.path} and {policy.where('aliases')}",
                    fix="Give each an alias of its own.",
                )


def _check_packs(policies: Sequence[Policy], places: Sequence[Path]) -> None:
    """Refuse a reference to a pack that is nowhere; the shipped ones are known everywhere."""
    known = {*FRAMEWORKS, *(path.stem for place in places for path in pack_files(place))}
    for policy in policies:
        for number, reference in enumerate(policy.says.frameworks):
            if reference.pack not in known:
                otherwise = f"One of {', '.join(sorted(known))}."
                raise ConfigurationError(
                    f"there is no framework pack '{reference.pack}'",
                    where=policy.where("frameworks", str(number), "pack"),
                    fix=did_you_mean(reference.pack, known, otherwise=otherwise),
                )


def _objections(policy: Policy) -> list[tuple[tuple[str, ...], str, str]]:
    """Return what is wrong with a policy beyond its types: the key, the fault, the remedy."""
    says = policy.says
    wrong: list[tuple[tuple[str, ...], str, str]] = []
    if not is_id(policy.id):
        wrong.append(((), f"'{policy.id}' is no kebab-case id", "Rename the file."))
    for name, param in says.params.items():
        if fault := declaration_objection(name, param):
            wrong.append((("params", name), fault, "Correct the declaration."))
    if says.sql is not None:
        wrong += [
            ((key,), f"`{key}` stands beside `sql`", f"Remove `{key}`; the SELECT says it.")
            for key in ("subject", "when", "require", "reason")
            if getattr(says, key) is not None
        ]
        if says.at_stake and not says.at_stake.startswith(f"{STAKES}."):
            fix = f"Name a column of {STAKES}, or return at_stake_per_month."
            wrong.append((("at_stake",), f"'{says.at_stake}' cannot be at stake here", fix))
        return wrong
    wrong += [
        ((), f"the key '{key}' is missing", f"Add `{key}:`, or write the policy as `sql:`.")
        for key in ("subject", "require", "reason")
        if getattr(says, key) is None
    ]
    return wrong or _subject_objections(says)


def _subject_objections(says: PolicyFile) -> list[tuple[tuple[str, ...], str, str]]:
    subject = SUBJECTS.get(says.subject or "")
    if subject is None:
        otherwise = f"One of {', '.join(SUBJECTS)}; or `sql:`."
        fix = did_you_mean(says.subject or "", SUBJECTS, otherwise=otherwise, form="{}")
        return [(("subject",), f"'{says.subject}' is nothing that a policy can judge", fix)]
    stake = says.at_stake or ""
    table, _, column = stake.rpartition(".")
    if stake and (table not in (STAKES, subject.table) or not column.isidentifier()):
        fix = f"A money column of {STAKES} or of {subject.table}."
        return [(("at_stake",), f"'{stake}' cannot be at stake here", fix)]
    if table == STAKES and subject.model is None:
        return [(("at_stake",), f"{subject.table} belongs to no model", "Remove `at_stake`.")]
    leftover = TEMPLATE.sub("", says.reason or "")
    if "{" in leftover or "}" in leftover:
        fix = "Write {column}, or {column:%} for a ratio."
        return [(("reason",), "the reason has a brace that is no {column}", fix)]
    return []


def settled_params(
    policies: Sequence[Policy], params: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return the parameters of every policy, by id; by risk tier ("1") where those differ.

    Raises:
        ConfigurationError: A policy or parameter that does not exist, or a value out of bounds.
    """
    return {name: values.told() for name, values in values_of(policies, params).items()}


def values_of(
    policies: Sequence[Policy], params: Mapping[str, Mapping[str, Any]]
) -> dict[str, Values]:
    """Return the parameters that each policy is asked with, by id, each of its own type.

    Raises:
        ConfigurationError: A policy or parameter that does not exist, or a value out of bounds.
    """
    ids = [policy.id for policy in policies]
    for name in params:
        if name not in ids:
            raise ConfigurationError(
                f"`params` sets the policy '{name}', which does not exist",
                where=f"params.{name}",
                fix=did_you_mean(name, ids, otherwise="See `quaestor policy list`."),
            )
    return {
        policy.id: settled(
            policy.id,
            policy.says.params,
            params.get(policy.id, {}),
            f"params.{policy.id}",
            policy.by_tier,
        )
        for policy in policies
    }
