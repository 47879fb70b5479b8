-- What each version of a model cost in its whole life, and how much of it was rework.
--
-- grain     one row per model and version; and one, `(no version)`, with what a model cost that no
--           version can be told to have caused: a version to come, or several at once
-- money     the reporting currency, effective cost; the parts add up to lifetime_cost. A part, and
--           the whole, is null where any of it is not known; known_cost is what is known, and
--           unpriced_runs how many runs are not
-- method    runs (ledger.run_cost): every one that was for the version, failed and superseded ones
--           included, a sweep with its version. Processing jobs are data, batch predictions
--           inference, all others training. A run of which nobody says what it ran on is taken
--           to be in the training charges that are the version's, where there are any
--           the other cost of the model (ledger.model_day), by stage; idle is what idle machines
--           cost that are the model's or were shared out to it; storage what lies in its stores.
--           Where it names no version: what prepares one (data, training, evaluation,
--           experimentation) is the next version's, from its day on; what keeps versions (storage)
--           is divided evenly over those there were on the day; what serves is the only one's that
--           there was, or that is served
--           rework_ratio: training_cost over the cost of the run that made the version
-- rounding  an even part is exact: what is cut off is added to the last version
-- source    FinOps Framework, "Unit Economics" capability
-- rows from ledger.known_version, ledger.model_day, ledger.run_cost
with version as (
    select model, version, min(created_at)::date as since
    from ledger.known_version group by model, version
),
-- What the model owes apart from its runs.
line as (
    select
        day, model, model_version,
        case
            when kept is not null then kept
            when lifecycle_stage in ('training', 'experimentation') then 'training'
            when lifecycle_stage in ('data', 'evaluation', 'inference') then lifecycle_stage
            else 'other'
        end as part,
        count(*) = count(effective_cost) as is_known,
        coalesce(sum(effective_cost), 0)::decimal(38, 20) as cost
    from ledger.model_day
    where kept is distinct from 'run'
    group by all
),
-- On which day which versions of a model there were, and which comes next.
model_day as (
    select distinct model, day from line where model_version is null
),
present as (
    select
        d.model, d.day, v.version,
        count(*) over (partition by d.model, d.day) as versions,
        row_number() over (partition by d.model, d.day order by v.since, v.version) as place
    from model_day as d
    join version as v on v.model = d.model and v.since <= d.day
),
next_version as (
    select d.model, d.day, arg_min(v.version, (v.since, v.version)) as version
    from model_day as d
    join version as v on v.model = d.model and v.since >= d.day
    group by d.model, d.day
),
served as (
    select coalesce(n.new, s.model) as model, s.version
    from (
        select model, model_version as version from usage.endpoint
        union
        select model, version from registry.deployment
    ) as s
    left join config.renaming as n on n.field = 'model' and n.old = s.model
    where s.model is not null and s.version is not null
    group by coalesce(n.new, s.model), s.version
),
only_served as (
    select model, min(version) as version from served group by model having count(*) = 1
),
placed as (
    select model, model_version, part, day, is_known, cost
    from line where model_version is not null
    union all
    select l.model, n.version, l.part, l.day, l.is_known, l.cost
    from line as l
    left join next_version as n on n.model = l.model and n.day = l.day
    where l.model_version is null and l.part in ('data', 'training', 'evaluation')
    union all
    select
        l.model, p.version, l.part, l.day, l.is_known,
        case when p.version is null then l.cost
            else money_part(
                l.cost,
                share_ratio((p.place - 1)::decimal(28, 9), p.versions::decimal(28, 9)),
                share_ratio(p.place::decimal(28, 9), p.versions::decimal(28, 9))
            ) end
    from line as l
    left join present as p on p.model = l.model and p.day = l.day
    where l.model_version is null and l.part = 'storage'
    union all
    select
        l.model, coalesce(p.version, s.version), l.part, l.day, l.is_known, l.cost
    from line as l
    left join present as p on p.model = l.model and p.day = l.day and p.versions = 1
    left join only_served as s on s.model = l.model and l.part in ('inference', 'idle')
    where l.model_version is null and l.part in ('inference', 'idle', 'other')
),
run as (
    select
        model, coalesce(model_version, '(no version)') as model_version,
        case
            when kind = 'processing-job' then 'data'
            when kind in ('transform-job', 'batch-prediction') then 'inference'
            else 'training'
        end as part,
        cost, state, started_at, ended_at, superseded,
        coalesce(cost_source, '') = 'unknown: nobody says what it ran on' as is_unplaced
    from ledger.run_cost where model is not null
),
amount as (
    select
        model, coalesce(model_version, '(no version)') as model_version, part, day as first_day,
        day as last_day, case when is_known then cost end as cost, false as is_run,
        false as is_unplaced
    from placed
    union all
    select
        model, model_version, part, started_at::date, coalesce(ended_at, started_at)::date, cost,
        true, is_unplaced
    from run
),
summed as (
    select
        model, model_version,
        coalesce(sum(cost) filter (where part = 'data'), 0)::decimal(38, 20) as data_cost,
        coalesce(sum(cost) filter (where part = 'training'), 0)::decimal(38, 20) as training_cost,
        coalesce(sum(cost) filter (where part = 'evaluation'), 0)::decimal(38, 20)
            as evaluation_cost,
        coalesce(sum(cost) filter (where part = 'storage'), 0)::decimal(38, 20) as storage_cost,
        coalesce(sum(cost) filter (where part = 'inference'), 0)::decimal(38, 20)
            as inference_cost,
        coalesce(sum(cost) filter (where part = 'idle'), 0)::decimal(38, 20) as idle_cost,
        coalesce(sum(cost) filter (where part = 'other'), 0)::decimal(38, 20) as other_cost,
        coalesce(sum(cost), 0)::decimal(38, 20) as known_cost,
        count(*) filter (where cost is null and not is_unplaced) = 0 as knows_placed,
        count(*) filter (where is_unplaced) = 0
        or count(*) filter (where part = 'training' and not is_run) > 0 as knows_unplaced,
        count(*) filter (where cost is null and part = 'data') = 0 as knows_data,
        count(*) filter (where cost is null and part = 'training' and not is_unplaced) = 0
            as knows_placed_training,
        count(*) filter (where cost is null and part = 'evaluation') = 0 as knows_evaluation,
        count(*) filter (where cost is null and part = 'storage') = 0 as knows_storage,
        count(*) filter (where cost is null and part = 'inference') = 0 as knows_inference,
        count(*) filter (where cost is null and part = 'idle') = 0 as knows_idle,
        count(*) filter (where cost is null and part = 'other') = 0 as knows_other,
        count(*) filter (where cost is null and is_run) as unpriced_runs,
        min(first_day) as first_day, max(last_day) as last_day
    from amount group by model, model_version
),
counted as (
    select
        model, model_version,
        count(*) filter (where part = 'training') as runs,
        count(*) filter (where part = 'training' and state in ('failed', 'cancelled'))
            as failed_runs,
        case when bool_and(cost is not null) filter (where superseded and part = 'training')
                is not false
            then coalesce(sum(cost) filter (where superseded and part = 'training'), 0)
        end as superseded_cost
    from run group by model, model_version
),
winner as (
    select
        m.model, m.version,
        case when count(*) = count(r.cost) then sum(r.cost) end as cost
    from (
        select distinct model, version, run_id from ledger.known_version
        where run_id is not null
    ) as m
    join ledger.run_cost as r on r.run = m.run_id
    group by m.model, m.version
)
select
    s.model, s.model_version,
    case when s.knows_data then s.data_cost end as data_cost,
    case when s.knows_placed_training and s.knows_unplaced then s.training_cost end
        as training_cost,
    w.cost as winning_run_cost,
    case when s.knows_evaluation then s.evaluation_cost end as evaluation_cost,
    case when s.knows_storage then s.storage_cost end as storage_cost,
    case when s.knows_inference then s.inference_cost end as inference_cost,
    case when s.knows_idle then s.idle_cost end as idle_cost,
    case when s.knows_other then s.other_cost end as other_cost,
    case when s.knows_placed and s.knows_unplaced then s.known_cost end as lifetime_cost,
    coalesce(c.runs, 0)::integer as runs, coalesce(c.failed_runs, 0)::integer as failed_runs,
    case when s.knows_placed_training and s.knows_unplaced and w.cost > 0
        then s.training_cost::double / w.cost::double end
        as rework_ratio,
    s.first_day, s.last_day, s.known_cost, s.unpriced_runs::integer as unpriced_runs,
    c.superseded_cost::decimal(38, 20) as superseded_cost
from summed as s
left join counted as c on c.model = s.model and c.model_version = s.model_version
left join winner as w on w.model = s.model and w.version = s.model_version
