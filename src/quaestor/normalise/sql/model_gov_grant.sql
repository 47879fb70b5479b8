-- Who may do what, as the model.gov.yaml files of one source state it.
--
-- grain     one row per grant
-- input     $source: the source's name; $grants: the entries under `grants:` as a JSON array, each
--           with its subject (the file's model unless the entry names another)
-- method    every column as it stands
with granted as (
    select unnest(
        from_json($grants, '[{
            "subject": "VARCHAR", "principal": "VARCHAR", "right": "VARCHAR", "via": "VARCHAR"
        }]'),
        max_depth := 2
    )
)
select distinct
    $source as source, subject, principal, "right", via
from granted
order by subject, principal, "right", via
