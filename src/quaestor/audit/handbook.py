"""Write `policies/README.md`: what ships, family by family, and how to write one more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from quaestor.audit.packs import Pack
from quaestor.audit.policies import Policy, framework_title
from quaestor.audit.subjects import SUBJECTS
from quaestor.warehouse.sandbox import MACROS

_TABLE = re.compile(r"\b(?:from|join)\s+((?:registry|usage|ledger)\.\w+)")
_HEAD = """# Policies

{count} policies ship with Quaestor, in {families} families. This file is written by
`quaestor policy docs`; `quaestor policy docs --check` says whether it is up to date.

A verdict is `pass`, `fail`, `unknown` (the evidence is missing, and the source is named), `skip`
(the rule is for others) or `error` (the policy itself is broken). Gate `block` stops a deploy,
`warn` is said, `report` is reported. A framework's reference means "this evidence supports it",
never "this satisfies it".
"""
_PACKS = """
## Framework packs

{table}
`quaestor policy coverage --pack NAME` prints where each requirement stands, and the compliance
report shows it. A policy names the requirements that its evidence supports in `frameworks:`
(`ref`, commas between several); a pack lists the requirements, so that those without a policy stay
visible with what a person has to show. Titles are in our words; the framework's text counts.

| State | Means |
|---|---|
| violated | a policy of it failed; a waiver does not change that |
| loosened | a parameter goes past what the framework allows, though the policy may pass |
| supported | every policy of it was answered, something was judged, and nothing fails |
| attested | no full evidence and no violation, and somebody vouches for it |
| unknown | a policy of it has no answer, or was not asked in the last audit |
| not-applicable | its policies were asked, and concern nothing here |
| not-automated | no policy is about it, and nobody vouches for it |

**Attestations** stand in `attestations.yaml` beside quaestor.yaml, or in the file or folder that
`attestations:` names:

```yaml
- pack: iso-42001
  requirement: A.2.2
  by: grace
  at: 2026-10-01
  document: https://wiki.acme.example/ai-policy
  valid_until: 2027-09-30              # the last day, UTC; after it, it does not count
  note: Signed by the board.           # optional
```

**A pack of your own** is `packs/<name>.yaml` in a folder of `policies:`. `policies` is for policies
that do not name the requirement themselves, `limits` for parameters that must not be loosened.

```yaml
title: House rules
edition: Second, of 2026
url: https://wiki.acme.example/rules
dates: [{{what: All of it, applies_from: 2026-01-01, source: The board, verified: 2026-11-21}}]
requirements:
  - id: "3.1"
    title: Budgets are kept
    policies: [budget-exceeded]
    limits: [{{policy: budget-exceeded, param: limit_ratio, at_most: 1}}]
    attest: The budgets and their approval.
```
"""
_HOW = """
## How to write one

A policy is two files, `<family>/<id>.yaml` and `<id>.cases.yaml`, in a folder that `policies:` in
quaestor.yaml names. No Python, no registration. The id names the violation in kebab-case; the
title is the rule, kept. `quaestor policy test FOLDER` runs its cases.

```yaml
title: Every model has an accountable owner
severity: high                     # critical, high, medium, low
subject: registry.model            # one verdict for every row
when: coalesce(risk_tier, 1) <= 2  # optional: other rows are `skip`
requires: [owner]                  # blank: `fail` where the source could say it, else `unknown`
require: has_text(owner)           # true passes, false fails, NULL is `unknown`
reason: "{{model}} has no owner"     # {{column}} or {{parameter}}; {{ratio:%}}; for the failing
at_stake: ledger.model_month.effective_cost
params: {{days: {{type: integer, default: 14, min: 1, max: 365}}}}  # $days in SQL
why: Nobody answers for a model without an owner.
remedy: {{text: Set the tag gov.owner., commands: [{{registry: mlflow, run: "..."}}]}}
frameworks: [{{pack: nist-ai-rmf, ref: GOVERN 2.1}}]
gate: {{ci: block}}                  # block, warn, report
source: SR 26-2, model inventory
aliases: [ML-OWN-001]
```

**Subjects.** {subjects}.

