"""Turn the `attribution:` rules of quaestor.yaml into the view `ledger.ruled_charge`.

The view gives every charge its owner: tags first, then the first rule that matches, for what
the tags leave open, then the registry for the team of a model; and its costs in the reporting
currency (the rule is in sql/attribute/cost.sql). It is SQL a user can read:
`quaestor query "select rule, sum(EffectiveCost) from ledger.ruled_charge group by all"`.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence

from quaestor.core.config import AttributionRule
from quaestor.core.errors import ConfigurationError
from quaestor.warehouse.duckdb import Warehouse, literal, quoted
from quaestor.warehouse.errors import UnreadableError

_FIELDS = ("team", "model", "model_version", "environment", "lifecycle_stage")


def create_view(warehouse: Warehouse, rules: Sequence[AttributionRule]) -> None:
    """(Re)create `ledger.ruled_charge` for these rules.

    Raises:
        ConfigurationError: A rule matches on a column that no bill has, names no owner, or has a
            pattern that is no regular expression.
    """
    known = list(warehouse.columns("focus.charge"))
    for rule in rules:
        _check_expressions(warehouse, rule)
    warehouse.run(f"create or replace view ledger.ruled_charge as {_select(rules, known)}")


def _select(rules: Sequence[AttributionRule], known: Collection[str]) -> str:
    return f"""
        with owner as (
            select model, min(team) as team from registry.model
            where team is not null group by model having count(distinct team) = 1
        ),
        ruled as (
            select c.*, t.team as tag_team, t.model as tag_model,
                t.model_version as tag_model_version, t.environment as tag_environment,
                t.lifecycle_stage as tag_lifecycle_stage, {_cases(rules, known)} as ruling
            from focus.charge as c
            left join ledger.tag_set as t on t.tags = c.Tags
        ),
        named as (
            select *,
                coalesce(tag_model, ruling.model) as model,
                coalesce(tag_team, ruling.team) as stated_team,
                coalesce(tag_model_version, ruling.model_version) as model_version,
                coalesce(tag_environment, ruling.environment) as environment,
                coalesce(tag_lifecycle_stage, ruling.lifecycle_stage) as lifecycle_stage
            from ruled
        )
        select
            n.* exclude (ruling, stated_team, {", ".join("tag_" + field for field in _FIELDS)}),
            {_converted("n.BilledCost")} as billed_cost,
            {_converted("n.EffectiveCost")} as effective_cost,
            {_converted("n.ListCost")} as list_cost,
            {_converted("n.ContractedCost")} as contracted_cost,
            coalesce(n.ServiceProviderName, n.ProviderName) as provider,
            coalesce(n.stated_team, o.team) as team,
            case when coalesce(n.model, n.stated_team, o.team) is null then 'unattributed'
                else 'direct' end as cost_kind,
            coalesce(nullif(concat_ws(' + ',
                case when coalesce(n.tag_model, n.tag_team) is not null then 'tag' end,
                case when {_contributes()} then 'rule:' || n.ruling.name end,
                case when n.stated_team is null and o.team is not null then 'registry' end
            ), ''), 'unattributed') as rule
        from named as n
        left join owner as o on o.model = n.model
    """


def _converted(amount: str) -> str:
    """Return an amount times its rate; every digit counts until the last sum is rounded.

    Whole and broken parts are multiplied apart, since the product in one piece needs more than
    the 38 digits of the engine's widest decimal. Each of the four products has few enough, and
    only the last has more than 20 after the point.
    """
    rate = "n.x_billing_currency_rate"
    wholes = f"trunc({amount})::decimal(18, 0)", f"trunc({rate})::decimal(10, 0)"
    parts = (
        f"({amount} - trunc({amount}))::decimal(20, 20)",
        f"({rate} - trunc({rate}))::decimal(18, 18)",
    )
    products = (
        f"({a} * {b})::decimal(38, 20)"
        for a in (wholes[0], parts[0])
        for b in (wholes[1], parts[1])
    )
    return f"case when {rate} = 1 then {amount} else {' + '.join(products)} end"


def _contributes() -> str:
    return " or ".join(
        f"(n.tag_{field} is null and n.ruling.{field} is not null)" for field in _FIELDS
    )


def _cases(rules: Sequence[AttributionRule], known: Collection[str]) -> str:
    names = ("name", *_FIELDS)
    shape = f"struct({', '.join(f'{quoted(name)} varchar' for name in names)})"
    cases = "".join(
        f"when {_condition(rule, known)} then {{"
        + ", ".join(f"{literal(name)}: {_literal(getattr(rule, name))}" for name in names)
        + "} "
        for rule in rules
    )
    return f"(case {cases}end)::{shape}" if cases else f"null::{shape}"


def _condition(rule: AttributionRule, known: Collection[str]) -> str:
    if not any(getattr(rule, field) for field in _FIELDS):
        raise ConfigurationError(
            f"the attribution rule '{rule.name}' names nobody",
            where="quaestor.yaml (attribution)",
            fix=f"Give it at least one of {', '.join(_FIELDS)}.",
        )
    if not rule.match:
        raise ConfigurationError(
            f"the attribution rule '{rule.name}' matches nothing",
            where="quaestor.yaml (attribution)",
            fix="Give it `match:` with a FOCUS column or `tag.<key>`.",
        )
    return " and ".join(
        _comparison(_left(key, rule, known), str(pattern)) for key, pattern in rule.match.items()
    )


def _left(key: str, rule: AttributionRule, known: Collection[str]) -> str:
    if key.startswith("tag."):
        return f"t.pairs[{literal(key.removeprefix('tag.').lower())}]"
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1)
        raise ConfigurationError(
            f"the attribution rule '{rule.name}' matches on '{key}', which no bill has",
            where="quaestor.yaml (attribution)",
            fix=f"Did you mean '{near[0]}'?" if near else "Use a FOCUS column or `tag.<key>`.",
        )
    return f"c.{quoted(key)}::varchar"


def _expression(pattern: str) -> str | None:
    """Return the regular expression that a pattern between slashes is; None for any other."""
    is_one = len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/")
    return pattern[1:-1] if is_one else None


def _check_expressions(warehouse: Warehouse, rule: AttributionRule) -> None:
    """Let the engine, which will match by it, compile each regular expression of a rule."""
    for pattern in map(str, rule.match.values()):
        expression = _expression(pattern)
        if expression is None:
            continue
        try:
            warehouse.probe("select regexp_matches('', ?)", [expression])
        except UnreadableError as problem:
            raise ConfigurationError(
                f"the attribution rule '{rule.name}' has a pattern that is no regular expression: "
                f"{pattern} ({problem})",
                where="quaestor.yaml (attribution)",
                fix="Correct it: the syntax is RE2's, which has no look-ahead and no "
                "back-references. Text with `*` needs no slashes.",
            ) from None


def _comparison(left: str, pattern: str) -> str:
    expression = _expression(pattern)
    if expression is not None:
        return f"regexp_matches({left}, {literal(expression)})"
    if "*" in pattern:
        like = pattern.replace("!", "!!").replace("%", "!%").replace("_", "!_").replace("*", "%")
        return f"{left} like {literal(like)} escape '!'"
    return f"{left} = {literal(pattern)}"


def _literal(value: str | None) -> str:
    return literal(value) if value else "null"
