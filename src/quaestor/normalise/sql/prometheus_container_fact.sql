-- What a server told about containers over some weeks, figure by figure, with what is wrong with it.
--
-- grain     one row per landed line; lines refused go to quarantine.row
-- method    `landed_object` is what was landed (normalise/landed_objects.py); the line that names the
--           days is about all others of its file. A fact about use is named by its span, too
-- source    quaestor, collect/prometheus_container_queries.py
with days as (
    select
        file, try_cast(object ->> '$.since' as timestamp) as since,
        try_cast(object ->> '$.held_from' as timestamp) as held_from,
        try_cast(object ->> '$.until' as timestamp) as until
    from landed_object
    where kind = 'containers' and (object -> '$.since') is not null
),
told as (
    select
        file, sha256, row_number, object::varchar as raw,
        coalesce(
            try_cast(object -> '$.metric' as map(varchar, varchar)), map {}::map(varchar, varchar)
        ) as labels,
        object ->> '$.value' as told, try_cast(object ->> '$.value' as double) as value
    from landed_object
    where kind = 'containers' and (object -> '$.since') is null
)
select
    t.file, t.sha256, t.row_number, t.raw, d.since, d.held_from, d.until, t.labels, t.value,
    nullif(regexp_extract(t.labels['fact'], '^(all|trained|held-out) ', 1), '') as span,
    regexp_replace(t.labels['fact'], '^(all|trained|held-out) ', '') as fact,
    t.labels['namespace'] as namespace, t.labels['pod'] as pod,
    t.labels['container'] as container,
    case
        when d.since is null or d.held_from is null or d.until is null
        then 'the file does not say of which days it is'
        when coalesce(t.labels['fact'], '') = '' then 'the line names no fact'
        when coalesce(t.labels['namespace'], '') = '' then 'the series has no label namespace'
        when t.value is null or not isfinite(t.value)
        then 'the value ' || left(coalesce(t.told, ''), 40) || ' is no number'
        when t.value < 0 then 'the value ' || left(t.told, 40) || ' is negative'
    end as refused
from told as t
left join days as d on d.file = t.file
