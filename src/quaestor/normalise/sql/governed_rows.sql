-- What has tags that are to be read, as a loader in Python hands it over.
--
-- grain     one row per model, version, deployment or dataset of a run
-- input     one list for each column: $kind, $subject, $version, $tags (JSON objects of texts),
--           $file, $sha256, $row_number. One JSON array of rows would take five times as long
with governed_row as (
    select
        unnest($kind::varchar[]) as kind,
        unnest($subject::varchar[]) as subject,
        unnest($version::varchar[]) as version,
        unnest($tags::varchar[]) as tags,
        unnest($file::varchar[]) as file,
        unnest($sha256::varchar[]) as sha256,
        unnest($row_number::bigint[]) as row_number
)
select
    kind, subject, version, from_json(tags::json, '"MAP(VARCHAR, VARCHAR)"') as tags,
    file, sha256, row_number
from governed_row
