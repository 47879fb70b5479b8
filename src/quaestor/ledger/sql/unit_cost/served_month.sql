-- What each model version answered in each month: requests, tokens, and the time they took.
--
-- grain     one row per month, model and version (null: nobody says which)
-- method    an endpoint's work is its model's (usage.endpoint; else registry.deployment by the same
--           name), and of an endpoint with several variants each variant's. Null is not told
--           seconds: instances x 3600 x the ratio to which the GPU, or the processor where there is
--           none, was busy; null where an hour with requests does not tell
--           waited_seconds: requests x the 95th percentile of their latency, likewise
-- rounding  to a billionth, hour by hour
-- source    FinOps Framework, "Unit Economics" capability
with endpoint as (
    select
        h.source, h.endpoint, h.variant, date_trunc('month', h.hour)::date as month,
        sum(h.requests::decimal(38, 9)) as requests,
        sum(h.input_tokens::decimal(38, 9)) as input_tokens,
        sum(h.output_tokens::decimal(38, 9)) as output_tokens,
        case when count(*) filter (
            where h.requests > 0 and coalesce(h.gpu_used_ratio, h.cpu_used_ratio) is null
        ) = 0 then sum((
            coalesce(h.instances, 1) * coalesce(h.gpu_used_ratio, h.cpu_used_ratio) * 3600
        )::decimal(38, 9)) end as seconds,
        case when count(*) filter (where h.requests > 0 and h.latency_p95_ms is null) = 0
            then sum((h.requests * h.latency_p95_ms / 1000)::decimal(38, 9)) end as waited
    from usage.endpoint_hour as h
    where date_trunc('month', h.hour)::date in (select month from ledger.stale_month)
    group by all
),
deployed as (
    select deployment, min(model) as model, min(version) as version
    from registry.deployment where model is not null
    group by deployment having count(distinct model) = 1 and count(distinct version) <= 1
),
served as (
    select
        h.month, coalesce(v.model, e.model, d.model) as model,
        case
            when v.model is not null then v.version
            when e.model is not null then e.model_version
            else d.version
        end as model_version,
        h.requests, h.input_tokens, h.output_tokens, h.seconds, h.waited
    from endpoint as h
    left join deployed as v on v.deployment = h.endpoint || '/' || h.variant
    left join usage.endpoint as e on e.source = h.source and e.endpoint = h.endpoint
    left join deployed as d on d.deployment = h.endpoint
)
select
    month, model, model_version,
    sum(requests) as requests, sum(input_tokens) as input_tokens,
    sum(output_tokens) as output_tokens,
    case when count(seconds) = count(*) then sum(seconds) end as seconds,
    case when count(waited) = count(*) then sum(waited) end as waited_seconds
from served where model is not null
group by month, model, model_version
