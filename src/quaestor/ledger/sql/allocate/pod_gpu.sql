-- What each pod holds of GPUs that are cut or shared, where the cluster's list of pods tells.
--
-- grain     one row per pod whose GPUs are slices or shares
-- hours     gpus are physical GPUs, such as 0.25 for one slice
-- method    a slice (MIG) is the larger of its part of the GPU's compute (A100, H100, H200 and
--           B200 have 7 slices, A30 and RTX PRO 6000 4, RTX PRO 5000 2) and of its memory; a share
--           (time slices, MPS, HAMi) is one of as many as the node offers. Where that is not
--           known there is no row, and what the hours tell counts
-- source    usage.pod, usage.node; NVIDIA, "MIG User Guide", supported profiles
-- rows from usage.pod
with shared as (
    select
        p.cluster, p.namespace, p.pod, min(p.gpu_request) as amount,
        min(regexp_extract(p.gpu_resource, 'mig-([0-9]+)g', 1)) as slices,
        min(regexp_extract(p.gpu_resource, 'mig-[0-9]+g[.]([0-9]+)gb', 1)) as slice_gib,
        min(n.gpu_memory_gib) as gpu_gib, max(n.gpu_replicas) as replicas, max(n.gpus) as gpus,
        min(lower(n.gpu_sharing)) as sharing,
        max(try_cast(nullif(regexp_extract(
            n.gpu_resources, '"' || replace(p.gpu_resource, '.', '[.]') || '":[ ]*([0-9]+)', 1
        ), '') as double)) as offered,
        max(regexp_replace(lower(n.gpu_model), '[^a-z0-9]+', '-', 'g')) as gpu_model
    from usage.pod as p
    join usage.node as n on n.cluster = p.cluster and n.node = p.node
    where p.gpu_request > 0 and (p.gpu_resource like '%mig-%' or n.gpu_sharing is not null)
    group by p.cluster, p.namespace, p.pod
),
slice as (
    select
        *,
        case
            when regexp_matches(gpu_model, '(a100|h100|h200|b200)') then 7
            when regexp_matches(gpu_model, '(a30|rtx-pro-6000)') then 4
            when regexp_matches(gpu_model, 'rtx-pro-5000') then 2
        end as most_slices
    from shared
)
select
    cluster, namespace, pod, gpus
from (
    select
        cluster, namespace, pod,
        amount * case
            when slices <> '' then greatest(
                try_cast(slices as double) / most_slices,
                case when gpu_gib > 0 then try_cast(nullif(slice_gib, '') as double) / gpu_gib end
            ) / case when sharing like '%time-slicing%' and replicas > 1 then replicas else 1 end
            when (sharing like '%time-slicing%' or sharing like '%mps%') and replicas > 1
                then 1.0::double / replicas
            when gpus > 0 and offered > gpus then gpus / offered
        end as gpus
    from slice
) as held
where gpus > 0
