-- Who owns each pod in the end, and in which queue its work stood.
--
-- grain     one row per pod
-- input     k8s_line, k8s_object
-- method    the last owner that is named is the outermost: a ReplicaSet's Deployment, a Job's
--           CronJob, a RayCluster's RayJob, a Workflow's CronWorkflow. KServe's pods hang on a
--           Deployment or a Knative revision and say their InferenceService by a label. A queue is
--           what the pod, else the nearest owner says: Kueue's label or a Workload of the owner,
--           Volcano's annotation or a Job's spec
-- source    Kueue, "Run workloads"; Volcano, "VolcanoJob"; KServe, InferenceService labels
with queued as (
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
    from k8s_line as l
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
