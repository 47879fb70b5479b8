-- Whose every charge line is, once clusters are divided among those who used them.
--
-- grain     one row per charge line (ledger.line) and part of it; a line that nothing divides is
--           one row
-- money     as ledger.cost
-- rounding  the parts of a line are [from_ratio, upto_ratio) of it and make it up exactly
-- method    a line of a resource that ledger.resource_share divides on that day (a node among its
--           pods, its data transfer by what they sent) becomes its parts; who is not known of a
--           part is who the line itself names
-- source    FOCUS 1.3, "Split cost allocation"; FinOps Framework, "Allocation" capability
-- rows from ledger.charge_day
with line as (
    select
        *,
        money_units(case when split_key <> '' then billing_billed_cost end)
            as billing_billed_units,
        money_units(case when split_key <> '' then billing_effective_cost end)
            as billing_effective_units,
        money_units(case when split_key <> '' then billed_cost end) as billed_units,
        money_units(case when split_key <> '' then effective_cost end) as effective_units,
        money_units(case when split_key <> '' then list_cost end) as list_units,
        money_units(case when split_key <> '' then contracted_cost end) as contracted_units
    from ledger.line
    where date_trunc('month', day)::date in (select month from ledger.stale_month)
        and day >= (select min(month) from ledger.stale_month)
),
share as (
    select *, ratio_units(from_ratio) as from_units, ratio_units(upto_ratio) as upto_units
    from ledger.resource_share
)
select
    l.day, l.source, l.provider, l.service, l.sub_account, l.region, l.resource_id,
    l.charge_category, l.tags, l.facts,
    coalesce(s.team, l.team) as team,
    coalesce(s.model, l.model) as model,
    case when s.model is null or s.model = l.model then coalesce(s.model_version, l.model_version)
        else s.model_version end as model_version,
    coalesce(s.environment, l.environment) as environment,
    coalesce(s.lifecycle_stage, l.lifecycle_stage) as lifecycle_stage,
    coalesce(s.cluster, l.cluster) as cluster, s.allocated_to,
    case when s.day is null then 1::decimal(19, 18)
        else (s.upto_ratio - s.from_ratio)::decimal(19, 18) end as allocated_ratio,
    case
        when s.day is null then l.cost_kind
        when s.cost_kind <> 'unattributed' then s.cost_kind
        when coalesce(s.model, l.model, s.team, l.team) is null then 'unattributed'
        else 'direct'
    end as cost_kind,
    case
        when s.day is null then l.rule
        when s.cost_kind = 'unattributed' then l.rule
        when l.rule <> 'unattributed' and (s.team is null or s.model is null)
            then s.rule || ' + ' || l.rule
        else s.rule
    end as rule,
    l.billing_currency,
    case when s.day is null then l.billing_billed_cost
        else money_share(
            l.billing_billed_cost, l.billing_billed_units, s.from_ratio, s.upto_ratio,
            s.from_units, s.upto_units
        ) end as billing_billed_cost,
    case when s.day is null then l.billing_effective_cost
        else money_share(
            l.billing_effective_cost, l.billing_effective_units, s.from_ratio, s.upto_ratio,
            s.from_units, s.upto_units
        ) end as billing_effective_cost,
    case when s.day is null then l.billed_cost
        else money_share(
            l.billed_cost, l.billed_units, s.from_ratio, s.upto_ratio,
            s.from_units, s.upto_units
        ) end as billed_cost,
    case when s.day is null then l.effective_cost
        else money_share(
            l.effective_cost, l.effective_units, s.from_ratio, s.upto_ratio,
            s.from_units, s.upto_units
        ) end as effective_cost,
    case when s.day is null then l.list_cost
        else money_share(
            l.list_cost, l.list_units, s.from_ratio, s.upto_ratio,
            s.from_units, s.upto_units
        ) end as list_cost,
    case when s.day is null then l.contracted_cost
        else money_share(
            l.contracted_cost, l.contracted_units, s.from_ratio, s.upto_ratio,
            s.from_units, s.upto_units
        ) end as contracted_cost,
    case when s.day is null or s.from_ratio = 0 then l.charges else 0 end as charges,
    l.is_transfer
from line as l
left join share as s on s.day = l.day and s.split_key = l.split_key
