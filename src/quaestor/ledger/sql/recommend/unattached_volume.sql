-- Discs and volumes that nothing uses, and that are paid for all the same.
--
-- grain     one row per disc of an account, and per volume of a cluster
-- input     the day on which its source saw it is the present
-- method    unattached: a disc that its cloud calls unattached, for $days days or, where it does not
--           say since when, as old as that; a volume that no claim holds any more (Released,
--           Available), or that is claimed and mounted by no pod. A disc that is a volume of a
--           cluster is judged there, because a cluster detaches what no pod mounts
-- money     its charges on the bill, by the rate of the last 30 days; none without them
-- param     days = 1: days for which a disc must have been without a machine
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
judged as (
    select
        'disk/' || source || '/' || disk as subject, source, disk as name, short_id, size_gib, kind,
        case
            when volume is not null then 'clean'
            when is_attached is null then 'cannot-say'
            when is_attached then 'clean'
            when coalesce(detached_at, created_at) > seen_at - to_days($days::integer) then 'clean'
            else 'advise'
        end as answer,
        case
            when volume is not null then 'it is the volume ' || volume || ' of the cluster '
                || cluster || ', and is judged as that'
            when is_attached is null then 'nobody says whether it is attached'
            when is_attached then 'attached' || coalesce(' to ' || attached_to, '')
            when detached_at is not null then 'attached to nothing since ' || detached_at::date
            else 'attached to nothing on ' || seen_at::date
                || coalesce(', created on ' || created_at::date, '')
        end as reason,
        case when detached_at is not null then 'high' else 'medium' end as confidence,
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
        created_at, detached_at, seen_at, tags, null::varchar as phase, resource_id,
        null::varchar as labels
    from disk
    union all
    select
        'volume/' || source || '/' || cluster || '/' || volume, source,
        concat_ws('/', cluster, namespace, coalesce(claim, volume)),
        regexp_extract(provider_id, '([^/]+)$'), capacity_gib, storage_class,
        case
            when created_at > seen_at - to_days($days::integer) then 'clean'
            when lower(phase) in ('released', 'available', 'failed') then 'advise'
            when len(pods) > 0 then 'clean'
            when pods is null or phase is null or lower(phase) <> 'bound' then 'cannot-say'
            else 'advise'
        end,
        case
            when created_at > seen_at - to_days($days::integer)
                then 'created on ' || created_at::date || ', not ' || $days || ' days ago'
            when lower(phase) in ('released', 'available', 'failed')
                then 'its phase is ' || phase || ': no claim holds it'
            when len(pods) > 0 then 'mounted by ' || pods[1]
            when pods is null then 'nobody says which pods mount it'
            when phase is null or lower(phase) <> 'bound'
                then 'its phase is ' || coalesce(phase, 'not told')
            else 'no pod mounted it on ' || seen_at::date
        end,
        case when lower(phase) in ('released', 'available', 'failed') then 'medium' else 'low' end,
        case
            when lower(phase) = 'bound' then 'kubectl delete persistentvolumeclaim '
                || shell_quoted(claim) || ' --namespace ' || shell_quoted(namespace)
            else 'kubectl delete persistentvolume ' || shell_quoted(volume)
                || ' # and its disc, where the volume retains it'
        end,
        created_at, null, seen_at, null, phase, provider_id, labels
    from usage.volume
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
        detached_at: j.detached_at, seen_at: j.seen_at
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
