-- The ledger as FOCUS: every line of it, in those columns that a line can speak for.
--
-- grain     one row per line of ledger.cost
-- money     BilledCost and EffectiveCost as billed, in BillingCurrency; x_ml_*_cost in
--           x_ml_currency, the reporting currency, NULL where there is no rate. The ledger keeps
--           list and contracted cost in the reporting currency alone: ListCost and ContractedCost
--           are NULL where the bill is in another one
-- method    a line is a share of a day's charges, so that it has no billing period, no account
--           that pays, no invoice, no price and no quantity of its own: NULL, and nothing made up
with reporting as (select max(value) as currency from config.setting where name = 'currency')
select
    null::varchar as BillingAccountId, null::varchar as BillingAccountName,
    cost.billing_currency as BillingCurrency,
    null::timestamp as BillingPeriodEnd, null::timestamp as BillingPeriodStart,
    cost.billing_billed_cost as BilledCost,
    cost.charge_category as ChargeCategory, null::varchar as ChargeClass,
    null::varchar as ChargeDescription,
    cost.day::timestamp + interval 1 day as ChargePeriodEnd,
    cost.day::timestamp as ChargePeriodStart,
    case when cost.billing_currency = reporting.currency then cost.contracted_cost end
        as ContractedCost,
    cost.billing_effective_cost as EffectiveCost,
    null::varchar as HostProviderName, null::varchar as InvoiceIssuerName,
    case when cost.billing_currency = reporting.currency then cost.list_cost end as ListCost,
    null::decimal(38, 20) as PricingQuantity, null::varchar as PricingUnit,
    cost.provider as ProviderName, null::varchar as PublisherName,
    cost.region as RegionId, cost.resource_id as ResourceId,
    null::varchar as ServiceCategory, cost.service as ServiceName,
    cost.provider as ServiceProviderName, cost.sub_account as SubAccountId,
    cost.team as x_ml_team, cost.model as x_ml_model, cost.model_version as x_ml_model_version,
    cost.environment as x_ml_environment, cost.lifecycle_stage as x_ml_lifecycle_stage,
    cost.cost_kind as x_ml_cost_kind, cost.rule as x_ml_rule,
    cost.cluster as x_ml_cluster, cost.allocated_to as x_ml_allocated_to,
    cost.allocated_ratio as x_ml_allocated_ratio, cost.charges as x_ml_charges,
    cost.source as x_ml_source, reporting.currency as x_ml_currency,
    cost.billed_cost as x_ml_billed_cost, cost.effective_cost as x_ml_effective_cost,
    cost.list_cost as x_ml_list_cost, cost.contracted_cost as x_ml_contracted_cost
from ledger.cost as cost
cross join reporting
