"""Turn the rules of quaestor.yaml into views, which say whose every charge is.

`ledger.line` gives each line of the bill (ledger.charge_day) its owner: tags first, then what a
cluster, a platform or a registry knows of its resource (ledger.lineage), then the first of the
`attribution:` rules that matches, then the registry for the team of a model. Each says only what
is still open, and `rule` names all that did. `ledger.ruled_charge` says the same of each single
charge, and `ledger.pod_owner` of pods, by their labels. `ledger.shared_match` names the first of
the `shared:` rules that matches a part. All are SQL a user can read:
`quaestor query "select rule, sum(effective_cost) from ledger.line group by all"`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from quaestor.core.config import Config
from quaestor.ledger import rules_match as match
from quaestor.ledger.rules_match import FIELDS, Place
from quaestor.warehouse.duckdb import Warehouse, literal, quoted
from quaestor.warehouse.errors import UnreadableError

# Which tables stand behind each view, so that they are filled in time.
VIEWS: Mapping[str, set[str]] = {
    "stated_charge": set(),
    "line": {"charge_day", "tag_set", "lineage"},
    "ruled_charge": {"charge_day", "tag_set", "lineage"},
    "pod_owner": {"pod_use", "label_set"},
    "shared_match": {"part", "tag_set"},
}
# Where a line of the bill by day has a column of the bill.
_OF_LINE = {
    "x_source": "source",
    "ServiceName": "service",
    "SubAccountId": "sub_account",
    "RegionId": "region",
    "ResourceId": "resource_id",
    "ChargeCategory": "charge_category",
    "Tags": "tags",
    "BillingCurrency": "billing_currency",
}
_AMOUNTS = ("billed_cost", "effective_cost", "list_cost", "contracted_cost")
_OF_BILL = dict(
    zip(_AMOUNTS, ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), strict=True)
)

# Whether a charge is for data transfer. Its meter says so: DataTransfer-Out-Bytes and
# USE1-EUW1-AWS-Out-Bytes (AWS), Network Inter Zone Data Transfer Out, ... Egress (Google), Standard
# Data Transfer Out (Azure); where a bill has no meters, AWS writes it into the description.
_METERED = " or ".join(
    f"contains(SkuMeter, '{word}')"
    for word in ("DataTransfer", "Data Transfer", "-Out-Bytes", "-In-Bytes", "Egress")
)
_TRANSFER = (
    f"coalesce(case when SkuMeter is not null then {_METERED} "
    "else contains(ChargeDescription, 'data transfer') end, false)"
)
_OWNER = """        with owner as (
            select coalesce(a.new, m.model) as model, min(coalesce(b.new, m.team)) as team
            from registry.model as m
            left join config.renaming as a on a.field = 'model' and a.old = m.model
            left join config.renaming as b on b.field = 'team' and b.old = m.team
            where m.team is not null
            group by coalesce(a.new, m.model)
            having count(distinct coalesce(b.new, m.team)) = 1
        ),
"""
_KNOWN_POD = f"""
        pod_seen as (
            select distinct day, cluster, namespace, pod, labels
            from ledger.pod_use where day in (select day from ledger.stale_day)
        ),
        system_namespace as (
            select distinct p.namespace
            from (select distinct namespace from pod_seen) as p
            join config.overhead_namespace as v on p.namespace like replace(
                replace(replace(replace(v.pattern, '!', '!!'), '%', '!%'), '_', '!_'), '*', '%'
            ) escape '!'
        ),
        daemon as (
            select distinct cluster, namespace, pod from usage.pod where owner_kind = 'DaemonSet'
        ),
        known as (
            select
                c.day, c.cluster, c.namespace, c.pod, c.labels,
                s.namespace is not null or d.pod is not null as is_overhead,
                {", ".join(f"t.{field} as tag_{field}" for field in FIELDS)}, t.pairs as tag_pairs,
                {", ".join(f"null::varchar as lineage_{field}" for field in FIELDS)},
                null::varchar as lineage_kind
            from pod_seen as c
            left join ledger.label_set as t on t.labels = c.labels
            left join system_namespace as s on s.namespace = c.namespace
            left join daemon as d
                on d.cluster = c.cluster and d.namespace = c.namespace and d.pod = c.pod
        )
