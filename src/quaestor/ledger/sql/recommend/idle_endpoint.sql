-- Endpoints that nobody calls, and that are paid for all the same.
--
-- grain     one row per endpoint; one per variant of an endpoint that is called and has several;
--           one per deployment that no platform lists as an endpoint
-- input     the last hour for which the source of its hours tells of any endpoint is the present
-- method    idle: each of the last $days days and $observed_ratio of their hours are known, and
--           none of them has a call. An hour nobody tells of is not an hour without a call. Vertex
--           AI and Azure write a count of calls only where there are some: there, an hour in which
--           machines told of themselves had none, provided that the source counts calls at all
--           (medium confidence). Serverless endpoints and published models cost nothing while
--           nobody calls; what answers asynchronously has no such count. Provisioned throughput is
--           held against $provisioned_days days. A variant is idle as an endpoint is; it costs its
--           part of the instance-hours, where all are of one type
-- money     ledger.endpoint_rate: the bill of its resource, or its pods' part of their machines
-- param     days = 14: days without a call before an endpoint counts as idle
-- param     provisioned_days = 7: the same for provisioned throughput
-- param     observed_ratio = 0.9: part of the hours of these days that must be known
-- source    AWS, Amazon SageMaker "Endpoint invocation metrics"; Google Cloud metrics, aiplatform
-- rows from usage.endpoint, registry.deployment
with endpoint as (
    select
        e.*, coalesce(present, seen_at) as until,
        case when regexp_matches(lower(kind), 'provisioned|(^|[^a-z])ptu')
            then $provisioned_days else $days end::integer as window_days,
        split_part(endpoint, '/', -1) as short_name,
        'endpoint/' || source || '/' || endpoint as subject
    from ledger.endpoint_rate as e
),
-- What is not a number, or no count, is unknown.
sound as (
    select
        source, endpoint, hour, variant,
        case when requests between 0 and 1e15 then requests end as requests,
        case when instances between 0 and 1e6 then instances end as instances
    from usage.endpoint_hour
),
-- Sources that count calls at all, so that no count is a count of none.
counting as (
    select distinct source from sound where requests > 0
),
hour as (
    select
        e.source, e.endpoint, h.hour, h.variant, h.instances,
        coalesce(
            h.requests,
            case when e.kind in ('vertex', 'azure-ml') and h.instances > 0 and c.source is not null
                then 0 end
        ) as requests,
        h.requests is null as is_inferred
    from endpoint as e
    join sound as h on h.source = e.told_by and h.endpoint = e.endpoint
    left join counting as c on c.source = h.source
    where h.hour > e.until - to_days(e.window_days)
),
-- An hour is known where every part of it is.
together as (
    select
        source, endpoint, hour, bool_or(is_inferred) as is_inferred,
        case when count(requests) = count(*) then sum(requests) end as requests
    from hour
    group by source, endpoint, hour
),
called as (
    select
        source, endpoint, count(distinct hour::date) filter (requests is not null) as days_seen,
        count(requests) as hours_seen, sum(requests) as requests,
        bool_or(is_inferred and requests is not null) as is_inferred
    from together
    group by source, endpoint
),
last_call as (
    select source, endpoint, max(hour) as last_call
    from sound where requests > 0
    group by source, endpoint
),
judged as (
    select
        e.*, c.days_seen, c.hours_seen, c.requests, l.last_call,
        coalesce(c.is_inferred, false) as is_inferred,
        case
            when regexp_matches(lower(e.kind), 'serverless|published')
                or (e.kind = 'sagemaker' and e.scales_to_zero and e.instance_type is null)
                then 'it costs nothing while nobody calls'
            when e.instances = 0 or lower(e.status) in ('empty', 'scaled to zero')
                then 'it has no instance, and costs nothing'
            when c.requests > 0 then case when c.requests = 1 then '1 call'
                else format('{:,}', round(c.requests)::bigint) || ' calls' end
                || ' in ' || e.window_days || ' days'
            when e.created_at > e.until - to_days(e.window_days)
                then 'created on ' || e.created_at::date || ', less than ' || e.window_days
                    || ' days ago'
        end as clean_because,
        case
            when lower(e.status) in ('deleting', 'failed', 'creating')
                then 'its status is ' || e.status
            when contains(lower(e.kind), 'async')
                then 'it answers asynchronously, and nobody counts what it is asked'
            when e.told_by is null then 'nobody tells how often it is called'
            when coalesce(c.days_seen, 0) < e.window_days
                then 'its calls are known of ' || coalesce(c.days_seen, 0) || ' of the last '
                    || e.window_days || ' days'
            when c.hours_seen < $observed_ratio * e.window_days * 24
                then 'its calls are known of ' || c.hours_seen || ' of the last '
                    || e.window_days * 24 || ' hours'
        end as unknown_because
    from endpoint as e
    left join called as c on c.source = e.source and c.endpoint = e.endpoint
    left join last_call as l on l.source = e.told_by and l.endpoint = e.endpoint
),
answered as (
    select
        *,
        case
            when lower(status) in ('deleting', 'failed', 'creating') then 'cannot-say'
            when clean_because is not null then 'clean'
            when unknown_because is not null then 'cannot-say'
            else 'advise'
        end as answer,
        case
            when kind in ('kserve', 'deployment', 'statefulset', 'rollout')
                and (scales_to_zero or autoscaler in ('knative', 'keda')) then 'scale-to-zero'
            when kind in ('deployment', 'statefulset', 'rollout') then 'stop'
            else 'delete'
        end as way
    from judged
),
keda as (
    select cluster, namespace, target, min(autoscaler) as autoscaler
    from usage.autoscaler where kind = 'keda'
    group by cluster, namespace, target
),
undeployed as (
    select
        source, regexp_extract(deployment, '^(.*)/deployedModels/', 1) as endpoint,
        string_agg(
            'gcloud ai endpoints undeploy-model '
            || shell_quoted(regexp_extract(deployment, 'endpoints/([^/]+)', 1))
            || ' --project=' || shell_quoted(regexp_extract(deployment, 'projects/([^/]+)', 1))
            || ' --region=' || shell_quoted(regexp_extract(deployment, 'locations/([^/]+)', 1))
            || ' --deployed-model-id=' || shell_quoted(split_part(deployment, '/', -1)),
            ' && ' order by deployment
        ) as commands
    from registry.deployment where kind = 'vertex-endpoint'
    group by all
),
commanded as (
    select
        a.*,
        case
            when a.kind = 'sagemaker'
                then 'aws sagemaker delete-endpoint --endpoint-name ' || shell_quoted(a.short_name)
                    || coalesce(' --region ' || shell_quoted(a.region), '')
            when a.kind = 'vertex' and a.endpoint like 'projects/%/locations/%/endpoints/%'
                then coalesce(u.commands || ' && ', '') || 'gcloud ai endpoints delete '
                    || shell_quoted(a.short_name)
                    || ' --project=' || shell_quoted(split_part(a.endpoint, '/', 2))
                    || ' --region=' || shell_quoted(split_part(a.endpoint, '/', 4))
            when a.kind = 'azure-ml' and lower(a.resource_id) like '%/onlineendpoints/%'
                then 'az ml online-endpoint delete --name ' || shell_quoted(a.short_name)
                    || ' --workspace-name ' || shell_quoted(split_part(a.resource_id, '/', 9))
                    || ' --resource-group ' || shell_quoted(split_part(a.resource_id, '/', 5))
                    || ' --subscription ' || shell_quoted(split_part(a.resource_id, '/', 3))
            when a.kind = 'kserve' and a.way = 'scale-to-zero'
                then 'kubectl patch inferenceservice ' || shell_quoted(a.short_name)
                    || ' -n ' || shell_quoted(split_part(a.endpoint, '/', -3))
                    || ' --type merge -p ''{"spec":{"predictor":{"minReplicas":0}}}'''
            when a.kind = 'kserve'
                then 'kubectl delete inferenceservice ' || shell_quoted(a.short_name)
                    || ' -n ' || shell_quoted(split_part(a.endpoint, '/', -3))
            when a.way = 'scale-to-zero' and k.autoscaler is not null
                then 'kubectl patch scaledobject ' || shell_quoted(k.autoscaler)
                    || ' -n ' || shell_quoted(split_part(a.endpoint, '/', -3))
                    || ' --type merge -p ''{"spec":{"minReplicaCount":0}}'''
            when a.kind in ('deployment', 'statefulset', 'rollout')
                then 'kubectl scale ' || a.kind || ' ' || shell_quoted(a.short_name)
                    || ' -n ' || shell_quoted(split_part(a.endpoint, '/', -3)) || ' --replicas=0'
            when contains(lower(a.kind), 'bedrock')
                then 'aws bedrock delete-provisioned-model-throughput --provisioned-model-id '
                    || shell_quoted(coalesce(a.resource_id, a.endpoint))
                    || coalesce(' --region ' || shell_quoted(a.region), '')
        end as command_text
    from answered as a
    left join undeployed as u on u.source = a.source and u.endpoint = a.endpoint
    left join keda as k
        on k.cluster || '/' || k.namespace
            = left(a.endpoint, length(a.endpoint) - length(split_part(a.endpoint, '/', -2))
                - length(a.short_name) - 2)
        and k.target = a.short_name
),
-- Variants of endpoints that are called: each has its own machines.
variant as (
    select
        source, endpoint, variant, count(requests) as hours_seen, sum(requests) as requests,
        count(distinct hour::date) filter (requests is not null) as days_seen,
        sum(instances) as instance_hours, count(instances) = count(*) as is_counted
    from hour where variant is not null
    group by source, endpoint, variant
    qualify count(*) over (partition by source, endpoint) > 1
),
varied as (
    select
        v.*, a.* exclude (source, endpoint, requests, days_seen, hours_seen, answer),
        case
            when v.requests > 0 then 'clean'
            when v.days_seen < a.window_days
                or v.hours_seen < $observed_ratio * a.window_days * 24 then 'cannot-say'
            else 'advise'
        end as answer,
        case when bool_and(v.is_counted) over (partition by v.source, v.endpoint)
                and not contains(a.instance_type, ',')
            then v.instance_hours / nullif(sum(v.instance_hours) over (
                partition by v.source, v.endpoint
            ), 0) end as part
    from variant as v
    join answered as a on a.source = v.source and a.endpoint = v.endpoint
    where a.requests > 0 and a.answer = 'clean'
),
-- Deployments that nobody lists among endpoints, so that nobody counts what they answer.
unlisted as (
    select d.*
    from registry.deployment as d
    where d.deployment not in (select endpoint from usage.endpoint)
        and regexp_replace(d.deployment, '/[^/]+$', '') not in (select endpoint from usage.endpoint)
        and regexp_replace(d.deployment, '/[^/]+/[^/]+$', '')
            not in (select endpoint from usage.endpoint)
        and coalesce(d.resource_id, '') not in (
            select resource_id from usage.endpoint where resource_id is not null
        )
)
select
    subject, source, endpoint as name, answer,
    case
        when answer = 'advise' then 'no call in ' || window_days || ' days, up to ' || until::date
        when answer = 'clean' then clean_because
        else unknown_because
    end as reason,
    case when answer = 'advise' then way end as action,
    nullif(concat_ws(' x ', instances, instance_type), '') as current,
    case when answer = 'advise' then case way
        when 'scale-to-zero' then 'no instance while nobody calls'
        when 'stop' then 'no replica'
        else 'no endpoint, or one that scales to zero' end end as proposed,
    cost_per_month,
    case when answer = 'advise' then cost_per_month end as saving_per_month,
    case when answer = 'advise' and cost_per_month is not null then cost_basis end as saving_basis,
    case when answer = 'advise' then case when is_inferred then 'medium' else 'high' end end
        as confidence,
    case when answer = 'advise' then case way
        when 'scale-to-zero' then 'The first call waits until a replica has started.'
        else 'Somebody may call it once a quarter: ask the owner, and keep its configuration.'
        end || case when inside is not null
            then ' Its machine is paid for until it goes, too.' else '' end end as risk,
    to_json({
        days: window_days, days_seen: days_seen, hours_seen: hours_seen, requests: requests,
        last_call: last_call, until: present, counted_by: told_by, kind: kind, status: status,
        created_at: created_at, no_count_is_no_call: is_inferred
    })::varchar as evidence,
    case when answer = 'advise' then command_text end as command,
    team, model, model_version, environment, resource_id, saves_on, inside, committed_ratio, tags
