-- What the GPUs of endpoints did on a day, of SageMaker, Vertex AI and Azure ML.
--
-- grain     one row per day, source and endpoint with GPUs
-- hours     hours     instances of the hour x GPUs of one instance; an hour of the endpoint's life
--                     (from its making to the last look) of which nothing is told counts with
--                     the instances it had at that look, on days that a bill or its hours tell of
--           observed  hours with a ratio, or in which it is known that no request came
--           used      x the ratio; idle: a ratio under 0.05, or no request and no ratio
-- method    variants of an endpoint are added. Endpoints of clusters run on nodes that are
--           counted there, and are left out, as are those whose GPUs nobody knows
-- rounding  hours to a billionth
-- rows from usage.endpoint
with endpoint as (
    select
        source, endpoint, coalesce(region, '') as cluster, resource_id, gpu_model, model,
        model_version, gpus, gpus / nullif(instances, 0) as gpus_of_one, created_at, seen_at
    from usage.endpoint
    where gpus > 0
        and source not in (select source from usage.pod)
        and source not in (select source from usage.node)
),
counted as (
    select
        e.source, e.endpoint, h.hour, h.hour::date as day,
        least(coalesce(h.instances * e.gpus_of_one, e.gpus), 1000000)::decimal(18, 9) as hours,
        case when h.gpu_used_ratio between 0 and 1 then h.gpu_used_ratio
            when h.gpu_used_ratio is null and h.requests = 0 then 0 end as ratio
    from usage.endpoint_hour as h
    join endpoint as e on e.source = h.source and e.endpoint = h.endpoint
    where coalesce(h.instances, 0) >= 0
),
told as (
    select
        source, endpoint, day, count(distinct hour) as told_hours, sum(hours) as hours,
        coalesce(sum(hours) filter (where ratio is not null), 0) as observed_hours,
        sum((hours * coalesce(ratio, 0))::decimal(18, 9)) as used_hours,
        coalesce(sum(hours) filter (where ratio < 0.05), 0) as idle_hours
    from counted
    group by source, endpoint, day
),
known_day as (
    select distinct day from ledger.charge_day
    union
    select distinct day from told
),
alive as (
    select
        e.source, e.endpoint, d.day, e.gpus,
        date_diff(
            'microsecond', greatest(e.created_at, d.day::timestamp),
            least(e.seen_at, (d.day + 1)::timestamp)
        ) / 3.6e9 as hours
    from endpoint as e
    join known_day as d
        on d.day >= e.created_at::date and d.day <= e.seen_at::date
),
spanned as (
    select
        coalesce(t.source, a.source) as source, coalesce(t.endpoint, a.endpoint) as endpoint,
        coalesce(t.day, a.day) as day,
        coalesce(t.hours, 0) + coalesce(
            (least(a.gpus, 1000000) * greatest(a.hours - coalesce(t.told_hours, 0), 0))
                ::decimal(18, 9),
            0
        ) as hours,
        coalesce(t.observed_hours, 0) as observed_hours, coalesce(t.used_hours, 0) as used_hours,
        coalesce(t.idle_hours, 0) as idle_hours
    from told as t
    full join alive as a on a.source = t.source and a.endpoint = t.endpoint and a.day = t.day
)
select
    s.day, s.source, e.cluster, s.endpoint as node, e.resource_id as machine, e.gpu_model, e.model,
    e.model_version, s.hours::decimal(38, 9) as hours,
    s.observed_hours::decimal(38, 9) as observed_hours,
    s.used_hours::decimal(38, 9) as used_hours, s.idle_hours::decimal(38, 9) as idle_hours
from spanned as s
join endpoint as e on e.source = s.source and e.endpoint = s.endpoint
where s.hours > 0
