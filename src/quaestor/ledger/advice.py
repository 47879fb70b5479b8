"""Look at every object that could cost less, kind by kind, and say what came of it.

A kind is a file in `sql/recommend/`: one SELECT whose rows are those of `ledger.assessment`, less
`kind`. Whatever it advises against somebody's wish, in quaestor.yaml or by a tag `gov.advice`, is
left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from quaestor.core.config import Config
from quaestor.core.errors import ConfigurationError
from quaestor.core.nearest import did_you_mean
from quaestor.core.progress import counted
from quaestor.ledger.model_file import ModelFile, read
from quaestor.ledger.presence import Presence
from quaestor.warehouse.duckdb import Warehouse

SQL = Path(__file__).parent / "sql" / "recommend"


def _wish(tags: str) -> str:
    """Return SQL for what a tag forbids; tags that are no JSON forbid nothing."""
    return f"case when json_valid({tags}) then {tags} ->> '$.\"gov.advice\"' end"


# What stays of an assessment whose advice is not given.
_WITHOUT_ADVICE = (
    "action = null, proposed = null, saving_per_month = null, saving_basis = null, "
    "confidence = null, risk = null, command = null"
)
_EXCLUDED = f"""
update ledger.assessment as a
set answer = 'left-alone', reason = 'no advice is wanted (' || e.exclusion || '): ' || e.reason,
    {_WITHOUT_ADVICE}
from (from config.advice_exclusion order by position) as e
where a.answer in ('advise', 'withheld')
    and (e.kinds is null or list_contains(e.kinds, a.kind))
    and (e.subject is null or a.subject glob e.subject or a.resource_id glob e.subject)
    and (e.team is null or a.team glob e.team)
    and (e.model is null or a.model glob e.model)
    and (e.environment is null or a.environment glob e.environment)
"""
# What is too little by itself may be worth it together: of each kind and team one advice for all
# of it, where nothing else is advised on them, and no part of it is inside something larger.
_TOGETHER = """
insert into ledger.assessment by name
with part as (
    from ledger.assessment as a
    where answer = 'advise' and saving_per_month >= 0 and saving_per_month < $least::decimal(38, 20)
        and action = 'delete' and inside is null
        and not exists (
            from ledger.assessment as o
            where o.answer = 'advise' and o.saves_on = a.saves_on
                and (o.kind, o.subject) <> (a.kind, a.subject)
                and (o.saving_per_month is null or o.saving_per_month >= $least::decimal(38, 20))
        )
    qualify row_number() over (
        partition by coalesce(saves_on, kind || '/' || subject)
        order by saving_per_month desc, kind, subject
    ) = 1
)
select
    kind, 'small/' || kind || '/' || coalesce(nullif(team, ''), '') as subject,
    case when count(distinct source) = 1 then min(source) end as source,
    count(*) || ' small ones' || coalesce(' of ' || nullif(team, ''), '') as name,
    'advise' as answer,
    count(*) || ' of less than ' || $least || ' a month each: '
        || array_to_string(list(name order by saving_per_month desc, name)[1:3], ', ')
        || case when count(*) > 3 then ' and ' || (count(*) - 3) || ' more' else '' end as reason,
    'delete' as action, count(*) || ' small things' as current, min(proposed) as proposed,
    sum(cost_per_month) as cost_per_month, sum(saving_per_month) as saving_per_month,
    case when count(distinct saving_basis) = 1 then min(saving_basis)
        when bool_or(saving_basis = 'list') then 'list' else 'effective rate' end as saving_basis,
    case when bool_or(confidence = 'low') then 'low'
        when bool_or(confidence = 'medium') then 'medium' else 'high' end as confidence,
    mode(risk order by risk) as risk,
    to_json({
        parts: count(*),
        dearest: list(
            name || ' (' || round(saving_per_month, 2)::decimal(18, 2) || ' a month)'
            order by saving_per_month desc, name
        )[1:20],
        commands: list(command order by saving_per_month desc, name)
            filter (command is not null)[1:20]
    })::varchar as evidence,
    nullif(team, '') as team,
    case when count(distinct model) = 1 and count(model) = count(*) then min(model) end as model,
    case when sum(saving_per_month) > 0 then sum(exact(
        saving_per_month::double * coalesce(committed_ratio, 0)
    ))::double / sum(saving_per_month)::double end as committed_ratio
