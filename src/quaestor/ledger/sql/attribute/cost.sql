-- Whose every charge is: the bill by day and charge line, each with its owner and the rule.
--
-- grain     one row per day, source, provider, service, account, region, resource, category, owner
--           and part of a split. What a `shared:` rule divides is pooled first, over resources
--           and accounts: resource_id, sub_account and region are null where the pool has several,
--           and allocated_ratio is the part of the pool
-- money     DECIMAL(38, 20). billing_* as billed, in billing_currency; the others in the
--           reporting currency: equal to the billed figure where the currencies are equal, else
--           the amount times the rate of its day; NULL without a rate, and where a charge of the
--           line has no such figure
-- rounding  an amount has 20 digits after the point and a rate (DECIMAL(28, 18)) 18, so a product
--           has up to 38: it is worked out in full for a day's line and rounded once, half away
--           from zero, to 20 digits. The parts of what is split are [from, upto) ratios of it,
--           rounded to 10 digits, and make it up exactly. A figure of 10^18 and more fails the
--           build
-- method    ledger.part decides the owner: tags, lineage, `attribution:` rules for what those leave
--           open, then the registry for the team of a model; clusters by who used them. What
--           `shared:` matches is divided by ledger.shared_share. What has neither model nor team
--           is a line of its own, unattributed
-- source    FOCUS 1.4, BilledCost and EffectiveCost; FinOps Framework, "Allocation" capability
-- rows from ledger.part
with divided as (
    select distinct month, rule from ledger.shared_share
    where month in (select month from ledger.stale_month)
),
matched as (
    select p.*, d.rule as shared_by
    from ledger.shared_match as p
    left join divided as d
        on d.rule = p.shared_rule and d.month = date_trunc('month', p.day)::date
    where date_trunc('month', p.day)::date in (select month from ledger.stale_month)
        and p.day >= (select min(month) from ledger.stale_month)
),
pool as (
    select
        day, source, provider, service, charge_category, cluster, environment, lifecycle_stage,
        billing_currency, shared_by,
        case when count(*) = count(sub_account) and min(sub_account) = max(sub_account)
            then min(sub_account) end as sub_account,
        case when count(*) = count(region) and min(region) = max(region) then min(region) end
            as region,
        case when count(*) = count(resource_id) and min(resource_id) = max(resource_id)
            then min(resource_id) end as resource_id,
        case when count(*) = count(allocated_to) and min(allocated_to) = max(allocated_to)
            then min(allocated_to) end as allocated_to,
        sum(billing_billed_cost) as billing_billed_cost,
        sum(billing_effective_cost) as billing_effective_cost,
        case when count(*) = count(billed_cost) then sum(billed_cost) end as billed_cost,
        case when count(*) = count(effective_cost) then sum(effective_cost) end as effective_cost,
        case when count(*) = count(list_cost) then sum(list_cost) end as list_cost,
        case when count(*) = count(contracted_cost) then sum(contracted_cost) end
            as contracted_cost,
        sum(charges) as charges
    from matched
    where shared_by is not null
    group by
        day, source, provider, service, charge_category, cluster, environment, lifecycle_stage,
        billing_currency, shared_by
),
unit as (
    select
        *, money_units(billing_billed_cost) as billing_billed_units,
        money_units(billing_effective_cost) as billing_effective_units,
        money_units(billed_cost) as billed_units,
        money_units(effective_cost) as effective_units,
        money_units(list_cost) as list_units,
        money_units(contracted_cost) as contracted_units
    from pool
),
share as (
    select *, ratio_units(from_ratio) as from_units, ratio_units(upto_ratio) as upto_units
    from ledger.shared_share
    where month in (select month from ledger.stale_month)
),
owed as (
    select
        day, source, provider, service, sub_account, region, resource_id, charge_category, cluster,
        billing_currency, team, model, model_version, environment, lifecycle_stage, allocated_to,
        cost_kind, rule, allocated_ratio, billing_billed_cost, billing_effective_cost, billed_cost,
        effective_cost, list_cost, contracted_cost, charges
    from matched
    where shared_by is null
    union all
    select
        p.day, p.source, p.provider, p.service, p.sub_account, p.region, p.resource_id,
        p.charge_category, p.cluster, p.billing_currency, s.team, s.model, s.model_version,
        coalesce(s.environment, p.environment), p.lifecycle_stage, p.allocated_to,
        'shared', 'shared:' || s.rule, (s.upto_ratio - s.from_ratio)::decimal(19, 18),
        money_share(
            p.billing_billed_cost, p.billing_billed_units, s.from_ratio, s.upto_ratio,
            s.from_units, s.upto_units
        ),
        money_share(
            p.billing_effective_cost, p.billing_effective_units, s.from_ratio, s.upto_ratio,
            s.from_units, s.upto_units
        ),
        money_share(
            p.billed_cost, p.billed_units, s.from_ratio, s.upto_ratio,
            s.from_units, s.upto_units
        ),
        money_share(
            p.effective_cost, p.effective_units, s.from_ratio, s.upto_ratio,
            s.from_units, s.upto_units
        ),
        money_share(
            p.list_cost, p.list_units, s.from_ratio, s.upto_ratio,
            s.from_units, s.upto_units
        ),
        money_share(
            p.contracted_cost, p.contracted_units, s.from_ratio, s.upto_ratio,
            s.from_units, s.upto_units
        ),
        case when s.from_ratio = 0 then p.charges else 0 end
    from unit as p
    join share as s
        on s.rule = p.shared_by and s.month = date_trunc('month', p.day)::date
)
select
    day, source, provider, service, sub_account, resource_id, charge_category,
    team, model, model_version, environment, lifecycle_stage, cost_kind, rule, billing_currency,
    sum(billing_billed_cost) as billing_billed_cost,
    sum(billing_effective_cost) as billing_effective_cost,
    case when count(*) = count(billed_cost) then sum(billed_cost) end as billed_cost,
    case when count(*) = count(effective_cost) then sum(effective_cost) end as effective_cost,
    case when count(*) = count(list_cost) then sum(list_cost) end as list_cost,
    case when count(*) = count(contracted_cost) then sum(contracted_cost) end as contracted_cost,
    sum(charges)::bigint as charges,
    region, cluster, allocated_to, allocated_ratio
from owed
group by all
