-- Discs and volumes that nothing uses, and that are paid for all the same.
--
-- grain     one row per disc of an account, and per volume of a cluster
-- input     the day on which its source saw it is the present
-- method    unattached: a disc that its cloud calls unattached, a volume that no claim holds any
--           more (Released, Available, Failed), or that is claimed and mounted by no pod. It has to
--           have been so for $days days: by the day that its cloud or its cluster names; where they
--           name none, by every look over $apart_days days; else it is of low confidence where it
--           is as old as that, because it may have been attached an hour ago, and nothing is said
--           where nobody says how old it is, or where a claim still holds it (a job that starts at
--           night mounts it again). A disc that is a volume of a cluster is judged there, because a
--           cluster detaches what no pod mounts
-- money     its charges on the bill, by the rate of the last 30 days; none without them
-- param     days = 1: days for which a disc must have been without a machine
-- param     apart_days = 3: days over which every look must have found it so, where nobody says
--            since when it is
-- source    Amazon EC2 API reference, Volume; Kubernetes documentation, "Persistent Volumes"
-- rows from usage.disk, usage.volume
-- Names of Google's and Azure's are told apart by their paths: a machine, or a thing of another
-- project, may be called the same.
with billed as (
    select
        *, lower(regexp_extract(resource_id, '([^/]+)$')) as short_id,
        lower(regexp_extract(resource_id, '(?i)(/subscriptions/.+|projects/.+)$')) as path
    from ledger.resource_rate
    where regexp_matches(lower(resource_id), '(^|[:/](disks?|volumes?)/)[^/]+$')
    qualify row_number() over (
        partition by short_id, path order by cost_per_month desc, resource_id
    ) = 1
),
disk as (
    select
        d.*, regexp_extract(coalesce(d.resource_id, d.disk), '([^/]+)$') as short_id,
        v.cluster, v.volume
    from usage.disk as d
    left join usage.volume as v
        on regexp_extract(v.provider_id, '([^/]+)$')
            = regexp_extract(coalesce(d.resource_id, d.disk), '([^/]+)$')
    qualify row_number() over (partition by d.source, d.disk order by v.cluster, v.volume) = 1
),
told as (
    select
        'disk/' || source || '/' || disk as subject, source, disk as name, short_id, size_gib, kind,
        'disk/' || disk as thing,
        case
            when volume is not null or is_attached then 'used'
            when not is_attached then 'free'
        end as state,
        case
            when volume is not null then 'it is the volume ' || volume || ' of the cluster '
                || cluster || ', and is judged as that'
            when is_attached is null then 'nobody says whether it is attached'
            when is_attached then 'attached' || coalesce(' to ' || attached_to, '')
            else 'attached to nothing'
        end as reason,
        case
            when short_id like 'vol-%' then 'aws ec2 delete-volume --volume-id '
                || shell_quoted(short_id) || coalesce(' --region ' || shell_quoted(region), '')
            when lower(resource_id) like '/subscriptions/%'
                then 'az disk delete --ids ' || shell_quoted(resource_id)
            when resource_id like '%projects/%/zones/%/disks/%' then 'gcloud compute disks delete '
                || shell_quoted(short_id)
                || ' --zone=' || shell_quoted(regexp_extract(resource_id, '/zones/([^/]+)/', 1))
                || ' --project='
                || shell_quoted(regexp_extract(resource_id, 'projects/([^/]+)/', 1))
        end as command,
        created_at, detached_at as free_since, seen_at, tags, null::varchar as phase, resource_id,
        null::varchar as labels
    from disk
    union all
    select
        'volume/' || source || '/' || cluster || '/' || volume, source,
        concat_ws('/', cluster, namespace, coalesce(claim, volume)),
        regexp_extract(provider_id, '([^/]+)$'), capacity_gib, storage_class,
        'volume/' || cluster || '/' || volume,
        case
            when lower(phase) in ('released', 'available', 'failed') then 'free'
            when len(pods) > 0 then 'used'
            when pods is not null and lower(phase) = 'bound' then 'claimed'
        end,
        case
            when lower(phase) in ('released', 'available', 'failed')
                then 'its phase is ' || phase || ': no claim holds it'
            when len(pods) > 0 then 'mounted by ' || pods[1]
            when pods is null then 'nobody says which pods mount it'
            when phase is null or lower(phase) <> 'bound'
                then 'its phase is ' || coalesce(phase, 'not told')
            else 'mounted by no pod'
        end,
        case
            when lower(phase) = 'bound' then 'kubectl delete persistentvolumeclaim '
                || shell_quoted(claim) || ' --namespace ' || shell_quoted(namespace)
            else 'kubectl delete persistentvolume ' || shell_quoted(volume)
                || ' # and its disc, where the volume retains it'
        end,
        created_at,
        case when lower(phase) in ('released', 'available', 'failed') then phase_since end,
        seen_at, null, phase, provider_id, labels
    from usage.volume
),
looked_at as (
    select
        t.* replace (greatest(t.seen_at, u.seen_at) as seen_at),
        coalesce(u.days_seen, 1) as looks,
        case when u.unused_since is not null then greatest(u.unused_since, t.created_at) end
            as free_from,
        coalesce(
            free_from <= greatest(t.seen_at, u.seen_at) - to_days($apart_days::integer), false
        ) as is_long
    from told as t
    left join ledger.unused_since as u on u.source = t.source and u.thing = t.thing
),
judged as (
    select
        * exclude (reason),
        case
            when state is null then 'cannot-say'
            when state = 'used' then 'clean'
            when coalesce(free_since, created_at) > seen_at - to_days($days::integer) then 'clean'
            when free_since is not null or is_long then 'advise'
            when state = 'claimed' or created_at is null then 'cannot-say'
            else 'advise'
        end as answer,
        reason || case
            when state is null or state = 'used' then ''
            when free_since is not null then ' since ' || free_since::date
            when created_at > seen_at - to_days($days::integer)
                then ' on ' || seen_at::date || ', created on ' || created_at::date
            when is_long then ' at any look from ' || free_from::date || ' to ' || seen_at::date
                || ', on ' || looks || ' days'
            else ' on ' || seen_at::date || coalesce(', created on ' || created_at::date, '')
                || '; nobody says since when, and no look ' || $apart_days
                || ' days before found it so'
        end as reason,
        case
            when state = 'claimed' then 'low'
            when phase is null and free_since is not null then 'high'
            when free_since is not null or is_long then 'medium'
            else 'low'
        end as confidence
    from looked_at
)
select
    j.subject, j.source, j.name, j.answer, j.reason,
    case when j.answer = 'advise' then 'delete' end as action,
    concat_ws(', ', format('{:.0f}', j.size_gib) || ' GiB', j.kind, j.phase) as current,
    case when j.answer = 'advise' then 'a snapshot, where anything on it is wanted' end as proposed,
    b.cost_per_month,
    case when j.answer = 'advise' then b.cost_per_month end as saving_per_month,
    case when j.answer = 'advise' and b.cost_per_month is not null then 'bill' end as saving_basis,
    case when j.answer = 'advise' then j.confidence end as confidence,
    case
        when j.answer <> 'advise' then null
        when lower(j.phase) = 'bound'
            then 'A workload that was scaled to zero may want it again; what is on it is gone for good.'
        else 'What is on it is gone for good: take a snapshot first.'
    end as risk,
    to_json({
        size_gib: j.size_gib, kind: j.kind, phase: j.phase, created_at: j.created_at,
        detached_at: j.free_since, looks: j.looks, free_from: j.free_from,
        seen_at: j.seen_at
    })::varchar as evidence,
    case when j.answer = 'advise' then j.command end as command,
    coalesce(b.team, l.team) as team, coalesce(b.model, l.model) as model,
    coalesce(b.model_version, l.model_version) as model_version,
    coalesce(b.environment, l.environment) as environment,
    coalesce(b.resource_id, j.resource_id) as resource_id,
    coalesce(b.resource_id, j.resource_id, j.subject) as saves_on, null::varchar as inside,
    b.committed_ratio, coalesce(j.tags, j.labels) as tags
from judged as j
left join billed as b
    on b.short_id = lower(j.short_id)
    and b.path = lower(
        coalesce(regexp_extract(j.resource_id, '(?i)(/subscriptions/.+|projects/.+)$'), '')
    )
left join ledger.label_set as l on l.labels = j.labels
