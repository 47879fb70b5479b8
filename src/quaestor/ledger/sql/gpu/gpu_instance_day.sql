-- Which machines with GPUs a bill tells of, and which commitments to such machines stood unused.
--
-- grain     one row per day, source, account, region, resource, instance type and GPU model, and
--           whether nothing ran on it
-- hours     GPU-hours as billed: the hours of the instance x its GPUs, or what a charge counts in
--           GPU-hours itself (Google Cloud, OCI)
-- money     effective_cost, in the reporting currency, of these charges alone (a machine's other
--           charges are found by its resource); null where one has no rate
-- method    the type is SkuPriceDetails' InstanceType, else what AWS writes behind the colon of a
--           usage type, else Azure's meter, else the machine that Google's meter names whole ("G2
--           standard 24"); SageMaker's `ml.` is dropped. GpuCount, where a bill states it, counts
--           before the list. Google bills most machines in parts: the charge for Nvidia's GPUs is
--           in GPU-hours whatever the machine, and those for cores and memory count no hours. So
--           do discs, traffic, fees and software of an instance. Nothing ran where a commitment or
--           a capacity reservation is marked Unused. Types that are not listed and come without
--           GpuCount are left out
-- rounding  hours to a billionth
-- source    FOCUS 1.2, ConsumedQuantity, SkuPriceDetails, CommitmentDiscountStatus; config.price;
--           cloud.google.com/compute/docs/gpus (the GPUs of each machine type of Google)
-- rows from focus.charge
with listed as (
    select
        lower(instance_type) as type, min(gpu_model) as gpu_model, max(gpus) as gpus,
        max(cores) as cores, max(gib) as gib
    from config.price
    where instance_type is not null and gpus > 0
    group by lower(instance_type)
),
-- Machines that Google sells with their GPUs. The price book has prices of few of them, as their
-- parts are sold apart.
google as (
    select type, gpu_model, gpus, cores, gib
    from (values
        ('a2-highgpu-1g', 'A100 40GB', 1, 12, 85), ('a2-highgpu-2g', 'A100 40GB', 2, 24, 170),
        ('a2-highgpu-4g', 'A100 40GB', 4, 48, 340), ('a2-highgpu-8g', 'A100 40GB', 8, 96, 680),
        ('a2-megagpu-16g', 'A100 40GB', 16, 96, 1360),
        ('a2-ultragpu-1g', 'A100 80GB', 1, 12, 170), ('a2-ultragpu-2g', 'A100 80GB', 2, 24, 340),
        ('a2-ultragpu-4g', 'A100 80GB', 4, 48, 680), ('a2-ultragpu-8g', 'A100 80GB', 8, 96, 1360),
        ('a3-highgpu-1g', 'H100 80GB', 1, 26, 234), ('a3-highgpu-2g', 'H100 80GB', 2, 52, 468),
        ('a3-highgpu-4g', 'H100 80GB', 4, 104, 936), ('a3-highgpu-8g', 'H100 80GB', 8, 208, 1872),
        ('a3-megagpu-8g', 'H100 80GB', 8, 208, 1872),
        ('g2-standard-4', 'L4', 1, 4, 16), ('g2-standard-8', 'L4', 1, 8, 32),
        ('g2-standard-12', 'L4', 1, 12, 48), ('g2-standard-16', 'L4', 1, 16, 64),
        ('g2-standard-32', 'L4', 1, 32, 128), ('g2-standard-24', 'L4', 2, 24, 96),
        ('g2-standard-48', 'L4', 4, 48, 192), ('g2-standard-96', 'L4', 8, 96, 384)
    ) as t(type, gpu_model, gpus, cores, gib)
),
counted as (
    select type, gpu_model, gpus, cores, gib from listed
    union all
    select
        type, gpu_model, gpus::decimal(18, 9), cores::decimal(18, 9), gib::decimal(18, 9)
    from google where type not in (select type from listed)
),
charge as (
    select
        ChargePeriodStart::date as day, x_source as source, SubAccountId as sub_account,
        RegionId as region, ResourceId as resource_id, SkuPriceDetails as details,
        SkuMeter as meter,
        coalesce(CommitmentDiscountStatus = 'Unused', false)
        or coalesce(CapacityReservationStatus = 'Unused', false) as is_unused,
        lower(coalesce(ConsumedUnit, CommitmentDiscountUnit, '')) as unit,
        case PricingCategory
            when 'Standard' then 'on-demand' when 'Dynamic' then 'spot'
            when 'Committed' then 'reserved'
        end as capacity_type,
        sum(coalesce(ConsumedQuantity, CommitmentDiscountQuantity, 0)) as quantity,
        sum(money_at_rate(EffectiveCost, x_billing_currency_rate)) as cost,
        count(*) = count(x_billing_currency_rate) as is_rated
    from focus.charge
    where ChargePeriodStart::date in (select day from ledger.stale_day)
        and ChargePeriodStart >= (select min(day) from ledger.stale_day)
        and ChargeCategory = 'Usage'
        and (
            contains(SkuPriceDetails, 'InstanceType') or contains(SkuPriceDetails, 'GpuCount')
            or regexp_matches(SkuMeter, 'GPU|Gpu|^N[CDV][0-9]|[:](ml[.])?[pg][0-9]')
            or regexp_matches(lower(SkuMeter), '(a[2-9]x?|g[2-9])[ -](standard|[a-z]+gpu)[ -][0-9]')
        )
    group by all
),
read as (
    select
        *,
        lower(regexp_extract(
            coalesce(
                nullif(regexp_extract(details, '"InstanceType" *: *"([^"]+)"', 1), ''),
                nullif(regexp_extract(meter, ':((ml[.])?[a-z][a-z0-9-]+[.][a-z0-9]+)', 1), ''),
                nullif(replace(regexp_extract(
                    lower(meter),
                    '(^|[^a-z0-9])((a[2-9]x?|g[2-9])[ -](standard|[a-z]+gpu)[ -][0-9]+g?)'
                    || '($|[^a-z0-9])', 2
                ), ' ', '-'), ''),
                'Standard_' || replace(
                    regexp_extract(meter, '^(N[CDV][A-Za-z0-9]+( [A-Za-z0-9]+)*? v[0-9])', 1),
                    ' ', '_'
                ),
                ''
            ),
            '^(ml[.])?(.*)$', 2
        )) as type,
        try_cast(
            nullif(regexp_extract(details, '"GpuCount" *: *"?([0-9]+)', 1), '') as integer
        ) as stated_gpus,
        regexp_matches(coalesce(meter, ''), '(^|[^A-Za-z])(GPU|Gpu)([^A-Za-z]|$)') as is_by_gpu,
        -- Google's "Nvidia L4 GPU running in Belgium" is in hours of one GPU of any machine.
        regexp_matches(coalesce(meter, ''), 'Nvidia .*GPU') as is_one_gpu,
        nullif(regexp_extract(
            coalesce(meter, ''),
            '(GB200|B200|H200|H100|A100|L40S|L40|L4|A10G|A10|V100|P100|T4|P4|K80)', 1
        ), '') as metered_model,
        case
            when unit like '%byte%' then null
            when unit like '%hour%' or unit like '%hrs%' or unit in ('h', 'hr') then 1
            when unit like '%minute%' then 60
            when unit like '%second%' then 3600
        end as units_of_hour
    from charge
    where not regexp_matches(
        coalesce(meter, ''), 'EBS|DataTransfer|CPUCredits|SoftwareUsage|VolumeUsage|Licens'
        || '|[Mm]anagement [Ff]ee|(^| )(Core|CPU|Ram|RAM) (running|in) '
    )
)
select
    r.day, r.source, r.sub_account, r.region, r.resource_id,
    nullif(r.type, '') as instance_type, coalesce(l.gpu_model, r.metered_model) as gpu_model,
    r.is_unused,
    min(r.capacity_type) as capacity_type,
    -- the part of the machine's price that is its GPUs', by the price book's weights
    min(share_ratio(
        (l.gpus * w.gpu_weight)::decimal(18, 9),
        (l.gpus * w.gpu_weight + l.cores * w.core_weight + l.gib * w.gib_weight)::decimal(18, 9)
    )) as gpu_ratio,
    greatest(sum(greatest(least(
        r.quantity::double / coalesce(r.units_of_hour, 1)
        * case when r.units_of_hour is null then 0
            when r.is_one_gpu or (r.is_by_gpu and l.type is null) then 1
            -- without a count least() would take the most hours that there can be
            else coalesce(r.stated_gpus, l.gpus, 0) end,
        999999999
    ), -999999999)::decimal(18, 9)), 0)::decimal(38, 9) as hours,
    case when bool_and(r.is_rated) then sum(r.cost) end as effective_cost
from read as r
left join counted as l on l.type = r.type
left join ledger.unit_weight as w on w.gpu_model = l.gpu_model
where l.type is not null or r.stated_gpus > 0 or (r.is_by_gpu and r.units_of_hour is not null)
    -- a family that has GPUs, nobody knows how many: told as a blind spot, with its money
    or regexp_matches(r.type, '^((p[2-9]|g[3-9])[a-z0-9-]*[.]|standard_n[cdv])')
    or (
        regexp_matches(r.type, '^(a[2-9]x?-[a-z]+gpu|g[2-9]-standard)-')
        and contains(replace(lower(coalesce(r.meter, '')), ' ', '-'), r.type)
    )
group by
    r.day, r.source, r.sub_account, r.region, r.resource_id, nullif(r.type, ''),
    coalesce(l.gpu_model, r.metered_model), r.is_unused
