-- Commitments that end soon, and whether to renew them.
--
-- grain     one row per source and commitment of which the last 30 complete days had charges of use
-- method    it ends on the last day of a term that was bought at once (ledger.commitment). Renewed
--           it costs what it costs now; without it the used part costs what the bill says it would
--           (ContractedCost of what was used, else ListCost). The cheaper of the two is advised
-- money     reporting currency. To let it end saves what it costs more than its use would without;
--           to renew saves nothing against the bill of today, and keeps what it saves now: it has
--           no sum, and the figures are in the evidence. So it is without a price of its use
-- param     days = 60: days before its end in which a commitment is told
-- source    FOCUS 1.2, ContractedCost, ChargePeriodEnd
-- rows from focus.charge
with looked_at as (
    select max(day) as until from ledger.billed_day where complete
),
charged as (
    select
        c.x_source as source, c.CommitmentDiscountId as commitment_id,
        max(c.ServiceName) as service, max(c.CommitmentDiscountType) as type,
        max(c.CommitmentDiscountName) as name, any_value(d.until) as until,
        date_diff('day', min(c.ChargePeriodStart)::date, any_value(d.until)) + 1 as days,
        count(*) filter (coalesce(c.CommitmentDiscountStatus, '') not in ('Used', 'Unused'))
            as unclear,
        case when count(*) = count(c.x_billing_currency_rate)
            then sum(money_at_rate(c.EffectiveCost, c.x_billing_currency_rate))::double end as cost,
        case when count(*) = count(c.x_billing_currency_rate) and count(*) filter (
                c.CommitmentDiscountStatus = 'Used'
                and coalesce(nullif(c.ContractedCost, 0), nullif(c.ListCost, 0)) is null
            ) = 0
            then coalesce(sum(money_at_rate(
                coalesce(nullif(c.ContractedCost, 0), c.ListCost), c.x_billing_currency_rate
            )) filter (c.CommitmentDiscountStatus = 'Used'), 0)::double end as cost_without
    from focus.charge as c
    cross join looked_at as d
    where c.CommitmentDiscountId is not null and c.ChargeCategory = 'Usage'
        and c.ChargePeriodStart < d.until + 1 and c.ChargePeriodStart >= d.until - 29
    group by c.x_source, c.CommitmentDiscountId
),
ending as (
    select source, commitment_id, max(ends) as ends
    from ledger.commitment where commitment_id is not null
    group by source, commitment_id
),
judged as (
    select
        c.*, e.ends, money_estimate(c.cost * 730 / (24 * c.days)) as monthly,
        money_estimate(c.cost_without * 730 / (24 * c.days)) as monthly_without,
        monthly > monthly_without as is_dearer,
        case
            when e.ends is null or c.unclear > 0 then 'cannot-say'
            when date_diff('day', c.until, e.ends) not between 0 and $days then 'clean'
            else 'advise'
        end as answer,
        case e.ends - c.until when 0 then ', that day' when 1 then ', in 1 day'
            else ', in ' || (e.ends - c.until) || ' days' end as in_days
    from charged as c
    left join ending as e on e.source = c.source and e.commitment_id = c.commitment_id
)
select
    'commitment/' || source || '/' || commitment_id as subject, source,
    coalesce(name, commitment_id) as name, answer,
    case
        when ends is null then 'the bill does not say when it ends: it was not bought at once in '
            || 'the months that are known'
        when unclear > 0 then unclear || ' of its charges do not say whether they used it'
        when ends < until then 'it ended on ' || ends
        when answer = 'clean' then 'it ends on ' || ends || in_days
        else 'it ends on ' || ends || in_days || '; it costs '
            || coalesce(format('{:,.2f}', monthly::double), 'an unknown sum')
            || ' a month, and its use without it '
            || coalesce(format('{:,.2f}', monthly_without::double), 'an unknown sum')
    end as reason,
    case when answer = 'advise' then case when is_dearer then 'let-expire'
        when not is_dearer then 'renew' else 'review' end end as action,
    coalesce(type, 'commitment') || coalesce(', ' || service, '') as current,
    case when answer = 'advise' then case when is_dearer then 'no commitment'
        when not is_dearer then 'the same commitment again, as far as it is steadily used'
        else 'what its use would cost without it, then a decision' end end as proposed,
    monthly as cost_per_month,
    case when answer = 'advise' and is_dearer then monthly - monthly_without end::decimal(38, 20)
        as saving_per_month,
    case when answer = 'advise' and is_dearer then 'bill' end as saving_basis,
    case when answer = 'advise' then case when is_dearer is null then 'low' else 'medium' end end
        as confidence,
    case when answer = 'advise' then case when is_dearer
        then 'Its use may come back; look first whether it renews itself.'
        else 'Renewed for use that ends it costs more than it saves; left alone its use is paid on '
            || 'demand from that day on.' end end as risk,
    to_json({
        ends: ends, until: until, cost_per_month: monthly,
        cost_per_month_without: monthly_without
    })::varchar as evidence,
    null::varchar as command, null::varchar as team, null::varchar as model,
    null::varchar as model_version, null::varchar as environment, null::varchar as resource_id,
    'commitment/' || source || '/' || commitment_id as saves_on, null::varchar as inside,
    null::double as committed_ratio, null::varchar as tags
from judged
