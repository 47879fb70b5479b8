-- What has tags that are to be read, as a loader in Python hands it over.
--
-- grain     one row per model, version, deployment or dataset of a run
-- input     $rows: a JSON array with the columns below; tags are texts by key
with governed_row as (
    select unnest(
        from_json($rows, '[{
            "kind": "VARCHAR", "subject": "VARCHAR", "version": "VARCHAR",
            "tags": "MAP(VARCHAR, VARCHAR)", "file": "VARCHAR", "sha256": "VARCHAR",
            "row_number": "BIGINT"
        }]'),
        max_depth := 2
    )
)
select kind, subject, version, tags, file, sha256, row_number
from governed_row
