-- Nodes without GPUs whose pods would fit on the other nodes of their pool.
--
-- grain     one row per node of a cluster that has no GPUs
-- input     the last hour that is told of its cluster is the present
-- method    a pool is the nodes of a cluster of one instance type, region, kind of capacity and,
--           where the cluster's list names it, node group. What a pool needs of an hour: the cores
--           (and likewise the GiB) that its pods held, max(request, usage), by what one node has
--           room for: its size by $headroom, less what DaemonSets hold on it, less the largest pod,
--           because up to as much stays free on each node when no further pod fits. The busiest
--           hour of $days days counts; $least_nodes nodes, and as many as the pool has zones, stay.
--           Those that held least go first; one with a pod that no controller would make again, or
--           that its annotations hold where it is, stays. It is tried on the past: where the need
--           of the days before the last $held_out_days would have been too little in over $violated
--           of their hours, it is withheld. Affinities, taints and disruption budgets are not known
-- money     its charges on the bill, by the rate of the last 30 days; else by list, on demand
-- param     days = 7: days whose busiest hour counts
-- param     held_out_days = 2: last days of these on which it is tried
-- param     violated = 0.01: part of their hours in which it may have been too little; 0 to 1
-- param     observed_ratio = 0.9: part of the hours of these days that must be known; 0 to 1
-- param     headroom = 1.1: times what pods hold, as a machine keeps some for itself
-- param     least_nodes = 2: nodes of a pool that stay in any case
-- source    Kubernetes documentation, "Safely Drain a Node"; Kubernetes Autoscaler, FAQ, "What
--           types of pods can prevent CA from removing a node?"
-- rows from usage.node_hour
with hour_end as (
    select cluster, max(hour) as present from usage.node_hour group by cluster
),
listed as (
    select
        cluster, node, capacity_type, zone, gpus, labels,
        coalesce(
            labels ->> '$."eks.amazonaws.com/nodegroup"',
            labels ->> '$."cloud.google.com/gke-nodepool"',
            labels ->> '$."kubernetes.azure.com/agentpool"', labels ->> '$."agentpool"',
            labels ->> '$."karpenter.sh/nodepool"'
        ) as node_group
    from usage.node
    qualify row_number() over (partition by cluster, node order by seen_at desc, source) = 1
),
-- All nodes of the window; those that are gone belong to every pool of their type.
node as (
    select
        h.cluster, h.node, arg_max(h.source, (h.hour, h.source)) as source, any_value(e.present) as present,
        arg_max(h.provider_id, h.hour) as machine,
        arg_max(h.instance_type, h.hour) as instance_type, arg_max(h.region, h.hour) as region,
        min(h.cpu_cores) as cores, min(h.ram_gib) as gib,
        max(h.hour) > any_value(e.present) - interval 2 hour as is_there
    from usage.node_hour as h
    join hour_end as e on e.cluster = h.cluster
    where h.hour > e.present - to_days($days::integer) and coalesce(h.up_ratio, 1) > 0
    group by h.cluster, h.node
    having coalesce(max(h.gpus), 0) = 0 and max(h.gpu_model) is null
),
pooled as (
    select
        n.*, l.cluster is not null as is_listed, l.zone, l.labels, l.capacity_type, l.node_group,
        concat_ws('/',
            n.cluster, coalesce(n.instance_type, '?'), coalesce(n.region, ''),
            coalesce(l.capacity_type, ''), coalesce(l.node_group, '')
        ) as pool
    from node as n
    left join listed as l on l.cluster = n.cluster and l.node = n.node
    where coalesce(l.gpus, 0) = 0
),
member as (
    select pool, cluster, node from pooled where is_there
    union
    select p.pool, g.cluster, g.node
    from pooled as g
    join pooled as p
        on p.cluster = g.cluster and p.instance_type is not distinct from g.instance_type
        and p.region is not distinct from g.region and p.is_there
    where not g.is_there
),
owned as (
    select
        cluster, namespace, pod, bool_or(owner_kind = 'DaemonSet') as is_daemon,
        bool_or(is_bare) as is_bare, bool_or(is_held) as is_held
    from (
        select cluster, namespace, pod, owner_kind, owner is null as is_bare, false as is_held
        from usage.pod
        union all
        select
            cluster, namespace, pod, owner_kind, null,
            case when json_valid(annotations) then coalesce(
                (annotations ->> '$."cluster-autoscaler.kubernetes.io/safe-to-evict"') = 'false'
                or (annotations ->> '$."karpenter.sh/do-not-disrupt"') = 'true'
                or (annotations ->> '$."karpenter.sh/do-not-evict"') = 'true', false
            ) end
        from usage.container
    )
    group by cluster, namespace, pod
),
held as (
    select
        p.cluster, p.node, p.hour, p.pod, coalesce(o.is_daemon, false) as is_daemon,
        coalesce(o.is_bare or o.is_held, false) as is_pinned,
        greatest(p.cpu_request_cores, p.cpu_used_cores) as cores,
        greatest(p.ram_request_gib, p.ram_used_gib) as gib
    from usage.pod_hour as p
    join hour_end as e on e.cluster = p.cluster
    left join owned as o
        on o.cluster = p.cluster and o.namespace = p.namespace and o.pod = p.pod
    where p.hour > e.present - to_days($days::integer) and coalesce(p.up_ratio, 1) > 0
),
told as (
    select
        cluster, count(distinct hour) as hours,
        count(*) filter (node is null and (cores > 0 or gib > 0)) as unplaced
    from held group by cluster
),
by_node as (
    select
        cluster, node, hour, (sum(exact(cores)) filter (is_daemon))::double as daemon_cores,
        (sum(exact(gib)) filter (is_daemon))::double as daemon_gib,
        (sum(exact(cores)) filter (not is_daemon))::double as cores,
        (sum(exact(gib)) filter (not is_daemon))::double as gib,
        max(cores) filter (not is_daemon) as pod_cores,
        max(gib) filter (not is_daemon) as pod_gib,
        count(*) filter (cores is null or gib is null) as unknown,
        min(pod) filter (is_pinned) as pinned
    from held where node is not null
    group by cluster, node, hour
),
size as (
    select
        pool, count(*) as nodes, min(cores) as cores, min(gib) as gib,
        count(distinct zone) as zones
    from pooled where is_there group by pool
),
room as (
    select
        m.pool, sum(b.unknown) as unknown,
        any_value(s.cores) / $headroom - coalesce(max(b.daemon_cores), 0)
            - coalesce(max(b.pod_cores), 0) as cores,
        any_value(s.gib) / $headroom - coalesce(max(b.daemon_gib), 0) - coalesce(max(b.pod_gib), 0)
            as gib
    from member as m
    join size as s on s.pool = m.pool
    left join by_node as b on b.cluster = m.cluster and b.node = m.node
    group by m.pool
),
hourly as (
    select
        m.pool, b.hour, sum(exact(b.cores))::double as cores, sum(exact(b.gib))::double as gib,
        -- Where a pod is as large as a node, nothing is said to fit.
        case when any_value(r.cores) > 0 and any_value(r.gib) > 0 then greatest(
            ceil(coalesce(sum(exact(b.cores))::double, 0) / any_value(r.cores)),
            ceil(coalesce(sum(exact(b.gib))::double, 0) / any_value(r.gib))
        ) else 1e9 end as needed
    from member as m
    join by_node as b on b.cluster = m.cluster and b.node = m.node
    join room as r on r.pool = m.pool
    group by m.pool, b.hour
),
need as (
    select
        h.pool, max(h.needed) as needed, max(h.cores) as cores, max(h.gib) as gib,
        max(h.needed) filter (not h.is_held_out) as trained_needed
    from (
        select
            h.*, h.hour > e.present - to_days($held_out_days::integer) as is_held_out
        from hourly as h
        join (select pool, any_value(present) as present from pooled group by pool) as e
            on e.pool = h.pool
    ) as h
    group by h.pool
),
tried as (
    select
        h.pool, count(*) as intervals,
        count(*) filter (h.needed > greatest(n.trained_needed, $least_nodes)) as violations
    from hourly as h
    join need as n on n.pool = h.pool
    join (select pool, any_value(present) as present from pooled group by pool) as e
        on e.pool = h.pool
    where h.hour > e.present - to_days($held_out_days::integer)
    group by h.pool
),
busiest as (
    select
        b.cluster, b.node, max(b.cores) as cores, max(b.gib) as gib,
        arg_max(b.pinned, b.hour) filter (b.hour > e.present - interval 1 day) as pinned
    from by_node as b
    join hour_end as e on e.cluster = b.cluster
    group by b.cluster, b.node
),
cost as (
    select
        l.split_key as machine,
        -- A charge whose cost is not known is a charge.
        coalesce(
            arg_max(r.resource_id, (r.cost_per_month, r.resource_id))
                filter (r.cost_per_month is not null),
            min(r.resource_id)
        ) as resource_id,
        case when count(*) = count(r.cost_per_month) then sum(r.cost_per_month) end
            as cost_per_month,
        max(r.committed_ratio) as committed_ratio, min(r.team) as team, min(r.model) as model,
        min(r.environment) as environment
    from ledger.lineage as l
    join ledger.resource_rate as r on r.resource_id = l.resource_id
    where l.kind = 'node' and l.split_key is not null
    group by l.split_key
),
price as (
    select instance_type, region, price from ledger.listed_machine where gpus = 0
),
looked_at as (
    select
        p.*, s.nodes, s.zones, s.cores as node_cores, s.gib as node_gib,
        coalesce(t.hours, 0) as hours, coalesce(t.unplaced, 0) as unplaced,
        coalesce(r.unknown, 0) as unknown, n.cores as peak_cores, n.gib as peak_gib,
        greatest(coalesce(n.needed, 0), $least_nodes, s.zones) as needed, b.pinned, v.intervals,
        coalesce(v.violations, 0) as violations,
        row_number() over (
            partition by p.pool
            order by b.pinned is not null, coalesce(b.cores, 0), coalesce(b.gib, 0), p.node
        ) as place
    from pooled as p
    join size as s on s.pool = p.pool
    left join room as r on r.pool = p.pool
    left join need as n on n.pool = p.pool
    left join tried as v on v.pool = p.pool
    left join told as t on t.cluster = p.cluster
    left join busiest as b on b.cluster = p.cluster and b.node = p.node
    where p.is_there
),
judged as (
    select
        l.*,
        case
            when instance_type is null then 'nobody tells of which type it is'
            when node_cores is null or node_gib is null
                then 'nobody tells how large the nodes of its pool are'
            when hours < $observed_ratio * $days * 24 then 'its cluster told of pods in ' || hours
                || ' of ' || ($days * 24) || ' hours'
            when unknown > 0 then 'nobody tells what some pods of its pool hold'
            when unplaced > 0 then 'nobody tells on which nodes some pods of its cluster ran'
        end as unsaid
    from looked_at as l
),
answered as (
    select
        j.*, coalesce(c.resource_id, j.machine) as resource_id, c.team, c.model, c.environment,
        c.committed_ratio, c.resource_id is not null as is_billed,
        coalesce(c.cost_per_month, case when c.resource_id is null
            and coalesce(j.capacity_type, 'on-demand') = 'on-demand'
            then money_estimate(a.price::double * 730) end) as cost_per_month,
        case
            when unsaid is not null then 'cannot-say'
            when place > nodes - needed or pinned is not null then 'clean'
            when violations > $violated * intervals then 'withheld'
            else 'advise'
        end as answer
    from judged as j
    left join cost as c on c.machine = j.machine
    left join price as a on lower(a.instance_type) = lower(j.instance_type)
        and (a.region = j.region or a.region is null)
    qualify row_number() over (
        partition by j.cluster, j.node order by a.region is null, a.price
    ) = 1
)
select
    'node/' || cluster || '/' || node as subject, source, cluster || '/' || node as name, answer,
    case
        when unsaid is not null then unsaid
        when answer = 'clean' and nodes <= needed then 'its pool of ' || nodes || ' needs '
            || case when nodes = 1 then 'it' else 'all of them' end
        when answer = 'clean' and pinned is not null then 'the pod ' || pinned
            || ' on it would not be made again elsewhere, or may not be moved'
        when answer = 'clean' then 'of its pool of ' || nodes || ', others that hold less can go'
        else 'its pool of ' || nodes || ' needs ' || needed::bigint || ': its pods held at most '
            || round(coalesce(peak_cores, 0), 1) || ' of ' || round(nodes * node_cores, 1)
            || ' cores and ' || round(coalesce(peak_gib, 0), 1) || ' of '
            || round(nodes * node_gib, 1) || ' GiB in ' || $days || ' days, up to ' || present::date
            || case when answer = 'withheld' then '; it was too little in ' || violations || ' of '
                || intervals || ' hours' else '' end
    end as reason,
    case when answer = 'advise' then 'stop' end as action,
    concat_ws(', ', instance_type, capacity_type, 'a pool of ' || nodes) as current,
    case when answer = 'advise' then 'a pool of ' || needed::bigint end as proposed, cost_per_month,
    case when answer = 'advise' then cost_per_month end as saving_per_month,
    case when answer = 'advise' and cost_per_month is not null
        then case when is_billed then 'bill' else 'list' end end as saving_basis,
    case when answer = 'advise' then case when is_listed then 'medium' else 'low' end end
        as confidence,
    case when answer = 'advise' then 'Which pods may not move, by affinity, taint, local disc or '
        || 'disruption budget, is not known here: drain one node at a time, and lower the group''s '
        || 'least size, or it comes back.' || case when is_listed then ''
            else ' Nor is known which of them are DaemonSets, or to which group it belongs.' end
        end as risk,
    to_json({
        pool: pool, nodes: nodes, needed: needed::bigint, zones: zones, peak_cores: peak_cores,
        peak_gib: peak_gib, node_cores: node_cores, node_gib: node_gib, hours: hours,
        pinned: pinned, intervals: intervals, violations: violations
    })::varchar as evidence,
    case when answer = 'advise' then 'kubectl drain ' || shell_quoted(node)
        || ' --ignore-daemonsets' end as command,
    team, model, null::varchar as model_version, environment, resource_id,
    coalesce(resource_id, 'node/' || cluster || '/' || node) as saves_on, null::varchar as inside,
    committed_ratio, labels as tags
from answered
