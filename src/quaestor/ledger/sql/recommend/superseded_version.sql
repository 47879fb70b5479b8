-- Versions that are still deployed although they are archived, or a newer one serves beside them.
--
-- grain     one row per version and place that it is deployed at
-- method    superseded: archived in its registry; or a version of the same model, registered later,
--           is deployed in the same environment, and region where both say theirs. Left out: what
--           another version would be rolled back to, shadows, versions beside one that does not
--           serve (being created or deleted, failed), and beside one that came less than
--           $rollout_days days ago (a rollout is given its time), counted back from the last hour
--           or day in which anything of this was seen. Where versions or their environments cannot
--           be compared, nothing is said
-- money     what the place costs; where its endpoint serves other versions too, its part of the
--           instance-hours. saves_on is the endpoint's or variant's, as in idle_endpoint
-- param     rollout_days = 14: days that a newer version is given to take over
-- source    MLflow documentation, "Model Registry": archived versions
-- rows from registry.deployment, usage.endpoint
with registered as (
    select
        coalesce(n.new, v.model) as model, v.version as model_version,
        min(v.created_at) as registered_at,
        bool_and(coalesce(v.lifecycle = 'archived', false)) as is_archived,
        max(v.archived_at) as archived_at
    from registry.model_version as v
    left join config.renaming as n on n.field = 'model' and n.old = v.model
    group by all
),
present as (
    select greatest(
        (select max(present) from ledger.served_version),
        (select max(seen_at) from usage.endpoint),
        (select max(created_at) from registry.deployment)
    ) as present
),
place as (
    select
        s.*, r.registered_at, coalesce(r.is_archived, false) as is_archived, r.archived_at,
        p.present as now
    from ledger.served_version as s
    cross join present as p
    left join registered as r on r.model = s.model and r.model_version = s.model_version
),
beside as (
    select
        a.source, a.place,
        count(*) filter (a.environment is null or b.environment is null
            or a.registered_at is null or b.registered_at is null) as unclear,
        arg_max(b.model_version, (b.registered_at, b.model_version)) filter (is_newer) as newer,
        -- Since when any newer version is there.
        min(b.created_at) filter (is_newer) as newer_since,
        count(*) filter (is_newer and b.created_at is null) as undated
    from (
        select
            a.source, a.place, a.environment, a.registered_at, b as b,
            coalesce(a.environment = b.environment and b.registered_at > a.registered_at
                and b.rollout_strategy is distinct from 'shadow'
                and coalesce(lower(b.status), '') not in ('creating', 'deleting', 'failed'),
                false) as is_newer
        from place as a
        join place as b
            on b.model = a.model and b.model_version <> a.model_version
            and (a.environment is null or b.environment is null or a.environment = b.environment)
            and (a.region is null or b.region is null or a.region = b.region)
    ) as a
    group by a.source, a.place
),
judged as (
    select
        p.*, b.newer, b.newer_since,
        case
            when k.model is not null then 'another version would be rolled back to it'
            when p.rollout_strategy = 'shadow'
                then 'its deployment has a shadow, which answers nobody'
            when p.is_archived then null
            when b.newer is not null and b.newer_since > p.now - to_days($rollout_days::integer)
                then 'version ' || b.newer || ' came on ' || b.newer_since::date || ', less than '
                    || $rollout_days || ' days ago'
            when b.newer is null and coalesce(b.unclear, 0) = 0
                then 'no newer version serves in its environment'
        end as clean_because
    from place as p
    left join beside as b on b.source = p.source and b.place = p.place
    left join ledger.kept_version as k on k.model = p.model and k.model_version = p.model_version
),
answered as (
    select
        *,
        case
            when clean_because is not null then 'clean'
            when is_archived or newer is not null then 'advise'
            else 'cannot-say'
        end as answer
    from judged
)
select
    'superseded/' || model || ':' || model_version || '@' || source || '/' || place as subject,
    source, model || ':' || model_version || ' at ' || place as name, answer,
    case
        when clean_because is not null then clean_because
        when is_archived then 'it is archived' || coalesce(' since ' || archived_at::date, '')
            || ', and deployed all the same'
        when newer is not null then 'version ' || newer || ' is newer, and deployed in '
            || environment || ' too' || coalesce(' since ' || newer_since::date, '')
        else 'other versions are deployed, and nobody says in which environment, or which is newer'
    end as reason,
    case when answer = 'advise' then case when versions_beside > 1 then 'remove-variant'
        else 'delete' end end as action,
    coalesce(kind, 'deployment') || coalesce(', ' || environment, '') as current,
    case when answer = 'advise' then coalesce('version ' || newer || ' alone',
        'no deployment of this version') end as proposed,
    cost_per_month,
    case when answer = 'advise' then cost_per_month end as saving_per_month,
    case when answer = 'advise' and cost_per_month is not null then cost_basis end as saving_basis,
    case when answer = 'advise' then case
        when requests = 0 and days_seen >= 14 then 'high' when requests > 0 then 'low'
        else 'medium' end end as confidence,
    case when answer = 'advise' then case
        when requests > 0 then 'It was called ' || format('{:,}', ceil(requests)::bigint)
            || ' times in ' || window_days || ' days: move its callers first.'
        when requests is null then 'Nobody tells whether it is called: ask who uses it.'
        else 'It may be kept to go back to: ask who deployed it last.' end end as risk,
    to_json({
        newer: newer, newer_since: newer_since, is_archived: is_archived,
        registered_at: registered_at, calls: requests, days_seen: days_seen,
        versions_beside: versions_beside
    })::varchar as evidence,
    case
        when answer <> 'advise' then null
        when versions_beside > 1 then null
        else undeploy_command(kind, endpoint, place, region)
    end as command,
    team, model, model_version, environment, resource_id, saves_on, inside, committed_ratio, tags
from answered
