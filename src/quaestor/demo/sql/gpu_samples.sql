-- What the GPUs of machines outside the cluster did, one sample of each an hour.
--
-- grain     one row per machine, GPU and hour that the bill has of it
-- method    a machine's billed hours of a day, times its GPUs, are given to as many GPUs as they
--           fill; endpoints are busy by day and half as busy by night, training always. The host is
--           the last word of what the bill calls it
-- source    invented
with machine as (
    select
        ResourceId, ChargePeriodStart::date as day,
        case when SkuMeter like '%g5.12xlarge' then 4 when SkuMeter like 'NC48%' then 2 else 1 end
            as gpus,
        case when SkuMeter like '%g5.%' then 'NVIDIA A10G' else 'NVIDIA A100 80GB PCIe' end
            as gpu_model,
        SkuMeter like '%Train:%' as is_training,
        sum(ConsumedQuantity) as hours
    from estate.charge
    where ChargeCategory = 'Usage' and ConsumedQuantity > 0
        and (SkuMeter like '%:g5.%' or SkuMeter like '%:ml.g5.%' or SkuMeter like 'NC%A100%')
        and ResourceId not in (select provider_id from estate.node)
    group by all
),
slot as (
    select *, unnest(range(ceil(hours * gpus)::bigint)) as slot from machine
)
select
    regexp_extract(ResourceId, '[^/]+$') as host,
    (slot // 24)::integer as gpu_index, gpu_model,
    day + to_hours((slot % 24)::bigint) as sampled_at,
    round(case
        when is_training then 0.8
        when slot % 24 between 6 and 21 then 0.55
        else 0.3
    end + vary(ResourceId || day || slot) / 10, 4)::double as gpu_util_ratio
from slot
order by sampled_at, host, gpu_index
