-- What the model.gov.yaml files of one source state about model versions.
--
-- grain     one row per version named under `versions:`
-- input     $source: the source's name; $versions: these versions as a JSON array, each with its
--           model and version
-- method    every column as it stands; what is left out is null, the lifecycle too
with version as (
    select unnest(
        from_json($versions, '[{
            "model": "VARCHAR", "version": "VARCHAR", "lifecycle": "VARCHAR",
            "aliases": ["VARCHAR"], "run_id": "VARCHAR", "description": "VARCHAR",
            "created_at": "TIMESTAMP", "updated_at": "TIMESTAMP", "created_by": "VARCHAR",
            "approved_by": "VARCHAR", "approved_at": "TIMESTAMP", "approved_digest": "VARCHAR",
            "artifact_uri": "VARCHAR", "artifact_digest": "VARCHAR", "card_uri": "VARCHAR",
            "license": "VARCHAR", "base_model": "VARCHAR", "rollback_to": "VARCHAR",
            "evaluated_at": "TIMESTAMP", "monitoring": "VARCHAR", "monitored_at": "TIMESTAMP",
            "metrics": "JSON", "tags": "JSON"
        }]'),
        max_depth := 2
    )
)
select
    $source as source, model, version, lifecycle, aliases, run_id, description, created_at,
    updated_at, created_by, approved_by, approved_at, approved_digest, artifact_uri,
    artifact_digest, card_uri, license, base_model, rollback_to, evaluated_at, monitoring,
    monitored_at, metrics::varchar as metrics, tags::varchar as tags,
    true as from_file, null::varchar as lifecycle_otherwise
from version
order by model, version
