-- What one GPU, one core and one GiB of memory cost against each other, for each model of GPU.
--
-- grain     one row per GPU model, as the price book calls it and as clusters call it; '' is for
--           machines without GPUs. A model that nobody prices has no row, and what it is part of
--           is not divided: one ratio for all models would misplace most of a machine's price
-- money     an hour's list price, in one and the same currency per row: only ratios are used
-- method    a price of a GPU by itself counts before what is left of a machine's price, per GPU,
--           after its cores and memory cost what they do in machines without GPUs, in the machine
--           of which that is most; the latest price of each, where it is cheapest, and the file of
--           `prices:` before a catalogue that was collected, and both before the shipped list. A
--           cluster's name is a model where it has the model's words, and its size of memory if it
--           names one; else the smallest size
-- source    config.price; Google bills GPUs, cores and memory apart, so that its list states ratios
with price as (
    select
        origin, provider, region, instance_type, gpus, cores, gib, price::decimal(18, 9) as price,
        currency, price_source, priced_on, coalesce(gpu_model, '') as gpu_model
    from config.price
    where capacity_type = 'on-demand' and price > 0
),
-- What a core, a GiB or a GPU costs by itself.
part as (
    select
        *,
        case when cores > 0 then 'core' when gib > 0 then 'gib' else 'gpu' end as unit,
        price / (cores + gib + gpus) as each_price
    from price
    where instance_type is null
),
best_part as (
    select *
    from part
    qualify row_number() over (
        partition by origin, currency, gpu_model, unit
        order by priced_on desc, provider, region, each_price
    ) = 1
),
-- Cores and memory of machines without GPUs, in each currency.
plain as (
    select
        c.currency, c.origin, c.each_price as core_price, m.each_price as gib_price,
        c.price_source, c.priced_on
    from best_part as c
    join best_part as m
        on m.origin = c.origin and m.currency = c.currency and m.gpu_model = '' and m.unit = 'gib'
    where c.gpu_model = '' and c.unit = 'core'
    qualify row_number() over (
        partition by c.currency
        order by case c.origin when 'prices' then 0 when 'catalogue' then 1 else 2 end
    ) = 1
),
stated as (
    select
        g.gpu_model, g.origin, 0 as place, g.priced_on, 1.0::double as gpu_ratio,
        coalesce(g.provider, '') as name,
        coalesce(c.each_price, p.core_price) as core_price,
        coalesce(m.each_price, p.gib_price) as gib_price,
        g.each_price as gpu_price, g.price_source
    from best_part as g
    join plain as p on p.currency = g.currency
    left join best_part as c
        on c.origin = g.origin and c.currency = g.currency and c.gpu_model = g.gpu_model
        and c.unit = 'core'
    left join best_part as m
        on m.origin = g.origin and m.currency = g.currency and m.gpu_model = g.gpu_model
        and m.unit = 'gib'
    where g.unit = 'gpu'
),
derived as (
    select
        i.gpu_model, i.origin, 1 as place, i.priced_on,
        (i.price::double - i.cores::double * p.core_price - i.gib::double * p.gib_price)
            / i.price::double as gpu_ratio,
        coalesce(i.provider, '') || ' ' || i.instance_type as name,
        p.core_price, p.gib_price,
        (i.price::double - i.cores::double * p.core_price - i.gib::double * p.gib_price)
            / i.gpus::double as gpu_price,
        i.price_source
    from price as i
    join plain as p on p.currency = i.currency
    where i.instance_type is not null and i.gpus > 0 and i.gpu_model <> ''
    qualify row_number() over (
        partition by i.origin, i.gpu_model, i.provider, i.instance_type
        order by i.priced_on desc, i.price, i.region
    ) = 1
),
priced as (
    select *
    from (select * from stated union all select * from derived) as candidate
    where gpu_price > 0
    qualify row_number() over (
        partition by gpu_model
        order by
            case origin when 'prices' then 0 when 'catalogue' then 1 else 2 end,
            place, gpu_ratio desc, priced_on desc, name
    ) = 1
),
model as (
    select
        gpu_model, core_price, gib_price, gpu_price, price_source, priced_on,
        regexp_replace(lower(gpu_model), '[^a-z0-9]+', '-', 'g') as words
    from priced
),
split_model as (
    select
        *, regexp_replace(words, '-[0-9]+gb$', '') as word,
        regexp_extract(words, '-([0-9]+)gb$', 1) as size
    from model
),
told as (
    select distinct
        gpu_model,
        '-' || regexp_replace(lower(gpu_model), '[^a-z0-9]+', '-', 'g') || '-' as words
    from ledger.node_day
    where gpu_model is not null and gpu_model not in (select gpu_model from model)
),
named as (
    select
        t.gpu_model, m.core_price, m.gib_price, m.gpu_price, m.price_source, m.priced_on
    from told as t
    join split_model as m on contains(t.words, '-' || m.word || '-')
    where m.size = ''
        or contains(t.words, '-' || m.size || 'gb-')
        or not regexp_matches(t.words, '-[0-9]+gb-')
    qualify row_number() over (
        partition by t.gpu_model
        order by length(m.word) desc, try_cast(nullif(m.size, '') as integer), m.gpu_model
    ) = 1
),
weight as (
    select gpu_model, core_price, gib_price, gpu_price, price_source, priced_on from priced
    union all
    select gpu_model, core_price, gib_price, gpu_price, price_source, priced_on from named
    union all
    select '', core_price, gib_price, 0, price_source, priced_on
    from plain
    qualify row_number() over (
        order by
            case origin when 'prices' then 0 when 'catalogue' then 1 else 2 end,
            priced_on desc, currency
    ) = 1
)
select
    gpu_model, core_price::decimal(18, 9) as core_weight, gib_price::decimal(18, 9) as gib_weight,
    gpu_price::decimal(18, 9) as gpu_weight, price_source, priced_on
from weight
