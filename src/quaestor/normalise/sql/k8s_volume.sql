-- The volumes of clusters, and the pods that mount them.
--
-- grain     one row per cluster and volume
-- input     $source; $seen_at: when the cluster was looked at
-- method    a volume is known by itself, or by the claim that is bound to it where the account may
--           not list volumes. Pods that ended mount nothing. `pods` is null, not empty, where the
--           pods of the claim's namespace were not listed
with volume as (
    select
        cluster, name as volume, labels, created_at,
        object ->> '$.spec.claimRef.namespace' as namespace,
        object ->> '$.spec.claimRef.name' as claim,
        nullif(object ->> '$.spec.storageClassName', '') as storage_class,
        quantity(object ->> '$.spec.capacity.storage') as capacity,
        coalesce(
            object ->> '$.spec.csi.volumeHandle',
            regexp_extract(object ->> '$.spec.awsElasticBlockStore.volumeID', '[^/]+$'),
            object ->> '$.spec.gcePersistentDisk.pdName',
            object ->> '$.spec.azureDisk.diskURI'
        ) as provider_id,
        object ->> '$.status.phase' as phase,
        as_time(object ->> '$.status.lastPhaseTransitionTime') as phase_since
    from k8s_object where resource = 'persistentvolumes'
),
claim as (
    select
        cluster, namespace, name as claim, labels, created_at,
        object ->> '$.spec.volumeName' as volume,
        nullif(object ->> '$.spec.storageClassName', '') as storage_class,
        quantity(object ->> '$.status.capacity.storage') as capacity,
        object ->> '$.status.phase' as phase
    from k8s_object
    where resource = 'persistentvolumeclaims' and nullif(object ->> '$.spec.volumeName', '') is not null
    qualify row_number() over (partition by cluster, volume order by namespace, name) = 1
),
known as (
    select
        cluster, volume,
        coalesce(v.namespace, c.namespace) as namespace,
        coalesce(v.claim, c.claim) as claim,
        coalesce(v.storage_class, c.storage_class) as storage_class,
        coalesce(v.capacity, c.capacity) as capacity,
        v.provider_id,
        coalesce(v.phase, c.phase) as phase, v.phase_since,
        coalesce(v.labels, c.labels) as labels,
        coalesce(v.created_at, c.created_at) as created_at
    from volume as v
    full join claim as c using (cluster, volume)
),
mounted as (
    select
        cluster, namespace, name as pod,
        unnest(list_transform(
            from_json(object -> '$.spec.volumes', '[{
                "name": "VARCHAR", "persistentVolumeClaim": {"claimName": "VARCHAR"},
                "ephemeral": "JSON"
            }]'),
            lambda one: coalesce(
                one.persistentVolumeClaim.claimName,
                case when one.ephemeral is not null then name || '-' || one.name end
            )
        )) as claim
    from k8s_object
    where resource = 'pods'
        and coalesce(object ->> '$.status.phase', '') not in ('Succeeded', 'Failed')
),
mounts as (
    select cluster, namespace, claim, list_sort(list_distinct(list(pod))) as pods
    from mounted where claim is not null group by all
)
select
    $source as source, k.cluster, k.volume, k.namespace, k.claim, k.storage_class,
    as_gib(k.capacity) as capacity_gib, k.provider_id, k.phase, k.phase_since,
    case
        when m.pods is not null then m.pods
        when k.claim is null then []::varchar[]
        when exists (
            select 1 from k8s_listed as l
            where l.cluster = k.cluster and l.resource = 'pods'
                and (l.namespace is null or l.namespace = k.namespace)
        ) then []::varchar[]
    end as pods,
    to_json(k.labels)::varchar as labels, k.created_at, $seen_at::timestamp as seen_at
from known as k
left join mounts as m
    on m.cluster = k.cluster and m.namespace = k.namespace and m.claim = k.claim
order by k.cluster, k.volume
