-- What the endpoints answered, hour by hour.
--
-- grain     one row per endpoint and hour
-- method    by day three times as many calls as by night; each machine is about half busy at the
--           busiest hour. Planted: one endpoint that nobody has called since a day in October,
--           one with far more machines than its calls need, one with a call a week, one that a
--           new version gave more machines for the same calls
-- source    invented
with hour as (
    select unnest(generate_series(
        $first_day::timestamp, $last_day::timestamp + interval 23 hour, interval 1 hour
    )) as hour
),
machine as (
    select *,
        instances / case when endpoint = $rolled_endpoint and $last_day::date >= $rolled_on::date
            then $rolled_growth else 1 end as instances_before
    from estate.endpoints
),
called as (
    select
        e.endpoint, h.hour, e.instances_before, e.gpus, vary(e.endpoint || h.hour) as chance,
        case when h.hour >= $rolled_on::timestamp then e.instances else e.instances_before end
            as instances,
        case when hour(h.hour) between 7 and 21 then 1.0 else 0.3 end as load,
        case
            when e.endpoint = $uncalled_endpoint and h.hour >= $uncalled_from::timestamp then 0
            when e.endpoint = $zombie_endpoint
                then (hour(h.hour) = 10 and dayofweek(h.hour) = 2)::integer
            when e.endpoint = $oversized_endpoint then 0.14
            else 1
        end as share
    from machine as e
    cross join hour as h
    where h.hour >= e.created_at
)
select
    endpoint, hour,
    case when endpoint = $zombie_endpoint then share
        else round(instances_before * 900 * load * share * (0.9 + chance / 5)) end::double as requests,
    instances::double as instances,
    case when share = 0 then 0 else floor(chance * 3) end::double as errors,
    case when gpus is not null and endpoint <> $zombie_endpoint
        then round(0.02 + 0.5 * load * share * (0.9 + chance / 5), 4)
        when gpus is not null then 0.0 end::double as gpu_used_ratio,
    round(0.03 + case when endpoint = $zombie_endpoint then 0 else 0.5 * load * share end
        * (0.9 + chance / 5), 4)::double as cpu_used_ratio,
    case when share > 0 then round(80 + 60 * load * chance, 1) end::double as latency_p95_ms
from called
order by hour, endpoint
