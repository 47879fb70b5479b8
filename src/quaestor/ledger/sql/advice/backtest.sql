-- Whether sizes advised by earlier days would have done for the days that followed.
--
-- grain     one row per kind of advice, subject and what is sized (cpu, cpu-limit, memory, ...)
-- method    advice is made anew of all but the last days, and held against these. A violation is a
--           sample above what was advised. A percentile leaves a part of them above it by design
--           (expected_ratio: 5 % for a p95), and some days more than others; only what is more
--           than that counts. Advice is withheld where that is over most_violated, unless it gives
--           more than there is now. Samples are counted; of a metrics server's quantiles the part
--           is estimated between them, and violations is null
-- param     most_violated = 0.01: part of the held-out samples that may be above what is advised
-- param     by_chance = 0.05: part of them by which three days may differ from all days in what is
--            above a percentile
-- source    ledger.container_request, usage.container_sample; ledger.gpu_fit, ledger.gpu_use;
--           ledger.endpoint_need
-- rows from ledger.container_request, ledger.gpu_fit, ledger.endpoint_need
-- Another kind adds a `with` of these columns and a line to the union at the end; its own SELECT
-- then reads is_withheld of its subject. What the advice spares is sum(saved_ratio * current).
with span as (
    select
        source, cluster, namespace, pod, container, is_sampled, since, samples,
        coalesce(owner, pod) as owner, coalesce(owner_kind, '') as owner_kind,
        cpu_p66_cores, cpu_p90_cores, cpu_p95_cores, cpu_p96_cores, cpu_p99_cores, cpu_max_cores,
        ram_p99_gib, ram_max_gib
    from ledger.container_span
    where span = 'held-out'
),
advised as (
    select
        row_number() over () as number,
        t.cluster, t.namespace, coalesce(t.owner_kind, '') as owner_kind, t.owner, t.container,
        t.strategy, t.since as trained_from, t.until as trained_until,
        h.until as held_out_until,
        t.cpu_request_cores, t.cpu_limit_cores, t.ram_request_gib,
        h.cpu_needed_cores, h.cpu_limit_cores as limit_needed_cores, h.ram_needed_gib
    from ledger.container_request as t
    join ledger.container_request as h
        on h.cluster = t.cluster and h.namespace = t.namespace
        and h.owner_kind is not distinct from t.owner_kind and h.owner = t.owner
        and h.container = t.container and h.span = 'held-out'
    where t.span = 'trained' and t.is_enough
),
held as (
    select
        s.* exclude (owner, owner_kind),
        a.* exclude (cluster, namespace, container, owner, owner_kind)
    from advised as a
    join span as s
        on s.cluster = a.cluster and s.namespace = a.namespace and s.owner_kind = a.owner_kind
        and s.owner = a.owner and s.container = a.container
),
numbered as (
    select
        h.number, n.series, h.trained_until, h.cpu_request_cores, h.cpu_limit_cores,
        h.ram_request_gib
    from held as h
    join usage.container_series as n
        on n.source = h.source and n.cluster = h.cluster and n.namespace = h.namespace
        and n.pod = h.pod and n.container = h.container
    where h.is_sampled
),
counted as (
    select
        h.number, count(s.cpu_used_cores) as cpu_intervals, count(s.ram_used_gib) as ram_intervals,
        count(*) filter (s.cpu_used_cores > h.cpu_request_cores) as cpu_violations,
        count(*) filter (s.cpu_used_cores > h.cpu_limit_cores) as limit_violations,
        count(*) filter (s.ram_used_gib > h.ram_request_gib) as ram_violations
    from usage.container_sample as s
    join numbered as h on h.series = s.series and s.sampled_at > h.trained_until
    where s.sampled_at >= (select min(since) from span where is_sampled)
    group by h.number
),
estimated as (
    select
        number, sum(samples)::bigint as samples,
        sum(samples * ratio_above(
            cpu_request_cores, cpu_p66_cores, cpu_p90_cores, cpu_p95_cores, cpu_p96_cores,
            cpu_p99_cores, cpu_max_cores
        )) / sum(samples) filter (cpu_max_cores is not null) as cpu_ratio,
        sum(samples * ratio_above(
            cpu_limit_cores, cpu_p66_cores, cpu_p90_cores, cpu_p95_cores, cpu_p96_cores,
            cpu_p99_cores, cpu_max_cores
        )) / sum(samples) filter (cpu_max_cores is not null) as limit_ratio,
        sum(samples * ratio_above(
            ram_request_gib, null, null, null, null, ram_p99_gib, ram_max_gib
        )) / sum(samples) filter (ram_max_gib is not null) as ram_ratio
    from held
    where not is_sampled
    group by number
),
listed as (
    select
        cluster, namespace, coalesce(owner_kind, '') as owner_kind, coalesce(owner, pod) as owner,
        container, max(cpu_request_cores) as cores, max(cpu_limit_cores) as limit_cores,
        max(ram_request_gib) as gib
    from usage.container
    group by all
),
replayed as (
    select
        a.*, l.cores, l.limit_cores, l.gib,
        coalesce(c.cpu_intervals, e.samples) as cpu_intervals,
        coalesce(c.ram_intervals, e.samples) as ram_intervals,
        c.cpu_violations, c.limit_violations, c.ram_violations,
        e.cpu_ratio, e.limit_ratio, e.ram_ratio
    from advised as a
    left join counted as c on c.number = a.number
    left join estimated as e on e.number = a.number
    left join listed as l
        on l.cluster = a.cluster and l.namespace = a.namespace and l.owner_kind = a.owner_kind
        and l.owner = a.owner and l.container = a.container
),
container as (
    select
        'container_size' as kind,
        concat_ws('/', 'container', cluster, namespace, nullif(owner_kind, ''), owner, container)
            as subject,
        trained_from, trained_until, held_out_until,
        unnest([
            {
                what: 'cpu', current: cores, advised: cpu_request_cores, needed: cpu_needed_cores,
                intervals: cpu_intervals, violations: cpu_violations, ratio: cpu_ratio,
                expected: case strategy when 'simple' then 0.05 when 'simple-limit' then 0.34
                    else 0.1 end::double
            },
            {
                what: 'cpu-limit', current: limit_cores, advised: cpu_limit_cores,
                needed: limit_needed_cores, intervals: cpu_intervals,
                violations: limit_violations, ratio: limit_ratio, expected: 0.04::double
            },
            {
                what: 'memory', current: gib, advised: ram_request_gib, needed: ram_needed_gib,
                intervals: ram_intervals, violations: ram_violations, ratio: ram_ratio,
                expected: 0::double
            }
        ]) as one
    from replayed
),
-- Memory of one GPU, of the type that would have been advised; intervals as its source tells.
machine as (
    select
        'gpu_size' as kind, f.subject, any_value(m.since) as trained_from,
        any_value(m.trained_until) as trained_until, any_value(m.present) as held_out_until,
        'gpu-memory' as what, any_value(m.gpu_memory_gib) as current,
        any_value(f.gpu_memory_gib) as advised, max(list_max(u.held_out_memory_gib)) as needed,
        max(len(u.held_out_memory_gib)) as intervals,
        max(len(list_filter(u.held_out_memory_gib, lambda gib: gib > f.gpu_memory_gib)))
            as violations
    from ledger.gpu_fit as f
    join ledger.gpu_machine as m on m.subject = f.subject
    join ledger.gpu_use as u on u.subject = f.subject
    where f.span = 'trained' and not f.is_fewer and f.instance_type is not null
    group by f.subject
),
line as (
    select
        kind, subject, trained_from, trained_until, held_out_until, one.what as what,
        one.current as current, one.advised as advised, one.needed as needed,
        one.intervals as intervals, one.violations as violations,
        coalesce(one.violations / nullif(one.intervals, 0), one.ratio) as violated_ratio,
        one.expected as expected_ratio
    from container
    where one.advised is not null and one.intervals > 0
    union all
    select
        kind, subject, trained_from, trained_until, held_out_until, what, current, advised, needed,
        intervals, violations, violations / intervals, 0
    from machine
    where intervals > 0
    union all
    select
        'endpoint_size', subject, since, until, present, 'instances', current, needed,
        held_out_needed, held_out_hours, violations, violations / held_out_hours, 0
    from ledger.endpoint_need
    where span = 'trained' and held_out_hours > 0 and needed < current
)
select
    kind, subject, trained_from, trained_until, held_out_until, what, current, advised, needed,
    intervals, violations, violated_ratio, expected_ratio,
    1 - advised / nullif(current, 0) as saved_ratio,
    1 - needed / nullif(current, 0) as oracle_saved_ratio,
    coalesce(
        violated_ratio - expected_ratio - case when expected_ratio > 0 then $by_chance else 0 end
            > $most_violated, false
    )
        and coalesce(advised < current, true) as is_withheld
from line
