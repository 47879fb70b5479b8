-- What a GPU, a core and a GiB of memory cost by Google Cloud's catalogue, where it was collected.
--
-- grain     one row per SKU, model of GPU, currency and price
-- money     of one hour, as the catalogue states it
-- method    on-demand prices of one region, us-central1, so that all are of one list. Cores and
--           memory are those of N1 machines (gpu_model null), and of the machines that are made for
--           one model of GPU. A price is of the day on which it was first told: later looks that
--           tell it again change nothing
-- source    Cloud Billing API, Sku.description and usageUnit; Google Cloud, "GPU pricing"
with listed as (
    select
        sku_id, currency, list_unit_price as price, unit,
        min(coalesce(valid_from, fetched_at))::date as priced_on,
        regexp_extract(
            description, '^Nvidia (Tesla )?([A-Z]+[0-9]+[A-Z]*( [0-9]+GB)?) GPU running in ', 2
        ) as product,
        regexp_extract(description, '^(N1 Predefined|A2|A3|G2) Instance (Core|Ram) running in ', 1)
            as family,
        regexp_extract(description, '^(N1 Predefined|A2|A3|G2) Instance (Core|Ram) running in ', 2)
            as part
    from focus.price
    where provider = 'Google Cloud' and usage_type = 'OnDemand' and region = 'us-central1'
        and tier_start = 0 and list_unit_price > 0
    group by sku_id, currency, list_unit_price, unit, description
),
made_for as (
    select column0 as family, column1 as gpu_model
    from (values
        ('N1 Predefined', null), ('A2', 'A100 40GB'), ('A2', 'A100 80GB'), ('A3', 'H100 80GB'),
        ('G2', 'L4')
    ) as v(column0, column1)
),
-- The models as the shipped list calls them.
called as (
    select column0 as product, column1 as gpu_model
    from (values ('A100', 'A100 40GB'), ('V100', 'V100 16GB')) as v(column0, column1)
),
part as (
    select
        l.sku_id, l.currency, l.price, l.priced_on, coalesce(c.gpu_model, l.product) as gpu_model,
        1 as gpus, 0 as cores, 0 as gib
    from listed as l
    left join called as c on c.product = l.product
    where l.product <> '' and l.unit = 'h'
    union all
    select
        l.sku_id, l.currency, l.price, l.priced_on, m.gpu_model, 0,
        case when l.part = 'Core' then 1 else 0 end, case when l.part = 'Ram' then 1 else 0 end
    from listed as l
    join made_for as m on m.family = l.family
    where l.unit = case when l.part = 'Core' then 'h' else 'GiBy.h' end
)
select
    'catalogue' as origin, 'GCP' as provider, 'us-central1' as region,
    null::varchar as instance_type, gpu_model, gpus, cores, gib, 'on-demand' as capacity_type,
    price, currency, 'catalogue of Google Cloud, SKU ' || sku_id as price_source, priced_on
from part
