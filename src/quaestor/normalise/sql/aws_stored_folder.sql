-- The folders of buckets, summed up by storage class.
--
-- grain     one row per bucket, folder and storage class
-- method    a bucket may be listed below several prefixes: a folder that two of them hold counts
--           once. GiB are of 2^30 bytes, as S3 bills them
-- source    Amazon S3 API reference, ListObjectsV2 and GetBucketVersioning
with folder as (
    select
        *, 's3://' || split_part(place, '/', 1) as store, object ->> 'Folder' as folder,
        try_cast(object ->> 'Objects' as bigint) as objects,
        try_cast(object ->> 'Bytes' as double) / 1073741824 as size_gib,
        object ->> 'StorageClass' as storage_class, as_time(object ->> 'SeenAt') as seen_at
    from landed_object
    where kind = 'folders'
    qualify row_number() over (
        partition by store, folder, storage_class order by objects desc, place
    ) = 1
)
select
    store, folder, objects, size_gib, storage_class,
    as_time(object ->> 'FirstModified') as first_modified_at,
    as_time(object ->> 'LastModified') as last_modified_at, null::timestamp as last_read_at,
    seen_at, try_cast(object ->> 'ModelObjects' as bigint) as model_objects,
    case when (object ->> 'Versioning') is not null
        then object ->> 'Versioning' <> 'Off' end as is_versioned,
    file, sha256, row_number, object::varchar as raw,
    case
        when folder is null or storage_class is null then 'the folder or its class is not named'
        when objects is null or size_gib is null then 'nobody says how much lies in it'
        when seen_at is null then 'nobody says when it was seen'
    end as refused
from folder
order by store, folder, storage_class
