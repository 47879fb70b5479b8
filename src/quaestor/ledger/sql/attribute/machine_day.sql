-- What each machine that a cluster names cost, day by day, by the bill.
--
-- grain     one row per day and machine (usage.node_hour, provider_id) that is on a bill
-- money     the reporting currency, effective (amortised) cost of all its charges of that day;
--           null where a charge of it has no rate
-- method    a charge is a machine's where its ResourceId is the machine's provider_id, or ends with
--           it as the clouds write it: an instance's ARN ends with /i-..., Google's global name
--           with zones/<zone>/instances/<instance>; Azure's resource ids differ in letter case
-- source    FOCUS 1.2 ResourceId, EffectiveCost
with node as (
    select distinct provider_id from usage.node_hour where provider_id is not null
),
billed as (
    select
        day, resource_id, sum(effective_cost) as cost,
        count(*) = count(effective_cost) as is_rated
    from ledger.cost
    where resource_id is not null
    group by day, resource_id
),
named as (
    select
        b.day, b.cost, b.is_rated,
        case
            when n.provider_id is not null then n.provider_id
            when b.resource_id like 'arn:%/i-%'
            then regexp_extract(b.resource_id, '/(i-[0-9a-z]+)$', 1)
            when b.resource_id like '%/zones/%/instances/%'
            then regexp_extract(b.resource_id, 'zones/[^/]+/instances/[^/]+$', 0)
            when lower(b.resource_id) like '/subscriptions/%' then lower(b.resource_id)
        end as machine
    from billed as b
    left join node as n on n.provider_id = b.resource_id
)
select
    m.day, m.machine,
    case when min(m.is_rated::integer) = 1 then sum(m.cost) end as cost
from named as m
join node as n on n.provider_id = m.machine
group by m.day, m.machine
order by m.day, m.machine
