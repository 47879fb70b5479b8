-- Training on on-demand machines that could run on spare ones, which cost less and may be taken.
--
-- grain     one row per line of jobs: those of one source, one name (without the digits that tell
--           runs apart) and one machine type, that completed in the last $days days
-- input     the last end of any job is the present
-- method    advised where the jobs say that they write checkpoints, or none of them took
--           $short_hours hours, so that one that is interrupted can begin again. Checkpoints: what
--           SageMaker is told (CheckpointConfig), or the label or tag gov.checkpointed. Not advised
--           where, of at least $spot_runs jobs on spare machines of that type, more than
--           $interrupted_ratio were interrupted. What nobody says to be on-demand cannot be judged
-- money     what these jobs cost in a month of 730 hours, times the discount of spare machines: by
--           what the same source's jobs really paid for an hour of that type on either, or the
--           median of the types of its family (effective rate), else by list, where both prices are known in one currency
-- param     days = 30: days of completed jobs that are looked at
-- param     short_hours = 24: hours below which a job can begin again
-- param     spot_runs = 5: jobs on spare machines of a type that make a history
-- param     interrupted_ratio = 0.2: part of them that may have been interrupted
-- source    Amazon SageMaker developer guide, "Managed Spot Training"; Vertex AI, "Use Spot VMs
--           with training"
-- rows from usage.gpu_job
with latest as (
    select
        *,
        coalesce(
            nullif(regexp_replace(lower(name), '[-_. ]*[0-9][-_.:0-9tz]*', '', 'g'), ''), job
        ) as line,
        epoch(ended_at - started_at) / 3600 as hours,
        regexp_extract(lower(instance_type), '^((ml[.])?[a-z0-9-]+?)([.]|-[0-9]+g?$)', 1) as family
    from usage.gpu_job
    where started_at is not null and ended_at > started_at
        and coalesce(kind, '') not in ('transform-job', 'batch-prediction', 'processing-job')
    qualify row_number() over (
        partition by source, job order by started_at desc, attempt desc nulls last
    ) = 1
),
present as (
    select max(ended_at) as until from latest
),
cost_by_job as (
    select
        source, run as job, max(via) as via,
        case when count(*) = count(cost) then sum(cost) end as cost
    from ledger.run_day where via <> 'pods'
    group by source, run
),
run_tag as (
    select run_id, min(lower(try_cast(tags as json) ->> '$."gov.checkpointed"')) as said
    from registry.run where contains(tags, 'gov.checkpointed')
    group by run_id
),
job as (
    select
        j.*, c.cost, c.via,
        case
            when lower(coalesce(try_cast(j.labels as json) ->> '$."gov.checkpointed"',
                try_cast(j.labels as json) ->> '$.gov_checkpointed', r.said)) in ('true', 'yes')
                then true
            when lower(coalesce(try_cast(j.labels as json) ->> '$."gov.checkpointed"',
                try_cast(j.labels as json) ->> '$.gov_checkpointed', r.said)) in ('false', 'no')
                then false
            else j.is_checkpointed
        end as goes_on,
        c.cost::double / nullif(j.hours * j.instances, 0) as cost_per_hour,
        regexp_matches(lower(coalesce(j.reason, '')), 'interrupt|preempt|evict|spot|reclaim')
            or j.attempt > 1 as is_interrupted
    from latest as j
    cross join present as p
    left join cost_by_job as c on c.source = j.source and c.job = j.job
    left join run_tag as r on r.run_id = j.run_id
    where j.ended_at > p.until - to_days($days::integer)
),
-- What an hour of a machine really cost, either way.
paid as (
    select
        source, instance_type, any_value(family) as family,
        1 - median(cost_per_hour) filter (capacity_type = 'spot' and cost_per_hour > 0)
            / median(cost_per_hour) filter (capacity_type = 'on-demand' and cost_per_hour > 0)
            as discount
    from job
    group by source, instance_type
),
paid_by_family as (
    select source, family, median(discount) as discount
    from paid where discount is not null and family <> ''
    group by source, family
),
listed as (
    select
        o.instance_type, o.region, min(1 - s.price::double / o.price::double) as discount
    from config.price as o
    join config.price as s
        on s.instance_type = o.instance_type and s.region is not distinct from o.region
        and s.currency = o.currency and s.capacity_type = 'spot'
    where o.capacity_type = 'on-demand' and o.price > 0 and s.price > 0
    group by o.instance_type, o.region
),
history as (
    select instance_type, count(*) as runs, count(*) filter (is_interrupted) as interrupted
    from job where capacity_type = 'spot'
    group by instance_type
),
line as (
    select
        source, line, instance_type, any_value(family) as family, any_value(region) as region,
        any_value(kind) as kind, count(*) as jobs, max(hours) as longest,
        min(capacity_type) as capacity_type,
        count(*) filter (capacity_type is null) as unsaid,
        count(*) filter (goes_on) as going_on, count(*) filter (goes_on = false) as not_going_on,
        case when count(*) = count(cost) then sum(cost) end as cost, max(via) as via,
        case when count(distinct team) = 1 then min(team) end as team,
        case when count(distinct model) = 1 then min(model) end as model,
        case when count(distinct resource_id) = 1 and bool_and(via is distinct from 'own')
            then min(resource_id) end as machine,
        arg_max(labels, ended_at) as tags
    from job
    where state = 'completed' and coalesce(capacity_type, 'on-demand') = 'on-demand'
    group by source, line, instance_type
),
judged as (
    select
        l.*, h.runs as spot_jobs, h.interrupted,
        case when abs(l.cost::double * 730 / (24 * $days)) < 1e17
            then l.cost::double * 730 / (24 * $days) end as cost_a_month,
        coalesce(p.discount, f.discount, b.discount, a.discount) as discount,
        case
            when p.discount is not null then 'its source''s jobs on that type'
            when f.discount is not null then 'its source''s jobs on that family'
            when coalesce(b.discount, a.discount) is not null then 'list prices'
        end as discount_by,
        case
            when l.unsaid > 0 then 'unsaid'
            when h.runs >= $spot_runs and h.interrupted > $interrupted_ratio * h.runs
                then 'interrupted'
            when l.going_on = l.jobs then 'goes-on'
            when l.longest < $short_hours then 'short'
            when l.not_going_on > 0 then 'long'
            else 'unknown'
        end as state
    from line as l
    left join history as h on h.instance_type = l.instance_type
    left join paid as p
        on p.source = l.source and p.instance_type = l.instance_type
    left join paid_by_family as f on f.source = l.source and f.family = l.family
    left join listed as b on b.instance_type = l.instance_type and b.region = l.region
    left join listed as a on a.instance_type = l.instance_type and a.region is null
),
answered as (
    select
        *,
        case
            when state in ('unsaid', 'unknown') then 'cannot-say'
            when state in ('interrupted', 'long') or discount <= 0 then 'clean'
            else 'advise'
        end as answer,
        concat_ws('/', 'jobs', source, line, instance_type) as subject,
        jobs || case when jobs = 1 then ' job' else ' jobs' end || ' in ' || $days || ' days'
            as counted
    from judged
)
select
    subject, source, line as name, answer,
    case
        when state = 'unsaid' then 'nobody says whether its machines are on-demand ones'
        when state = 'interrupted' then interrupted || ' of ' || spot_jobs
            || ' jobs on spare machines of that type were interrupted'
        when state = 'long' then counted || ' of up to ' || round(longest)::bigint
            || ' hours, and they say that they cannot go on from a checkpoint'
        when state = 'unknown' then counted || ' of up to ' || round(longest)::bigint
            || ' hours, and nobody says whether they write checkpoints'
        when discount <= 0 then 'spare machines cost no less, by ' || discount_by
        when state = 'goes-on' then counted || ', and all can go on from a checkpoint'
        else counted || ' of ' || greatest(ceil(longest), 1)::bigint
            || case when ceil(longest) > 1 then ' hours' else ' hour' end
            || ' at most, that can begin again'
    end as reason,
    case when answer = 'advise' then 'spot' end as action,
    concat_ws(', ', instance_type, 'on-demand') as current,
    case when answer = 'advise' then case
        when kind = 'training-job' then 'managed spot training (EnableManagedSpotTraining, '
            || 'MaxWaitTimeInSeconds, CheckpointConfig)'
        when kind = 'custom-job' then 'spot machines (scheduling.strategy: SPOT)'
        when kind like 'azure-ml-%' then 'a compute of low priority (vmPriority: LowPriority)'
        else 'spot machines' end end as proposed,
    money_estimate(cost_a_month) as cost_per_month,
    case when answer = 'advise' then money_estimate(cost_a_month * discount) end
        as saving_per_month,
    case when answer = 'advise' and cost_a_month * discount is not null
        then case discount_by when 'list prices' then 'list' else 'effective rate' end end
        as saving_basis,
    case when answer = 'advise' then case
        when state = 'goes-on' and discount_by <> 'list prices' then 'high'
        when state = 'goes-on' or discount is not null then 'medium' else 'low' end end
        as confidence,
    case when answer = 'advise' then case state
        when 'goes-on' then 'It takes longer: spare machines are taken back, and waited for.'
        else 'What is interrupted begins again, and its hours are paid for twice: write '
            || 'checkpoints.' end end as risk,
    to_json({
        jobs: jobs, longest_hours: longest, checkpointed: going_on, cost: cost,
        discount_ratio: discount, discount_by: discount_by, spot_jobs: spot_jobs,
        interrupted: interrupted
    })::varchar as evidence,
    null::varchar as command, team, model, null::varchar as model_version,
    null::varchar as environment, null::varchar as resource_id, subject as saves_on,
    machine as inside, null::double as committed_ratio, tags
from answered
