-- The nodes of clusters: machines, what they have, and how their GPUs are shared.
--
-- grain     one row per cluster and node
-- input     $source; $seen_at: when the cluster was looked at
-- method    gpus are physical ones: GPU feature discovery's count, for the capacity is multiplied by
--           time-slicing and MPS. Where all GPUs are cut into slices of one profile (MIG strategy
--           single), that label counts slices: then Karpenter or GKE tell, else it is unknown.
--           Without feature discovery the capacity counts, less the replicas that GKE states. A
--           GPU label without a GPU in the capacity (no driver yet) is unknown, not zero.
--           Spot or on demand by the labels of EKS, Karpenter, GKE, AKS and kOps; GKE and AKS label
--           spot nodes alone, so that theirs without the label are on demand
-- source    NVIDIA k8s-device-plugin, "GPU Feature Discovery", Labels; karpenter.sh, Well-Known
--           Labels; GKE, "Run workloads on Spot VMs", "Share GPUs"; AKS, "Spot node pool"
with node as (
    select
        cluster, name as node, labels, created_at,
        object ->> '$.spec.providerID' as provider_id,
        coalesce(as_map(object -> '$.status.capacity'), map {}) as capacity,
        first_of(annotations, ['container.googleapis.com/instance_id']) as instance_number,
        labels['nvidia.com/gpu.product'] as product,
        try_cast(labels['nvidia.com/gpu.count'] as integer) as counted,
        coalesce(
            try_cast(labels['karpenter.k8s.aws/instance-gpu-count'] as integer),
            try_cast(labels['cloud.google.com/gke-accelerator-count'] as integer)
        ) as of_machine,
        coalesce(
            nullif(try_cast(labels['nvidia.com/gpu.replicas'] as integer), 0),
            try_cast(labels['cloud.google.com/gke-max-shared-clients-per-gpu'] as integer)
        ) as replicas
    from k8s_object where resource = 'nodes'
),
offered as (
    select
        *,
        map_from_entries(list_transform(
            list_filter(map_entries(capacity), lambda one: is_gpu_resource(one.key)),
            lambda one: {'key': one.key, 'value': try_cast(quantity(one.value) as bigint)}
        )) as gpu_capacity,
        len(list_filter(
            map_entries(capacity),
            lambda one: is_gpu_resource(one.key) and try_cast(quantity(one.value) as bigint) is null
        )) > 0 as is_gpu_unreadable,
        product like '%-MIG-%' or labels['cloud.google.com/gke-gpu-partition-size'] is not null
            as is_all_slices,
        len(list_filter(
            map_keys(capacity), lambda name: starts_with(name, 'nvidia.com/mig-')
        )) > 0 as has_slices,
        coalesce(
            product, labels['cloud.google.com/gke-accelerator'],
            labels['karpenter.k8s.aws/instance-gpu-name'], labels['amd.com/gpu.product-name'],
            labels['beta.amd.com/gpu.product-name'], labels['kubernetes.azure.com/accelerator'],
            labels['nvidia.com/gpu.present']
        ) is not null as is_labelled
    from node
),
whole as (
    -- Of one GPU, several names may tell: shared ones stand beside the plain name.
    select
        *,
        list_sum(map_values(map_from_entries(list_filter(
            map_entries(gpu_capacity), lambda one: not starts_with(one.key, 'nvidia.com/mig-')
        ))))::bigint as whole_capacity
    from offered
)
select
    $source as source, cluster, node, provider_id,
    billed_machine(provider_id, instance_number) as resource_id,
    first_of(
        labels, ['node.kubernetes.io/instance-type', 'beta.kubernetes.io/instance-type']
    ) as instance_type,
    first_of(
        labels, ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region']
    ) as region,
    first_of(
        labels, ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone']
    ) as zone,
    case
        when 'true' in (
            labels['cloud.google.com/gke-spot'], labels['cloud.google.com/gke-preemptible']
        ) then 'spot'
        when labels['kubernetes.azure.com/scalesetpriority'] = 'spot' then 'spot'
        when labels['node-role.kubernetes.io/spot-worker'] is not null then 'spot'
        when first_of(labels, ['karpenter.sh/capacity-type', 'eks.amazonaws.com/capacityType'])
            is not null
        then replace(lower(first_of(
            labels, ['karpenter.sh/capacity-type', 'eks.amazonaws.com/capacityType']
        )), '_', '-')
        when labels['node.kubernetes.io/lifecycle'] in ('spot', 'on-demand')
        then labels['node.kubernetes.io/lifecycle']
        when labels['cloud.google.com/gke-nodepool'] is not null
            or labels['kubernetes.azure.com/cluster'] is not null
        then 'on-demand'
    end as capacity_type,
    quantity(capacity['cpu'])::double as cpu_cores,
    as_gib(quantity(capacity['memory'])) as ram_gib,
    coalesce(
        regexp_replace(product, '(-MIG-[0-9a-z.+]+|-MIG-INVALID|-SHARED)+$', ''),
        first_of(labels, [
            'cloud.google.com/gke-accelerator', 'karpenter.k8s.aws/instance-gpu-name',
            'amd.com/gpu.product-name', 'beta.amd.com/gpu.product-name'
        ])
    ) as gpu_model,
    case
        when coalesce(is_all_slices, false) then of_machine
        when counted is not null then counted
        when of_machine is not null then of_machine
        when has_slices then null
        when whole_capacity > 0
        then case when whole_capacity % coalesce(replicas, 1) = 0
            then whole_capacity // coalesce(replicas, 1) end
        when not is_labelled and cardinality(capacity) > 0 and not is_gpu_unreadable then 0
    end::integer as gpus,
    case when not coalesce(is_all_slices, false) then coalesce(
        try_cast(labels['nvidia.com/gpu.memory'] as double),
        try_cast(labels['karpenter.k8s.aws/instance-gpu-memory'] as double)
    ) / 1024 end as gpu_memory_gib,
    nullif(concat_ws(
        ', ',
        case when coalesce(is_all_slices, false) or has_slices then 'mig' end,
        coalesce(
            nullif(labels['nvidia.com/gpu.sharing-strategy'], 'none'),
            replace(
                labels['cloud.google.com/gke-gpu-sharing-strategy'], 'time-sharing', 'time-slicing'
            ),
            case when replicas > 1 then 'time-slicing' end
        )
    ), '') as gpu_sharing,
    replicas as gpu_replicas,
    case when cardinality(gpu_capacity) > 0 then to_json(gpu_capacity)::varchar end
        as gpu_resources,
    to_json(labels)::varchar as labels, created_at, $seen_at::timestamp as seen_at
from whole
order by cluster, node
