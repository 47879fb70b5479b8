-- What each training run and job cost, and which model version it was for.
--
-- grain     one row per run of a registry, with its jobs; and one per job that no registry knows
-- money     the reporting currency, effective cost; null where it is not known, and cost_source
--           says why. A run that never ran cost zero; so did one whose children did the work
-- method    the sum of ledger.run_day over its jobs and pods: it depends on no window and no page,
--           and what a machine did between runs is idle and not theirs. `so far`: it runs still, or
--           the bill does not reach its end
--           A run is for the version that it made (ledger.known_version, run_id), that its job
--           names, or that the next run of its family made (one parent, mlflow.parentRunId); else,
--           where its job or experiment is one model's, for the first version of the model that was
--           created once it had begun. superseded: it made no version itself
--           dataset_digest is that of its training data where there is one such
-- source    MLflow documentation, "System Tags" (mlflow.parentRunId); MLflow REST API, RunStatus
-- rows from registry.run, usage.gpu_job, ledger.run_day
with registry_run as (
    select
        run_id, min(source) as source, arg_min(name, source) as name,
        arg_min(experiment, source) as experiment, arg_min(status, source) as status,
        arg_min(started_at, source) as started_at, arg_min(ended_at, source) as ended_at,
        min(nullif(regexp_extract(tags, '"mlflow[.]parentRunId" *: *"([^"]+)"', 1), '')) as parent
    from registry.run group by run_id
),
job as (
    select
        j.source, j.job,
        min(j.kind) as kind, min(j.name) as name, min(coalesce(t.new, j.team)) as team,
        case when count(distinct j.model) = 1 then min(coalesce(m.new, j.model)) end as model,
        case when count(distinct j.model) = 1 and count(distinct j.model_version) = 1
            then min(j.model_version) end as model_version,
        case when count(distinct j.run_id) = 1 then min(j.run_id) end as run_id,
        arg_max(j.state, coalesce(j.attempt, 1)) as state,
        min(j.started_at) as started_at,
        case when count(j.ended_at) = count(*) then max(j.ended_at) end as ended_at,
        max(j.seen_at) as seen_at,
        case when count(*) filter (where j.gpu_hours between 0 and 1e8) = count(*) then sum(
            case when j.gpu_hours between 0 and 1e8 then j.gpu_hours::decimal(18, 9) end
        ) end as gpu_hours,
        min(j.resource_id) as resource_id, max(j.instances) as machines
    from usage.gpu_job as j
    left join config.renaming as t on t.field = 'team' and t.old = j.team
    left join config.renaming as m on m.field = 'model' and m.old = j.model
    group by j.source, j.job
),
billed as (
    select max(day) as last_day from ledger.charge_day
),
by_job as (
    select
        source, run, max(via) as via, count(distinct day) as days,
        case when count(*) = count(cost) then sum(cost) end as cost,
        count(*) <> count(cost) as is_unrated
    from ledger.run_day where via <> 'pods' group by source, run
),
by_pods as (
    select
        run, min(day) as first_day, max(day) as last_day,
        case when count(*) = count(cost) then sum(cost) end as cost,
        count(*) <> count(cost) as is_unrated
    from ledger.run_day where via = 'pods' group by run
),
-- Days on which a job used its machine, of those that the bill reaches.
expected as (
    select
        j.source, j.job,
        date_diff('day', j.started_at::date, least(
            coalesce(
                -- Midnight is the end of the day before.
                (j.ended_at - interval 1 second)::date, j.seen_at::date, j.started_at::date
            ),
            b.last_day
        )) + 1 as days,
        coalesce(j.ended_at is null and j.state = 'running', false)
        or (j.ended_at - interval 1 second)::date > b.last_day as is_so_far
    from job as j cross join billed as b
    where j.started_at is not null
),
priced_job as (
    select
        j.*,
        case
            when j.gpu_hours = 0 and c.source is null then 0::decimal(38, 20)
            when c.via = 'machine' and c.days < e.days then null
            else c.cost
        end as cost,
        case
            when c.source is null and j.gpu_hours = 0 then 'none: it did not run'
            when c.source is null and j.resource_id is null and j.machines > 1
                then 'unknown: it ran on ' || j.machines || ' machines, and nobody says which'
            when c.source is null and j.resource_id is null
                then 'unknown: nobody says what it ran on'
            when c.source is null and j.started_at is not null and j.ended_at is null
                and j.state is distinct from 'running'
                then 'unknown: nobody says when it ended'
            when c.source is null then 'unknown: ' || j.resource_id || ' is not on the bill'
            when c.is_unrated then 'unknown: a charge has no exchange rate'
            when c.via = 'machine' and c.days < e.days
                then 'unknown: its machine is on the bill of ' || c.days || ' of its '
                    || e.days || ' days'
            else case when c.via = 'own' then 'bill: charges of its own'
                    else 'bill: its part of a machine' end
                || case when coalesce(e.is_so_far, false) then ', so far' else '' end
        end as cost_source
    from job as j
    left join by_job as c on c.source = j.source and c.run = j.job
    left join expected as e on e.source = j.source and e.job = j.job
),
-- The run of a job, where a registry knows it.
linked as (
    select
        coalesce(r.source, j.source) as source, coalesce(r.run_id, j.job) as run, j.kind, j.name,
        j.team, j.model, j.model_version, j.state, j.started_at, j.ended_at, j.gpu_hours, j.cost,
        j.cost_source, 1 as part
    from priced_job as j
    left join registry_run as r on r.run_id = j.run_id
    union all
    select
        coalesce(r.source, ''), p.run, null, null, null, null, null, null,
        coalesce(r.started_at, p.first_day::timestamp), r.ended_at, null, p.cost,
        case when p.is_unrated then 'unknown: a charge has no exchange rate'
            else 'bill: its parts of a cluster' end, 2
    from by_pods as p
    left join registry_run as r on r.run_id = p.run
),
summed as (
    select
        source, run, min(kind) as kind, min(name) as name, min(team) as team,
        case when count(distinct model) = 1 then min(model) end as model,
        case when count(distinct model) = 1 and count(distinct model_version) = 1
            then min(model_version) end as model_version,
        arg_max(state, started_at) as state, min(started_at) as started_at,
        case when count(ended_at) = count(*) then max(ended_at) end as ended_at,
        case when count(gpu_hours) = count(*) then sum(gpu_hours) end as gpu_hours,
        case when count(*) = count(cost) then sum(cost) end as cost,
        coalesce(
            min(cost_source) filter (where starts_with(cost_source, 'unknown')),
            max(cost_source) filter (where contains(cost_source, 'so far')),
            min(cost_source)
        ) as cost_source
    from linked group by source, run
),
parent as (
    select distinct parent as run_id from registry_run where parent is not null
),
every_run as (
    select
        coalesce(r.source, s.source) as source, coalesce(r.run_id, s.run) as run,
        coalesce(s.kind, 'run') as kind, coalesce(s.name, r.name) as name, s.team,
        s.model, s.model_version,
        coalesce(s.state, case upper(r.status)
            when 'FINISHED' then 'completed' when 'COMPLETED' then 'completed'
            when 'FAILED' then 'failed'
            when 'KILLED' then 'cancelled' when 'CANCELED' then 'cancelled'
            when 'RUNNING' then 'running' when 'SCHEDULED' then 'pending'
        end) as state,
        coalesce(s.started_at, r.started_at) as started_at,
        coalesce(s.ended_at, r.ended_at) as ended_at, s.gpu_hours,
        case when s.run is not null then s.cost
            when p.run_id is not null then 0::decimal(38, 20) end as cost,
        case when s.run is not null then s.cost_source
            when p.run_id is not null then 'none: its children did the work'
            else 'unknown: nobody says what it ran on' end as cost_source,
        r.run_id, r.experiment, coalesce(g.parent, r.parent, r.run_id) as family
    from registry_run as r
    full join summed as s on s.source = r.source and s.run = r.run_id
    left join parent as p on p.run_id = r.run_id
    left join registry_run as g on g.run_id = r.parent
),
-- One version for each run that made some: the first.
made as (
    select run_id, arg_min(model, (since, model, version)) as model,
        arg_min(version, (since, model, version)) as version
    from (
        select
            run_id, model, version, coalesce(created_at, timestamp '9999-12-31 00:00:00') as since
        from ledger.known_version where run_id is not null
    ) as dated
    group by run_id
),
version as (
    select model, version, min(created_at) as created_at
    from ledger.known_version where created_at is not null group by model, version
),
made_in_family as (
    select r.family, v.model, v.version, v.created_at
    from every_run as r
    join made as m on m.run_id = r.run_id
    join version as v on v.model = m.model and v.version = m.version
),
family_version as (
    select
        r.run_id,
        coalesce(
            arg_min(f.model, (f.created_at, f.model, f.version))
                filter (where f.created_at >= r.started_at),
            arg_max(f.model, (f.created_at, f.model, f.version))
        ) as model,
        coalesce(
            arg_min(f.version, (f.created_at, f.model, f.version))
                filter (where f.created_at >= r.started_at),
            arg_max(f.version, (f.created_at, f.model, f.version))
        ) as version
    from every_run as r
    join made_in_family as f on f.family = r.family
    where r.run_id is not null
    group by r.run_id
),
-- MLflow's experiment 0 holds what nobody sorted.
experiment_model as (
    select r.source, r.experiment, min(m.model) as model
    from every_run as r
    join made as m on m.run_id = r.run_id
    where r.experiment is not null and r.experiment not in ('0', 'Default')
    group by r.source, r.experiment having count(distinct m.model) = 1
),
of_model as (
    select
        r.*, m.run_id is not null as is_maker,
        coalesce(
            m.model, r.model, f.model, e.model
        ) as for_model,
        case
            when m.run_id is not null then m.version
            when r.model is not null and r.model_version is not null then r.model_version
            when r.model is null or r.model = f.model then f.version
        end as for_version
    from every_run as r
    left join made as m on m.run_id = r.run_id
    left join family_version as f on f.run_id = r.run_id
    left join experiment_model as e on e.source = r.source and e.experiment = r.experiment
),
next_version as (
    select r.source, r.run, arg_min(v.version, (v.created_at, v.version)) as version
    from of_model as r
    join version as v on v.model = r.for_model and v.created_at >= r.started_at
    where r.for_version is null
    group by r.source, r.run
),
owner as (
    select
        coalesce(n.new, r.model) as model, min(coalesce(t.new, r.team)) as team
    from registry.model as r
    left join config.renaming as n on n.field = 'model' and n.old = r.model
    left join config.renaming as t on t.field = 'team' and t.old = r.team
    where r.team is not null
    group by coalesce(n.new, r.model) having count(distinct coalesce(t.new, r.team)) = 1
),
data as (
    select
        run_id,
        case
            when count(distinct digest) filter (where lower(context) = 'training') = 1
                then min(digest) filter (where lower(context) = 'training')
            when count(distinct digest) = 1 then min(digest)
        end as digest
    from registry.dataset group by run_id
)
select
    r.source, r.run, r.kind, r.name, coalesce(r.team, o.team) as team, r.for_model as model,
    coalesce(r.for_version, n.version) as model_version, r.state, r.started_at, r.ended_at,
    r.gpu_hours::double as gpu_hours, r.cost, r.cost_source, d.digest as dataset_digest,
    case
        when r.is_maker then false
        when r.state in ('running', 'pending') or r.for_model is null then null
        else true
    end as superseded
from of_model as r
left join next_version as n on n.source = r.source and n.run = r.run
left join owner as o on o.model = r.for_model
left join data as d on d.run_id = r.run_id
