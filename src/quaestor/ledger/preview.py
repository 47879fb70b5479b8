"""See what other `attribution:` and `shared:` rules would move, before they are saved.

The ledger is built with them up to `ledger.cost` in a transaction that is taken back: what is
compared is what a build would make, to the last digit, and the warehouse stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec

from quaestor import ledger
from quaestor.core.config import AttributionRule, Config, SharedRule
from quaestor.core.documents import convert, read_document, with_environment
from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean
from quaestor.core.sources.common import Strict
from quaestor.warehouse.duckdb import Warehouse

# What money is compared by, and which column of ledger.cost says it.
GROUPS = {"rule": "rule", "kind": "cost_kind", "team": "team", "model": "model"}


class RulesFile(Strict, frozen=True, kw_only=True):
    """A file of rules to be tried; a section that it leaves out stays as it is."""

    attribution: tuple[AttributionRule, ...] | None = None
    shared: tuple[SharedRule, ...] | None = None


@dataclass(frozen=True)
class Moved:
    """What one rule, kind, team or model has now, and what it would have.

    Args:
        name: Its name; None is nobody's.
        before: Effective cost in the reporting currency; None where a line has no rate.
        after: The same under the other rules.
    """

    name: str | None
    before: Decimal | None
    after: Decimal | None

    @property
    def change(self) -> Decimal | None:
        """Return by how much it would rise; None where one of the two is not known."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class Preview:
    """What would move, where anything would.

    Args:
        currency: The reporting currency.
        moved: By each of GROUPS, those whose cost would be another, the largest change first.
        unused: Rules of the file that no charge falls under.
        lines: How many lines of the ledger there are now, and how many there would be.
    """

    currency: str
    moved: Mapping[str, Sequence[Moved]]
    unused: Sequence[str]
    lines: tuple[int, int]


def read_rules(path: Path, config: Config, environment: Mapping[str, str]) -> Config:
    """Return a configuration with the rules of a file in place of its own.

    Raises:
        ConfigurationError: No such file, no rules in it, or one that is none.
    """
    document = read_document(path, absent="Check the path that --rules gives.")
    value = with_environment(document.value or {}, environment, str(path))
    known = [field.name for field in msgspec.structs.fields(RulesFile)]
    if not isinstance(value, dict) or not set(value) & set(known):
        raise ConfigurationError(
            "has neither `attribution:` nor `shared:`",
            where=str(path),
            fix="Write the section as it would stand in quaestor.yaml.",
        )
    for key in value:
        if key not in known:
            raise ConfigurationError(
                f"unknown key '{key}'",
                where=f"{path}:{document.line_of((str(key),))}",
                fix=did_you_mean(
                    str(key), known, otherwise="Only `attribution:` and `shared:` are tried here."
                ),
            )
    read = convert(document, RulesFile, value)
    for kind, rules in (("attribution", read.attribution), ("shared", read.shared)):
        names = [rule.name for rule in rules or ()]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigurationError(
                f"two rules are named '{twice}'",
                where=f"{path}:{document.line_of((kind,))}",
                fix="Give each rule a name of its own; rows are kept apart by it.",
            )
    changes = {
        name: rules
        for name, rules in (("attribution", read.attribution), ("shared", read.shared))
        if rules is not None
    }
    return msgspec.structs.replace(config, **changes)


def preview(
    warehouse: Warehouse,
    config: Config,
    tried: Config,
    progress: Callable[[str], None],
    *,
    configure: Callable[[Warehouse, Config], None],
    month: str | None = None,
) -> Preview:
    """Compare the ledger as it is with what other rules would make of it; change nothing.

    Args:
        warehouse: A built warehouse, not read-only.
        config: What it was built with.
        tried: The same with other rules (`read_rules`).
        progress: Takes what is being done now.
        configure: Writes a configuration into the tables that the ledger reads.
        month: Of this month only, as YYYY-MM.

    Raises:
        ConfigurationError: A rule that cannot be applied, or the warehouse was built with another
            configuration, so that more than the rules would make a difference.
        CheckFailedError: A figure would be larger than money can be.
    """
    _check_built(warehouse, config)
    before, lines_before, _ = _costs(warehouse, month)
    warehouse.run("begin transaction")
    try:
        configure(warehouse, tried)
        ledger.build(warehouse, tried, progress, upto="cost")
        after, lines_after, used = _costs(warehouse, month)
    finally:
        warehouse.run("rollback")
    return Preview(
        currency=tried.currency,
        moved={group: _moved(before[group], after[group]) for group in GROUPS},
        unused=[rule for rule in _rules(tried) if rule not in used],
        lines=(lines_before, lines_after),
    )


def _rules(config: Config) -> list[str]:
    """Return a configuration's rules as ledger.cost calls them."""
    own = [f"rule:{rule.name}" for rule in config.attribution]
    return own + [f"shared:{rule.name}" for rule in config.shared]


def _check_built(warehouse: Warehouse, config: Config) -> None:
    if not ledger.is_built_with(warehouse, config):
        raise ConfigurationError(
            "the configuration has changed since the last build, so that not only the rules would "
            "make a difference",
            where=warehouse.path,
            fix="Run `quaestor build` first; it needs no network.",
        )


Costs = dict[str, dict[str | None, Decimal | None]]


def _costs(warehouse: Warehouse, month: str | None) -> tuple[Costs, int, set[str]]:
    """Return what each group's members cost, the number of lines, and the rules that have any."""
    chosen = "where $month is null or strftime(day, '%Y-%m') = $month"
    costs: Costs = {
        group: dict(
            warehouse.rows(
                f"select {column}, case when count(*) = count(effective_cost) "
                f"then sum(effective_cost) end from ledger.cost {chosen} group by 1",
                {"month": month},
            )
        )
        for group, column in GROUPS.items()
    }
    (lines,) = warehouse.row(f"select count(*) from ledger.cost {chosen}", {"month": month})
    used = {part for rule in costs["rule"] if rule for part in rule.split(" + ")}
    return costs, lines, used


def _moved(
    before: Mapping[str | None, Decimal | None], after: Mapping[str | None, Decimal | None]
) -> list[Moved]:
    nothing = Decimal(0)
    found = [
        Moved(name, before.get(name, nothing), after.get(name, nothing))
        for name in {**before, **after}
        if before.get(name, nothing) != after.get(name, nothing)
    ]
    return sorted(found, key=lambda one: (-abs(one.change or nothing), one.name or ""))
