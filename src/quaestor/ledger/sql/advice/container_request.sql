-- What each container ought to request and be limited to, by what it used.
--
-- grain     one row per cluster, namespace, workload, container and span (ledger.container_span)
-- method    simple: CPU by the p95 of each pod, the most of its workload's pods, without a limit;
--           memory by the most that any pod used and a margin, request and limit alike, and by a
--           margin over the limit at which one was killed. simple-limit: CPU request p66, limit
--           p96; memory as simple. vpa: p90 of samples that halve in weight every 24 hours, over 8
--           days, and 15 %; of memory its daily peaks; what is asked for may stay between the p50
--           and the p95. A metrics server's quantiles have no weights: there vpa is by the p90 and
--           by the peak. Up to 1 m and 1 MiB, never below the floors
-- param     strategy = "simple": how requests are worked out (simple, simple-limit or vpa)
-- param     memory_margin = 0.15: part that memory gets over the most that was used
-- param     oom_margin = 0.25: part that memory gets over the limit at which it was killed
-- param     least_samples = 100: samples of all pods of a workload below which nothing is advised
-- param     least_hours = 3: hours between the first and the last of them, likewise
-- param     least_cores = 0.01: cores below which no CPU request goes
-- param     least_gib = 0.09765625: GiB below which no memory request goes
-- source    robusta-dev/krr, strategies simple and simple-limit; kubernetes/autoscaler, Vertical
--           Pod Autoscaler, recommender
-- rows from ledger.container_span
with span as (
    select
        s.*, coalesce(s.owner, s.pod) as workload, coalesce(s.owner_kind, '') as workload_kind
    from ledger.container_span as s
),
-- Killed for memory up to the end of the span, at which limit.
killed as (
    select
        cluster, namespace, coalesce(owner, pod) as workload, coalesce(owner_kind, '') as
            workload_kind, container, oom_killed_at, max(oom_limit_gib) as limit_gib
    from usage.container
    where oom_limit_gib is not null
    group by all
),
used as (
    select
        cluster, namespace, workload_kind, workload, container, span,
        count(*) as pods, min(since) as since, max(until) as until, sum(samples) as samples,
        max(cpu_p66_cores) as p66, max(cpu_p90_cores) as p90, max(cpu_p95_cores) as p95,
        max(cpu_p96_cores) as p96, max(cpu_p99_cores) as p99, max(cpu_max_cores) as cpu_max,
        max(ram_max_gib) as ram_max
    from span
    group by cluster, namespace, workload_kind, workload, container, span
),
-- Only the strategy vpa needs the samples again, sorted into the buckets of its histogram.
weighed as (
    select
        p.cluster, p.namespace, p.workload_kind, p.workload, p.container, p.span, p.pod,
        s.cpu_used_cores, s.ram_used_gib,
        power(2, -date_diff('second', s.sampled_at, u.until) / 86400.0) as weight,
        date_diff('second', s.sampled_at, u.until) // 86400 as days_ago,
        floor(ln(1 + s.cpu_used_cores * 5) / ln(1.05)) as bucket
    from usage.container_sample as s
    join span as p
        on p.source = s.source and p.cluster = s.cluster and p.namespace = s.namespace
        and p.pod = s.pod and p.container = s.container
        and s.sampled_at >= p.since and s.sampled_at <= p.until
    join used as u
        on u.cluster = p.cluster and u.namespace = p.namespace
        and u.workload_kind = p.workload_kind and u.workload = p.workload
        and u.container = p.container and u.span = p.span
    where $strategy = 'vpa' and p.is_sampled and p.span <> 'held-out'
        and s.sampled_at > u.until - interval 8 day
),
point as (
    select
        cluster, namespace, workload_kind, workload, container, span, 'cpu' as what,
        (power(1.05, bucket + 1) - 1) / 5 as figure, sum(weight) as weight
    from weighed
    where bucket is not null
    group by all
    union all
    select
        cluster, namespace, workload_kind, workload, container, span, 'ram', max(ram_used_gib),
        power(2, -days_ago)
    from weighed
    where ram_used_gib is not null
    group by cluster, namespace, workload_kind, workload, container, span, pod, days_ago
),
ranked as (
    select
        *,
        sum(weight) over (
            partition by cluster, namespace, workload_kind, workload, container, span, what
            order by figure
        ) / sum(weight) over (
            partition by cluster, namespace, workload_kind, workload, container, span, what
        ) as upto
    from point
),
decayed as (
    select
        cluster, namespace, workload_kind, workload, container, span,
        min(figure) filter (what = 'cpu' and upto >= 0.5) as cpu_p50,
        min(figure) filter (what = 'cpu' and upto >= 0.9) as cpu_p90,
        min(figure) filter (what = 'cpu' and upto >= 0.95) as cpu_p95,
        min(figure) filter (what = 'ram' and upto >= 0.5) as ram_p50,
        min(figure) filter (what = 'ram' and upto >= 0.9) as ram_p90,
        min(figure) filter (what = 'ram' and upto >= 0.95) as ram_p95
    from ranked
    group by all
),
oom as (
    select
        u.cluster, u.namespace, u.workload_kind, u.workload, u.container, u.span,
        max(k.limit_gib) as limit_gib
    from used as u
    join killed as k
        on k.cluster = u.cluster and k.namespace = u.namespace
        and k.workload_kind = u.workload_kind and k.workload = u.workload
        and k.container = u.container
    where u.span = 'all' or k.oom_killed_at <= u.until
    group by all
),
figured as (
    select
        u.*, o.limit_gib as oom_limit,
        case $strategy
            when 'simple' then p95
            when 'simple-limit' then p66
            when 'vpa' then coalesce(d.cpu_p90, p90) * 1.15
            else error('advice: params: container_request: strategy is simple, simple-limit or vpa')
        end as cpu,
        case when $strategy = 'simple-limit' then p96 end as cpu_limit,
        case when $strategy = 'vpa'
            then greatest(coalesce(d.ram_p90, ram_max) * 1.15, o.limit_gib * 1.2,
                o.limit_gib + 100 / 1024.0)
            else greatest(ram_max * (1 + $memory_margin), o.limit_gib * (1 + $oom_margin))
        end as ram,
        d.cpu_p50 * 1.15 as cpu_low, d.cpu_p95 * 1.15 as cpu_high,
        case when o.limit_gib is null then d.ram_p50 * 1.15 end as ram_low,
        case when o.limit_gib is null then d.ram_p95 * 1.15 end as ram_high
    from used as u
    left join decayed as d
        on d.cluster = u.cluster and d.namespace = u.namespace
        and d.workload_kind = u.workload_kind and d.workload = u.workload
        and d.container = u.container and d.span = u.span
    left join oom as o
        on o.cluster = u.cluster and o.namespace = u.namespace
        and o.workload_kind = u.workload_kind and o.workload = u.workload
        and o.container = u.container and o.span = u.span
)
select
    cluster, namespace, nullif(workload_kind, '') as owner_kind, workload as owner, container, span,
    $strategy as strategy, pods, since, until, samples::bigint as samples,
    samples >= $least_samples and date_diff('second', since, until) >= $least_hours * 3600
        as is_enough,
    case when cpu is not null then greatest(cores_up(cpu), $least_cores::double) end
        as cpu_request_cores,
    case when cpu_limit is not null then greatest(cores_up(cpu_limit), $least_cores::double) end
        as cpu_limit_cores,
    case when ram_max is not null then greatest(gib_up(ram), $least_gib::double) end
        as ram_request_gib,
    case when ram_max is not null and $strategy <> 'vpa'
        then greatest(gib_up(ram), $least_gib::double) end as ram_limit_gib,
    cpu_low as cpu_least_cores, cpu_high as cpu_most_cores,
    ram_low as ram_least_gib, ram_high as ram_most_gib,
    case when p95 is not null then greatest(
        cores_up(case $strategy when 'simple' then p95 when 'simple-limit' then p66 else p90 end),
        $least_cores::double
    ) end as cpu_needed_cores,
    case when ram_max is not null then greatest(gib_up(ram_max), $least_gib::double) end
        as ram_needed_gib,
    p66 as cpu_p66_cores, p95 as cpu_p95_cores, p99 as cpu_p99_cores, cpu_max as cpu_max_cores,
    ram_max as ram_max_gib, oom_limit as oom_limit_gib
from figured
