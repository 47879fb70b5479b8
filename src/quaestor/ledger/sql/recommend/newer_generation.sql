-- Machines with GPUs for which a newer generation costs less and can do as much.
--
-- grain     one row per machine of ledger.gpu_machine
-- method    of the same provider and region (where no price of that is listed, one of another, and
--           then it says so) the cheapest type whose GPUs are of the same maker and of a newer
--           architecture that runs the programs of the old one: at least as many, each with as much
--           memory and compute, as fast a link between them, and a host with as many cores and as
--           much memory. Whatever the machine does would fit; what it did is not looked at. Less
--           memory bandwidth is told, and of low confidence
-- money     its cost a month x (1 - new list price / old): at its effective rate, of a machine on
--           no bill by list. A spot machine has no list price: its advice has no sum
-- param     least_ratio = 0.05: part of the price below which nothing is advised
-- source    config.gpu_model: makers' datasheets; config.price
-- rows from ledger.gpu_machine
with region as (
    select provider, region, count(*) as types from ledger.listed_machine group by provider, region
),
machine as (
    select
        m.*, g.vendor, g.architecture, g.compute_capability, g.fp16_tflops, g.memory_gb_per_s,
        g.memory_gib as gpu_gib, g.link, o.price as old_price, o.region as price_region,
        o.provider as list_provider, o.gpus as old_gpus, o.cores as old_cores, o.gib as old_gib,
        o.interconnect as old_interconnect
    from ledger.gpu_machine as m
    left join config.gpu_model as g on g.gpu_model = m.gpu_model
    left join ledger.listed_machine as o on lower(o.instance_type) = lower(m.instance_type)
    left join region as r
        on r.provider = o.provider and r.region is not distinct from o.region
    qualify row_number() over (
        partition by m.subject
        order by
            case when o.region = m.region then 0 when o.region is null then 1 else 2 end,
            r.types desc, o.region
    ) = 1
),
newer as (
    select
        m.subject, c.instance_type as new_type, c.gpu_model as new_model, c.gpus as new_gpus,
        c.price, g.architecture as new_architecture, g.memory_gb_per_s as new_gb_per_s
    from machine as m
    join ledger.listed_machine as c
        on c.provider = m.list_provider and c.region is not distinct from m.price_region
    join config.gpu_model as g on g.gpu_model = c.gpu_model
    where c.price::double <= m.old_price::double * (1 - $least_ratio)
        and g.vendor = m.vendor and list_contains(g.runs, m.architecture)
        and coalesce(g.compute_capability::double > m.compute_capability::double, true)
        and c.gpus >= greatest(m.gpus, m.old_gpus) and g.memory_gib >= m.gpu_gib
        and g.fp16_tflops >= m.fp16_tflops
        and c.cores >= m.old_cores and c.gib >= m.old_gib
        and (
            m.old_gpus <= 1
            or greatest(link_rank(c.interconnect), 1)
                >= coalesce(nullif(link_rank(m.old_interconnect), 0), link_rank(m.link))
        )
    qualify row_number() over (
        partition by m.subject order by c.price, g.memory_gb_per_s desc nulls last, c.instance_type
    ) = 1
),
answered as (
    select
        m.*, n.new_type, n.new_model, n.new_gpus, n.price, n.new_architecture, n.new_gb_per_s,
        coalesce(n.new_gb_per_s < m.memory_gb_per_s, true) as is_slower,
        case
            when m.instance_type is null then 'nobody tells of which type it is'
            when m.gpu_model is null
                then coalesce('no facts are known of its GPUs, ' || m.told_model,
                    'nobody tells of which model its GPUs are')
            when m.old_price is null then 'no price is known of a ' || m.instance_type
            when m.fp16_tflops is null then 'nobody states what a ' || m.gpu_model || ' can do'
        end as unknown,
        case when coalesce(m.capacity_type, 'on-demand') <> 'spot'
            then 1 - n.price::double / m.old_price::double end as spared_ratio,
        case when m.price_region is distinct from m.region
            then ' (by the prices of ' || coalesce(m.price_region, 'any region') || ')' else '' end
            as by_prices
    from machine as m
    left join newer as n on n.subject = m.subject
)
select
    subject, source, coalesce(cluster || '/', '') || node as name,
    case when unknown is not null then 'cannot-say' when new_type is null then 'clean'
        else 'advise' end as answer,
    case
        when unknown is not null then unknown
        when new_type is null then 'no newer type is listed that can do as much for '
            || round(100 * $least_ratio)::bigint || ' % less' || by_prices
        else new_model || ' (' || new_architecture || ') can do what ' || gpu_model || ' ('
            || architecture || ') does, for '
            || round(100 * (1 - price::double / old_price::double))
                ::bigint || ' % less by list' || by_prices
    end as reason,
    case when new_type is not null and unknown is null then 'resize' end as action,
    coalesce(instance_type, 'a machine') || coalesce(' with ' || gpus::integer || ' x '
        || coalesce(gpu_model, told_model), '') as current,
    case when unknown is null then new_type || ' with ' || new_gpus::integer || ' x ' || new_model
        end as proposed,
    cost_per_month,
    case when unknown is null then money_estimate(cost_per_month::double * spared_ratio) end
        as saving_per_month,
    case when unknown is null and cost_per_month is not null and spared_ratio is not null
        then case saving_basis when 'bill' then 'effective rate' else saving_basis end end
        as saving_basis,
    case when unknown is null and new_type is not null
        then case when is_slower then 'low' else 'medium' end end as confidence,
    case when unknown is null and new_type is not null then
        case when is_slower then coalesce('Its memory is read at ' || new_gb_per_s::integer
            || ' GB/s instead of ' || memory_gb_per_s::integer
            || ': language models may answer more '
            || 'slowly. ', 'How fast its memory is read is not known. ') else '' end
        || 'Programs have to be built for it or carry PTX; see that the region has it.'
    end as risk,
    to_json({
        old_price_per_hour: old_price, new_price_per_hour: price, price_region: price_region,
        fp16_tflops: fp16_tflops, memory_gb_per_s: memory_gb_per_s,
        new_memory_gb_per_s: new_gb_per_s, capacity_type: capacity_type
    })::varchar as evidence,
    case when unknown is null and kind <> 'cluster'
        then resize_command(coalesce(machine, resource_id), region, new_type) end as command,
    team, model, model_version, environment, resource_id,
    coalesce(resource_id, subject) as saves_on, null::varchar as inside, committed_ratio, tags
from answered
