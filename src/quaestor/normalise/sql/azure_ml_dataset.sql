-- What the jobs of a workspace read: their inputs that are data, by name and version or by address.
--
-- grain     one row per job and input
-- input     $source; azure_ml_every_job
-- method    a data asset is called <name>:<version>; an address without one, by the input's name.
--           A version is no digest: what lies at its address may change
-- source    Microsoft, REST reference "Jobs - List", JobInput
with input as (
    select
        job,
        unnest(
            from_json(
                p -> '$.inputs', '[{"name": "VARCHAR", "jobInputType": "VARCHAR", "uri": "VARCHAR"}]'
            ),
            max_depth := 2
        )
    from azure_ml_every_job
    where job <> ''
)
select
    $source as source,
    job as run_id,
    coalesce(
        nullif(regexp_replace(
            regexp_extract(uri, '/data/[^/]+/versions/[^/]+'),
            '^/data/([^/]+)/versions/(.+)$', '\1:\2'
        ), ''),
        nullif(regexp_extract(uri, '^azureml:([^/:]+:[^/:]+)$', 1), ''),
        name
    ) as dataset,
    "jobInputType" as source_type,
    uri as source_uri,
    'training' as context
from input
where not suffix("jobInputType", '_model')
order by run_id, dataset
