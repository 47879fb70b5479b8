-- What the model.gov.yaml files of one source state about models.
--
-- grain     one row per file
-- input     $source: the source's name; $files: the files, checked and in the words of
--           core/model_gov.py, as a JSON array; `definition` is the file and line of `model:`
-- method    every column as it stands; what is left out is null
with file as (
    select unnest(
        from_json($files, '[{
            "model": "VARCHAR", "owner": "VARCHAR", "team": "VARCHAR", "cost_center": "VARCHAR",
            "risk_tier": "INTEGER", "description": "VARCHAR", "oncall": "VARCHAR",
            "intended_use": "VARCHAR", "business_case": "VARCHAR", "eu_ai_act_class": "VARCHAR",
            "retire_by": "DATE", "created_at": "TIMESTAMP", "updated_at": "TIMESTAMP",
            "tags": "JSON", "definition": "VARCHAR"
        }]'),
        max_depth := 2
    )
)
select
    $source as source, model, owner, team, cost_center, risk_tier, description, oncall,
    intended_use, business_case, eu_ai_act_class, retire_by, created_at, updated_at,
    tags::varchar as tags, definition, true as from_file
from file
order by model
