-- Machines with GPUs whose type costs less in another region.
--
-- grain     one row per machine of ledger.gpu_machine
-- method    the same type at the lowest list price; of a region in the same area (the word before
--           the first hyphen: us, eu), unless $any_area, as data may not be free to leave it
-- money     its cost a month x (1 - list price there / here): at its effective rate, of a machine
--           on no bill by list. Transfer of data is not in it. A spot machine has no list price,
--           and commitments stay in their region
-- param     least_ratio = 0.10: part of the price below which nothing is advised
-- param     any_area = false: whether regions of other areas count, such as us for eu
-- source    config.price
-- rows from ledger.gpu_machine
with here as (
    select
        m.*, o.price as old_price, o.provider as list_provider,
        (select count(distinct p.region) from ledger.listed_machine as p
            where lower(p.instance_type) = lower(m.instance_type)) as regions
    from ledger.gpu_machine as m
    left join ledger.listed_machine as o
        on lower(o.instance_type) = lower(m.instance_type) and o.region = m.region
),
there as (
    select h.subject, p.region as new_region, p.price
    from here as h
    join ledger.listed_machine as p
        on lower(p.instance_type) = lower(h.instance_type) and p.region <> h.region
        and p.provider = h.list_provider
    where p.price::double <= h.old_price::double * (1 - $least_ratio)
        and ($any_area or split_part(p.region, '-', 1) = split_part(h.region, '-', 1))
    qualify row_number() over (partition by h.subject order by p.price, p.region) = 1
),
answered as (
    select
        h.*, t.new_region, t.price,
        case
            when h.instance_type is null then 'nobody tells of which type it is'
            when h.region is null then 'nobody tells in which region it is'
            when h.old_price is null
                then 'no price is known of a ' || h.instance_type || ' in ' || h.region
            when h.regions < 2 then 'no price is known of a ' || h.instance_type
                || ' in any other region'
        end as unknown,
        case when coalesce(h.capacity_type, 'on-demand') <> 'spot'
            then 1 - t.price::double / h.old_price::double end as spared_ratio
    from here as h
    left join there as t on t.subject = h.subject
)
select
    subject, source, coalesce(cluster || '/', '') || node as name,
    case when unknown is not null then 'cannot-say' when new_region is null then 'clean'
        else 'advise' end as answer,
    case
        when unknown is not null then unknown
        when new_region is null then 'no region that counts has it for '
            || round(100 * $least_ratio)::bigint || ' % less'
        else 'a ' || instance_type || ' costs '
            || round(100 * (1 - price::double / old_price::double))
            ::bigint || ' % less in ' || new_region || ' than in ' || region || ' by list'
    end as reason,
    case when new_region is not null and unknown is null then 'move' end as action,
    coalesce(instance_type || ' in ' || region, instance_type, 'a machine') as current,
    case when unknown is null then instance_type || ' in ' || new_region end as proposed,
    cost_per_month,
    case when unknown is null then money_estimate(cost_per_month::double * spared_ratio) end
        as saving_per_month,
    case when unknown is null and cost_per_month is not null and spared_ratio is not null
        then case saving_basis when 'bill' then 'effective rate' else saving_basis end end
        as saving_basis,
    case when unknown is null and new_region is not null then 'low' end as confidence,
    case when unknown is null and new_region is not null
        then 'Its data may not be free to leave ' || region
            || ', the way to it is longer, and what '
            || 'moves between regions is charged.' end as risk,
    to_json({
        old_price_per_hour: old_price, new_price_per_hour: price, capacity_type: capacity_type
    })::varchar as evidence,
    null::varchar as command,
    team, model, model_version, environment, resource_id,
    coalesce(resource_id, subject) as saves_on, null::varchar as inside, committed_ratio, tags
from answered
