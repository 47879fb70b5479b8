-- Where each version of a model is deployed, how often it is called there, and what that costs.
--
-- grain     one row per deployment of a known version; and per endpoint of a known version that
--           nothing is deployed under
-- method    a deployment is an endpoint's where it has its name or its resource, or its name begins
--           with that of the endpoint: of one of its own source, or where that lists none (a
--           model.gov.yaml) of any. An endpoint of one version has its calls and its cost; of
--           several a version has those of the variant that its deployment is called by, and the
--           part of the instance-hours; else nobody knows
--           calls of the last $days days up to the present, the last hour in which the source of
--           the hours tells of any endpoint. An hour nobody tells of is not an hour without a call;
--           Vertex AI and Azure write a count only where there are calls, so that there an hour in
--           which machines told of themselves had none, if the source counts calls at all
-- money     ledger.endpoint_rate, else the bill of the deployment's own resource
-- param     days = 23: days of calls that are counted
-- source    AWS, Amazon SageMaker "Endpoint invocation metrics"; Google Cloud metrics, aiplatform
-- rows from registry.deployment, usage.endpoint
with deployed as (
    select
        d.source, d.deployment as place, coalesce(n.new, d.model) as model,
        d.version as model_version, lower(d.environment) as environment, d.region, d.kind,
        d.status, d.created_at, d.rollout_strategy, d.rollback_to, d.resource_id, d.tags,
        d.artifact_digest
    from registry.deployment as d
    left join config.renaming as n on n.field = 'model' and n.old = d.model
    where d.model is not null and d.version is not null
),
-- The name of a deployment and everything that it begins with, up to a slash.
begun as (
    select source, place, array_to_string(parts[:n], '/') as begins
    from (
        select *, unnest(range(1, len(parts) + 1)) as n
        from (select source, place, string_split(place, '/') as parts from deployed)
    )
),
named as (
    select
        b.source, b.place, e.source as endpoint_source, e.endpoint,
        case when e.endpoint = b.place then 3 else 1 end as rank
    from begun as b
    join usage.endpoint as e on e.endpoint = b.begins
    union all
    select d.source, d.place, e.source, e.endpoint, 2
    from deployed as d
    join usage.endpoint as e on e.resource_id = d.resource_id
),
linked as (
    select
        source, place,
        arg_max(
            {source: endpoint_source, endpoint: endpoint},
            (rank, length(endpoint), endpoint_source, endpoint)
        ) as found
    from named
    where endpoint_source = source or source not in (select source from usage.endpoint)
    group by source, place
),
serving as (
    select d.*, l.found.source as endpoint_source, l.found.endpoint as endpoint
    from deployed as d
    left join linked as l on l.source = d.source and l.place = d.place
    union all by name
    select
        e.source, e.endpoint as place, coalesce(n.new, e.model) as model, e.model_version,
        e.source as endpoint_source, e.endpoint
    from ledger.endpoint_rate as e
    left join config.renaming as n on n.field = 'model' and n.old = e.model
    where e.model is not null and e.model_version is not null
        and (e.source, e.endpoint) not in (select (found.source, found.endpoint) from linked)
),
versions as (
    select
        endpoint_source as source, endpoint, count(distinct (model, model_version)) as versions
    from serving where endpoint is not null
    group by endpoint_source, endpoint
),
counting as (
    select distinct source from usage.endpoint_hour where requests > 0 and requests <= 1e15
),
hour as (
    select
        e.source, e.endpoint, h.hour, h.variant,
        case when h.instances between 0 and 1e6 then h.instances end as instances,
        coalesce(
            case when h.requests between 0 and 1e15 then h.requests end,
            case when h.requests is null and e.kind in ('vertex', 'azure-ml') and h.instances > 0
                and c.source is not null then 0 end
        ) as requests
    from ledger.endpoint_rate as e
    join usage.endpoint_hour as h on h.source = e.told_by and h.endpoint = e.endpoint
    left join counting as c on c.source = h.source
    where h.hour > e.present - to_days($days::integer)
),
variant as (
    select
        source, endpoint, variant, sum(requests) as requests,
        count(distinct hour::date) filter (requests is not null) as days_seen,
        count(requests) as hours_seen, sum(instances) as instance_hours,
        count(instances) = count(*) as is_counted
    from hour where variant is not null
    group by source, endpoint, variant
),
parted as (
    select
        *,
        case when bool_and(is_counted) over endpoint
            then instance_hours / nullif(sum(instance_hours) over endpoint, 0) end as part
    from variant
    window endpoint as (partition by source, endpoint)
),
-- Of several variants an hour is known where every one that tells of it is.
whole as (
    select
        source, endpoint, sum(requests) as requests,
        count(distinct hour::date) filter (requests is not null) as days_seen,
        count(requests) as hours_seen
    from (
        select
            source, endpoint, hour,
            case when count(requests) = count(*) then sum(requests) end as requests
        from hour group by source, endpoint, hour
    )
    group by source, endpoint
)
select
    s.source, s.place, s.model, s.model_version,
    coalesce(s.environment, e.environment) as environment, coalesce(s.region, e.region) as region,
    coalesce(e.kind, s.kind) as kind, s.endpoint, p.variant,
    coalesce(s.status, e.status) as status, coalesce(s.created_at, e.created_at) as created_at,
    s.rollout_strategy, s.rollback_to, s.artifact_digest, e.present,
    $days::integer as window_days, coalesce(n.versions, 1)::integer as versions_beside,
    case when n.versions > 1 then p.requests else w.requests end as requests,
    coalesce(case when n.versions > 1 then p.days_seen else w.days_seen end, 0)::integer
        as days_seen,
    coalesce(case when n.versions > 1 then p.hours_seen else w.hours_seen end, 0)::integer
        as hours_seen,
    case
        when e.endpoint is null then r.cost_per_month
        when n.versions = 1 then e.cost_per_month
        when not contains(e.instance_type, ',')
            then money_estimate(e.cost_per_month::double * p.part)
    end as cost_per_month,
    case
        when e.endpoint is null and r.cost_per_month is not null then 'bill'
        when n.versions = 1 then e.cost_basis
        when e.cost_per_month is not null and p.part is not null
            and not contains(e.instance_type, ',')
            then case when e.cost_basis = 'list' then 'list' else 'effective rate' end
    end as cost_basis,
    coalesce(r.committed_ratio, e.committed_ratio) as committed_ratio,
    coalesce(e.team, r.team) as team,
    coalesce(e.resource_id, s.resource_id) as resource_id,
    case
        when n.versions > 1 then 'endpoint/' || e.source || '/' || e.endpoint || '/variant/'
            || coalesce(p.variant, s.place)
        when e.endpoint is not null then e.saves_on
        else coalesce(s.resource_id, 'deployment/' || s.source || '/' || s.place)
    end as saves_on,
    case when n.versions > 1 then e.saves_on else e.inside end as inside,
    coalesce(s.tags, e.tags) as tags,
    coalesce(
        regexp_matches(lower(concat_ws(' ', e.kind, s.kind)), 'serverless|published')
        or e.instances = 0
        or (e.kind = 'sagemaker' and e.scales_to_zero and e.instance_type is null), false
    ) as is_free_while_idle
from serving as s
left join ledger.endpoint_rate as e on e.source = s.endpoint_source and e.endpoint = s.endpoint
left join versions as n on n.source = s.endpoint_source and n.endpoint = s.endpoint
left join whole as w on w.source = s.endpoint_source and w.endpoint = s.endpoint
left join parted as p
    on p.source = s.endpoint_source and p.endpoint = s.endpoint and n.versions > 1
    and p.variant = case when starts_with(s.place, s.endpoint || '/')
        then split_part(
            substr(s.place, length(s.endpoint) + 2), '/', -- Vertex AI: deployedModels/<id>
            case when s.place like '%/deployedModels/%' then -1 else 1 end
        ) end
left join ledger.resource_rate as r on r.resource_id = s.resource_id
