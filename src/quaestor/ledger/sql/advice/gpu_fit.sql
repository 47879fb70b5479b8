-- Which listed machine would do instead of a machine with GPUs: the cheapest that fits.
--
-- grain     one row per machine of ledger.gpu_machine whose type is listed, whose GPU is in
--           config.gpu_model and of whose GPUs all tell how busy and how full they are; per span
--           (the window; the days before the held-out ones), and again with fewer GPUs where some
--           of them do nothing
-- method    cores = what pods use at the 95th percentile x $factor, at least what they ask for x
--           $headroom; memory likewise, and never below the most used; where nobody tells, as many
--           as there are. GPU memory, of one = its peak x $gpu_headroom. Compute and memory
--           bandwidth of one GPU = what it has x its 95th percentile x $factor, at most what it
--           has; where nobody states them, only the same model. The same maker; the same
--           architecture, or one that runs its programs. GPUs that talk to each other keep at least
--           as fast a link: unknown of the old is its model's best, of the new is PCIe; GPUs that
--           pods ask for one by one need none. The provider's prices of the machine's region are
--           compared, where that has none those of any region, else those of the region of which
--           most types are listed
-- money     list prices of an hour, reporting currency
-- param     factor = 1.5: times the 95th percentile of cores, memory, compute and bandwidth
-- param     gpu_headroom = 1.15: times the peak of GPU memory
-- param     headroom = 1.1: times what pods ask for, as a machine keeps some for itself
-- param     idle_ratio = 0.05: engine-active ratio under which a GPU does next to nothing
-- param     memory_ratio = 0.30: memory in use of a GPU, above which something is loaded on it
-- source    config.price, config.gpu_model; NVIDIA, CUDA C++ Programming Guide, "Binary
--           Compatibility" and "PTX Compatibility"
-- rows from ledger.gpu_use
with region as (
    select provider, region, count(*) as types from ledger.listed_machine group by provider, region
),
machine as (
    select
        m.*, g.vendor, g.architecture, g.fp16_tflops, g.memory_gb_per_s, g.link,
        o.price as old_price, o.region as price_region, o.provider as list_provider,
        o.interconnect as old_interconnect
    from ledger.gpu_machine as m
    join config.gpu_model as g on g.gpu_model = m.gpu_model
    join ledger.listed_machine as o on lower(o.instance_type) = lower(m.instance_type)
    left join region as r
        on r.provider = o.provider and r.region is not distinct from o.region
    where m.gpus > 0 and m.present is not null
    qualify row_number() over (
        partition by m.subject
        order by
            case when o.region = m.region then 0 when o.region is null then 1 else 2 end,
            r.types desc, o.region
    ) = 1
),
gpu as (
    select
        u.subject, s.span, u.gpu,
        case when s.span = 'all' then u.used_p95 else u.trained_p95 end as used_p95,
        case when s.span = 'all' then u.memory_max_gib else u.trained_memory_max_gib end
            as memory_gib,
        u.memory_gib as size_gib
    from ledger.gpu_use as u
    cross join (values ('all'), ('trained')) as s(span)
),
used as (
    select
        subject, span, max(used_p95) as used_p95, max(memory_gib) as memory_gib,
        count(*) as seen_gpus, bool_or(gpu = 'all') as is_by_pods,
        count(*) filter (
            used_p95 >= $idle_ratio or memory_gib > $memory_ratio * size_gib
        ) as working_gpus
    from gpu
    group by subject, span
    having count(*) = count(memory_gib) and count(*) = count(used_p95)
        and count(*) = count(size_gib)
),
-- What pods use of a node together, hour by hour; null: one of them is not told of.
held as (
    select
        m.subject, p.hour, p.hour <= m.trained_until as is_trained,
        case when count(*) = count(p.cpu_used_cores) then sum(p.cpu_used_cores) end as used_cores,
        case when count(*) = count(p.ram_used_gib) then sum(p.ram_used_gib) end as used_gib,
        sum(p.cpu_request_cores) as asked_cores, sum(p.ram_request_gib) as asked_gib,
        max(p.gpu_request) as most_gpus
    from usage.pod_hour as p
    join machine as m
        on m.kind = 'cluster' and m.cluster = p.cluster and m.node = p.node and p.hour > m.since
    group by m.subject, p.hour, m.trained_until
),
host as (
    select
        h.subject, s.span, quantile_cont(h.used_cores, 0.95) as cores_p95,
        quantile_cont(h.used_gib, 0.95) as gib_p95, max(h.used_gib) as gib_max,
        max(h.asked_cores) as asked_cores, max(h.asked_gib) as asked_gib,
        max(h.most_gpus) as most_gpus
    from held as h
    join (values ('all'), ('trained')) as s(span) on s.span = 'all' or h.is_trained
    group by h.subject, s.span
),
need as (
    select
        m.*, u.span, u.working_gpus, u.is_by_pods,
        case when h.cores_p95 is null then m.cores
            else least(greatest(ceil(h.cores_p95 * $factor), h.asked_cores * $headroom), m.cores)
        end as needed_cores,
        case when h.gib_p95 is null then m.gib
            else least(
                greatest(ceil(h.gib_p95 * $factor), h.gib_max, h.asked_gib * $headroom), m.gib
            ) end as needed_gib,
        u.memory_gib * $gpu_headroom as needed_memory_gib,
        m.fp16_tflops * least(1, u.used_p95 * $factor) as needed_tflops,
        m.memory_gb_per_s * least(1, u.used_p95 * $factor) as needed_gb_per_s,
        case when m.gpus <= 1 or coalesce(h.most_gpus <= 1, false) then 0
            else coalesce(nullif(link_rank(m.old_interconnect), 0), link_rank(m.link)) end
            as needed_rank
    from machine as m
    join used as u on u.subject = m.subject
    left join host as h on h.subject = m.subject and h.span = u.span
    where m.cores > 0 and m.gib > 0 and (u.is_by_pods or u.seen_gpus >= m.gpus)
),
wanted as (
    select *, false as is_fewer, gpus as needed_gpus from need
    union all
    select *, true, greatest(working_gpus, 1)::double
    from need
    where not is_by_pods and greatest(working_gpus, 1) < gpus
),
fitting as (
    select
        w.subject, w.span, w.is_fewer, c.instance_type, c.gpu_model, c.gpus, c.cores, c.gib,
        g.memory_gib as gpu_memory_gib, c.interconnect, g.architecture, c.price
    from wanted as w
    join ledger.listed_machine as c
        on c.provider = w.list_provider and c.region is not distinct from w.price_region
    join config.gpu_model as g on g.gpu_model = c.gpu_model
    where c.price < w.old_price and c.instance_type <> w.instance_type
        and c.gpus >= w.needed_gpus and (not w.is_fewer or c.gpus < w.gpus)
        and c.cores >= w.needed_cores and c.gib >= w.needed_gib
        and g.memory_gib >= w.needed_memory_gib
        and g.vendor = w.vendor
        and (g.architecture = w.architecture or list_contains(g.runs, w.architecture))
        and (
            c.gpu_model = w.gpu_model
            or (g.fp16_tflops >= w.needed_tflops and g.memory_gb_per_s >= w.needed_gb_per_s)
        )
        and (
            c.gpus = 1 or w.needed_rank = 0
            or greatest(link_rank(c.interconnect), 1) >= w.needed_rank
        )
    qualify row_number() over (
        partition by w.subject, w.span, w.is_fewer
        order by c.price, case when c.gpu_model = w.gpu_model then 0 else 1 end, c.instance_type
    ) = 1
)
select
    w.subject, w.span, w.is_fewer, w.needed_cores, w.needed_gib, w.needed_gpus,
    w.needed_memory_gib, w.needed_tflops, w.old_price, w.price_region, f.instance_type,
    f.gpu_model, f.gpus, f.cores, f.gib, f.gpu_memory_gib, f.interconnect, f.architecture, f.price
from wanted as w
left join fitting as f
    on f.subject = w.subject and f.span = w.span and f.is_fewer = w.is_fewer
