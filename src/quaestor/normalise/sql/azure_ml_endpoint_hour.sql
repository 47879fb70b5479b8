-- What the online endpoints of a workspace did hour by hour.
--
-- grain     one row per endpoint and hour of which anything is told
-- input     $source; azure_ml_figure
-- method    errors are answers with a status of 400 or more; instances are those that told of
--           themselves within the hour; use is the mean of them. What was not told is null
-- source    Microsoft, "Supported metrics", onlineEndpoints and onlineEndpoints/deployments
select
    $source as source,
    endpoint,
    hour,
    sum(value) filter (metric = 'requests') as requests,
    case when count(*) filter (metric = 'requests') > 0
        then coalesce(sum(value) filter (
            metric = 'requests' and try_cast(status as integer) >= 400
        ), 0) end as errors,
    nullif(count(distinct instance) filter (metric = 'cpu'), 0)::double as instances,
    avg(value) filter (metric = 'gpu') / 100 as gpu_used_ratio,
    avg(value) filter (metric = 'cpu') / 100 as cpu_used_ratio
from azure_ml_figure
where refused is null
group by endpoint, hour
order by endpoint, hour
