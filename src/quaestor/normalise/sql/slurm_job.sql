-- Slurm's jobs, each attempt once, with what is wrong with a row.
--
-- grain     one row per attempt of a job, and one per row that cannot be read (refused)
-- method    `slurm_row` holds sacct's fields as text (normalise/slurm.py). A job stands in every
--           day in which it was; its end counts, else its latest word. gpus are the allocated
--           gres/gpu, of a job that never started the requested ones; a MIG device counts as its
--           sevenths of a GPU. gpu_hours is gpus times the time from start to end. A job that runs counts up to when its row was asked for,
--           in a file up to the latest time the file knows of. One that should run and is past
--           its time limit by a day, or is missing from the latest day, is lost: its end is
--           unknown
-- source    usage.gpu_job; Slurm, sacct(1): JOB STATE CODES, Start, End, AllocTRES
with field as (
    select
        file, sha256, row_number, raw, day, asked, JobID, Cluster, JobName, "User", Account,
        Partition, QOS, ExitCode, slurm_known(NodeList) as NodeList, Comment, DBIndex,
        TimelimitRaw, fields, expected,
        lower(rtrim(split_part(State, ' ', 1), '+')) as state_word,
        slurm_known(Submit) as submitted, slurm_known(Start) as started, slurm_known("End") as ended,
        coalesce(AllocTRES, ReqTRES) as tres,
        AllocTRES is null as is_wish
    from slurm_row
    where not contains(coalesce(JobID, ''), '.') -- steps: 7.batch, 7.0
),
typed as (
    select
        *,
        slurm_time(submitted, $zone) as submitted_at,
        slurm_time(started, $zone) as started_at,
        slurm_time(ended, $zone) as ended_at,
        job_state(state_word) as state,
        tres(tres, 'gres/gpu') as gpus_text,
        regexp_extract_all(tres, '(?:^|,)gres/gpu:([^=,]+)=', 1) as models,
        regexp_extract_all(tres, '(?:^|,)gres/gpu:[^=,]+=([^,]*)', 1) as model_gpus
    from field
),
judged as (
    select
        *,
        max(day) over () as last_day,
        case
            when day is null
            then least(asked, max(greatest(submitted_at, started_at, ended_at)) over (partition by file))
            else asked
        end as seen_at,
        case
            when gpus_text is not null or len(models) > 0
            then coalesce(
                as_number(gpus_text)::double,
                list_sum(list_transform(model_gpus, lambda n: as_number(n)::double))
            ) - coalesce(list_sum(list_transform(
                list_zip(models, model_gpus),
                lambda one: as_number(one[2])::double * (1 - gpu_share(one[1]))
            )), 0)
            when contains(tres, 'gres/shard') or contains(tres, 'gres/mps') then null
            when tres is not null then 0
        end as gpus,
        concat_ws('; ',
            case when expected > 0 and fields <> expected
                then 'has ' || fields || ' fields, not ' || expected
                    || ' (a name with the delimiter in it? export with another --delimiter)' end,
            case when JobID is null or not regexp_full_match(JobID, '[0-9]+([_+].+)?')
                then 'JobID ' || coalesce(shown(JobID), '""') || ' is no job' end,
            case when state is null
                then 'State ' || coalesce(shown(state_word), '""') || ' is no state of a job' end,
            case when submitted is not null and submitted_at is null
                then 'Submit ' || shown(submitted) || ' is no time' end,
            case when started is not null and started_at is null
                then 'Start ' || shown(started) || ' is no time' end,
            case when ended is not null and ended_at is null
                then 'End ' || shown(ended) || ' is no time' end,
            case when ended_at < started_at
                then 'End ' || ended || ' is before Start ' || started end,
            no_quantity('gres/gpu', gpus_text),
            list_aggregate(
                list_transform(model_gpus, lambda n: no_quantity('gres/gpu', n)), 'string_agg', '; '
            )
        ) as reasons
    from typed
),
latest as (
    select *
    from judged
    qualify reasons <> '' or row_number() over (
        partition by reasons, Cluster, JobID, DBIndex, submitted
        order by ended is null, day desc, asked desc, file desc, row_number desc
    ) = 1
),
placed as (
    select
        *,
        state = 'running' and ended is null and (
            coalesce(day < last_day, false)
            or started_at + to_minutes(try_cast(TimelimitRaw as integer)) + interval 1 day < seen_at
        ) as is_lost
    from latest
)
select
    p.JobID as job, p.JobName as name, p."User" as "user",
    case when $by_account then p.Account else t.team end as team,
    nullif(array_to_string(p.models, ','), '') as gpu_model,
    p.gpus, p.started_at, p.ended_at,
    case when coalesce(p.is_lost, false) then null else p.state end as state,
    case
        when p.started is null and p.ended is not null then 0 -- it never started
        when not coalesce(p.is_lost, false)
        then gpu_hours_of(p.gpus, p.started_at, p.ended_at, p.state, p.seen_at)
    end as gpu_hours,
    json_merge_patch('{}', json_object(
        'cluster', p.Cluster, 'account', p.Account, 'qos', p.QOS, 'nodes', p.NodeList,
        'billing', tres(p.tres, 'billing'), 'comment', p.Comment
    ))::varchar as labels,
    'slurm' as kind,
    comment_word(p.Comment, 'model') as model,
    comment_word(p.Comment, '(?:model_)?version') as model_version,
    comment_word(p.Comment, 'run_id') as run_id,
    try_cast(as_number(tres(p.tres, 'node')) as integer) as instances,
    as_number(tres(p.tres, 'cpu'))::double as cpus,
    tres_gib(tres(p.tres, 'mem')) as ram_gib,
    case when regexp_full_match(p.NodeList, '[A-Za-z0-9._-]+') then p.NodeList end as resource_id,
    p.Partition as queue, p.submitted_at,
    row_number() over (
        partition by p.reasons, p.Cluster, p.JobID order by p.submitted_at, p.DBIndex, p.started_at
    )::integer as attempt,
    p.ExitCode as exit_code,
    upper(p.state_word) as reason,
    try_cast(p.TimelimitRaw as double) / 60 as time_limit_hours,
    -- Joules; a meter that failed says 0, or what no job can take.
    case when as_number(tres(p.tres, 'energy')) between 1 and 1e15 and not p.is_wish
        then as_number(tres(p.tres, 'energy'))::double / 3.6e6 end as energy_kwh,
    p.seen_at, p.file, p.sha256, p.row_number, p.raw,
    nullif(p.reasons, '') as refused
from placed as p
left join slurm_team as t on t.account = p.Account
