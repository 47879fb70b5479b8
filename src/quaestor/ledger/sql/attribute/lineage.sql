-- What the resources of a bill are, where a cluster, a platform or a registry knows them.
--
-- grain     one row per ResourceId that is known elsewhere; of endpoints that Azure bills as their
--           workspace with a tag azuremlendpoint, per id of the endpoint
-- method    ids are compared as they stand, then as the clouds write them: an instance's or a
--           volume's ARN ends with its id, Google's global names begin with the host of the API,
--           Azure's ids differ in letter case, an AWS load balancer's ARN has the name that its
--           address begins with. Of several that fit, the first of this order counts: a node, a
--           job, an endpoint or deployment, a volume, a load balancer, a machine that jobs ran on,
--           a store. A model is named where all that tell agree, and all do tell; a job's is also
--           that of the one version that its run made. A version is that of now, so that it is
--           known from the day on which what serves it last changed (`version_since`). A store is
--           a model's where a registry lists it and everything known to lie in it is that model's.
--           `names:` says what is called otherwise
-- source    AWS service authorization reference, resource types of EC2, Elastic Load Balancing and
--           S3; Google Cloud, "Resource names"; FOCUS 1.2 ResourceId
-- rows from ledger.charge_day, usage.node_hour, usage.node, usage.gpu_job, usage.endpoint,
--           usage.volume, usage.load_balancer, registry.model_version, registry.deployment,
--           registry.dataset
with endpoint_tag as (
    select tags, endpoint from ledger.tag_set where endpoint is not null
),
billed as (
    select distinct
        case when t.endpoint is null then c.resource_id
            else lower(c.resource_id) || '/onlineendpoints/' || lower(t.endpoint)
            end as resource_id,
        c.service
    from ledger.charge_day as c
    left join endpoint_tag as t on t.tags = c.tags
    where c.resource_id is not null
),
spelling as (
    select distinct
        resource_id, 1 as place,
        case when lower(resource_id) like '/subscriptions/%' then lower(resource_id)
            else resource_id end as id
    from billed
    union all
    select distinct
        resource_id, 2 as place, regexp_extract(resource_id, '/((i|vol)-[0-9a-z]+)$', 1) as id
    from billed where resource_id like 'arn:%/i-%' or resource_id like 'arn:%/vol-%'
    union all
    select distinct
        resource_id, 2 as place,
        regexp_extract(resource_id, 'zones/[^/]+/instances/[^/]+$', 0) as id
    from billed where resource_id like '%/zones/%/instances/%'
    union all
    select distinct
        resource_id, 3 as place, regexp_extract(resource_id, '^//[^/]+/(.+)$', 1) as id
    from billed where resource_id like '//%'
    union all
    select distinct
        resource_id, 4 as place,
        'elb/' || regexp_extract(resource_id, '^arn:[^:]*:elasticloadbalancing:([^:]*):', 1)
            || '/' || regexp_extract(resource_id, ':loadbalancer/(net/|app/)?([^/]+)', 2) as id
    from billed where resource_id like 'arn:%:elasticloadbalancing:%:loadbalancer/%'
    union all
    select distinct
        resource_id, 4 as place, 's3://' || regexp_extract(resource_id, ':::([^/]+)', 1) as id
    from billed where resource_id like 'arn:%:s3:::%'
    union all
    select distinct
        resource_id, 4 as place,
        'gs://' || regexp_extract(resource_id, '^//storage[.]googleapis[.]com/.*/buckets/([^/]+)', 1)
            as id
    from billed where resource_id like '//storage.googleapis.com/%/buckets/%'
    union all
    select distinct
        resource_id, 4 as place, 'azure://' || regexp_extract(
            lower(resource_id), '/providers/microsoft[.]storage/storageaccounts/([^/]+)$', 1
        ) as id
    from billed
    where lower(resource_id) like '/subscriptions/%/providers/microsoft.storage/storageaccounts/%'
    union all
    select distinct
        resource_id, 4 as place,
        case when lower(service) like '%simple storage service%' then 's3://' else 'gs://' end
            || resource_id as id
    from billed
    where lower(service) like '%simple storage service%' or lower(service) = 'cloud storage'
),
-- Machines that clusters count their hours of, by the name that the hours have.
hour_node as (
    select provider_id, cluster, node, min(source) as source
    from usage.node_hour where provider_id is not null
    group by provider_id, cluster, node
),
only_machine as (
    select cluster, node, min(provider_id) as provider_id
    from hour_node group by cluster, node having count(distinct provider_id) = 1
),
node as (
    select provider_id as id, provider_id as split_key, cluster, node, source from hour_node
    union all
    select n.resource_id, coalesce(m.provider_id, n.resource_id), n.cluster, n.node, n.source
    from usage.node as n
    left join only_machine as m on m.cluster = n.cluster and m.node = n.node
    where n.resource_id is not null
        and n.resource_id not in (select provider_id from hour_node)
),
version_of_run as (
    select
        run_id,
        case when count(distinct model) = 1 then min(model) end as model,
        case when count(distinct model) = 1 and count(distinct version) = 1 then min(version) end
            as version
    from registry.model_version where run_id is not null
    group by run_id
),
job as (
    select
        j.resource_id, j.source, j.job, coalesce(j.kind, 'job') as kind, j.team, j.run_id,
        coalesce(j.model, r.model) as model,
        case when coalesce(j.model, r.model) = r.model then coalesce(j.model_version, r.version)
            else j.model_version end as model_version,
        j.resource_id = j.job
        or right(j.resource_id, length(j.job) + 1) = '/' || j.job as is_resource
    from usage.gpu_job as j
    left join version_of_run as r on r.run_id = j.run_id
    where j.resource_id is not null
),
job_resource as (
    select
        resource_id, bool_and(is_resource) as is_job,
        min(source) as source, min(job) as job, min(kind) as kind,
        case when count(distinct team) = 1 and count(team) = count(*) then min(team) end as team,
        case when count(distinct model) = 1 and count(model) = count(*) then min(model) end
            as model,
        case
            when count(distinct model) = 1 and count(distinct model_version) = 1
                and count(model_version) = count(*) then min(model_version)
        end as model_version,
        case when count(distinct run_id) = 1 and count(run_id) = count(*) then min(run_id) end
            as run_id
    from job group by resource_id
),
serving as (
    select
        resource_id, 'endpoint' as kind, source, endpoint as name, model, model_version,
        null::varchar as environment, coalesce(updated_at, created_at)::date as changed_on
    from usage.endpoint where resource_id is not null
    union all
    select
        resource_id, 'deployment', source, deployment, model, version, environment,
        created_at::date
    from registry.deployment where resource_id is not null
),
-- What is deployed tells; an endpoint, where nothing is.
serving_resource as (
    select
        resource_id,
        max(kind) as kind, -- endpoint before deployment
        min(source) filter (where kind = 'endpoint') as endpoint_source,
        min(name) filter (where kind = 'endpoint') as endpoint_name,
        min(source) as source, min(name) as name,
        count(distinct model) = 1
        and count(*) filter (where kind = 'deployment' and model is null) = 0 as is_one_model,
        count(distinct model_version) = 1
        and count(*) filter (where kind = 'deployment' and model_version is null) = 0
            as is_one_version,
        min(model) as model, min(model_version) as model_version,
        case when count(distinct environment) = 1 then min(lower(environment)) end as environment,
        max(changed_on) as changed_on
    from serving group by resource_id
),
disk as (
    select
        case when lower(provider_id) like '/subscriptions/%' then lower(provider_id)
            else provider_id end as id,
        'volume/' || cluster || '/' || volume as split_key, cluster, volume, source
    from usage.volume where provider_id is not null
),
balancer as (
    select
        address,
        'load-balancer/' || cluster || '/' || namespace || '/' || service as split_key,
        cluster, namespace || '/' || service as name, source,
        regexp_extract(address, '^(internal-)?(.+)-[0-9a-z]+[.][^.]+[.][^.]+[.]amazonaws[.]com$', 2)
            as billed_name,
        coalesce(
            nullif(regexp_extract(address, '[.]elb[.]([^.]+)[.]amazonaws[.]com$', 1), ''),
            regexp_extract(address, '[.]([^.]+)[.]elb[.]amazonaws[.]com$', 1)
        ) as region
    from usage.load_balancer where address is not null
),
job_artifact as (
    select j.artifact_uri, coalesce(j.model, r.model) as model
    from usage.gpu_job as j
    left join version_of_run as r on r.run_id = j.run_id
    where j.artifact_uri is not null
),
-- Everything that is known to lie in a store, and whose it is; null: nobody says.
stored as (
    select artifact_uri as uri, model, false as is_data, source from registry.model_version
    where artifact_uri is not null
    union all
    select artifact_uri, model, false, source from registry.deployment
    where artifact_uri is not null
    union all
    select artifact_uri, model, false, 'job' from job_artifact
    union all
    select d.source_uri, r.model, true, d.source
    from registry.dataset as d
    left join version_of_run as r on r.run_id = d.run_id
    where d.source_uri is not null
),
-- A container of Azure lies in an account, which is what the bill names.
placed as (
    select
        coalesce(
            'azure://' || nullif(lower(regexp_extract(
                uri, '^[a-z]+://([^/@]+@)?([a-z0-9]+)[.](blob|dfs)[.]core[.]windows[.]net', 2
            )), ''),
            nullif(regexp_extract(replace(uri, 's3a://', 's3://'), '^(s3|gs)://[^/]+', 0), '')
        ) as store,
        model, is_data, source
    from stored
),
store as (
    select
        p.store, min(coalesce(s.source, p.source)) as source,
        case
            when count(s.store) = count(*) and count(distinct p.model) = 1
                and count(p.model) = count(*) then min(p.model)
        end as model,
        case
            when count(s.store) < count(*) then null
            when bool_and(p.is_data) then 'data'
            when not bool_or(p.is_data) then 'platform'
        end as lifecycle_stage
    from placed as p
    left join (select store, min(source) as source from registry.store group by store) as s
        on s.store = p.store
    where p.store is not null
    group by p.store
),
known as (
    select
        id, 1 as rank, 'node' as kind, source, node as name, cluster, split_key,
        null::varchar as team, null::varchar as model, null::varchar as model_version,
        null::varchar as environment, null::varchar as lifecycle_stage, null::varchar as run_id,
        null::date as version_since
    from node
    union all
    select
        resource_id, 2, kind, source, job, null, resource_id, team, model, model_version, null,
        case when kind in ('training-job', 'tuning-job', 'trial') then 'training'
            when kind in ('transform-job', 'batch-prediction') then 'inference' end,
        run_id, null
    from job_resource where is_job
    union all
    select
        resource_id, 3, kind, coalesce(endpoint_source, source), coalesce(endpoint_name, name),
        null, resource_id, null, case when is_one_model then model end,
        case when is_one_model and is_one_version then model_version end, environment, 'inference',
        null, changed_on
    from serving_resource
    union all
    select
        id, 4, 'volume', source, volume, cluster, split_key, null, null, null, null, null, null,
        null
    from disk
    union all
    select
        address, 5, 'load-balancer', source, name, cluster, split_key, null, null, null, null,
        null, null, null
    from balancer
    union all
    select
        'elb/' || region || '/' || billed_name, 5, 'load-balancer', source, name, cluster,
        split_key, null, null, null, null, null, null, null
    from balancer where region <> '' and billed_name <> ''
    union all
    select
        resource_id, 6, 'machine', source, resource_id, null, resource_id, null, null, null, null,
        null, null, null
    from job_resource where not is_job
    union all
    select
        store, 7, 'store', source, store, null, null, null, model, null, null, lifecycle_stage,
        null, null
    from store
),
named as (
    select
        *,
        case when lower(id) like '/subscriptions/%' then lower(id) else id end as spelled_id
    from known
),
matched as (
    select
        s.resource_id, n.kind, n.source, n.name, n.cluster, n.split_key, n.team, n.model,
        n.model_version, n.environment, n.lifecycle_stage, n.run_id, n.version_since,
        row_number() over (
            partition by s.resource_id
            order by n.rank, s.place, n.cluster, n.name, n.source, n.split_key
        ) as choice
    from spelling as s
    join named as n on n.spelled_id = s.id
)
select
    m.resource_id, m.kind, m.source, m.name, m.cluster, m.split_key,
    coalesce(a.new, m.team) as team, coalesce(b.new, m.model) as model, m.model_version,
    coalesce(c.new, m.environment) as environment, m.lifecycle_stage, m.run_id, m.version_since
from matched as m
left join config.renaming as a on a.field = 'team' and a.old = m.team
left join config.renaming as b on b.field = 'model' and b.old = m.model
left join config.renaming as c on c.field = 'environment' and c.old = m.environment
where m.choice = 1
