-- How containers used CPU and memory over some weeks, as the server summed it up.
--
-- grain     one row per container and span: all days, those that advice is made from (trained), the
--           held-out ones it is tried on; a span in which it was not there has no row
-- input     prometheus_container_fact
-- method    a sample is a step of nearly five minutes; cores are a rate over 75 seconds there, or
--           from one scrape to the next where they are further apart. Of all days the samples add
--           up, and the most memory is that of the two others; its other figures are asked for. A
--           span is as long as was asked about, however long the container was there
-- source    Prometheus documentation, "Query functions": aggregation over time
with figure as (
    select
        namespace, pod, container, span,
        any_value(since) as since, any_value(held_from) as held_from, any_value(until) as until,
        max(value) filter (fact = 'samples') as samples,
        max(value) filter (fact = 'cpu_p66') as cpu_p66_cores,
        max(value) filter (fact = 'cpu_p90') as cpu_p90_cores,
        max(value) filter (fact = 'cpu_p95') as cpu_p95_cores,
        max(value) filter (fact = 'cpu_p96') as cpu_p96_cores,
        max(value) filter (fact = 'cpu_p99') as cpu_p99_cores,
        max(value) filter (fact = 'cpu_max') as cpu_max_cores,
        max(value) filter (fact = 'ram_p99') / 1073741824 as ram_p99_gib,
        max(value) filter (fact = 'ram_max') / 1073741824 as ram_max_gib
    from prometheus_container_fact
    where refused is null and span is not null and pod <> '' and container <> ''
    group by namespace, pod, container, span
),
whole as (
    select
        namespace, pod, container, 'all' as span,
        any_value(since) as since, any_value(held_from) as held_from, any_value(until) as until,
        sum(samples) as samples,
        max(cpu_p66_cores) filter (span = 'all') as cpu_p66_cores,
        max(cpu_p90_cores) filter (span = 'all') as cpu_p90_cores,
        max(cpu_p95_cores) filter (span = 'all') as cpu_p95_cores,
        max(cpu_p96_cores) filter (span = 'all') as cpu_p96_cores,
        max(cpu_p99_cores) filter (span = 'all') as cpu_p99_cores,
        max(cpu_max_cores) filter (span = 'all') as cpu_max_cores,
        max(ram_p99_gib) filter (span = 'all') as ram_p99_gib,
        max(ram_max_gib) as ram_max_gib
    from figure
    group by namespace, pod, container
),
every as (
    select * from whole
    union all by name
    select * from figure where span <> 'all'
)
select
    namespace, pod, container, span,
    case when span = 'held-out' then held_from else since end as since,
    case when span = 'trained' then held_from else until end as until,
    samples::bigint as samples,
    cpu_p66_cores, cpu_p90_cores, cpu_p95_cores, cpu_p96_cores, cpu_p99_cores, cpu_max_cores,
    ram_p99_gib, ram_max_gib
from every
where samples is not null
