-- Endpoints that nobody calls, and that are paid for all the same.
--
-- grain     one row per endpoint
-- input     the last hour for which its source tells of any endpoint is the present
-- method    idle: it was observed in every day of the last $days, and answered nothing in any of
--           their hours. An hour nobody tells of is not an hour without a call. Serverless and
--           asynchronous endpoints cost nothing while nobody calls, and are clean
-- money     its resource on the bill, by the rate of the last 30 days
-- param     days = 14: days without a call before an endpoint counts as idle
-- source    AWS, Amazon SageMaker "Endpoint invocation metrics"
-- rows from usage.endpoint
with called as (
    select
        h.source, h.endpoint, max(h.hour) filter (h.requests > 0) as last_call,
        count(distinct h.hour::date) filter (
            h.requests is not null and h.hour > p.present - to_days($days::integer)
        ) as days_seen,
        sum(h.requests) filter (h.hour > p.present - to_days($days::integer)) as requests,
        any_value(p.present) as present
    from (
        select * replace (
            case when isfinite(requests) and requests between 0 and 1e15 then requests end
                as requests
        ) from usage.endpoint_hour
    ) as h
    join (select source, max(hour) as present from usage.endpoint_hour group by source) as p
        on p.source = h.source
    group by h.source, h.endpoint
),
judged as (
    select
        e.*, c.last_call, c.days_seen, c.requests, c.present, r.cost_per_month, r.committed_ratio,
        r.environment, r.team, coalesce(e.model, r.model) as its_model,
        coalesce(e.model_version, r.model_version) as its_version,
        case
            when regexp_matches(lower(concat_ws(' ', e.kind, e.status)), 'serverless|async')
                then 'clean'
            when lower(e.status) in ('deleting', 'failed', 'creating') then 'cannot-say'
            when c.requests > 0 then 'clean'
            when e.created_at > coalesce(c.present, e.seen_at) - to_days($days::integer)
                then 'clean'
            when coalesce(c.days_seen, 0) < $days then 'cannot-say'
            else 'advise'
        end as answer
    from usage.endpoint as e
    left join called as c on c.source = e.source and c.endpoint = e.endpoint
    left join ledger.resource_rate as r on r.resource_id = e.resource_id
)
select
    'endpoint/' || source || '/' || endpoint as subject, source, endpoint as name, answer,
    case
        when answer = 'advise' then 'no call in ' || $days || ' days, up to ' || present::date
        when regexp_matches(lower(concat_ws(' ', kind, status)), 'serverless|async')
            then 'it costs nothing while nobody calls'
        when answer = 'cannot-say' and lower(status) in ('deleting', 'failed', 'creating')
            then 'its status is ' || status
        when answer = 'cannot-say' then 'its calls are known of ' || coalesce(days_seen, 0)
            || ' of the last ' || $days || ' days'
        when requests > 0 then round(requests)::bigint || ' calls in ' || $days || ' days'
        else 'created on ' || created_at::date || ', less than ' || $days || ' days ago'
    end as reason,
    case when answer = 'advise' then 'delete' end as action,
    concat_ws(' x ', instances, instance_type) as current,
    case when answer = 'advise' then 'no endpoint, or one that scales to zero' end as proposed,
    cost_per_month,
    case when answer = 'advise' then cost_per_month end as saving_per_month,
    case when answer = 'advise' and cost_per_month is not null then 'bill' end as saving_basis,
    case when answer = 'advise' then 'high' end as confidence,
    case when answer = 'advise'
        then 'Somebody may call it once a quarter: ask the owner, and keep its configuration.' end
        as risk,
    to_json({
        days_seen: days_seen, requests: requests, last_call: last_call, until: present,
        kind: kind, status: status, created_at: created_at
    })::varchar as evidence,
    case when answer = 'advise' and kind = 'sagemaker'
        then 'aws sagemaker delete-endpoint --endpoint-name ' || shell_quoted(endpoint)
            || coalesce(' --region ' || shell_quoted(region), '') end as command,
    team, its_model as model, its_version as model_version, environment, resource_id,
    coalesce(resource_id, 'endpoint/' || source || '/' || endpoint) as saves_on,
    null::varchar as inside, committed_ratio, tags
from judged
