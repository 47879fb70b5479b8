-- When the source that was read longest ago was read last.
select epoch(min(value::timestamp)) as value
from meta.property where name like 'collected_at:%'
