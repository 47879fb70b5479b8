-- What Azure Monitor told about endpoints, number by number, with what is wrong in words.
--
-- grain     one row per endpoint, hour, metric and status or instance
-- input     landed_object
-- source    Microsoft, "Supported metrics", onlineEndpoints and onlineEndpoints/deployments
select
    split_part(place, '/', 1) || '/' || (object ->> '$.endpoint') as endpoint,
    as_time(object ->> '$.hour') as hour,
    object ->> '$.metric' as metric,
    object ->> '$.status' as status,
    (object ->> '$.deployment') || '/' || (object ->> '$.instance') as instance,
    as_number(object ->> '$.value')::double as value,
    file,
    sha256,
    row_number,
    object::varchar as raw,
    case
        when no_figure(endpoint, hour, metric, value) is not null
        then no_figure(endpoint, hour, metric, value)
        when metric <> 'requests' and value > 100 then metric || ' ' || value || ' is no percentage'
    end as refused
from landed_object
where kind = 'hours'
