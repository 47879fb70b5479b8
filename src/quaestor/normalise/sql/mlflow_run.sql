-- What an MLflow registry states about the runs that its model versions come from.
--
-- grain     one row per run
-- input     $source: the source's name; $runs: rows of registry_rows.Rows.runs, as JSON
-- method    git commit and repository are the tags that MLflow's client sets where code runs in a
--           checkout; the pipeline is the tag gov.pipeline. Metrics are the latest of each name.
-- source    MLflow REST API, Run; MLflow documentation, "System Tags"
with run as (
    select unnest(
        from_json($runs, '[{
            "run_id": "VARCHAR", "name": "VARCHAR", "experiment": "VARCHAR", "status": "VARCHAR",
            "started_by": "VARCHAR", "started_ms": "BIGINT", "ended_ms": "BIGINT",
            "metrics": "JSON", "params": "JSON",
            "git_commit": "VARCHAR", "git_repo": "VARCHAR", "pipeline": "VARCHAR", "tags": "JSON"
        }]'),
        max_depth := 2
    )
)
select
    $source as source,
    run_id,
    name,
    experiment,
    status,
    started_by,
    make_timestamp(started_ms * 1000) as started_at,
    make_timestamp(ended_ms * 1000) as ended_at,
    git_commit,
    git_repo,
    pipeline,
    metrics::varchar as metrics,
    params::varchar as params,
    tags::varchar as tags
from run
order by run_id
