-- What each machine of a cluster could give on each day, and when it was there.
--
-- grain     one row per day, cluster, node and machine; a name that two machines had is two rows
-- hours     the parts of the hours in which it was up (unknown: the whole hour); capacity is what
--           it had times those. What nobody tells is null: the hours with a figure are not
--           stretched over the others
-- method    of two sources that tell of the same node and day the first by name counts, of two
--           rows of one hour the greater figures. What the hours leave out, the cluster's list of
--           nodes says, and then the price book of the machine's type: how many GPUs, which model
-- rounding  each hour to a billionth; sums of decimals, in any order the same
-- source    usage.node_hour, usage.node, config.price
-- rows from usage.node_hour, usage.node
with told as (
    select
        hour::date as day, cluster, node, count(*) as rows,
        bit_or(1::bigint << hour(hour)) as hours_seen,
        min(source) as source, max(source) as last_source,
        min(coalesce(provider_id, '')) as machine, max(coalesce(provider_id, '')) as last_machine
    from usage.node_hour
    where hour::date in (select day from ledger.stale_day)
        and hour >= (select min(day) from ledger.stale_day)
    group by hour::date, cluster, node
),
uneven as (
    select day, cluster, node, source
    from told
    where bit_count(hours_seen) <> rows or source <> last_source or machine <> last_machine
),
-- Hour by hour where the day has more than one machine, source or row per hour.
lone as (
    select
        h.hour, h.cluster, h.node, u.source, max(h.provider_id) as provider_id,
        max(h.instance_type) as instance_type, max(h.region) as region,
        max(h.cpu_cores) as cpu_cores, max(h.ram_gib) as ram_gib,
        max(h.gpu_model) as gpu_model, max(h.gpus) as gpus, max(h.up_ratio) as up_ratio,
        false as is_even
    from usage.node_hour as h
    join uneven as u
        on u.day = h.hour::date and u.cluster = h.cluster and u.node = h.node
        and u.source = h.source
    group by h.hour, h.cluster, h.node, u.source
    union all
    select
        h.hour, h.cluster, h.node, h.source, h.provider_id, h.instance_type, h.region,
        h.cpu_cores, h.ram_gib, h.gpu_model, h.gpus, h.up_ratio, true
    from usage.node_hour as h
    left join uneven as u
        on u.day = h.hour::date and u.cluster = h.cluster and u.node = h.node
    where u.day is null and h.hour::date in (select day from ledger.stale_day)
        and h.hour >= (select min(day) from ledger.stale_day)
),
-- A capacity is at most 10^8, so that a shifted column overflows nothing.
clean as (
    select
        hour, cluster, node, source, provider_id, instance_type, region, gpu_model, is_even,
        up_ratio is not null as is_up_known,
        case when up_ratio > 1 then 1 when up_ratio < 0 then 0 else coalesce(up_ratio, 1) end
            ::decimal(18, 9) as up,
        case when cpu_cores > 100000000 then 100000000 when cpu_cores < 0 then 0 else cpu_cores end
            ::decimal(18, 9) as cores,
        case when ram_gib > 100000000 then 100000000 when ram_gib < 0 then 0 else ram_gib end
            ::decimal(18, 9) as gib,
        case when gpus > 1000000 then 1000000 when gpus < 0 then 0 else gpus end
            ::decimal(18, 9) as gpus
    from lone
),
-- The product of two decimals is slow, and most hours are whole.
there as (
    select
        *,
        case when up = 1 then cores else (up * cores)::decimal(18, 9) end as up_cores,
        case when up = 1 then gib else (up * gib)::decimal(18, 9) end as up_gib,
        case when up = 1 then gpus else (up * gpus)::decimal(18, 9) end as up_gpus
    from clean
),
summed as (
    select
        hour::date as day, source, cluster, node, provider_id as machine,
        max(instance_type) as instance_type, max(region) as region, max(gpu_model) as gpu_model,
        sum(up) as hours, count(*) as rows,
        sum(up_cores) as core_hours, count(cores) as core_rows,
        sum(up_gib) as gib_hours, count(gib) as gib_rows,
        sum(up_gpus) as gpu_hours, count(gpus) as gpu_rows,
        min(up_cores) as cores, min(up_gib) as gib,
        min(up_gpus) as gpus,
        bit_or(1::bigint << hour(hour)) as hours_seen,
        bool_and(is_up_known) as is_up_known, bool_and(is_even) as is_even
    from there
    group by hour::date, source, cluster, node, provider_id
),
listed as (
    select
        cluster, node, min(provider_id) as provider_id, min(instance_type) as instance_type,
        min(region) as region, min(capacity_type) as capacity_type, min(gpu_model) as gpu_model,
        max(cpu_cores) as cpu_cores, max(ram_gib) as ram_gib, max(gpus) as gpus
    from usage.node
    group by cluster, node
),
booked as (
    select instance_type, min(gpu_model) as gpu_model, max(gpus) as gpus
    from config.price
    where instance_type is not null
    group by instance_type
),
known as (
    select
        s.*, l.capacity_type, l.cpu_cores as listed_cores, l.ram_gib as listed_gib,
        coalesce(s.instance_type, l.instance_type) as type, coalesce(s.region, l.region) as place,
        coalesce(s.gpu_model, l.gpu_model) as product, l.gpus as listed_gpus
    from summed as s
    left join listed as l
        on l.cluster = s.cluster and l.node = s.node
        and (s.machine is null or l.provider_id is null or l.provider_id = s.machine)
),
whole as (
    select
        k.*, coalesce(k.product, b.gpu_model) as model,
        coalesce(k.listed_gpus::decimal(18, 9), b.gpus) as other_gpus,
        k.listed_cores::decimal(18, 9) as other_cores, k.listed_gib::decimal(18, 9) as other_gib
    from known as k
    left join booked as b on b.instance_type = k.type
)
select
    day, source, cluster, node, machine, type as instance_type, place as region, capacity_type,
    model as gpu_model, hours,
    case when core_rows > 0 then core_hours else (hours * other_cores)::decimal(38, 9) end
        as core_hours,
    case when gib_rows > 0 then gib_hours else (hours * other_gib)::decimal(38, 9) end
        as gib_hours,
    case when gpu_rows > 0 then gpu_hours else (hours * other_gpus)::decimal(38, 9) end
        as gpu_hours,
    case when core_rows > 0 then case when core_rows = rows then cores else 0 end
        else other_cores end::decimal(18, 9) as cores,
    case when gib_rows > 0 then case when gib_rows = rows then gib else 0 end
        else other_gib end::decimal(18, 9) as gib,
    case when gpu_rows > 0 then case when gpu_rows = rows then gpus else 0 end
        else other_gpus end::decimal(18, 9) as gpus,
    hours_seen, is_up_known, is_even
from whole
