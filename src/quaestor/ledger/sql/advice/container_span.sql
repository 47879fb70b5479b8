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
-- source    usage.container_sample, usage.container_use; robusta-dev/krr, strategy simple
-- rows from usage.container_sample, usage.container_use
with present as (
    select
        max(sampled_at) - to_days($days::integer) as first,
        max(sampled_at) - to_days($held_out_days::integer) as last_trained
    from usage.container_sample
),
sample as (
    select
        source, cluster, namespace, pod, container, sampled_at, cpu_used_cores, ram_used_gib,
        sampled_at > (select last_trained from present) as is_held
    from usage.container_sample
    where sampled_at > (select first from present)
),
-- One pass over them. Whose a pod is would take longer to carry along than to ask for afterwards,
-- and five filters are slower than as many cases.
used as (
    select
        source, cluster, namespace, pod, container,
        count(*) as samples, count_if(is_held) as held_samples,
        min(sampled_at) as since, max(sampled_at) as until,
        quantile_cont(cpu_used_cores, [0.66, 0.9, 0.95, 0.96, 0.99, 1]) as cpu,
        quantile_cont(case when not is_held then cpu_used_cores end, [0.66, 0.9, 0.95, 0.96])
            as trained_cpu,
        quantile_cont(case when is_held then cpu_used_cores end, [0.66, 0.9, 0.95, 0.96])
            as held_cpu,
        max(case when not is_held then ram_used_gib end) as trained_ram,
        max(case when is_held then ram_used_gib end) as held_ram
    from sample
    group by source, cluster, namespace, pod, container
),
spans as (
    select
        source, cluster, namespace, pod, container,
        unnest([
            {
                span: 'all', since: since, until: until, samples: samples, cpu: cpu,
                ram: greatest(trained_ram, held_ram)
            },
            {
                span: 'trained', since: since, until: least(until, last_trained),
                samples: samples - held_samples, cpu: trained_cpu, ram: trained_ram
            },
            {
                span: 'held-out', since: greatest(since, last_trained), until: until,
                samples: held_samples, cpu: held_cpu, ram: held_ram
            }
        ]) as span
    from used
    cross join present
),
told as (
    select
        source, cluster, namespace, pod, container, span.span as span,
        span.since as since, span.until as until, span.samples as samples,
        span.cpu[1] as cpu_p66_cores, span.cpu[2] as cpu_p90_cores, span.cpu[3] as cpu_p95_cores,
        span.cpu[4] as cpu_p96_cores, span.cpu[5] as cpu_p99_cores, span.cpu[6] as cpu_max_cores,
        null::double as ram_p99_gib, span.ram as ram_max_gib, true as is_sampled
    from spans
    where span.samples > 0
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
    select distinct t.source, t.cluster, t.namespace, t.pod
    from told as t
    left join listed as l
        on l.cluster = t.cluster and l.namespace = t.namespace and l.pod = t.pod
    where l.pod is null
),
stated as (
    select s.source, s.cluster, s.namespace, s.pod, min(s.workload) as workload
    from usage.container_sample as s
    join unlisted as u
        on u.source = s.source and u.cluster = s.cluster and u.namespace = s.namespace
        and u.pod = s.pod
    group by s.source, s.cluster, s.namespace, s.pod
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
