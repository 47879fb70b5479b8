-- What the tokens of language models cost: by model, direction and who used them.
--
-- grain     one row per month, source, provider, model id, owner, direction and currencies
-- money     effective cost, in billing_currency and in the reporting one (null without a rate);
--           pricing_currency_cost where the provider prices in another, such as credits
-- tokens    as billed; null where a unit is not known to be tokens. Token-hours (kept caches) are
--           no tokens: direction `cache-storage`
-- direction input, cached-input (read from a cache), cache-write, output, cache-storage; null:
--           nobody says
-- method    SkuPriceDetails says it (FOCUS 1.5 draft: ModelId, TokenDirection, TokenCacheAction),
--           or the meter: Amazon Bedrock's usage types, Azure OpenAI's meters, Vertex AI's SKUs,
--           which count tokens as `count` or `requests`. Bedrock sells others' models by the
--           million under the unit `Units`, and its description says so. Commitments and taxes are
--           no use of tokens
-- source    FOCUS 1.2, PricingCurrency; FOCUS 1.5 working draft, SkuPriceDetails; AWS,
--           "Understanding your Amazon Bedrock Cost and Usage Report data"; Microsoft, Azure retail
--           prices, meters of Azure OpenAI; Google Cloud SKU groups, Vertex AI
-- rows from focus.charge
with charge as (
    select
        date_trunc('month', c.ChargePeriodStart)::date as month, c.x_source as source, c.provider,
        c.team, c.model, c.ServiceName as service, c.SkuMeter as meter,
        c.SkuPriceDetails as details, c.ConsumedUnit as consumed_unit,
        c.PricingUnit as pricing_unit,
        coalesce(contains(lower(c.ChargeDescription), 'million'), false) as says_million,
        c.ChargeCategory as category, c.BillingCurrency as billing_currency,
        c.PricingCurrency as pricing_currency,
        sum(c.ConsumedQuantity) as consumed, count(c.ConsumedQuantity) = count(*) as has_consumed,
        sum(c.PricingQuantity) as priced, count(c.PricingQuantity) = count(*) as has_priced,
        sum(c.EffectiveCost) as billing_effective_cost,
        case when count(*) = count(c.effective_cost) then sum(c.effective_cost) end
            as effective_cost,
        sum(c.PricingCurrencyEffectiveCost) as pricing_currency_cost
    from ledger.ruled_charge as c
    where date_trunc('month', c.ChargePeriodStart)::date in (select month from ledger.stale_month)
        and c.ChargePeriodStart >= (select min(month) from ledger.stale_month)
        and (
            contains(c.ConsumedUnit, 'oken')
            or contains(c.PricingUnit, 'oken')
            or contains(c.SkuMeter, 'oken')
            or contains(c.SkuMeter, 'put - Predictions')
            or contains(c.SkuMeter, 'put Caching')
            or contains(c.SkuPriceDetails, '"TokenDirection"')
            or contains(c.PricingCurrency, 'oken')
        )
        and c.ChargeCategory in ('Usage', 'Credit', 'Adjustment')
    group by all
),
read as (
    select
        c.*,
        nullif(regexp_extract(details, '"ModelId" *: *"([^"]+)"', 1), '') as stated_model,
        lower(regexp_extract(details, '"TokenDirection" *: *"([^"]+)"', 1)) as stated_direction,
        lower(regexp_extract(details, '"TokenCacheAction" *: *"([^"]+)"', 1)) as cache_action,
        lower(meter) as words,
        lower(trim(consumed_unit)) as unit_consumed,
        lower(trim(pricing_unit)) as unit_priced
    from charge as c
),
directed as (
    select
        *,
        case
            when contains(unit_consumed, 'token-hour') or contains(unit_priced, 'token-hour')
                or contains(words, 'storage')
                then 'cache-storage'
            when stated_direction = 'output' then 'output'
            when stated_direction = 'input' and cache_action = 'read' then 'cached-input'
            when stated_direction = 'input' and cache_action = 'write' then 'cache-write'
            when stated_direction = 'input' then 'input'
            when regexp_matches(words, 'cache[ _-]?write') then 'cache-write'
            when regexp_matches(words, 'cach|cchd') then 'cached-input'
            when regexp_matches(words, 'output|outp|[ -](out|opt)[ -]|completion') then 'output'
            when regexp_matches(words, 'input|inp[ -]|[ -]in[ -]|prompt|embed') then 'input'
        end as direction,
        coalesce(
            stated_model,
            nullif(regexp_extract(
                meter,
                '^(?:[A-Z]{2,4}[0-9]*-)?(.+?)-(?:mantle-)?'
                || '(?:cache-(?:read|write)-)?(?:input|output)-token',
                1
            ), ''),
            case when service like '%(Amazon Bedrock Edition)'
                then trim(replace(service, '(Amazon Bedrock Edition)', '')) end,
            nullif(regexp_extract(
                meter,
                '^(.+?)(?: GA)?(?: Global)?(?: Thinking)?(?: (?:Text|Image|Audio|Video))? '
                || '(?:Input|Output)(?: - Predictions| Caching)',
                1
            ), ''),
            nullif(regexp_extract(
                meter,
                '(?i)^(.+?)[ -](?:cached |cchd |batch )*'
                || '(?:inp|input|outp|output|out|opt)[ -].*tokens?$',
                1
            ), '')
        ) as model_id
    from read
),
measured as (
    select
        *,
        -- The quantity that counts tokens, and how many of them one of its units is.
        contains(unit_consumed, 'token') as is_consumed_in_tokens,
        case when contains(unit_consumed, 'token') then unit_consumed
            when contains(unit_priced, 'token') then unit_priced
            else unit_consumed end as unit,
        case when contains(unit_consumed, 'token') then case when has_consumed then consumed end
            when contains(unit_priced, 'token') then case when has_priced then priced end
            when has_consumed then consumed end as quantity
    from directed
    where direction is not null
        or contains(unit_consumed, 'token') or contains(unit_priced, 'token')
        or contains(pricing_currency, 'oken')
),
factored as (
    select
        *,
        case
            when direction = 'cache-storage' then null
            when regexp_matches(unit, '^[0-9,]* *tokens?$') then coalesce(
                try_cast(replace(regexp_extract(unit, '^([0-9,]+)', 1), ',', '') as decimal(10, 0)),
                1
            )
            when regexp_matches(unit, '^1?k tokens?$|^1? ?thousand tokens?$') then 1000
            when regexp_matches(unit, '^1?m tokens?$|^1? ?million tokens?$') then 1000000
            when contains(meter, 'MP:') then case when says_million then 1000000 end
            when unit in ('units', 'unit', 'count', 'requests') and direction is not null then 1
        end::decimal(10, 0) as factor
    from measured
),
counted as (
    select
        *,
        case
            when category <> 'Usage' then 0::decimal(38, 9)
            -- More than a quadrillion of anything is a mistake.
            when abs(quantity) < 1000000000000000
                then (quantity::decimal(28, 12) * factor)::decimal(38, 9)
        end as tokens
    from factored
)
select
    month, source, provider, model_id, team, model, direction,
    case when count(*) = count(tokens) then sum(tokens)::decimal(38, 9) end as tokens,
    billing_currency, pricing_currency,
    sum(billing_effective_cost)::decimal(38, 20) as billing_effective_cost,
    case when count(*) = count(effective_cost) then sum(effective_cost)::decimal(38, 20) end
        as effective_cost,
    case
        when count(*) = count(tokens) and count(*) = count(effective_cost) and sum(tokens) > 0
            and abs(sum(effective_cost)::double / sum(tokens)::double) < 1e11
            then (sum(effective_cost)::double / sum(tokens)::double * 1000000)
                ::decimal(38, 10)::decimal(38, 20)
    end as cost_per_1m_tokens,
    sum(pricing_currency_cost)::decimal(38, 20) as pricing_currency_cost
from counted
group by month, source, provider, model_id, team, model, direction, billing_currency,
    pricing_currency
