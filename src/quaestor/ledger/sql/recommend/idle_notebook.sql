-- Notebooks and workbenches that run while nobody works on them.
--
-- grain     one row per notebook instance, Studio app, workbench or compute instance
-- method    stop: it runs, and nobody has worked on it for $days days; since it was last started,
--           where that is later. auto-stop: it runs, nothing stops it when it is idle, and it is
--           idle now: its GPUs below $gpu_ratio and its processor below $cpu_ratio over the hour
--           before it was looked at, and no activity for $idle_minutes minutes where that is known;
--           or, where nobody says how busy it is, no activity for $quiet_hours hours. Where its
--           platform does not tell what its GPUs do, samples of the $sampled_days days before it was
--           looked at do: of the machine that has its name or that of its resource, and no other
--           notebook's. What nobody says (the last activity, the use, whether something stops it) is
--           never idleness
-- money     stop: what its resource costs a month, by the bill; of one on no bill, by the list price
--           of its instance type. auto-stop: of that, the part of the
--           time since it was started for which it has been idle; unknown without a start
-- param     days = 14: days without activity after which a notebook is to be stopped
-- param     idle_minutes = 60: minutes of idleness before it counts
-- param     gpu_ratio = 0.1: use of its GPUs below which it is idle; of samples of the busiest of
--            them the 95th percentile
-- param     sampled_days = 7: days of samples of its GPUs that count
-- param     cpu_ratio = 0.2: use of its processor below which it is idle
-- param     quiet_hours = 24: hours without activity that count where nobody says how busy it is
-- source    Amazon SageMaker API reference, IdleSettings; Google Cloud, "Idle shutdown" of
--           Workbench; Microsoft, "Configure idle shutdown" of compute instances
-- rows from usage.notebook
-- Azure's bills spell ids in letters of either case.
with azure as (
    select *, lower(resource_id) as spelled
    from ledger.resource_rate where starts_with(lower(resource_id), '/subscriptions/')
    qualify row_number() over (partition by spelled order by resource_id) = 1
),
-- Of a region; and where that has none, the least of all.
list_price as (
    select
        lower(instance_type) as instance_type, region, min(price) as price, min(gpus) > 0 as has_gpus
    from ledger.listed_machine
    group by grouping sets ((lower(instance_type), region), (lower(instance_type)))
    having grouping(region) = 1 or region is not null
),
-- What samples may call a notebook; a name that two of them have says of neither what it did.
called as (
    select host, min(source) as source, min(notebook) as notebook, min(seen_at) as seen_at
    from (
        select
            source, notebook, seen_at,
            unnest(list_distinct([
                notebook, resource_id, regexp_extract(notebook, '[^/]+$'),
                regexp_extract(resource_id, '[^/]+$')
            ])) as host
        from usage.notebook
        where gpus is distinct from 0
    )
    where host <> ''
    group by host
    having count(*) = 1
),
sampled as (
    select
        c.source, c.notebook, coalesce(s.gpu_uuid, s.gpu_index::varchar, '') as gpu,
        quantile_cont(s.gpu_util_ratio, 0.95) as used, max(s.gpu_util_ratio) as most,
        max(s.sampled_at) > min(c.seen_at) - interval 24 hour as is_recent
    from usage.gpu_sample as s
    join called as c
        on c.host = s.host and s.sampled_at > c.seen_at - to_days($sampled_days::integer)
    where s.gpu_util_ratio between 0 and 1
    group by c.source, c.notebook, coalesce(s.gpu_uuid, s.gpu_index::varchar, '')
),
seen as (
    select
        source, notebook, max(used) as used, max(most) as most, bool_and(is_recent) as is_recent
    from sampled
    group by source, notebook
),
told as (
    select
        n.* replace (
            -- What stops it after so many minutes stops it by itself.
            coalesce(n.has_idle_stop, case when n.idle_stop_minutes > 0 then true end)
                as has_idle_stop
        ),
        case when coalesce(r.resource_id, a.resource_id) is not null
            then coalesce(r.cost_per_month, a.cost_per_month)
            when n.status = 'running' then money_estimate(p.price::double * 730)
        end as cost_per_month,
        coalesce(r.resource_id, a.resource_id) is null as is_listed,
        coalesce(r.committed_ratio, a.committed_ratio) as committed_ratio,
        coalesce(r.team, a.team) as team, coalesce(r.model, a.model) as model,
        coalesce(r.environment, a.environment) as environment,
        coalesce(r.resource_id, a.resource_id, n.resource_id) as billed_id,
        case when n.last_activity_at is not null
            then greatest(n.last_activity_at, n.started_at) end as idle_since,
        -- A notebook without GPUs has none that could be busy; NaN is no ratio.
        case when n.gpus = 0 then 0
            when n.gpu_used_ratio between 0 and 1 then n.gpu_used_ratio end as told_gpu_used,
        -- Samples that ended days ago may say that it was at work, and never that it is idle.
        coalesce(told_gpu_used, case when g.is_recent or g.used >= $gpu_ratio then g.used end)
            as gpu_used,
        told_gpu_used is null and gpu_used is not null as is_sampled, g.most as most_sampled,
        case when n.cpu_used_ratio between 0 and 1 then n.cpu_used_ratio end as cpu_used
    from usage.notebook as n
    left join ledger.resource_rate as r on r.resource_id = n.resource_id
    left join azure as a on a.spelled = lower(n.resource_id)
    left join seen as g on g.source = n.source and g.notebook = n.notebook
    left join list_price as p
        on p.instance_type = lower(regexp_extract(n.instance_type, '[^/]+$'))
        and (p.region = n.region or p.region is null)
        and (p.has_gpus or (n.gpu_model is null and coalesce(n.gpus, 0) = 0))
    qualify row_number() over (
        partition by n.source, n.notebook order by p.region is null
    ) = 1
),
measured as (
    select
        *,
        -- Of what was active after it was looked at (clocks differ), zero.
        case when idle_since is not null
            then greatest(epoch(seen_at - idle_since) / 60, 0) end as idle_for_minutes,
        case
            when gpu_used >= $gpu_ratio or cpu_used >= $cpu_ratio then true
            when gpu_used is not null and cpu_used is not null then false
        end as is_busy
    from told
),
judged as (
    select
        *,
        case
            when idle_for_minutes < 120 then round(idle_for_minutes)::bigint
                || case when round(idle_for_minutes) = 1 then ' minute' else ' minutes' end
            when idle_for_minutes < 2880 then round(idle_for_minutes / 60)::bigint || ' hours'
            else format('{:,}', round(idle_for_minutes / 1440)::bigint) || ' days'
        end as idle_for,
        case
            when status = 'stopped' then 'stopped'
            when status is distinct from 'running' then 'between'
            when is_busy then 'busy'
            when idle_for_minutes >= $days * 1440 then 'left'
            when idle_for_minutes < $idle_minutes then 'worked-on'
            when idle_for_minutes is null and is_busy is null then 'unknown'
            when has_idle_stop then 'stops'
            when has_idle_stop is null then 'unknown-stop'
            when is_busy = false then 'idle'
            when idle_for_minutes >= $quiet_hours * 60 then 'quiet'
            else 'unknown-use'
        end as state
    from measured
),
answered as (
    select
        *,
        case
            when state in ('left', 'idle', 'quiet') then 'advise'
            when state in ('stopped', 'busy', 'worked-on', 'stops') then 'clean'
            else 'cannot-say'
        end as answer,
        case when state = 'left' then 'stop' when state in ('idle', 'quiet') then 'auto-stop' end
            as action,
        case
            when state = 'left' then 1
            when started_at < seen_at and idle_for_minutes > $idle_minutes
                then least((idle_for_minutes - $idle_minutes)
                    / nullif(epoch(seen_at - started_at) / 60, 0), 1)
        end as idle_part,
        'notebook/' || source || '/' || notebook as subject,
        case when has_idle_stop and idle_stop_minutes > 0
            then '; it stops by itself after ' || idle_stop_minutes || ' idle minutes'
            else '' end as stops,
        split_part(notebook, '/', -1) as short_name
    from judged
),
named as (
    select
        *,
        -- Of a SageMaker app: domain/space or user/its name/type/app, maybe after its region.
        string_split(notebook, '/') as words,
        split_part(resource_id, '/', 9) as workspace, split_part(resource_id, '/', 5) as "group"
    from answered
)
select
    subject, source, notebook as name, answer,
    case state
        when 'stopped' then 'it is stopped'
        when 'between' then 'its status is ' || coalesce(status, 'unknown')
        when 'busy' then 'it is at work: '
            || concat_ws(' and ',
                case when is_sampled then 'the busiest of its GPUs is used to '
                        || round(gpu_used * 100)::bigint || ' % at the 95th percentile of '
                        || 'samples of ' || $sampled_days::integer || ' days'
                    when gpus is distinct from 0
                    then 'its GPUs are used to ' || round(gpu_used * 100)::bigint || ' %' end,
                'its processor to ' || round(cpu_used * 100)::bigint || ' %')
            || stops
        when 'left' then 'nobody has worked on it for ' || idle_for
            || case
                when not is_sampled then ''
                when most_sampled >= $gpu_ratio
                    then ', but its GPUs were used now and then, up to '
                        || round(most_sampled * 100)::bigint || ' %'
                else ', and its GPUs do next to nothing: at most '
                    || round(most_sampled * 100)::bigint || ' %' end
        when 'worked-on' then 'somebody worked on it ' || idle_for || ' before it was looked at'
            || stops
        when 'unknown' then 'nobody says when somebody last worked on it, or how busy it is'
        when 'stops' then 'it stops by itself'
            || coalesce(' after ' || idle_stop_minutes || ' idle minutes', '')
        when 'unknown-stop' then 'nobody says whether it stops by itself'
        when 'unknown-use' then 'nobody has worked on it for ' || idle_for
            || ', and nobody says how busy it is'
        else 'nothing stops it, and ' || concat_ws(' and ',
            'nobody has worked on it for ' || idle_for,
            case when state = 'idle' then 'it does next to nothing' end)
    end as reason,
    action,
    instance_type as current,
    case action when 'stop' then 'stopped; deleted, if nobody misses it'
        when 'auto-stop' then 'it stops after ' || $idle_minutes || ' idle minutes' end as proposed,
    cost_per_month,
    case when answer = 'advise' then money_estimate(cost_per_month::double * idle_part) end
        as saving_per_month,
    case when answer = 'advise' and cost_per_month is not null and idle_part is not null
        then case when is_listed then 'list' when action = 'stop' then 'bill'
            else 'effective rate' end end as saving_basis,
    case when answer = 'advise' then case
        when state = 'left' and is_sampled and most_sampled >= $gpu_ratio then 'low'
        when state = 'left' then 'high'
        when state = 'idle' and idle_for_minutes is not null then 'high'
        else 'medium' end end as confidence,
    case action
        when 'stop' then 'What is only in its memory is lost. Its disc stays, and is paid for.'
            || case when gpu_used is null and (gpus > 0 or gpu_model is not null)
                then ' Nobody tells whether its GPUs calculate something.' else '' end
        when 'auto-stop' then case when state = 'quiet'
            then 'A calculation without anybody at the screen may still run.'
            else 'A calculation that waits is ended with it.' end
    end as risk,
    to_json({
        kind: kind, status: status, user: "user", last_activity_at: last_activity_at,
        started_at: started_at, seen_at: seen_at, has_idle_stop: has_idle_stop,
        idle_stop_minutes: idle_stop_minutes, gpu_used_ratio: gpu_used, cpu_used_ratio: cpu_used,
        gpu_used_by: case when is_sampled then 'samples' when gpu_used is not null then 'platform'
            end, idle_part: idle_part
    })::varchar as evidence,
    case
        when action = 'stop' and kind = 'sagemaker-notebook'
            then 'aws sagemaker stop-notebook-instance --notebook-instance-name '
                || shell_quoted(short_name) || coalesce(' --region ' || shell_quoted(region), '')
        when action = 'stop' and kind = 'sagemaker-app'
            then 'aws sagemaker delete-app --domain-id ' || shell_quoted(words[-5])
                || case words[-4] when 'space' then ' --space-name ' else ' --user-profile-name '
                    end || shell_quoted(words[-3])
                || ' --app-type ' || shell_quoted(words[-2]) || ' --app-name '
                || shell_quoted(words[-1]) || coalesce(' --region ' || shell_quoted(region), '')
        when action = 'auto-stop' and kind = 'sagemaker-app'
            and words[-2] in ('JupyterLab', 'CodeEditor')
            then 'aws sagemaker update-domain --domain-id ' || shell_quoted(words[-5])
                || ' --default-user-settings ''{"' || words[-2] || 'AppSettings":'
                || '{"AppLifecycleManagement":{"IdleSettings":{"LifecycleManagement":"ENABLED",'
                || '"IdleTimeoutInMinutes":' || $idle_minutes::integer || '}}}}'''
                || coalesce(' --region ' || shell_quoted(region), '')
        when kind = 'vertex-workbench'
            then case action
                when 'stop' then 'gcloud workbench instances stop ' || shell_quoted(short_name)
                when 'auto-stop' then 'gcloud workbench instances update '
                    || shell_quoted(short_name) || ' --metadata=idle-timeout-seconds='
                    || ($idle_minutes * 60)::integer
                end || ' --project=' || shell_quoted(words[2])
                || ' --location=' || shell_quoted(words[4])
        when kind = 'azure-compute-instance' and action = 'stop'
            then 'az ml compute stop --name ' || shell_quoted(short_name) || ' --workspace-name '
                || shell_quoted(workspace) || ' --resource-group ' || shell_quoted("group")
        when kind = 'azure-compute-instance' and action = 'auto-stop'
            then 'az rest --method post --url ' || shell_quoted(
                resource_id || '/updateIdleShutdownSetting?api-version=2024-10-01'
            ) || ' --body ''{"idleTimeBeforeShutdown":"PT' || $idle_minutes::integer || 'M"}'''
    end as command,
    team, model, null::varchar as model_version, environment, billed_id as resource_id,
    coalesce(billed_id, subject) as saves_on, null::varchar as inside, committed_ratio, tags
from named
