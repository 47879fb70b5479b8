-- What tags say in the words of core/governance.py.
--
-- grain     one row per thing and field
-- input     $fields: kind of thing, field and how its value reads, as a JSON array of arrays;
--           governed: what has tags (normalise/facts.py)
-- method    a tag is gov.<field>, or gov_<field> where a key may have no dot; blank is not said.
--           Of a thing that stands twice, the first one counts
with word as (
    select one[1] as kind, one[2] as field, one[3] as reads
    from (select unnest(from_json($fields, '[["VARCHAR"]]')) as one)
),
entry as (
    select * exclude (tags), unnest(map_entries(tags)) as tag from governed
),
named as (
    select
        * exclude (tag), tag.key as key, tag.value as value,
        regexp_extract(tag.key, '^gov[._](.+)$', 1) as field
    from entry
    where trim(tag.value) <> ''
)
select n.*, w.reads
from named as n
join word as w using (kind, field)
qualify row_number() over (
    partition by n.kind, n.subject, n.version, n.field order by n.file, n.row_number, n.key
) = 1
