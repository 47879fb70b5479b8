-- How much of a processor and of memory each container used, by span of days.
--
-- grain     one row per cluster, namespace, pod, container and span that it was seen in: all (the
--           last $days days), trained (of them, all but the last $held_out_days), held-out (these)
-- input     the last sample of any container is the present; a metrics server's spans are as it
--           was asked for them
-- method    exact quantiles, interpolated between two samples as PromQL's quantile_over_time does.
--           A figure that no sample has is null. Where samples and a metrics server tell of the
--           same container, samples count; of two sources the first by name. Of samples the p99
--           and the most are those of all days, as only advice is made of the other spans
-- param     days = 14: days of samples that count
-- param     held_out_days = 3: of them, the last ones, on which advice is replayed before it is
--            given
-- source    usage.container_sample, usage.container_series, usage.container_use; robusta-dev/krr, strategy simple
-- rows from usage.container_sample, usage.container_use
with present as (
    select
        max(sampled_at) - to_days($days::integer) as first,
        max(sampled_at) - to_days($held_out_days::integer) as last_trained
    from usage.container_sample
),
sample as not materialized (
    select
        series, sampled_at, cpu_used_cores, ram_used_gib,
        sampled_at > (select last_trained from present) as is_held
    from usage.container_sample
    where sampled_at > (select first from present)
),
-- Quantiles are most of the work, and of a case or filter they take longer than of a column: two
-- passes are faster than one that does all. Names are asked for afterwards.
part as (
    select
        series, is_held, count(*) as samples, min(sampled_at) as since, max(sampled_at) as until,
        quantile_cont(cpu_used_cores, [0.66, 0.9, 0.95, 0.96]) as cpu, max(ram_used_gib) as ram
    from sample
    group by series, is_held
),
whole as (
    select series, quantile_cont(cpu_used_cores, [0.66, 0.9, 0.95, 0.96, 0.99, 1]) as cpu
    from sample
    group by series
),
seen as (
    select
        series, sum(samples)::bigint as samples, min(since) as since, max(until) as until,
        max(ram) as ram
    from part
    group by series
),
spans as (
    select
        s.series, 'all' as span, s.since, s.until, s.samples, w.cpu, w.cpu[5] as cpu_p99_cores,
        w.cpu[6] as cpu_max_cores, s.ram
    from seen as s
    join whole as w on w.series = s.series
    union all
    select
        p.series, case when p.is_held then 'held-out' else 'trained' end,
        case when p.is_held then greatest(s.since, last_trained) else s.since end,
        case when p.is_held then s.until else least(s.until, last_trained) end,
        p.samples, p.cpu, null, null, p.ram
    from part as p
    join seen as s on s.series = p.series
    cross join present
),
told as (
    select
        n.source, n.cluster, n.namespace, n.pod, n.container, s.span, s.since, s.until, s.samples,
        s.cpu[1] as cpu_p66_cores, s.cpu[2] as cpu_p90_cores, s.cpu[3] as cpu_p95_cores,
        s.cpu[4] as cpu_p96_cores, s.cpu_p99_cores, s.cpu_max_cores,
        null::double as ram_p99_gib, s.ram as ram_max_gib, true as is_sampled
    from spans as s
    join usage.container_series as n on n.series = s.series
    union all
    select
        source, cluster, namespace, pod, container, span, since, until, samples,
        cpu_p66_cores, cpu_p90_cores, cpu_p95_cores, cpu_p96_cores, cpu_p99_cores, cpu_max_cores,
        ram_p99_gib, ram_max_gib, false
    from usage.container_use
),
counting as (
    select cluster, namespace, pod, container, min((not is_sampled, source)) as first
    from told
    group by cluster, namespace, pod, container
),
-- Whose a pod is: as the cluster lists it, as its samples say, or by the name that a workload of
-- its namespace gives to its pods (those of an earlier rollout are listed no more).
listed as (
    select cluster, namespace, pod, min(owner_kind) as owner_kind, min(owner) as owner
    from (
        select cluster, namespace, pod, owner_kind, owner from usage.container
        union all
        select cluster, namespace, pod, owner_kind, owner from usage.pod
    )
    where owner is not null
    group by cluster, namespace, pod
),
known as (
    select cluster, namespace, owner, min(owner_kind) as owner_kind
    from listed
    group by cluster, namespace, owner
),
unlisted as (
    select n.*
    from usage.container_series as n
    left join listed as l
        on l.cluster = n.cluster and l.namespace = n.namespace and l.pod = n.pod
    where l.pod is null
),
stated as (
    select u.source, u.cluster, u.namespace, u.pod, min(s.workload) as workload
    from unlisted as u
    join (
        select series, min(workload) as workload
        from usage.container_sample
        where series in (select series from unlisted)
        group by series
    ) as s on s.series = u.series
    group by u.source, u.cluster, u.namespace, u.pod
),
named as (
    select
        t.*, l.owner_kind as listed_kind, l.owner as listed_owner, s.workload,
        coalesce(s.workload, regexp_extract(
            t.pod,
            '^(.+?)(-[a-z0-9]{6,10}-[a-z0-9]{5}|-[0-9]{8}-[a-z0-9]{5}|-[a-z0-9]{5}|-[0-9]+)$', 1
        )) as other_owner
    from told as t
    join counting as c
        on c.cluster = t.cluster and c.namespace = t.namespace and c.pod = t.pod
        and c.container = t.container and c.first = (not t.is_sampled, t.source)
    left join listed as l
        on l.cluster = t.cluster and l.namespace = t.namespace and l.pod = t.pod
    left join stated as s
        on s.source = t.source and s.cluster = t.cluster and s.namespace = t.namespace
        and s.pod = t.pod
)
select
    n.source, n.cluster, n.namespace, n.pod, n.container,
    coalesce(n.listed_kind, k.owner_kind) as owner_kind,
    coalesce(n.listed_owner, k.owner, n.workload) as owner,
    n.span, n.since, n.until, n.samples, n.cpu_p66_cores, n.cpu_p90_cores, n.cpu_p95_cores,
    n.cpu_p96_cores, n.cpu_p99_cores, n.cpu_max_cores, n.ram_p99_gib, n.ram_max_gib, n.is_sampled
from named as n
left join known as k
    on n.listed_owner is null and k.cluster = n.cluster and k.namespace = n.namespace
    and k.owner = n.other_owner
