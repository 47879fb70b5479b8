-- List prices of one landed look at Google Cloud's catalogue, where they are new.
--
-- grain     one row per SKU, region, currency and tier; a price already known is none
-- money     list_unit_price, DECIMAL(38, 20), in `currency`, for one `unit`
-- method    units and nanos have one sign and are added as decimals, so that no float is near. A
--           price that several looks tell alike keeps the look that told it first: the
--           rows known are taken away under this look's time
-- source    Cloud Billing API, SKU.PricingInfo.PricingExpression.TierRate.unitPrice (Money)
select
    $source as source, 'Google Cloud' as provider, sku_id, service, description,
    unnest(case when regions = '[]' then [null] else from_json(regions, '["varchar"]') end)
        as region,
    usage_type, unit, currency,
    tier_start::decimal(38, 20) as tier_start,
    (units::decimal(27, 9) + nanos::decimal(10, 0) * 0.000000001::decimal(9, 9))::decimal(38, 20)
        as list_unit_price,
    effective_time::timestamptz at time zone 'UTC' as valid_from,
    $fetched_at::timestamp as fetched_at
from landed_table
except
select
    source, provider, sku_id, service, description, region, usage_type, unit, currency,
    tier_start, list_unit_price, valid_from, $fetched_at::timestamp as fetched_at
from focus.price
where source = $source
