-- The landed files in force of some sources, with when each source was last read well.
--
-- grain     one row for each file; one without a file for a source that has none
-- input     $sources
select
    s.source, p.value::timestamp as collected_at, f.scope, f.path as file, f.sha256
from unnest($sources::varchar[]) as s(source)
left join meta.property as p on p.name = 'collected_at:' || s.source
left join meta.landed_file as f on f.source = s.source
order by s.source, f.scope, f.path
