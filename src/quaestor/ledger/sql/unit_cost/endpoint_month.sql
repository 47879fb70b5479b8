-- What each endpoint answered in each month: requests, tokens, and the time they took.
--
-- grain     one row per month, source, endpoint and variant (null: it has none, or nobody says)
-- method    null is not told, and adds nothing
--           seconds: instances x 3600 x the ratio to which the GPU, or the processor where there is
--           none, was busy; null where an hour with requests does not tell
--           waited_seconds: requests x the 95th percentile of their latency, likewise
-- rounding  to a billionth, hour by hour
-- source    FinOps Framework, "Unit Economics" capability
select
    date_trunc('month', h.hour)::date as month, h.source, h.endpoint, h.variant,
    sum(h.requests::decimal(38, 9)) as requests,
    sum(h.input_tokens::decimal(38, 9)) as input_tokens,
    sum(h.output_tokens::decimal(38, 9)) as output_tokens,
    case when count(*) filter (
        where h.requests > 0 and coalesce(h.gpu_used_ratio, h.cpu_used_ratio) is null
    ) = 0 then sum((
        coalesce(h.instances, 1) * coalesce(h.gpu_used_ratio, h.cpu_used_ratio) * 3600
    )::decimal(38, 9)) end as seconds,
    case when count(*) filter (where h.requests > 0 and h.latency_p95_ms is null) = 0
        then sum((h.requests * h.latency_p95_ms / 1000)::decimal(38, 9)) end as waited_seconds
from usage.endpoint_hour as h
where date_trunc('month', h.hour)::date in (select month from ledger.stale_month)
group by all
