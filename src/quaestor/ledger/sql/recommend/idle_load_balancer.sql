-- Load balancers of clusters with nothing behind them, or nobody before them.
--
-- grain     one row per Service of type LoadBalancer
-- input     the day on which its cluster was seen is the present; of calls, the last hour of which
--           the endpoint's source tells
-- method    idle: no pod behind it was ready when its cluster was seen; or it answers for one
--           endpoint, by its own name or KServe's label, that was not called on any of the last $days
--           days, of whose hours $observed_ratio are known. One made less than a day ago is
--           given its time
-- money     its charges on the bill, by the rate of the last 30 days; none without them
-- param     days = 14: days without a call to its endpoint before a load balancer counts as idle
-- param     observed_ratio = 0.9: part of the hours of these days that must be known
-- source    Kubernetes documentation, "Service"; KServe, label serving.kserve.io/inferenceservice
-- rows from usage.load_balancer
with called as (
    select
        h.source, h.endpoint, any_value(p.present) as present,
        count(distinct h.hour::date) filter (
            h.requests is not null and h.hour > p.present - to_days($days::integer)
        ) as days_seen,
        count(distinct h.hour) filter (
            h.requests between 0 and 1e15 and h.hour > p.present - to_days($days::integer)
        ) as hours_seen,
        sum(h.requests) filter (h.hour > p.present - to_days($days::integer)) as requests
    from usage.endpoint_hour as h
    join (select source, max(hour) as present from usage.endpoint_hour group by source) as p
        on p.source = h.source
    group by h.source, h.endpoint
),
answering as (
    select
        endpoint, min(days_seen) as days_seen, min(hours_seen) as hours_seen,
        sum(requests) as requests, max(present) as present
    from called group by endpoint
),
billed as (
    select
        l.split_key, sum(r.cost_per_month) as cost_per_month,
        min(r.resource_id) as resource_id, max(r.committed_ratio) as committed_ratio,
        min(coalesce(r.team, l.team)) as team, min(coalesce(r.model, l.model)) as model,
        min(r.environment) as environment
    from ledger.lineage as l
    join ledger.resource_rate as r on r.resource_id = l.resource_id
    where l.kind = 'load-balancer'
    group by l.split_key
),
judged as (
    select
        b.*, e.endpoint, c.days_seen, c.requests, c.present, e.model as endpoint_model,
        e.model_version as endpoint_version,
        case
            when b.endpoints is null then 'cannot-say'
            when b.created_at > b.seen_at - interval 1 day then 'clean'
            when b.endpoints = 0 then 'advise'
            when c.days_seen >= $days and c.hours_seen >= $observed_ratio * $days * 24
                and c.requests = 0 then 'advise'
            else 'clean'
        end as answer
    from usage.load_balancer as b
    left join usage.endpoint as e
        on e.endpoint = b.cluster || '/' || b.namespace || '/' || coalesce(
            b.labels ->> '$."serving.kserve.io/inferenceservice"', b.service
        )
    left join answering as c on c.endpoint = e.endpoint
    qualify row_number() over (
        partition by b.source, b.cluster, b.namespace, b.service order by e.source
    ) = 1
)
select
    'load-balancer/' || j.source || '/' || j.cluster || '/' || j.namespace || '/' || j.service
        as subject,
    j.source, j.namespace || '/' || j.service as name, j.answer,
    case
        when j.endpoints is null then 'nobody says which pods are behind it'
        when j.created_at > j.seen_at - interval 1 day
            then 'created on ' || j.created_at::date || ', less than a day ago'
        when j.endpoints = 0 then 'no pod was ready behind it on ' || j.seen_at::date
        when j.answer = 'advise' then 'its endpoint ' || j.endpoint || ' was not called in '
            || $days || ' days, up to ' || j.present::date
        else j.endpoints || ' pod' || case when j.endpoints = 1 then ' is' else 's are' end
            || ' ready behind it'
    end as reason,
    case when j.answer = 'advise' then 'delete' end as action,
    concat_ws(', ', j.address, case when j.is_internal then 'internal' end) as current,
    case when j.answer = 'advise' then 'a Service without a load balancer, or none' end as proposed,
    r.cost_per_month,
    case when j.answer = 'advise' then r.cost_per_month end as saving_per_month,
    case when j.answer = 'advise' and r.cost_per_month is not null then 'bill' end as saving_basis,
    case when j.answer = 'advise' then case when j.endpoints = 0 then 'medium' else 'high' end end
        as confidence,
    case when j.answer = 'advise' then 'Its address is gone for good, and names that point to it '
        || 'lead nowhere; a workload may be scaled to zero for now.' end as risk,
    to_json({
        endpoints: j.endpoints, endpoint: j.endpoint, requests: j.requests,
        days_seen: j.days_seen, created_at: j.created_at, seen_at: j.seen_at
    })::varchar as evidence,
    case when j.answer = 'advise' then 'kubectl delete service ' || shell_quoted(j.service)
        || ' --namespace ' || shell_quoted(j.namespace) end as command,
    r.team, coalesce(j.endpoint_model, r.model) as model, j.endpoint_version as model_version,
    r.environment, r.resource_id,
    coalesce(
        r.resource_id,
        'load-balancer/' || j.source || '/' || j.cluster || '/' || j.namespace || '/' || j.service
    ) as saves_on,
    null::varchar as inside, r.committed_ratio, j.labels as tags
from judged as j
left join billed as r
    on r.split_key = 'load-balancer/' || j.cluster || '/' || j.namespace || '/' || j.service
