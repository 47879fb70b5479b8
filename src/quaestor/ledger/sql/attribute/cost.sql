-- Whose every charge is: the bill by day and charge line, each with its owner and the rule.
--
-- grain     one row per day, source, provider, service, account, region, resource, category, owner
--           and part of a split
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
with owed as (
    select
        p.day, p.source, p.provider, p.service, p.sub_account, p.region, p.resource_id,
        p.charge_category, p.cluster, p.billing_currency,
        case when s.rule is null then p.team else s.team end as team,
        case when s.rule is null then p.model else s.model end as model,
        case when s.rule is null then p.model_version else s.model_version end as model_version,
        coalesce(s.environment, p.environment) as environment,
        p.lifecycle_stage, p.allocated_to,
        case when s.rule is null then p.cost_kind else 'shared' end as cost_kind,
        case when s.rule is null then p.rule else 'shared:' || s.rule end as rule,
        case
            when s.rule is null then p.allocated_ratio
            when p.allocated_ratio = 1 then (s.upto_ratio - s.from_ratio)::decimal(19, 18)
            else (
                (p.allocated_ratio::decimal(18, 18) * s.upto_ratio)::decimal(19, 18)
                - (p.allocated_ratio::decimal(18, 18) * s.from_ratio)::decimal(19, 18)
            )::decimal(19, 18)
        end as allocated_ratio,
        case when s.rule is null then p.billing_billed_cost
            else money_part(p.billing_billed_cost, s.from_ratio, s.upto_ratio)
            end as billing_billed_cost,
        case when s.rule is null then p.billing_effective_cost
            else money_part(p.billing_effective_cost, s.from_ratio, s.upto_ratio)
            end as billing_effective_cost,
        case when s.rule is null then p.billed_cost
            else money_part(p.billed_cost, s.from_ratio, s.upto_ratio) end as billed_cost,
        case when s.rule is null then p.effective_cost
            else money_part(p.effective_cost, s.from_ratio, s.upto_ratio) end as effective_cost,
        case when s.rule is null then p.list_cost
            else money_part(p.list_cost, s.from_ratio, s.upto_ratio) end as list_cost,
        case when s.rule is null then p.contracted_cost
            else money_part(p.contracted_cost, s.from_ratio, s.upto_ratio) end as contracted_cost,
        case when s.rule is null or s.from_ratio = 0 then p.charges else 0 end as charges
    from ledger.shared_match as p
    left join ledger.shared_share as s
        on s.rule = p.shared_rule and s.month = date_trunc('month', p.day)::date
    where date_trunc('month', p.day)::date in (select month from ledger.stale_month)
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
