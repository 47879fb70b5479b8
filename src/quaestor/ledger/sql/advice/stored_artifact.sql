-- Every folder of the buckets that were listed, and what of the registries refers to it.
--
-- grain     one row per source, store and folder
-- money     size by class x what a GiB of that class costs a month (ledger.storage_rate), else x
--           the store's mean; null where one of the classes has no price
-- method    whatever a registry says anywhere of a model, version, run, deployment or dataset that
--           is an address counts as a reference: artifact_uri, source_uri, tags and parameters.
--           Addresses are compared in one spelling (stored_at). A folder is referred to where it is
--           what an address names, lies in it, or holds it. Addresses without a bucket
--           (mlflow-artifacts:, dbfs:) are met by the end of their path, the ids of runs and logged
--           models by any part of it. What a folder lies in that is kept, holds something kept
-- source    MLflow documentation, "Artifact Stores"; Databricks, "DBFS" and "Volumes"
-- rows from usage.stored_folder
with spoken as (
    select
        1 as rank, v.model || ':' || v.version as who, v.model, v.version,
        v.lifecycle = 'production' as is_live, v.lifecycle = 'archived' as is_archived,
        v.artifact_uri as uri, to_json(v)::varchar as said
    from registry.model_version as v
    union all
    select
        2, 'deployment ' || d.deployment, d.model, d.version, true, false, d.artifact_uri,
        to_json(d)::varchar
    from registry.deployment as d
    union all
    select
        3, 'run ' || r.run_id, null, null, false, false, null,
        to_json({params: r.params, tags: r.tags})::varchar
    from registry.run as r
    union all
    select
        4, 'dataset ' || d.dataset, null, null, false, false, d.source_uri, to_json(d)::varchar
    from registry.dataset as d
    union all
    select 5, 'model ' || m.model, m.model, null, false, false, null, to_json(m)::varchar
    from registry.model as m
),
-- JSON within JSON may write a slash as \\/.
unescaped as (
    select * replace (regexp_replace(said, '\\+/', '/', 'g') as said) from spoken
),
-- An address may have blanks in it, and a list of addresses has them between.
said as (
    select rank, who, model, version, is_live, is_archived, uri from spoken
    union
    select
        rank, who, model, version, is_live, is_archived, unnest(list_concat(
            regexp_extract_all(
                said, '[A-Za-z0-9-]{2,16}:/[^"\\]+|arn:aws[a-z-]*:s3:::[^"\\]+'
            ),
            regexp_extract_all(said, '[A-Za-z0-9-]{2,16}:/[^"\\\s,;|)\]}]+')
        ))
    from unescaped
),
address as (
    select distinct
        rank, who, model, version, is_live, is_archived,
        stored_at(regexp_replace(uri, '^mlflow-artifacts://[^/]+', 'mlflow-artifacts:')) as place
    from said where uri is not null
),
bucketed as (
    select * from address where regexp_matches(place, '^(s3|gs|azure):[^/]')
),
-- What has no bucket, by its path; of a mount or a volume also by the path within it.
pathed as (
    select rank, who, model, version, is_live, is_archived, unnest([
        trim(regexp_replace(place, '^[a-z-]+:(//[^/]*)?', ''), '/'),
        trim(regexp_extract(
            place, '^(?:dbfs:|file:)?/*(?:dbfs/)?(?:mnt/[^/]+|Volumes/[^/]+/[^/]+/[^/]+)/(.+)$', 1
        ), '/')
    ]) as path
    from address
    where regexp_matches(place, '^(mlflow-artifacts|dbfs|file):|^/(dbfs|mnt|Volumes)/')
),
loose as (
    select distinct
        *, array_to_string(string_split(path, '/')[1:2], '/') as opening
    from pathed where path <> ''
),
id as (
    select 3 as rank, 'run ' || run_id as who, null::varchar as model, null::varchar as version,
        false as is_live, false as is_archived, run_id as name
    from registry.run where length(run_id) >= 8
    union all
    select 1, model || ':' || version, model, version, lifecycle = 'production',
        lifecycle = 'archived', run_id
    from registry.model_version where length(run_id) >= 8
    union all
    select rank, who, model, version, is_live, is_archived,
        regexp_extract(place, '(?:runs|models):/+([^/@]+)', 1)
    from address
    where starts_with(place, 'runs:') or regexp_matches(place, '^models:/+m-[0-9a-f]{8,}')
),
folder as (
    select
        source, store, folder, stored_at(store) as bucket,
        stored_at(rtrim(store, '/') || '/' || folder) as place,
        sum(objects)::bigint as objects, sum(size_gib) as size_gib,
        array_to_string(list_sort(list_distinct(list(storage_class))), ', ') as storage_classes,
        max(last_modified_at) as last_modified_at, max(last_read_at) as last_read_at,
        max(seen_at) as seen_at, sum(model_objects) as model_objects,
        bool_or(is_versioned) as is_versioned
    from usage.stored_folder
    group by source, store, folder
),
place as (
    select
        place, min(bucket) as bucket, max(last_modified_at) as last_modified_at,
        string_split(place, '/') as parts
    from folder group by place
),
-- Each place with everything that it lies in, itself included.
upward as (
    select
        place, bucket, last_modified_at, unnest(list_transform(
            range(1, len(parts) + 1), lambda i: array_to_string(parts[1:i], '/')
        )) as within
    from place
),
-- Each place once for each of its folders: that folder, it and the next, and all from there on.
step as (
    select
        place, parts[nth] as one, array_to_string(parts[nth:nth + 1], '/') as two,
        array_to_string(parts[nth:], '/') || '/' as rest
    from (select place, parts, unnest(range(2, len(parts) + 1)) as nth from place)
),
loosely as (
    select s.place, s.rest, l.*
    from step as s
    join loose as l on l.opening = s.two
    union
    select s.place, s.rest, l.*
    from step as s
    join loose as l on l.opening = s.one
),
met as (
    select
        u.place, case when u.within = u.place then 'is' else 'lies in' end as relation,
        b.rank, b.who, b.model, b.version, b.is_live, b.is_archived
    from upward as u
    join bucketed as b on b.place = u.within
    where u.within <> u.bucket or u.place = u.bucket
    union all
    select p.place, 'holds', b.rank, b.who, b.model, b.version, b.is_live, b.is_archived
    from (
        select *, unnest(list_transform(
            range(1, len(string_split(place, '/'))),
            lambda i: array_to_string(string_split(place, '/')[1:i], '/')
        )) as within
        from bucketed
    ) as b
    join place as p on p.place = b.within
    union all
    select s.place, 'run', i.rank, i.who, i.model, i.version, i.is_live, i.is_archived
    from step as s
    join id as i on i.name = s.one
    union all
    select
        place, case when starts_with(rest, path || '/') then 'lies in' else 'holds' end,
        rank, who, model, version, is_live, is_archived
    from loosely
    where starts_with(rest, path || '/') or starts_with(path || '/', rest)
),
kept as (
    select
        place, arg_min(relation, (rank, who, relation)) as relation, arg_min(who, (rank, who)) as who,
        case when count(distinct model) = 1 then min(model) end as model,
        case when count(distinct (model, version)) filter (model is not null) = 1
            then min(version) end as version,
        coalesce(bool_or(is_live), false) as is_live,
        coalesce(bool_and(is_archived) filter (rank <> 3), false) as is_archived
    from met group by place
),
-- What holds something kept, and so may not go either.
above as (
    select u.within as place, min(k.who) as who, bool_or(k.is_live) as is_live
    from upward as u
    join kept as k on k.place = u.place
    where u.within <> u.place
    group by u.within
),
-- The two upper levels, bucket and first folder, below which something is referred to.
used as (
    select array_to_string(string_split(place, '/')[1:2], '/') as top from kept
    union
    select array_to_string(string_split(place, '/')[1:2], '/') from bucketed
),
used_bucket as (
    select split_part(top, '/', 1) as bucket from used
    union
    select stored_at(store) from registry.store
),
guarded as (
    select stored_at(store) as bucket, bool_or(versioned) as is_versioned
    from registry.store group by stored_at(store)
),
-- When anything at or below a place last changed.
changed as (
    select within as place, max(last_modified_at) as last_modified_at, count(*) > 1 as has_folders
    from upward group by within
),
-- By the bill, of its class or of the whole store; else by list.
cost as (
    select
        f.source, f.store, f.folder,
        case when count(*) = count(r.rate) then sum(f.size_gib * r.rate) end as cost_per_month,
        max(r.basis) as basis, min(r.resource_id) as resource_id
    from (
        select *, stored_at(store) as bucket, storage_tier(storage_class) as tier
        from usage.stored_folder
    ) as f
    left join (
        select
            k.bucket, k.tier, coalesce(t.resource_id, m.resource_id) as resource_id,
            case when t.basis = 'list' then coalesce(m.basis, t.basis)
                else coalesce(t.basis, m.basis) end as basis,
            case when t.basis = 'list' then coalesce(m.cost_per_gib_month, t.cost_per_gib_month)
                else coalesce(t.cost_per_gib_month, m.cost_per_gib_month) end::double as rate
        from (
            select distinct stored_at(store) as bucket, storage_tier(storage_class) as tier
            from usage.stored_folder
        ) as k
        left join ledger.storage_rate as t on t.store = k.bucket and t.tier = k.tier
        left join ledger.storage_rate as m on m.store = k.bucket and m.tier is null
    ) as r on r.bucket = f.bucket and r.tier is not distinct from f.tier
    group by f.source, f.store, f.folder
)
select
    f.source, f.store, f.folder, f.place, f.objects, f.size_gib, f.storage_classes,
    f.last_modified_at, f.last_read_at,
    case when regexp_matches(
        lower(f.folder), '(^|/)(checkpoint|ckpt|epoch|(global[_-]?)?step|iter(ation)?)[-_=]*[0-9]+$'
    ) then row_of.last_modified_at end as lively_at,
    f.seen_at, coalesce(k.who, a.who) as referred_by,
    case when k.who is not null then k.relation when a.who is not null then 'holds' end as relation,
    k.model, k.version as model_version,
    coalesce(k.is_live, false) or coalesce(a.is_live, false) as is_in_production,
    coalesce(k.is_archived, false) as is_archived,
    case
        when u.top is not null then 'beside'
        when f.model_objects > 0 then 'files'
        when regexp_matches(
            lower(f.folder),
            '(^|[/_.-])(checkpoints?|ckpts?|artifacts?|models?|mlruns|mlflow|weights|experiments?|'
            || 'epoch[-_=]*[0-9]+|training|finetuned?|lora|adapters?)([/_.-]|$)'
        ) then 'name'
    end as looks_like,
    b.bucket is not null as is_store_known, coalesce(f.is_versioned, g.is_versioned) as is_versioned,
    coalesce(h.has_folders, false) as has_folders,
    money_estimate(c.cost_per_month) as cost_per_month,
    case when c.cost_per_month is not null then c.basis end as rate_basis,
    c.resource_id, r.team
from folder as f
left join kept as k on k.place = f.place
left join above as a on a.place = f.place
left join used as u on u.top = array_to_string(string_split(f.place, '/')[1:2], '/')
left join (select distinct bucket from used_bucket) as b on b.bucket = split_part(f.place, '/', 1)
left join guarded as g on g.bucket = split_part(f.place, '/', 1)
left join changed as h on h.place = f.place
left join changed as row_of on row_of.place = regexp_replace(f.place, '/[^/]+$', '')
left join cost as c on c.source = f.source and c.store = f.store and c.folder = f.folder
left join ledger.resource_rate as r on r.resource_id = c.resource_id
