"""Run the cases beside a policy: given rows, and the verdict each subject must get.

A case proves what its author thought of; two checks go further. What a policy requires is
taken away from every case that passes, and the answer must then be `unknown` or `fail`; and
every verdict that the policy can give must be shown by a case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import Struct, field

from quaestor.audit.case_warehouse import CaseWarehouse
from quaestor.audit.policies import Policy
from quaestor.audit.requires import Removal, removals
from quaestor.core.documents import Document, convert, read_document
from quaestor.core.errors import ConfigurationError
from quaestor.core.finding import Finding
from quaestor.core.period import utc

NOW = utc("2026-11-21T00:00")  # the time of a case that names none


class Case(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One case.

    Args:
        name: A sentence that says what it shows.
        given: Rows by table; `CaseWarehouse` says what may be left out.
        expect: The verdict of every subject, and of no other.
        params: The policy's parameters, where they are not the defaults.
        now: The time of the audit, UTC.
    """

    name: str
    given: dict[str, list[dict[str, Any]]]
    expect: dict[str, Literal["pass", "fail", "unknown", "skip", "error"]]
    params: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOW


@dataclass(frozen=True)
class CaseFailure:
    """A case that does not hold, or a case that is missing.

    Args:
        case: Its name, or None where it is missing.
        where: File and line.
        what: What differs.
    """

    case: str | None
    where: str
    what: str


@dataclass(frozen=True)
class CaseReport:
    """What the cases of one policy came to."""

    policy: str
    cases: int
    failures: tuple[CaseFailure, ...]


def run_cases(policies: Iterable[Policy]) -> tuple[CaseReport, ...]:
    """Run the cases of policies, one in-memory warehouse for all.

    Raises:
        ConfigurationError: A malformed cases file, or rows that no table can hold.
    """
    with CaseWarehouse() as warehouse:
        return tuple(_report(policy, warehouse) for policy in policies)


def read_cases(policy: Policy) -> tuple[tuple[Case, ...], Document]:
    """Read the cases of one policy.

    Raises:
        ConfigurationError: The file is malformed.
    """
    document = read_document(policy.cases_path)
    return convert(document, tuple[Case, ...]), document


def _report(policy: Policy, warehouse: CaseWarehouse) -> CaseReport:
    if not policy.cases_path.is_file():
        missing = CaseFailure(None, str(policy.cases_path), "the policy has no cases")
        return CaseReport(policy.id, 0, (missing,))
    cases, document = read_cases(policy)
    failures: list[CaseFailure] = []
    for number, case in enumerate(cases):
        where = f"{policy.cases_path}:{document.line_of((str(number),))}"
        try:
            faults = _run(policy, case, warehouse)
        except ConfigurationError as problem:
            raise ConfigurationError(
                f"the case '{case.name}': {problem.what}", where=where, fix=problem.fix
            ) from None
        failures += [CaseFailure(case.name, where, fault) for fault in faults]
    shown = {verdict for case in cases for verdict in case.expect.values()}
    failures += [
        CaseFailure(None, str(policy.cases_path), f"no case shows the verdict '{verdict}'")
        for verdict in possible_verdicts(policy, warehouse)
        if verdict not in shown
    ]
    return CaseReport(policy.id, len(cases), tuple(failures))


def _run(policy: Policy, case: Case, warehouse: CaseWarehouse) -> list[str]:
    answers = _answers(policy, case, case.given, warehouse)
    faults = [
        _difference(subject, case.expect.get(subject), answers.get(subject, ()))
        for subject in sorted({*case.expect, *answers})
        if {case.expect.get(subject)} != {f.verdict.value for f in answers.get(subject, ())}
    ]
    passing = [subject for subject, verdict in case.expect.items() if verdict == "pass"]
    if faults or not passing:
        return faults
    for removal in removals(policy, case.given, warehouse, now=_clock(case)):
        answers = _answers(policy, case, removal.given, warehouse)
        if fault := _still(removal, passing, answers):
            faults.append(fault)
    return faults


def _answers(
    policy: Policy, case: Case, given: Mapping[str, Any], warehouse: CaseWarehouse
) -> dict[str, tuple[Finding, ...]]:
    answers: dict[str, tuple[Finding, ...]] = {}
    for one in warehouse.judge(policy, given, params=case.params, now=_clock(case)):
        answers[one.subject] = (*answers.get(one.subject, ()), one)
    return answers


def _difference(subject: str, expected: str | None, got: Sequence[Finding]) -> str:
    wanted = f"expected {expected}" if expected else "expected no verdict"
    said = ", ".join(
        f"{one.verdict.value}" + (f" ({one.reason})" if one.reason else "") for one in got
    )
    return f"{subject}: {wanted}, got {said or 'no verdict'}"


def _still(
    removal: Removal, passing: Sequence[str], answers: Mapping[str, Sequence[Finding]]
) -> str | None:
    open_ones = {
        subject
        for subject, got in answers.items()
        if got and all(one.verdict.value in ("unknown", "fail") for one in got)
    }
    if removal.whole_table and open_ones and not any(s in answers for s in passing):
        return None
    for subject in passing:
        if subject not in open_ones:
            got = _difference(subject, "unknown or fail", answers.get(subject, ()))
            return f"without {removal.path} ({removal.supply}) {got}"
    return None


def possible_verdicts(policy: Policy, warehouse: CaseWarehouse) -> list[str]:
    """Return the verdicts that a policy can give."""
    says = policy.says
    possible = {"pass", "fail"}
    if says.requires:
        possible.add("unknown")
    if says.when is not None:
        possible.add("skip")
    possible |= {"unknown", "skip"} & warehouse.constants(policy)
    return sorted(possible)


def _clock(case: Case) -> datetime:
    return case.now.astimezone(UTC).replace(tzinfo=None) if case.now.tzinfo else case.now
