-- Machines with GPUs for which a cheaper type would do.
--
-- grain     one row per machine of ledger.gpu_machine
-- method    the cheapest type that fits the last 7 days (ledger.gpu_fit). With fewer GPUs only
--           where no type with as many is cheaper, and then of low confidence and without a
--           command. It is first tried on the past: what would have been advised on the days before
--           the last two is held against what those needed (ledger.backtest); where its GPUs would
--           have been too small in over 1 % of the time, it is withheld. At least $min_hours
--           observed hours of every GPU
-- money     its cost a month x (1 - new list price / old): at its effective rate, of a machine on
--           no bill by list. A spot machine has no list price: its advice has no sum
-- param     min_hours = 24: least observed hours of every GPU
-- source    config.price, config.gpu_model
-- rows from ledger.gpu_machine
with used as (
    select
        subject, min(observed_hours) as observed_hours, max(used_p95) as used_p95,
        case when count(*) = count(memory_max_gib) then max(memory_max_gib) end as memory_max_gib,
        count(*) as seen_gpus, bool_or(gpu = 'all') as is_by_pods,
        max(list_max(held_out_memory_gib)) as held_out_memory_gib
    from ledger.gpu_use
    group by subject
),
-- With as many GPUs where there is one, else with fewer.
proposed as (
    select *
    from ledger.gpu_fit
    where span = 'all'
    qualify row_number() over (
        partition by subject
        order by case when instance_type is null then 1 else 0 end, is_fewer
    ) = 1
),
judged as (
    select
        m.*, u.observed_hours, u.used_p95, u.memory_max_gib, u.held_out_memory_gib,
        p.is_fewer, p.needed_cores, p.needed_gib, p.needed_gpus,
        p.needed_memory_gib, p.old_price, p.price_region, p.price,
        p.instance_type as new_type, p.gpu_model as new_model, p.gpus as new_gpus,
        p.cores as new_cores, p.gib as new_gib, p.gpu_memory_gib as new_memory_gib,
        p.architecture as new_architecture, g.architecture,
        t.instance_type as trained_type, t.gpu_memory_gib as trained_memory_gib,
        case
            when m.instance_type is null then 'nobody tells of which type it is'
            when m.gpu_model is null
                then coalesce('no facts are known of its GPUs, ' || m.told_model,
                    'nobody tells of which model its GPUs are')
            when u.subject is null then 'nobody tells what its GPUs do'
            when u.observed_hours < $min_hours then 'its GPUs were observed for '
                || round(u.observed_hours, 1) || ' of at least ' || $min_hours || ' hours'
            when not u.is_by_pods and u.seen_gpus < m.gpus then 'nobody tells what '
                || (m.gpus - u.seen_gpus)::integer || ' of its ' || m.gpus::integer || ' GPUs do'
            when u.memory_max_gib is null then 'nobody tells how full the memory of its GPUs is'
            when p.subject is null then 'no price is known of a ' || m.instance_type
        end as unknown,
        coalesce(b.is_withheld, false) as is_violated, b.intervals, b.violations
    from ledger.gpu_machine as m
    left join used as u on u.subject = m.subject
    left join proposed as p on p.subject = m.subject
    left join ledger.gpu_fit as t
        on t.subject = m.subject and t.span = 'trained' and not t.is_fewer
    left join ledger.backtest as b
        on b.kind = 'gpu_size' and b.subject = m.subject and b.what = 'gpu-memory'
    left join config.gpu_model as g on g.gpu_model = m.gpu_model
),
answered as (
    select
        *,
        case
            when unknown is not null then 'cannot-say'
            when new_type is null then 'clean'
            when is_violated then 'withheld'
            else 'advise'
        end as answer,
        case when coalesce(capacity_type, 'on-demand') <> 'spot'
            then 1 - price::double / old_price::double end as spared_ratio,
        'its GPUs are ' || round(100 * used_p95, 1)
            || ' % active at the 95th percentile and hold up '
            || 'to ' || round(memory_max_gib, 1) || ' GiB' as figures,
        case when price_region is distinct from region
            then ' (by the prices of ' || coalesce(price_region, 'any region') || ')' else '' end
            as by_prices
    from judged
)
select
    subject, source, coalesce(cluster || '/', '') || node as name, answer,
    case answer
        when 'cannot-say' then unknown
        when 'clean' then figures || ': no cheaper type is listed that has ' || needed_gpus::integer
            || ' GPUs of ' || round(needed_memory_gib, 1) || ' GiB, ' || ceil(needed_cores)::bigint
            || ' cores and ' || ceil(needed_gib)::bigint || ' GiB' || by_prices
        when 'withheld' then 'tried on the past, a ' || trained_type
            || ' would have been too small: '
            || 'up to ' || round(held_out_memory_gib, 1)
            || ' GiB of a GPU were in use in the last days, '
            || 'it has ' || trained_memory_gib::integer
        else figures || ': ' || round(needed_memory_gib, 1) || ' GiB of a GPU, '
            || ceil(needed_cores)::bigint || ' cores and ' || ceil(needed_gib)::bigint
            || ' GiB would do' || by_prices
    end as reason,
    case when answer in ('advise', 'withheld') then 'resize' end as action,
    coalesce(instance_type, 'a machine') || coalesce(' with ' || gpus::integer || ' x '
        || coalesce(gpu_model, told_model), '') as current,
    case when answer in ('advise', 'withheld')
        then new_type || ' with ' || new_gpus::integer || ' x ' || new_model end as proposed,
    cost_per_month,
    case when answer = 'advise' then money_estimate(cost_per_month::double * spared_ratio) end
        as saving_per_month,
    case when answer = 'advise' and cost_per_month is not null and spared_ratio is not null
        then case saving_basis when 'bill' then 'effective rate' else saving_basis end end
        as saving_basis,
    case
        when answer <> 'advise' then null
        when is_fewer then 'low'
        when new_architecture = architecture
            and observed_hours >= 0.8 * date_diff('hour', since, present)
            and intervals >= 24 and by_prices = '' then 'high'
        else 'medium'
    end as confidence,
    case
        when answer <> 'advise' then null
        when is_fewer then 'Whether its work runs on fewer GPUs nobody but its owner knows: try it.'
        when new_architecture <> architecture then 'Another generation of GPU (' || new_architecture
            || '): programs have to be built for it or carry PTX; measure latency before and after.'
        else 'Busier days than those seen need more: watch it for a week.'
    end as risk,
    to_json({
        used_p95: used_p95, memory_max_gib: memory_max_gib, observed_hours: observed_hours,
        needed_cores: needed_cores, needed_gib: needed_gib, needed_gpus: needed_gpus,
        needed_memory_gib: needed_memory_gib, until: present, old_price_per_hour: old_price,
        new_price_per_hour: price, price_region: price_region, capacity_type: capacity_type,
        replayed: {
            advised: trained_type, gpu_memory_gib: trained_memory_gib,
            held_out_memory_max_gib: held_out_memory_gib, intervals: intervals,
            violations: violations
        }
    })::varchar as evidence,
    case when answer = 'advise' and not is_fewer and kind <> 'cluster'
        then resize_command(coalesce(machine, resource_id), region, new_type) end as command,
    team, model, model_version, environment, resource_id,
    coalesce(resource_id, subject) as saves_on, null::varchar as inside, committed_ratio, tags
from answered
