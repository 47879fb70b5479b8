-- How many instances each endpoint needs for its busiest hour, by all its hours and by those before
-- the last days, which the need is replayed on.
--
-- grain     one row per endpoint, variant (null: it has one at most) and span: all, trained
-- method    an hour's load is its instances times how busy they were: their GPUs, where it has
--           any, or their processors, whichever is more; of what has GPUs only hours that tell of
--           these are known. Needed is what keeps the busiest hour below $most_busy, at least one
--           instance, and $least_in_production in production, or where nobody says whether it is,
--           if it has that many. The last $held_out_days days are held out of the span trained; an
--           hour of them is violated where what it says is needed would be busy above $full_ratio.
--           saved_ratio is the part of the instance-hours that go: with autoscaling, only those at
--           its minimum
-- param     days = 14: days of hours that the need is from
-- param     most_busy = 0.6: use of its instances in the busiest hour that is aimed at; an hour's
--           mean hides its peaks
-- param     full_ratio = 0.8: use above which a held-out hour counts as violated
-- param     held_out_days = 3: last days on which the need of those before is replayed
-- param     least_in_production = 2: instances that an endpoint in production keeps
-- source    AWS, Amazon SageMaker endpoint metrics; KServe, Triton and vLLM metrics
-- rows from usage.endpoint
with sound as (
    select
        h.source, h.endpoint, h.variant, h.hour,
        case when h.requests between 0 and 1e15 then h.requests end as requests,
        case when h.instances between 0 and 1e6 then h.instances end as instances,
        case when h.gpu_used_ratio between 0 and 1 then h.gpu_used_ratio end as gpu_used,
        case when h.cpu_used_ratio between 0 and 1e3 then h.cpu_used_ratio end as cpu_used,
        case when h.latency_p95_ms between 0 and 1e9 then h.latency_p95_ms end as latency
    from usage.endpoint_hour as h
),
hour as (
    select
        e.source, e.endpoint, h.variant, h.variant as variant_name, h.hour, e.present, h.requests, h.latency,
        coalesce(h.instances, e.instances) as instances,
        coalesce(h.instances, e.instances) * case
            when u.gpus > 0 or u.gpu_model is not null
                then case when h.gpu_used is not null then greatest(h.gpu_used, h.cpu_used) end
            when h.gpu_used is not null then greatest(h.gpu_used, h.cpu_used)
            else h.cpu_used
        end as busy,
        count(*) over (partition by e.source, e.endpoint, h.hour) as parts
    from ledger.endpoint_rate as e
    join usage.endpoint as u on u.source = e.source and u.endpoint = e.endpoint
    join sound as h on h.source = e.told_by and h.endpoint = e.endpoint
    where h.hour > e.present - to_days($days::integer) and h.hour <= e.present
),
-- A variant is told apart where there are several at one time.
placed as (
    select
        * replace (case when max(parts) over (partition by source, endpoint) > 1 then variant end
            as variant),
        hour > present - to_days($held_out_days::integer) as is_held_out
    from hour
),
spanned as (
    select *, 'all' as span from placed
    union all
    select *, 'trained' from placed where not is_held_out
),
summed as (
    select
        source, endpoint, variant, span, min(hour) as since, max(hour) as until,
        case when count(distinct variant_name) = 1 then min(variant_name) end as variant_name,
        any_value(present) as present, count(*) as hours, count(busy) as measured_hours,
        max(busy) as peak_busy, max(requests) as peak_requests, max(latency) as worst_latency,
        avg(instances) as mean_instances, arg_max(instances, hour) as last_instances
    from spanned
    group by source, endpoint, variant, span
),
limited as (
    select
        s.*,
        -- What it has now; with autoscaling, what it never goes below.
        case
            when s.variant is null and e.max_replicas > e.min_replicas then e.min_replicas
            when s.variant is null then coalesce(e.instances, round(s.last_instances))
            else round(s.last_instances)
        end::integer as current,
        s.variant is null and coalesce(e.max_replicas > e.min_replicas, false) as is_scaled,
        case when e.environment in ('dev', 'development', 'test', 'testing', 'qa', 'staging',
            'stage', 'sandbox', 'experiment', 'experimentation', 'non-production', 'nonprod')
            then 1 else $least_in_production end::integer as least
    from summed as s
    join ledger.endpoint_rate as e on e.source = s.source and e.endpoint = s.endpoint
),
needed as (
    select
        *,
        greatest(ceil(peak_busy / $most_busy), least(least, greatest(current, 1)), 1)::integer
            as needed
    from limited
),
kept as (
    select
        p.source, p.endpoint, p.variant, n.span,
        sum(p.instances) as instance_hours,
        sum(case when n.is_scaled and p.instances > n.current + 0.5 then p.instances
            else least(p.instances, n.needed) end) as kept_hours
    from placed as p
    join needed as n
        on n.source = p.source and n.endpoint = p.endpoint
        and n.variant is not distinct from p.variant
    group by p.source, p.endpoint, p.variant, n.span
),
replayed as (
    select
        p.source, p.endpoint, p.variant,
        count(p.busy) as held_out_hours,
        count(*) filter (p.busy > n.needed * $full_ratio) as violations,
        ceil(max(p.busy) / $most_busy) as held_out_needed
    from placed as p
    join needed as n
        on n.source = p.source and n.endpoint = p.endpoint
        and n.variant is not distinct from p.variant and n.span = 'trained'
    where p.is_held_out
    group by p.source, p.endpoint, p.variant
)
select
    n.source, n.endpoint, n.variant, n.variant_name, n.span,
    'endpoint/' || n.source || '/' || n.endpoint || coalesce('/variant/' || n.variant, '')
        as subject,
    n.since, n.until, n.present, n.hours, n.measured_hours,
    ($days * 24)::bigint as window_hours, n.current, n.is_scaled, n.least, n.needed, n.peak_busy,
    n.peak_requests, n.worst_latency as worst_latency_p95_ms, n.mean_instances,
    k.instance_hours, 1 - k.kept_hours / nullif(k.instance_hours, 0) as saved_ratio,
    case when n.span = 'trained' then r.held_out_hours end as held_out_hours,
    case when n.span = 'trained' then r.violations end as violations,
    case when n.span = 'trained' then greatest(r.held_out_needed, least(n.least, n.current), 1)
        end::integer as held_out_needed
from needed as n
left join kept as k
    on k.source = n.source and k.endpoint = n.endpoint
    and k.variant is not distinct from n.variant and k.span = n.span
left join replayed as r
    on r.source = n.source and r.endpoint = n.endpoint
    and r.variant is not distinct from n.variant
