-- What machines cost by list, one price for each type and region.
--
-- grain     one row per instance type and region (null: any region)
-- method    on-demand prices; the file of `prices:` counts before a catalogue that was collected,
--           and both before the shipped list; of each the newest. A price in a currency that has
--           no rate is left out. How its GPUs talk: of several, as config.machine_type says, or by
--           PCIe where their model knows nothing else
-- money     reporting currency an hour, at the newest rate
-- source    config.price, config.machine_type
with rate as (
    select currency, arg_max(rate, day) as rate
    from focus.rate_used where rate is not null
    group by currency
),
price as (
    select
        p.provider, p.region, p.instance_type, p.gpu_model, p.gpus::double as gpus,
        p.cores::double as cores, p.gib::double as gib,
        money_at_rate(p.price, case when s.value = p.currency then 1 else r.rate end) as price,
        p.priced_on, p.price_source, p.origin
    from config.price as p
    join config.setting as s on s.name = 'currency'
    left join rate as r on r.currency = p.currency
    where p.instance_type is not null and p.capacity_type = 'on-demand' and p.price > 0
        and (s.value = p.currency or r.rate is not null)
    qualify row_number() over (
        partition by p.instance_type, p.region
        order by
            case p.origin when 'prices' then 0 when 'catalogue' then 1 else 2 end,
            p.priced_on desc, p.provider, p.price
    ) = 1
)
select
    p.provider, p.region, p.instance_type, p.gpu_model, p.gpus, p.cores, p.gib, p.price,
    p.priced_on, p.price_source,
    case when p.gpus > 1 then coalesce(t.interconnect, case when g.link = 'PCIe' then 'PCIe' end)
        end as interconnect
from price as p
left join config.machine_type as t on t.instance_type = p.instance_type
left join config.gpu_model as g on g.gpu_model = p.gpu_model
