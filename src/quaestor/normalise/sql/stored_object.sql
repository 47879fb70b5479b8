-- The objects, or the folders, of one landed list, typed, with what is wrong with each row.
--
-- grain     one row per row of the file; rows refused go to quarantine.row
-- method    `landed` holds the file's columns as text, absent ones null (stored_objects.py). A
--           bucket without a scheme is S3's where objects have a key, Google Cloud's where they have
--           a name. Earlier versions and delete marks of a bucket that keeps versions are left out
-- source    Amazon S3 User Guide, "Amazon S3 Inventory list"; Google Cloud, "Storage Insights
--           inventory reports"; Azure, "Blob inventory"
with placed as (
    select
        file_row, raw, objects, size_bytes, last_modified, last_read,
        coalesce(storage_class, 'STANDARD') as storage_class,
        rtrim(case
            when store is not null and contains(store, '://') then store
            when store is not null then 's3://' || store
            when bucket is not null and key is not null then 's3://' || bucket
            when bucket is not null then 'gs://' || bucket
        end, '/') as store,
        coalesce(key, name) as object, folder as told_folder
    from landed
    where coalesce(lower(is_latest), 'true') <> 'false'
        and coalesce(lower(is_delete_marker), 'false') <> 'true'
        and not (coalesce(right(coalesce(key, name), 1) = '/', false)
            and coalesce(as_number(size_bytes) = 0, false))
),
typed as (
    select
        file_row, raw, store, storage_class,
        coalesce(
            trim(told_folder, '/'),
            array_to_string(string_split(regexp_replace(object, '/?[^/]*$', ''), '/')[1:8], '/')
        ) as folder,
        coalesce(as_number(objects)::bigint, 1) as objects,
        as_number(size_bytes)::double as size_bytes,
        as_time(last_modified) as last_modified_at, as_time(last_read) as last_read_at,
        regexp_matches(
            lower(object),
            '([.](safetensors|ckpt|pt|pth|bin|onnx|h5|hdf5|keras|pkl|pickle|joblib|gguf|ggml|tflite'
            || '|pb|msgpack|npz|mar|bst|cbm|nemo|distcp)|(^|/)(model[.]tar[.]gz|mlmodel))$'
        ) as is_model_file,
        concat_ws('; ',
            case when store is null then 'store is empty' end,
            case when object is null and told_folder is null then 'key and folder are empty' end,
            case when size_bytes is null then 'size_bytes is empty' end,
            no_quantity('size_bytes', size_bytes), no_count('objects', objects),
            no_time('last_modified', last_modified), no_time('last_read', last_read)
        ) as reasons
    from placed
)
select
    store, trim(folder, '/') as folder, objects, size_bytes, storage_class, last_modified_at,
    last_read_at, is_model_file, file_row, raw, nullif(reasons, '') as refused
from typed
