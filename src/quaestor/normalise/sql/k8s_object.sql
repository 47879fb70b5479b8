-- The objects of Kubernetes clusters, with what all of them have.
--
-- grain     one row per landed object; those refused go to quarantine.row
-- method    `landed_object` holds the lines (normalise/landed_objects.py); its place is the cluster
--           and its kind the resource, with the namespace behind an @ where one was asked for by
--           name. Of several owners the controller counts
-- source    kubernetes.io, API reference, ObjectMeta and OwnerReference
with landed as (
    select
        place as cluster,
        split_part(kind, '@', 1) as resource,
        object ->> '$.metadata.namespace' as namespace,
        object ->> '$.metadata.name' as name,
        object ->> '$.metadata.uid' as uid,
        as_map(object -> '$.metadata.labels') as labels,
        as_map(object -> '$.metadata.annotations') as annotations,
        as_time(object ->> '$.metadata.creationTimestamp') as created_at,
        list_sort(list_transform(
            from_json(object -> '$.metadata.ownerReferences', '[{
                "controller": "BOOLEAN", "apiVersion": "VARCHAR", "kind": "VARCHAR",
                "name": "VARCHAR", "uid": "VARCHAR"
            }]'),
            lambda one: {
                'is_other': not coalesce(one.controller, false),
                'kind': one.kind || case
                    when one.apiVersion like 'batch.volcano.sh/%'
                        or one.apiVersion like 'serving.knative.dev/%'
                    then '.' || split_part(one.apiVersion, '/', 1) else '' end,
                'name': one.name, 'uid': one.uid
            }
        ))[1] as owned_by,
        object, file, sha256, row_number
    from landed_object
)
select
    * exclude (owned_by),
    owned_by.kind as owner_kind,
    owned_by.name as owner,
    owned_by.uid as owner_uid,
    case
        when name is null then 'the object has no name'
        when row_number() over (
            partition by cluster, resource, namespace, name order by file, row_number
        ) > 1 then 'the object stands twice'
    end as refused
from landed
