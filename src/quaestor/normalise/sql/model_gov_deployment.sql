-- Where models serve, as the model.gov.yaml files of one source state it.
--
-- grain     one row per deployment
-- input     $source: the source's name; $deployments: the entries under `deployments:` as a JSON
--           array, each with its model
-- method    every column as it stands; what is left out is null. What is said beyond them are facts
--           (normalise/facts.py)
with deployment as (
    select unnest(
        from_json($deployments, '[{
            "deployment": "VARCHAR", "model": "VARCHAR", "version": "VARCHAR",
            "environment": "VARCHAR", "artifact_digest": "VARCHAR", "public_access": "BOOLEAN",
            "authentication": "VARCHAR"
        }]'),
        max_depth := 2
    )
)
select
    $source as source, deployment, model, version, environment, artifact_digest, public_access,
    authentication, true as from_file
from deployment
order by deployment
