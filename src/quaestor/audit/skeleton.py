"""The two files of a new policy, which say what may stand where, and run as they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from quaestor.audit.case_warehouse import CaseWarehouse
from quaestor.audit.cases import NOW
from quaestor.audit.policies import Policy, is_id, read_policy
from quaestor.audit.subjects import SUBJECTS, Subject
from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean
from quaestor.core.whole_file import write_whole

_POLICY = """\
# The rule, kept: a sentence that is true of what passes. The file's name is the violation.
title: "FILL IN: every {kind} says its {column}"
severity: medium                    # critical, high, medium, low
subject: {table}
# Whom the rule is for; the others are `skip`. Blank counts as you say.
# when: coalesce(risk_tier, 1) <= 2
# What it rests on: blank is `fail` where the source could say it, and else `unknown`.
requires: [{column}]
# True passes, false fails, NULL is `unknown`. $now is the time of the audit.
require: {require}
# For the failing: {{column}}, {{parameter}}, {{ratio:%}}.
reason: "{{{key}}}: {column} is {{{column}}}"
# The money behind a model, a month.
# at_stake: ledger.model_month.effective_cost
# Values that quaestor.yaml may change (`params:`); $days in SQL.
# params:
#   days: {{type: integer, default: 90, min: 1, max: 365, description: "How long, in days."}}
why: >
  FILL IN: what happens to whom where the rule is broken.
remedy:
  text: "FILL IN: what to do about a violation."
  # commands: [{{registry: mlflow, run: "..."}}]
# The requirements that this evidence supports; `quaestor policy coverage` lists them.
# frameworks: [{{pack: nist-ai-rmf, ref: GOVERN 2.1}}]
gate: {{ci: warn}}                    # block stops a deploy; warn is said; report is reported
source: "FILL IN: where the rule comes from."
# aliases: [OUR-001]
"""
_HEAD = """\
# Rows by table, and the verdict of every subject in them. What is left out is filled in: `source`
# is "registry", and it supplies what the policy requires unless the case says otherwise. A case
# may set `params` and `now`. Show every verdict, and both sides of each boundary.
"""


@dataclass(frozen=True)
class Skeleton:
    """What was written: the policy, its cases."""

    policy: Path
    cases: Path


def write_skeleton(folder: Path, family: str, name: str, table: str) -> Skeleton:
    """Write a new policy and its cases.

    Args:
        folder: The place of policies, such as policies/.
        family: The folder in it.
        name: The policy's id.
        table: What it judges, such as "registry.model".

    Raises:
        ConfigurationError: It is there already, no such subject, or no fitting name.
    """
    path = folder / family / f"{name}.yaml"
    subject = SUBJECTS.get(table)
    if subject is None:
        otherwise = f"One of {', '.join(SUBJECTS)}."
        raise ConfigurationError(
            f"'{table}' is nothing that a policy can judge",
            where="--subject",
            fix=did_you_mean(table, SUBJECTS, otherwise=otherwise, form="{}"),
        )
    written = Skeleton(path, path.with_name(f"{name}.cases.yaml"))
    if not is_id(name):
        raise ConfigurationError(
            f"'{name}' is no kebab-case id",
            where=str(path),
            fix="Name the violation in small letters: model-without-owner.",
        )
    for one in (written.policy, written.cases):
        if one.exists():
            raise ConfigurationError(
                "the file is there already", where=str(one), fix="Choose another id, or edit it."
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    with CaseWarehouse() as warehouse:
        sample = _Sample.of(subject, warehouse)
        write_whole(path, sample.policy())
        write_whole(written.cases, sample.cases(read_policy(path), warehouse))
    return written


@dataclass(frozen=True)
class _Sample:
    """A column to begin with, and values of it that pass, fail, and say nothing."""

    subject: Subject
    key: tuple[str, ...]
    dates: tuple[str, ...]
    column: str
    require: str
    values: tuple[Any, Any]

    @classmethod
    def of(cls, subject: Subject, warehouse: CaseWarehouse) -> _Sample:
        columns = warehouse.columns[subject.table]
        needed = [n for n in columns if not warehouse.nullable(subject.table, n) and n != "source"]
        key = tuple(name for name in needed if columns[name] == "VARCHAR")
        dates = tuple(name for name in needed if columns[name] == "DATE")
        free = [name for name in columns if warehouse.nullable(subject.table, name)]
        text = next((name for name in free if columns[name] == "VARCHAR"), None)
        if text is not None:
            require = f"has_text({text}) and lower(trim({text})) <> 'none'"
            return cls(subject, key, dates, text, require, ("something", "none"))
        number = next(name for name in free if columns[name].startswith("DECIMAL"))
        return cls(subject, key, dates, number, f"{number} >= 0", (1, -1))

    def policy(self) -> str:
        table = self.subject.table
        return _POLICY.format(
            table=table,
            kind=table.partition(".")[2].replace("_", " "),
            key=(*self.key, *self.dates)[0],
            column=self.column,
            require=self.require,
        )

    def cases(self, policy: Policy, warehouse: CaseWarehouse) -> str:
        given = [
            ("what says it passes", "good", self.values[0], "pass"),
            ("what says 'none' fails", "bad", self.values[1], "fail"),
            ("a source that cannot say it is not blamed", "silent", None, "unknown"),
        ]
        cases = []
        for number, (name, subject, value, verdict) in enumerate(given, start=1):
            row: dict[str, Any] = dict.fromkeys(self.key, subject)
            row |= dict.fromkeys(self.dates, f"2026-{number:02}-01")
            row[self.column] = value
            rows: dict[str, list[dict[str, Any]]] = {self.subject.table: [row]}
            if value is None and self.subject.has_source:
                rows["registry.evidence"] = [{"field": self.column, "supplied": False}]
            [finding] = warehouse.judge(policy, rows, params={}, now=NOW)
            cases.append({"name": name, "given": rows, "expect": {finding.subject: verdict}})
        text = yaml.safe_dump(cases, sort_keys=False, allow_unicode=True, width=100)
        return _HEAD + text
