-- What can be wrong with a value of a usage file, in words; null where nothing is.
create or replace temp macro shown(t) as
    '"' || left(t, 60) || case when length(t) > 60 then '...' else '' end || '"';

create or replace temp macro no_quantity(name, t) as case
    when t is null then null
    when as_number(t) is null then name || ' ' || shown(t) || ' is not a number'
    when as_number(t) < 0 then name || ' ' || t || ' is negative'
end;

create or replace temp macro no_count(name, t) as case
    when no_quantity(name, t) is not null then no_quantity(name, t)
    when as_number(t) <> trunc(as_number(t)) or as_number(t) > 1000000
    then name || ' ' || t || ' is no count of things'
end;

create or replace temp macro no_ratio(name, t) as case
    when t is null then null
    when as_number(t) is null then name || ' ' || shown(t) || ' is not a number'
    when as_number(t) < 0 or as_number(t) > 1
    then name || ' ' || t || ' is no ratio in [0, 1] (a percentage? divide by 100)'
end;

create or replace temp macro no_hour(name, t) as case
    when t is null then null
    when as_time(t) is null then name || ' ' || shown(t) || ' is not an ISO 8601 time'
    when as_time(t) <> date_trunc('hour', as_time(t))
    then name || ' ' || t || ' is not the start of an hour in UTC'
end;

create or replace temp macro is_json_object(t) as
    case when json_valid(t) then json_type(t) = 'OBJECT' else false end;

create or replace temp macro no_time(name, t) as case
    when t is not null and as_time(t) is null then name || ' ' || shown(t) || ' is not an ISO 8601 time'
end;

-- A job's state in one word, whatever its scheduler calls it; null where the word is not known.
create or replace temp macro job_state(t) as case
    when t in ('completed', 'succeeded', 'success', 'finished', 'done') then 'completed'
    when t in ('failed', 'failure', 'error', 'timeout', 'timed_out', 'expired', 'deadline',
        'maxruntimeexceeded', 'maxwaittimeexceeded', 'out_of_memory', 'oom', 'node_fail',
        'boot_fail', 'launch_failed', 'reconfig_fail') then 'failed'
    when t in ('cancelled', 'canceled', 'stopped', 'killed', 'preempted', 'revoked', 'requeued')
    then 'cancelled'
    when t in ('running', 'completing', 'suspended', 'stopping', 'resizing', 'stage_out',
        'signaling') then 'running'
    when t in ('pending', 'queued', 'submitted', 'configuring', 'requeue_hold', 'requeue_fed',
        'resv_del_hold', 'special_exit') then 'pending'
end;

-- GPUs times the hours from start to end; up to when the source was asked while a job runs. Null
-- where one of them is not known: never zero, never up to now.
create or replace temp macro gpu_hours_of(gpus, started_at, ended_at, state, seen_at) as case
    when gpus = 0 or state = 'pending' then 0
    when ended_at is not null then gpus * date_diff('microsecond', started_at, ended_at) / 3.6e9
    when state = 'running' and started_at <= seen_at
    then gpus * date_diff('microsecond', started_at, seen_at) / 3.6e9
end;
