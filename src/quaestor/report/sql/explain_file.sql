-- The landed files whose hash begins so, and how many rows each has.
select
    f.source, f.scope, f.sha256, f.rows_landed,
    (
        select min(q.reason) from quarantine.row as q
        where q.source = f.source and q.file_sha256 = f.sha256 and q.row_number = $row::bigint
    ) as reason
from focus.file as f
where starts_with(f.sha256, $sha256)
order by f.source, f.sha256
