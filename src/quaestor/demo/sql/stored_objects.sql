-- What lies in the bucket of artifacts, summed up by folder.
--
-- grain     one row per folder
-- method    the artifacts of every registered version, and, planted, checkpoints of a sweep in
--           June that no registry refers to
-- source    invented
with version as (
    select
        m.model, unnest(generate_series(greatest(1, m.versions - 2), m.versions)) as version,
        m.versions, row_number() over (order by m.model) as place
    from estate.model as m
),
folder as (
    select
        model || '/' || version as folder, 6 as objects,
        (200 + place * 37) * 1000000 as size_bytes,
        timestamp '2026-10-31' - to_days((49 * (versions - version))::integer) as last_modified
    from version
    union all
    select
        'sweeps/damage-detect-2026-06/checkpoint-' || step, 4, 410000000000,
        timestamp '2026-06-18 04:10' + to_minutes(step::integer)
    from (select unnest(generate_series(1000, 12000, 1000)) as step)
)
select
    's3://acme-model-artifacts' as store, folder, objects, size_bytes,
    'STANDARD' as storage_class, last_modified
from folder
order by folder
