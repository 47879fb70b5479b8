-- The snapshots of EC2, whether their volume is there, and which machine image needs them.
--
-- grain     one row per snapshot
-- input     $volumes, $images: the regions whose volumes and images were listed
-- method    a volume is gone where its region's volumes were listed and it is none of them. Of
--           several images that need a snapshot the first in alphabetical order is named
-- source    Amazon EC2 API reference, Snapshot and Image
with image as (
    select
        place, object ->> 'ImageId' as image,
        unnest(from_json(
            coalesce(object -> 'BlockDeviceMappings', '[]'), '[{"Ebs": {"SnapshotId": "VARCHAR"}}]'
        )).Ebs.SnapshotId as snapshot
    from landed_object
    where kind = 'images'
),
needed as (
    select place, snapshot, min(image) as image from image
    where snapshot is not null
    group by place, snapshot
),
volume as (
    select distinct place, object ->> 'VolumeId' as disk
    from landed_object where kind = 'volumes'
),
snapshot as (
    select
        *, nullif(object ->> 'SnapshotId', '') as snapshot, object ->> 'VolumeId' as disk
    from landed_object where kind = 'snapshots'
)
select
    s.snapshot, s.snapshot as resource_id, s.object ->> 'OwnerId' as sub_account,
    s.place as region, try_cast(s.object ->> 'VolumeSize' as double) as size_gib, s.disk, n.image,
    as_time(s.object ->> 'StartTime') as created_at, tags_of(s.object -> 'Tags') as tags,
    as_time(s.object ->> 'SeenAt') as seen_at,
    case when list_contains($volumes::varchar[], s.place) then v.disk is null end as is_disk_gone,
    list_contains($images::varchar[], s.place) as is_image_known,
    s.file, s.sha256, s.row_number, s.object::varchar as raw,
    case
        when s.snapshot is null then 'the snapshot has no id'
        when as_time(s.object ->> 'SeenAt') is null then 'nobody says when it was seen'
    end as refused
from snapshot as s
left join needed as n on n.place = s.place and n.snapshot = s.snapshot
left join volume as v on v.place = s.place and v.disk = s.disk
order by s.snapshot