from commanded
union all
select
    subject || '/variant/' || variant, source, endpoint || ', variant ' || variant, answer,
    case answer
        when 'advise' then 'no call in ' || window_days || ' days, up to ' || until::date
            || ', while the endpoint is called'
        when 'clean' then case when requests = 1 then '1 call'
            else format('{:,}', round(requests)::bigint) || ' calls' end
            || ' in ' || window_days || ' days'
        else 'its calls are known of ' || days_seen || ' of the last ' || window_days || ' days'
    end,
    case when answer = 'advise' then 'remove-variant' end,
    null, case when answer = 'advise' then 'an endpoint without this variant' end,
    money_estimate(cost_per_month::double * part),
    case when answer = 'advise' then money_estimate(cost_per_month::double * part) end,
    case when answer = 'advise' and cost_per_month is not null and part is not null
        then 'effective rate' end,
    case when answer = 'advise' then 'high' end,
    case when answer = 'advise'
        then 'It may be kept to go back to: ask who deployed it last.' end,
    to_json({
        days_seen: days_seen, hours_seen: hours_seen, requests: requests,
        instance_hours: instance_hours, part: part
    })::varchar,
    null, team, model, model_version, environment, resource_id, subject || '/variant/' || variant,
    saves_on, committed_ratio, tags
from varied
union all
select
    'deployment/' || source || '/' || deployment, source, deployment, 'cannot-say',
    'nobody lists it among endpoints, or tells how often it is called',
    null, null, null, null, null, null, null, null, null, null, null, model, version, environment,
    resource_id, coalesce(resource_id, 'deployment/' || source || '/' || deployment), null, null,
    tags
from unlisted