**`sql:` instead.** Where a verdict needs joins, history or peers, `sql:` takes the place of
`subject`, `when`, `require` and `reason`: one SELECT that returns `subject, verdict, reason,
evidence` (a struct), `at_stake_per_month` unless `at_stake` names a column of
ledger.model_month, and `source`, `model`, `version` where there is one. `requires` then names what
it rests on, such as `run.git_commit` or `grant`.

**SQL** is DuckDB's, and reads the schemas registry, usage and ledger alone. `$now` is the time of
the audit. Null-safe: {macros}. There is no clock, no chance, no file, no recursion, and no
function that makes much of little (`repeat`, `lpad`, `replace`, lists from `range`). A regular
expression is a constant or a parameter; of a text of more than 16,384 characters it says NULL.

**NULL.** Where `when` is NULL, nobody knows whether the rule is for the subject: what would fail is
`unknown`. Say `coalesce(...)` where you mean otherwise.

**The gate.** `quaestor gate churn:7` asks whether the version may run in production, so its
`lifecycle` is taken for `production`; rules with `when: lifecycle = 'production'` see it there.

**Cases.** `given` rows by table, `expect` a verdict for every subject, optionally `params` and
`now`. What is left out is filled in: `source` is `registry`, a column that must not be null gets
`-`, 0, false or the case's time, and every required field is supplied unless the case gives
`registry.evidence`. The runner takes each required field away from every case that passes: the
answer must become `unknown` or `fail`. Every verdict the policy can give must be shown.

**Adjusting.** A file of the same id in a later folder may set `severity`, `gate` and `params` (new
defaults), and nothing else. `params:` in quaestor.yaml sets parameters by policy id. In both,
`by_tier: {{1: {{days: 14}}}}` sets those of models of a risk tier (1, 2, 3; blank counts as 1).
"""


def handbook(policies: Sequence[Policy], packs: Sequence[Pack] = ()) -> str:
    """Return the text of `policies/README.md`: policies, and the packs beside them."""
    families = [(name, list(group)) for name, group in groupby(policies, lambda one: one.family)]
    parts = [_HEAD.format(count=len(policies), families=len(families))]
    for name, group in families:
        parts.append(f"\n## {name.capitalize()}\n\n{_table(group)}")
    if packs:
        parts.append(_PACKS.format(table=_pack_table(packs)))
    subjects = "; ".join(
        f"`{one.table}` (as `{' '.join(one.key.replace(chr(34), '').split())}`)"
        for one in SUBJECTS.values()
    )
    macros = ", ".join(f"`{name}{text.partition(')')[0]})`" for name, text in MACROS.items())
    parts.append(_HOW.format(subjects=subjects, macros=macros))
    return "".join(parts)


def _table(policies: Iterable[Policy]) -> str:
    lines = [
        "| Policy | Alias | Rule | Severity | Gate | Evidence | Supports |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in policies:
        says = one.says
        cells = (
            f"[{one.id}]({one.family}/{one.id}.yaml)",
            ", ".join(says.aliases),
            says.title,
            says.severity.value,
            says.gate.ci,
            evidence_of(one),
            "; ".join(f"{framework_title(r.pack)}: {r.ref}" for r in says.frameworks),
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _pack_table(packs: Iterable[Pack]) -> str:
    lines = ["| Pack | Framework | Requirements | With a policy |", "|---|---|--:|--:|"]
    for pack in packs:
        automated = sum(bool(policies) for policies in pack.evidence.values())
        cells = (
            f"[{pack.name}](packs/{pack.name}.yaml)",
            pack.says.edition,
            str(len(pack.evidence)),
            str(automated),
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def evidence_of(policy: Policy) -> str:
    """Return what a policy rests on, as its author names it."""
    prefix = SUBJECTS[policy.says.subject].evidence_prefix if policy.says.subject else ""
    names = [f"{prefix}.{name}" if prefix else name for name in policy.says.requires]
    if not names:  # its own rows, whatever they say
        names = [policy.says.subject] if policy.says.subject else tables_of(policy.says.sql or "")
    return ", ".join(f"`{name}`" for name in names)


def tables_of(sql: str) -> list[str]:
    """Return the tables that a SELECT reads, in order.

    >>> tables_of("select 1 from usage.endpoint as e join registry.model as m on true")
    ['registry.model', 'usage.endpoint']
    """
    return sorted(set(_TABLE.findall(sql)))
