"""Evaluate policies: every subject gets a verdict from every policy, and nothing is left out.

A policy that cannot run gives one finding with the verdict `error`; it is neither an
exception that hides the others' answers, nor a pass.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from quaestor.audit.answer import Known, broken, findings_of_rows, findings_of_select
from quaestor.audit.behind import known_of
from quaestor.audit.beside import helped, work_off
from quaestor.audit.catalogue import judged_all, judged_of
from quaestor.audit.compile import (
    MODEL,
    VERSION,
    Compiled,
    compile_policy,
    texts_of,
)
from quaestor.audit.params import Values
from quaestor.audit.policies import Policy, values_of
from quaestor.audit.silent import silent
from quaestor.audit.subjects import SUBJECTS
from quaestor.audit.together import Together, batches, rows_together
from quaestor.audit.widths import needed_columns
from quaestor.core.errors import ConfigurationError
from quaestor.core.finding import Finding
from quaestor.warehouse.duckdb import Warehouse, literal
from quaestor.warehouse.one_select import NoMemoryError, check_regular
from quaestor.warehouse.overlay import Overlay
from quaestor.warehouse.sandbox import Limits, Sandbox, SandboxError

_TIERED = ("registry.model", "registry.model_version", "registry.deployment")


class Target(Struct, frozen=True):
    """The model version that is asked about.

    Args:
        model: Its model.
        version: Its version.
        assumed_lifecycle: What its lifecycle is taken for. "May it run in production?" is asked
            before it does, so the rules for production must see it there; None judges it where
            it stands.
    """

    model: str
    version: str
    assumed_lifecycle: str | None = "production"
    assumed_tier: int | None = None

    @property
    def subject(self) -> str:
        """Return the subject key of the version."""
        return f"{self.model}:{self.version}"


def evaluate(
    warehouse: Warehouse,
    policies: Sequence[Policy],
    *,
    params: Mapping[str, Mapping[str, Any]],
    now: datetime,
    target: Target | None = None,
    limits: Limits | None = None,
) -> tuple[Finding, ...]:
    """Judge every subject by every policy.

    Args:
        warehouse: A built warehouse, opened read-only for this; its engine stays locked after
            (`Sandbox`), so close it and open another to write.
        policies: As `load_policies` returns them.
        params: The user's parameters, by policy id (`Config.params`).
        now: The clock of the audit, UTC; `$now` in a policy's SQL.
        target: Judge only what belongs to this model version: the model, the version, its
            deployments, and what carries the model's name (a budget); None: everything.
        limits: What each policy may use.

    Returns:
        The findings, by policy in the given order, then by source and subject.

    Raises:
        ConfigurationError: `params` names no policy or parameter, or a value out of bounds.
    """
    if limits is None and target is None:
        limits = Limits(threads=4)
    with Evaluator(warehouse, limits=limits) as evaluator:
        return evaluator.evaluate(policies, params=params, now=now, target=target)


class _Said(Struct, frozen=True):
    """What one policy is asked with, and where: in a sandbox, or in what was asked already."""

    values: Values
    shared: Mapping[str, Any]
    tiers: Mapping[str | None, int]
    asked: Together | Sandbox


class Evaluator:
    """A warehouse made ready for policies; several evaluations share it.

    Args:
        warehouse: As for `evaluate`.
        limits: What each policy may use.
        overlays: What counts before the warehouse's own rows: a deploy that is asked about.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        *,
        limits: Limits | None = None,
        overlays: Iterable[Overlay] = (),
    ) -> None:
        self._sandbox = Sandbox(warehouse, limits=limits, overlays=overlays)
        self._assumed: set[str] = set()  # the tables that are not seen as they are recorded
        self._compiled: dict[tuple[str, str, bool], Compiled | ConfigurationError] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sandbox.close()

    def columns(self) -> Mapping[str, Mapping[str, str]]:
        """Return the columns of every readable table and view, and their types."""
        return self._sandbox.columns()

    def evaluate(
        self,
        policies: Sequence[Policy],
        *,
        params: Mapping[str, Mapping[str, Any]],
        now: datetime,
        target: Target | None = None,
    ) -> tuple[Finding, ...]:
        """Judge every subject by every policy (see the function `evaluate`)."""
        values = values_of(policies, params)
        self._assume(target)
        model, version = (target.model, target.version) if target else (None, None)
        shared = {"now": now, MODEL: model, VERSION: version}
        compiled = self._compiled_all(policies, targeted=target is not None)
        sound = {name: one for name, one in compiled.items() if isinstance(one, Compiled)}
        tiers = self._tiers(target) if any(one.by_tier for one in values.values()) else {}
        alike = {name: {**one.usual, **shared} for name, one in values.items() if not one.by_tier}
        quiet = self._quiet([one for one in policies if one.id not in params], sound, model)
        sound = {name: one for name, one in sound.items() if name not in quiet}
        known = known_of(self._sandbox, policies, model)

        def judge(policy: Policy, asked: Together | Sandbox) -> list[Finding]:
            one, said = compiled[policy.id], _Said(values[policy.id], shared, tiers, asked)
            try:
                if isinstance(one, ConfigurationError):
                    raise one
                return self._by_tier(policy, one, known, said)
            except NoMemoryError:
                raise
            except ConfigurationError as problem:
                return [broken(policy, problem, model)]

        asked = [policy for policy in policies if policy.id not in quiet]
        judged = self._judged(asked, sound, alike, judge, model)
        return tuple(finding for policy in asked for finding in judged[policy.id])

    def _judged(
        self,
        policies: Sequence[Policy],
        sound: Mapping[str, Compiled],
        alike: Mapping[str, Mapping[str, Any]],
        judge: Callable[[Policy, Together | Sandbox], list[Finding]],
        model: str | None,
    ) -> dict[str, list[Finding]]:
        """Return the findings of policies, by id."""
        with _no_search_for_cycles():
            together, judged = self._ask(policies, sound, alike, judge, beside=model is not None)
            left = [policy for policy in policies if policy.id not in judged]
            if not together.keys() >= {policy.id for policy in left}:
                self._sandbox.narrow(needed_columns(sound.values(), self._sandbox.columns()))
            for policy in left:
                try:
                    judged[policy.id] = judge(policy, together.get(policy.id, self._sandbox))
                except NoMemoryError as problem:
                    judged[policy.id] = [broken(policy, problem, model)]
        return judged

    def _quiet(
        self, policies: Sequence[Policy], sound: Mapping[str, Compiled], model: str | None
    ) -> frozenset[str]:
        """Return the policies that need not be asked about a model; none if it takes too long."""
        if model is not None:
            with suppress(SandboxError):
                return silent(self._sandbox, policies, sound, model)
        return frozenset()

    def _ask(
        self,
        policies: Sequence[Policy],
        sound: Mapping[str, Compiled],
        alike: Mapping[str, Mapping[str, Any]],
        judge: Callable[[Policy, Sandbox], list[Finding]],
        *,
        beside: bool,
    ) -> tuple[dict[str, Together], dict[str, list[Finding]]]:
        """Ask what can be asked together, and beside that, in a second thread, what cannot.

        Returns:
            The rows of the policies asked together, and the findings of others, both by id. What
            is in neither is to be asked alone, with all of the engine's memory.
        """
        planned = batches(sound, alike)
        columns = self._sandbox.columns()
        rows: dict[str, Together] = {}
        found: dict[str, list[Finding]] = {}
        joined = {name for batch in planned for name in batch.policies}
        apart = {policy.id for policy in policies} - joined
        alone = [sound[name] for name in sound.keys() & apart]
        self._sandbox.narrow(
            needed_columns(alone, columns, together=[sound[name] for name in joined])
        )
        rest = deque([policy for policy in policies if policy.id in apart] if beside else [])

        def take(policy: Policy, sandbox: Sandbox) -> None:
            with suppress(NoMemoryError):  # it is asked once more, with all of it
                found[policy.id] = judge(policy, sandbox)

        with helped(self._sandbox, rest, take):
            for batch in planned:
                rows |= rows_together(self._sandbox, batch, sound, alike, columns)
            work_off(rest.popleft, self._sandbox, take)
        return rows, found

    def _by_tier(
        self, policy: Policy, compiled: Compiled, known: Known, said: _Said
    ) -> list[Finding]:
        """Return a policy's findings, each judged by the values of its model's risk tier."""
        if not said.values.by_tier:
            bound = {**said.values.usual, **said.shared}
            return self._judge(policy, compiled, known, bound, said.asked)
        found = [
            finding
            for values, tiers in said.values.shares()
            for finding in self._judge(
                policy, compiled, known, {**values, **said.shared}, said.asked
            )
            if said.tiers.get(finding.model, 1) in tiers
        ]
        return sorted(found, key=lambda f: (f.source is None, f.source, f.subject))

    def constants(self, policy: Policy) -> frozenset[str]:
        """Return the texts that stand in a policy's SQL; none of one that cannot run."""
        compiled = self._compiled_all([policy], targeted=False)[policy.id]
        return compiled.constants if isinstance(compiled, Compiled) else frozenset()

    def tables(self, policy: Policy) -> frozenset[str]:
        """Return what a policy reads; nothing of one that cannot run."""
        compiled = self._compiled_all([policy], targeted=False)[policy.id]
        return compiled.tables if isinstance(compiled, Compiled) else frozenset()

    def is_about_no_model(self, policy: Policy) -> bool:
        """Return whether a gate, which asks about one model's version, never hears of a policy."""
        if policy.says.sql is None:
            return SUBJECTS[policy.says.subject or ""].model is None
        compiled = self._compiled_all([policy], targeted=True)[policy.id]
        return isinstance(compiled, Compiled) and compiled.idle

    def problem_of(self, policy: Policy, *, now: datetime) -> ConfigurationError | None:
        """Return why a policy cannot run here, or None."""
        compiled = self._compiled_all([policy], targeted=False)[policy.id]
        if isinstance(compiled, ConfigurationError):
            return compiled
        usual = values_of([policy], {})[policy.id].usual
        self._sandbox.narrow({})
        try:
            nobody = Known({}, {})
            bound = {**usual, "now": now, MODEL: None, VERSION: None}
            self._judge(policy, compiled, nobody, bound, self._sandbox)
        except ConfigurationError as problem:
            return problem
        return None

    def _compiled_all(
        self, policies: Sequence[Policy], *, targeted: bool
    ) -> dict[str, Compiled | ConfigurationError]:
        """Return every policy's query, or why it has none; what was compiled before is kept."""
        keys = {policy.id: (str(policy.path), policy.id, targeted) for policy in policies}
        new = [policy for policy in policies if keys[policy.id] not in self._compiled]
        if new:
            self._compile(new, targeted=targeted)
        return {name: self._compiled[key] for name, key in keys.items()}

    def _compile(self, policies: Sequence[Policy], *, targeted: bool) -> None:
        """Read all policies at once, which is quicker than one by one."""
        texts = {policy.id: texts_of(policy) for policy in policies}
        judged = judged_all(self._sandbox, [text for group in texts.values() for text in group])
        for policy in policies:
            verdicts = [judged[text] for text in texts[policy.id]]
            key = (str(policy.path), policy.id, targeted)
            try:
                self._compiled[key] = compile_policy(
                    policy, verdicts, self._sandbox.columns(), targeted=targeted
                )
            except ConfigurationError as problem:
                self._compiled[key] = problem

    def _assume(self, target: Target | None) -> None:
        """Let the policies see what is assumed of the target, and nothing of the one before."""
        seen: dict[str, dict[str, str]] = {table: {} for table in self._assumed}
        if target is not None and target.assumed_lifecycle is not None:
            seen.setdefault("registry.model_version", {})["lifecycle"] = (
                f"case when model = {literal(target.model)} and version = "
                f"{literal(target.version)} then {literal(target.assumed_lifecycle)} "
                "else lifecycle end"
            )
        if target is not None and target.assumed_tier is not None:
            for table in _TIERED:
                seen.setdefault(table, {})["risk_tier"] = (
                    f"case when model = {literal(target.model)} "
                    f"then {target.assumed_tier:d} else risk_tier end"
                )
        for table, columns in seen.items():
            self._sandbox.override(table, columns)
        self._assumed |= set(seen)

    def _tiers(self, target: Target | None) -> dict[str | None, int]:
        """Return the risk tier of each model, the strictest that a registry states; blank is 1."""
        self._sandbox.narrow({})
        answer = self._sandbox.run(
            "select model, min(coalesce(risk_tier, 1)) from registry.model group by model",
            {},
            tables=["registry.model"],
        )
        tiers = dict(answer.rows)
        if target is not None and target.assumed_tier is not None:  # also of an unregistered model
            tiers[target.model] = target.assumed_tier
        return tiers

    def _judge(
        self,
        policy: Policy,
        compiled: Compiled,
        known: Known,
        bound: Mapping[str, Any],
        asked: Together | Sandbox,
    ) -> list[Finding]:
        """Return a policy's findings, by what was asked together or of a query of its own."""
        if isinstance(asked, Together):
            return list(findings_of_rows(policy, compiled, asked.own(), known, bound))
        if compiled.idle and judged_of(policy.says.sql or "", bare=False):
            return []  # what ships is sound
        try:
            for name in sorted(compiled.patterns):
                check_regular(str(bound[name]))
            answer = asked.run(
                compiled.sql,
                {name: bound[name] for name in compiled.parameters},
                tables=sorted(compiled.tables),
            )
        except SandboxError as problem:
            part = "require" if policy.says.sql is None else "sql"
            where = policy.where(part)
            raise type(problem)(problem.what, where=where, fix=problem.fix) from None
        if policy.says.sql is None:
            return list(findings_of_rows(policy, compiled, answer.rows, known, bound))
        about = {"model": bound[MODEL], "version": bound[VERSION]}
        return list(findings_of_select(policy, answer.columns, answer.rows, known, **about))


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Let Python not look through a million findings for cycles, again and again: none has any."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # with the next line: what is new counts as old, without a search
        gc.unfreeze()
        if was_on:
            gc.enable()
