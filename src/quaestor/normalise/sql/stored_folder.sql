-- What lies in buckets, summed up by folder, as the files of a source list it.
--
-- grain     one row per store, folder and storage class
-- input     $seen_at: when the files were landed; stored_row: their rows (stored_objects.py)
-- method    last read: of a folder nothing is known where it is not of one of its objects
select
    store, folder, sum(objects)::bigint as objects, sum(size_bytes) / 1073741824 as size_gib,
    storage_class, min(last_modified_at) as first_modified_at,
    case when count(last_modified_at) = count(*) then max(last_modified_at) end as last_modified_at,
    case when count(last_read_at) = count(*) then max(last_read_at) end as last_read_at,
    $seen_at::timestamp as seen_at,
    case when count(is_model_file) > 0
        then coalesce(sum(objects) filter (is_model_file), 0) end::bigint as model_objects
from stored_row
group by store, folder, storage_class
order by store, folder, storage_class
