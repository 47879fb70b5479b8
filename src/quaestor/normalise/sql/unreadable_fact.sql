-- The tags whose value is not what its column needs.
--
-- grain     one row per thing and field
-- input     said_fact, and fact_read: how values read that are more than texts
select
    s.file, s.sha256, s.row_number,
    {
        'kind': s.kind, 'subject': s.subject, 'version': s.version, 'field': s.field,
        'key': s.key, 'value': s.value, 'reads': s.reads
    } as said
from said_fact as s
join fact_read as r using (reads, value)
where r.read is null
order by s.file, s.row_number, s.kind, s.subject, s.version, s.field
