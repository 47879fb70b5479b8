-- The discs of one landed file, typed, with what is wrong with each row.
--
-- grain     one row per row of the file; rows refused go to quarantine.row
-- method    `landed` holds the file's columns as text, absent ones null (normalise/usage.py). A disc
--           that is attached to something is attached; one that names nothing is not told of,
--           unless `is_attached` says so
-- source    usage.disk, warehouse/schema/003_usage.sql
with typed as (
    select
        file_row, raw, disk, resource_id, sub_account, region, kind,
        as_number(size_gib)::double as size_gib, attached_to,
        case
            when lower(is_attached) in ('true', 'yes', '1', 't') then true
            when lower(is_attached) in ('false', 'no', '0', 'f') then false
            when is_attached is null and attached_to is not null then true
        end as is_attached,
        as_time(detached_at) as detached_at, as_time(created_at) as created_at, tags,
        coalesce(as_time(seen_at), $seen_at::timestamp) as seen_at,
        concat_ws('; ',
            case when disk is null then 'disk is empty' end,
            no_quantity('size_gib', size_gib),
            case when lower(is_attached) not in ('true', 'yes', '1', 't', 'false', 'no', '0', 'f')
                then 'is_attached ' || shown(is_attached) || ' is neither true nor false' end,
            case when lower(is_attached) in ('false', 'no', '0', 'f') and attached_to is not null
                then 'is_attached is false, and attached_to is ' || shown(attached_to) end,
            no_time('detached_at', detached_at),
            no_time('created_at', created_at),
            no_time('seen_at', seen_at),
            case when tags is not null and not is_json_object(tags)
                then 'tags is no JSON object' end
        ) as reasons
    from landed
)
select
    disk, resource_id, sub_account, region, kind, size_gib, attached_to, is_attached,
    case when not is_attached then detached_at end as detached_at, created_at, tags, seen_at,
    file_row, raw, nullif(reasons, '') as refused
from typed
