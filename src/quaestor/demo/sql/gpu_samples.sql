-- What the GPUs of machines outside the cluster did, one sample of each an hour.
--
-- grain     one row per machine, GPU and hour that the bill has of it
-- method    a machine's billed hours of a day, times its GPUs, are given to as many GPUs as they
--           fill; endpoints are busy by day and half as busy by night, training always. Planted:
--           notebooks that nobody works on, and an endpoint with a call a week, do next to nothing.
--           The host is the last word of what the bill calls it
-- source    invented
with machine as (
    select
        ResourceId, ChargePeriodStart::date as day,
        case when SkuMeter like '%g5.12xlarge' then 4 when SkuMeter like 'NC48%' then 2
            when SkuMeter like 'G2 standard 24%' then 2 else 1 end as gpus,
        case when SkuMeter like '%g5.%' then 'NVIDIA A10G' when SkuMeter like 'G2 %' then 'NVIDIA L4'
            when SkuMeter like 'Training A2%' then 'NVIDIA A100-SXM4-40GB'
            else 'NVIDIA A100 80GB PCIe' end as gpu_model,
        SkuMeter like '%Train:%' or SkuMeter like 'Training %' as is_training,
        sum(ConsumedQuantity) as hours
    from estate.charge
    where ChargeCategory = 'Usage' and ConsumedQuantity > 0
        and (SkuMeter like '%:g5.%' or SkuMeter like '%:ml.g5.%' or SkuMeter like 'NC%A100%'
            or SkuMeter like 'G2 %' or SkuMeter like 'Training A2%')
        and ResourceId not in (select provider_id from estate.node)
        -- Of two jobs their platform tells (gpu_jobs.sql): of one since it began, of the other on
        -- the last day.
        and not ends_with(ResourceId, '/damage-detect-sweep')
        and not (
            ends_with(ResourceId, '/vision-train') and ChargePeriodStart::date = $last_day::date
        )
    group by all
),
slot as (
    select *, unnest(range(ceil(hours * gpus)::bigint)) as slot from machine
)
select
    host,
    (slot // 24)::integer as gpu_index, gpu_model,
    day + to_hours((slot % 24)::bigint) as sampled_at,
    round(case
        when is_idle then vary(ResourceId || day || slot) / 50
        when is_training then 0.8 + vary(ResourceId || day || slot) / 10
        when slot % 24 between 6 and 21 then 0.55 + vary(ResourceId || day || slot) / 10
        else 0.3 + vary(ResourceId || day || slot) / 10
    end, 4)::double as gpu_util_ratio
from (
    select
        *,
        s.host = $zombie_endpoint
        or coalesce(s.day + to_hours((s.slot % 24)::bigint) > n.left_at, false) as is_idle
    from (select *, regexp_extract(ResourceId, '[^/]+$') as host from slot) as s
    left join estate.left_notebook as n on n.notebook = s.host
)
order by sampled_at, host, gpu_index
