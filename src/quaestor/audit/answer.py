"""From one row of a policy's query to its verdict, its reason and its evidence.

A blank is a violation only where the source could have supplied it; where it could not, or
where nobody knows, the answer is `unknown` and names the source and the field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from msgspec import Struct

from quaestor.audit.compile import Compiled
from quaestor.audit.policies import STAKES, TEMPLATE, Policy
from quaestor.audit.subjects import SUBJECTS
from quaestor.core.errors import ConfigurationError
from quaestor.core.finding import Finding, FindingMaker
from quaestor.core.money import amount_text
from quaestor.core.text import json_value
from quaestor.core.verdict import Verdict
from quaestor.warehouse.macros import Supplied

_VERDICTS = ("pass", "fail", "unknown", "skip")
_REQUIRED = ("subject", "verdict", "reason", "evidence")
_PLAIN = frozenset({str, int, bool, type(None)})
_STAKE = "at_stake_per_month"
_SHORT = 60  # characters of a rule that can be read in a sentence


class Known(Struct, frozen=True):
    """What answers rest on beside the policy's own rows.

    Args:
        supplied: Whether a source supplies a field or table, by (source, name); absent: nobody
            said.
        stakes: Money behind a model a month, by column of `ledger.model_month` and model.
    """

    supplied: Supplied
    stakes: Mapping[str, Mapping[str, Decimal | None]]


def findings_of_rows(
    policy: Policy,
    compiled: Compiled,
    rows: Iterable[tuple[Any, ...]],
    known: Known,
    values: Mapping[str, Any],
) -> Iterator[Finding]:
    """Yield a finding for each row of a subject policy's query.

    Args:
        policy: The policy.
        compiled: Its query.
        rows: What the query returned.
        known: The rest of the evidence.
        values: The policy's parameters.
    """
    judge = _Judge(policy, compiled, known, values)
    stakes, own = _money(policy, compiled, known)
    first = 5 + len(policy.says.requires)
    make, rest = _maker(policy).make_later, judge.rest
    verdicts: dict[tuple[Any, ...], Verdict] = {}  # a million rows answer in a few ways
    for row in rows:
        source, model = row[0], row[2]
        answers = (source, row[3:first])
        verdict = verdicts.get(answers)
        if verdict is None:
            verdict = verdicts[answers] = judge.verdict(row)
        stake = stakes.get(model) if own is None else row[first + own]
        yield make(source, row[1], model, verdict, stake, rest, row)


class _Judge(Struct, frozen=True):
    """How one policy answers, row by row of its query."""

    policy: Policy
    compiled: Compiled
    known: Known
    values: Mapping[str, Any]

    def verdict(self, row: tuple[Any, ...]) -> Verdict:
        return self._answer(row)[0]

    def rest(self, row: tuple[Any, ...]) -> dict[str, Any]:
        """Return the reason and the evidence."""
        first = 5 + len(self.policy.says.requires)
        named = zip(
            self.compiled.columns, row[first : first + self.compiled.evidence], strict=False
        )
        return {
            "reason": self._answer(row)[1],
            "evidence": {
                name: value if value.__class__ in _PLAIN else json_value(value)
                for name, value in named
            },
        }

    def _answer(self, row: tuple[Any, ...]) -> tuple[Verdict, str | None]:
        requires = self.policy.says.requires
        first = 5 + len(requires)
        source, subject, _, applies, holds = row[:5]
        if applies is False:
            return Verdict.SKIP, f"the rule is for {_line(self.policy.says.when)}"
        blanks = [name for name, gone in zip(requires, row[5:first], strict=True) if gone]
        if holds and not blanks:
            return Verdict.PASS, None
        shown = dict(zip(self.compiled.columns, row[first:], strict=True))
        case = _Case(self.policy, source, subject, applies, shown, self.known, self.values)
        return case.answer(blanks, holds)


def _money(
    policy: Policy, compiled: Compiled, known: Known
) -> tuple[Mapping[str, Decimal | None], int | None]:
    """Return the money behind each model, or else the place of the subject's own."""
    table, _, column = (policy.says.at_stake or "").rpartition(".")
    if table in ("", STAKES):
        return known.stakes.get(column, {}), None
    return {}, compiled.columns.index(column)


