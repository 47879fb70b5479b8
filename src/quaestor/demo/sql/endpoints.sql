-- The endpoints of the three clouds, as their platforms would list them.
--
-- grain     one row per endpoint
-- method    those that serve around the clock; how many machines each has is what it is billed for
-- source    invented
select
    r.name as endpoint,
    case k.cloud when 'aws' then 'sagemaker' when 'azure' then 'azure-ml' else 'vertex' end as kind,
    r.model,
    case when r.model = $rolled_model and $last_day::date < $rolled_on::date
        then $rolled_from else m.production end as model_version,
    replace(replace(replace(
        k.resource_id_pattern, '{name}', r.name), '{account}', k.account), '{region}', k.region
    ) as resource_id,
    k.account as sub_account, k.region,
    case k.kind
        when 'sm-g5-2x' then 'ml.g5.2xlarge' when 'sm-c5-2x' then 'ml.c5.2xlarge'
        when 'aml-a100' then 'Standard_NC24ads_A100_v4' when 'aml-f8' then 'Standard_F8s_v2'
        when 'vertex-l4' then 'g2-standard-8' else 'n1-standard-8'
    end as instance_type,
    (r.per_day / 24 * case when r.name = $rolled_endpoint and $last_day::date >= $rolled_on::date
        then $rolled_growth else 1 end)::integer as instances,
    case k.kind
        when 'sm-g5-2x' then 'NVIDIA A10G' when 'aml-a100' then 'NVIDIA A100 80GB'
        when 'vertex-l4' then 'NVIDIA L4'
    end as gpu_model,
    case when k.kind in ('sm-g5-2x', 'aml-a100', 'vertex-l4') then r.per_day / 24 end::double as gpus,
    'InService' as status,
    coalesce(r.starts, date '2026-03-02')::timestamp + interval 9 hour as created_at
from estate.resource as r
join estate.kind as k on k.kind = r.kind
left join estate.model as m on m.model = r.model
where k.kind in ('sm-g5-2x', 'sm-c5-2x', 'aml-a100', 'aml-f8', 'vertex-l4', 'vertex-cpu')
    and r.stage = 'inference' and r.shape = 'flat'
order by endpoint
