-- What the runs of an MLflow registry read.
--
-- grain     one row per run and dataset input
-- input     $source: the source's name; $runs: rows of registry_rows.Rows.runs, as JSON
-- method    the context (training, evaluation, ...) is the tag mlflow.data.context of the input;
--           the address is taken out of the JSON object that MLflow wraps it in
-- source    MLflow REST API, DatasetInput
with run as (
    select unnest(
        from_json($runs, '[{
            "run_id": "VARCHAR",
            "datasets": [{
                "dataset": "VARCHAR", "digest": "VARCHAR", "source_type": "VARCHAR",
                "source_uri": "VARCHAR", "context": "VARCHAR"
            }]
        }]'),
        max_depth := 2
    )
),
input as (
    select run_id, unnest(datasets, max_depth := 2) from run
)
select
    $source as source,
    run_id,
    dataset,
    digest,
    source_type,
    source_uri,
    context
from input
order by run_id, dataset, digest, context
