-- Who owns each pod in the end, and in which queue its work stood.
--
-- grain     one row per pod
-- method    from controller to controller: a ReplicaSet's Deployment, a Job's CronJob, a RayCluster's
--           RayJob, a Workflow's CronWorkflow; the last one that is named is the outermost. KServe's
--           pods hang on a Deployment or a Knative revision and say their InferenceService by a
--           label. A queue is what the pod, else the nearest owner says: Kueue's label or a
--           Workload of the owner, Volcano's annotation or a Job's spec
-- source    Kueue, "Run workloads"; Volcano, "VolcanoJob"; KServe, InferenceService labels
with recursive line as (
    select cluster, uid as pod_uid, uid, owner_kind, owner, owner_uid, 0 as height
    from k8s_object where resource = 'pods'
    union all
    select l.cluster, l.pod_uid, o.uid, o.owner_kind, o.owner, o.owner_uid, l.height + 1
    from line as l
    join k8s_object as o on o.cluster = l.cluster and o.uid = l.owner_uid
    where l.height < 16
),
queued as (
    select
        cluster, uid,
        coalesce(
            first_of(labels, ['kueue.x-k8s.io/queue-name', 'volcano.sh/queue-name']),
            first_of(annotations, [
                'kueue.x-k8s.io/queue-name', 'scheduling.volcano.sh/queue-name',
                'volcano.sh/queue-name'
            ]),
            case when resource = 'jobs.batch.volcano.sh' then object ->> '$.spec.queue' end
        ) as queue
    from k8s_object
    union all
    select cluster, owner_uid, object ->> '$.spec.queueName'
    from k8s_object where resource = 'workloads.kueue.x-k8s.io'
),
outermost as (
    select
        l.cluster, l.pod_uid,
        arg_max(l.owner_kind, l.height) filter (l.owner is not null) as owner_kind,
        arg_max(l.owner, l.height) filter (l.owner is not null) as owner,
        arg_min(q.queue, l.height) filter (q.queue is not null) as queue
    from line as l
    left join queued as q on q.cluster = l.cluster and q.uid = l.uid
    group by all
)
select
    p.cluster, p.namespace, p.name as pod,
    case when served is not null then 'InferenceService' else o.owner_kind end as owner_kind,
    coalesce(served, o.owner) as owner,
    o.queue
from (
    select *, first_of(labels, ['serving.kserve.io/inferenceservice']) as served
    from k8s_object where resource = 'pods'
) as p
left join outermost as o on o.cluster = p.cluster and o.pod_uid = p.uid
