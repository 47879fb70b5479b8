-- How each version of a model came about and how it is run, by what registries and platforms state.
--
-- grain     one row per source, model and version that a registry lists
-- method    true and false only where a source can tell (registry.evidence): a field that it does
--           not supply is unknown, and so is what rests on it; a blank field that it supplies is
--           false. What is stated counts whoever states it. Models have the names of the ledger
--           Its deployments are those that name model and version; those in production count
--           where there are any. retrains: a run of its pipeline was started by a schedule, new
--           data or drift (gov.trigger), or the pipeline made two versions or more
-- rows from registry.model_version
with told as (
    select
        source,
        coalesce(bool_or(supplied) filter (field = 'run.pipeline'),
            bool_or(supplied) filter (field = 'run'), false) as pipeline,
        coalesce(bool_or(supplied) filter (field = 'run.git_commit'),
            bool_or(supplied) filter (field = 'run'), false) as git_commit,
        coalesce(bool_or(supplied) filter (field = 'dataset.digest'),
            bool_or(supplied) filter (field = 'dataset'), false) as digest,
        coalesce(bool_or(supplied) filter (field = 'dataset.quality_status'), false) as quality,
        coalesce(bool_or(supplied) filter (field = 'model_version.run_id'), false) as run_id,
        coalesce(bool_or(supplied) filter (field = 'model_version.evaluated_at'), false)
            as evaluated,
        coalesce(bool_or(supplied) filter (field = 'model_version.approved_by'), false)
            as approved,
        coalesce(bool_or(supplied) filter (field = 'model_version.created_by'), false)
            as version_created_by,
        coalesce(bool_or(supplied) filter (field = 'model_version.monitoring'), false)
            as monitoring,
        coalesce(bool_or(supplied) filter (field = 'deployment.created_by'), false) as created_by,
        coalesce(bool_or(supplied) filter (field = 'deployment.rollout_strategy'), false)
            as rollout,
        coalesce(bool_or(supplied) filter (field = 'deployment.rolls_back'), false) as rolls_back,
        coalesce(bool_or(supplied) filter (field = 'deployment.monitoring'), false)
            as deployment_monitoring
    from registry.evidence
    group by source
),
data as (
    select
        source, run_id, bool_and(says_something(digest)) as is_named,
        bool_or(lower(quality_status) = 'passed')
        and not coalesce(bool_or(lower(quality_status) = 'failed'), false) as is_passed,
        count(quality_status) > 0 as is_judged
    from registry.dataset
    group by source, run_id
),
served as (
    select
        d.model, d.version,
        coalesce(bool_or(is_production_name(d.environment)), false) as in_production,
        min(d.created_at) filter (is_production_name(d.environment) is not false) as deployed_at,
        holds_for_all(coalesce(
            is_machine_account(d.created_by), if(t.created_by, false, null)
        )) as by_machine,
        holds_for_all(coalesce(
            regexp_matches(
                lower(d.rollout_strategy),
                'canary|blue[-_/ ]?green|linear|progressive|gradual|shadow|weighted|a/?b'
            ),
            if(t.rollout, false, null)
        )) as is_progressive,
        holds_for_all(coalesce(d.rolls_back, if(t.rolls_back, false, null))) as rolls_back,
        holds_for_all(coalesce(
            case when d.monitoring is not null then says_something(d.monitoring) end,
            if(t.deployment_monitoring, false, null)
        )) as is_monitored,
        count(*) filter (regexp_matches(lower(d.status), 'fail|rollback|rollingback|rolled.?back'))
            as failed,
        count(d.status) as with_status
    from (
        select
            *, coalesce(bool_or(is_production_name(environment))
                over (partition by model, version), false) as has_production
        from registry.deployment where model is not null and version is not null
    ) as d
    left join told as t on t.source = d.source
    where not d.has_production or is_production_name(d.environment)
    group by d.model, d.version
),
pipeline as (
    select
        r.source, r.pipeline, count(distinct v.version) >= 2 as made_several,
        coalesce(bool_or(regexp_matches(
            lower(case when json_valid(r.tags) then r.tags ->> '$."gov.trigger"' end),
            'schedule|cron|drift|data|event|monitor'
        )), false) as is_triggered
    from registry.run as r
    left join registry.model_version as v on v.source = r.source and v.run_id = r.run_id
    where says_something(r.pipeline)
    group by r.source, r.pipeline
),
owner as (
    select source, model, min(team) as team from registry.model group by source, model
),
line as (
    select
        v.*, coalesce(b.new, o.team) as team, r.run_id is not null as is_run_listed,
        coalesce(r.ended_at, v.trained_at) as made_at, r.git_commit,
        case when says_something(r.pipeline) then r.pipeline end as pipeline,
        t.pipeline as tells_pipeline, t.git_commit as tells_commit, t.digest as tells_digest,
        t.quality as tells_quality, t.run_id as tells_run, t.evaluated as tells_evaluated,
        t.approved as tells_approved, t.version_created_by as tells_created,
        t.monitoring as tells_monitoring,
        d.is_named, d.is_passed, d.is_judged, d.run_id as data_of,
        s.in_production, s.deployed_at, s.by_machine, s.is_progressive,
        s.rolls_back as deployment_rolls_back, s.is_monitored as is_deployment_monitored,
        s.failed, s.with_status,
        p.made_several or p.is_triggered as is_repeated
    from registry.model_version as v
    left join told as t on t.source = v.source
    left join registry.run as r on r.source = v.source and r.run_id = v.run_id
    left join data as d on d.source = v.source and d.run_id = v.run_id
    left join served as s on s.model = v.model and s.version = v.version
    left join pipeline as p on p.source = r.source and p.pipeline = r.pipeline
    left join owner as o on o.source = v.source and o.model = v.model
    left join config.renaming as b on b.field = 'team' and b.old = o.team
)
select
    l.source, coalesce(n.new, l.model) as model, l.version, l.team, l.created_at, l.made_at,
    l.approved_at, coalesce(l.deployed_at, l.approved_at) as deployed_at, l.archived_at,
    case when l.in_production or l.lifecycle = 'production' then true
        when l.lifecycle is not null then false end as is_production,
    case when says_something(l.run_id) then true when l.tells_run then false end as has_run,
    case
        when says_something(l.git_commit) then true
        when l.tells_run and not says_something(l.run_id) then false
        when l.is_run_listed and l.tells_commit then false
    end as has_commit,
    case
        when l.is_named then true
        when says_something(l.split_digests) then true
        when l.tells_run and not says_something(l.run_id) then false
        when l.tells_digest then false
    end as names_data,
    case when l.is_judged then coalesce(l.is_passed, false)
        when l.data_of is not null and l.tells_quality then false end as is_data_checked,
    l.pipeline,
    case
        when l.pipeline is not null then true
        when l.tells_run and not says_something(l.run_id) then false
        when l.is_run_listed and l.tells_pipeline then false
    end as by_pipeline,
    case when l.evaluated_at is not null then true when l.tells_evaluated then false end
        as is_evaluated,
    case when says_something(l.approved_by) then true when l.tells_approved then false end
        as is_approved,
    case
        when is_machine_account(l.created_by) or is_machine_account(l.approved_by) then true
        when says_something(l.created_by) then false
        when l.tells_created and l.tells_approved then false
    end as is_registered_by_machine,
    l.by_machine as is_deployed_by_machine, l.is_progressive,
    l.deployment_rolls_back as rolls_back,
    coalesce(
        case when l.monitoring is not null then says_something(l.monitoring) end,
        l.is_deployment_monitored, if(l.tells_monitoring, false, null)
    ) as is_monitored,
    case
        when l.is_repeated then true
        when l.pipeline is not null then false
        when l.is_run_listed and l.tells_pipeline then false
        when l.tells_run and not says_something(l.run_id) then false
    end as retrains,
    case when l.with_status > 0 then l.failed end::integer as deploys_failed
from line as l
left join config.renaming as n on n.field = 'model' and n.old = l.model
