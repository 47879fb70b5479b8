-- In which hours of the week endpoints, and workloads that are not production, have nothing to do.
--
-- grain     one row per endpoint or workload, and hour of the week of which anything is known; 0 is
--           Monday, 00:00 to 01:00 UTC
-- method    the last 14 days that its source tells of, so that each hour of the week was there
--           twice. An hour of an endpoint is idle without a request (of Vertex AI and Azure, whose
--           sources count requests only where there are some: with instances and no count). An hour
--           of a workload is idle where its pods used less than $idle_ratio of the cores they asked
--           for (of a core each, where they asked for none), and less than that of their GPUs. An
--           hour of the week is idle where it was seen twice and idle both times
-- param     idle_ratio = 0.05: use of cores and of GPUs below which an hour is idle
-- param     environments = ["dev", "development", "test", "testing", "qa", "staging", "stage", "sandbox", "experiment", "experimentation", "non-production", "nonprod"]: environments
--            whose workloads may be stopped
-- source    OptScale, instances for power schedules: 168 hours of the week
-- rows from usage.endpoint, ledger.pod_day
with counting as (
    select distinct source from usage.endpoint_hour where requests between 1e-9 and 1e15
),
called as (
    select
        'endpoint/' || e.source || '/' || e.endpoint as subject, h.hour,
        count(*) = count(case when h.requests between 0 and 1e15 then 1
            when e.kind in ('vertex', 'azure-ml') and h.instances between 1e-9 and 1e6
                and c.source is not null then 1 end) as is_known,
        coalesce(sum(case when h.requests between 0 and 1e15 then h.requests end), 0) = 0
            as is_idle,
        case when count(*) = count(case when h.instances between 0 and 1e6 then 1 end)
            then sum(exact(case when h.instances between 0 and 1e6 then h.instances end))::double
            end as size
    from ledger.endpoint_rate as e
    join usage.endpoint_hour as h on h.source = e.told_by and h.endpoint = e.endpoint
    left join counting as c on c.source = h.source
    where h.hour > e.present - interval 14 day and h.hour <= e.present
    group by e.source, e.endpoint, h.hour
),
workload as (
    select
        cluster, namespace, pod, min(owner_kind) as owner_kind, min(owner) as owner
    from usage.pod
    where owner_kind in ('Deployment', 'StatefulSet', 'Rollout')
    group by cluster, namespace, pod
),
-- Pods of these, as far as one environment is theirs; what serves a model is an endpoint.
stoppable as (
    select distinct p.cluster, p.namespace, p.pod, w.owner_kind, w.owner
    from ledger.pod_day as p
    join workload as w
        on w.cluster = p.cluster and w.namespace = p.namespace and w.pod = p.pod
    where list_contains($environments, lower(p.environment))
        and not exists (
            select 1 from usage.endpoint as e
            where e.endpoint = concat_ws('/', w.cluster, w.namespace, w.owner_kind, w.owner)
        )
),
present as (
    select cluster, max(hour) as present from usage.pod_hour group by cluster
),
sound as (
    select
        h.hour, h.cluster, s.namespace, s.owner_kind, s.owner,
        case when h.cpu_used_cores between 0 and 1e6 then h.cpu_used_cores end as cpu_used,
        case when h.cpu_request_cores between 1e-9 and 1e6 then h.cpu_request_cores else 1 end
            as cpu_asked,
        coalesce(h.gpu_request, 0) > 0 as has_gpu,
        case when h.gpu_used_ratio between 0 and 1 then h.gpu_used_ratio end as gpu_used
    from usage.pod_hour as h
    join stoppable as s
        on s.cluster = h.cluster and s.namespace = h.namespace and s.pod = h.pod
    join present as p on p.cluster = h.cluster
    where h.hour > p.present - interval 14 day
),
worked as (
    select
        concat_ws('/', 'workload', cluster, namespace, owner_kind, owner) as subject, hour,
        count(*) = count(case when cpu_used is not null and (not has_gpu or gpu_used is not null)
            then 1 end) as is_known,
        sum(cpu_used) < $idle_ratio * sum(cpu_asked)
        and coalesce(max(gpu_used) filter (has_gpu), 0) < $idle_ratio as is_idle,
        sum(exact(cpu_asked))::double as size
    from sound
    group by cluster, namespace, owner_kind, owner, hour
),
observed as (
    select * from called where is_known
    union all by name
    select * from worked where is_known
)
select
    subject,
    ((isodow(hour) - 1) * 24 + hour(hour))::integer as bin,
    count(*)::integer as seen,
    count(*) filter (is_idle)::integer as idle,
    count(*) >= 2 and bool_and(is_idle) as is_idle,
    min(hour) as since, max(hour) as until,
    case when count(*) = count(size) then sum(exact(size))::double end as size
from observed
group by subject, bin
