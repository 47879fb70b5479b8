"""From a policy to the one query that looks at all its subjects.

The policy's own expressions stand in it only after the sandbox judged each on its own
(`Sandbox.judge`), so that what is written here is all that surrounds them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from quaestor.audit.policies import STAKES, TEMPLATE, Policy
from quaestor.audit.subjects import SUBJECTS, Subject
from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean
from quaestor.warehouse.duckdb import quoted
from quaestor.warehouse.sandbox import SandboxError, Select

SUBQUERY = re.compile(r"\bselect\b", re.IGNORECASE)
_MOST_NAMES = 16  # of columns in a message
MODEL, VERSION = "quaestor_model", "quaestor_version"
Columns = Mapping[str, Mapping[str, str]]


class Origin(Struct, frozen=True):
    """The rows that policies look at.

    Args:
        head: Three expressions, after each other: source, subject and model.
        table: Where the rows are, such as "registry.model".
        rows: The condition that keeps those that are asked about.
    """

    head: str
    table: str
    rows: str


class Compiled(Struct, frozen=True, kw_only=True):
    """A policy as SQL.

    Args:
        sql: One SELECT. For a subject policy it returns source, subject, model, whether the
            rule applies, whether it is kept, whether each required field is blank, and then
            `columns`; for a `sql:` policy what the policy returns.
        tables: What it reads.
        parameters: The `$parameters` it takes.
        constants: The texts that its SQL holds.
        patterns: Those of `parameters` that are regular expressions.
        whole: Those of `tables` that it reads with every column.
        unqualified: The columns that it names without a table; a row as a value looks alike.
        columns: The subject's columns that are returned: for reason, money and evidence.
        evidence: How many of `columns`, from the first, are evidence.
        answers: The expressions after source, subject and model, as `sql` selects them; none
            of a `sql:` policy.
        origin: Whatever surrounds `answers` in `sql`.
        idle: Whether it is about no model, and only one model's subjects are asked for: it has
            no answer.
    """

    sql: str
    tables: frozenset[str]
    parameters: frozenset[str]
    constants: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    unqualified: frozenset[str] = frozenset()
    columns: tuple[str, ...] = ()
    evidence: int = 0
    answers: tuple[str, ...] = ()
    origin: Origin | None = None
    idle: bool = False


def rowwise_sql(
    origin: Origin, answers: Sequence[str], *, once: Sequence[str] = (), seen: str | None = None
) -> str:
    """Return the query of one policy, or of several that look at the same rows.

    Args:
        origin: These rows.
        answers: Expressions over their columns, and over the names that `once` gives.
        once: Expressions with a name each, worked out before the answers.
        seen: The SELECT to read them from, where it is not the table.
    """
    listed = ",\n    ".join([origin.head, *answers])
    bare = quoted(origin.table.partition(".")[2])
    table = f"(\n{seen}\n) as {bare}" if seen else origin.table
    rows = f"{table}\nwhere {origin.rows}"
    if once:
        rows = f"(\nselect *, {', '.join(once)}\nfrom {rows}\n) as {bare}"
    return f"select\n    {listed}\nfrom {rows}\norder by 1, 2"


def texts_of(policy: Policy) -> list[tuple[str, bool]]:
    """Return the policy's own SQL, each with whether it is a bare expression."""
    return [(getattr(policy.says, part), part != "sql") for part in _parts(policy)]


def compile_policy(
    policy: Policy,
    judged: Sequence[Select | SandboxError],
    columns: Columns,
    *,
    targeted: bool,
) -> Compiled:
    """Turn a policy into its query.

    Args:
        policy: The policy.
        judged: What the sandbox said about each of `texts_of(policy)`.
        columns: Every readable table's columns and types.
        targeted: Whether only the subjects of one model version are asked for; they come as
            the parameters `MODEL` and `VERSION`.

    Raises:
        ConfigurationError: The policy cannot run; names its file, line and what to do.
    """
    selects: dict[str, Select] = {}
    for part, verdict in zip(_parts(policy), judged, strict=True):
        if isinstance(verdict, SandboxError):
            raise ConfigurationError(
                f"`{part}` {verdict.what}", where=policy.where(part), fix=verdict.fix
            )
        _check_parameters(policy, part, verdict)
        selects[part] = verdict
    _check_stake(policy, columns)
    if "sql" in selects:
        return _whole(selects["sql"], targeted=targeted)
    return _rowwise(policy, selects, columns, targeted=targeted)


def _parts(policy: Policy) -> list[str]:
    return [part for part in ("when", "require", "sql") if getattr(policy.says, part) is not None]


def _check_parameters(policy: Policy, part: str, select: Select) -> None:
    known = {*policy.says.params, "now"}
    for name in sorted(select.parameters - known):
        otherwise = f"Declare `{name}` under `params:`."
        raise ConfigurationError(
            f"`{part}` uses ${name}, which is no parameter",
            where=policy.where(part),
            fix=did_you_mean(name, known, otherwise=otherwise, form="${}"),
        )


