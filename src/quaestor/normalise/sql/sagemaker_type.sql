-- What the instance types of SageMaker are made of.
--
-- grain     one row per region and instance type that EC2 described
-- method    GPUs of a type that EC2 described without GpuInfo are none; a type that it did not
--           describe is no row, and its GPUs are unknown. A share of one GPU is below 1
-- source    Amazon EC2 API reference, InstanceTypeInfo, GpuDeviceInfo
with type as (
    select
        place as region,
        object ->> 'InstanceType' as instance_type,
        try_cast(object ->> '$.VCpuInfo.DefaultVCpus' as double) as cpus,
        try_cast(object ->> '$.MemoryInfo.SizeInMiB' as double) / 1024 as ram_gib,
        from_json(
            coalesce(object -> '$.GpuInfo.Gpus', '[]'),
            '[{"Name": "VARCHAR", "Manufacturer": "VARCHAR", "Count": "DOUBLE",
               "LogicalGpuCount": "DOUBLE"}]'
        ) as devices
    from landed_object
    where kind = 'instance-types' and (object -> 'VCpuInfo') is not null
)
select
    region, instance_type, cpus, ram_gib,
    coalesce(
        list_sum(list_transform(devices, lambda one: coalesce(one.LogicalGpuCount, one.Count))), 0
    ) as gpus,
    nullif(array_to_string(list_sort(list_distinct(list_transform(
        devices, lambda one: concat_ws(' ', one.Manufacturer, one.Name)
    ))), ', '), '') as gpu_model
from type
order by region, instance_type
