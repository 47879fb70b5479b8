-- Machines with GPUs that do next to nothing: to be stopped, or their work put together.
--
-- grain     one row per machine of ledger.gpu_machine: nodes, sampled hosts, billed instances
-- input     ledger.gpu_use: the last 7 days of each of its GPUs (ledger.gpu_machine: `days`)
-- method    idle: of every GPU the 95th percentile of the engine-active ratio is under $idle_ratio,
--           with at least $min_hours observed hours, the last within a day. An hour nobody tells
--           of is no idle hour, and a GPU nobody tells of no idle GPU. Idle with more than
--           $memory_ratio of a GPU's memory in use at any time is loaded and rarely called:
--           consolidate. Where nobody tells of memory it may be loaded: never stop. A node of a
--           cluster whose GPUs nobody asked for in the last $free_hours hours can go
-- money     its cost a month; of what is loaded, the part of all its GPUs' memory that stays free,
--           less 15 % of what is in use; of a node that was asked for earlier in the window, its
--           unscheduled hours' part
-- param     idle_ratio = 0.05: 95th percentile of the engine-active ratio, under which it is idle
-- param     memory_ratio = 0.30: memory in use of a GPU, above which something is loaded on it
-- param     min_hours = 6: least observed hours of every GPU
-- param     free_hours = 24: hours without a GPU asked for before a node counts as unscheduled
-- source    NVIDIA dcgm-exporter, etc/default-counters.csv: DCGM_FI_PROF_GR_ENGINE_ACTIVE,
--           DCGM_FI_DEV_FB_USED
-- rows from ledger.gpu_machine
with used as (
    select
        subject, min(told_by) as told_by,
        case when min(gpu) <> 'all' and min(gpu) <> '' then count(*) end as seen_gpus,
        min(observed_hours) as observed_hours, min(last_at) as last_at,
        max(used_p95) as used_p95, max(used_max) as used_max, max(busy_hours) as busy_hours,
        case when count(*) = count(memory_max_gib / nullif(memory_gib, 0))
            then max(memory_max_gib / memory_gib) end as loaded_ratio,
        sum(memory_all_gib) as memory_all_gib,
        max(memory_max_gib) as memory_max_gib, max(memory_gib) as memory_gib
    from ledger.gpu_use
    group by subject
),
looked_at as (
    select
        m.*, u.told_by, u.observed_hours, u.last_at, u.used_p95, u.used_max, u.busy_hours,
        u.loaded_ratio, u.memory_max_gib, u.memory_gib, u.memory_all_gib,
        u.memory_all_gib / nullif(greatest(m.gpus, 1) * u.memory_gib, 0) as full_ratio,
        greatest(m.gpus - coalesce(u.seen_gpus, m.gpus), 0)::integer as unseen_gpus,
        coalesce(m.free_hours >= $free_hours, false)
        and not (m.scheduled_at is null and coalesce(u.loaded_ratio > $memory_ratio, false))
            as is_free
    from ledger.gpu_machine as m
    left join used as u on u.subject = m.subject
),
judged as (
    select
        *,
        case
            when is_free then 'unscheduled'
            when observed_hours is null then 'unobserved'
            when unseen_gpus > 0 and used_p95 < $idle_ratio then 'partly seen'
            when observed_hours < $min_hours then 'short'
            when last_at < present - interval 24 hour then 'silent'
            when used_p95 >= $idle_ratio then 'busy'
            when loaded_ratio is null then 'maybe loaded'
            when loaded_ratio > $memory_ratio then 'loaded'
            else 'idle'
        end as verdict
    from looked_at
),
answered as (
    select
        *,
        case
            when verdict in ('unscheduled', 'idle', 'loaded', 'maybe loaded') then 'advise'
            when verdict = 'busy' then 'clean'
            else 'cannot-say'
        end as answer,
        case
            when verdict = 'unscheduled' and scheduled_at is null then 1.0
            when verdict = 'unscheduled' then unscheduled_hours / told_hours
            when verdict = 'idle' then 1.0
            when verdict = 'loaded' then nullif(greatest(1 - 1.15 * full_ratio, 0), 0)
        end as spared_ratio,
        round(100 * used_p95, 1) || ' %' as percent_used
    from judged
)
select
    subject, source, coalesce(cluster || '/', '') || node as name, answer,
    case verdict
        when 'unscheduled' then 'nobody asked for its GPUs in the last ' || free_hours
            || ' hours, up to ' || present::date
        when 'unobserved' then case
            when told_hours is not null and unscheduled_hours < told_hours
                then 'pods have its GPUs, and nobody tells what they do with them'
            else 'nobody tells what its GPUs do' end
        when 'partly seen' then 'nobody tells what ' || unseen_gpus || ' of its ' || gpus::integer
            || ' GPUs do'
        when 'short' then 'its GPUs were observed for ' || round(observed_hours, 1)
            || ' of at least '
            || $min_hours || ' hours'
        when 'silent' then 'nobody tells what its GPUs do since '
            || strftime(last_at, '%Y-%m-%d %H:%M')
        when 'busy' then 'its GPUs are ' || percent_used || ' active at the 95th percentile of '
            || round(observed_hours)::bigint || ' observed hours'
        else 'its GPUs are ' || percent_used || ' active at the 95th percentile of '
            || round(observed_hours)::bigint || ' observed hours, '
            || case verdict
                when 'loaded' then 'and up to ' || round(100 * loaded_ratio)::bigint
                    || ' % of their memory is in use: loaded, rarely called'
                when 'maybe loaded' then 'and nobody tells how full their memory is'
                else 'and at most ' || round(100 * loaded_ratio)::bigint
                    || ' % of their memory is in use' end
    end as reason,
    case when answer = 'advise' then case when verdict in ('unscheduled', 'idle') then 'stop'
        else 'consolidate' end end as action,
    coalesce(instance_type, 'a machine') || coalesce(' with ' || gpus::integer || ' x '
        || coalesce(gpu_model, told_model), '') as current,
    case
        when answer <> 'advise' then null
        when verdict = 'unscheduled' then 'no node, or a group of nodes that scales to zero'
        when verdict = 'idle' then 'no machine, or one that is started when it is needed'
        when verdict = 'loaded' then 'its models on GPUs shared with others (MIG, time slices, one '
            || 'server for several models), or scaled to zero between calls'
        else 'its work on GPUs shared with others; no machine, if nothing is loaded'
    end as proposed,
    cost_per_month,
    case when answer = 'advise' then money_estimate(cost_per_month::double * spared_ratio) end
        as saving_per_month,
    case when answer = 'advise' and cost_per_month is not null and spared_ratio is not null
        then case when saving_basis = 'bill' and spared_ratio < 1 then 'effective rate'
            else saving_basis end end as saving_basis,
    case
        when answer <> 'advise' then null
        when verdict = 'maybe loaded' then 'low'
        when verdict = 'unscheduled' and scheduled_at is not null then 'medium'
        when coalesce(
            case when verdict = 'unscheduled' then told_hours else observed_hours end, 0
        ) >= 0.8 * date_diff('hour', since, present)
            then case when busy_hours > 0 then 'medium' else 'high' end
        when coalesce(
            case when verdict = 'unscheduled' then told_hours else observed_hours end, 0
        ) >= 24 then 'medium'
        else 'low'
    end as confidence,
    case
        when answer <> 'advise' then null
        when verdict = 'unscheduled'
            then 'It may be kept for work that waits for it: ask who set its group''s least size.'
        when verdict in ('loaded', 'maybe loaded')
            then 'A model that shares a GPU, or is loaded at '
            || 'the first call, answers more slowly; what it holds in memory is lost when it stops.'
        when busy_hours > 0 then 'It worked in ' || busy_hours || ' hours of the window, and that '
            || 'work needs another place.'
        else 'What lies on its own discs is lost where they are not kept: ask its owner.'
    end as risk,
    to_json({
        used_p95: used_p95, used_max: used_max, busy_hours: busy_hours,
        observed_hours: observed_hours, told_by: told_by, last_at: last_at, until: present,
        memory_max_gib: memory_max_gib, memory_gib: memory_gib, loaded_ratio: loaded_ratio,
        memory_all_gib: memory_all_gib,
        told_hours: told_hours, unscheduled_hours: unscheduled_hours, free_hours: free_hours,
        gpus: gpus, gpu_model: coalesce(gpu_model, told_model), capacity_type: capacity_type
    })::varchar as evidence,
    case
        when answer <> 'advise' or verdict not in ('unscheduled', 'idle') then null
        when kind = 'cluster' then 'kubectl drain ' || shell_quoted(node) || ' --ignore-daemonsets'
        else stop_command(coalesce(machine, resource_id), region)
    end as command,
    team, model, model_version, environment, resource_id,
    coalesce(resource_id, subject) as saves_on, null::varchar as inside, committed_ratio, tags
from answered
