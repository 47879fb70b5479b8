-- Pods that hold whole GPUs and do next to nothing with them: a slice or a share would do.
--
-- grain     one row per workload (the pods' owner, else the pod) and machine, of pods that asked
--           for whole GPUs in the last day for which their cluster tells of any
-- method    idle: with at least $min_hours observed hours, the 95th percentile of the ratio at
--           which its GPUs are used, hour by hour and pod by pod, is under $idle_ratio. What its
--           GPUs hold of memory together, at its peak and 15 % more, has to fit the part: a slice
--           where the model can be cut (MIG: 1/7, 2/7 or 1/2 of the GPU for 1/8, 2/8 or 4/8 of its
--           memory; of four slices 1/4 or 1/2), else one of up to $most_shares time slices. Silence
--           is no idleness, and unknown memory no room
-- money     what the GPUs of its pods cost on complete days of the window, by the month, less the
--           part that stays. It is saved once others use the rest, or a machine less is needed
-- param     idle_ratio = 0.05: 95th percentile of the ratio of use, under which it is idle
-- param     min_hours = 6: least observed hours
-- param     most_shares = 4: into how many time slices a GPU is cut at most
-- param     days = 7: how many days of a workload's use are looked at
-- source    NVIDIA, "MIG User Guide", supported profiles; ledger.pod_day
-- rows from usage.pod_hour
with hour_end as (
    select cluster, max(hour) as present from usage.pod_hour group by cluster
),
owner as (
    select
        cluster, namespace, pod, min(owner_kind) as owner_kind, min(owner) as owner
    from usage.pod where owner is not null
    group by cluster, namespace, pod
),
held as (
    select
        p.source, p.cluster, p.namespace, p.pod, p.node, p.hour, e.present, p.gpu_request,
        coalesce(o.owner_kind, 'Pod') as owner_kind, coalesce(o.owner, p.pod) as owner,
        case when p.gpu_used_ratio between 0 and 1 then p.gpu_used_ratio end as used,
        case when p.gpu_memory_used_gib between 0 and 100000 then p.gpu_memory_used_gib end
            as memory_gib
    from usage.pod_hour as p
    join hour_end as e
        on e.cluster = p.cluster and p.hour > e.present - to_days($days::integer)
    left join owner as o
        on o.cluster = p.cluster and o.namespace = p.namespace and o.pod = p.pod
    left join ledger.pod_gpu as s
        on s.cluster = p.cluster and s.namespace = p.namespace and s.pod = p.pod
    where p.gpu_request >= 1 and p.node is not null and s.pod is null
),
workload as (
    select
        cluster, namespace, owner_kind, owner, node, min(source) as source,
        any_value(present) as present, count(distinct pod) as pods,
        count(distinct hour) filter (used is not null) as observed_hours,
        max(hour) filter (used is not null) as last_at,
        quantile_cont(used, 0.95) as used_p95, max(used) as used_max,
        max(gpu_request) as gpus,
        case when count(*) filter (used is not null)
            = count(memory_gib) filter (used is not null) then max(memory_gib) end
            as memory_max_gib
    from held
    group by cluster, namespace, owner_kind, owner, node
    having max(hour) > any_value(present) - interval 24 hour
),
-- What its GPUs cost on the days for which anything is told.
cost as (
    select
        h.cluster, h.namespace, h.owner_kind, h.owner, h.node,
        case when count(*) = count(d.cost) then sum(
            d.cost::double * d.gpu_part::double / nullif(d.part::double, 0)
        ) / count(distinct d.day) * 730 / 24 end as gpu_cost,
        bool_and(d.price_source = 'bill') as is_billed, min(d.team) as team,
        min(d.model) as model, min(d.model_version) as model_version,
        min(d.environment) as environment
    from (
        select distinct cluster, namespace, pod, owner_kind, owner, node, present from held
    ) as h
    join ledger.pod_day as d
        on d.cluster = h.cluster and d.namespace = h.namespace and d.pod = h.pod
        and d.node = h.node and d.day < h.present::date
        and d.day >= h.present::date - $days::integer
    where d.part > 0
    group by h.cluster, h.namespace, h.owner_kind, h.owner, h.node
),
-- Workloads that are looked at as endpoints: what stops one of these frees its GPUs.
endpoint as (
    select endpoint, min(saves_on) as saves_on, min(inside) as machine
    from ledger.endpoint_rate
    where kind in ('kserve', 'deployment', 'statefulset', 'rollout')
    group by endpoint
),
fitted as (
    select
        w.*, c.gpu_cost, c.is_billed, c.team, c.model, c.model_version, c.environment,
        m.subject as machine,
        case when e.machine = coalesce(m.resource_id, m.subject) then e.saves_on
            else coalesce(m.resource_id, m.subject) end as larger,
        m.committed_ratio, m.resource_id as machine_resource, m.capacity_type,
        coalesce(m.gpu_model, m.told_model) as gpu_model, m.gpu_memory_gib, g.mig_slices,
        case
            when g.mig_slices = 7 then list_extract(list_filter(
                [{part: 1/7, gib: 1/8}, {part: 2/7, gib: 2/8}, {part: 1/2, gib: 4/8}],
                lambda s: s.gib * m.gpu_memory_gib >= w.memory_max_gib * 1.15
            ), 1).part
            when g.mig_slices = 4 then list_extract(list_filter(
                [1/4, 1/2], lambda s: s * m.gpu_memory_gib >= w.memory_max_gib * 1.15
            ), 1)
            when m.gpu_memory_gib >= 2 * 1.15 * w.memory_max_gib
                then 1 / least($most_shares, floor(
                    m.gpu_memory_gib / greatest(1.15 * w.memory_max_gib, 0.001)
                ))
        end as part
    from workload as w
    left join cost as c
        on c.cluster = w.cluster and c.namespace = w.namespace and c.owner_kind = w.owner_kind
        and c.owner = w.owner and c.node = w.node
    left join ledger.gpu_machine as m on m.cluster = w.cluster and m.node = w.node
    left join config.gpu_model as g on g.gpu_model = m.gpu_model
    left join endpoint as e
        on e.endpoint = concat_ws('/', w.cluster, w.namespace, w.owner_kind, w.owner)
),
answered as (
    select
        *,
        case
            when observed_hours = 0 then 'unobserved'
            when observed_hours < $min_hours then 'short'
            when last_at < present - interval 24 hour then 'silent'
            when used_p95 >= $idle_ratio then 'busy'
            when memory_max_gib is null then 'maybe loaded'
            when gpu_memory_gib is null then 'unsized'
            when part is null then 'full'
            else 'idle'
        end as verdict,
        round(100 * used_p95, 1) || ' % used at the 95th percentile of ' || observed_hours
            || ' observed hours' as figures
    from fitted
)
select
    concat_ws('/', 'workload', cluster, namespace, owner_kind, owner, node) as subject, source,
    concat_ws('/', cluster, namespace, owner) || ' on ' || node as name,
    case verdict when 'idle' then 'advise' when 'busy' then 'clean' when 'full' then 'clean'
        else 'cannot-say' end as answer,
    case verdict
        when 'unobserved' then 'nobody tells what it does with its GPUs'
        when 'short' then 'its GPUs were observed for ' || observed_hours || ' of at least '
            || $min_hours || ' hours'
        when 'silent' then 'nobody tells what it does with its GPUs since '
            || strftime(last_at, '%Y-%m-%d %H:%M')
        when 'busy' then 'its GPUs are ' || figures
        when 'maybe loaded' then 'its GPUs are ' || figures || ', and nobody tells how full their '
            || 'memory is'
        when 'unsized' then 'its GPUs are ' || figures
            || ', and nobody tells how large their memory is'
        when 'full' then 'its GPUs are ' || figures || ', and what it holds of their memory, '
            || round(memory_max_gib, 1) || ' GiB, fits no part of one'
        else 'its GPUs are ' || figures || ', and it holds up to ' || round(memory_max_gib, 1)
            || ' of ' || round(gpu_memory_gib)::bigint || ' GiB'
    end as reason,
    case when verdict = 'idle' then 'consolidate' end as action,
    gpus || ' whole ' || coalesce(gpu_model, 'GPU') || case when pods > 1
        then ' for each of ' || pods || ' pods' else '' end as current,
    case when verdict = 'idle' then case when mig_slices is not null then 'a MIG slice: '
        else 'a time slice: ' end || round(100 * part)::bigint || ' % of a GPU' end as proposed,
    money_estimate(gpu_cost) as cost_per_month,
    case when verdict = 'idle' then money_estimate(gpu_cost * (1 - part / gpus)) end
        as saving_per_month,
    case when verdict = 'idle' and gpu_cost is not null
        then case when is_billed then 'effective rate' else 'list' end end as saving_basis,
    case when verdict = 'idle' then case when gpus > 1 or mig_slices is null or observed_hours < 24
        then 'low' else 'medium' end end as confidence,
    case when verdict = 'idle' then case when mig_slices is null
        then 'Time slices share memory and fail together. ' else '' end
        || 'It is saved once others use the rest of the GPU, or a machine less is needed.' end
        as risk,
    to_json({
        used_p95: used_p95, used_max: used_max, observed_hours: observed_hours, last_at: last_at,
        until: present, memory_max_gib: memory_max_gib, gpu_memory_gib: gpu_memory_gib,
        part: part, gpus: gpus, pods: pods, machine: machine, capacity_type: capacity_type
    })::varchar as evidence,
    null::varchar as command,
    team, model, model_version, environment, null::varchar as resource_id,
    concat_ws('/', 'workload', cluster, namespace, owner_kind, owner, node) as saves_on,
    larger as inside, committed_ratio, null::varchar as tags
from answered
