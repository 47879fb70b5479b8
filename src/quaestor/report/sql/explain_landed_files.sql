-- Every landed file in force, with when its source was last read well.
--
-- grain     one row for each file
select f.source, p.value::timestamp as collected_at, f.scope, f.path as file, f.sha256
from meta.landed_file as f
left join meta.property as p on p.name = 'collected_at:' || f.source
order by f.source, f.scope, f.path
