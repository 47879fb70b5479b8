-- Jobs that run on and on: without anything that stops them, or past what they were to cost.
--
-- grain     one row per job that runs, as of when its source was asked; the latest attempt of it
-- method    long: it has run more than $hours hours, and neither a limit of its time nor of its
--           cost stops it. Of a source that tells no limit of any job, whether there is one is not
--           known. Over its estimate: it has cost more than $over_estimate times what it was to
--           cost: the label gov.estimated_cost of the job or its run, else the median of at least
--           $runs completed jobs of its name (without the digits that tell runs apart), else of its
--           model. A pipeline or sweep is its children's machines, and is not looked at
-- money     what it costs a month if it goes on: its cost so far by the hour (ledger.run_day),
--           times 730. bill: charges of its own; effective rate: its part of a machine
-- param     hours = 24: hours that a job may run without a limit
-- param     high_hours = 72: hours after which there is no doubt that it runs too long
-- param     over_estimate = 1.5: times its estimate that a job may cost
-- param     runs = 3: completed jobs of the same name or model that make an estimate
-- source    Amazon SageMaker API reference, StoppingCondition; Slurm, sacct(1), TimelimitRaw
-- rows from usage.gpu_job
with latest as (
    select
        * replace (
            case when time_limit_hours between 0 and 1e6 then time_limit_hours end
                as time_limit_hours,
            case when gpus between 0 and 1e6 then gpus end as gpus,
            case when gpu_util_ratio between 0 and 1 then gpu_util_ratio end as gpu_util_ratio
        ),
        nullif(regexp_replace(lower(name), '[-_. ]*[0-9][-_.:0-9tz]*', '', 'g'), '') as stem
    from usage.gpu_job
    qualify row_number() over (
        partition by source, job order by started_at desc nulls last, attempt desc nulls last
    ) = 1
),
-- Which sources tell limits of their jobs.
telling as (
    select distinct source from usage.gpu_job
    where time_limit_hours is not null or cost_limit is not null
        or kind in ('training-job', 'processing-job', 'custom-job', 'slurm')
        or kind like 'azure-ml-%'
),
cost_by_job as (
    select
        source, run as job, max(via) as via, max(day) as last_day,
        case when count(*) = count(cost) then sum(cost) end as cost
    from ledger.run_day where via <> 'pods'
    group by source, run
),
completed as (
    select j.source, j.stem, j.model, c.cost
    from latest as j
    join cost_by_job as c on c.source = j.source and c.job = j.job
    where j.state = 'completed' and c.cost > 0
),
by_name as (
    select source, stem, count(*) as runs, median(cost::double) as estimate
    from completed where stem is not null
    group by source, stem having count(*) >= $runs
),
by_model as (
    select model, count(*) as runs, median(cost::double) as estimate
    from completed where model is not null
    group by model having count(*) >= $runs
),
run_tag as (
    select run_id, min(try_cast(tags as json) ->> '$."gov.estimated_cost"') as estimated
    from registry.run where contains(tags, 'gov.estimated_cost')
    group by run_id
),
running as (
    select
        j.*, t.source is not null as is_limit_told,
        case when j.seen_at >= j.started_at then epoch(j.seen_at - j.started_at) / 3600 end as ran,
        c.cost, c.via,
        -- A bill may not reach the hour at which the source was asked.
        greatest(epoch(least(
            j.seen_at, c.last_day::timestamp + interval 1 day
        ) - j.started_at) / 3600, 1) as billed_hours,
        coalesce(
            try_cast(try_cast(j.labels as json) ->> '$."gov.estimated_cost"' as double),
            try_cast(try_cast(j.labels as json) ->> '$.gov_estimated_cost' as double),
            try_cast(r.estimated as double)
        ) as stated,
        n.estimate as by_name, n.runs as runs_of_name, m.estimate as by_model,
        m.runs as runs_of_model
    from latest as j
    left join telling as t on t.source = j.source
    left join cost_by_job as c on c.source = j.source and c.job = j.job
    left join by_name as n on n.source = j.source and n.stem = j.stem
    left join by_model as m on m.model = j.model
    left join run_tag as r on r.run_id = j.run_id
    where j.state = 'running' and not coalesce(
        j.gpus = 0 and j.kind in ('azure-ml-pipeline', 'azure-ml-sweep'), false
    )
),
estimated as (
    select
        *,
        case when stated > 0 and stated < 1e15 then stated
            when by_name is not null then by_name else by_model end as estimate,
        case when stated > 0 and stated < 1e15 then 'its stated estimate'
            when by_name is not null
                then 'the median of ' || runs_of_name || ' completed jobs of its name'
            when by_model is not null
                then 'the median of ' || runs_of_model || ' completed jobs of its model'
        end as estimate_is,
        time_limit_hours is not null or cost_limit is not null as is_limited
    from running
),
judged as (
    select
        *,
        coalesce(cost::double > $over_estimate * estimate, false) as is_over,
        case
            when ran is null then 'cannot-say'
            when coalesce(cost::double > $over_estimate * estimate, false) then 'advise'
            when ran <= $hours or is_limited then 'clean'
            when is_limit_told then 'advise'
            else 'cannot-say'
        end as answer,
        'has run ' || format('{:,}', ran::bigint)
            || case when ran::bigint = 1 then ' hour' else ' hours' end as has_run
    from estimated
),
priced as (
    select
        j.*, r.environment, r.committed_ratio,
        j.resource_id = j.job or ends_with(j.resource_id, '/' || j.job) as is_own,
        coalesce(j.team, r.team) as its_team,
        -- What no money can be is a mistake of the bill.
        case when abs(j.cost::double / j.billed_hours * 730) < 1e17
            then money_estimate(j.cost::double / j.billed_hours * 730) end as cost_per_month
    from judged as j
    left join ledger.resource_rate as r on r.resource_id = j.resource_id
)
select
    'job/' || source || '/' || job as subject, source, coalesce(name, job) as name, answer,
    case
        when ran is null then 'nobody says since when it runs'
        when is_over then 'it has cost ' || format('{:,.2f}', cost::double) || ', more than '
            || $over_estimate || ' times ' || estimate_is || ' ('
            || format('{:,.2f}', estimate) || '), as of ' || strftime(seen_at, '%Y-%m-%d %H:%M')
        when answer = 'advise' then 'it ' || has_run || ' and nothing stops it, as of '
            || strftime(seen_at, '%Y-%m-%d %H:%M')
        when answer = 'cannot-say'
            then 'it ' || has_run || ', and its source does not tell whether anything stops it'
        when is_limited then 'it ' || has_run || ', and '
            || coalesce('stops after ' || format('{:,}', time_limit_hours::bigint),
                'a limit of its cost stops it')
            || case when time_limit_hours is null then ''
                when time_limit_hours::bigint = 1 then ' hour at the latest'
                else ' hours at the latest' end
        else 'it ' || has_run
    end as reason,
    case when answer = 'advise' then case when is_limited or is_over then 'stop' else 'cap' end end
        as action,
    nullif(concat_ws(' x ', instances, instance_type), '') as current,
    case when answer = 'advise' then case
        when is_over then 'a stop, unless its owner wants it to go on'
        else 'a limit of its time, or a stop' end end as proposed,
    cost_per_month,
    case when answer = 'advise' then cost_per_month end as saving_per_month,
    case when answer = 'advise' and cost_per_month is not null
        then case when via = 'own' then 'bill' else 'effective rate' end end as saving_basis,
    case
        when answer <> 'advise' then null
        when ran >= $high_hours or (is_over and stated > 0) then 'high'
        else 'medium'
    end as confidence,
    case when answer = 'advise'
        then 'What it has learnt since its last checkpoint is lost: ask its owner first. Most jobs '
            || 'end by themselves, so that the saving is what it costs a month if it goes on.'
    end as risk,
    to_json({
        started_at: started_at, seen_at: seen_at, hours: ran, time_limit_hours: time_limit_hours,
        cost_limit: cost_limit, cost: cost, estimate: estimate, estimate_is: estimate_is,
        gpus: gpus, gpu_util_ratio: gpu_util_ratio
    })::varchar as evidence,
    case when answer = 'advise' then case kind
        when 'training-job' then 'aws sagemaker stop-training-job --training-job-name '
            || shell_quoted(coalesce(name, split_part(job, '/', -1)))
            || coalesce(' --region ' || shell_quoted(region), '')
        when 'processing-job' then 'aws sagemaker stop-processing-job --processing-job-name '
            || shell_quoted(coalesce(name, split_part(job, '/', -1)))
            || coalesce(' --region ' || shell_quoted(region), '')
        when 'custom-job' then 'gcloud ai custom-jobs cancel '
            || shell_quoted(split_part(job, '/', -1))
            || coalesce(' --project=' || shell_quoted(sub_account), '')
            || coalesce(' --region=' || shell_quoted(region), '')
        when 'slurm' then case when is_over then 'scancel ' || shell_quoted(job)
            else 'scontrol update JobId=' || shell_quoted(job) || ' TimeLimit='
                || (ceil(ran / 24) + 1)::bigint || '-00:00:00' end
        when 'ray-job' then 'ray job stop ' || shell_quoted(job)
        else case when kind like 'azure-ml-%' then 'az ml job cancel --name ' || shell_quoted(job)
            || coalesce(' --workspace-name '
                || shell_quoted(nullif(split_part(resource_id, '/', 9), '')), '')
            || coalesce(' --resource-group '
                || shell_quoted(nullif(split_part(resource_id, '/', 5), '')), '') end
    end end as command,
    its_team as team, model, model_version, environment, resource_id,
    case when is_own then resource_id else 'job/' || source || '/' || job end as saves_on,
    case when not is_own then resource_id end as inside,
    case when is_own then committed_ratio end as committed_ratio, labels as tags
from priced
