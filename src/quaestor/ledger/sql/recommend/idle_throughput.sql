-- Provisioned throughput of language models that is paid for by the hour and answers nothing.
--
-- grain     one row per resource that the bill charges for provisioned throughput in the last $days
--           days, less those that a platform lists as endpoints (idle_endpoint judges these)
-- method    idle: the same resource was billed for tokens in the last 30 days, and for none in the
--           last $days, in each of which it was paid for. A bill that never counts its tokens, or
--           only those from before it was provisioned, does not tell what it answers; nor does one
--           whose resource is an account (Azure), as other deployments answer in it, too
-- money     its charges by the hour, as on the bill, for a month of 730 hours
-- param     days = 7: days without tokens before provisioned throughput counts as idle
-- source    AWS, Amazon Bedrock "Provisioned Throughput"; Microsoft, "Provisioned throughput units"
-- rows from focus.charge
with last_day as (
    select max(until) as until from ledger.resource_rate
),
charge as (
    select
        c.ResourceId as resource_id, c.x_source as source, c.ChargePeriodStart::date as day,
        c.RegionId as region, d.until,
        money_at_rate(c.EffectiveCost, c.x_billing_currency_rate) as cost,
        regexp_matches(
            lower(concat_ws(' ', c.SkuMeter, c.ChargeDescription)),
            'provisioned[- ]?(throughput|managed|model)|modelunits'
        ) as is_provisioned,
        case when contains(lower(concat_ws(' ', c.ConsumedUnit, c.PricingUnit)), 'token')
            then coalesce(c.ConsumedQuantity, c.PricingQuantity, 0) end as tokens
    from focus.charge as c
    cross join last_day as d
    where c.ResourceId is not null and c.ChargeCategory = 'Usage'
        and c.ChargePeriodStart >= d.until - 29
        and c.ChargePeriodStart < d.until + interval 1 day
        and regexp_matches(
            lower(c.ServiceName), 'bedrock|openai|foundry|cognitive|azure ai|vertex'
        )
),
resource as (
    select
        resource_id, min(source) as source, any_value(region) as region, any_value(until) as until,
        count(distinct day) filter (is_provisioned) as days,
        min(day) filter (is_provisioned) as first_paid,
        count(distinct day) filter (is_provisioned and day > until - $days::integer) as paid_days,
        case when count(*) filter (is_provisioned and cost is null) = 0
            then sum(cost) filter (is_provisioned) end as cost,
        max(day) filter (tokens > 0) as last_tokens,
        sum(tokens) filter (day > until - $days::integer) as tokens
    from charge
    group by resource_id
    having count(*) filter (is_provisioned and day > until - $days::integer) > 0
),
judged as (
    select
        r.*, b.team, b.model, b.model_version, b.environment, b.committed_ratio, b.tags,
        case when abs(r.cost::double * 730 / (24 * r.days)) < 1e17
            then money_estimate(r.cost::double * 730 / (24 * r.days)) end as cost_per_month,
        case
            when not contains(lower(r.resource_id), 'provisioned') then 'account'
            when r.last_tokens is null or r.last_tokens < r.first_paid then 'uncounted'
            when r.tokens > 0 then 'clean'
            when r.paid_days < $days then 'gaps'
            else 'advise'
        end as state
    from resource as r
    left join ledger.resource_rate as b on b.resource_id = r.resource_id
    where not exists (select 1 from usage.endpoint as e where e.resource_id = r.resource_id)
)
select
    'throughput/' || resource_id as subject, source, resource_id as name,
    case state when 'advise' then 'advise' when 'clean' then 'clean' else 'cannot-say' end
        as answer,
    case state
        when 'account' then 'the bill names its account, in which other deployments answer, too'
        when 'uncounted' then 'the bill tells what it costs, and nobody what it answers'
        when 'gaps' then 'it was paid for on ' || paid_days || ' of the last ' || $days || ' days'
        when 'clean' then 'the bill counts tokens of it up to ' || last_tokens
        else 'the bill counts tokens of it up to ' || last_tokens || ', and none in the last '
            || $days || ' days'
    end as reason,
    case when state = 'advise' then 'delete' end as action,
    'provisioned throughput' as current,
    case when state = 'advise' then 'tokens paid for one by one' end as proposed,
    cost_per_month,
    case when state = 'advise' then cost_per_month end as saving_per_month,
    case when state = 'advise' and cost_per_month is not null then 'bill' end as saving_basis,
    case when state = 'advise' then 'medium' end as confidence,
    case when state = 'advise'
        then 'A term that was committed to is paid to its end, and capacity may be hard to get '
            || 'again.' end as risk,
    to_json({paid_days: paid_days, last_tokens: last_tokens, until: until})::varchar as evidence,
    case when state = 'advise' and resource_id like 'arn:%:bedrock:%'
        then 'aws bedrock delete-provisioned-model-throughput --provisioned-model-id '
            || shell_quoted(resource_id)
            || coalesce(' --region ' || shell_quoted(region), '') end as command,
    team, model, model_version, environment, resource_id, resource_id as saves_on,
    null::varchar as inside, committed_ratio, tags
from judged
