-- What each commitment cost, how much of it was used, and how much of what it could cover it did.
--
-- grain     one row per month, source, provider, commitment and billing currency; and where there
--           is one, a row without commitment_id for what ran without any
-- money     as billed, in billing_currency ('' where a bill names none); currencies are never
--           added. used, unused and committed are EffectiveCost: what the used and the unused part
--           of the commitment was worth. purchased is what was billed for buying it
-- method    of Usage charges with a CommitmentDiscountId the status says which part they are; a
--           status that is missing leaves used, unused and both ratios NULL, and its cost is
--           unclear. Utilisation is used /
--           committed. Eligible is what a commitment could have covered: what it did, and what was
--           paid at standard prices (PricingCategory Standard, no commitment) for the services of
--           the same source and currency that it covered that month; Dynamic prices (spot) are not
--           eligible. Coverage is what it covered / eligible, at ContractedCost where every one of
--           those charges states it (what the same use costs without the commitment), else at
--           EffectiveCost, which shows less of it: coverage_basis says which. The row without
--           commitment_id counts every service that any commitment covered
-- source    FOCUS 1.2, CommitmentDiscountStatus, CommitmentDiscountId, PricingCategory; FinOps
--           Framework, "Rate Optimization": coverage and utilisation
-- rows from focus.charge
with committed as (
    select
        date_trunc('month', ChargePeriodStart)::date as month, x_source as source,
        coalesce(ServiceProviderName, ProviderName) as provider,
        CommitmentDiscountId as commitment_id, CommitmentDiscountCategory as category,
        CommitmentDiscountType as type, CommitmentDiscountName as name,
        coalesce(BillingCurrency, '') as billing_currency, coalesce(ServiceName, '') as service,
        coalesce(ChargeCategory, '') as charge_category,
        case when CommitmentDiscountStatus in ('Used', 'Unused') then CommitmentDiscountStatus end
            as status,
        min(ChargePeriodStart)::date as first_day, max(ChargePeriodStart)::date as last_day,
        max(case when ChargeCategory = 'Purchase' and ChargeFrequency = 'One-Time'
            then (ChargePeriodEnd - interval 1 second)::date end) as ends,
        sum(EffectiveCost) as cost, sum(BilledCost) as billed_cost,
        sum(ContractedCost) as contracted_cost,
        count(*) = count(nullif(ContractedCost, 0)) as has_contracted
    from focus.charge
    where CommitmentDiscountId is not null
        and date_trunc('month', ChargePeriodStart)::date in (select month from ledger.stale_month)
        and ChargePeriodStart >= (select min(month) from ledger.stale_month)
    group by all
),
covered as (
    select distinct month, source, billing_currency, service, commitment_id
    from committed where charge_category = 'Usage' and status = 'Used'
),
covered_service as (
    select distinct month, source, billing_currency, service from covered
),
standard as (
    select
        s.month, s.source, coalesce(c.ServiceProviderName, c.ProviderName) as provider,
        s.billing_currency, s.service,
        min(c.ChargePeriodStart)::date as first_day, max(c.ChargePeriodStart)::date as last_day,
        sum(c.EffectiveCost) as cost, sum(c.ContractedCost) as contracted_cost,
        count(*) = count(nullif(c.ContractedCost, 0)) as has_contracted
    from focus.charge as c
    join covered_service as s
        on s.month = date_trunc('month', c.ChargePeriodStart)::date
        and s.source = c.x_source and s.service = coalesce(c.ServiceName, '')
        and s.billing_currency = coalesce(c.BillingCurrency, '')
    where c.CommitmentDiscountId is null and c.ChargeCategory = 'Usage'
        and c.PricingCategory = 'Standard'
        and c.ChargePeriodStart >= (select min(month) from ledger.stale_month)
    group by all
),
commitment as (
    select
        month, source, commitment_id, billing_currency,
        min(provider) as provider, max(category) as category, max(type) as type,
        max(name) as name,
        sum(cost) filter (where charge_category = 'Usage' and status = 'Used') as used,
        sum(cost) filter (where charge_category = 'Usage' and status = 'Unused') as unused,
        sum(contracted_cost) filter (where charge_category = 'Usage' and status = 'Used')
            as covered_contracted,
        coalesce(bool_and(has_contracted) filter (
            where charge_category = 'Usage' and status = 'Used'
        ), false) as has_contracted,
        sum(billed_cost) filter (where charge_category = 'Purchase') as purchased,
        count(*) filter (where charge_category = 'Usage') as uses,
        count(*) filter (where charge_category = 'Usage' and status is null) as unclear,
        sum(cost) filter (where charge_category = 'Usage' and status is null) as unclear_cost,
        min(first_day) as first_day, max(last_day) as last_day, max(ends) as ends
    from committed
    group by month, source, commitment_id, billing_currency
),
beside as (
    select
        c.month, c.source, c.billing_currency, c.commitment_id,
        sum(s.cost) as cost, sum(s.contracted_cost) as contracted_cost,
        bool_and(s.has_contracted) as has_contracted
    from covered as c
    join standard as s
        on s.month = c.month and s.source = c.source
        and s.billing_currency = c.billing_currency and s.service = c.service
    group by c.month, c.source, c.billing_currency, c.commitment_id
),
all_covered as (
    select
        month, source, billing_currency, sum(used) as used,
        sum(covered_contracted) as covered_contracted,
        bool_and(has_contracted) filter (where used is not null) as has_contracted,
        sum(unclear) as unclear
    from commitment group by month, source, billing_currency
),
all_standard as (
    select
        month, source, billing_currency, min(provider) as provider, sum(cost) as cost,
        sum(contracted_cost) as contracted_cost, bool_and(has_contracted) as has_contracted,
        min(first_day) as first_day, max(last_day) as last_day
    from standard group by month, source, billing_currency
),
line as (
    select
        c.month, c.source, c.provider, c.commitment_id, c.category, c.type, c.name,
        c.billing_currency, c.unclear,
        case when c.uses > 0 and c.unclear = 0 then coalesce(c.used, 0) end as used,
        case when c.uses > 0 and c.unclear = 0 then coalesce(c.unused, 0) end as unused,
        case
            when c.has_contracted and coalesce(b.has_contracted, true) then 'contracted'
            else 'effective'
        end as basis,
        c.used as covered_effective, c.covered_contracted,
        coalesce(b.cost, 0) as beside_effective,
        coalesce(b.contracted_cost, 0) as beside_contracted,
        c.first_day, c.last_day, c.purchased, c.ends, c.unclear_cost
    from commitment as c
    left join beside as b
        on b.month = c.month and b.source = c.source and b.commitment_id = c.commitment_id
        and b.billing_currency = c.billing_currency
    union all
    select
        s.month, s.source, s.provider, null as commitment_id, null as category, null as type,
        null as name, s.billing_currency, a.unclear, null as used, null as unused,
        case when s.has_contracted and a.has_contracted then 'contracted' else 'effective' end
            as basis,
        a.used as covered_effective, a.covered_contracted, s.cost as beside_effective,
        s.contracted_cost as beside_contracted,
        s.first_day, s.last_day, null as purchased, null as ends, null as unclear_cost
    from all_standard as s
    join all_covered as a
        on a.month = s.month and a.source = s.source and a.billing_currency = s.billing_currency
),
measured as (
    select
        month, source, provider, commitment_id, category, type, name, billing_currency,
        used, unused, used + unused as committed, basis, unclear,
        case when basis = 'contracted' then covered_contracted else covered_effective end
            as covered,
        case when basis = 'contracted' then beside_contracted else beside_effective end as beside,
        first_day, last_day, purchased, ends, unclear_cost
    from line
)
select
    month, source, provider, commitment_id, category, type, name, billing_currency,
    committed::decimal(38, 20) as committed_cost, used::decimal(38, 20) as used_cost,
    unused::decimal(38, 20) as unused_cost,
    used::double / nullif(committed, 0)::double as utilization_ratio,
    case when unclear = 0 then covered + beside end::decimal(38, 20) as eligible_cost,
    case when unclear = 0 then covered::double / nullif(covered + beside, 0)::double end
        as coverage_ratio,
    first_day, last_day, purchased::decimal(38, 20) as purchased_cost, ends,
    case when unclear = 0 and covered is not null then basis end as coverage_basis,
    unclear_cost::decimal(38, 20) as unclear_cost
from measured
