-- Whose every charge is: the bill by day and charge line, each with its owner and the rule.
--
-- grain     one row per day, source, provider, service, account, resource, category and owner
-- money     DECIMAL(38, 20). billing_* as billed, in billing_currency; the others in the
--           reporting currency: equal to the billed figure where the currencies are equal, else
--           the amount times the rate of its day; NULL without a rate, and where a charge of the
--           line has no such figure
-- rounding  an amount has 20 digits after the point and a rate (DECIMAL(28, 18)) 18, so a product
--           has up to 38: each charge's is worked out in full and only then rounded, once, half
--           away from zero, to 20 digits. A figure of 10^18 and more fails the build
-- method    ledger.ruled_charge decides the owner: tags, then `attribution:` rules for what the
--           tags leave open, then the registry for the team of a model; what has neither model
--           nor team is a line of its own, unattributed. Sums only: no charge is split here
-- source    FOCUS 1.4, BilledCost and EffectiveCost; FinOps Framework, "Allocation" capability
select
    ChargePeriodStart::date as day, x_source as source, provider, ServiceName as service,
    SubAccountId as sub_account, ResourceId as resource_id, ChargeCategory as charge_category,
    team, model, model_version, environment, lifecycle_stage, cost_kind, rule,
    BillingCurrency as billing_currency,
    sum(BilledCost) as billing_billed_cost,
    sum(EffectiveCost) as billing_effective_cost,
    case when count(*) = count(billed_cost) then sum(billed_cost) end as billed_cost,
    case when count(*) = count(effective_cost) then sum(effective_cost) end as effective_cost,
    case when count(*) = count(list_cost) then sum(list_cost) end as list_cost,
    case when count(*) = count(contracted_cost) then sum(contracted_cost) end as contracted_cost,
    count(*) as charges,
    1::decimal(19, 18) as allocated_ratio
from ledger.ruled_charge
group by all
