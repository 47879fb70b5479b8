-- Each pod's line of owners, from the pod itself upwards.
--
-- grain     one row per pod and object of its line; height 0 is the pod
-- input     k8s_object
-- method    from controller to controller: a ReplicaSet, its Deployment; a Job, its CronJob. An
--           owner that is not listed is named by its child, and ends the line
-- source    kubernetes.io, API reference, OwnerReference
with recursive line as (
    select
        cluster, uid as pod_uid, uid, owner_kind, owner, owner_uid, labels, annotations,
        0 as height
    from k8s_object where resource = 'pods'
    union all
    select
        l.cluster, l.pod_uid, o.uid, o.owner_kind, o.owner, o.owner_uid, o.labels, o.annotations,
        l.height + 1
    from line as l
    join k8s_object as o on o.cluster = l.cluster and o.uid = l.owner_uid
    where l.height < 16
)
from line
