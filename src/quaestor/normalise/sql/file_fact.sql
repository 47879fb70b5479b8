-- The facts that files of one source state, read and checked before.
--
-- grain     one row per thing and field
-- input     $source: the source's name; $facts: a JSON array with the columns below
with fact as (
    select unnest(
        from_json($facts, '[{
            "kind": "VARCHAR", "subject": "VARCHAR", "version": "VARCHAR", "field": "VARCHAR",
            "value": "VARCHAR"
        }]'),
        max_depth := 2
    )
)
select $source as source, kind, subject, version, field, value, true as from_file
from fact
order by kind, subject, version, field
