-- What every paid GPU-hour did, for whom, and what it cost.
--
-- grain     one row per day, source, cluster, node, machine (provider_id), GPU model, kind, owner,
--           and whether the work came to nothing. `cluster` of a job is its queue or account, of an
--           endpoint its region, of a billed instance its account. Nobody owns capacity that
--           nobody requested and work that names nobody
-- kinds     cluster (Kubernetes), slurm, ray-job, training-job, ... (usage.gpu_job), endpoint,
--           host (known by samples alone), instance (by the bill alone), commitment (paid, unused)
-- hours     gpu_hours      paid; observed and unobserved ones make them up
--           observed       we can tell what they did; unobserved is never idle
--           used           by the GPUs' own ratio
--           idle           they did nothing: nobody requested them (unscheduled, of them), or with
--                          a ratio under 0.05. None of these is stalled
--           stalled        work ran to an end on them with a ratio under 0.05
--           failed         of work that failed, was cancelled or pre-empted: all of a row's hours
--                          or none; null where nobody says how work ended. Such a row has no idle
--                          and no stalled hours
-- money     the reporting currency, effective (amortised) cost of the machine that day, divided in
--           two: `cost` is its GPUs' part by the weights of the price book, `host_cost` that of its
--           cores and memory, with a node's data transfer (null: not told apart, and all of it is
--           `cost`); each is divided over
--           the machine's paid GPU-hours of that day. Null where the machine is on no bill and in
--           no price book, or a charge of it has no rate. The costs of idle, unscheduled, stalled,
--           failed and unobserved hours are parts of `cost`. A machine billed on a day without
--           hours has a row with the cost and none: unobserved
-- method    no machine counts twice: what a cluster tells of counts before jobs, jobs and endpoints
--           before samples of hosts, these before the bill, which gives what is left of a machine.
--           That is unscheduled where jobs are told of on that machine, else unobserved. A host,
--           an instance and the team of an endpoint are its owner's on the bill, where that names
--           one. Hours that a job or an endpoint is billed for on a day that nobody tells of are
--           an instance's, unobserved. What is billed on a day without hours may be owned by work
--           of any other day
-- rounding  shares to 18 digits, money_part to ten; every split adds up exactly
-- anew      gpu_hours = 0 and kind not in ('cluster', 'commitment')
-- rows from ledger.gpu_cluster_day, ledger.gpu_endpoint_day, ledger.gpu_instance_day,
--           ledger.gpu_job_day, ledger.gpu_sample_day
with cluster_machine_day as (
    select distinct day, machine from ledger.gpu_cluster_day where machine is not null
),
cluster_machine as (
    select day, machine as name from cluster_machine_day
    union
    select distinct day, node from ledger.gpu_cluster_day
),
known_machine as (
    select
        resource_id, min(split_key) as machine, min(kind) as kind
    from ledger.lineage
    where split_key is not null and kind not in ('volume', 'load-balancer', 'store')
    group by resource_id
),
instance as (
    select
        i.day, i.source, coalesce(i.sub_account, '') as cluster,
        coalesce(i.resource_id, '') as resource_id, i.is_unused,
        coalesce(k.machine, i.resource_id) as machine,
        coalesce(k.kind, 'instance') as known_as, i.gpu_model, i.capacity_type, i.gpu_ratio,
        i.hours, i.effective_cost
    from ledger.gpu_instance_day as i
    left join known_machine as k on k.resource_id = i.resource_id
),
billed_name as (
    select distinct day, machine, regexp_extract(machine, '[^/]+$', 0) as name
    from instance where machine is not null
),
host as (
    select
        s.day, s.source, s.host, coalesce(b.machine, s.host) as machine, s.gpu_model,
        s.hours, s.observed_hours, s.used_hours, s.low_hours
    from ledger.gpu_sample_day as s
    left join cluster_machine as c on c.day = s.day and c.name = s.host
    left join billed_name as b on b.day = s.day and (b.machine = s.host or b.name = s.host)
    left join ledger.gpu_endpoint_day as e
        on e.day = s.day and (e.machine = coalesce(b.machine, s.host) or e.node = s.host)
    where c.name is null and e.day is null
        and (s.job is null or s.job not in (select job from usage.gpu_job))
),
worked as (
    select day, machine, sum(hours) as hours, max(is_job) as is_job
    from (
        select day, machine, hours, 1 as is_job from ledger.gpu_job_day
        union all
        select day, machine, hours, 2 from ledger.gpu_endpoint_day
        union all
        select day, machine, hours, 0 from host
    ) as work
    where machine is not null
    group by day, machine
),
-- What a bill tells of a machine beyond the work that is known there.
billed_machine as (
    select
        day, source, cluster, machine, min(gpu_model) as gpu_model, min(known_as) as known_as,
        min(capacity_type) as capacity_type,
        case when min(gpu_ratio) = max(gpu_ratio) then min(gpu_ratio) end as gpu_ratio,
        sum(hours) as hours
    from instance
    where not is_unused and machine is not null
    group by day, source, cluster, machine
),
rest as (
    select
        b.day, b.source, b.cluster, b.machine, b.gpu_model, b.capacity_type, b.gpu_ratio,
        greatest(b.hours - coalesce(w.hours, 0), 0) as hours, coalesce(w.is_job, 0) = 1 as is_told
    from billed_machine as b
    left join cluster_machine as c on c.day = b.day and c.name = b.machine
    left join worked as w on w.day = b.day and w.machine = b.machine
    where c.name is null
        and (w.machine is null or b.known_as in ('instance', 'machine', 'node'))
),
-- Days on which a machine is billed, and nobody tells of hours.
known_day as (
    select day, machine from cluster_machine_day
    union
    select day, machine from ledger.gpu_job_day where machine is not null
    union
    select day, machine from ledger.gpu_endpoint_day where machine is not null
    union
    select day, machine from host where machine is not null
    union
    select day, machine from rest
),
late_day as (
    select distinct c.day, coalesce(k.machine, c.resource_id) as machine
    from ledger.charge_day as c
    left join known_machine as k on k.resource_id = c.resource_id
    left join known_day as d
        on d.day = c.day and d.machine = coalesce(k.machine, c.resource_id)
    where d.day is null and coalesce(k.machine, c.resource_id) in (
        select machine from ledger.gpu_job_day
        union
        select machine from ledger.gpu_endpoint_day
        union
        select machine from host
        union
        select machine from rest
    )
),
-- Whose a machine is by the bill, where all that is billed of it on a day names one owner.
owner as (
    select
        p.day, coalesce(k.machine, p.resource_id) as machine,
        case when count(*) = count(p.team) and min(p.team) = max(p.team) then min(p.team) end
            as team,
        case when count(*) = count(p.model) and min(p.model) = max(p.model) then min(p.model) end
            as model,
        case when count(*) = count(p.model_version) and min(p.model_version) = max(p.model_version)
            then min(p.model_version) end as model_version
    from ledger.part as p
    left join known_machine as k on k.resource_id = p.resource_id
    where p.allocated_to is null and p.charge_category = 'Usage'
        and (
            date_trunc('month', p.day)::date in (select month from ledger.stale_month)
            or coalesce(k.machine, p.resource_id) in (select machine from late_day)
        )
        and coalesce(k.machine, p.resource_id) in (
            select machine from instance
            union
            select machine from host
            union
            select machine from ledger.gpu_endpoint_day
        )
    group by p.day, coalesce(k.machine, p.resource_id)
),
all_work as (
    select
        day, source, cluster, node, machine, gpu_model, 'cluster' as kind, capacity_type, team,
        model, model_version, null::boolean as is_failed, null::decimal(19, 18) as gpu_ratio,
        hours, observed_hours, used_hours, unscheduled_hours, idle_hours, stalled_hours,
        null::decimal(38, 20) as own_cost
    from ledger.gpu_cluster_day
    union all
    select
        day, source, cluster, node, machine, gpu_model, kind, capacity_type, team, model,
        model_version, is_failed, gpu_ratio, hours, observed_hours, used_hours, 0, 0,
        stalled_hours, null
    from ledger.gpu_job_day
    union all
    select
        e.day, e.source, e.cluster, e.node, e.machine, e.gpu_model, 'endpoint', null, o.team,
        e.model, e.model_version, null, null, e.hours, e.observed_hours, e.used_hours, 0,
        e.idle_hours, 0, null
    from ledger.gpu_endpoint_day as e
    left join owner as o on o.day = e.day and o.machine = e.machine
    union all
    select
        h.day, h.source, '', h.host, h.machine, h.gpu_model, 'host', null, o.team, o.model,
        o.model_version, null, null, sum(h.hours), sum(h.observed_hours), sum(h.used_hours), 0,
        sum(h.low_hours), 0, null
    from host as h
    left join owner as o on o.day = h.day and o.machine = h.machine
    group by
        h.day, h.source, h.host, h.machine, h.gpu_model, o.team, o.model, o.model_version
    union all
    select
        r.day, r.source, r.cluster, r.machine, r.machine, r.gpu_model, 'instance',
        r.capacity_type, o.team, o.model, o.model_version, null, r.gpu_ratio, r.hours,
        case when r.is_told then r.hours else 0 end, 0,
        case when r.is_told then r.hours else 0 end, 0, 0, null
    from rest as r
    left join owner as o on o.day = r.day and o.machine = r.machine
    union all
    select
        day, source, cluster, resource_id, machine, gpu_model, 'commitment', null, null, null,
        null, null, null, sum(hours), sum(hours), 0, sum(hours), 0, 0,
        case when count(*) = count(effective_cost) then sum(effective_cost) end
    from instance
    where is_unused
    group by day, source, cluster, resource_id, machine, gpu_model
),
work as materialized (
    select * from all_work
    where date_trunc('month', day)::date in (select month from ledger.stale_month)
        or (kind <> 'cluster' and machine in (select machine from late_day))
),
priced as (
    select
        c.day, coalesce(k.machine, c.resource_id) as machine,
        case when count(*) = count(c.rate)
            then sum(money_at_rate(c.billing_effective_cost, c.rate)) end as cost
    from ledger.charge_day as c
    left join known_machine as k on k.resource_id = c.resource_id
    left join late_day as d on d.day = c.day and d.machine = coalesce(k.machine, c.resource_id)
    where (
            d.day is not null
            or date_trunc('month', c.day)::date in (select month from ledger.stale_month)
        )
        and coalesce(k.machine, c.resource_id) in (
            select machine from work where kind <> 'commitment' and kind <> 'cluster'
        )
    group by c.day, coalesce(k.machine, c.resource_id)
),
late as (
    select
        p.day, w.source, w.cluster, w.node, p.machine, w.gpu_model, w.kind, w.capacity_type,
        w.team, w.model, w.model_version, w.is_failed, w.gpu_ratio,
        row_number() over (
            partition by p.day, p.machine
            -- who says whose work it was before what a bill alone tells
            order by case when w.kind = 'instance' then 1 else 0 end, w.day, w.source, w.cluster,
                w.node, w.kind, w.gpu_model, w.team, w.model, w.model_version, w.is_failed
        ) as choice
    from late_day as p
    join work as w on w.machine = p.machine and w.kind <> 'commitment' and w.kind <> 'cluster'
),
line as (
    select * from work
    where date_trunc('month', day)::date in (select month from ledger.stale_month)
        and (hours > 0 or own_cost is not null or kind = 'cluster')
    union all
    select
        day, source, cluster, node, machine, gpu_model, kind, capacity_type, team, model,
        model_version, is_failed, gpu_ratio, 0, 0, 0, 0, 0, 0, null
    from late where choice = 1
),
-- The part of a node's price that is its GPUs', by what the allocation made of it.
node_ratio as (
    select day, machine, share_ratio(sum(gpu_part), sum(part)) as gpu_ratio
    from ledger.pod_day
    where machine is not null
        and date_trunc('month', day)::date in (select month from ledger.stale_month)
    group by day, machine
),
costed as (
    select
        l.day, l.source, l.cluster, l.node, l.machine, l.gpu_model, l.kind, l.capacity_type,
        l.team, l.model, l.model_version, l.is_failed, l.hours, l.observed_hours, l.used_hours,
        l.unscheduled_hours, l.idle_hours, l.stalled_hours, l.own_cost,
        case when l.kind = 'commitment' then 1 else 0 end as is_alone,
        coalesce(m.cost, p.cost) as machine_cost, m.transfer_cost,
        case
            when m.cost is not null then coalesce(m.price_source, 'bill')
            when coalesce(p.cost, l.own_cost) is not null then 'bill'
        end as price_source,
        case when l.kind = 'cluster' then r.gpu_ratio else l.gpu_ratio end as gpu_ratio
    from line as l
    left join ledger.machine_day as m
        on m.day = l.day and m.machine = l.machine and l.kind = 'cluster'
    left join priced as p
        on p.day = l.day and p.machine = l.machine and l.kind <> 'cluster'
        and l.kind <> 'commitment'
    left join node_ratio as r on r.day = l.day and r.machine = l.machine and l.kind = 'cluster'
),
ordered as (
    select
        *, case when transfer_cost is null then machine_cost else machine_cost - transfer_cost end
            as machine_own_cost,
        sum(hours) over (partition by day, machine, is_alone) as whole,
        min(gpu_ratio) over (partition by day, machine, is_alone) as least_ratio,
        max(gpu_ratio) over (partition by day, machine, is_alone) as most_ratio,
        sum(hours) over (
            partition by day, machine, is_alone
            order by hours desc, source, cluster, node, kind, gpu_model, capacity_type, team, model,
                model_version, is_failed
            rows between unbounded preceding and current row
        ) as upto,
        row_number() over (
            partition by day, machine, is_alone
            order by hours desc, source, cluster, node, kind, gpu_model, capacity_type, team, model,
                model_version, is_failed
        ) as size_rank
    from costed
),
divided as (
    select
        *,
        case when whole > 0 then share_ratio(upto - hours, whole)
            when size_rank = 1 then 0 else 1 end::decimal(19, 18) as from_ratio,
        case when whole > 0 then share_ratio(upto, whole) else 1 end::decimal(19, 18)
            as upto_ratio,
        case
            when is_alone = 1 then own_cost
            when least_ratio = most_ratio then money_upto(machine_own_cost, least_ratio)
            else machine_cost
        end as gpu_cost,
        case when is_alone = 0 and least_ratio = most_ratio
            then machine_cost - money_upto(machine_own_cost, least_ratio) end as machine_host_cost
    from ordered
),
owed as (
    select
        *,
        case when is_alone = 1 then gpu_cost else money_part(gpu_cost, from_ratio, upto_ratio) end
            as cost,
        money_part(machine_host_cost, from_ratio, upto_ratio) as host_cost,
        case when is_failed then hours else 0 end as failed_hours,
        case when is_failed then 0 else hours - observed_hours end as unknown_hours
    from divided
    where hours > 0 or (size_rank = 1 and (machine_cost is not null or own_cost is not null))
),
-- Up to which part of a row's cost each step goes; what is billed without hours is unobserved.
stepped as (
    select
        *,
        case when hours = 0 then 0::decimal(19, 18)
            else share_ratio(unscheduled_hours, hours) end as to_unscheduled,
        case when hours = 0 then 0::decimal(19, 18)
            else share_ratio(unscheduled_hours + idle_hours, hours) end as to_idle,
        case when hours = 0 then 0::decimal(19, 18)
            else share_ratio(unscheduled_hours + idle_hours + stalled_hours, hours)
        end as to_stalled,
        case when hours = 0 then 0::decimal(19, 18)
            else share_ratio(
                unscheduled_hours + idle_hours + stalled_hours + failed_hours, hours
            ) end as to_failed,
        case when hours = 0 then 1::decimal(19, 18)
            else share_ratio(
                unscheduled_hours + idle_hours + stalled_hours + failed_hours + unknown_hours, hours
            ) end as to_unobserved
    from owed
)
select
    day, source, cluster, node, machine as provider_id, gpu_model, team, model, model_version,
    kind, capacity_type, price_source,
    hours::double as gpu_hours,
    observed_hours::double as observed_gpu_hours,
    used_hours::double as used_gpu_hours,
    (unscheduled_hours + idle_hours)::double as idle_gpu_hours,
    (hours - observed_hours)::double as unobserved_gpu_hours,
    case when is_failed is not null then failed_hours::double end as failed_gpu_hours,
    unscheduled_hours::double as unscheduled_gpu_hours,
    stalled_hours::double as stalled_gpu_hours,
    cost, host_cost,
    money_upto(cost, to_idle) as idle_cost,
    money_upto(cost, to_unscheduled) as unscheduled_cost,
    money_part(cost, to_idle, to_stalled) as stalled_cost,
    money_part(cost, to_stalled, to_failed) as failed_cost,
    money_part(cost, to_failed, to_unobserved) as unobserved_cost
from stepped
order by
    day, source, cluster, node, provider_id, gpu_model, kind, team, model, model_version,
    capacity_type, failed_gpu_hours
