-- Where models serve, as everyone sees it: what platforms tell, blanks filled from files.
--
-- grain     one row per source and deployment; one that only a file knows is a row of its own
-- method    what a platform tells is never overwritten. A model and its version are one statement
--           from one place; a file's ends the search by artifact (normalise/artifacts.py). The
--           facts of core/governance.py come beside it (normalise/facts.py)
with file as (
    select
        deployment,
        first({'model': model, 'version': version} order by source) filter (model is not null)
            as served,
        first(environment order by source) filter (environment is not null) as environment,
        first(artifact_digest order by source) filter (artifact_digest is not null)
            as artifact_digest,
        first(public_access order by source) filter (public_access is not null) as public_access,
        first(authentication order by source) filter (authentication is not null)
            as authentication
    from registry.stated_deployment
    where from_file
    group by deployment
),
placed as (
    select * exclude (from_file) from registry.stated_deployment where not from_file
)
select
    p.* replace (
        coalesce(p.model, f.served['model']) as model,
        case when p.model is null and f.served is not null then f.served['version']
            else p.version end as version,
        case when p.model is null and f.served is not null then null else p.artifact_uri end
            as artifact_uri,
        coalesce(p.environment, f.environment) as environment,
        coalesce(p.artifact_digest, f.artifact_digest) as artifact_digest,
        coalesce(p.public_access, f.public_access) as public_access,
        coalesce(p.authentication, f.authentication) as authentication
    )
from placed as p
left join file as f using (deployment)
union all by name
select * exclude (from_file)
from registry.stated_deployment
where from_file and deployment not in (select deployment from placed)
