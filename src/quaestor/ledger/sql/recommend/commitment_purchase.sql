-- Steady use that is paid on demand, and would cost less under a commitment of a year.
--
-- grain     one row per provider, service and region in which machines that can be committed to
--           ran in the last $days complete days: EC2, Compute Engine, virtual machines, SageMaker,
--           Azure ML and Vertex AI, provisioned throughput of Azure OpenAI and Bedrock, and every
--           service that a commitment on the bill covered
-- method    use is what Usage charges at standard prices cost that count hours, no commitment
--           covers, and are not for discs, addresses, gateways or transfer. Steady is what it cost
--           at least in $steady_ratio of the hours, those without any use among them (so the 10th
--           percentile): hour by hour where each charge is of an hour, else day by day. Corrections
--           are left out. Nothing is advised while over $unused of what is committed there stands
--           unused, or where a month saves less than $least
--           discount: what commitments on the bill cost less than the same use would without, in
--           that region, else in any; else that of `discounts`, "provider/service = ratio". Where
--           neither says, advice has no sum, and says so. GPUs and TPUs of Compute Engine are apart
--           ("Compute Engine GPUs"): a flexible commitment does not cover them, one by resource does
--           break-even: commitments are paid whether they are used or not; one pays from the day of
--           the year on after which its use may end: 365 x (1 - discount)
-- money     reporting currency; effective rate: the discount is the bill's; list: it is published
-- param     days = 30: complete days of the bill that have to be steady; 60 for more caution
-- param     steady_ratio = 0.9: part of the hours in which use is at least what is committed to
-- param     unused = 0.05: part of existing commitments up to which more may be bought
-- param     least = 10: saving of a month below which no commitment is worth its trouble
-- param     discounts = ["Google Cloud/Compute Engine = 0.28"]: what a year's commitment without
--            upfront payment takes off, where the bill does not show it; such as
--            "Microsoft/Azure OpenAI = 0.3" for provisioned throughput units
-- source    FOCUS 1.2, CommitmentDiscountStatus, PricingCategory; Google Cloud, "Compute flexible
--           committed use discounts", one year: 28 % (November 2026); FinOps Framework, "Rate
--           Optimization"
-- rows from focus.charge
with looked_at as (
    select
        max(day) as until, max(day) - ($days - 1)::integer as since,
        count(distinct day) filter (day > (
            select max(day) - $days::integer from ledger.billed_day where complete
        )) as days
    from ledger.billed_day
    where complete
),
billed as (
    select
        coalesce(c.ServiceProviderName, c.ProviderName, '') as provider,
        coalesce(c.SkuMeter, c.ChargeDescription, '') as meter,
        coalesce(c.ServiceName, '') || case
            when provider = 'Google Cloud' and c.ServiceName = 'Compute Engine'
                and regexp_matches(lower(meter), 'gpu|tpu') then ' GPUs'
            else '' end as service,
        coalesce(c.RegionId, '') as region,
        lower(coalesce(c.PricingUnit, c.ConsumedUnit)) as unit,
        case
            when c.CommitmentDiscountStatus in ('Used', 'Unused') then c.CommitmentDiscountStatus
            when c.CommitmentDiscountId is not null then 'Unclear'
            when c.PricingCategory is null then 'Unsaid'
            else c.PricingCategory
        end as paid,
        coalesce(c.CommitmentDiscountId, '') as commitment,
        date_trunc('hour', c.ChargePeriodStart) as hour,
        coalesce(c.ChargePeriodEnd <= c.ChargePeriodStart + interval 1 hour, false) as is_hourly,
        money_at_rate(c.EffectiveCost, c.x_billing_currency_rate) as cost,
        money_at_rate(coalesce(nullif(c.ContractedCost, 0), c.ListCost), c.x_billing_currency_rate)
            as cost_without
    from focus.charge as c
    cross join looked_at as d
    where c.ChargeCategory = 'Usage' and coalesce(c.ChargeClass, '') <> 'Correction'
        and c.ChargePeriodStart < d.until + 1 and c.ChargePeriodStart >= d.since
),
committed_service as (
    select distinct provider, service from billed where paid in ('Used', 'Unclear')
),
-- Meters of machines that can be committed to.
meter as (
    select m.provider, m.service, m.meter, m.unit
    from (select distinct provider, service, meter, unit from billed) as m
    left join committed_service as c on c.provider = m.provider and c.service = m.service
    where regexp_matches(m.unit, '(^|[^a-z])(hours?|hrs?|h)$')
        and not regexp_matches(
            lower(m.meter),
            'nat ?gateway|load ?balanc|address|elasticip|disk|snapshot|volume|transfer|storage|^ebs'
        )
        and not (
            m.provider = 'Google Cloud' and m.service <> 'Compute Engine GPUs'
            and regexp_matches(lower(m.meter), 'gpu|tpu')
        )
        and (
            c.service is not null
            or regexp_matches(
                lower(m.service),
                'sagemaker|ec2|elastic compute|compute engine|vertex|virtual machine|'
                || 'machine learning|databricks'
            )
            or (
                regexp_matches(lower(m.service), 'openai|cognitive|foundry|bedrock')
                and regexp_matches(lower(m.meter), 'provisioned|ptu')
            )
        )
),
used as (
    select
        b.provider, b.service, b.region, b.paid, b.commitment, b.hour,
        bool_and(b.is_hourly) as is_hourly, count(*) as charges,
        case when count(*) = count(b.cost) then sum(b.cost)::double end as cost,
        case when count(*) = count(b.cost_without) then sum(b.cost_without)::double end
            as cost_without
    from billed as b
    join meter as m
        on m.provider = b.provider and m.service = b.service and m.meter = b.meter
        and m.unit = b.unit
    group by b.provider, b.service, b.region, b.paid, b.commitment, b.hour
),
pool as (
    select
        provider, service, region,
        bool_and(is_hourly) filter (paid = 'Standard') as is_hourly,
        coalesce(sum(charges) filter (paid in ('Unclear', 'Unsaid')), 0) as unclear,
        count(*) filter (cost is null) as unpriced,
        coalesce(sum(cost) filter (paid = 'Standard'), 0) as on_demand,
        coalesce(sum(cost) filter (paid = 'Used'), 0) as used,
        sum(cost_without) filter (paid = 'Used') as used_without,
        count(*) filter (paid = 'Used') = count(cost_without) filter (paid = 'Used') as is_compared
    from used
    group by provider, service, region
),
-- What stands unused may be billed under another service than what it covers, and without a region.
unused as (
    select commitment, provider, service, region, sum(cost)::double as unused
    from billed where paid = 'Unused'
    group by commitment, provider, service, region
),
idle as (
    select p.provider, p.service, p.region, sum(u.unused) as unused
    from pool as p
    join unused as u
        on u.commitment in (
            select l.commitment from used as l
            where l.paid = 'Used' and l.provider = p.provider and l.service = p.service
                and l.region = p.region
        )
        or (u.provider = p.provider and u.service = p.service and u.region in (p.region, ''))
    group by p.provider, p.service, p.region
),
service_rate as (
    select
        provider, service,
        case when bool_and(is_compared) and sum(used_without) > sum(used) and sum(used) > 0
            then 1 - sum(used) / sum(used_without) end as discount
    from pool group by provider, service
),
published as (
    select
        trim(regexp_extract(said, '^(.*)=', 1)) as service,
        try_cast(trim(regexp_extract(said, '=([^=]*)$', 1)) as double) as discount
    from (select unnest($discounts) as said)
),
slot as (
    select
        u.provider, u.service, u.region,
        case when p.is_hourly then u.hour else date_trunc('day', u.hour) end as slot,
        sum(u.cost) / case when any_value(p.is_hourly) then 1 else 24 end as cost
    from used as u
    join pool as p using (provider, service, region)
    where u.paid = 'Standard'
    group by all
),
sized as (
    select
        s.provider, s.service, s.region, count(*) as slots_used, list_sort(list(s.cost)) as costs,
        any_value(d.days) * case when any_value(p.is_hourly) then 24 else 1 end as slots,
        -- How many of those with use may cost less: those without any come first.
        ceil((1 - $steady_ratio) * slots)::bigint - (slots - slots_used) as place
    from slot as s
    join pool as p using (provider, service, region)
    cross join looked_at as d
    group by s.provider, s.service, s.region
),
steady as (
    select *, case when place >= 1 then greatest(costs[place], 0) else 0 end as hourly from sized
),
rated as (
    select
        p.*, s.slots, s.slots_used, coalesce(s.hourly, 0) as hourly, d.until, d.days,
        coalesce(i.unused, 0) as unused,
        coalesce(
            case when p.is_compared and p.used_without > p.used and p.used > 0
                then 1 - p.used / p.used_without end,
            r.discount
        ) as billed_discount,
        case when l.discount between 0 and 1 then l.discount end as published_discount,
        coalesce(billed_discount, published_discount) as discount,
        concat_ws('/', p.provider, p.service, p.region) as name
    from pool as p
    cross join looked_at as d
    left join steady as s using (provider, service, region)
    left join idle as i using (provider, service, region)
    left join service_rate as r on r.provider = p.provider and r.service = p.service
    left join published as l on l.service = p.provider || '/' || p.service
),
judged as (
    select
        *,
        money_estimate(hourly * 730) as steady_cost,
        money_estimate(hourly * 730 * discount) as saving,
        ceil(365 * (1 - discount))::integer as break_even_day,
        case when is_hourly then 'hours' else 'days' end as slot_name,
        case
            when days < $days then 'cannot-say'
            when unpriced > 0 or unclear > 0 then 'cannot-say'
            when on_demand <= 0 or hourly <= 0 then 'clean'
            when unused > $unused * (used + unused) then 'clean'
            when hourly * 730 * coalesce(discount, 1) < $least then 'clean'
            else 'advise'
        end as answer
    from rated
)
select
    'on-demand/' || provider || '/' || service || '/' || region as subject,
    null::varchar as source, name, answer,
    case
        when days < $days then 'the bill has ' || coalesce(days, 0) || ' complete days of the last '
            || $days
        when unpriced > 0 then 'a charge of it has no exchange rate'
        when unclear > 0 then 'the bill does not say of ' || unclear || ' of its charges whether a '
            || 'commitment covers them, or at which kind of price they are'
        when on_demand <= 0 then 'nothing of it is paid on demand'
        when unused > $unused * (used + unused) then 'of its commitments '
            || format('{:,.2f}', unused) || ' stood unused in ' || $days || ' days: use them first'
        when hourly <= 0 then 'it is not steady: it ran on demand in ' || coalesce(slots_used, 0)
            || ' of ' || coalesce(slots, 0) || ' ' || slot_name
        when answer = 'clean' then 'a commitment would save less than ' || $least || ' a month'
        else 'at least ' || format('{:,.2f}', hourly) || ' an hour was paid on demand in '
            || format('{:.0f}', 100 * $steady_ratio) || ' % of ' || slots || ' ' || slot_name
            || case when discount is null then '; what a commitment takes off is not known: '
                || 'none of it is on the bill, and `discounts` names none for ' || provider || '/'
                || service
                else '; at ' || format('{:.1f}', 100 * discount) || ' % less a year''s commitment '
                    || 'pays if the use goes on for ' || break_even_day || ' days, up to '
                    || (until + 1 + break_even_day) end
    end as reason,
    case when answer = 'advise' then 'commit' end as action,
    format('{:,.2f}', hourly) || ' an hour on demand' as current,
    case when answer = 'advise' then
        case
            when lower(service) like '%sagemaker%' then 'a SageMaker AI Savings Plan'
            when lower(service) like '%bedrock%' then 'provisioned throughput with a commitment'
            when provider = 'AWS' then 'a Savings Plan or Reserved Instances'
            when regexp_matches(lower(service), 'openai|cognitive|foundry')
                then 'a reservation of provisioned throughput units'
            when provider = 'Microsoft' then 'a reservation or a savings plan'
            when service = 'Compute Engine GPUs'
                then 'a committed use discount by resource, with a reservation'
            when provider = 'Google Cloud' then 'a committed use discount'
            else 'a commitment'
        end || ' of one year, nothing upfront'
        || coalesce(', to ' || format('{:,.2f}', hourly * (1 - discount)) || ' an hour', '')
    end as proposed,
    steady_cost as cost_per_month,
    case when answer = 'advise' then saving end as saving_per_month,
    case
        when answer <> 'advise' or discount is null then null
        when billed_discount is not null then 'effective rate'
        else 'list'
    end as saving_basis,
    case
        when answer <> 'advise' then null
        when discount is null then 'low'
        when is_hourly and billed_discount is not null then 'high'
        else 'medium'
    end as confidence,
    case when answer = 'advise' then
        'It is paid for a year, used or not'
        || coalesce(': should the use end before day ' || break_even_day || ', it costs more than '
            || 'it saves', '')
        || '. Follow other advice on these machines first: what that takes away need not be '
        || 'committed to.'
        || case when is_hourly then '' else ' The bill tells days, not hours, so that use which '
            || 'stops at night reads as steady: look at the hours first.' end
        || case when billed_discount is not null then ' The discount is that of the commitments '
            || 'there are, of whatever term.' else '' end
    end as risk,
    to_json({
        steady_cost_per_hour: round(hourly, 4), slots: slots, slots_used: slots_used,
        measured_by: slot_name, on_demand_cost: round(on_demand, 2), committed_cost: round(used, 2),
        unused_cost: round(unused, 2),
        coverage_ratio: round(used_without / nullif(used_without + on_demand, 0), 4),
        discount: round(discount, 4), break_even_day: break_even_day, until: until
    })::varchar as evidence,
    case
        when answer <> 'advise' or provider <> 'AWS' or lower(service) like '%bedrock%' then null
        else 'aws ce get-savings-plans-purchase-recommendation --savings-plans-type '
            || case when lower(service) like '%sagemaker%' then 'SAGEMAKER_SP' else 'COMPUTE_SP' end
            || ' --term-in-years ONE_YEAR --payment-option NO_UPFRONT --lookback-period-in-days '
            || case when $days >= 60 then 'SIXTY_DAYS' else 'THIRTY_DAYS' end
    end as command,
    null::varchar as team, null::varchar as model, null::varchar as model_version,
    null::varchar as environment, null::varchar as resource_id,
    'on-demand/' || provider || '/' || service || '/' || region as saves_on,
    null::varchar as inside, null::double as committed_ratio, null::varchar as tags
from judged
