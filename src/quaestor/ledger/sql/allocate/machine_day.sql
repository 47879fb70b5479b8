-- What each machine of a cluster cost, day by day: by the bill, else by list.
--
-- grain     one row per day and machine (usage.node_hour, provider_id) that is on a bill, or whose
--           type the price book has
-- money     the reporting currency, effective (amortised) cost of all its charges of that day, so
--           that every discount is in it; null where a charge of it has no rate
-- method    ledger.lineage says which ResourceIds are a machine. Where no bill names it, its hours
--           cost what its type does in its region: the file of `prices:` before the shipped list,
--           the region before a price for any, the price in force on that day. A spot machine has
--           no on-demand price. price_source says which; behind a list price stands no charge.
--           transfer_cost is what of the cost is for data transfer
-- source    FOCUS 1.2 ResourceId, EffectiveCost; config.price
-- rows from ledger.node_day, ledger.lineage
with machine as (
    select
        day, machine, max(hours) as hours, min(capacity_type) as capacity_type,
        min(instance_type) as instance_type, min(region) as region
    from ledger.node_day
    where machine is not null and day in (select day from ledger.stale_day)
    group by day, machine
),
billed as (
    select
        c.day, l.split_key as machine,
        case when count(*) = count(c.rate)
            then sum(money_at_rate(c.billing_effective_cost, c.rate)) end as cost,
        case when count(*) = count(c.rate) then coalesce(
            sum(money_at_rate(c.billing_effective_cost, c.rate)) filter (where c.is_transfer), 0
        ) end as transfer_cost
    from ledger.charge_day as c
    join ledger.lineage as l on l.resource_id = c.resource_id
    where l.kind = 'node' and l.split_key is not null
        and c.day in (select day from ledger.stale_day)
    group by c.day, l.split_key
),
asked as (
    select distinct m.day, m.instance_type, m.region, coalesce(m.capacity_type, 'on-demand') as type
    from machine as m
    left join billed as b on b.day = m.day and b.machine = m.machine
    where b.day is null and m.instance_type is not null
),
listed as (
    select
        a.day, a.instance_type, a.region, a.type, p.price, p.currency, p.capacity_type,
        'price book: ' || concat_ws(', ', p.instance_type, p.region, p.capacity_type)
            || ', ' || p.priced_on::varchar || ' (' || p.price_source || ')' as price_source
    from asked as a
    join config.price as p
        on p.instance_type = a.instance_type and p.capacity_type = a.type
        and (p.region is null or p.region = a.region)
    where p.price > 0
    qualify row_number() over (
        partition by a.day, a.instance_type, a.region, a.type
        order by
            case when p.origin = 'prices' then 0 else 1 end,
            case when p.region is null then 1 else 0 end,
            case when p.priced_on <= a.day then 0 else 1 end,
            abs(date_diff('day', p.priced_on, a.day)), p.provider, p.price
    ) = 1
),
rated as (
    select
        l.day, l.instance_type, l.region, l.type, l.price, l.price_source,
        case when l.currency = s.value then 1 else r.rate end as rate
    from listed as l
    join config.setting as s on s.name = 'currency'
    left join focus.rate_used as r on r.currency = l.currency and r.day = l.day
)
select
    coalesce(m.day, b.day) as day, coalesce(m.machine, b.machine) as machine,
    case
        when b.day is not null then b.cost
        else money_at_rate(
            (r.price::decimal(18, 9) * m.hours::decimal(18, 9))::decimal(38, 20), r.rate
        )
    end as cost,
    case when b.day is not null then 'bill' else r.price_source end as price_source,
    m.capacity_type,
    case when b.day is not null then b.transfer_cost else 0 end as transfer_cost
from machine as m
full join billed as b on b.day = m.day and b.machine = m.machine
left join rated as r
    on r.day = m.day and r.instance_type = m.instance_type
    and r.region is not distinct from m.region and r.type = coalesce(m.capacity_type, 'on-demand')
where b.day is not null or r.day is not null
