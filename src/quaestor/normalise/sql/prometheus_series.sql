-- The series of a Prometheus source, as landed, with what is wrong with what each is about.
--
-- grain     one row per landed line; lines refused go to quarantine.row
-- method    `landed_object` is what was landed (normalise/landed_objects.py)
with told as (
    select
        file, sha256, row_number, object ->> '$.kind' as kind,
        coalesce(
            try_cast(object -> '$.metric' as map(varchar, varchar)), map {}::map(varchar, varchar)
        ) as labels,
        from_json(object -> '$.values', '[["VARCHAR"]]') as points,
        object::varchar as raw
    from landed_object
    where kind = 'series'
)
select
    row_number() over (order by file, row_number) as series, *,
    case
        when kind is null then 'the line names no kind of fact'
        when points is null then 'the series has no values'
        when starts_with(kind, 'pod_') and coalesce(labels['namespace'], '') = ''
        then 'the series has no label namespace'
        when starts_with(kind, 'pod_') and coalesce(labels['pod'], '') = ''
        then 'the series has no label pod'
        when starts_with(kind, 'node_') and coalesce(labels['node'], '') = ''
        then 'the series has no label node'
        when starts_with(kind, 'gpu_') and coalesce(labels['UUID'], labels['gpu'], '') = ''
        then 'the series has no label UUID or gpu'
    end as refused
from told
