-- What each GPU did, by whose work it did.
--
-- grain     one row per GPU (MIG device), pod (null: nobody's, or nobody says) and hour
-- method    ratios, MiB and watts are averages over the samples that are there; energy is what its
--           counter grew by. observed_ratio is the samples of the hour out of the most that any
--           GPU has in an hour of that day
-- source    NVIDIA dcgm-exporter, etc/default-counters.csv: framebuffer in MiB, power in W,
--           energy in mJ
with device as (
    select
        hour, node, namespace, pod, labels['gpu'] as gpu,
        coalesce(nullif(labels['UUID'], ''), node || '/' || labels['gpu'])
            || coalesce('/' || nullif(labels['GPU_I_ID'], ''), '') as gpu_uuid,
        nullif(labels['GPU_I_PROFILE'], '') as mig_profile,
        nullif(labels['modelName'], '') as gpu_model, kind, value
    from prometheus_fact
    where starts_with(kind, 'gpu_')
),
pivoted as (
    select
        hour, node, namespace, pod, gpu_uuid, try_cast(min(gpu) as integer) as gpu_index,
        min(gpu_model) as gpu_model, min(mig_profile) as mig_profile,
        avg(value) filter (kind = 'gpu_used') as used_ratio,
        avg(value) filter (kind = 'gpu_tensor') as tensor_ratio,
        avg(value) filter (kind = 'gpu_memory_used') / 1024 as memory_used_gib,
        avg(value) filter (kind = 'gpu_memory') / 1024 as memory_gib,
        avg(value) filter (kind = 'gpu_power') as power_watts,
        sum(value) filter (kind = 'gpu_energy') / 3.6e9 as energy_kwh,
        sum(value) filter (kind = 'gpu_samples') as samples
    from device
    where node is not null
    group by hour, node, namespace, pod, gpu_uuid
),
most as (
    select day, max(samples) as samples
    from (
        select hour::date as day, gpu_uuid, hour, sum(samples) as samples
        from pivoted group by all
    )
    group by day
)
select
    p.node, p.gpu_uuid, p.gpu_index, p.gpu_model, p.mig_profile, p.hour, p.namespace, p.pod,
    p.used_ratio, p.tensor_ratio, p.memory_used_gib, p.memory_gib, p.power_watts, p.energy_kwh,
    at_most_one(p.samples / nullif(m.samples, 0)) as observed_ratio
from pivoted as p
left join most as m on m.day = p.hour::date
