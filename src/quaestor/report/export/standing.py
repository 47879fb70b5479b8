"""What each finding means for this gate or audit, and where in a file it is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum

from quaestor.core.finding import Finding
from quaestor.core.rule import Rule
from quaestor.core.run_summary import RunSummary, worst_first
from quaestor.core.verdict import Verdict

_Key = tuple[str, str]
_DEPLOYMENT = "registry.deployment"
_LONGEST_NAME = 255  # of a file, in every file system in use


class Standing(StrEnum):
    """What a finding comes to here: a verdict alone does not say whether it closes the gate."""

    FAILING = "failing"  # violated, and the gate fails for it
    OPEN = "open"  # no answer, and the gate stays open for it
    WARNING = "warning"  # violated; said, and no more
    UNANSWERED = "unanswered"  # no answer; said, and no more
    KNOWN = "known"  # violated before: in the baseline, or not in the difference
    WAIVED = "waived"
    PASSED = "passed"
    SKIPPED = "skipped"


_OF_VERDICT = {
    Verdict.WAIVED: Standing.WAIVED,
    Verdict.PASS: Standing.PASSED,
    Verdict.SKIP: Standing.SKIPPED,
}


def standings(summary: RunSummary) -> list[tuple[Finding, Standing]]:
    """Return every finding with its standing, the worst finding first."""
    failing = {_key(one) for one in summary.decision.failing}
    unanswered = {_key(one) for one in summary.decision.unanswered}
    return [(one, _standing(one, failing, unanswered)) for one in worst_first(summary.findings)]


def by_standing(summary: RunSummary) -> dict[Standing, list[Finding]]:
    """Return the findings of each standing, the worst first; every standing is named."""
    found: dict[Standing, list[Finding]] = {standing: [] for standing in Standing}
    for one, standing in standings(summary):
        found[standing].append(one)
    return found


def rules_by_id(summary: RunSummary) -> dict[str, Rule]:
    """Return the rules that were asked, by id."""
    return {rule.id: rule for rule in summary.rules}


def commands_of(one: Finding, rule: Rule | None, summary: RunSummary) -> list[tuple[str, str]]:
    """Return how to mend a finding, as (kind of registry, command).

    Only those for the registry that the subject is in; all, where none is for it. What a manifest
    deploys is in "deploy:" and the platform's kind.
    """
    if rule is None:
        return []
    source = one.source or ""
    kind = summary.registries.get(source, source.removeprefix("deploy:"))
    fitting = [command for command in rule.commands if command[0] == kind]
    return fitting or list(rule.commands)


def place_of(one: Finding, summary: RunSummary, rule: Rule | None) -> tuple[str, int]:
    """Return the file and line, from 1 on, where code scanning shows a finding.

    The first of these that lies below the folder of the run: what the evidence names
    (`location`); of a deployment, the manifest that was asked about; the file that states the
    model; the manifest that deploys it; line 1 of the configuration.
    """
    for text in _places(one, summary, rule):
        head, _, tail = text.rpartition(":")
        counted = head and tail.isdecimal() and int(tail) > 0
        path, line = (head, int(tail)) if counted else (text, 1)
        if _inside(path):
            return path.removeprefix("./"), line
    return configuration_of(summary), 1


def configuration_of(summary: RunSummary) -> str:
    """Return the configuration's path; no folder of a build machine gets into an alert."""
    path = summary.configuration
    if not _inside(path):
        path = path.replace("\\", "/").rpartition("/")[2][:_LONGEST_NAME] or "quaestor.yaml"
    return path.removeprefix("./")


def _places(one: Finding, summary: RunSummary, rule: Rule | None) -> Iterator[str]:
    if isinstance(named := one.evidence.get("location"), str):
        yield named
    deployed = {change.deployment: change.target for change in summary.priced}
    if rule is None or rule.subject in (None, _DEPLOYMENT):  # None: its SQL says
        keys = (summary.places.get((_DEPLOYMENT, one.subject)), deployed.get(one.subject))
        yield from (place for place in keys if place)
    if one.model and (place := summary.places.get(("registry.model", one.model))):
        yield place
    for change in summary.priced:
        if one.model and change.model and change.model.partition(":")[0] == one.model:
            yield change.target


def _inside(path: str) -> bool:
    """Tell whether a path stays below the root; others would point into the reader's machine."""
    if not path or path.startswith("/") or "\\" in path:
        return False
    parts = path.split("/")
    return ".." not in parts and all(len(part) <= _LONGEST_NAME for part in parts)


def _standing(one: Finding, failing: Collection[_Key], unanswered: Collection[_Key]) -> Standing:
    if one.verdict in _OF_VERDICT:
        return _OF_VERDICT[one.verdict]
    if one.verdict is Verdict.FAIL:
        if one.known is not None:
            return Standing.KNOWN
        return Standing.FAILING if _key(one) in failing else Standing.WARNING
    return Standing.OPEN if _key(one) in unanswered else Standing.UNANSWERED


def _key(one: Finding) -> _Key:
    return one.policy, one.fingerprint
