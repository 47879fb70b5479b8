-- Snapshots of discs that are gone, which no machine image needs.
--
-- grain     one row per snapshot
-- input     the day on which its source saw it is the present
-- method    orphaned: its disc is none of those that the source tells of, no image needs it, it is
--           $days days old, and no backup plan keeps it. Where discs or images were not listed,
--           nobody can say
-- money     its charges on the bill, by the rate of the last 30 days; none without them. Snapshots
--           share blocks, so that of several of one disc less may be saved than each costs
-- param     days = 90: days after which the snapshot of a disc that is gone is old
-- source    Amazon EBS User Guide, "Delete an Amazon EBS snapshot"
-- rows from usage.snapshot
-- Names of Google's and Azure's are told apart by their paths: a machine, or a thing of another
-- project, may be called the same.
with billed as (
    select
        *, lower(regexp_extract(resource_id, '([^/]+)$')) as short_id,
        lower(regexp_extract(resource_id, '(?i)(/subscriptions/.+|projects/.+)$')) as path
    from ledger.resource_rate
    where regexp_matches(lower(resource_id), '(^|[:/](snapshots?)/)[^/]+$')
    qualify row_number() over (
        partition by short_id, path order by cost_per_month desc, resource_id
    ) = 1
),
disk as (
    select distinct regexp_extract(disk, '([^/]+)$') as short_id from usage.disk
    union
    select distinct regexp_extract(resource_id, '([^/]+)$') from usage.disk
),
judged as (
    select
        s.*, regexp_extract(coalesce(s.resource_id, s.snapshot), '([^/]+)$') as short_id,
        regexp_matches(s.tags, '"(aws:backup:|aws:dlm:|dlm:managed)') as is_kept,
        case
            when d.short_id is not null then false
            when s.disk is null or s.disk = 'vol-ffffffff' then null
            when s.is_disk_gone is not null then s.is_disk_gone
            when s.source in (select source from usage.disk) then true
        end as is_gone
    from usage.snapshot as s
    left join disk as d on d.short_id = regexp_extract(s.disk, '([^/]+)$')
),
answered as (
    select
        *,
        case
            when image is not null or is_kept or not is_gone then 'clean'
            when is_gone is null or is_image_known = false or created_at is null then 'cannot-say'
            when created_at > seen_at - to_days($days::integer) then 'clean'
            else 'advise'
        end as answer
    from judged
)
select
    'snapshot/' || a.source || '/' || a.snapshot as subject, a.source, a.snapshot as name, a.answer,
    case
        when image is not null then 'the image ' || image || ' needs it'
        when is_kept then 'a backup plan keeps it, and deletes it by its own rule'
        when not is_gone then 'its disc ' || disk || ' is there'
        when is_gone is null and (disk is null or disk = 'vol-ffffffff')
            then 'nobody says which disc it is of; it may be a copy'
        when is_gone is null then 'the discs beside it were not listed'
        when is_image_known = false then 'the images that may need it were not listed'
        when created_at is null then 'nobody says how old it is'
        when answer = 'clean' then 'made on ' || created_at::date || ', less than ' || $days
            || ' days ago'
        else 'made on ' || created_at::date || ' of ' || disk || ', which is gone; no image needs it'
    end as reason,
    case when answer = 'advise' then 'delete' end as action,
    coalesce(format('{:.0f}', size_gib) || ' GiB disc', 'snapshot') as current,
    case when answer = 'advise' then 'nothing' end as proposed,
    b.cost_per_month,
    case when answer = 'advise' then b.cost_per_month end as saving_per_month,
    case when answer = 'advise' and b.cost_per_month is not null then 'bill' end as saving_basis,
    case when answer = 'advise' then 'medium' end as confidence,
    case when answer = 'advise' then 'It may be the last copy of its disc: ask the owner. An image '
        || 'that another account made of it is not known here.' end as risk,
    to_json({
        disk: disk, created_at: created_at, seen_at: seen_at, size_gib: size_gib, image: image
    })::varchar as evidence,
    case when answer = 'advise' and a.short_id like 'snap-%'
        then 'aws ec2 delete-snapshot --snapshot-id ' || shell_quoted(a.short_id)
            || coalesce(' --region ' || shell_quoted(a.region), '') end as command,
    b.team, b.model, b.model_version, b.environment,
    coalesce(b.resource_id, a.resource_id) as resource_id,
    coalesce(b.resource_id, a.resource_id, 'snapshot/' || a.source || '/' || a.snapshot) as saves_on,
    null::varchar as inside, b.committed_ratio, a.tags
from answered as a
left join billed as b
    on b.short_id = lower(a.short_id)
    and b.path = lower(
        coalesce(regexp_extract(a.resource_id, '(?i)(/subscriptions/.+|projects/.+)$'), '')
    )
