-- What Vertex AI's endpoints did hour by hour.
--
-- grain     one row per endpoint and hour of which anything is told
-- input     $source; vertex_figure, vertex_deployed
-- method    requests are predictions; of published models, invocations. CPU is told as a part of one
--           CPU, so it is divided by the CPUs that the machine's name states (n1-standard-8), and
--           null where it states none. What was not told is null: silence is not zero
-- source    Google Cloud metrics, section aiplatform
with machine as (
    select
        endpoint,
        case when count(distinct machine_type) = 1
            then try_cast(regexp_extract(
                any_value(machine_type), '^[a-z0-9]+-(?:standard|highmem|highcpu)-([0-9]+)$', 1
            ) as integer)
        end as cpus
    from vertex_deployed
    group by endpoint
)
select
    $source as source,
    f.endpoint,
    f.hour,
    sum(value) filter (metric = 'requests') as requests,
    sum(value) filter (metric = 'tokens' and token = 'input') as input_tokens,
    sum(value) filter (metric = 'tokens' and token = 'output') as output_tokens,
    sum(value) filter (metric = 'instances') as instances,
    sum(value) filter (metric = 'errors') as errors,
    max(value) filter (metric = 'gpu') as gpu_used_ratio,
    case when max(value) filter (metric = 'cpu') <= any_value(m.cpus)
        then max(value) filter (metric = 'cpu') / any_value(m.cpus) end as cpu_used_ratio
from vertex_figure as f
left join machine as m on m.endpoint = f.endpoint
where f.refused is null
group by f.endpoint, f.hour
order by f.endpoint, f.hour
