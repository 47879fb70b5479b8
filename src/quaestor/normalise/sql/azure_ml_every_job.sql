-- Every job of a workspace: those it lists, and the children of pipelines and sweeps.
--
-- grain     one row per job
-- input     landed_object
-- method    what ran is what MLflow's API of the workspace tells of the run of the same name. A
--           child is listed there alone; runs that code made inside a job are no jobs
-- source    Microsoft, REST reference "Jobs - List"; MLflow REST API, RunInfo
with run as (
    select
        object ->> '$.name' as job,
        make_timestamp(try_cast(object ->> '$.info.start_time' as bigint) * 1000) as started_at,
        make_timestamp(try_cast(object ->> '$.info.end_time' as bigint) * 1000) as ended_at,
        object ->> '$.info.start_time' as starts,
        object ->> '$.info.end_time' as ends,
        object ->> '$.tags."mlflow.parentRunId"' as parent,
        object -> '$.metrics' as metrics,
        object -> '$.tags' as run_tags
    from landed_object
    where kind = 'runs'
    qualify row_number() over (partition by job order by place, row_number) = 1
),
listed as (
    select
        object ->> '$.name' as job, file, sha256, row_number, place, object,
        object -> '$.properties' as p,
        tag_map(object -> '$.properties.tags') as tags
    from landed_object
    where kind in ('jobs', 'child-jobs') and (object ->> '$.isNoJob') is null
    qualify row_number() over (partition by job order by kind desc, row_number) = 1
)
select
    l.*,
    lower(p ->> '$.jobType') as job_type,
    p ->> '$.status' as status,
    r.* exclude (job),
    exists (select 1 from run as c where c.parent = l.job) as has_children
from listed as l
left join run as r on r.job = l.job
