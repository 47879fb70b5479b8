-- What CloudWatch counted at the endpoints of SageMaker, with what is wrong with each hour.
--
-- grain     one row per endpoint, variant and hour in which CloudWatch has any value; those
--           refused go to quarantine.row, a ratio that is unreadable stays null
-- input     `sagemaker_serving`, `sagemaker_type`; $several as in sagemaker_serving.sql
-- method    GPUUtilization is a sum over the GPUs of an instance in percent, so that it is divided
--           by 100 x its GPUs; CPUUtilization likewise by its virtual CPUs. Instances are the
--           samples of CPUUtilization, one a minute and instance unless the endpoint says
--           otherwise, by the samples one instance sends in an hour. Invocations has a value only
--           where there was a request: an hour without one, in which the instances of a variant
--           did report, had no requests; where nothing reported, nobody knows. Endpoints that
--           answer asynchronously have no such metric, and those of inference components have it
--           per component: their requests are unknown
-- source    Amazon SageMaker developer guide, "Metrics for monitoring Amazon SageMaker AI with
--           Amazon CloudWatch": GPUUtilization "is multiplied by the number of GPUs"; ModelLatency
--           in microseconds. "Monitor asynchronous endpoint"
with hour as (
    select
        split_part(place, '/', 1) as region, file, sha256, row_number, object::varchar as raw,
        case when $several then split_part(place, '/', 1) || '/' else '' end
            || (object ->> 'endpoint') as endpoint,
        object ->> 'variant' as variant,
        as_time(object ->> 'hour') as hour,
        object ->> 'instance_type' as instance_type,
        try_cast(object ->> 'invocations' as double) as invocations,
        try_cast(object ->> 'errors_4xx' as double) as errors_4xx,
        try_cast(object ->> 'errors_5xx' as double) as errors_5xx,
        try_cast(object ->> 'latency_p95_us' as double) as latency_p95_us,
        try_cast(object ->> 'cpu_percent' as double) as cpu_percent,
        try_cast(object ->> 'cpu_samples' as double) as cpu_samples,
        try_cast(object ->> 'gpu_percent' as double) as gpu_percent
    from landed_object
    where kind = 'endpoint-hours'
),
serving as (
    select
        region, endpoint, variant_name, bool_or(is_asynchronous) as is_asynchronous,
        bool_or(has_components) as has_components, max(sample_seconds) as sample_seconds
    from sagemaker_serving
    group by all
),
counted as (
    select
        h.*,
        h.cpu_samples * coalesce(s.sample_seconds, 60) / 3600 as instances,
        coalesce(
            h.invocations,
            case when h.cpu_samples > 0 and not s.is_asynchronous and not s.has_components
                then 0 end
        ) as requests,
        h.gpu_percent / nullif(100 * t.gpus, 0) as gpu_ratio,
        h.cpu_percent / nullif(100 * t.cpus, 0) as cpu_ratio
    from hour as h
    left join serving as s
        on s.region = h.region and s.endpoint = h.endpoint and s.variant_name = h.variant
    left join sagemaker_type as t
        on t.region = h.region and t.instance_type = h.instance_type
)
select
    endpoint, variant, hour, requests, instances,
    case
        when coalesce(errors_4xx, errors_5xx) is not null
        then coalesce(errors_4xx, 0) + coalesce(errors_5xx, 0)
        when requests = 0 then 0
    end as errors,
    case when gpu_ratio between 0 and 1 then gpu_ratio end as gpu_used_ratio,
    case when cpu_ratio between 0 and 1 then cpu_ratio end as cpu_used_ratio,
    latency_p95_us / 1000 as latency_p95_ms,
    file, sha256, row_number, raw,
    case
        when endpoint is null or variant is null or hour is null
        then 'the hour has no endpoint, variant or time'
    end as refused,
    case
        when gpu_ratio > 1 or gpu_ratio < 0
        then 'GPUUtilization ' || gpu_percent::varchar || ' is more than the GPUs of '
            || instance_type || ' can have'
        when cpu_ratio > 1 or cpu_ratio < 0
        then 'CPUUtilization ' || cpu_percent::varchar || ' is more than the CPUs of '
            || instance_type || ' can have'
    end as unreadable
from counted
