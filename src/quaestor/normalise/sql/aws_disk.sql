-- The volumes of EC2, and what they are attached to.
--
-- grain     one row per volume
-- method    a volume that is being attached or detached counts as attached. AWS does not tell since
--           when one is unattached
-- source    Amazon EC2 API reference, Volume and VolumeAttachment
with volume as (
    select
        *, nullif(object ->> 'VolumeId', '') as disk,
        from_json(
            coalesce(object -> 'Attachments', '[]'), '[{"InstanceId": "VARCHAR", "State": "VARCHAR"}]'
        ) as attachments
    from landed_object
    where kind = 'volumes'
)
select
    disk, disk as resource_id, null::varchar as sub_account, place as region,
    object ->> 'VolumeType' as kind, try_cast(object ->> 'Size' as double) as size_gib,
    list_filter(attachments, lambda one: coalesce(one.State, '') <> 'detached')[1].InstanceId
        as attached_to,
    case object ->> 'State' when 'in-use' then true when 'available' then false end as is_attached,
    null::timestamp as detached_at, as_time(object ->> 'CreateTime') as created_at,
    tags_of(object -> 'Tags') as tags, as_time(object ->> 'SeenAt') as seen_at,
    file, sha256, row_number, object::varchar as raw,
    case
        when disk is null then 'the volume has no id'
        when as_time(object ->> 'SeenAt') is null then 'nobody says when it was seen'
    end as refused
from volume
order by disk
