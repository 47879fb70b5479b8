-- Where models answer, with what each costs a month and who tells how often it is called.
--
-- grain     one row per endpoint (usage.endpoint)
-- money     reporting currency, effective cost of the last 30 days, by the hours since its first
--           charge in them, for a month of 730 hours. bill:
--           the charges of its own resource (of Azure ML, those of its workspace with its tag);
--           effective rate: the parts of machines that its pods held (ledger.pod_day). list: of what
--           has its own machines and is on no bill, the list price of its instance type times its
--           instances. Null where none is known, or a charge has no rate
-- method    calls are counted by the endpoint's own source; of what runs in a cluster, by whatever
--           source tells of an endpoint of that name, the one that tells most where several do.
--           The present is the last hour in which that source tells of any endpoint. Scaling and
--           environment are known where all its deployments say the same; replicas add up
-- source    FOCUS 1.2, EffectiveCost
-- rows from usage.endpoint
with told as (
    select source, endpoint, count(*) as hours from usage.endpoint_hour group by source, endpoint
),
present as (
    select source, max(hour) as present from usage.endpoint_hour group by source
),
counted as (
    select distinct on (e.source, e.endpoint) e.source, e.endpoint, t.source as told_by
    from usage.endpoint as e
    join told as t on t.endpoint = e.endpoint
        and (t.source = e.source
            or e.kind in ('kserve', 'deployment', 'statefulset', 'rollout'))
    order by e.source, e.endpoint, t.source <> e.source, t.hours desc, t.source
),
-- An endpoint is deployed under its own name, or in parts that have its resource in common.
deployed as (
    select e.source, e.endpoint, d.environment, d.autoscaler, d.min_replicas, d.max_replicas,
        d.scales_to_zero
    from registry.deployment as d
    join usage.endpoint as e
        on e.endpoint = d.deployment
        and (e.source = d.source or d.source not in (select source from usage.endpoint))
    union all
    select e.source, e.endpoint, d.environment, d.autoscaler, d.min_replicas, d.max_replicas,
        d.scales_to_zero
    from registry.deployment as d
    join usage.endpoint as e on e.resource_id = d.resource_id and e.endpoint <> d.deployment
),
scaled as (
    select
        source, endpoint,
        case when count(distinct lower(environment)) = 1 and count(environment) = count(*)
            then lower(min(environment)) end as environment,
        case when count(distinct autoscaler) = 1 then min(autoscaler) end as autoscaler,
        case when count(min_replicas) = count(*) then sum(min_replicas)::integer end
            as min_replicas,
        case when count(max_replicas) = count(*) then sum(max_replicas)::integer end
            as max_replicas,
        case when count(scales_to_zero) = count(*) then bool_and(scales_to_zero) end
            as scales_to_zero
    from deployed
    group by source, endpoint
),
known as (
    select source, name as endpoint, min(resource_id) as resource_id
    from ledger.lineage where kind = 'endpoint'
    group by source, name
),
last_day as (
    select max(until) as until from ledger.resource_rate
),
tagged as (
    select
        lower(c.resource_id) || '/onlineendpoints/' || lower(t.endpoint) as resource_id,
        any_value(d.until) - min(c.day) + 1 as days, min(t.environment) as environment, min(t.team) as team,
        case when count(*) = count(c.rate)
            then sum(money_at_rate(c.billing_effective_cost, c.rate)) end as cost
    from ledger.charge_day as c
    join ledger.tag_set as t on t.tags = c.tags and t.endpoint is not null
    cross join last_day as d
    where c.resource_id is not null and c.charge_category = 'Usage'
        and c.day between d.until - 29 and d.until
    group by 1
),
held as (
    select
        p.cluster, p.allocated_to, any_value(d.until) - min(p.day) + 1 as days,
        case when count(*) = count(p.cost) then sum(p.cost) end as cost,
        arg_max(p.machine, p.part) as machine,
        case when count(distinct p.team) = 1 then min(p.team) end as team,
        case when count(distinct p.environment) = 1 then min(p.environment) end as environment
    from ledger.pod_day as p
    cross join last_day as d
    where p.pod is not null and p.day between d.until - 29 and d.until
    group by p.cluster, p.allocated_to
),
-- Of a region; and where that has none, the least of all.
list_price as (
    select
        lower(instance_type) as instance_type, region, min(price) as price, min(gpus) > 0 as has_gpus
    from ledger.listed_machine
    group by grouping sets ((lower(instance_type), region), (lower(instance_type)))
    having grouping(region) = 1 or region is not null
),
listed as (
    select
        e.source, e.endpoint, money_estimate(p.price::double * e.instances * 730) as cost_per_month
    from usage.endpoint as e
    join list_price as p
        on p.instance_type = lower(regexp_extract(e.instance_type, '[^/]+$'))
        and (p.region = e.region or p.region is null)
        and (p.has_gpus or (e.gpu_model is null and coalesce(e.gpus, 0) = 0))
    where e.instances >= 0
        and not regexp_matches(
            lower(coalesce(e.kind, '')),
            '^(kserve|deployment|statefulset|rollout)$|serverless|published|provisioned'
        )
    qualify row_number() over (
        partition by e.source, e.endpoint order by p.region is null
    ) = 1
),
machine as (
    select split_key, min(resource_id) as resource_id
    from ledger.lineage where kind = 'node'
    group by split_key
)
select
    e.source, e.endpoint, e.kind, e.region, e.instance_type, e.instances, e.status, e.created_at,
    e.seen_at, e.tags,
    coalesce(r.resource_id, k.resource_id, e.resource_id) as resource_id,
    coalesce(r.team, t.team, h.team) as team,
    coalesce(e.model, r.model) as model,
    case when e.model is not null then e.model_version else r.model_version end as model_version,
    coalesce(lower(r.environment), s.environment, lower(t.environment), lower(h.environment))
        as environment,
    c.told_by, p.present, s.autoscaler, s.min_replicas, s.max_replicas, s.scales_to_zero,
    coalesce(
        r.cost_per_month, money_estimate(t.cost::double * 730 / (24 * t.days)),
        money_estimate(h.cost::double * 730 / (24 * h.days)),
        case when coalesce(r.resource_id, t.resource_id, h.machine) is null then i.cost_per_month end
    ) as cost_per_month,
    case
        when coalesce(r.cost_per_month, t.cost) is not null then 'bill'
        when h.cost is not null then 'effective rate'
        when coalesce(r.resource_id, t.resource_id, h.machine) is null
            and i.cost_per_month is not null then 'list'
    end as cost_basis,
    r.committed_ratio,
    coalesce(
        r.resource_id, k.resource_id, e.resource_id,
        case when e.kind in ('kserve', 'deployment', 'statefulset', 'rollout')
            then 'workload/' || e.endpoint else 'endpoint/' || e.source || '/' || e.endpoint end
    ) as saves_on,
    case when r.resource_id is null and t.resource_id is null
        then coalesce(m.resource_id, h.machine) end as inside
from usage.endpoint as e
left join counted as c on c.source = e.source and c.endpoint = e.endpoint
left join present as p on p.source = coalesce(c.told_by, e.source)
left join scaled as s on s.source = e.source and s.endpoint = e.endpoint
left join known as k on k.source = e.source and k.endpoint = e.endpoint
left join ledger.resource_rate as r on r.resource_id = coalesce(k.resource_id, e.resource_id)
left join tagged as t on t.resource_id = coalesce(k.resource_id, lower(e.resource_id))
left join held as h
    on e.kind in ('kserve', 'deployment', 'statefulset', 'rollout')
    and e.endpoint = concat_ws(
        '/', h.cluster, split_part(h.allocated_to, '/', 1), split_part(e.endpoint, '/', -2),
        split_part(h.allocated_to, '/', 2)
    )
left join machine as m on m.split_key = h.machine
left join listed as i on i.source = e.source and i.endpoint = e.endpoint
