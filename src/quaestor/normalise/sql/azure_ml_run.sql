-- The jobs of a workspace as runs: who started them, from which commit, with which metrics.
--
-- grain     one row per job
-- input     $source; azure_ml_every_job
-- method    commit and repository are what the SDK notes where code lies in a checkout. The
--           pipeline of a child is its parent
-- source    Microsoft, REST reference "Jobs - List"; "Git integration for Azure Machine Learning"
select
    $source as source,
    job as run_id,
    filled(p ->> '$.displayName') as name,
    filled(p ->> '$.experimentName') as experiment,
    lower(status) as status,
    object ->> '$.systemData.createdBy' as started_by,
    started_at,
    ended_at,
    coalesce(
        p ->> '$.code."azureml.git.commit"', p ->> '$.code."mlflow.source.git.commit"',
        run_tags ->> '$."mlflow.source.git.commit"', said(tags, 'git_commit')
    ) as git_commit,
    coalesce(
        p ->> '$.code."azureml.git.repository_uri"', p ->> '$.code."mlflow.source.git.repoURL"',
        run_tags ->> '$."mlflow.source.git.repoURL"', said(tags, 'git_repo')
    ) as git_repo,
    parent as pipeline,
    metrics::varchar as metrics,
    (p -> '$.tags')::varchar as tags
from azure_ml_every_job
where job <> ''
order by run_id
