-- Commitments that are paid for and not used.
--
-- grain     one row per source and commitment that the last $days complete days charged for
-- method    utilisation: EffectiveCost of its used part over both, in these days. Where a charge of
--           it does not say which part it is, nothing is said
--           what can be done goes by its type: standard Reserved Instances can be sold on, Azure
--           reservations exchanged; the rest can only be used, or left to end
-- money     reporting currency. The unused part for a month of 730 hours, where it can be sold or
--           exchanged: the most that this can bring. Else there is no sum: it is paid to its end
-- param     days = 30: complete days of the bill that are looked at
-- param     utilisation = 0.9: part of it that has to be used
-- source    FOCUS 1.2, CommitmentDiscountStatus; AWS, "Reserved Instance Marketplace"; Azure,
--           "Exchanges and refunds for Azure Reservations"
-- rows from focus.charge
with looked_at as (
    select max(day) as until, max(day) - ($days - 1)::integer as since
    from ledger.billed_day where complete
),
charged as (
    select
        c.x_source as source, c.CommitmentDiscountId as commitment_id,
        max(coalesce(c.ServiceProviderName, c.ProviderName)) as provider,
        max(c.ServiceName) as service, max(c.CommitmentDiscountType) as type,
        max(c.CommitmentDiscountName) as name, max(c.SubAccountId) as sub_account,
        min(c.ChargePeriodStart)::date as first_day, any_value(d.until) as until,
        count(*) filter (coalesce(c.CommitmentDiscountStatus, '') not in ('Used', 'Unused'))
            as unclear,
        count(*) filter (c.x_billing_currency_rate is null) as unpriced,
        coalesce(sum(money_at_rate(c.EffectiveCost, c.x_billing_currency_rate))
            filter (c.CommitmentDiscountStatus = 'Used'), 0)::double as used,
        coalesce(sum(money_at_rate(c.EffectiveCost, c.x_billing_currency_rate))
            filter (c.CommitmentDiscountStatus = 'Unused'), 0)::double as unused
    from focus.charge as c
    cross join looked_at as d
    where c.CommitmentDiscountId is not null and c.ChargeCategory = 'Usage'
        and c.ChargePeriodStart < d.until + 1 and c.ChargePeriodStart >= d.since
    group by c.x_source, c.CommitmentDiscountId
),
ending as (
    select source, commitment_id, max(ends) as ends
    from ledger.commitment where commitment_id is not null
    group by source, commitment_id
),
judged as (
    select
        c.*, e.ends, used / nullif(used + unused, 0) as utilisation,
        date_diff('day', first_day, c.until) + 1 as days,
        money_estimate((used + unused) * 730 / (24 * (date_diff('day', first_day, c.until) + 1)))
            as monthly,
        money_estimate(unused * 730 / (24 * (date_diff('day', first_day, c.until) + 1)))
            as monthly_unused,
        case
            when lower(type) like '%reserved%' and lower(type) not like '%convertible%'
                and not regexp_matches(lower(coalesce(service, '')), 'rds|cache|search|redshift')
                then 'resell'
            when lower(type) like '%convertible%' or lower(type) = 'reservation' then 'exchange'
            else 'let-expire'
        end as way,
        case
            when unclear > 0 or unpriced > 0 then 'cannot-say'
            when used + unused <= 0 then 'cannot-say'
            when utilisation < $utilisation then 'advise'
            else 'clean'
        end as answer
    from charged as c
    left join ending as e on e.source = c.source and e.commitment_id = c.commitment_id
)
select
    'commitment/' || source || '/' || commitment_id as subject, source,
    coalesce(name, commitment_id) as name, answer,
    case
        when unclear > 0 then unclear || ' of its charges do not say whether they used it'
        when unpriced > 0 then 'a charge of it has no exchange rate'
        when used + unused <= 0 then 'the bill does not say what it is worth'
        else format('{:.1f}', 100 * utilisation) || ' % of it was used '
            || case days when 1 then 'on' else 'in the ' || days || ' days up to' end || ' ' || until
            || case when answer = 'advise' and way = 'let-expire'
                then '; it cannot be sold, so nothing is saved before it ends' else '' end
    end as reason,
    case when answer = 'advise' then way end as action,
    coalesce(type, 'commitment') || coalesce(', ' || service, '') as current,
    case when answer = 'advise' then case way
        when 'resell' then 'a smaller commitment: sell the rest on'
        when 'exchange' then 'a commitment to what does run'
        else 'no renewal, and other use under it until then' end end as proposed,
    monthly as cost_per_month,
    case when answer = 'advise' and way <> 'let-expire' then monthly_unused end as saving_per_month,
    case when answer = 'advise' and way <> 'let-expire' then 'bill' end as saving_basis,
    case when answer = 'advise' then case way when 'let-expire' then 'high' else 'low' end end
        as confidence,
    case when answer = 'advise' then case way
        when 'resell' then 'A buyer has to be found, and pays less than its price; its use may '
            || 'come back.'
        when 'exchange' then 'What it is exchanged for runs for a new term, and has to be used.'
        else 'Its use may come back before it ends.' end end as risk,
    to_json({
        utilisation_ratio: round(utilisation, 4), unused_cost_per_month: monthly_unused,
        days: days, until: until, ends: ends
    })::varchar as evidence,
    case
        when answer <> 'advise' then null
        when way = 'resell' and provider = 'AWS'
            then 'aws ec2 describe-reserved-instances --filters '
                || shell_quoted('Name=state,Values=active')
                || ' # then aws ec2 create-reserved-instances-listing'
        when way = 'exchange' and provider = 'AWS'
            then 'aws ec2 describe-reserved-instances-offerings --offering-class convertible'
                || ' # then aws ec2 accept-reserved-instances-exchange-quote'
    end as command,
    null::varchar as team, null::varchar as model, null::varchar as model_version,
    null::varchar as environment, null::varchar as resource_id,
    'commitment/' || source || '/' || commitment_id as saves_on, null::varchar as inside,
    null::double as committed_ratio, null::varchar as tags
from judged
