-- What a GiB costs to be kept for a month: in each store by its bill, and by list.
--
-- grain     one row per store and tier that is known: by its bill, else by the list. Of every store
--           on the bill also one without a tier, the mean of all that lies in it
-- input     the last complete day of the bill is the present (ledger.billed_day)
-- money     reporting currency. By the bill: what its charges by volume and time came to in the last
--           $days days, over the GiB-months they count; where they count none, over the GiB that
--           were listed. Requests, retrieval and transfer are left out. By list: in US dollars, as
--           AWS and Google write it for their first region, without a discount; where no rate of
--           the dollar is known there is none. A GB of either is 2^30 bytes
-- method    a charge is for storage where its unit is a volume times a time: GB-Mo, byte-seconds,
--           GiB-Months, 1 GB/Month, TB-Days; a number before it is how many of them one is
-- param     days = 30: how many days of the bill the rate is from
-- source    Amazon S3 pricing, US East (N. Virginia); Google Cloud Storage pricing, us-central1; both
--           as of 2025-06-01; FOCUS 1.2, ConsumedUnit
-- rows from usage.stored_folder
with kept as (
    select
        stored_at(store) as store, sum(size_gib) as gib,
        regexp_extract(stored_at(store), '^[a-z0-9]+:([^/]+)', 1) as bucket
    from usage.stored_folder
    group by stored_at(store), bucket
),
last_day as (
    select coalesce(max(day) filter (complete), max(day)) as until from ledger.billed_day
),
charge as (
    select
        c.ResourceId as resource_id, c.ChargePeriodStart::date as day,
        lower(regexp_extract(c.ResourceId, '([^/:]+)$')) as bucket,
        storage_tier(coalesce(c.SkuMeter, c.ChargeDescription)) as tier,
        money_at_rate(c.EffectiveCost, c.x_billing_currency_rate) as cost,
        c.ConsumedQuantity::double
        * coalesce(try_cast(replace(regexp_extract(u.unit, '^[0-9.,]+'), ',', '') as double), 1)
        * case
            when regexp_matches(u.unit, '(^|[^a-z])by(tes?)?([^a-z]|$)') then 1 / 1073741824.0
            when regexp_matches(u.unit, 'ki(bi|lo)byte|(^|[^a-z])ki?by?([^a-z]|$)')
                then 1 / 1048576.0
            when regexp_matches(u.unit, 'me(bi|ga)byte|(^|[^a-z])mi?by?([^a-z]|$)')
                then 1 / 1024.0
            when regexp_matches(u.unit, 'te(bi|ra)byte|(^|[^a-z])ti?by?([^a-z]|$)') then 1024
            when regexp_matches(u.unit, 'pe(bi|ta)byte|(^|[^a-z])pi?by?([^a-z]|$)') then 1048576
            else 1
        end * case
            when regexp_matches(u.unit, '(sec(ond)?s?|[^a-z]s)$') then 1 / 2628000.0
            when regexp_matches(u.unit, 'h(ou)?rs?$|[^a-z]h$') then 1 / 730.0
            when regexp_matches(u.unit, 'days?$|[^a-z]d$') then 24 / 730.0
            else 1
        end as gib_months
    from focus.charge as c
    cross join last_day as d
    cross join lateral (select trim(lower(c.ConsumedUnit)) as unit) as u
    where c.ResourceId is not null and c.ChargeCategory = 'Usage'
        and regexp_matches(
            u.unit,
            '(^|[^a-z])([kmgtp]i?by?|by|([kmgtp][a-z]{2,3})?bytes?)[^a-z]*'
            || '(mo(nth)?s?|h(ou)?rs?|days?|sec(ond)?s?|[^a-z][shd])$'
        )
        and c.ChargePeriodStart < d.until + interval 1 day
        and c.ChargePeriodStart >= d.until - ($days - 1)::integer
),
billed as (
    select
        k.store, c.tier, grouping(c.tier) as is_mean, min(c.resource_id) as resource_id,
        case when count(*) = count(c.cost) then sum(c.cost)::double end as cost,
        sum(c.gib_months) as gib_months, max(k.gib) as gib, count(distinct c.day) as days
    from charge as c
    join kept as k on lower(k.bucket) = c.bucket
    group by grouping sets ((k.store, c.tier), (k.store))
),
by_bill as (
    select
        store, tier, 'effective rate' as basis, 'bill' as price_source, resource_id,
        case
            when gib_months > 0 then cost / gib_months
            when is_mean = 1 and gib > 0 then cost * 730 / (24 * days) / gib
        end as rate
    from billed
    where is_mean = 1 or tier is not null
),
list_price as (
    select * from (values
        ('s3', 'hot', 0.023), ('s3', 'cool', 0.0125), ('s3', 'cold', 0.004),
        ('s3', 'archive', 0.0036), ('gs', 'hot', 0.020), ('gs', 'cool', 0.010),
        ('gs', 'cold', 0.004), ('gs', 'archive', 0.0012)
    ) as p(scheme, tier, price)
),
dollar as (
    select case when s.value = 'USD' then 1.0 else r.rate::double end as rate
    from config.setting as s
    left join (
        select currency, arg_max(rate, day) filter (rate is not null) as rate
        from focus.rate_used group by currency
    ) as r on r.currency = 'USD'
    where s.name = 'currency'
),
by_list as (
    select
        k.store, p.tier, 'list' as basis,
        case p.scheme when 's3' then 'https://aws.amazon.com/s3/pricing/'
            else 'https://cloud.google.com/storage/pricing' end || ', 2025-06-01' as price_source,
        (select min(b.resource_id) from billed as b where b.store = k.store) as resource_id,
        p.price::double * d.rate as rate
    from kept as k
    join list_price as p on starts_with(k.store, p.scheme || ':')
    cross join dollar as d
),
known as (
    select store, tier, basis, price_source, resource_id, rate from by_bill
    union all
    select store, tier, basis, price_source, resource_id, rate from by_list
)
select
    store, tier, rate::decimal(28, 10)::decimal(38, 20) as cost_per_gib_month, basis,
    price_source, resource_id
from known
where rate is not null
qualify row_number() over (partition by store, tier order by basis) = 1
