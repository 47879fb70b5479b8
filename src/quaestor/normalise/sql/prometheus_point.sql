-- The values of Prometheus's series, hour by hour, with what is wrong with each.
--
-- grain     one row per series and hour that has samples; an hour of silence has no row
-- method    a value stands at the end of its hour, which is named by its start. NaN of a quantile
--           is an hour without requests: nothing is known of it, and nothing is wrong
-- source    Prometheus documentation, "HTTP API": expression query result formats
with pair as (
    select series, kind, unnest(points) as pair from prometheus_series where refused is null
),
typed as (
    select
        series, kind, pair[2] as told,
        make_timestamp(((try_cast(pair[1] as double) - 3600) * 1000000)::bigint) as hour,
        try_cast(pair[2] as double) as value
    from pair
    where not (kind = 'endpoint_latency' and pair[2] = 'NaN')
)
select
    series, kind, hour, value,
    case
        when hour is null or hour <> date_trunc('hour', hour) then 'a time is not the end of an hour'
        when value is null or not isfinite(value) then 'the value ' || left(told, 40) || ' is no number'
        when value < 0 then 'the value ' || left(told, 40) || ' is negative'
        when kind in ('gpu_used', 'gpu_tensor') and value > 1
        then 'the value ' || left(told, 40) || ' is no ratio in [0, 1]'
    end as refused
from typed