def _check_stake(policy: Policy, columns: Columns) -> None:
    table, _, column = (policy.says.at_stake or "").rpartition(".")
    if table and not columns.get(table, {}).get(column, "").startswith("DECIMAL"):
        raise ConfigurationError(
            f"`at_stake`: {table} has no money called '{column}'",
            where=policy.where("at_stake"),
            fix=f"Name a column of money, such as {STAKES}.effective_cost.",
        )


def _whole(select: Select, *, targeted: bool) -> Compiled:
    sql, parameters = select.sql, select.parameters
    idle = targeted and select.outputs is not None and "model" not in select.outputs
    if idle:
        sql = f"select * from (\n{sql}\n) as said limit 0"  # shows whether it is sound
    elif targeted and select.outputs is not None:
        sql = f"select * from (\n{sql}\n) as said where said.model = ${MODEL}"
        parameters |= {MODEL}
    return Compiled(
        sql=sql,
        tables=select.tables,
        parameters=parameters,
        constants=select.texts,
        patterns=select.patterns,
        whole=select.whole,
        unqualified=select.unqualified,
        idle=idle,
    )


def _rowwise(
    policy: Policy, selects: Mapping[str, Select], columns: Columns, *, targeted: bool
) -> Compiled:
    says, subject = policy.says, SUBJECTS[policy.says.subject or ""]
    known = columns.get(subject.table, {})
    _check_columns(policy, "requires", says.requires, known)
    evidence = _evidence_columns(policy, selects, known, subject)
    shown = dict.fromkeys([*evidence, *_template_columns(policy, known)])
    table, _, stake = (says.at_stake or "").rpartition(".")
    if table == subject.table:
        shown[stake] = None
    rows, bound = _rows(subject, targeted=targeted)
    source = "source" if subject.has_source else "null"
    head = f"{source}, ({subject.key})::varchar, {subject.model or 'null'}"
    origin = Origin(head, subject.table, rows)
    answers = (
        _condition(says.when, "true"),
        _condition(says.require, "null"),
        *(_is_blank(name, known[name]) for name in says.requires),
        *(quoted(name) for name in shown),
    )
    return Compiled(
        sql=rowwise_sql(origin, answers),
        tables=frozenset({subject.table}.union(*(s.tables for s in selects.values()))),
        parameters=bound.union(*(s.parameters for s in selects.values())),
        patterns=frozenset[str]().union(*(s.patterns for s in selects.values())),
        whole=frozenset[str]().union(*(s.whole for s in selects.values())),
        unqualified=frozenset[str]().union(*(s.unqualified for s in selects.values())),
        columns=tuple(shown),
        evidence=len(evidence),
        answers=answers,
        origin=origin,
    )


def _condition(text: str | None, otherwise: str) -> str:
    return f"(\n{text}\n)::boolean" if text is not None else f"{otherwise}::boolean"


def _is_blank(name: str, kind: str) -> str:
    return f"blank({quoted(name)})" if kind == "VARCHAR" else f"{quoted(name)} is null"


def _rows(subject: Subject, *, targeted: bool) -> tuple[str, frozenset[str]]:
    kept, bound = [subject.rows or "true"], set()
    if targeted and subject.model is None:
        kept.append("false")
    elif targeted:
        kept.append(f"{subject.model} = ${MODEL}")
        bound.add(MODEL)
        if version := subject.version:
            kept.append(f"({version} = ${VERSION} or {version} is null)")
            bound.add(VERSION)
    return " and ".join(f"({condition})" for condition in kept), frozenset(bound)


def _evidence_columns(
    policy: Policy, selects: Mapping[str, Select], known: Mapping[str, str], subject: Subject
) -> list[str]:
    used = dict.fromkeys(["source"] if subject.has_source else [])
    used |= dict.fromkeys(policy.says.requires)
    for part in ("require", "when"):
        if part in selects:
            used |= dict.fromkeys(name for name in selects[part].columns if name in known)
    return list(used)


def _template_columns(policy: Policy, known: Mapping[str, str]) -> list[str]:
    names = [match[0] for match in TEMPLATE.findall(policy.says.reason or "")]
    names = [name for name in names if name in known or name not in policy.says.params]
    _check_columns(policy, "reason", names, known)
    return names


def _check_columns(
    policy: Policy, part: str, names: Sequence[str], known: Mapping[str, str]
) -> None:
    for name in names:
        if name not in known:
            more = f" and {len(known) - _MOST_NAMES} more" if len(known) > _MOST_NAMES else ""
            otherwise = f"It has {', '.join(list(known)[:_MOST_NAMES])}{more}."
            raise ConfigurationError(
                f"`{part}`: there is no column '{name}' in {policy.says.subject}",
                where=policy.where(part),
                fix=did_you_mean(name, known, otherwise=otherwise, form="{}", most=3),
            )
