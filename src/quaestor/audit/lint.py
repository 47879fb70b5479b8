"""Look at policies as a careful colleague would: do they bind, and do they say what they should?

Nothing here judges a subject; whether the cases hold is `quaestor policy test`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from quaestor.audit.case_warehouse import CaseWarehouse
from quaestor.audit.cases import Case, possible_verdicts, read_cases
from quaestor.audit.null_traps import compared_in_cases, compared_in_expression
from quaestor.audit.policies import TEMPLATE, Policy
from quaestor.core.period import utc

_ANY_TIME = utc("2026-11-21T00:00")
_ORDERS = re.compile(
    r"(check|checks|ensure|ensures|verify|verifies|make sure|detect|find|flag|test)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"there is no (?:column|table) '([^']+)'|Referenced column \"([^\"]+)\"")


@dataclass(frozen=True)
class Remark:
    """One thing to mend in a policy.

    Args:
        policy: Its id.
        check: What kind of thing: "bind", "null", "metadata", "cases", "params", "reason", "title",
            "gate".
        where: File and line.
        what: What is wrong.
        fix: What to do.
    """

    policy: str
    check: str
    where: str
    what: str
    fix: str


def lint(policies: Iterable[Policy]) -> tuple[Remark, ...]:
    """Return everything there is to say about policies, in their order.

    Raises:
        ConfigurationError: A file of cases is malformed.
    """
    with CaseWarehouse() as warehouse:
        return tuple(
            remark
            for policy in policies
            for check in _CHECKS
            for remark in check(_Looked(policy, warehouse))
        )


@dataclass(frozen=True)
class _Looked:
    """A policy, and an empty warehouse to hold it against."""

    policy: Policy
    warehouse: CaseWarehouse

    def remark(self, check: str, part: str, what: str, fix: str) -> Remark:
        return Remark(self.policy.id, check, self.policy.where(part), what, fix)


def _binds(one: _Looked) -> Iterator[Remark]:
    problem = one.warehouse.problem_of(one.policy, now=_ANY_TIME)
    if problem is not None:
        where = _precise(problem.where or str(one.policy.path), problem.what)
        yield Remark(one.policy.id, "bind", where, problem.what, problem.fix or "Correct the SQL.")


def _precise(where: str, what: str) -> str:
    """Return the line that holds the name that an error is about, from its key on."""
    path, _, line = where.rpartition(":")
    named = _NAMED.search(what)
    if not named or not line.isdigit():
        return where
    name = re.compile(rf"\b{re.escape((named[1] or named[2]).rpartition('.')[2])}\b", re.IGNORECASE)
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    found = (n for n, text in enumerate(lines, start=1) if n >= int(line) and name.search(text))
    number = next(found, None)
    return where if number is None else f"{path}:{number}"


def _nulls(one: _Looked) -> Iterator[Remark]:
    if one.warehouse.problem_of(one.policy, now=_ANY_TIME) is not None:
        return
    says = one.policy.says
    if says.sql is not None:
        yield from _nulls_in_cases(one, says.sql)
        return
    subject, required = says.subject or "", set(says.requires)
    columns = one.warehouse.columns[subject]
    meant = _meant_unknown(one)
    require = one.warehouse.tree(f"select (\n{says.require}\n)")
    when = one.warehouse.tree(f"select (\n{says.when}\n)") if says.when else None
    for name in compared_in_expression(require, when):
        nullable = name in columns and one.warehouse.nullable(subject, name)
        if nullable and name not in required and name not in meant:
            yield one.remark(
                "null",
                "require",
                f"`require` says nothing where {name} is NULL, and no case means it to",
                f"Add {name} to `requires`, write coalesce({name}, ...), or show a case without "
                f"{name} that is `unknown`.",
            )


def _nulls_in_cases(one: _Looked, sql: str) -> Iterator[Remark]:
    tables = one.warehouse.tables_of(one.policy)
    for name in compared_in_cases(one.warehouse.tree(sql)):
        homes = [table for table in tables if name in one.warehouse.columns[table]]
        if homes and all(one.warehouse.nullable(table, name) for table in homes):
            yield one.remark(
                "null",
                "sql",
                f"a `case` compares {name}, and where it is NULL falls through to the next branch",
                f"Ask first whether {name} is NULL, or write has_text({name}) or coalesce.",
            )


def _meant_unknown(one: _Looked) -> set[str]:
    """Return the columns that a case leaves out, and is `unknown`."""
    subject = one.policy.says.subject or ""
    found: set[str] = set()
    for case in _cases(one.policy):
        if "unknown" in case.expect.values():
            rows = case.given.get(subject, ())
            known = one.warehouse.columns[subject]
            found |= {name for name in known for row in rows if row.get(name) is None}
    return found


def _metadata(one: _Looked) -> Iterator[Remark]:
    says = one.policy.says
    written = {"title": says.title, "why": says.why, "source": says.source}
    for part, text in {**written, "remedy": says.remedy.text}.items():
        if "FILL IN" in text:
            yield one.remark("metadata", part, f"`{part}` is still to be written", "Write it.")
    if not says.frameworks:
        fix = "Name the requirement it supports, as {pack: ..., ref: ...}."
        yield one.remark("metadata", "frameworks", "no framework is named", fix)
    if not says.aliases:
        fix = "Give the label that your catalogue knows it by."
        yield one.remark("metadata", "aliases", "there is no alias", fix)
    for name, param in says.params.items():
        if not param.description.strip():
            where = one.policy.where("params", name)
            what, fix = (
                f"the parameter '{name}' is not described",
                "Say what it means, and its unit.",
            )
            yield Remark(one.policy.id, "metadata", where, what, fix)


def _shown(one: _Looked) -> Iterator[Remark]:
    path = str(one.policy.cases_path)
    if not one.policy.cases_path.is_file():
        fix = "Write one for every verdict it can give."
        yield Remark(one.policy.id, "cases", path, "there are no cases", fix)
        return
    shown = {verdict for case in _cases(one.policy) for verdict in case.expect.values()}
    for verdict in possible_verdicts(one.policy, one.warehouse):
        if verdict not in shown:
            what, fix = f"no case shows the verdict '{verdict}'", "Add one, at the boundary."
            yield Remark(one.policy.id, "cases", path, what, fix)


def _params(one: _Looked) -> Iterator[Remark]:
    says = one.policy.says
    used = {name for name, _ in TEMPLATE.findall(says.reason or "")}
    for text in (says.when, says.require, says.sql):
        used |= set(re.findall(r"\$(\w+)", text or ""))
    for name in says.params:
        if name not in used:
            where = one.policy.where("params", name)
            what = f"the parameter '{name}' is used nowhere"
            yield Remark(
                one.policy.id, "params", where, what, f"Write ${name} in SQL, or remove it."
            )


def _reason(one: _Looked) -> Iterator[Remark]:
    says = one.policy.says
    if says.reason is not None and not TEMPLATE.search(says.reason):
        what = "the reason names no column, so that it says the same of every subject"
        yield one.remark("reason", "reason", what, "Write {column}: the value that is wrong.")


def _gate(one: _Looked) -> Iterator[Remark]:
    if one.policy.blocking and one.warehouse.is_about_no_model(one.policy):
        what = "it is about no model, so that it stops no deploy: a gate asks about one version"
        fix = "Return a column `model` (and `version`), or write `gate: {ci: warn}`."
        yield one.remark("gate", "gate", what, fix)


def _title(one: _Looked) -> Iterator[Remark]:
    title = one.policy.says.title.strip()
    words = re.findall(r"\w+", title.lower())
    what = None
    if words == one.policy.id.split("-"):
        what = "the title repeats the id, which names the violation"
    elif _ORDERS.match(title):
        what = "the title says what the policy does"
    elif len(words) < 3 or title.endswith(("?", "!", ".")) or not title[0].isupper():
        what = "the title is no sentence"
    if what:
        fix = "Write the rule, kept: 'Every model has an accountable owner'."
        yield one.remark("title", "title", what, fix)


def _cases(policy: Policy) -> tuple[Case, ...]:
    return read_cases(policy)[0] if policy.cases_path.is_file() else ()


_CHECKS: tuple[Callable[[_Looked], Iterator[Remark]], ...] = (
    _binds,
    _title,
    _metadata,
    _params,
    _reason,
    _gate,
    _nulls,
    _shown,
)
