-- What each endpoint answered in each month: requests, tokens, and the time they took.
--
-- grain     one row per month, source, endpoint and variant (null: it has none, or nobody says)
-- method    null is not told, and adds nothing; so does what no hour can have: below zero, or more
--           than a billion requests (10^15 tokens)
--           seconds: instances x 3600 x the ratio to which the GPU, or the processor where there is
--           none, was busy; null where an hour with requests does not tell
--           waited_seconds: requests x the 95th percentile of their latency, likewise
-- rounding  to a billionth, hour by hour
-- source    FinOps Framework, "Unit Economics" capability
-- rows from usage.endpoint_hour
with hour as (
    select
        date_trunc('month', hour)::date as month, source, endpoint, variant,
        case when requests between 0 and 1e9 then requests::decimal(38, 9) end as requests,
        case when input_tokens between 0 and 1e15 then input_tokens::decimal(38, 9) end
            as input_tokens,
        case when output_tokens between 0 and 1e15 then output_tokens::decimal(38, 9) end
            as output_tokens,
        coalesce(instances, 1) * coalesce(gpu_used_ratio, cpu_used_ratio) * 3600 as seconds,
        requests * latency_p95_ms / 1000 as waited_seconds
    from usage.endpoint_hour
    where date_trunc('month', hour)::date in (select month from ledger.stale_month)
        and hour >= (select min(month) from ledger.stale_month)
),
told as (
    select
        month, source, endpoint, variant, requests, input_tokens, output_tokens,
        case when seconds between 0 and 1e9 then seconds::decimal(38, 9) end as seconds,
        case when waited_seconds between 0 and 1e12 then waited_seconds::decimal(38, 9) end
            as waited_seconds
    from hour
)
select
    month, source, endpoint, variant, sum(requests) as requests,
    sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
    case when count(*) filter (where requests > 0 and seconds is null) = 0 then sum(seconds) end
        as seconds,
    case when count(*) filter (where requests > 0 and waited_seconds is null) = 0
        then sum(waited_seconds) end as waited_seconds
from told
group by month, source, endpoint, variant