"""


def fact_columns(warehouse: Warehouse, config: Config) -> list[str]:
    """Return the columns of a bill that rules match on and a line by day has not itself, sorted.

    Raises:
        ConfigurationError: A rule that cannot be applied.
    """
    known = list(warehouse.columns("focus.charge"))
    rules: list[match.Rule] = [*config.attribution, *config.shared]
    for rule in rules:
        match.check(rule, known, _compiler(warehouse), config)
    asked = {key for rule in rules for key in rule.match}
    return sorted((asked & set(known)) - set(_OF_LINE))


def create_views(warehouse: Warehouse, config: Config) -> None:
    """(Re)create the views of this module for a configuration, as `views` does."""
    for view, select in views(warehouse, config).items():
        warehouse.run(f"create or replace view ledger.{view} as {select}")


def views(warehouse: Warehouse, config: Config) -> dict[str, str]:
    """Return the SELECT of each view of this module for a configuration.

    Raises:
        ConfigurationError: A rule that cannot be applied: it matches on a column that no bill
            has, names nobody, or has a pattern that is no regular expression.
    """
    facts = fact_columns(warehouse, config)
    charge = list(warehouse.columns("focus.charge"))
    return {
        "stated_charge": _stated(facts),
        "line": line(config),
        "ruled_charge": ruled_charge(config, charge),
        "pod_owner": pod_owner(config),
        "shared_match": shared_match(config),
    }


def line(config: Config) -> str:
    """Return the SELECT of ledger.line: each line of the bill by day, with its owner."""
    place = Place(lambda key: _of_line(key, "lineage_cluster"))
    converted = ", ".join(
        f"money_at_rate(n.billing_{amount}, n.rate) as {amount}" for amount in _AMOUNTS
    )
    return f"""
        {_owned(config, place, _known("ledger.charge_day", "tags", "resource_id", "day"))}
        select
            n.day, n.source, n.provider, n.service, n.sub_account, n.region, n.resource_id,
            n.charge_category, n.tags, n.facts, {_owner("tag")},
            n.lineage_cluster as cluster, {_split_key("n.is_transfer")},
            n.billing_currency, n.billing_billed_cost, n.billing_effective_cost,
            {converted}, n.charges, n.is_transfer
        from named as n
        left join owner as o on o.model = n.model
    """


def ruled_charge(config: Config, columns: list[str]) -> str:
    """Return the SELECT of ledger.ruled_charge: each charge as billed, with its owner."""

    def left(key: str) -> str | None:
        if key in columns:
            return f"{quoted(key)}::varchar"
        return _of_line(key, "lineage_cluster") if key in ("cluster",) or "." in key else None

    day = "ChargePeriodStart::date"
    known = _known("focus.charge", "Tags", "ResourceId", day)
    converted = ", ".join(
        f'money_at_rate(n."{billed}", n.x_billing_currency_rate) as {amount}'
        for amount, billed in _OF_BILL.items()
    )
    return f"""
        {_owned(config, Place(left, day), known)}
        select
            {", ".join(f"n.{quoted(column)}" for column in columns)}, {converted},
            coalesce(n.ServiceProviderName, n.ProviderName) as provider, {_owner("tag")},
            n.lineage_cluster as cluster, {_split_key(_TRANSFER)}
        from named as n
        left join owner as o on o.model = n.model
    """


def pod_owner(config: Config) -> str:
    """Return the SELECT of ledger.pod_owner: whose each pod is, on the days that are built."""
    return f"""
        {_owned(config, Place(_of_pod), _KNOWN_POD)}
        select
            n.day, n.cluster, n.namespace, n.pod, n.labels, {_owner("label")}, n.is_overhead,
            coalesce(n.model, n.stated_team, o.team) is not null as is_named
        from named as n
        left join owner as o on o.model = n.model
    """


def shared_match(config: Config) -> str:
    """Return the SELECT of ledger.shared_match: each part and the `shared:` rule it falls under."""

    def left(key: str) -> str:
        return key if key in match.PART_KEYS else _of_line(key, "cluster") or "null::varchar"

    cases = "".join(
        " when "
        + " and ".join(
            match.comparison(left(key), str(pattern)) for key, pattern in rule.match.items()
        )
        + f" then {literal(rule.name)}"
        for rule in config.shared
    )
    return f"""
        select p.*, {f"case{cases} end" if cases else "null::varchar"} as shared_rule
        from ledger.part as p
        left join (select tags as tag_text, pairs as tag_pairs from ledger.tag_set) as t
            on t.tag_text = p.tags
    """


def _of_pod(key: str) -> str | None:
    """Return where a pod has what a rule matches on; None for what only charges have."""
    if key in match.POD_KEYS:
        return key
    prefix, _, name = key.partition(".")
    return match.label("tag_pairs", name) if prefix == "label" and name else None


def _stated(facts: list[str]) -> str:
    pairs = ", ".join(f"{literal(name)}, {quoted(name)}::varchar" for name in facts)
    stated = f"json_object({pairs})::varchar" if facts else "null::varchar"
    return f"select *, {stated} as facts, {_TRANSFER} as is_transfer from focus.charge"


def _of_line(key: str, cluster: str) -> str | None:
    """Return where a line by day has what a rule matches on; None for what only pods have."""
    prefix, _, name = key.partition(".")
    if prefix == "tag" and name:
        return match.tag("tag_pairs", name)
    if prefix == "label" or key in ("namespace", "pod"):
        return None
    if key == "cluster":
        return cluster
    return _OF_LINE.get(key) or f"facts ->> {literal(key)}"


def _known(origin: str, tags: str, resource: str, day: str) -> str:
    """Return the `with` that joins what tags and lineage say to lines or charges."""
    return f"""
        known as (
            select
                c.*,
                {", ".join(f"t.{field} as tag_{field}" for field in FIELDS)}, t.pairs as tag_pairs,
                l.team as lineage_team, l.model as lineage_model,
                case when l.version_since is null or c.{day} >= l.version_since
                    then l.model_version end as lineage_model_version,
                l.environment as lineage_environment,
                l.lifecycle_stage as lineage_lifecycle_stage, l.kind as lineage_kind,
                l.cluster as lineage_cluster, l.split_key as lineage_split_key
            from {origin} as c
            left join ledger.tag_set as t on t.tags = c.{tags}
            left join ledger.lineage as l on l.resource_id = case
                when t.endpoint is null then c.{resource}
                else lower(c.{resource}) || '/onlineendpoints/' || lower(t.endpoint) end
        )
    """


def _owned(config: Config, place: Place, known: str) -> str:
    """Return the `with` that gives what `known` has its owner, but for the registry's team.

    A version is said of a model: where another one's name came first, it says nothing.
    """
    names: match.Names = {(one.field, one.old): one.new for one in config.names}
    rules = config.attribution
    return f"""
        {_OWNER}
        {known},
        ruled as (
            select *, {match.ruling(rules, place)} as ruling from known
        ),
        stated as (
            select
                *, {match.rule_name(rules, place)} as rule_name,
                {_comma(lambda f: f"{match.named(rules, f, place, names)} as rule_{f}")}
            from ruled
        ),
        fitting as (
            select
                *, coalesce(tag_model, lineage_model, rule_model) as model,
                coalesce(tag_team, lineage_team, rule_team) as stated_team,
                case when tag_model is null or tag_model = lineage_model
                    then lineage_model_version end as lineage_version,
                case when rule_model is null
                    or rule_model = coalesce(tag_model, lineage_model, rule_model)
                    then rule_model_version end as rule_version
            from stated
        ),
        named as (
            select
                *, coalesce(tag_model_version, lineage_version, rule_version) as model_version,
                coalesce(tag_environment, lineage_environment, rule_environment) as environment,
                coalesce(tag_lifecycle_stage, lineage_lifecycle_stage, rule_lifecycle_stage)
                    as lifecycle_stage
            from fitting
        )
    """


def _comma(text: Callable[[str], str]) -> str:
    return ", ".join(text(field) for field in FIELDS)


def _owner(word: str) -> str:
    """Return the columns that say whose something is, and by which rule."""
    lineage = " or ".join(
        f"(n.tag_{field} is null and n.{_column('lineage', field)} is not null)" for field in FIELDS
    )
    ruled = " or ".join(
        f"(n.tag_{field} is null and n.{_column('lineage', field)} is null "
        f"and n.{_column('rule', field)} is not null)"
        for field in FIELDS
    )
    return f"""
            coalesce(n.stated_team, o.team) as team, n.model, n.model_version, n.environment,
            n.lifecycle_stage,
            case when coalesce(n.model, n.stated_team, o.team) is null then 'unattributed'
                else 'direct' end as cost_kind,
            coalesce(nullif(concat_ws(' + ',
                case when coalesce(n.tag_model, n.tag_team) is not null then '{word}' end,
                case when {lineage} then 'lineage:' || n.lineage_kind end,
                case when {ruled} then 'rule:' || n.rule_name end,
                case when n.stated_team is null and o.team is not null then 'registry' end
            ), ''), 'unattributed') as rule
    """


def _split_key(is_transfer: str) -> str:
    """Return the column that says by which of ledger.resource_share a line is divided."""
    return f"""case when n.lineage_kind = 'node' and {is_transfer}
                then 'network/' || n.lineage_split_key else n.lineage_split_key end as split_key"""


def _column(of: str, field: str) -> str:
    return f"{of}_version" if field == "model_version" else f"{of}_{field}"


def _compiler(warehouse: Warehouse) -> Callable[[str], str | None]:
    """Let the engine, which will match by it, compile a regular expression."""

    def compile_(expression: str) -> str | None:
        try:
            warehouse.probe("select regexp_matches('', ?)", [match.unnamed(expression)])
        except UnreadableError as problem:
            return str(problem)
        return None

    return compile_
