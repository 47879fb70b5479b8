-- How models are run, from 0 (by hand) to 4 (continuous deployment), and whether more would pay.
--
-- grain     one row per model, team and the organisation
-- levels    1 continuous data: every version names its data by digest, and they were checked
--           2 continuous training: runs were started by a pipeline, with run and commit known
--           3 continuous integration: evaluated, approved, and brought in by a machine's account
--           4 continuous deployment: rolled out step by step, rolls back, is monitored, retrains
-- method    of a model its versions in production count, where there is none the newest; a
--           criterion is met where each of them meets it. A level is reached where all of its
--           criteria and of those below are met. What nobody says is not false: the level is
--           then the one reached for certain. Where nothing at all is said, it is null
--           Teams and the organisation have the level that models with $majority_ratio of the
--           spend have reached, by the last 30 days; each counts the same where the spend of
--           one is not known. Models in production count, where there are none all
--           releases: versions that came into production in the last $days days, by when they were
--           deployed or approved, else, of those that are in it, by when they were made
--           next level: worth $effect_ratio of the base estimates of the categories that it
--           removes (ledger.cost_of_no_mlops): 1 data inconsistency, no data versioning; 2 manual
--           workflow; 3 human error, deployment delay, compliance; 4 drift, no monitoring, scaling.
--           It costs its hours for each model that is not there yet, and once for the platform,
--           over $amortise_months, and a month's upkeep; a model bears its share of the platform
-- money     reporting currency a month
-- param     engineer_rate = 80: what an hour of an engineer costs, with on-costs
-- param     majority_ratio = 0.8: the part of the spend whose models make a team's level, 0 to 1
-- param     effect_ratio = 0.5: the part of a category that its level takes away, 0 to 1
-- param     amortise_months = 24: months over which the work to reach a level is counted
-- param     upkeep_ratio = 0.02: work a month to keep a level up, of the work to reach it, 0 to 1
-- param     model_hours_1 = 16: hours of work to bring one model to level 1
-- param     model_hours_2 = 40: hours of work to bring one model to level 2
-- param     model_hours_3 = 40: hours of work to bring one model to level 3
-- param     model_hours_4 = 80: hours of work to bring one model to level 4
-- param     platform_hours_1 = 40: hours of work for what level 1 needs once, for all models
-- param     platform_hours_2 = 160: hours of work for what level 2 needs once, for all models
-- param     platform_hours_3 = 120: hours of work for what level 3 needs once, for all models
-- param     platform_hours_4 = 240: hours of work for what level 4 needs once, for all models
-- param     days = 90: how many days of releases are counted
-- source    levels after Google Cloud, "MLOps: continuous delivery and automation pipelines in
--           machine learning", and Microsoft Learn, "MLOps maturity model"; hours are estimates
--           of the project, to be set to one's own
-- rows from ledger.version_practice
with ranked as (
    select
        *, coalesce(bool_or(is_production) over (partition by model), false) as has_production,
        row_number() over (
            partition by model order by created_at desc nulls last, version desc, source
        ) as age_rank
    from ledger.version_practice
),
counting as (
    select * from ranked
    where is_production or (not has_production and age_rank = 1)
),
criterion(level, criterion, asks_for, told_by) as (
    values
        (1, 'data-versioned', 'data that versions name by digest', 'registry.dataset.digest'),
        (1, 'data-checked', 'checks of these data', 'registry.dataset.quality_status'),
        (2, 'pipeline', 'runs that a pipeline starts', 'registry.run.pipeline'),
        (2, 'lineage', 'the run and commit of each version',
            'registry.model_version.run_id, registry.run.git_commit'),
        (3, 'evaluated', 'an evaluation of each version', 'registry.model_version.evaluated_at'),
        (3, 'approved', 'an approval of each version', 'registry.model_version.approved_by'),
        (3, 'integrated', 'versions that a pipeline brings in, and no person',
            'registry.model_version.created_by, approved_by'),
        (4, 'progressive', 'rollouts step by step', 'registry.deployment.rollout_strategy'),
        (4, 'rolls-back', 'deployments that roll back', 'registry.deployment.rolls_back'),
        (4, 'monitored', 'monitoring of what is in production',
            'registry.deployment.monitoring, registry.model_version.monitoring'),
        (4, 'retrains', 'training that a schedule, new data or drift starts',
            'registry.run.pipeline, gov.trigger')
),
met as (
    select
        model, count(*) as versions, min(team) as team, any_value(has_production) as has_production,
        map {
            'data-versioned': holds_for_all(names_data),
            'data-checked': holds_for_all(is_data_checked),
            'pipeline': holds_for_all(by_pipeline),
            'lineage': holds_for_all(has_run and has_commit),
            'evaluated': holds_for_all(is_evaluated), 'approved': holds_for_all(is_approved),
            'integrated': holds_for_all(is_registered_by_machine),
            'progressive': holds_for_all(is_progressive), 'rolls-back': holds_for_all(rolls_back),
            'monitored': holds_for_all(is_monitored), 'retrains': holds_for_all(retrains)
        } as practice
    from counting
    group by model
),
judged as (
    select m.model, c.level, c.criterion, c.asks_for, c.told_by, m.practice[c.criterion] as is_met
    from met as m cross join criterion as c
),
by_level as (
    select model, level, holds_for_all(is_met) as is_met, count(is_met) as told
    from judged group by model, level
),
reached as (
    select
        model, case when sum(told) > 0 then coalesce(
            min(level) filter (is_met is not true) - 1, 4
        ) end as level
    from by_level group by model
),
spend as (
    select
        m.model,
        case when count(*) = count(m.effective_cost) then sum(m.effective_cost) end as cost
    from ledger.model_day as m
    cross join (
        select coalesce(max(day) filter (complete), max(day)) as day from ledger.billed_day
    ) as d
    where m.day > d.day - 30 and m.day <= d.day
    group by m.model
),
release as (
    select
        v.model,
        count(*) filter (
            coalesce(v.deployed_at, case when v.is_production then v.created_at end)
            > c.present - to_days($days::integer)
        ) / ($days::double / (730 / 24.0)) as per_month
    from ledger.version_practice as v
    cross join (
        select coalesce(
            (select max(day) + interval 1 day from ledger.billed_day where complete),
            (select max(greatest(created_at, made_at, deployed_at)) from ledger.version_practice)
        ) as present
    ) as c
    group by v.model
    having count(v.deployed_at) + count(v.is_production) > 0
        and count(*) filter (v.is_production and v.deployed_at is null and v.created_at is null) = 0
),
member as (
    select 'model' as scope, m.model as name, m.*, r.level, s.cost, e.per_month
    from met as m
    join reached as r on r.model = m.model
    left join spend as s on s.model = m.model
    left join release as e on e.model = m.model
    union all
    select 'team', m.team, m.*, r.level, s.cost, e.per_month
    from met as m
    join reached as r on r.model = m.model
    left join spend as s on s.model = m.model
    left join release as e on e.model = m.model
    where m.team is not null
    union all
    select 'organisation', '', m.*, r.level, s.cost, e.per_month
    from met as m
    join reached as r on r.model = m.model
    left join spend as s on s.model = m.model
    left join release as e on e.model = m.model
),
weighed as (
    select
        *, case when bool_and(cost > 0) over scope_of
                and count(*) over scope_of = count(cost) over scope_of
            then 'spend' else 'models' end as weighed_by,
        case when weighed_by = 'spend' then cost::double else 1 end as weight
    from (
        select
            *, bool_or(has_production) over (partition by scope, name) as any_production
        from member
    )
    where has_production or not any_production
    window scope_of as (partition by scope, name)
),
-- Of each level the part of the weight that has reached it for certain.
share as (
    select
        w.scope, w.name, n.level, any_value(w.weighed_by) as weighed_by,
        coalesce(sum(w.weight::decimal(28, 9)) filter (w.level >= n.level), 0)::double
            / sum(w.weight::decimal(28, 9))::double as ratio,
        count(w.level) as told, count(*) filter (coalesce(w.level, 0) < n.level) as behind
    from weighed as w
    cross join (values (0), (1), (2), (3), (4)) as n(level)
    group by w.scope, w.name, n.level
),
placed as (
    select
        scope, name, any_value(weighed_by) as weighed_by,
        case when any_value(told) > 0
            then max(level) filter (level = 0 or ratio >= $majority_ratio - 1e-9) end as level
    from share group by scope, name
),
summed as (
    select
        p.*, case when p.level < 4 then p.level + 1 end as next_level,
        count(*) as models, min(w.team) as team,
        case when count(w.per_month) > 0 then sum(w.per_month::decimal(18, 6))::double end
            as releases_per_month
    from placed as p
    join weighed as w on w.scope = p.scope and w.name = p.name
    group by p.scope, p.name, p.weighed_by, p.level
),
evidence as (
    select
        w.scope, w.name, j.level, j.criterion, j.asks_for, j.told_by,
        holds_for_all(j.is_met) as is_met, count(*) filter (j.is_met) as met_by,
        count(*) filter (not j.is_met) as not_met_by,
        count(*) filter (j.is_met is null) as unknown_of
    from weighed as w
    join judged as j on j.model = w.model
    group by w.scope, w.name, j.level, j.criterion, j.asks_for, j.told_by
),
told as (
    select
        s.scope, s.name,
        to_json(list({
            criterion: e.criterion, level: e.level, met: e.is_met, met_by: e.met_by,
            not_met_by: e.not_met_by, unknown_of: e.unknown_of, told_by: e.told_by
        } order by e.level, e.criterion))::varchar as evidence,
        array_to_string(list(e.asks_for order by e.criterion) filter (
            e.level = s.next_level and e.not_met_by > 0
        ), ', ') as missing,
        array_to_string(list(e.asks_for || ' (' || e.told_by || ')' order by e.criterion) filter (
            e.level = coalesce(s.next_level, 1) and e.unknown_of > 0 and e.not_met_by = 0
        ), ', ') as unknown
    from summed as s
    join evidence as e on e.scope = s.scope and e.name = s.name
    group by s.scope, s.name
),
removed(category, level) as (
    values
        ('data-inconsistency', 1), ('no-data-versioning', 1), ('manual-workflow', 2),
        ('human-error', 3), ('deployment-delay', 3), ('operations-and-compliance', 3),
        ('drift', 4), ('no-monitoring', 4), ('scaling', 4)
),
worth as (
    select
        s.scope, s.name, sum(c.base)::double * $effect_ratio as value,
        array_to_string(
            list(distinct c.title || ' of ' || c.model || ': ' || c.reason
                order by c.title || ' of ' || c.model || ': ' || c.reason)
                filter (c.base is null)[:3], '; '
        ) as unsaid,
        array_to_string(
            list(distinct lower(c.title) order by lower(c.title)) filter (c.base is null), ', '
        ) as left_out
    from summed as s
    join weighed as w
        on w.scope = s.scope and w.name = s.name and coalesce(w.level, 0) < s.next_level
    join removed as r on r.level = s.next_level
    join ledger.cost_of_no_mlops as c on c.category = r.category and c.model = w.model
    group by s.scope, s.name
),
priced as (
    select
        s.*, w.value, w.unsaid, w.left_out, h.behind,
        (
            h.behind * ([$model_hours_1, $model_hours_2, $model_hours_3, $model_hours_4])
                [s.next_level]
            + ([$platform_hours_1, $platform_hours_2, $platform_hours_3, $platform_hours_4])
                [s.next_level] * case when s.scope = 'organisation' then 1
                else s.models::double / o.models end
        )::double * $engineer_rate * (1 / $amortise_months + $upkeep_ratio) as cost
    from summed as s
    left join share as h on h.scope = s.scope and h.name = s.name and h.level = s.next_level
    left join worth as w on w.scope = s.scope and w.name = s.name
    cross join (select models from summed where scope = 'organisation') as o
),
decided as (
    select
        p.*, t.evidence, nullif(t.missing, '') as missing, nullif(t.unknown, '') as unknown,
        case when nullif(t.missing, '') is not null and p.value is not null
            then p.value > p.cost end as is_advised,
        format('{:,.0f}', round(p.value)) as worth_text,
        format('{:,.0f}', round(p.cost)) as cost_text
    from priced as p
    join told as t on t.scope = p.scope and t.name = p.name
)
select
    scope, case when scope = 'model' then name end as model,
    case scope when 'model' then team when 'team' then name end as team, level,
    evidence, missing, unknown, next_level,
    money_estimate(value) as next_value_per_month, money_estimate(cost) as next_cost_per_month,
    is_advised as is_next_advised,
    case
        when level is null then 'cannot say: nobody tells how it is run'
        when level = 4 then 'level 4 is reached: keep it'
        when missing is null
            then 'level ' || next_level || ' may be reached already, but nobody tells of '
            || coalesce(unknown, 'enough models')
        when value is null
            then 'level ' || next_level || ' asks for ' || missing || '; what that is worth cannot '
            || 'be said' || coalesce(' (' || nullif(unsaid, '') || ')', '')
        when is_advised
            then 'level ' || next_level || ' pays: ' || missing || ' would be worth ' || worth_text
            || ' a month and cost ' || cost_text
            || coalesce(', without what cannot be said of ' || nullif(left_out, ''), '')
        else 'level ' || level || ' is good enough for ' || models
            || case when models = 1 then ' model' else ' models' end
            || coalesce(' and ' || round(releases_per_month, 1) || ' releases a month', '')
            || ': level ' || next_level || ' would cost ' || cost_text
            || ' a month and be worth ' || worth_text
            || coalesce(', without what cannot be said of ' || nullif(left_out, ''), '')
    end as advice,
    models::integer as models, releases_per_month
from decided