from part
group by kind, nullif(team, '')
having count(*) > 1 and sum(saving_per_month) >= $least::decimal(38, 20)
"""
# Advice to spend more, such as a larger request, saves less than nothing, and is given.
_TOO_LITTLE = f"""
update ledger.assessment
set answer = 'left-alone', reason = 'it would save ' || round(saving_per_month, 2)::decimal(18, 2)
        || ' a month, less than ' || $least || ': ' || reason, {_WITHOUT_ADVICE}
where answer = 'advise' and saving_per_month >= 0 and saving_per_month < $least::decimal(38, 20)
"""
# `gov.advice`: none, or the kinds that are not wanted, separated by commas.
_FORBIDDEN = f"""
update ledger.assessment as a
set answer = 'left-alone', reason = f.why, {_WITHOUT_ADVICE}
from (
    select kind, subject, min('the tag gov.advice of ' || what || ' is ' || unwanted) as why
    from (
        select kind, subject, 'the object' as what, {_wish("tags")} as unwanted
        from ledger.assessment where contains(tags, 'gov.advice')
        union all
        select a.kind, a.subject, 'its resource on the bill', {_wish("r.tags")}
        from ledger.assessment as a
        join ledger.resource_rate as r on r.resource_id = a.resource_id
        where contains(r.tags, 'gov.advice')
        union all
        select a.kind, a.subject, 'its model', {_wish("m.tags")}
        from ledger.assessment as a
        join registry.model as m on m.model = a.model
        where contains(m.tags, 'gov.advice')
    )
    where list_has_any(['none', kind], regexp_split_to_array(trim(lower(unwanted)), ' *, *'))
    group by kind, subject
) as f
where a.answer in ('advise', 'withheld') and a.kind = f.kind and a.subject = f.subject
"""


def kinds() -> dict[str, ModelFile]:
    """Return every kind of advice by its name, in alphabetical order."""
    return {path.stem: read(path) for path in sorted(SQL.glob("*.sql"))}


def params(config: Config, files: Mapping[str, ModelFile]) -> dict[str, Mapping[str, Any]]:
    """Return what quaestor.yaml sets, by file.

    Raises:
        ConfigurationError: An amount that is none, a file or a kind that is not there, or a value
            that a parameter cannot have.
    """
    least = config.advice.least_saving
    if not least.is_finite() or not 0 <= least < 10**18:
        raise ConfigurationError(
            f"{least} is no amount",
            where=f"{_file(config)}, advice: least_saving",
            fix="Write an amount of the reporting currency; 0 for advice however little it saves.",
        )
    for name, given in config.advice.params.items():
        if name not in files or not files[name].params:
            takes = {each for each, one in files.items() if one.params}
            raise ConfigurationError(
                f"there is nothing to set of '{name}'",
                where=f"{_file(config)}, advice: params",
                fix=did_you_mean(name, takes, otherwise=f"Choose from {', '.join(sorted(takes))}."),
            )
        files[name].filled(given, _file(config))
    unwanted = [*config.advice.skip, *(one for each in config.advice.exclude for one in each.kinds)]
    for name in unwanted:
        if name not in kinds():
            raise ConfigurationError(
                f"there is no kind of advice '{name}'",
                where=f"{_file(config)}, advice",
                fix=did_you_mean(name, kinds(), otherwise=f"Choose from {', '.join(kinds())}."),
            )
    return dict(config.advice.params)


def _file(config: Config) -> str:
    return str(config.resolve(config.file))


def assess(
    warehouse: Warehouse, config: Config, presence: Presence, progress: Callable[[str], None]
) -> None:
    """Fill `ledger.assessment`: each kind that is not skipped, then what is to be left alone.

    What is too little by itself is left alone, and advised together with others of its kind.
    """
    warehouse.run("delete from ledger.assessment")
    chosen = [one for one in kinds().values() if one.name not in config.advice.skip]
    for one in counted(chosen, progress, lambda one: f"advice: {one.name}"):
        if presence.of(one.rows_from):
            select = one.filled(config.advice.params.get(one.name, {}))
            warehouse.run(
                "insert into ledger.assessment by name "
                f"select '{one.name}' as kind, * from ({select})"
            )
    if warehouse.rows("select 1 from ledger.assessment limit 1"):
        warehouse.run(_EXCLUDED)
        warehouse.run(_FORBIDDEN)
        least = {"least": f"{config.advice.least_saving:f}"}
        warehouse.run(_TOGETHER, least)
        warehouse.run(_TOO_LITTLE, least)
