-- What models were trained on, as the model.gov.yaml files of one source state it.
--
-- grain     one row per entry
-- input     $source: the source's name; $datasets: the entries under `datasets:` as a JSON array,
--           each with its model, the versions that it trained, or their run
-- method    every column as it stands; what is left out is null
with dataset as (
    select unnest(
        from_json($datasets, '[{
            "model": "VARCHAR", "versions": ["VARCHAR"], "run_id": "VARCHAR",
            "dataset": "VARCHAR", "digest": "VARCHAR", "source_type": "VARCHAR",
            "source_uri": "VARCHAR", "context": "VARCHAR", "owner": "VARCHAR",
            "license": "VARCHAR", "legal_basis": "VARCHAR", "data_class": "VARCHAR",
            "region": "VARCHAR", "has_personal_data": "BOOLEAN",
            "privacy_assessment_uri": "VARCHAR", "privacy_assessed_until": "DATE",
            "quality_status": "VARCHAR", "quality_checked_at": "TIMESTAMP"
        }]'),
        max_depth := 2
    )
)
select $source as source, *, true as from_file
from dataset
order by model, dataset
