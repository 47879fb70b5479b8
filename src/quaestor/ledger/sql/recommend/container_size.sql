-- Containers that ask for more processor or memory than they use, or for less.
--
-- grain     one row per workload and container: those a cluster lists, and those that have samples
--           in a cluster that nobody lists. What is gone from a cluster's list needs no advice
-- method    ledger.container_request has the sizes, by `advice: params: container_request:
--           strategy`; ledger.backtest says of which the last days would have been violated: these
--           are withheld. A resource that an autoscaler scales on, or that a vertical one sets, is
--           left alone. A request that is too small is advised to be raised. Where the ledger's
--           own hours of its pods (ledger.pod_use) tell on one of these days of more, by the mean
--           of a day, than would be asked for and than any sample has, nobody knows which is
--           right: what would be lowered is withheld
-- money     what is asked for less, at the effective rate of the machines its pods run on
--           (ledger.workload_rate); below zero where more is asked for. The bill falls by it once
--           machines are fewer or smaller. Null where a request was not set: what that cost then
--           is not known apart from other containers
-- param     least_change = 0.1: part of what is asked for now, below which a change is not advised
-- source    robusta-dev/krr; kubernetes.io, "Resource Management for Pods and Containers"
-- rows from usage.container, ledger.container_request
-- A pod's hours are of all its containers: its workload's sizes are added up, where all have some.
with listed as (
    select
        min(source) as source, cluster, namespace, coalesce(owner_kind, '') as owner_kind,
        coalesce(owner, pod) as owner, container, count(distinct pod) as replicas,
        max(cpu_request_cores) as cores, max(cpu_limit_cores) as limit_cores,
        max(ram_request_gib) as gib, max(ram_limit_gib) as limit_gib,
        sum(restarts) as restarts, max(oom_killed_at) as oom_killed_at,
        max(annotations) as tags, max(seen_at) as seen_at
    from usage.container
    group by cluster, namespace, coalesce(owner_kind, ''), coalesce(owner, pod), container
),
used as (
    select * replace (coalesce(owner_kind, '') as owner_kind)
    from ledger.container_request where span = 'all'
),
known as (
    select
        coalesce(l.cluster, u.cluster) as cluster, coalesce(l.namespace, u.namespace) as namespace,
        coalesce(l.owner_kind, u.owner_kind) as owner_kind, coalesce(l.owner, u.owner) as owner,
        coalesce(l.container, u.container) as container, l.cluster is not null as is_listed,
        l.* exclude (cluster, namespace, owner_kind, owner, container),
        u.* exclude (cluster, namespace, owner_kind, owner, container, span)
    from listed as l
    full join used as u
        on u.cluster = l.cluster and u.namespace = l.namespace and u.owner_kind = l.owner_kind
        and u.owner = l.owner and u.container = l.container
    where l.cluster is not null or u.cluster not in (select cluster from usage.container)
),
-- An autoscaler of what stands between the workload and its pods is one of the workload.
scaled as (
    select
        p.cluster, p.namespace, p.owner_kind, p.owner,
        min(a.kind || ' ' || a.autoscaler) filter (
            a.metrics is null or list_contains(a.metrics, 'cpu')
        ) as cpu_scaler,
        min(a.kind || ' ' || a.autoscaler) filter (
            a.metrics is null or list_contains(a.metrics, 'memory')
        ) as ram_scaler
    from (
        select distinct
            cluster, namespace, coalesce(owner_kind, '') as owner_kind,
            coalesce(owner, pod) as owner, pod
        from usage.container
    ) as p
    join usage.autoscaler as a
        on a.cluster = p.cluster and a.namespace = p.namespace
        and (
            (a.target = p.owner and coalesce(a.target_kind, p.owner_kind) = p.owner_kind)
            or (a.target_kind <> p.owner_kind and starts_with(p.pod, a.target || '-'))
        )
    where a.kind <> 'vpa' or coalesce(a.mode, '') <> 'Off'
    group by p.cluster, p.namespace, p.owner_kind, p.owner
),
replayed as (
    select
        subject,
        max(violated_ratio) filter (what = 'cpu') as cpu_violated,
        max(violated_ratio) filter (what = 'cpu-limit') as limit_violated,
        max(violated_ratio) filter (what = 'memory') as ram_violated,
        max(expected_ratio) filter (what = 'cpu') as cpu_expected,
        coalesce(bool_or(is_withheld) filter (what <> 'memory'), false) as is_cpu_withheld,
        coalesce(bool_or(is_withheld) filter (what = 'memory'), false) as is_ram_withheld,
        max(held_out_until)::date - max(trained_until)::date as held_out_days
    from ledger.backtest
    where kind = 'container_size'
    group by subject
),
-- Workloads that are looked at as endpoints: what stops one of these stops its containers.
endpoint as (
    select endpoint, min(saves_on) as saves_on, min(inside) as machine
    from ledger.endpoint_rate
    where kind in ('kserve', 'deployment', 'statefulset', 'rollout')
    group by endpoint
),
-- The most that a pod of a workload used on a day of its samples, by the mean of its hours.
counted as (
    select
        s.cluster, s.namespace, coalesce(s.owner_kind, '') as owner_kind,
        coalesce(s.owner, s.pod) as owner,
        max(p.used_core_hours::double / nullif(p.cpu_observed, 0)) as pod_cores,
        max(p.used_gib_hours::double / nullif(p.ram_observed, 0)) as pod_gib
    from (
        select
            cluster, namespace, pod, min(owner_kind) as owner_kind, min(owner) as owner,
            min(since)::date as first_day, max(until)::date as last_day
        from ledger.container_span
        where span = 'all'
        group by cluster, namespace, pod
    ) as s
    join ledger.pod_use as p
        on p.cluster = s.cluster and p.namespace = s.namespace and p.pod = s.pod
        and p.day between s.first_day and s.last_day
    where p.day >= (
        select min(since)::date from ledger.container_span where span = 'all'
    )
    group by s.cluster, s.namespace, coalesce(s.owner_kind, ''), coalesce(s.owner, s.pod)
),
-- What all containers of a workload would have together, and had at the most.
together as (
    select
        cluster, namespace, owner_kind, owner,
        case when count(*) = count(cpu_request_cores)
            then greatest(sum(cpu_request_cores), sum(cpu_max_cores)) end as all_cores,
        case when count(*) = count(ram_request_gib)
            then greatest(sum(ram_request_gib), sum(ram_max_gib)) end as all_gib
    from known
    group by cluster, namespace, owner_kind, owner
),
contradicted as (
    select
        c.cluster, c.namespace, c.owner_kind, c.owner,
        case when c.pod_cores > t.all_cores * (1 + $least_change) then c.pod_cores end
            as pod_cores,
        case when c.pod_gib > t.all_gib * (1 + $least_change) then c.pod_gib end as pod_gib
    from counted as c
    join together as t
        on t.cluster = c.cluster and t.namespace = c.namespace and t.owner_kind = c.owner_kind
        and t.owner = c.owner
    where c.pod_cores > t.all_cores * (1 + $least_change)
        or c.pod_gib > t.all_gib * (1 + $least_change)
),
joined as (
    select
        k.*, c.pod_cores, c.pod_gib, c.owner is not null as is_contradicted,
        s.cpu_scaler, s.ram_scaler,
        case when coalesce(w.resource_id, w.machine, e.machine) is not distinct from e.machine
            then e.saves_on end as endpoint_saves_on,
        concat_ws(
            '/', 'container', k.cluster, k.namespace, nullif(k.owner_kind, ''), k.owner, k.container
        ) as subject,
        date_diff('second', k.since, k.until) / 86400.0 as days,
        case
            when k.strategy = 'vpa' then k.ram_request_gib * k.limit_gib / k.gib
            else k.ram_limit_gib
        end as new_limit_gib,
        w.pod_hours_per_month, w.core_hour_cost, w.gib_hour_cost, w.price_source,
        w.committed_ratio, w.machine, w.resource_id, w.team, w.model, w.model_version,
        w.environment
    from known as k
    left join scaled as s
        on s.cluster = k.cluster and s.namespace = k.namespace
        and s.owner_kind = k.owner_kind and s.owner = k.owner
    left join contradicted as c
        on c.cluster = k.cluster and c.namespace = k.namespace
        and c.owner_kind = k.owner_kind and c.owner = k.owner
    left join ledger.workload_rate as w
        on w.cluster = k.cluster and w.namespace = k.namespace
        and coalesce(w.owner_kind, '') = k.owner_kind and w.owner = k.owner
    left join endpoint as e
        on e.endpoint = concat_ws('/', k.cluster, k.namespace, nullif(k.owner_kind, ''), k.owner)
),
-- Of each resource: is there a change to make, and if not, why.
judged as (
    select
        j.*, r.* exclude (subject),
        case
            when cpu_scaler is not null then 'scaled'
            when not is_listed then 'unlisted'
            when cpu_request_cores is null then 'unobserved'
            when not is_enough then 'few'
            when is_contradicted and not coalesce(cpu_request_cores >= cores, false)
                then 'contradicted'
            when is_cpu_withheld then 'withheld'
            when cores is null or limit_cores < cpu_request_cores then 'change'
            when cores between cpu_least_cores and cpu_most_cores then 'fits'
            when abs(cpu_request_cores - cores) <= $least_change * cores then 'fits'
            else 'change'
        end as cpu_state,
        case
            when ram_scaler is not null then 'scaled'
            when not is_listed then 'unlisted'
            when ram_request_gib is null then 'unobserved'
            when not is_enough then 'few'
            when is_contradicted and not coalesce(ram_request_gib >= gib, false)
                then 'contradicted'
            when is_ram_withheld then 'withheld'
            when gib is null or limit_gib < ram_request_gib * (1 - $least_change) then 'change'
            when gib between ram_least_gib and ram_most_gib then 'fits'
            when abs(ram_request_gib - gib) <= $least_change * gib then 'fits'
            else 'change'
        end as ram_state
    from joined as j
    left join replayed as r on r.subject = j.subject
),
answered as (
    select
        *, cpu_state = 'change' as cpu_changes, ram_state = 'change' as ram_changes,
        [cpu_state, ram_state] as states,
        case
            when list_contains(states, 'change') then 'advise'
            when list_has_any(states, ['withheld', 'contradicted']) then 'withheld'
            when list_has_any(states, ['unlisted', 'unobserved', 'few']) then 'cannot-say'
            when list_contains(states, 'scaled') then 'left-alone'
            else 'clean'
        end as answer,
        case when cpu_changes then (cores - cpu_request_cores) * core_hour_cost else 0 end as
            cpu_saved,
        case when ram_changes then (gib - ram_request_gib) * gib_hour_cost else 0 end as ram_saved,
        format('{:.0f}m', cpu_request_cores * 1000) as new_cpu,
        format('{:.0f}m', cpu_limit_cores * 1000) as new_cpu_limit,
        format('{:.0f}Mi', ram_request_gib * 1024) as new_ram,
        format('{:.0f}Mi', ceil(new_limit_gib * 1024)) as new_ram_limit,
        format(
            '{:,} samples of {:,} pod{} in {:.1f} days', samples, pods,
            case when pods = 1 then '' else 's' end, days
        ) as seen,
        coalesce(format(
            '; on the last {} days {:.1f} % of samples were above the size advised before them',
            held_out_days, 100 * cpu_violated
        ), '; not replayed on later days') as cpu_replay,
        coalesce(format(
            '; on the last {} days {:.1f} % of samples were above the size advised before them',
            held_out_days, 100 * ram_violated
        ), '; not replayed on later days') as ram_replay
    from judged
),
worded as (
    select
        *,
        'CPU: ' || case cpu_state
            when 'scaled' then cpu_scaler || ' goes by it or sets it'
            when 'unlisted' then 'what it requests is not known: no cluster lists it; by its use '
                || coalesce(new_cpu, 'unknown')
            when 'unobserved' then 'nobody tells what it used'
            when 'few' then 'not enough data: ' || seen
            else coalesce(format('p95 {:.3f} cores, ', cpu_p95_cores), '')
                || coalesce(format('most {:.3f}, ', cpu_max_cores), '')
                || coalesce(format('{:.3f} requested', cores), 'none requested') || '; ' || seen
                || cpu_replay || case
                    when cpu_state = 'contradicted' then '; its pods'' hours tell of more: '
                        || coalesce(format('{:.3f} cores', pod_cores), 'not of CPU, but of memory')
                        || case when pod_cores is null then '' else ' on the mean of a day' end
                    when cpu_state = 'withheld'
                    then format(', {:.0f} % were to be expected', 100 * cpu_expected)
                        || coalesce(format(', {:.1f} % above its limit', 100 * limit_violated), '')
                    else '' end
        end as cpu_reason,
        'memory: ' || case ram_state
            when 'scaled' then ram_scaler || ' goes by it or sets it'
            when 'unlisted' then 'what it requests is not known: no cluster lists it; by its use '
                || coalesce(new_ram, 'unknown')
            when 'unobserved' then 'nobody tells what it used'
            when 'few' then 'not enough data: ' || seen
            else format('most {:.3f} GiB, ', ram_max_gib)
                || coalesce(format('{:.3f} requested', gib), 'none requested')
                || coalesce(format(', killed at {:.3f}', oom_limit_gib), '') || ram_replay
                || case when ram_state = 'contradicted' then '; its pods'' hours tell of more: '
                        || coalesce(format('{:.3f} GiB', pod_gib), 'not of memory, but of CPU')
                        || case when pod_gib is null then '' else ' on the mean of a day' end
                    else '' end
        end as ram_reason,
        concat_ws(',',
            case when cpu_changes then 'cpu=' || new_cpu end,
            case when ram_changes then 'memory=' || new_ram end
        ) as requests,
        concat_ws(',',
            case when cpu_changes then 'cpu=' || new_cpu_limit end,
            case when ram_changes then 'memory=' || new_ram_limit end
        ) as limits,
        answer = 'advise' and cpu_changes and cpu_limit_cores is null and limit_cores is not null
            as frees_cpu,
        coalesce(cpu_changes and cpu_request_cores > coalesce(cores, 0), false)
        or coalesce(ram_changes and ram_request_gib > coalesce(gib, 0), false) as raises,
        coalesce(cpu_changes and cpu_request_cores < cores, false)
        or coalesce(ram_changes and ram_request_gib < gib, false) as lowers
    from answered
),
patch as (
    select
        *,
        case when frees_cpu then to_json({containers: [{
            name: container, resources: {
                requests: case when ram_changes
                    then json_object('cpu', new_cpu, 'memory', new_ram)
                    else json_object('cpu', new_cpu) end,
                limits: case when ram_changes
                    then json_object('cpu', null, 'memory', new_ram_limit)
                    else json_object('cpu', null) end
            }
        }]})::varchar end as pod_spec
    from worded
)
select
    subject, source, namespace || '/' || owner || '/' || container as name, answer,
    case
        when cpu_state = ram_state and cpu_state in ('unlisted', 'unobserved', 'few', 'scaled')
            and cpu_scaler is not distinct from ram_scaler
            then case cpu_state
                when 'unlisted' then 'what it requests is not known: no cluster lists it; by '
                    || 'its use ' || concat_ws(' and ', new_cpu, new_ram)
                when 'unobserved' then 'nobody tells what it used'
                when 'few' then 'not enough data: ' || seen
                else cpu_scaler || ' goes by its CPU and memory, or sets them'
            end
        else cpu_reason || '. ' || ram_reason
    end as reason,
    case when answer = 'advise' then case when raises and not lowers then 'raise' else 'resize' end
        end as action,
    case when is_listed then concat_ws(', ',
        coalesce(format('cpu {:.0f}m', cores * 1000), 'no cpu')
            || coalesce(format(' (limit {:.0f}m)', limit_cores * 1000), ''),
        coalesce(format('memory {:.0f}Mi', gib * 1024), 'no memory')
            || coalesce(format(' (limit {:.0f}Mi)', limit_gib * 1024), '')
    ) end as current,
    case when answer = 'advise' then concat_ws(', ',
        case when cpu_changes
            then 'cpu ' || new_cpu || coalesce(' (limit ' || new_cpu_limit || ')', ' (no limit)')
        end,
        case when ram_changes
            then 'memory ' || new_ram || coalesce(' (limit ' || new_ram_limit || ')', '') end
    ) end as proposed,
    money_estimate(
        (cores * core_hour_cost + gib * gib_hour_cost) * pod_hours_per_month
    ) as cost_per_month,
    case when answer = 'advise'
        then money_estimate((cpu_saved + ram_saved) * pod_hours_per_month) end as saving_per_month,
    case when answer = 'advise' and cpu_saved + ram_saved is not null
        and pod_hours_per_month is not null
        then case when price_source = 'bill' then 'effective rate' else 'list' end end
        as saving_basis,
    case when answer = 'advise' then case
        when days >= 7 and coalesce(cpu_violated, ram_violated) is not null then 'high'
        when days >= 2 then 'medium'
        else 'low'
    end end as confidence,
    case when answer = 'advise' then concat_ws(' ',
        case when raises then 'With too little it is starved or killed when its machine is full; '
            || 'with more, its pods need room on one.' end,
        case when lowers then 'A peak that these days did not have is slowed down, or killed at '
            || 'the memory limit. The bill falls once machines are fewer or smaller.' end
    ) end as risk,
    to_json({
        strategy: strategy, since: since, until: until, samples: samples, pods: pods,
        replicas: replicas, cpu_request_cores: cores, cpu_limit_cores: limit_cores,
        cpu_p66_cores: cpu_p66_cores, cpu_p95_cores: cpu_p95_cores, cpu_p99_cores: cpu_p99_cores,
        cpu_max_cores: cpu_max_cores, cpu_advised_cores: cpu_request_cores,
        cpu_violated_ratio: cpu_violated, cpu_expected_ratio: cpu_expected,
        ram_request_gib: gib, ram_limit_gib: limit_gib, ram_max_gib: ram_max_gib,
        ram_advised_gib: ram_request_gib, ram_violated_ratio: ram_violated,
        oom_killed_at: oom_killed_at, oom_limit_gib: oom_limit_gib, restarts: restarts,
        severity: case
            when abs(cores - cpu_request_cores) >= 0.5 or abs(gib - ram_request_gib) * 1024 >= 500
                then 'critical'
            when abs(cores - cpu_request_cores) >= 0.25 or abs(gib - ram_request_gib) * 1024 >= 250
                then 'warning'
            when abs(cores - cpu_request_cores) >= 0.1 or abs(gib - ram_request_gib) * 1024 >= 100
                then 'ok'
            when cores is not null and gib is not null then 'good'
        end,
        core_hour_cost: core_hour_cost, gib_hour_cost: gib_hour_cost,
        pod_hours_per_month: pod_hours_per_month, price_source: price_source,
        pod_hours_cores: pod_cores, pod_hours_gib: pod_gib
    })::varchar as evidence,
    case when answer = 'advise'
        and owner_kind in ('Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'CronJob')
        then case
            when pod_spec is not null then 'kubectl patch ' || lower(owner_kind) || ' '
                || shell_quoted(owner) || ' -n ' || shell_quoted(namespace) || ' --patch '
                || shell_quoted(case when owner_kind = 'CronJob'
                    then '{"spec":{"jobTemplate":{"spec":{"template":{"spec":' || pod_spec
                        || '}}}}}'
                    else '{"spec":{"template":{"spec":' || pod_spec || '}}}' end)
            else 'kubectl set resources ' || lower(owner_kind) || ' ' || shell_quoted(owner)
                || ' -n ' || shell_quoted(namespace) || ' -c ' || shell_quoted(container)
                || ' --requests=' || requests || case when limits = '' then ''
                    else ' --limits=' || limits end
        end
    end as command,
    team, model, model_version, environment, null::varchar as resource_id, subject as saves_on,
    coalesce(endpoint_saves_on, resource_id, machine) as inside, committed_ratio, tags
from patch
