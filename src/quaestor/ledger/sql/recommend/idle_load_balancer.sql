-- Load balancers of clusters with nothing behind them, or nobody before them.
--
-- grain     one row per Service of type LoadBalancer
-- input     the day on which its cluster was seen is the present; of calls, the last hour of which
--           the endpoint's source tells; of the bill, its last complete day
-- method    idle: no pod behind it was ready at any look over $empty_days days, on $looks of which
--           somebody looked; or none is, and the bill that counts its traffic counted next to none
--           in $days days, in each of which it was paid for; or it answers for one endpoint, by its
--           own name or KServe's label, that was not called on any of the last $days days, of whose
--           hours $observed_ratio are known. One look without pods is no idleness: a workload may
--           be scaled to zero for an hour. Traffic is counted in capacity units (LCU, NLCU) or in
--           bytes processed; a bill without such lines counts none
-- money     its charges on the bill, by the rate of the last 30 days; none without them
-- param     days = 14: days without a call to its endpoint, or without traffic on the bill, before
--            a load balancer counts as idle
-- param     observed_ratio = 0.9: part of the hours of these days that must be known; 0 to 1
-- param     empty_days = 7: days over which no look may have found a pod behind it
-- param     looks = 3: days of these on which somebody must have looked
-- param     idle_units = 0.01: capacity units an hour, on average, below which it has no traffic
-- param     idle_gib = 0.01: GiB processed a day, on average, below which it has no traffic
-- source    Kubernetes documentation, "Service"; KServe, label serving.kserve.io/inferenceservice;
--           AWS, Elastic Load Balancing pricing, "LCU"; FOCUS 1.2, SkuMeter, ConsumedUnit
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
charge as (
    select
        l.split_key, c.ChargePeriodStart::date as day, r.until,
        lower(concat_ws(' ', c.SkuMeter, c.ChargeDescription)) as meter,
        lower(coalesce(c.ConsumedUnit, c.PricingUnit, '')) as unit,
        coalesce(c.ConsumedQuantity, c.PricingQuantity)::double as quantity
    from ledger.lineage as l
    join ledger.resource_rate as r on r.resource_id = l.resource_id
    join focus.charge as c on c.ResourceId = l.resource_id
    where l.kind = 'load-balancer' and c.ChargeCategory = 'Usage'
        and c.ChargePeriodStart >= r.until - ($days - 1)::integer
        and c.ChargePeriodStart < r.until + interval 1 day
),
counted as (
    select
        *,
        case
            when regexp_matches(meter, '(^|[^a-z])[ngu]?lcu') or contains(unit, 'lcu') then 'units'
            when regexp_matches(unit, '(^|[^a-z])(g|gi|t|ti)b|byte')
                and regexp_matches(meter, 'process|data|byte|traffic') then 'bytes'
        end as counts,
        case
            when regexp_matches(unit, '(^|[^a-z])ti?b|te(bi|ra)byte') then 1024.0
            when regexp_matches(unit, 'me(bi|ga)byte') then 1 / 1024.0
            when regexp_matches(unit, '^bytes?$') then 1 / 1073741824.0
            else 1.0
        end as factor
    from charge
),
traffic as (
    select
        split_key, max(until) as until,
        count(distinct day) as paid_days, count(*) filter (counts is not null) > 0 as is_counted,
        case when count(*) filter (counts is not null and quantity is null) = 0
            then coalesce((sum(exact(quantity)) filter (counts = 'units'))::double, 0)
                / (24 * $days) end as units,
        case when count(*) filter (counts is not null and quantity is null) = 0
            then coalesce((sum(exact(quantity * factor)) filter (counts = 'bytes'))::double, 0)
                / $days end as gib
    from counted
    group by split_key
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
told as (
    select
        b.*, 'load-balancer/' || b.cluster || '/' || b.namespace || '/' || b.service as thing,
        e.endpoint, c.days_seen, c.requests, c.present, e.model as endpoint_model,
        e.model_version as endpoint_version,
        c.days_seen >= $days and c.hours_seen >= $observed_ratio * $days * 24 as is_heard
    from usage.load_balancer as b
    left join usage.endpoint as e
        on e.endpoint = b.cluster || '/' || b.namespace || '/' || coalesce(
            b.labels ->> '$."serving.kserve.io/inferenceservice"', b.service
        )
    left join answering as c on c.endpoint = e.endpoint
    qualify row_number() over (
        partition by b.source, b.cluster, b.namespace, b.service order by e.source
    ) = 1
),
looked_at as (
    select
        t.* replace (greatest(t.seen_at, s.seen_at) as seen_at),
        coalesce(s.days_seen, 1) as looks,
        case when s.unused_since is not null then greatest(s.unused_since, t.created_at) end
            as empty_since,
        coalesce(
            s.days_seen >= $looks and empty_since
                <= greatest(t.seen_at, s.seen_at) - to_days($empty_days::integer),
            false
        ) as is_empty,
        f.units, f.gib, f.until,
        case
            when f.is_counted and (f.units >= $idle_units or f.gib >= $idle_gib) then true
            when f.is_counted and f.paid_days >= $days and f.units is not null then false
        end as has_traffic
    from told as t
    left join ledger.unused_since as s on s.source = t.source and s.thing = t.thing
    left join traffic as f on f.split_key = t.thing
),
judged as (
    select
        *,
        case
            when endpoints is null then 'unknown'
            when created_at > seen_at - to_days($empty_days::integer) and endpoints = 0 then 'new'
            when created_at > seen_at - interval 1 day then 'new'
            when requests > 0 then 'called'
            when is_heard and requests = 0 then 'uncalled'
            when endpoints > 0 then 'ready'
            when has_traffic then 'busy'
            when is_empty then 'empty'
            when not has_traffic then 'quiet'
            else 'unsure'
        end as verdict
    from looked_at
),
answered as (
    select
        *,
        case
            when verdict in ('uncalled', 'empty', 'quiet') then 'advise'
            when verdict in ('unknown', 'unsure') then 'cannot-say'
            else 'clean'
        end as answer,
        'no pod was ready behind it on ' || seen_at::date as seen_empty
    from judged
)
select
    'load-balancer/' || j.source || '/' || j.cluster || '/' || j.namespace || '/' || j.service
        as subject,
    j.source, j.namespace || '/' || j.service as name, j.answer,
    case j.verdict
        when 'unknown' then 'nobody says which pods are behind it'
        when 'new' then 'created on ' || j.created_at::date || ', less than '
            || case when j.endpoints = 0 then $empty_days || ' days ago' else 'a day ago' end
        when 'called' then 'its endpoint ' || j.endpoint || ' is called'
        when 'uncalled' then 'its endpoint ' || j.endpoint || ' was not called in '
            || $days || ' days, up to ' || j.present::date
        when 'ready' then j.endpoints || ' pod' || case when j.endpoints = 1 then ' is'
            else 's are' end || ' ready behind it'
        when 'busy' then j.seen_empty || ', and the bill counts traffic up to ' || j.until
        when 'empty' then 'no pod was ready behind it at any look from ' || j.empty_since::date
            || ' to ' || j.seen_at::date || ', on ' || j.looks || ' days'
        when 'quiet' then j.seen_empty || ', and the bill counts next to no traffic in ' || $days
            || ' days, up to ' || j.until
        else j.seen_empty || ', and ' || case when j.looks = 1 then 'nobody looked on another day'
            else 'at looks on ' || j.looks || ' days since ' || j.empty_since::date end
            || '; ' || $looks || ' over ' || $empty_days || ' days are needed'
    end as reason,
    case when j.answer = 'advise' then 'delete' end as action,
    concat_ws(', ', j.address, case when j.is_internal then 'internal' end) as current,
    case when j.answer = 'advise' then 'a Service without a load balancer, or none' end as proposed,
    r.cost_per_month,
    case when j.answer = 'advise' then r.cost_per_month end as saving_per_month,
    case when j.answer = 'advise' and r.cost_per_month is not null then 'bill' end as saving_basis,
    case when j.answer = 'advise' then
        case when j.verdict = 'uncalled' or (j.is_empty and not j.has_traffic) then 'high'
            else 'medium' end
    end as confidence,
    case when j.answer = 'advise' then 'Its address is gone for good, and names that point to it '
        || 'lead nowhere; a workload may be scaled to zero for now.' end as risk,
    to_json({
        endpoints: j.endpoints, endpoint: j.endpoint, requests: j.requests,
        days_seen: j.days_seen, looks: j.looks, empty_since: j.empty_since,
        units_per_hour: j.units, gib_per_day: j.gib, created_at: j.created_at, seen_at: j.seen_at
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
from answered as j
left join billed as r on r.split_key = j.thing
