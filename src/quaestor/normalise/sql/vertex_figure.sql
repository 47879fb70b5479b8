-- What Cloud Monitoring told about endpoints, number by number, with what is wrong in words.
--
-- grain     one row per endpoint, hour and metric (and kind of token)
-- input     landed_object
-- source    Google Cloud metrics, section aiplatform
select
    'projects/' || split_part(place, '/', 1) || '/locations/' || (object ->> '$.location')
        || case when (object ->> '$.endpoint_id') <> ''
            then '/endpoints/' || (object ->> '$.endpoint_id')
            else '/publishers/' || (object ->> '$.publisher') || '/models/'
                || (object ->> '$.model_user_id')
        end as endpoint,
    as_time(object ->> '$.hour') as hour,
    object ->> '$.metric' as metric,
    object ->> '$.metric_type' as token,
    as_number(object ->> '$.value')::double as value,
    file,
    sha256,
    row_number,
    object::varchar as raw,
    case
        when no_figure(endpoint, hour, metric, value) is not null
        then no_figure(endpoint, hour, metric, value)
        when metric = 'gpu' and value > 1
        then 'the duty cycle ' || value || ' is no ratio in [0, 1]'
    end as refused
from landed_object
where kind = 'hours'