class _Case(Struct, frozen=True):
    """One subject that does not simply pass."""

    policy: Policy
    source: str | None
    subject: str
    applies: bool | None
    shown: Mapping[str, Any]
    known: Known
    values: Mapping[str, Any]

    def answer(self, blanks: Sequence[str], holds: bool | None) -> tuple[Verdict, str]:
        says = self.policy.says
        violated = next((name for name in blanks if self._supplied(name)), None)
        if violated is not None or (not blanks and holds is False):
            if not self.applies:
                return Verdict.UNKNOWN, f"not known whether the rule is for it: {_line(says.when)}"
            return Verdict.FAIL, self._reason(violated)
        if blanks:
            return Verdict.UNKNOWN, self._silence(blanks[0])
        return Verdict.UNKNOWN, f"{self.subject}: no answer {self._missing()}"

    def _missing(self) -> str:
        """Return what a rule lacks for an answer; a long one is told by what is blank in it."""
        asked = _line(self.policy.says.require)
        named = set(re.findall(r"\w+", asked))
        blank = [
            name for name, value in self.shown.items() if value in (None, []) and name in named
        ]
        if len(asked) <= _SHORT:
            return f"to {asked}"
        return f"without {', '.join(blank)}" if blank else f"to: {self.policy.says.title}"

    def _field(self, name: str) -> str:
        prefix = SUBJECTS[self.policy.says.subject or ""].evidence_prefix
        return f"{prefix}.{name}"

    def _supplied(self, name: str) -> bool | None:
        """Return whether the source supplies a field; the table's own row speaks for all."""
        field = self._field(name)
        table = field.partition(".")[0]
        said = [self.known.supplied.get((self.source or "", key)) for key in (field, table)]
        return next((one for one in said if one is not None), None)

    def _reason(self, violated: str | None) -> str:
        template = self.policy.says.reason or ""
        if violated is None:
            return self._filled(template)
        named = {match[0] for match in TEMPLATE.findall(template)}
        if named & set(self.policy.says.requires):
            return f"{self.subject}: {violated} is blank, and {self.source} could say it"
        return f"{self._filled(template)} ({violated} is blank in {self.source})"

    def _silence(self, name: str) -> str:
        if self.source is None:
            return f"{self.subject}: {self._field(name)} is not known"
        if self._supplied(name) is None:
            return f"nothing is known about {self._field(name)} from {self.source}"
        return f"{self.source} does not supply {self._field(name)}"

    def _filled(self, template: str) -> str:
        return TEMPLATE.sub(lambda match: self._value(match[1], percent=bool(match[2])), template)

    def _value(self, name: str, *, percent: bool) -> str:
        value = self.shown[name] if name in self.shown else self.values[name]
        return f"{100 * float(value):.1f} %" if percent and value is not None else _told(value)


def findings_of_select(
    policy: Policy,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    known: Known,
    *,
    model: str | None,
    version: str | None,
) -> Iterator[Finding]:
    """Yield a finding for each row of a `sql:` policy; with a model, only for what is its.

    Raises:
        ConfigurationError: The SELECT does not return what a policy must.
    """
    needed = _REQUIRED if policy.says.at_stake else (*_REQUIRED, _STAKE)
    if missing := [name for name in needed if name not in columns]:
        raise ConfigurationError(
            f"`sql` does not return {', '.join(missing)}",
            where=policy.where("sql"),
            fix=f"Return {', '.join(needed)}; and source, model, version where there is one.",
        )
    stakes = known.stakes.get((policy.says.at_stake or "").rpartition(".")[2], {})
    maker = _maker(policy)
    for values in rows:
        row = dict(zip(columns, values, strict=True))
        if model is None or _concerns(row, model, version):
            yield _said(policy, maker, row, stakes)


def _concerns(row: Mapping[str, Any], model: str, version: str | None) -> bool:
    return row.get("model") == model and row.get("version") in (None, version)


def _said(
    policy: Policy,
    maker: FindingMaker,
    row: Mapping[str, Any],
    stakes: Mapping[str, Decimal | None],
) -> Finding:
    verdict, subject, model = row["verdict"] or "unknown", row["subject"], row.get("model")
    stake = row[_STAKE] if _STAKE in row else stakes.get(str(model))
    wrong = None
    if verdict not in _VERDICTS:
        wrong = f"the verdict {verdict!r}", f"One of {', '.join(_VERDICTS)}."
    elif subject is None:
        wrong = "a row without a subject", "Name every subject."
    elif isinstance(stake, float):
        wrong = f"{_STAKE} as a float", "Cast it to decimal(38, 20)."
    elif row["evidence"] is not None and not isinstance(row["evidence"], Mapping):
        wrong = "evidence that is no struct", "Write {'name': value, ...}."
    if wrong:
        raise ConfigurationError(
            f"`sql` returns {wrong[0]}", where=policy.where("sql"), fix=wrong[1]
        )
    return maker.make(
        row.get("source"),
        str(subject),
        model=model,
        verdict=Verdict(verdict),
        reason=row["reason"],
        at_stake_per_month=None if stake is None else Decimal(stake),
        evidence=json_value(row["evidence"]) or {},
    )


def _maker(policy: Policy) -> FindingMaker:
    says = policy.says
    return FindingMaker(
        policy=policy.id,
        title=says.title,
        family=policy.family,
        severity=says.severity,
        blocking=policy.blocking,
        remedy=says.remedy.text,
        why=says.why,
    )


def broken(policy: Policy, problem: ConfigurationError, model: str | None) -> Finding:
    """Return the finding of a policy that could not judge: `error`, about everything."""
    parts = [problem.where, problem.what, problem.fix]
    reason = "; ".join(part.rstrip(".") for part in parts if part)
    finding = _maker(policy).make(
        None,
        "*",
        model=model,
        verdict=Verdict.ERROR,
        reason=reason,
        at_stake_per_month=None,
        evidence={},
    )
    return replace(finding, remedy="Mend the policy; until then it judges nothing.")


def _told(value: Any) -> str:
    """Return a value as a sentence says it.

    >>> _told(["a:latest", None]), _told([]), _told(False)
    ('a:latest, unknown', 'none', 'no')
    """
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_told, value)) or "none"
    return amount_text(value) if isinstance(value, Decimal) else str(value)


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
