-- Where the money for GPUs goes, month by month: from what was paid down to what did work.
--
-- grain     one row per month, source, cluster, GPU model and step, all nine steps of each
-- money     the reporting currency, effective (amortised) cost; null where nothing of it is priced.
--           The steps after `paid` add up to it, to the last digit, and `paid` to the bill of these
--           machines; each is zero or more where the bill is
-- steps     paid; commitment_unused: commitments and reservations that nothing ran on; host: the
--           part of the machines that is cores and memory; unscheduled: nobody asked for them;
--           idle: asked for, and nothing ran; stalled: work ran, its GPU did next to nothing;
--           failed: work that failed, was cancelled or pre-empted; unobserved: nobody can tell;
--           productive: the rest, which is more than the GPUs' own ratio of use
-- hours     of each step; a host has none of its own
-- rows from ledger.gpu_hour
with line as (
    select
        date_trunc('month', day)::date as month, source, cluster, gpu_model,
        kind = 'commitment' as is_unused,
        gpu_hours::decimal(38, 9) as hours,
        unscheduled_gpu_hours::decimal(38, 9) as unscheduled,
        (idle_gpu_hours - unscheduled_gpu_hours)::decimal(38, 9) as idle,
        stalled_gpu_hours::decimal(38, 9) as stalled,
        coalesce(failed_gpu_hours, 0)::decimal(38, 9) as failed,
        case when failed_gpu_hours > 0 then 0 else unobserved_gpu_hours::decimal(38, 9) end
            as unobserved,
        cost, host_cost, unscheduled_cost, idle_cost - unscheduled_cost as idle_cost, stalled_cost,
        failed_cost, unobserved_cost
    from ledger.gpu_hour
),
summed as (
    select
        month, source, cluster, gpu_model,
        sum(hours) as hours,
        coalesce(sum(hours) filter (where is_unused), 0) as unused_hours,
        coalesce(sum(unscheduled) filter (where not is_unused), 0) as unscheduled_hours,
        coalesce(sum(idle) filter (where not is_unused), 0) as idle_hours,
        coalesce(sum(stalled) filter (where not is_unused), 0) as stalled_hours,
        coalesce(sum(failed) filter (where not is_unused), 0) as failed_hours,
        coalesce(sum(unobserved) filter (where not is_unused), 0) as unobserved_hours,
        sum(cost) as cost, -- of the GPUs
        coalesce(sum(host_cost), 0) as host_cost,
        coalesce(sum(cost) filter (where is_unused), 0) as unused_cost,
        coalesce(sum(unscheduled_cost) filter (where not is_unused), 0) as unscheduled_cost,
        coalesce(sum(idle_cost) filter (where not is_unused), 0) as idle_cost,
        coalesce(sum(stalled_cost) filter (where not is_unused), 0) as stalled_cost,
        coalesce(sum(failed_cost) filter (where not is_unused), 0) as failed_cost,
        coalesce(sum(unobserved_cost) filter (where not is_unused), 0) as unobserved_cost
    from line
    group by month, source, cluster, gpu_model
),
step as (
    select position, step
    from (
        values
            (1, 'paid'), (2, 'commitment_unused'), (3, 'host'), (4, 'unscheduled'), (5, 'idle'),
            (6, 'stalled'), (7, 'failed'), (8, 'unobserved'), (9, 'productive')
    ) as t(position, step)
)
select
    s.month, s.source, s.cluster, s.gpu_model, p.position, p.step,
    (case p.step
        when 'paid' then s.hours
        when 'commitment_unused' then s.unused_hours
        when 'unscheduled' then s.unscheduled_hours
        when 'idle' then s.idle_hours
        when 'stalled' then s.stalled_hours
        when 'failed' then s.failed_hours
        when 'unobserved' then s.unobserved_hours
        when 'productive' then s.hours - s.unused_hours - s.unscheduled_hours - s.idle_hours
            - s.stalled_hours - s.failed_hours - s.unobserved_hours
    end)::double as gpu_hours,
    case when s.cost is not null then case p.step
        when 'paid' then s.cost + s.host_cost
        when 'commitment_unused' then s.unused_cost
        when 'host' then s.host_cost
        when 'unscheduled' then s.unscheduled_cost
        when 'idle' then s.idle_cost
        when 'stalled' then s.stalled_cost
        when 'failed' then s.failed_cost
        when 'unobserved' then s.unobserved_cost
        when 'productive' then s.cost - s.unused_cost - s.unscheduled_cost - s.idle_cost
            - s.stalled_cost - s.failed_cost - s.unobserved_cost
    end end as cost
from summed as s
cross join step as p
order by s.month, s.source, s.cluster, s.gpu_model, p.position
