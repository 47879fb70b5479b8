-- The containers that kube-state-metrics told of at the end of some weeks.
--
-- grain     one row per namespace, pod and container that was there; init containers are not told of
-- input     prometheus_container_fact, prometheus_pod_hour
-- method    an owner is the outermost: a ReplicaSet's, by its name where nobody tells; a Job's
--           CronJob; an InferenceService by the pod's label. A container whose last end was for want
--           of memory was killed then, or where the time is not told by the end of the weeks, and at
--           the limit it had at the time
-- source    kube-state-metrics, docs/metrics/workload: pod, replicaset, job
with fact as (
    select * from prometheus_container_fact where refused is null and span is null
),
size as (
    select
        namespace, pod, container,
        max(value) filter (fact = 'request' and labels['resource'] = 'cpu') as cpu_request,
        max(value) filter (fact = 'limit' and labels['resource'] = 'cpu') as cpu_limit,
        max(value) filter (fact = 'request' and labels['resource'] = 'memory') as ram_request,
        max(value) filter (fact = 'limit' and labels['resource'] = 'memory') as ram_limit,
        max(value) filter (fact = 'restarts') as restarts,
        coalesce(bool_or(fact = 'oom'), false) as is_killed,
        max(value) filter (fact = 'oom_limit') as oom_limit,
        max(value) filter (fact = 'oom_at') as oom_at,
        any_value(until) as until
    from fact
    where pod <> '' and container <> ''
    group by namespace, pod, container
    having bool_or(fact in ('request', 'limit', 'restarts'))
),
owner as (
    select
        namespace, pod, labels['replicaset'] as replicaset, labels['job_name'] as job,
        labels['owner_kind'] as kind, labels['owner_name'] as name
    from fact
    where fact = 'owner' and coalesce(labels['owner_name'], '') <> ''
),
replicas as (
    select namespace, replicaset, max(kind) as kind, max(name) as name
    from owner where replicaset is not null
    group by namespace, replicaset
),
job as (
    select namespace, job, max(kind) as kind, max(name) as name
    from owner where job is not null
    group by namespace, job
),
direct as (
    select namespace, pod, max(kind) as kind, arg_max(name, kind) as name
    from owner where pod is not null
    group by namespace, pod
),
outermost as (
    select
        d.namespace, d.pod,
        coalesce(r.kind, j.kind, case
            when d.kind = 'ReplicaSet' and not exists (from replicas) then 'Deployment'
            else d.kind end) as kind,
        coalesce(r.name, j.name, case
            when d.kind = 'ReplicaSet' and not exists (from replicas)
            then regexp_replace(d.name, '-[a-z0-9]+$', '')
            else d.name end) as name
    from direct as d
    left join replicas as r
        on d.kind = 'ReplicaSet' and r.namespace = d.namespace and r.replicaset = d.name
    left join job as j on d.kind = 'Job' and j.namespace = d.namespace and j.job = d.name
),
wish as (
    select
        namespace, pod,
        string_agg(distinct coalesce(
            nullif(labels['label_gov_advice'], ''), labels['annotation_gov_advice']
        ), ', ' order by coalesce(
            nullif(labels['label_gov_advice'], ''), labels['annotation_gov_advice']
        )) as advice
    from fact where fact = 'advice'
    group by namespace, pod
),
labelled as (
    select namespace, pod, max(labels ->> 'serving_kserve_io_inferenceservice') as served
    from prometheus_pod_hour
    group by namespace, pod
)
select
    s.namespace, s.pod, s.container,
    case when l.served is not null then 'InferenceService' else o.kind end as owner_kind,
    coalesce(l.served, o.name) as owner,
    coalesce(s.cpu_request, s.cpu_limit) as cpu_request_cores,
    s.cpu_limit as cpu_limit_cores,
    coalesce(s.ram_request, s.ram_limit) / 1073741824 as ram_request_gib,
    s.ram_limit / 1073741824 as ram_limit_gib,
    s.restarts::integer as restarts,
    case when s.is_killed then coalesce(
        make_timestamp((s.oom_at * 1000000)::bigint), s.until
    ) end as oom_killed_at,
    case when s.is_killed then s.oom_limit / 1073741824 end as oom_limit_gib,
    case when w.advice is not null
        then to_json(map {'gov.advice': w.advice})::varchar end as annotations,
    s.until as seen_at
from size as s
left join outermost as o on o.namespace = s.namespace and o.pod = s.pod
left join wish as w on w.namespace = s.namespace and w.pod = s.pod
left join labelled as l on l.namespace = s.namespace and l.pod = s.pod
