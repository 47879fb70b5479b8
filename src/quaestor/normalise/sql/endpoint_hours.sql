-- What the endpoints of one landed file answered, typed, with what is wrong with each row.
--
-- grain     one row per row of the file; rows refused go to quarantine.row
-- method    `landed` holds the file's columns as text, absent ones null (normalise/usage.py). An
--           hour is named by its start; what a row does not say is unknown, not zero
-- source    usage.endpoint_hour, warehouse/schema/003_usage.sql
with typed as (
    select
        file_row, raw, endpoint, as_time(hour) as hour,
        as_number(requests)::double as requests,
        as_number(input_tokens)::double as input_tokens,
        as_number(output_tokens)::double as output_tokens,
        as_number(instances)::double as instances, as_number(errors)::double as errors,
        as_number(gpu_used_ratio)::double as gpu_used_ratio,
        as_number(cpu_used_ratio)::double as cpu_used_ratio,
        as_number(latency_p95_ms)::double as latency_p95_ms, tags, variant,
        concat_ws('; ',
            case when endpoint is null then 'endpoint is empty' end,
            case when hour is null then 'hour is empty' end,
            no_hour('hour', hour),
            no_quantity('requests', requests),
            no_quantity('input_tokens', input_tokens),
            no_quantity('output_tokens', output_tokens),
            no_quantity('instances', instances),
            no_quantity('errors', errors),
            no_ratio('gpu_used_ratio', gpu_used_ratio),
            no_ratio('cpu_used_ratio', cpu_used_ratio),
            no_quantity('latency_p95_ms', latency_p95_ms),
            case when tags is not null and not is_json_object(tags)
                then 'tags is no JSON object' end
        ) as reasons
    from landed
)
select
    endpoint, hour, requests, input_tokens, output_tokens, instances, errors, gpu_used_ratio,
    cpu_used_ratio, latency_p95_ms, tags, variant, file_row, raw,
    nullif(reasons, '') as refused
from typed
