-- The facts that the tags of one source state.
--
-- grain     one row per thing and field
-- input     $source, $from_file; said_fact, and fact_read: how values read that are more than texts
-- method    a value that cannot be read is left out (unreadable_fact.sql)
select
    $source as source, s.kind, s.subject, s.version, s.field,
    case when s.reads = 'text' then s.value else r.read end as value,
    $from_file::boolean as from_file
from said_fact as s
left join fact_read as r using (reads, value)
where s.reads = 'text' or r.read is not null
order by s.kind, s.subject, s.version, s.field
