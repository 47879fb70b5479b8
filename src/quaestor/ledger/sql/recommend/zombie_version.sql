-- Versions of models that are deployed and all but never called.
--
-- grain     one row per version and place that it is deployed at
-- method    a zombie was called $calls times or fewer in 23 days (`days` of served_version), at all
--           of its places together, and the calls of each of these days and of $observed_ratio of
--           their hours are known at every place. Left out: what came less than 23 days ago, what
--           costs nothing while nobody calls, what another version would be rolled back to, shadows
--           (which answer nobody), and one side of a canary or blue-green deployment that came less
--           than $rollout_days days ago
-- money     what the place costs; where its endpoint serves other versions too, its part of the
--           instance-hours. saves_on is the endpoint's or variant's, as in idle_endpoint
-- param     calls = 5: calls up to which a version counts as a zombie
-- param     observed_ratio = 0.9: part of the hours of these days that must be known
-- param     rollout_days = 30: days that a canary or blue-green deployment is given
-- source    Alibaba, clusterdata, generative AI serving of 2026: 22 of 87 versions were called five
--           times or less in 23 days
-- rows from registry.deployment, usage.endpoint
with place as (
    select
        *, created_at > present - to_days(window_days) as is_new,
        coalesce(
            days_seen >= window_days and hours_seen >= $observed_ratio * window_days * 24, false
        ) as is_observed,
        count(*) over (partition by model, environment) > count(*) over (
            partition by model, environment, model_version
        ) as has_others
    from ledger.served_version
),
version as (
    select
        model, model_version, sum(requests) as requests, bool_and(is_observed) as is_observed,
        count(*) as places, count(*) filter (is_observed) as observed
    from place group by model, model_version
),
judged as (
    select
        p.*, v.requests as all_requests, v.is_observed as is_observed_everywhere, v.places,
        v.observed,
        case
            when v.requests > $calls then format('{:,}', round(v.requests)::bigint)
                || ' calls in ' || p.window_days || ' days'
            when p.is_free_while_idle then 'it costs nothing while nobody calls'
            when p.is_new then 'deployed on ' || p.created_at::date || ', less than '
                || p.window_days || ' days ago'
            when k.model is not null then 'another version would be rolled back to it'
            when p.rollout_strategy = 'shadow'
                then 'its deployment has a shadow, which answers nobody'
            when p.rollout_strategy in ('canary', 'blue-green', 'linear') and p.has_others
                and coalesce(p.created_at, p.present) > p.present - to_days($rollout_days::integer)
                then 'it is one side of a ' || p.rollout_strategy || ' deployment'
        end as clean_because
    from place as p
    join version as v on v.model = p.model and v.model_version = p.model_version
    left join ledger.kept_version as k on k.model = p.model and k.model_version = p.model_version
),
answered as (
    select
        *,
        case
            when lower(status) in ('deleting', 'failed', 'creating') then 'cannot-say'
            when clean_because is not null then 'clean'
            when contains(lower(coalesce(kind, '')), 'async') then 'cannot-say'
            when not is_observed_everywhere then 'cannot-say'
            else 'advise'
        end as answer
    from judged
)
select
    'zombie/' || model || ':' || model_version || '@' || source || '/' || place as subject, source,
    model || ':' || model_version || ' at ' || place as name, answer,
    case
        when lower(status) in ('deleting', 'failed', 'creating') then 'its status is ' || status
        when clean_because is not null then clean_because
        when contains(lower(coalesce(kind, '')), 'async')
            then 'it answers asynchronously, and nobody counts what it is asked'
        when answer = 'cannot-say' and present is null then 'nobody tells how often it is called'
        when answer = 'cannot-say' and is_observed
            then 'its calls are known at ' || observed || ' of its ' || places || ' places'
        when answer = 'cannot-say' then 'its calls are known of ' || days_seen
            || ' of the last ' || window_days || ' days, ' || hours_seen || ' of their '
            || window_days * 24 || ' hours'
        else case round(all_requests)::bigint when 0 then 'no call' when 1 then '1 call'
            else round(all_requests)::bigint || ' calls' end
            || ' in ' || window_days || ' days, up to ' || present::date
    end as reason,
    case when answer = 'advise' then case when versions_beside > 1 then 'remove-variant'
        else 'delete' end end as action,
    coalesce(kind, 'deployment') || coalesce(', ' || environment, '') as current,
    case when answer = 'advise' then 'no deployment of this version' end as proposed,
    cost_per_month,
    case when answer = 'advise' then cost_per_month end as saving_per_month,
    case when answer = 'advise' and cost_per_month is not null then cost_basis end as saving_basis,
    case when answer = 'advise' then 'high' end as confidence,
    case when answer = 'advise' then 'The few who call it may count on this version: ask who they '
        || 'are, and keep its artifact.' || case when inside is not null
            then ' Its machine is paid for until it goes, too.' else '' end end as risk,
    to_json({
        calls: all_requests, calls_here: requests, days_seen: days_seen, hours_seen: hours_seen,
        places: places, until: present, versions_beside: versions_beside, deployed_at: created_at
    })::varchar as evidence,
    case
        when answer <> 'advise' then null
        when versions_beside > 1 then null
        else undeploy_command(kind, endpoint, place, region)
    end as command,
    team, model, model_version, environment, resource_id, saves_on, inside, committed_ratio, tags
from answered
