-- What servers of models answered, endpoint by endpoint.
--
-- grain     one row per endpoint and hour in which a server's counters were read
-- method    an endpoint is what its pods belong to, called as registry.deployment calls it:
--           cluster/namespace/kind/name, of the KServe InferenceService where kube-state-metrics
--           shows that label, else of the pods' owner; without kube-state-metrics it is
--           cluster/namespace/model, as served. A ReplicaSet is its Deployment's. Where a pod
--           counts by two servers (vLLM inside KServe) the first of vllm, tgi, triton, kserve is
--           taken. instances are the pods behind it, each for the part of the hour it was up. A
--           ratio is of what its pods asked for. A percentile cannot be added up: it is null where
--           one model is served as several endpoints
with counter as (
    select
        hour, kind, value, namespace, pod, labels['server'] as server,
        coalesce(pod, nullif(labels['instance'], ''), '') as place,
        coalesce(nullif(labels['model_name'], ''), nullif(labels['model'], '')) as model
    from prometheus_fact
    where starts_with(kind, 'endpoint_')
),
server as (
    select distinct hour, namespace, place, pod, model, server
    from counter where kind <> 'endpoint_latency'
    qualify dense_rank() over (
        partition by hour, namespace, place, model
        order by list_position(['vllm', 'tgi', 'triton', 'kserve'], server)
    ) = 1
),
owner as (
    select
        hour, namespace, pod, max(nullif(labels['created_by_kind'], '<none>')) as kind,
        max(nullif(labels['created_by_name'], '<none>')) as name
    from prometheus_fact where kind = 'pod_info'
    group by hour, namespace, pod
),
running as (
    select hour, namespace, pod, node, labels, up_ratio, cpu_used_cores, cpu_request_cores,
        gpu_used_ratio, gpu_request
    from prometheus_pod_hour
    qualify row_number() over (
        partition by hour, namespace, pod order by up_ratio desc nulls last, node
    ) = 1
),
placed as (
    select
        s.*,
        concat_ws('/', $cluster, s.namespace, coalesce(
            'InferenceService/' || (p.labels ->> 'serving_kserve_io_inferenceservice'),
            case when o.kind = 'ReplicaSet'
                then 'Deployment/' || regexp_replace(o.name, '-[a-z0-9]+$', '')
                else o.kind || '/' || o.name end,
            s.model, s.pod, s.place
        )) as endpoint,
        coalesce(p.up_ratio, 1) as up, p.cpu_used_cores, p.cpu_request_cores, p.gpu_used_ratio,
        p.gpu_request
    from server as s
    left join running as p
        on p.hour = s.hour and p.namespace = s.namespace and p.pod = s.pod
    left join owner as o
        on o.hour = s.hour and o.namespace = s.namespace and o.pod = s.pod
),
counted as (
    select
        p.endpoint, p.hour,
        sum(c.value) filter (c.kind = 'endpoint_requests') as requests,
        sum(c.value) filter (c.kind = 'endpoint_input_tokens') as input_tokens,
        sum(c.value) filter (c.kind = 'endpoint_output_tokens') as output_tokens,
        sum(c.value) filter (c.kind = 'endpoint_errors') as errors
    from placed as p
    join counter as c
        on c.hour = p.hour and c.namespace is not distinct from p.namespace
        and c.place = p.place and c.server = p.server and c.model is not distinct from p.model
    where c.kind <> 'endpoint_latency'
    group by all
),
served as (
    select distinct endpoint, hour, place, up, cpu_used_cores, cpu_request_cores, gpu_used_ratio,
        gpu_request
    from placed
),
worked as (
    select
        endpoint, hour, sum(up) as instances,
        sum(gpu_used_ratio * gpu_request * up)
            / nullif(sum(gpu_request * up) filter (gpu_used_ratio is not null), 0)
            as gpu_used_ratio,
        sum(cpu_used_cores * up)
            / nullif(sum(cpu_request_cores * up) filter (cpu_used_cores is not null), 0)
            as cpu_used_ratio
    from served
    group by endpoint, hour
),
latency as (
    select p.endpoint, p.hour, max(c.value) as latency_p95_ms
    from (
        select namespace, model, server, hour, min(endpoint) as endpoint from placed
        group by all
        having count(distinct endpoint) = 1
    ) as p
    join counter as c
        on c.hour = p.hour and c.namespace is not distinct from p.namespace
        and c.model is not distinct from p.model and c.server = p.server
        and c.kind = 'endpoint_latency'
    group by all
    having count(*) = 1
),
described as (
    select
        endpoint, hour,
        to_json(struct_pack(
            server := string_agg(distinct server, ', ' order by server),
            model := string_agg(distinct model, ', ' order by model)
        ))::varchar as tags
    from placed
    group by endpoint, hour
)
select
    endpoint, hour, c.requests, c.input_tokens, c.output_tokens, w.instances, c.errors,
    at_most_one(w.gpu_used_ratio) as gpu_used_ratio, w.cpu_used_ratio, l.latency_p95_ms, d.tags
from counted as c
join worked as w using (endpoint, hour)
join described as d using (endpoint, hour)
left join latency as l using (endpoint, hour)
