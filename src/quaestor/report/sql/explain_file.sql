-- The landed files whose hash begins so, and how many rows each has.
select source, scope, rows_landed
from focus.file
where starts_with(sha256, $sha256)
order by source, sha256
